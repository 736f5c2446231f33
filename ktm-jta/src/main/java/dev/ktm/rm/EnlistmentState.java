package dev.ktm.rm;

/** Where one participant of a transaction stands: which answers it owes, and which it may still give. */
public enum EnlistmentState {
    /** It works. It may leave as read-only, or roll the transaction back. */
    ACTIVE(256),
    /** It was asked to flush its caches. */
    PRE_PREPARING(266),
    /** It has flushed its caches. */
    PRE_PREPARED(273),
    /** It was asked to vote. */
    PREPARING(257),
    /** It has voted yes, and waits for the outcome however long that takes. */
    PREPARED(258),
    /** It is prepared, and the outcome is not known to the coordinator. */
    IN_DOUBT(259),
    /** It decides alone. */
    DELEGATED(264),
    /** It was told to commit. */
    COMMITTED_NOTIFY(261),
    /** It has committed. */
    COMMITTED(260),
    /** It was told to roll back. */
    ABORTING(269),
    /** It has rolled back. */
    ABORTED(263),
    /** It has nothing to commit and is told nothing more. */
    READ_ONLY(270),
    /** It was announced to its resource manager after a restart. */
    RECOVERING(268),
    /** It had to decide alone and has gone without an answer. */
    OUTCOME_UNAVAILABLE(271);

    private final int code;

    EnlistmentState(int code) {
        this.code = code;
    }

    /** The number that Windows' kernel has for it; from 256 to 287. */
    public int code() {
        return code;
    }

    /** The state of this {@link #code}. */
    public static EnlistmentState of(int code) {
        for (var state : values()) {
            if (state.code == code) {
                return state;
            }
        }
        throw new IllegalArgumentException("expected the code of an enlistment's state, found " + code);
    }
}
