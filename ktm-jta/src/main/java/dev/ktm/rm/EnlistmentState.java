package dev.ktm.rm;

/** Where one participant of a transaction stands: which answers it owes, and which it may still give. */
public enum EnlistmentState {
    /** It works. It may leave as read-only, or roll the transaction back. */
    ACTIVE,
    /** It was asked to flush its caches. */
    PRE_PREPARING,
    /** It has flushed its caches. */
    PRE_PREPARED,
    /** It was asked to vote. */
    PREPARING,
    /** It has voted yes, and waits for the outcome however long that takes. */
    PREPARED,
    /** It is prepared, and the outcome is not known to the coordinator. */
    IN_DOUBT,
    /** It decides alone. */
    DELEGATED,
    /** It was told to commit. */
    COMMITTED_NOTIFY,
    /** It has committed. */
    COMMITTED,
    /** It was told to roll back. */
    ABORTING,
    /** It has rolled back. */
    ABORTED,
    /** It has nothing to commit and is told nothing more. */
    READ_ONLY,
    /** It was announced to its resource manager after a restart. */
    RECOVERING,
    /** It had to decide alone and has gone without an answer. */
    OUTCOME_UNAVAILABLE
}
