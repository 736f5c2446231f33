package dev.ktm.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The simulation counts only because it finds these bugs of protocol, recovery and forgetting. */
@Tag("slow")
class MutantsTest {

    @RegisterExtension
    private final QuietReports quiet = new QuietReports();

    private static final int SECONDS_BEFORE_IT_HANGS = 15;

    static Stream<Mutant> mutants() {
        return Stream.of(
                new Mutant(
                        "goes on to the next phase without waiting for all votes",
                        "protocol.TransactionProtocol",
                        "if (awaited != Awaited.NOTHING || participants.oweAnswers()) {",
                        "if (awaited != Awaited.NOTHING) {"),
                new Mutant(
                        "commits without forcing the decision",
                        "protocol.TransactionProtocol",
                        "awaited = Awaited.DECISION; effects.forceDecision();",
                        "awaited = Awaited.DECISION; decided();"),
                new Mutant(
                        "rolls back although the decision may be durable",
                        "protocol.TransactionProtocol",
                        "case DECISION -> { if (mayBeDurable) {",
                        "case DECISION -> { if (false) {"),
                new Mutant(
                        "takes a failed force for a commit",
                        "protocol.TransactionProtocol",
                        "case DECISION -> { if (mayBeDurable) { unavailable(); }",
                        "case DECISION -> { if (mayBeDurable) { commitAll(); }"),
                new Mutant(
                        "asks for votes before there is space for the decision",
                        "protocol.TransactionProtocol",
                        "awaited = Awaited.RESERVATION; effects.reserve();",
                        "askAllToPrepare();"),
                new Mutant(
                        "forgets while a participant has not answered",
                        "protocol.TransactionProtocol",
                        "if (participants.areFinished()) {",
                        "if (true) {"),
                new Mutant(
                        "tells nobody to roll back",
                        "protocol.TransactionProtocol",
                        "participant.state() != EnlistmentState.RECOVERING) {"
                                + " ask(participant, EnlistmentState.ABORTING, Notification.ROLLBACK);",
                        "participant.state() != EnlistmentState.RECOVERING) {"
                                + " participant.become(EnlistmentState.ABORTED, false);"),
                new Mutant(
                        "delegates to one of several",
                        "protocol.Participants",
                        "if (only != null) { return null; }",
                        "if (only != null) { break; }"),
                new Mutant(
                        "has the last one decide before it is known that it does",
                        "protocol.TransactionProtocol",
                        "awaited = Awaited.DELEGATION; effects.forceDelegation();",
                        "askLast();"),
                new Mutant(
                        "commits as the last one has decided before that is known for ever",
                        "protocol.TransactionProtocol",
                        "awaited = Awaited.LAST_COMMIT; effects.forceDecision();",
                        "commitAll();"),
                new Mutant(
                        "rolls back as the last one has decided before that is known for ever",
                        "protocol.TransactionProtocol",
                        "awaited = Awaited.LAST_ROLLBACK; effects.forceForgotten();",
                        "rollbackAll(RollbackCause.PARTICIPANT, participant);"),
                new Mutant(
                        "rolls back when the last one does not know what it has decided",
                        "protocol.TransactionProtocol",
                        "if (participants.decidesForOthers(participant)) { participant.excuse(); complete();",
                        "if (participants.decidesForOthers(participant)) { rollbackAll(RollbackCause.PARTICIPANT, participant);"),
                new Mutant(
                        "does not write with an operator's decision that the last one may have done otherwise",
                        "tm.TransactionJournal",
                        "withNext = more;",
                        ""),
                new Mutant(
                        "forgets what a last resource has noted before the end is durable",
                        "jta.LastResources",
                        "ends.force();",
                        ""),
                new Mutant(
                        "forgets what a last resource has noted about live transactions",
                        "jta.LastResources",
                        "if (!alive.contains(noted) &&",
                        "if ("),
                new Mutant(
                        "believes a last resource that says it has failed",
                        "jta.LastResources",
                        "return decisions.isCommitted(branch.xid().transaction()) ?",
                        "return branch.xid().getFormatId() == 0 ?"),
                new Mutant(
                        "recovers a transaction that the last one decides without it",
                        "tm.CoreTransaction",
                        "record.decider().ifPresent(who -> participants.add(recovered(who, decider)));",
                        "record.decider().ifPresent(who -> recovered(who, decider));"),
                new Mutant(
                        "recovers a committed transaction as one in doubt",
                        "tm.CoreTransaction",
                        "effects, committed ? TransactionState.COMMITTED : TransactionState.IN_DOUBT, participants",
                        "effects, TransactionState.IN_DOUBT, participants"),
                new Mutant(
                        "takes a write that certainly failed for one that may be durable, and the other way round",
                        "tm.TransactionJournal",
                        "protocol.decisionFailed(true);",
                        "protocol.decisionFailed(false);"),
                new Mutant(
                        "leaves participants out of the decision",
                        "tm.TransactionJournal",
                        "List.of(count == records.length ? records : Arrays.copyOf(records, count)),",
                        "List.of(Arrays.copyOf(records, Math.min(count, 1))),"),
                new Mutant(
                        "never forgets",
                        "tm.TransactionJournal",
                        "} else if (written != null && transaction.outcome() != Outcome.UNAVAILABLE) { forget(); }",
                        "}"),
                new Mutant(
                        "forgets what was damaged",
                        "tm.TransactionJournal",
                        "if (!transaction.damage().isEmpty()) { remember(); } else if",
                        "if"),
                new Mutant(
                        "rolls back branches of live transactions",
                        "jta.Orphans",
                        "return !alive.contains(xid.transaction());",
                        "return true;"),
                new Mutant(
                        "leaves branches of earlier lives alone",
                        "jta.Orphans",
                        "return !alive.contains(xid.transaction());",
                        "return false;"),
                new Mutant(
                        "rolls back what is decided to be committed",
                        "jta.XaScan",
                        "case COMMIT -> concludeCommit(branch, ask(branch, XaCall.COMMIT));",
                        "case COMMIT -> concludeCommit(branch, ask(branch, XaCall.ROLLBACK));"),
                new Mutant(
                        "takes a branch that is listed for finished",
                        "jta.UnfinishedBranches",
                        "unfinished.get(branch.xid) == branch && !listed.contains(branch.xid)",
                        "unfinished.get(branch.xid) == branch"),
                new Mutant(
                        "believes a branch finished only when told so, and never looks",
                        "jta.XaRecovery",
                        "unfinished.settle(waiting, listed);",
                        ""),
                new Mutant(
                        "has a heuristic decision about nobody's transaction forgotten unrecorded",
                        "jta.Orphans",
                        "ledger.add( xid.transaction(),",
                        "if (xid.getFormatId() == 0) ledger.add( xid.transaction(),"),
                new Mutant(
                        "takes a failed commit for done",
                        "jta.XaResourceManager",
                        "case CONTRADICTS, AGAIN, LOOK, REFUSED, ROLLED_BACK ->"
                                + " recovery.leave(branch, Unfinished.Order.COMMIT, answer);",
                        "case CONTRADICTS, AGAIN, LOOK, REFUSED, ROLLED_BACK -> enlistment.commitComplete();"),
                new Mutant(
                        "has a heuristic decision forgotten before it is known for ever",
                        "jta.XaResourceManager",
                        "report(branch, enlistment, decision, answer); forget(branch);",
                        "forget(branch); report(branch, enlistment, decision, answer);"),
                new Mutant(
                        "takes a failed vote for a yes",
                        "jta.XaCodes",
                        "return isRollback(code) ? XaVerdict.ROLLED_BACK : XaVerdict.REFUSED;",
                        "return isRollback(code) ? XaVerdict.ROLLED_BACK : XaVerdict.DONE;"),
                new Mutant(
                        "takes a refused vote for a yes",
                        "jta.XaCodes",
                        "return isRollback(code) ? XaVerdict.ROLLED_BACK : XaVerdict.REFUSED;",
                        "return isRollback(code) ? XaVerdict.DONE : XaVerdict.REFUSED;"),
                new Mutant(
                        "believes that a branch which is not known is committed",
                        "jta.XaCodes",
                        "return code == XAException.XA_RETRY ? XaVerdict.AGAIN : XaVerdict.LOOK; }"
                                + " private static XaVerdict commitOnePhase",
                        "return code == XAException.XAER_NOTA ? XaVerdict.DONE : XaVerdict.LOOK; }"
                                + " private static XaVerdict commitOnePhase"),
                new Mutant(
                        "takes a heuristic rollback for a commit",
                        "jta.XaCodes",
                        "case XAException.XA_HEURRB -> XaVerdict.HEURISTIC_ROLLBACK;",
                        "case XAException.XA_HEURRB -> XaVerdict.HEURISTIC_COMMIT;"),
                new Mutant(
                        "takes for a commit what was mixed by hand",
                        "jta.XaResourceManager",
                        "damaged(branch, enlistment, HeuristicDecision.MIXED, answer); enlistment.commitComplete();",
                        "enlistment.commitComplete();"),
                new Mutant(
                        "takes for a commit what nobody knows",
                        "jta.XaResourceManager",
                        "damaged(branch, enlistment, HeuristicDecision.HAZARD, answer); enlistment.commitComplete();",
                        "enlistment.commitComplete();"),
                new Mutant(
                        "rolls back what is prepared when its time is over",
                        "protocol.TransactionProtocol",
                        "case PREPARED, IN_DOUBT, DELEGATED, COMMITTED, ABORTED, FORGOTTEN -> false; }; }",
                        "case PREPARED -> true; case IN_DOUBT, DELEGATED, COMMITTED, ABORTED, FORGOTTEN -> false; }; }"),
                new Mutant(
                        "tells the client that it is committed although nobody knows",
                        "jta.XaCodes",
                        "default -> XaVerdict.HAZARD;",
                        "default -> XaVerdict.DONE;"));
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void isFound(Mutant mutant, @TempDir Path directory) throws Exception {
        try (var loader = mutant.load(directory)) {
            boolean found = isFound(loader, 1) || isFound(loader, 2);

            assertThat(found).as(mutant.what()).isTrue();
        }
    }

    /** Whether a rule is violated; a transaction that never ends violates one as well. */
    private static boolean isFound(ClassLoader loader, int size) throws Exception {
        var simulated = new CompletableFuture<Boolean>();
        var thread = new Thread(() -> simulate(loader, size, simulated), "mutant");
        thread.setDaemon(true);
        thread.start();
        try {
            return simulated.get(SECONDS_BEFORE_IT_HANGS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            assertThat(thread.getStackTrace())
                    .as("it waits for an end that does not come")
                    .anyMatch(frame -> frame.getMethodName().equals("await"));
            return true;
        }
    }

    private static void simulate(ClassLoader loader, int size, CompletableFuture<Boolean> simulated) {
        try {
            var casts = Class.forName("dev.ktm.simulation.Casts", true, loader);
            simulated.complete(
                    (Boolean) casts.getMethod("hasViolation", int.class).invoke(null, size));
        } catch (ReflectiveOperationException | Error e) {
            simulated.completeExceptionally(e);
        }
    }
}
