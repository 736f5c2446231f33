package dev.ktm.servers;

/** A resource manager as the application of one coordinator has it. */
public interface Participant extends AutoCloseable {

    /** What one transaction after another is made with. */
    Work open() throws Exception;

    /** How many connections or sessions work for a transaction: none, if none is at work and none has leaked. */
    int busy();

    /** How many connections of the driver are open. */
    int openConnections();

    /** Gives up everything it holds, and its registration. */
    @Override
    void close() throws Exception;

    /** Work in transactions of the thread, one at a time. */
    interface Work extends AutoCloseable {

        /** Takes part in the thread's transaction, whose steps are told to this one. */
        void join(Steps steps) throws Exception;

        /** Leaves a trace of the transaction: a row, or a message. */
        void write(String key) throws Exception;

        @Override
        void close() throws Exception;
    }
}
