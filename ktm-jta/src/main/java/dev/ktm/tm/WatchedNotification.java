package dev.ktm.tm;

import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationHandler;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A notification of a native resource manager, as a call that is watched. */
final class WatchedNotification {

    private final BranchObservation told;
    private final long begun = System.nanoTime();

    private WatchedNotification(BranchObservation told) {
        this.told = told;
    }

    /** Null if nobody watches it, it is none that has an answer, or whoever turns it into a call of XA says more of that. */
    static @Nullable WatchedNotification of(Watchers watchers, CoreEnlistment enlistment, Notification notification) {
        var operation = operation(notification);
        if (operation == null
                || enlistment.isSuperior()
                || enlistment.describe().isPresent()) {
            return null;
        }
        var told = watchers.called(new BranchCall(enlistment.resourceManagerLabel(), Optional.empty(), operation));
        return told == null ? null : new WatchedNotification(told);
    }

    private static BranchCall.@Nullable Operation operation(Notification notification) {
        return switch (notification) {
            case PREPREPARE -> BranchCall.Operation.PRE_PREPARE;
            case PREPARE -> BranchCall.Operation.PREPARE;
            case COMMIT -> BranchCall.Operation.COMMIT;
            case SINGLE_PHASE_COMMIT -> BranchCall.Operation.COMMIT_ONE_PHASE;
            case ROLLBACK -> BranchCall.Operation.ROLLBACK;
            default -> null;
        };
    }

    void answered(NotificationHandler.Result result) {
        end(
                result == NotificationHandler.Result.SUCCESS ? BranchAnswer.Kind.DONE : BranchAnswer.Kind.PENDING,
                Optional.empty());
    }

    void failed(Throwable why) {
        end(BranchAnswer.Kind.FAILED, Optional.of(why));
    }

    private void end(BranchAnswer.Kind kind, Optional<Throwable> failure) {
        var code = failure.map(thrown -> thrown.getClass().getName()).orElse("");
        told.answered(new BranchAnswer(kind, code, failure, System.nanoTime() - begun));
        told.returned();
    }
}
