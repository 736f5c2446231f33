package dev.ktm.tm;

import dev.ktm.journal.TransactionRecord;
import dev.ktm.journal.UnknownOutcomeException;
import dev.ktm.log.LogException;
import dev.ktm.rm.Damage;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.OutcomeReport;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * What operators decide in place of superiors that cannot be reached, and what follows if these come back.
 *
 * <p><b>Theory of operation.</b> What an operator knows to be the superior's decision is carried out as if the superior had said it.
 * What he decides without knowing is written together with the damage that this may be, so that it is remembered until somebody has
 * compared it and forgets it. A superior that comes back later and says something else changes nothing: it is told so, it
 * is reported, and that too is remembered.
 *
 * <p>An act is written before it takes effect, so that it is in the list says nothing: the superior, or another operator, may have
 * been quicker, or a crash may have come between. While the transaction is there, its outcome is what counts. When it has ended
 * nothing else than the list may know of it; so if the last act says otherwise than was decided, what was decided {@linkplain
 * #settle is written behind it} first.
 */
final class InPlaceOfSuperior {

    /** Who is said to have decided what no operator has. */
    private static final String NO_OPERATOR = "transaction manager";

    private final Coordinator coordinator;

    /** Held from the look at the acts to what is written behind them. */
    private final ReentrantLock settling = new ReentrantLock();

    InPlaceOfSuperior(Coordinator coordinator) {
        this.coordinator = coordinator;
    }

    /** Decides, and returns when that is durable. */
    void decide(CoreTransaction transaction, OperatorAct.Kind kind, String who, String why) throws KtmException {
        var superior = transaction.requireInDoubt();
        var act = new OperatorAct(
                kind,
                transaction.boundId(),
                transaction.unitOfWork(),
                Optional.of(superior.id()),
                coordinator.now(),
                who,
                why);
        boolean isKnown = kind == OperatorAct.Kind.RESOLVE_COMMIT || kind == OperatorAct.Kind.RESOLVE_ROLLBACK;
        var unseen = isKnown ? null : TransactionReports.unseenSuperior(superior, act);
        coordinator.note(act);
        try {
            // If it has decided meanwhile, that is what counts, and the operator is told.
            transaction.decideInPlaceOfSuperior(kind.isCommit(), unseen);
        } catch (KtmException e) {
            settle(transaction);
            coordinator.report(act, "not done: " + e.getMessage());
            throw e;
        }
        coordinator.report(act, "done: it is decided in place of the superior");
        if (!isKnown) {
            TransactionReports.decidedInPlaceOfSuperior(superior, act);
        }
    }

    /**
     * A transaction that had a superior is about to end, or an operator came too late: if the last act says otherwise than was
     * decided, nothing came of it, and what was decided is written behind it.
     */
    void settle(CoreTransaction transaction) {
        var decided = decisionOf(transaction);
        if (decided.isEmpty() || actsOn(transaction).isEmpty()) {
            // Whoever asks from now on comes too late, and settles it himself.
            return;
        }
        settling.lock();
        try {
            var last = last(actsOn(transaction));
            if (last.isPresent() && last.get().kind().isCommit() != decided.get()) {
                coordinator.write(insteadOf(last.get()));
            }
        } catch (KtmException e) {
            System.getLogger(InPlaceOfSuperior.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "that nothing came of what an operator has asked for could not be written: transaction "
                                    + transaction.unitOfWork(),
                            e);
        } finally {
            settling.unlock();
        }
    }

    private OperatorAct insteadOf(OperatorAct vain) {
        return new OperatorAct(
                vain.kind().isCommit() ? OperatorAct.Kind.RESOLVE_ROLLBACK : OperatorAct.Kind.RESOLVE_COMMIT,
                vain.transaction(),
                vain.unitOfWork(),
                vain.enlistment(),
                coordinator.now(),
                NO_OPERATOR,
                "it was decided so, and nothing came of " + vain.kind() + " by " + vain.who());
    }

    /** Whether it is committed; empty if it is not decided, or only a restart can tell. */
    private static Optional<Boolean> decisionOf(CoreTransaction transaction) {
        return switch (transaction.outcome()) {
            case COMMITTED -> Optional.of(true);
            case ABORTED -> Optional.of(false);
            case UNDETERMINED, UNAVAILABLE -> Optional.empty();
        };
    }

    private List<OperatorAct> actsOn(CoreTransaction transaction) {
        return acts(act -> act.transaction().equals(transaction.boundId()));
    }

    private List<OperatorAct> acts(Predicate<OperatorAct> wanted) {
        return coordinator.operatorActs().stream()
                .filter(act -> act.kind().isForSuperior())
                .filter(wanted)
                .toList();
    }

    private static Optional<OperatorAct> last(List<OperatorAct> acts) {
        return acts.isEmpty() ? Optional.empty() : Optional.of(acts.get(acts.size() - 1));
    }

    /**
     * A superior says what it has decided, and the transaction was decided before.
     *
     * @return whether an operator had decided otherwise in its place
     */
    boolean contradicts(UUID unitOfWork, boolean commit) throws KtmException {
        var live = coordinator.live(unitOfWork);
        if (live != null) {
            return contradicts(live, commit);
        }
        var acts = acts(act -> act.unitOfWork().equals(unitOfWork));
        return contradicts(acts, last(acts).map(act -> act.kind().isCommit()), commit);
    }

    /** As {@link #contradicts(UUID, boolean)}, for whoever has the transaction, even if it has ended. */
    boolean contradicts(CoreTransaction transaction, boolean commit) throws KtmException {
        return contradicts(actsOn(transaction), decisionOf(transaction), commit);
    }

    private boolean contradicts(List<OperatorAct> acts, Optional<Boolean> decided, boolean commit) throws KtmException {
        if (decided.isEmpty() || decided.get() == commit) {
            return false;
        }
        // Of those that say what was decided the last one did it, unless that only says that another one was in vain.
        var act = acts.stream()
                .filter(each -> each.kind().isCommit() == decided.get())
                .reduce((former, latter) -> latter.who().equals(NO_OPERATOR) ? former : latter);
        if (act.isPresent()) {
            remember(act.get(), commit);
        }
        return act.isPresent();
    }

    private void remember(OperatorAct act, boolean commit) throws KtmException {
        boolean committed = act.kind().isCommit();
        var text = "the superior has decided to " + (commit ? "commit" : "roll back") + ", after " + act.who()
                + " had decided " + act.kind() + ": " + act.why();
        var damage = new Damage(
                "superior",
                act.enlistment().orElse(act.unitOfWork()),
                committed ? HeuristicDecision.COMMIT : HeuristicDecision.ROLLBACK,
                0,
                coordinator.now().toEpochMilli(),
                text);
        coordinator.report(new OutcomeReport(
                OutcomeReport.Kind.HEURISTIC,
                coordinator.now(),
                Optional.of(act.transaction()),
                act.unitOfWork(),
                "superior",
                "",
                act.kind().name(),
                text,
                "nothing is changed here; mend the data of the participants, then forget the transaction",
                Optional.empty()));
        var ended = new TransactionRecord(
                committed ? TransactionRecord.Status.COMMITTED : TransactionRecord.Status.ROLLED_BACK,
                act.transaction(),
                act.unitOfWork(),
                coordinator.clock(),
                Optional.empty(),
                List.of());
        try {
            coordinator.damage().add(ended, damage);
        } catch (LogException | UnknownOutcomeException e) {
            throw new KtmException(
                    KtmError.TRANSACTIONMANAGER_NOT_ONLINE, "the heuristic decision could not be written: " + e, e);
        }
    }
}
