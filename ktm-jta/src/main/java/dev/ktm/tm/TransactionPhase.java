package dev.ktm.tm;

/** A part of a transaction's end that takes time, as {@link TransactionObservation}s are told of it. */
public enum TransactionPhase {
    /** Whoever stands behind the transaction does what is left to do: synchronizations, flushes of caches. */
    BEFORE_COMMIT,
    /** Participants with caches write them through to others. */
    PRE_PREPARE,
    /** Space for the decision is set aside, and votes are gathered. */
    PREPARE,
    /** What is decided, or prepared for somebody else who decides, is written to the log and forced. */
    LOG,
    /** One participant decides: the only one, or the last one. */
    DELEGATE,
    /** Participants are told to commit. */
    COMMIT,
    /** Participants are told to roll back. */
    ROLLBACK
}
