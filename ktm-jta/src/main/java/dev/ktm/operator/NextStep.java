package dev.ktm.operator;

import dev.ktm.rm.Outcome;
import dev.ktm.tm.TransactionInspection;
import java.time.Duration;
import java.util.stream.Collectors;

/** What happens next with a transaction, or what should be done, in a sentence. */
final class NextStep {

    private NextStep() {}

    static String of(TransactionInspection seen) {
        if (seen.isInDoubt()) {
            return "its superior decides; if that is gone for good, resolve it as the superior has decided, or force it"
                    + " without knowing";
        }
        if (seen.isWaitingForLast()) {
            return "its last resource is asked what it has decided; if that is gone for good, decide in its place";
        }
        return switch (seen.outcome()) {
            case COMMITTED, ABORTED -> decided(seen);
            case UNAVAILABLE ->
                "only a restart can tell what was decided: find out why the log, or whoever decides, has failed, then"
                        + " start again";
            case UNDETERMINED -> undecided(seen);
        };
    }

    private static String decided(TransactionInspection seen) {
        var what = seen.outcome() == Outcome.COMMITTED ? "commit" : "roll back";
        var late = names(seen, true);
        if (late.isEmpty()) {
            return seen.damage().isEmpty()
                    ? "nothing: it is about to end"
                    : "compare the data of its participants, mend them, then forget it";
        }
        return late + " has to " + what + ", and is told again until it has; if it is gone for good, complete its"
                + " enlistment";
    }

    private static String undecided(TransactionInspection seen) {
        return switch (seen.state()) {
            case ACTIVE ->
                seen.timeLeft()
                        .map(left -> "its client commits it or rolls it back; it is rolled back in " + text(left)
                                + " otherwise, or now with rollback")
                        .orElse("its client commits it or rolls it back; it has no timeout, rollback ends it");
            case PRE_PREPARING, PREPARING -> {
                var late = names(seen, false);
                yield late.isEmpty() ? "its commit goes on" : late + " has to answer";
            }
            case PRE_PREPARED -> "its superior orders the next phase";
            case PREPARED, IN_DOUBT ->
                seen.participants().stream().anyMatch(each -> each.kind() == TransactionInspection.Kind.SUPERIOR)
                        ? "its superior decides"
                        : "the decision is being written";
            case DELEGATED -> {
                var late = names(seen, false);
                yield (late.isEmpty() ? "its only participant" : late) + " decides";
            }
            case COMMITTED, ABORTED, FORGOTTEN -> "nothing: it is about to end";
        };
    }

    /** Who has not answered, or is to be told again. */
    private static String names(TransactionInspection seen, boolean isDecided) {
        return seen.participants().stream()
                .filter(each -> each.owes()
                        || (isDecided
                                && switch (each.state()) {
                                    case COMMITTED_NOTIFY, ABORTING, RECOVERING -> true;
                                    case IN_DOUBT -> each.kind() != TransactionInspection.Kind.SUPERIOR;
                                    case ACTIVE,
                                            PRE_PREPARING,
                                            PRE_PREPARED,
                                            PREPARING,
                                            PREPARED,
                                            DELEGATED,
                                            COMMITTED,
                                            ABORTED,
                                            READ_ONLY,
                                            OUTCOME_UNAVAILABLE -> false;
                                }))
                .map(TransactionInspection.Participant::label)
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private static String text(Duration left) {
        return left.toSeconds() + " s";
    }
}
