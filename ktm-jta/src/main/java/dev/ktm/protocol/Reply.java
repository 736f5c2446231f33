package dev.ktm.protocol;

import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a resource manager may say of its enlistment, and what follows in each state: KTM's transition matrix. Replies
 * that the table refuses change nothing.
 */
public enum Reply {
    /** Its caches are flushed. */
    PREPREPARE_COMPLETE,
    /** It votes yes. */
    PREPARE_COMPLETE,
    /** It has committed. */
    COMMIT_COMPLETE,
    /** It has rolled back. */
    ROLLBACK_COMPLETE,
    /** It has nothing to commit. */
    READ_ONLY,
    /** It cannot decide alone: all phases, please. */
    SINGLE_PHASE_REJECT,
    /** It wants the transaction to be rolled back. */
    ROLLBACK,
    /** It has found its data again and asks what became of it. */
    RECOVER,
    /** It is prepared and asks for the outcome. */
    REQUEST_OUTCOME;

    /** What the state becomes; empty if the reply is refused. The state stays where only a question is asked. */
    public Optional<EnlistmentState> after(EnlistmentState state) {
        return Optional.ofNullable(next(state));
    }

    /** As {@link #after}; null if the reply is refused. */
    @Nullable
    EnlistmentState next(EnlistmentState state) {
        return switch (this) {
            case PREPREPARE_COMPLETE -> state == EnlistmentState.PRE_PREPARING ? EnlistmentState.PRE_PREPARED : null;
            case PREPARE_COMPLETE -> state == EnlistmentState.PREPARING ? EnlistmentState.PREPARED : null;
            case COMMIT_COMPLETE ->
                state == EnlistmentState.COMMITTED_NOTIFY || state == EnlistmentState.DELEGATED
                        ? EnlistmentState.COMMITTED
                        : null;
            case ROLLBACK_COMPLETE -> state == EnlistmentState.ABORTING ? EnlistmentState.ABORTED : null;
            case READ_ONLY -> isUndecided(state) ? EnlistmentState.READ_ONLY : null;
            case SINGLE_PHASE_REJECT -> state == EnlistmentState.DELEGATED ? EnlistmentState.ACTIVE : null;
            case ROLLBACK -> isUndecided(state) ? EnlistmentState.ABORTING : null;
            case RECOVER -> state == EnlistmentState.RECOVERING ? EnlistmentState.IN_DOUBT : null;
            case REQUEST_OUTCOME ->
                state == EnlistmentState.PREPARED || state == EnlistmentState.IN_DOUBT ? state : null;
        };
    }

    /** Why the reply is refused where it is. */
    public KtmError refusal() {
        return switch (this) {
            case PREPREPARE_COMPLETE,
                    PREPARE_COMPLETE,
                    COMMIT_COMPLETE,
                    ROLLBACK_COMPLETE,
                    READ_ONLY,
                    SINGLE_PHASE_REJECT -> KtmError.TRANSACTION_NOT_REQUESTED;
            case ROLLBACK, RECOVER, REQUEST_OUTCOME -> KtmError.TRANSACTION_REQUEST_NOT_VALID;
        };
    }

    /** Whether a participant in this state may still leave or refuse. */
    private static boolean isUndecided(EnlistmentState state) {
        return switch (state) {
            case ACTIVE, PRE_PREPARING, PRE_PREPARED, PREPARING, DELEGATED -> true;
            case PREPARED,
                    IN_DOUBT,
                    COMMITTED_NOTIFY,
                    COMMITTED,
                    ABORTING,
                    ABORTED,
                    READ_ONLY,
                    RECOVERING,
                    OUTCOME_UNAVAILABLE -> false;
        };
    }
}
