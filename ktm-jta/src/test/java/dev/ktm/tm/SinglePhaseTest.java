package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.ALONE;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static dev.ktm.testing.ScriptedResourceManager.plus;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.Outcome;
import dev.ktm.testing.ScriptedResourceManager;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** One participant that decides alone. */
class SinglePhaseTest {

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();
    private final ScriptedResourceManager one = machine.lasting(manager, "one");
    private final ScriptedResourceManager two = machine.lasting(manager, "two");

    private TransactionHandle begin() throws Exception {
        return manager.createTransaction(TransactionOptions.DEFAULT);
    }

    @Test
    @Conforms({"KTM-SP-01", "KTM-SP-10"})
    void oneThatCanDecidesAloneAndNothingIsForced() throws Exception {
        var transaction = begin();
        var part = one.enlist(transaction, ALONE);

        assertThat(machine.writesIn(transaction::commit)).isEmpty();

        part.assertHeard(Notification.SINGLE_PHASE_COMMIT);
        assertThat(part.enlistment().state()).isEqualTo(EnlistmentState.COMMITTED);
        try (var next = machine.afterCrash()) {
            assertThat(next.recovered().transactions()).isEmpty();
        }
    }

    @Test
    @Conforms("KTM-SP-02")
    void oneThatDidNotAskForItGetsAllPhases() throws Exception {
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);

        transaction.commit();

