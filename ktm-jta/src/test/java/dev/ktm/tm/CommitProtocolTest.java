package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.LogFullException;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.ResourceManager;
import dev.ktm.rm.TransactionRight;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.testing.ScriptedResourceManager.Part;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The two phases, and what comes between. */
class CommitProtocolTest {

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();
    private final ScriptedResourceManager one = machine.lasting(manager, "one");
    private final ScriptedResourceManager two = machine.lasting(manager, "two");

    private TransactionHandle begin() throws Exception {
        return manager.createTransaction(TransactionOptions.DEFAULT);
    }

    @Test
    @Conforms({"KTM-CP-01", "KTM-CP-02", "KTM-CP-03"})
    void everybodyAnswersAPhaseBeforeAnybodySeesTheNext() throws Exception {
        one.byHand(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        two.byHand(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        var transaction = begin();
        var a = one.enlist(transaction, PHASES);
        var b = two.enlist(transaction, PHASES);
        var end = transaction.commitAsync().toCompletableFuture();

        assertHeard(a, b, Notification.PREPREPARE);
        a.enlistment().prePrepareComplete();
        assertHeard(a, b, Notification.PREPREPARE);
        b.enlistment().prePrepareComplete();
        assertHeard(a, b, Notification.PREPREPARE, Notification.PREPARE);
        b.enlistment().prepareComplete();
        assertHeard(a, b, Notification.PREPREPARE, Notification.PREPARE);
        a.enlistment().prepareComplete();
        assertHeard(a, b, Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        b.enlistment().commitComplete();
        assertThat(end).isNotDone();
        a.enlistment().commitComplete();

        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);
    }

    private static void assertHeard(Part a, Part b, Notification... expected) {
        a.assertHeard(expected);
        b.assertHeard(expected);
    }

    @Test
    @Conforms("KTM-CP-03")
    void theDecisionIsDurableBeforeAnybodyIsToldToCommit() throws Exception {
        var found = new ArrayList<Outcome>();
        var transaction = begin();
        one.when(
                event -> {
                    try (var next = machine.afterCrash()) {
                        var live = next.recovered().live();
                        found.add(live.isEmpty() ? Outcome.ABORTED : live.get(0).outcome());
                    }
                    return Result.SUCCESS;
                },
                Notification.PREPREPARE,
                Notification.PREPARE,
                Notification.COMMIT);
        one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);

        transaction.commit();

        assertThat(found).containsExactly(Outcome.ABORTED, Outcome.ABORTED, Outcome.COMMITTED);
    }

    @Test
    @Conforms({"KTM-CP-04", "KTM-CP-05", "KTM-CP-06"})
    void oneThatRefusesHasEverybodyRollBackAlsoWhoIsPrepared() throws Exception {
        for (var phase : List.of(Notification.PREPREPARE, Notification.PREPARE)) {
            one.byHand(Notification.ROLLBACK);
            two.byHand(phase, Notification.ROLLBACK);
            var transaction = begin();
            var prepared = one.enlist(transaction, PHASES);
            var refusing = two.enlist(transaction, PHASES);
            var late = one.enlist(transaction, PHASES);
            var end = transaction.commitAsync().toCompletableFuture();
            assertThat(prepared.enlistment().state())
                    .isEqualTo(phase == Notification.PREPARE ? EnlistmentState.PREPARED : EnlistmentState.PRE_PREPARED);

            refusing.enlistment().rollback();

            for (var part : List.of(prepared, refusing, late)) {
                assertThat(part.heard()).last().isEqualTo(Notification.ROLLBACK);
                assertThat(end).isNotDone();
                part.enlistment().rollbackComplete();
            }
            assertThat(end).isCompletedWithValue(Outcome.ABORTED);
            two.when(event -> Result.SUCCESS, phase);
        }
    }

    @Test
    @Conforms("KTM-CP-07")
    void nobodyIsToldWhatIsNotInItsMask() throws Exception {
        var masks = List.of(
                NotificationMask.of(Notification.PREPREPARE, Notification.ROLLBACK),
                NotificationMask.of(Notification.COMMIT, Notification.ROLLBACK),
                NotificationMask.of(Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK),
                NotificationMask.of(Notification.PREPREPARE, Notification.COMMIT, Notification.ROLLBACK),
                PHASES);
        for (boolean commit : List.of(true, false)) {
            var parts = new ArrayList<Part>();
            var transaction = begin();
            for (var mask : masks) {
                parts.add(one.enlist(transaction, mask));
            }
            if (commit) {
                transaction.commit();
            } else {
                transaction.rollback();
            }

            for (int i = 0; i < masks.size(); i++) {
                assertThat(masks.get(i).notifications())
                        .containsAll(parts.get(i).heard());
                assertThat(parts.get(i).heard())
                        .hasSize(commit ? masks.get(i).notifications().size() - 1 : 1)
                        .doesNotHaveDuplicates();
            }
        }
    }

    @Test
    @Conforms("KTM-CP-07")
    void aSuperiorIsNotToldOfAnEndThatItDidNotAskFor() throws Exception {
        var transaction = begin();
        var deaf = one.enlistSuperior(transaction, PHASES);
        two.enlist(transaction, PHASES);

        deaf.enlistment().rollback();

        assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
        deaf.assertHeard();
    }

    @Test
    @Conforms("KTM-CP-08")
    void aNotificationMayComeBeforeTheEnlistmentIsReturned() throws Exception {
        var transaction = begin();
        var early = new ArrayList<NotificationEvent>();
        var plain = manager.createResourceManager(null, "early", ManagerHandle.Durability.DURABLE);
        var enlisting = new CountDownLatch(1);
        plain.setHandler(event -> {
            early.add(event);
            enlisting.countDown();
            return Result.SUCCESS;
        });
        one.when(
                event -> {
                    // The newcomer is told by the thread that drives the commit: before this one goes on, or after.
                    var enlistment = CompletableFuture.supplyAsync(() -> enlist(plain, transaction), Failures::inThread)
                            .get();
                    assertThat(enlistment.state()).isEqualTo(EnlistmentState.PRE_PREPARING);
                    return Result.SUCCESS;
                },
                Notification.PREPREPARE);
        one.enlist(transaction, PHASES);

        transaction.commit();

        assertThat(early)
                .extracting(NotificationEvent::key)
                .containsOnly("early key")
                .hasSize(3);
        assertThat(early).extracting(NotificationEvent::notification).startsWith(Notification.PREPREPARE);
    }

    @Test
    @Conforms("KTM-CP-08")
    void whoEnlistsInATransactionThatNobodyElseDrivesIsToldBeforeItGetsItsHandle() throws Exception {
        var returned = new ArrayList<Enlistment>();
        var keys = new ArrayList<Object>();
        var plain = manager.createResourceManager(null, "early", ManagerHandle.Durability.DURABLE);
        plain.setHandler(event -> {
            if (event.notification() == Notification.PREPREPARE) {
                assertThat(returned).as("not returned yet").isEmpty();
                keys.add(Objects.requireNonNull(event.key()));
            }
            return Result.SUCCESS;
        });
        one.byHand(Notification.PREPREPARE);
        var transaction = begin();
        var owing = one.enlist(transaction, PHASES);
        transaction.commitAsync();

        returned.add(plain.enlist(transaction.unitOfWork(), PHASES, "early key"));

        assertThat(keys).containsExactly("early key");
        assertThat(returned.get(0).state()).isEqualTo(EnlistmentState.PRE_PREPARED);
        owing.enlistment().prePrepareComplete();
        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    private static Enlistment enlist(ResourceManager plain, TransactionHandle transaction) {
        try {
            return plain.enlist(transaction.unitOfWork(), PHASES, "early key");
        } catch (KtmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    @Conforms("KTM-CP-09")
    void theClockOfNotificationsNeverGoesBack() throws Exception {
        var clocks = new ArrayList<Long>();
        for (int i = 0; i < 5; i++) {
            var transaction = begin();
            var part = one.enlist(transaction, PHASES);
            two.enlist(transaction, PHASES);
            if (i == 2) {
                part.enlistment().adoptClock(100);
            }
            if (i == 3) {
                transaction.rollback();
            } else {
                transaction.commit();
            }
            part.events().forEach(event -> clocks.add(event.clock()));
        }

        assertThat(clocks)
                .isSorted()
                .startsWith(2L)
                .contains(101L)
                .doesNotContain(1L)
                .hasSize(13);
    }

    @Test
    @Conforms("KTM-CP-10")
    void whoIsSlowHoldsUpItsOwnTransactionOnly() throws Exception {
        var hanging = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var slow = machine.durable(manager, "slow");
        slow.when(
                event -> {
                    hanging.countDown();
                    goOn.await();
                    return Result.SUCCESS;
                },
                Notification.PREPARE);
        var held = begin();
        slow.enlist(held, PHASES);
        one.enlist(held, PHASES);
        var end = CompletableFuture.runAsync(() -> Failures.unchecked(held::commit), Failures::inThread);
        hanging.await();

        for (int i = 0; i < 20; i++) {
            var other = begin();
            one.enlist(other, PHASES);
            two.enlist(other, PHASES);
            other.commit();
        }
        assertThat(held.outcome()).isEqualTo(Outcome.UNDETERMINED);
        assertThat(end).isNotDone();
        goOn.countDown();
        end.get();

        assertThat(held.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    @Test
    @Conforms("KTM-CP-11")
    void oneThatNeverAnswersKeepsTheTransactionKnown() throws Exception {
        one.byHand(Notification.COMMIT);
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);
        transaction.commitAsync();

        assertThat(manager.transactions()).containsExactly(transaction.unitOfWork());
        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
        assertThat(transaction.transaction().state()).isEqualTo(TransactionState.COMMITTED);
        part.enlistment().postpone();
        part.enlistment().close();
        assertThat(transaction.completion().toCompletableFuture()).isCompletedWithValue(Outcome.COMMITTED);
        assertThat(manager.transactions()).as("its client need not wait").hasSize(1);
        try (var next = machine.afterCrash()) {
            assertThat(next.recovered().live()).singleElement().satisfies(live -> {
                assertThat(live.unitOfWork()).isEqualTo(transaction.unitOfWork());
                assertThat(live.outcome()).isEqualTo(Outcome.COMMITTED);
            });
        }
    }

    @Test
    @Conforms({"KTM-CP-12", "KTM-CP-13"})
    void clientsWorkThroughUntilPrepareAndNotAfterIt() throws Exception {
        two.byHand(Notification.PREPREPARE, Notification.PREPARE);
        var transaction = begin();
        var through = NotificationMask.of(Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK);
        var store = one.enlist(transaction, PHASES);
        var owing = two.enlist(transaction, PHASES);
        transaction.commitAsync();

        assertThat(store.enlistment().state()).isEqualTo(EnlistmentState.PRE_PREPARED);
        var more = one.enlist(transaction, through);
        store.enlistment().setRecoveryInformation(new byte[] {7});
        owing.enlistment().prePrepareComplete();

        more.assertHeard(Notification.PREPARE);
        assertThat(store.enlistment().state()).isEqualTo(EnlistmentState.PREPARED);
        assertRefused(KtmError.TRANSACTION_NOT_ACTIVE, () -> one.enlist(transaction, through));
        assertRefused(KtmError.TRANSACTION_MUST_WRITETHROUGH, () -> one.enlist(transaction, PHASES));
        owing.enlistment().prepareComplete();
        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    @Test
    @Conforms("KTM-CP-14")
    void aDecisionThatCannotBeWrittenRollsEverybodyBack() throws Exception {
        machine.holdWorkers();
        one.byHand(Notification.PREPARE);
        var breaking = begin();
        var first = one.enlist(breaking, PHASES);
        two.enlist(breaking, PHASES);
        var unsure = breaking.commitAsync().toCompletableFuture();
        var transaction = begin();
        var second = one.enlist(transaction, PHASES);
        var other = two.enlist(transaction, PHASES);
        var end = transaction.commitAsync().toCompletableFuture();
        machine.device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE_FORCE, 1));
        first.enlistment().prepareComplete();
        assertThat(unsure).as("it may be in the log").isCompletedWithValue(Outcome.UNAVAILABLE);
        machine.reports.clear();

        second.enlistment().prepareComplete();

        assertThat(end).isCompletedWithValue(Outcome.ABORTED);
        second.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.ROLLBACK);
        other.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.ROLLBACK);
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, transaction::commit);
        assertThat(machine.reports).singleElement().satisfies(report -> {
            assertThat(report.kind()).isEqualTo(OutcomeReport.Kind.NOT_WRITTEN);
            assertThat(report.unitOfWork()).isEqualTo(transaction.unitOfWork());
        });
        try (var next = machine.afterCrash()) {
            assertThat(next.recovered().transactions()).doesNotContain(transaction.unitOfWork());
        }
    }

    @Test
    @Conforms("OPS-10")
    void whileTheDecisionMayBeWrittenNobodyIsToldAnything() throws Exception {
        var transaction = begin();
        var first = one.enlist(transaction, PHASES);
        var second = two.enlist(transaction, PHASES);
        machine.device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE_FORCE, 1));

