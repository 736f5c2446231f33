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

/**
 * What operators decide in place of superiors that cannot be reached, and what follows if these come back.
 *
 * <p><b>Theory of operation.</b> What an operator knows to be the superior's decision is carried out as if the superior had said it.
 * What he decides without knowing is written together with the damage that this may be, so that it is remembered until somebody has
 * compared it and forgets it. A superior that comes back later and says something else changes nothing: it is told so, it
 * is reported, and that too is remembered.
 */
final class InPlaceOfSuperior {

    private final Coordinator coordinator;

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
            coordinator.report(act, "not done: " + e.getMessage());
            throw e;
        }
        coordinator.report(act, "done: it is decided in place of the superior");
        if (!isKnown) {
            TransactionReports.decidedInPlaceOfSuperior(superior, act);
        }
    }

    /**
     * A superior says what it has decided, and the transaction was decided before.
     *
     * @return whether an operator had decided otherwise in its place
     */
    boolean contradicts(UUID unitOfWork, boolean commit) throws KtmException {
        var acts = coordinator.operatorActs().stream()
                .filter(act -> act.unitOfWork().equals(unitOfWork) && act.kind().isForSuperior())
                .toList();
        if (acts.isEmpty()) {
            return false;
        }
        var act = acts.get(acts.size() - 1);
        boolean isContradicted = act.kind().isCommit() != commit;
        if (isContradicted) {
            remember(act, commit);
        }
        return isContradicted;
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