        part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
    }

    @Test
    @Conforms("KTM-SP-03")
    void ofTwoNobodyDecidesAlone() throws Exception {
        var transaction = begin();
        var first = one.enlist(transaction, ALONE);
        var second = two.enlist(transaction, ALONE);

        transaction.commit();

        first.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        second.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
    }

    @Test
    @Conforms("KTM-SP-03")
    void twoOfOneResourceManagerAreTwo() throws Exception {
        var transaction = begin();
        var first = one.enlist(transaction, ALONE);
        var second = one.enlist(transaction, ALONE);

        transaction.commit();

        first.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        second.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
    }

    @Test
    @Conforms("KTM-SP-04")
    void whoIsReadOnlyDoesNotCount() throws Exception {
        var transaction = begin();
        var reader = two.enlist(transaction, ALONE);
        var part = one.enlist(transaction, ALONE);
        two.enlist(transaction, PHASES).enlistment().readOnly();
        reader.enlistment().readOnly();

        transaction.commit();

        part.assertHeard(Notification.SINGLE_PHASE_COMMIT);
        reader.assertHeard();
    }

    @Test
    void whoIsReadOnlyAtPrePrepareDoesNotCountEither() throws Exception {
        var transaction = begin();
        var part = one.enlist(transaction, ALONE);
        var reader = two.readOnlyAt(Notification.PREPREPARE).enlist(transaction, PHASES);

        transaction.commit();

        part.assertHeard(Notification.PREPREPARE, Notification.SINGLE_PHASE_COMMIT);
        reader.assertHeard(Notification.PREPREPARE);
    }

    @Test
    @Conforms("KTM-SP-05")
    void underASuperiorNobodyDecidesAlone() throws Exception {
        var transaction = begin();
        var part = one.enlist(transaction, ALONE);
        var superior = two.enlistSuperior(transaction, ScriptedResourceManager.SUPERIOR)
                .enlistment();

        superior.prePrepare();
        superior.prepare();
        superior.commit();

        part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
    }

    @Test
    @Conforms("KTM-SP-06")
    void whoRejectsGetsAllPhases() throws Exception {
        one.when(
                event -> {
                    part(event).enlistment().singlePhaseReject();
                    return Result.PENDING;
                },
                Notification.SINGLE_PHASE_COMMIT);
        var transaction = begin();
        var part = one.enlist(transaction, ALONE);

        transaction.commit();

        part.assertHeard(
                Notification.SINGLE_PHASE_COMMIT, Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        assertThat(manager.clock()).as("it is one commit").isEqualTo(2);
    }

    private static ScriptedResourceManager.Part part(NotificationEvent event) {
        return (ScriptedResourceManager.Part) Objects.requireNonNull(event.key());
    }

    @Test
    @Conforms("KTM-SP-07")
    void whoWasNotAskedCannotReject() throws Exception {
        one.byHand(Notification.PREPREPARE, Notification.PREPARE);
        var transaction = begin();
        var part = one.enlist(transaction, ALONE);
        two.enlist(transaction, ALONE);
        assertRefused(
                KtmError.TRANSACTION_NOT_REQUESTED, () -> part.enlistment().singlePhaseReject());
        transaction.commitAsync();

        assertRefused(
                KtmError.TRANSACTION_NOT_REQUESTED, () -> part.enlistment().singlePhaseReject());
        part.enlistment().prePrepareComplete();
        assertRefused(
                KtmError.TRANSACTION_NOT_REQUESTED, () -> part.enlistment().singlePhaseReject());
        part.enlistment().prepareComplete();
        assertRefused(
                KtmError.TRANSACTION_NOT_REQUESTED, () -> part.enlistment().singlePhaseReject());

        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    @Test
    @Conforms("KTM-SP-08")
    void whoDecidesMayDecideToRollBack() throws Exception {
        var transaction = begin();
        var part = one.rollbackAt(Notification.SINGLE_PHASE_COMMIT).enlist(transaction, ALONE);
        var reader = two.enlist(transaction, plus(PHASES, Notification.RM_DISCONNECTED));
        reader.enlistment().readOnly();

        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, transaction::commit);

        part.assertHeard(Notification.SINGLE_PHASE_COMMIT, Notification.ROLLBACK);
        reader.assertHeard();
        assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
        assertRefused(
                KtmError.TRANSACTION_NOT_REQUESTED, () -> part.enlistment().commitComplete());
    }

    @Test
    @Conforms("KTM-SP-09")
    void whoDecidesAndGoesLeavesAnOutcomeThatNobodyKnows() throws Exception {
        one.byHand(Notification.SINGLE_PHASE_COMMIT);
        var transaction = begin();
        var part = one.enlist(transaction, ALONE);
        var asked = two.enlist(transaction, plus(PHASES, Notification.RM_DISCONNECTED));
        var silent = two.enlist(transaction, PHASES);
        asked.enlistment().readOnly();
        silent.enlistment().readOnly();
        var end = transaction.commitAsync().toCompletableFuture();

        part.enlistment().close();

        asked.assertHeard(Notification.RM_DISCONNECTED);
        silent.assertHeard();
        assertThat(end).isCompletedWithValue(Outcome.UNAVAILABLE);
        assertThat(transaction.outcome()).isEqualTo(Outcome.UNAVAILABLE);
        assertRefused(KtmError.RM_DISCONNECTED, transaction::commit);
        assertRefused(KtmError.RM_DISCONNECTED, transaction::rollback);
    }

    @Test
    @Conforms("KTM-SP-09")
    void aHandlerThatFailsOrAResourceManagerThatIsClosedHasGone() throws Exception {
        one.when(event -> Failures.raise(new IllegalStateException("lost")), Notification.SINGLE_PHASE_COMMIT);
        two.when(
                event -> {
                    two.close();
                    return Result.PENDING;
                },
                Notification.SINGLE_PHASE_COMMIT);
        for (var gone : List.of(one, two)) {
            var transaction = begin();
            gone.enlist(transaction, ALONE);

            assertRefused(KtmError.RM_DISCONNECTED, transaction::commit);

            assertThat(transaction.outcome()).isEqualTo(Outcome.UNAVAILABLE);
        }
        assertThat(manager.transactions()).isEmpty();
    }

    @Test
    void aTimeoutDoesNotTakeTheDecisionFromWhoDecides() throws Exception {
        one.byHand(Notification.SINGLE_PHASE_COMMIT);
        var transaction = manager.createTransaction(TransactionOptions.DEFAULT.withTimeout(Duration.ofSeconds(1)));
        var part = one.enlist(transaction, ALONE);
        var end = transaction.commitAsync().toCompletableFuture();

        machine.pass(Duration.ofHours(1));
        part.assertHeard(Notification.SINGLE_PHASE_COMMIT);
        part.enlistment().commitComplete();

        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);
    }
}
