package dev.ktm.tm;

import dev.ktm.rm.BranchId;
import dev.ktm.rm.Damage;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.ParticipantDescription;
import dev.ktm.rm.RollbackCause;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What people are told about a transaction: in reports, and where they ask why it was rolled back. */
final class TransactionReports {

    private TransactionReports() {}

    /** Why it was rolled back; under its lock. */
    static String explain(CoreTransaction transaction, RollbackCause cause, @Nullable Throwable failure) {
        var text = switch (cause) {
            case CLIENT -> "its client rolled it back";
            case PARTICIPANT -> culpritOf(transaction) + " refused to commit";
            case SUPERIOR -> "its superior decided so";
            case TIMEOUT -> "it took longer than " + transaction.timeout();
            case CLOSED -> "its last handle, or that of a participant at work, was closed";
            case LOG -> "the decision could not be written";
            case GIVEN_UP -> "its superior did not decide, and the log was full";
            case OPERATOR -> "an operator decided so";
        };
        return failure == null ? text : text + ": " + failure;
    }

    private static String culpritOf(CoreTransaction transaction) {
        return transaction
                .protocol
                .culprit()
                .map(culprit -> ((CoreEnlistment) culprit).resourceManager)
                .map(CoreResourceManager::label)
                .orElse("a participant");
    }

    /** Where its owner is at this moment tells what takes so long; nobody has noted anything before. */
    static void timedOut(CoreTransaction transaction) {
        var owner = transaction.owner().map(OutcomeReport.Owner::of);
        transaction.kernel.report(new OutcomeReport(
                OutcomeReport.Kind.TIMED_OUT,
                transaction.now(),
                transaction.id(),
                transaction.unitOfWork(),
                "",
                "",
                "",
                "not prepared within " + transaction.timeout() + ", "
                        + owner.map(found -> "while " + found).orElse("associated with no thread"),
                "it is rolled back: find out what takes so long, or give it more time",
                Optional.empty(),
                owner,
                Optional.empty()));
    }

    static void pinning(CoreTransaction transaction, Duration since) {
        transaction.report(
                OutcomeReport.Kind.PINS_LOG,
                transaction.superior().map(CoreEnlistment::resourceManagerLabel).orElse(""),
                "",
                transaction.state().name(),
                "the log has to keep it for " + since.toSeconds() + " s by now"
                        + (transaction.description().isEmpty() ? "" : " (" + transaction.description() + ")"),
                "find out whom it waits for; if that is gone for good, resolve, force or complete it: the wrong outcome may"
                        + " damage the data of its participants",
                null);
    }

    static void givenUp(CoreTransaction transaction) {
        transaction.report(
                OutcomeReport.Kind.HEURISTIC,
                transaction.superior().map(CoreEnlistment::resourceManagerLabel).orElse(""),
                "",
                KtmError.TRANSACTION_INTEGRITY_VIOLATED.name(),
                "the log is full, and the superior has not decided: rolled back and forgotten",
                "compare with what the superior has decided; let the log grow",
                null);
    }

    /** What is written with a decision in place of a last participant: nobody has seen what it has decided itself. */
    static Damage unseen(CoreEnlistment last, OperatorAct act) {
        var name = last.describe()
                .map(ParticipantDescription::resourceManager)
                .filter(known -> !known.isEmpty())
                .orElseGet(last::resourceManagerLabel);
        return new Damage(
                name,
                last.id(),
                HeuristicDecision.HAZARD,
                0,
                act.when().toEpochMilli(),
                "its own row was not seen when " + act.who() + " decided " + act.kind() + ": " + act.why());
    }

    /** What is written with a decision in place of a superior: nobody has seen what it has decided itself. */
    static Damage unseenSuperior(CoreEnlistment superior, OperatorAct act) {
        return new Damage(
                superior.resourceManagerId.toString(),
                superior.id(),
                HeuristicDecision.HAZARD,
                0,
                act.when().toEpochMilli(),
                branchOf(superior) + "its decision was not seen when " + act.who() + " decided " + act.kind() + ": "
                        + act.why());
    }

    /** The branch of a superior, by which it is found again, and a colon; nothing if it has none. */
    private static String branchOf(CoreEnlistment superior) {
        return superior.describe()
                .flatMap(ParticipantDescription::branch)
                .map(branch -> branch + ": ")
                .orElse("");
    }

    static void decidedInPlaceOfSuperior(CoreEnlistment superior, OperatorAct act) {
        superior.transaction.report(
                OutcomeReport.Kind.HEURISTIC,
                superior.resourceManagerLabel(),
                superior.describe()
                        .flatMap(ParticipantDescription::branch)
                        .map(BranchId::toString)
                        .orElseGet(() -> superior.id().toString()),
                act.kind().name(),
                act.who() + " has decided without knowing what the superior has decided: " + act.why(),
                "find out what the superior has decided; if that is something else, mend the data, then forget the"
                        + " transaction",
                null);
    }

    static void decidedInPlaceOf(CoreEnlistment last, OperatorAct act) {
        last.transaction.report(
                OutcomeReport.Kind.HEURISTIC,
                last.resourceManagerLabel(),
                last.id().toString(),
                act.kind().name(),
                act.who() + " has decided in place of the last resource, whose own row was not seen: " + act.why(),
                "should it come back after all, compare the row of this transaction in its table and its data with the"
                        + " decision, mend them, then forget the transaction",
                null);
    }

    static void notWritten(CoreTransaction transaction, String cause, Throwable why) {
        transaction.report(
                OutcomeReport.Kind.NOT_WRITTEN,
                "",
                "",
                "",
                cause,
                "the transaction is rolled back; let the log grow, or free it",
                why);
    }

    /** Whether it was written is not known. */
    static void perhapsNotWritten(CoreTransaction transaction, Throwable why) {
        transaction.report(
                OutcomeReport.Kind.NOT_WRITTEN,
                "",
                "",
                "",
                "it is not known whether the decision was written: " + why
                        + (why.getCause() == null ? "" : ": " + why.getCause()),
                "only a restart can tell what is in the log; everybody stays prepared until then",
                why);
    }

    static void superiorDecisionNotWritten(CoreTransaction transaction, Throwable why) {
        transaction.report(
                OutcomeReport.Kind.NOT_WRITTEN,
                "",
                "",
                "",
                "the decision of the superior could not be written: " + why,
                "the superior has to say it again",
                why);
    }

    static void closedAtWork(CoreEnlistment enlistment) {
        System.getLogger(TransactionReports.class.getName())
                .log(
                        System.Logger.Level.WARNING,
                        "resource manager " + enlistment.resourceManagerLabel()
                                + " closed an enlistment that was neither read-only nor answered: transaction "
                                + enlistment.transaction.unitOfWork() + " is rolled back");
    }
}
