package dev.ktm.rm;

/** Where a transaction stands. Recovery starts from what each state means after a crash. */
public enum TransactionState {
    /** Work is being enlisted. After a crash: it never happened. */
    ACTIVE,
    /** Caches are being flushed; more may enlist. After a crash: it never happened. */
    PRE_PREPARING,
    /** Caches are flushed, and the superior has not yet asked for more. After a crash: it never happened. */
    PRE_PREPARED,
    /** Votes are being collected. After a crash: it never happened; what is prepared is rolled back. */
    PREPARING,
    /**
     * All have voted yes. Without a superior the decision is on its way to the log: after a crash, the log says whether
     * it happened. With one, this is durable: after a crash, the superior is asked.
     */
    PREPARED,
    /** All have voted yes, and who decides cannot be reached. After a crash: as before it. */
    IN_DOUBT,
    /** The only participant decides. After a crash: it knows, nobody else does. */
    DELEGATED,
    /** The decision is durable. After a crash: everybody is told again until all have answered. */
    COMMITTED,
    /** The outcome is rollback, and nothing says so on disk. After a crash: as {@link #ACTIVE}. */
    ABORTED,
    /** All have answered. After a crash: nothing is left to do. */
    FORGOTTEN
}
