package dev.ktm.rm;

/** What became of a transaction. */
public enum Outcome {
    /** It is not decided. */
    UNDETERMINED,
    /** It is committed. */
    COMMITTED,
    /** It is rolled back. */
    ABORTED,
    /** Somebody has decided, and this coordinator cannot know what, or not before it is restarted. */
    UNAVAILABLE
}
