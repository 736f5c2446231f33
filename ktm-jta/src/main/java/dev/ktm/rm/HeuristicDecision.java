package dev.ktm.rm;

/** What a participant did on its own while it should have waited for the outcome, or would not undo afterwards. */
public enum HeuristicDecision {
    /** It has committed. */
    COMMIT,
    /** It has rolled back. */
    ROLLBACK,
    /** It has committed a part and rolled back another. */
    MIXED,
    /** Nobody knows. */
    HAZARD
}
