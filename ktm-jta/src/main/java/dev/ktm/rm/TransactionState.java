package dev.ktm.rm;

/** Where a transaction stands. Recovery starts from what each state means after a crash. */
public enum TransactionState {
    /** Work is being enlisted. After a crash: it never happened. */
    ACTIVE(1),
    /** Caches are being flushed; more may enlist. After a crash: it never happened. */
    PRE_PREPARING(8),
    /** Caches are flushed, and the superior has not yet asked for more. After a crash: it never happened. */
    PRE_PREPARED(11),
    /** Votes are being collected. After a crash: it never happened; what is prepared is rolled back. */
    PREPARING(2),
    /**
     * All have voted yes. Without a superior the decision is on its way to the log: after a crash, the log says whether
     * it happened. With one, this is durable: after a crash, the superior is asked.
     */
    PREPARED(3),
    /** All have voted yes, and who decides cannot be reached. After a crash: as before it. */
    IN_DOUBT(4),
    /** The only participant decides. After a crash: it knows, nobody else does. */
    DELEGATED(7),
    /** The decision is durable. After a crash: everybody is told again until all have answered. */
    COMMITTED(5),
    /** The outcome is rollback, and nothing says so on disk. After a crash: as {@link #ACTIVE}. */
    ABORTED(6),
    /** All have answered. After a crash: nothing is left to do. */
    FORGOTTEN(9);

    private final int code;

    TransactionState(int code) {
        this.code = code;
    }

    /** The number that Windows' kernel has for it; from 1 to 15. */
    public int code() {
        return code;
    }

    /** The state of this {@link #code}. */
    public static TransactionState of(int code) {
        for (var state : values()) {
            if (state.code == code) {
                return state;
            }
        }
        throw new IllegalArgumentException("expected the code of a transaction's state, found " + code);
    }
}