        assertRefused(KtmError.TRANSACTIONMANAGER_NOT_ONLINE, transaction::commit);

        first.assertHeard(Notification.PREPREPARE, Notification.PREPARE);
        second.assertHeard(Notification.PREPREPARE, Notification.PREPARE);
        assertThat(transaction.outcome()).isEqualTo(Outcome.UNAVAILABLE);
        assertThat(machine.reported()).contains(OutcomeReport.Kind.OFFLINE);
        assertThat(machine.reports).anySatisfy(report -> {
            assertThat(report.kind()).isEqualTo(OutcomeReport.Kind.NOT_WRITTEN);
            assertThat(report.unitOfWork()).isEqualTo(transaction.unitOfWork());
            assertThat(report.cause()).contains("EIO");
        });
        assertRefused(
                KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> first.enlistment().rollback());
    }

    @Test
    @Conforms({"KTM-CP-16", "OPS-10"})
    void aFullLogRefusesBeforeAnybodyHasPrepared() throws Exception {
        fillTheLog();
        var transaction = begin();
        var first = one.enlist(transaction, PHASES);
        var second = two.enlist(transaction, PHASES);
        first.enlistment().setRecoveryInformation(new byte[60_000]);

        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, transaction::commit);

        first.assertHeard(Notification.PREPREPARE, Notification.ROLLBACK);
        second.assertHeard(Notification.PREPREPARE, Notification.ROLLBACK);
        assertThat(machine.reports).singleElement().satisfies(report -> {
            assertThat(report.kind().event()).isEqualTo(1);
            assertThat(report.unitOfWork()).isEqualTo(transaction.unitOfWork());
            assertThat(report.cause()).contains("full");
        });
        assertThat(manager.isOnline()).isTrue();
    }

    @Test
    @Conforms("KTM-CP-16")
    void aLogThatFillsUpAfterPrepareDoesNotStopTheDecision() throws Exception {
        one.byHand(Notification.PREPARE);
        var transaction = begin();
        var first = one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);
        first.enlistment().setRecoveryInformation(new byte[40_000]);
        var end = transaction.commitAsync().toCompletableFuture();
        fillTheLog();

        first.enlistment().prepareComplete();

        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);
    }

    @Test
    void recoveryInformationThatFindsNoSpaceAnyMoreRollsBackAndTheTransactionManagerGoesOn() throws Exception {
        one.byHand(Notification.PREPARE);
        var transaction = begin();
        var first = one.enlist(transaction, PHASES);
        var second = two.enlist(transaction, PHASES);
        var end = transaction.commitAsync().toCompletableFuture();
        fillTheLog();

        first.enlistment().setRecoveryInformation(new byte[60_000]);
        first.enlistment().prepareComplete();

        assertThat(end).isCompletedWithValue(Outcome.ABORTED);
        first.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.ROLLBACK);
        second.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.ROLLBACK);
        assertThat(machine.reported()).containsExactly(OutcomeReport.Kind.NOT_WRITTEN);
        assertThat(manager.isOnline()).isTrue();
    }

    /** As a resource manager that writes into the same log and never ends its work would. */
    private void fillTheLog() throws Exception {
        var log = manager.log().orElseThrow();
        var other = log.stream("other");
        for (int size = 60_000; size > 100; size /= 2) {
            var full = false;
            while (!full) {
                try {
                    other.append(ByteBuffer.allocate(size));
                } catch (LogFullException e) {
                    full = true;
                }
            }
        }
    }

    @Test
    @Conforms("KTM-CP-17")
    void volatileParticipantsVoteAndAreNotInTheDecision() throws Exception {
        var fleeting = machine.fleeting(manager, "fleeting");
        one.byHand(Notification.COMMIT);
        var transaction = begin();
        var part = fleeting.enlist(transaction, PHASES);
        one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);

        transaction.commitAsync();

        part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        try (var next = machine.afterCrash()) {
            var live = next.recovered();
            var found = live.openTransaction(transaction.unitOfWork(), TransactionRight.QUERY_INFORMATION);
            assertThat(found.enlistments())
                    .extracting(TransactionHandle.Enlisted::resourceManager)
                    .containsExactlyInAnyOrder(one.handle().id(), two.handle().id());
        }
        var refused = begin();
        one.enlist(refused, PHASES);
        fleeting.rollbackAt(Notification.PREPARE).enlist(refused, PHASES);
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, refused::commit);
    }

    @Test
    @Conforms("KTM-CP-18")
    void volatileParticipantsAloneForceNothing() throws Exception {
        var fleeting = machine.fleeting(manager, "fleeting");
        var other = machine.fleeting(manager, "other");
        var transaction = begin();
        var part = fleeting.enlist(transaction, PHASES);
        other.enlist(transaction, PHASES);
        one.enlist(transaction, PHASES).enlistment().readOnly();

        assertThat(machine.writesIn(transaction::commit)).isEmpty();

        part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
    }

    @Test
    void aCommitForcesOnceAndARollbackNever() throws Exception {
        var committed = begin();
        one.enlist(committed, PHASES);
        two.enlist(committed, PHASES);
        var rolledBack = begin();
        one.enlist(rolledBack, PHASES);
        two.enlist(rolledBack, PHASES);

        assertThat(machine.writesIn(committed::commit)).containsExactly(OperationKind.WRITE, OperationKind.WRITE_FORCE);
        assertThat(machine.writesIn(rolledBack::rollback)).isEmpty();
    }
}
