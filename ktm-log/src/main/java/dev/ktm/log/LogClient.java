package dev.ktm.log;

/**
 * A user of a stream that helps when the log is full. Called on a thread of the log, one call at a time: return
 * quickly and do the work elsewhere.
 */
public interface LogClient {

    /**
     * Asks to move the stream's base to the target or beyond. Answer, now or later, with {@link LogStream#advanceBase},
     * {@link LogStream#writeRestart} or {@link LogStream#clear}, or with {@link LogStream#cannotAdvance}; until then
     * the question is not asked again.
     */
    void advanceTail(LogStream stream, long target);

    /** A request to deal with a full log has ended, somebody else's too. */
    default void fullHandled(LogFullOutcome outcome) {}

    /** The log was pinned and is so no longer: what held the space has let go of some. */
    default void unpinned() {}
}
