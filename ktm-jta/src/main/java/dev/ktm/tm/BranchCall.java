package dev.ktm.tm;

import dev.ktm.rm.BranchId;
import java.util.Optional;

/**
 * A participant is asked to do something.
 *
 * @param resourceManager what people know its resource manager by; the class of its resource if nobody has named it
 * @param branch what the branch is called there; empty if the participant is none of XA
 * @param operation what it is asked to do
 */
public record BranchCall(String resourceManager, Optional<BranchId> branch, Operation operation) {

    /** What participants are asked to do. */
    public enum Operation {
        /** Begin to work for the transaction. */
        START,
        /** Write caches through. */
        PRE_PREPARE,
        /** Vote. */
        PREPARE,
        /** Commit what is prepared. */
        COMMIT,
        /** Commit without a vote. */
        COMMIT_ONE_PHASE,
        /** Roll back. */
        ROLLBACK
    }
}
