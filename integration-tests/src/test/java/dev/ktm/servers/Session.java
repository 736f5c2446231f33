package dev.ktm.servers;

import javax.transaction.xa.XAResource;

/** A connection to a resource manager, with which one piece of work at a time is done. */
public interface Session extends AutoCloseable {

    /** What is enlisted. */
    XAResource xaResource();

    /** Leaves a trace of one transaction: a row, or a message. */
    void write(String key) throws Exception;

    /** Ends the connection; work that is not prepared is rolled back. */
    @Override
    void close() throws Exception;
}
