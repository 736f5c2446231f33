package dev.ktm.jta;

import dev.ktm.rm.BranchId;
import dev.ktm.tm.BranchAnswer;
import dev.ktm.tm.BranchCall;
import dev.ktm.tm.BranchObservation;
import dev.ktm.tm.TransactionObservation;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A call of a branch that is watched. Its answer is told once: what comes back after it was given up is none. */
final class WatchedCall {

    private final BranchObservation told;
    private final long began = System.nanoTime();
    private final AtomicBoolean answered = new AtomicBoolean();

    private WatchedCall(BranchObservation told) {
        this.told = told;
    }

    /** The call is about to be made, on this thread; null if nobody watches. */
    static @Nullable WatchedCall begin(TransactionObservation watchers, XaBranch branch, String label, XaCall call) {
        var xid = branch.xid();
        var told = watchers.called(new BranchCall(
                label,
                Optional.of(BranchId.of(xid.getFormatId(), xid.getGlobalTransactionId(), xid.getBranchQualifier())),
                operation(call)));
        return told == null ? null : new WatchedCall(told);
    }

    private static BranchCall.Operation operation(XaCall call) {
        return switch (call) {
            case START -> BranchCall.Operation.START;
            case PREPARE -> BranchCall.Operation.PREPARE;
            case COMMIT -> BranchCall.Operation.COMMIT;
            case COMMIT_ONE_PHASE -> BranchCall.Operation.COMMIT_ONE_PHASE;
            case ROLLBACK -> BranchCall.Operation.ROLLBACK;
            case END, FORGET, RECOVER -> throw new IllegalArgumentException(call + " is not watched");
        };
    }

    void answered(XaAnswer answer) {
        answered(kind(answer.verdict()), answer);
    }

    void givenUp(XaAnswer answer) {
        answered(BranchAnswer.Kind.GIVEN_UP, answer);
    }

    private void answered(BranchAnswer.Kind kind, XaAnswer answer) {
        if (answered.compareAndSet(false, true)) {
            told.answered(new BranchAnswer(
                    kind, code(answer), Optional.ofNullable(answer.thrown()), System.nanoTime() - began));
        }
    }

    void returned() {
        told.returned();
    }

    private static String code(XaAnswer answer) {
        var thrown = answer.thrown();
        if (thrown == null) {
            return "";
        }
        return answer.code() == XaCodes.NO_CODE ? thrown.getClass().getName() : XaCodes.nameOf(answer.code());
    }

    private static BranchAnswer.Kind kind(XaVerdict verdict) {
        return switch (verdict) {
            case DONE -> BranchAnswer.Kind.DONE;
            case READ_ONLY -> BranchAnswer.Kind.READ_ONLY;
            case ROLLED_BACK, REFUSED -> BranchAnswer.Kind.REFUSED;
            case CONTRADICTS, AGAIN, LOOK, HAZARD -> BranchAnswer.Kind.FAILED;
            case HEURISTIC_COMMIT, HEURISTIC_ROLLBACK, HEURISTIC_MIXED, HEURISTIC_HAZARD -> BranchAnswer.Kind.HEURISTIC;
        };
    }
}
