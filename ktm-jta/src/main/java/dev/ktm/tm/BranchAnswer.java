package dev.ktm.tm;

import java.util.Optional;

/**
 * What a participant has answered.
 *
 * @param kind what that means
 * @param code as it was said: the name of a code of XA, or the class of what was thrown; empty if it has just done it
 * @param failure what was thrown; empty if nothing was
 * @param nanos how long the call has taken, or was waited for
 */
public record BranchAnswer(Kind kind, String code, Optional<Throwable> failure, long nanos) {

    /** What an answer means. */
    public enum Kind {
        /** It has done it; as a vote: yes. */
        DONE,
        /** It has nothing to commit. */
        READ_ONLY,
        /** It says no, or has rolled back. */
        REFUSED,
        /** It has not done it, or nobody knows whether it has: it is asked again, or looked after. */
        FAILED,
        /** It had decided on its own. */
        HEURISTIC,
        /** It answers later: the call has only begun it. */
        PENDING,
        /** It has not answered in time. */
        GIVEN_UP
    }
}
