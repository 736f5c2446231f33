package dev.ktm.operator;

import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionState;
import dev.ktm.tm.TransactionInspection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A transaction at one moment.
 *
 * @param unitOfWork the id that clients know it by
 * @param id its identity, as it stands in xids
 * @param description for people; empty if nothing was said
 * @param state where it stands
 * @param outcome what became of it
 * @param isRecovered whether it is of an earlier life, so that it is not known when it began
 * @param begun when it began; empty if that is not known
 * @param age for how long it has been there: since it began, or was found in the log
 * @param timeLeft how long it has until it is rolled back; empty if for ever, or if that does not matter any more
 * @param isReadOnly whether its owner has said that it changes nothing
 * @param rollbackCause why it was rolled back; empty if it was not
 * @param rolledBackBy who or what had it rolled back; empty if it was not
 * @param superior who decides it; empty if that is its client or this coordinator
 * @param isInLog whether the log has to keep it, and cannot be freed behind it
 * @param isInDoubt whether an operator may decide it in place of its superior
 * @param isWaitingForLast whether an operator may decide it in place of its last resource
 * @param history where it has stood and since when, oldest first; at most the last 10
 * @param participants who takes part, the superior among them
 * @param damage participants that did otherwise than was decided
 * @param lastReport what was last reported about it; empty if nothing was
 * @param owner the thread that works in it; empty if there is none
 * @param nextStep what happens next, or what should be done
 */
public record TransactionView(
        UUID unitOfWork,
        Optional<TransactionId> id,
        String description,
        TransactionState state,
        Outcome outcome,
        boolean isRecovered,
        Optional<Instant> begun,
        Duration age,
        Optional<Duration> timeLeft,
        boolean isReadOnly,
        Optional<String> rollbackCause,
        Optional<RollbackCause> rolledBackBy,
        Optional<String> superior,
        boolean isInLog,
        boolean isInDoubt,
        boolean isWaitingForLast,
        List<StateView> history,
        List<ParticipantView> participants,
        List<DamageView> damage,
        Optional<ReportView> lastReport,
        Optional<OwnerView> owner,
        String nextStep) {

    /** A state, and when it was entered, to some milliseconds. */
    public record StateView(TransactionState state, Instant entered) {}

    /**
     * A thread that works in a transaction.
     *
     * @param thread its name
     * @param isAlive whether it is running: one that has ended has left its transaction behind
     * @param stack where it is, innermost call first; empty if that was not asked for
     */
    public record OwnerView(String thread, boolean isAlive, List<String> stack) {

        static OwnerView of(Thread thread, boolean withStack) {
            if (!withStack) {
                return new OwnerView(thread.getName(), thread.isAlive(), List.of());
            }
            var seen = OutcomeReport.Owner.of(thread);
            return new OwnerView(
                    seen.thread(),
                    seen.alive(),
                    seen.stack().stream().map(StackTraceElement::toString).toList());
        }
    }

    static TransactionView of(
            TransactionInspection seen, boolean isInLog, Optional<ReportView> lastReport, boolean withStack) {
        var participants = seen.participants().stream()
                .map(each -> ParticipantView.of(each, seen.id()))
                .toList();
        return new TransactionView(
                seen.unitOfWork(),
                seen.id(),
                seen.description(),
                seen.state(),
                seen.outcome(),
                seen.isRecovered(),
                seen.isRecovered() ? Optional.empty() : Optional.of(seen.since()),
                seen.age(),
                seen.timeLeft(),
                seen.isReadOnly(),
                seen.rollbackCause(),
                seen.rolledBackBy(),
                participants.stream()
                        .filter(each -> each.kind() == TransactionInspection.Kind.SUPERIOR)
                        .map(ParticipantView::resourceManager)
                        .findAny(),
                isInLog,
                seen.isInDoubt(),
                seen.isWaitingForLast(),
                seen.stages().stream()
                        .map(each -> new StateView(each.state(), each.entered()))
                        .toList(),
                participants,
                seen.damage().stream().map(DamageView::of).toList(),
                lastReport,
                seen.owner().map(thread -> OwnerView.of(thread, withStack)),
                NextStep.of(seen));
    }
}
