package dev.ktm.benchmark;

/**
 * A log, or what writes one, as the benchmark sees it: open in a directory of its own. Safe for many threads, each with
 * its own {@link Appender}.
 */
interface DurableLog extends Measured {

    /** What {@link #forces} returns for a log that does not count them. */
    long UNCOUNTED = -1;

    /** Size of the record that is made durable, in bytes. A log with a record format of its own comes close to it. */
    int RECORD_BYTES = 160;

    /** An appender for one thread. */
    Appender appender();

    /** How many times the log has waited for the device so far, or {@link #UNCOUNTED}. */
    default long forces() {
        return UNCOUNTED;
    }

    @Override
    default Work work(Scenario scenario, long windowNanos) throws Exception {
        return Work.here(this, scenario, windowNanos);
    }

    /** The unit of work of one caller. Not thread-safe. */
    @FunctionalInterface
    interface Appender {

        /**
         * Appends a record and returns once it is durable; that of a transaction manager commits a transaction. Another product's log also appends what it writes when the
         * transaction is done, the way that product does.
         */
        void appendForced() throws Exception;
    }
}
