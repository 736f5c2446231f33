package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.ManagerRight;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.ResourceManager;
import dev.ktm.rm.ResourceManagerRight;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.tm.ManagerHandle.Durability;
import dev.ktm.tm.TransactionManagers.Query;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Resource managers: how they are made, told, and closed. */
class ResourceManagersTest {

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();

    private TransactionHandle begin() throws Exception {
        return manager.createTransaction(TransactionOptions.DEFAULT);
    }

    @Test
    @Conforms("KTM-RM-01")
    void aDurableOneNeedsALog() throws Exception {
        var inMemory = machine.inMemory();

        assertRefused(KtmError.TM_VOLATILE, () -> inMemory.createResourceManager(null, "", Durability.DURABLE));
        assertRefused(KtmError.TM_VOLATILE, () -> inMemory.createResourceManager(null, "", Durability.COMMUNICATION));

        assertThat(inMemory.createResourceManager(null, "", Durability.VOLATILE).isVolatile())
                .isTrue();
        assertThat(manager.createResourceManager(null, "", Durability.VOLATILE).isVolatile())
                .isTrue();
    }

    @Test
    @Conforms("KTM-RM-02")
    void anIdIsTakenOnceInEachTransactionManager() throws Exception {
        var id = new UUID(1, 2);
        var first = manager.createResourceManager(id, "first", Durability.DURABLE);

        assertRefused(KtmError.NAME_COLLISION, () -> manager.createResourceManager(id, "second", Durability.VOLATILE));

        assertThat(first.description()).isEqualTo("first");
        assertThat(machine.inMemory()
                        .createResourceManager(id, "elsewhere", Durability.VOLATILE)
                        .id())
                .isEqualTo(id);
        first.close();
        assertThat(manager.createResourceManager(id, "third", Durability.DURABLE)
                        .id())
                .isEqualTo(id);
    }

    @Test
    @Conforms("KTM-RM-03")
    void oneWithoutAnIdGetsAFreshOne() throws Exception {
        var one = manager.createResourceManager(null, "", Durability.DURABLE);
        var two = manager.createResourceManager(null, "", Durability.DURABLE);

        assertThat(one.id()).isNotEqualTo(two.id()).isNotEqualTo(new UUID(0, 0));
        assertThat(manager.resourceManagers()).containsExactlyInAnyOrder(one.id(), two.id());
    }

    @Test
    @Conforms("KTM-RM-04")
    void aDescriptionHasAtMost64Characters() throws Exception {
        var longest = "d".repeat(64);

        assertThat(manager.createResourceManager(null, longest, Durability.DURABLE)
                        .description())
                .isEqualTo(longest);
        assertRefused(
                KtmError.INVALID_PARAMETER,
                () -> manager.createResourceManager(null, longest + "d", Durability.DURABLE));

        assertThat(manager.resourceManagers()).hasSize(1);
    }

    @Test
    @Conforms("KTM-RM-05")
    void oneThatNobodyMadeIsNotFound() throws Exception {
        var made = manager.createResourceManager(null, "", Durability.DURABLE);

        assertRefused(
                KtmError.RESOURCEMANAGER_NOT_FOUND,
                () -> manager.openResourceManager(new UUID(9, 9), ResourceManagerRight.ENLIST));

        var again = manager.openResourceManager(made.id(), ResourceManagerRight.QUERY_INFORMATION);
        assertThat(again.id()).isEqualTo(made.id());
        made.close();
        assertThat(again.id()).as("a second handle keeps it").isNotNull();
        again.close();
        assertRefused(
                KtmError.RESOURCEMANAGER_NOT_FOUND,
                () -> manager.openResourceManager(new UUID(9, 9), ResourceManagerRight.ENLIST));
    }

    @Test
    @Conforms("KTM-RM-06")
    void aVolatileOneLeavesNoTrace() throws Exception {
        var fleeting = machine.fleeting(manager, "fleeting").byHand(Notification.COMMIT);
        var durable = machine.durable(manager, "durable").byHand(Notification.COMMIT);
        var other = machine.durable(manager, "other");
        var transaction = begin();
        fleeting.enlist(transaction, PHASES);
        durable.enlist(transaction, PHASES);
        other.enlist(transaction, PHASES);
        transaction.commitAsync();

        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            var fleetingAgain = next.fleeting(again, "fleeting");
            var durableAgain = next.durable(again, "durable");
            fleetingAgain.handle().recover();
            durableAgain.handle().recover();

            assertThat(fleetingAgain.heard()).containsExactly(Notification.LAST_RECOVER);
            assertThat(durableAgain.heard()).containsExactly(Notification.RECOVER, Notification.LAST_RECOVER);
        }
    }

    @Test
    @Conforms("KTM-RM-07")
    void itsLastHandleRollsBackWhatItHasNotPrepared() throws Exception {
        var one = machine.durable(manager, "one");
        var two = machine.durable(manager, "two");
        var active = begin();
        one.enlist(active, PHASES);
        var told = two.enlist(active, PHASES);
        var readOnly = begin();
        one.enlist(readOnly, PHASES).enlistment().readOnly();
        two.enlist(readOnly, PHASES);
        var without = begin();
        two.enlist(without, PHASES);

        one.close();

        told.assertHeard(Notification.ROLLBACK);
        assertThat(active.outcome()).isEqualTo(Outcome.ABORTED);
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, active::commit);
        readOnly.commit();
        without.commit();
        assertThat(manager.transactions()).as("nobody is left to be told").isEmpty();
    }

    @Test
    @Conforms("KTM-RM-07")
    void anotherHandleKeepsItAtWork() throws Exception {
        var one = machine.durable(manager, "one");
        var other = manager.openResourceManager(one.handle().id(), ResourceManagerRight.QUERY_INFORMATION);
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);

        other.close();
        other.close();
        transaction.commit();

        part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
    }

    @Test
    @Conforms({"KTM-RM-08", "REC-23"})
    void whatItHasPreparedIsOfferedAgainWhenItComesBack() throws Exception {
        var one = machine.durable(manager, "one");
        var two = machine.durable(manager, "two").byHand(Notification.PREPARE);
        var transaction = begin();
        var first = one.enlist(transaction, PHASES);
        var second = two.enlist(transaction, PHASES);
        var end = transaction.commitAsync().toCompletableFuture();
        assertThat(first.enlistment().state()).isEqualTo(EnlistmentState.PREPARED);
        var id = first.enlistment().id();

        one.close();
        assertThat(end).isNotDone();
        second.enlistment().prepareComplete();
        assertThat(end.join()).isEqualTo(Outcome.COMMITTED);
        assertThat(manager.transactions()).containsExactly(transaction.unitOfWork());

        var back = machine.durable(manager, "one");
        back.handle().recover();
        assertThat(back.heard()).containsExactly(Notification.RECOVER, Notification.LAST_RECOVER);
        back.recover(id).assertHeard(Notification.COMMIT);
        assertThat(manager.transactions()).isEmpty();
    }

    @Test
    void whoComesBackBeforeTheDecisionIsInDoubtUntilThen() throws Exception {
        var one = machine.durable(manager, "one");
        var two = machine.durable(manager, "two").byHand(Notification.PREPARE);
        var transaction = begin();
        var id = one.enlist(transaction, PHASES).enlistment().id();
        var second = two.enlist(transaction, PHASES);
        transaction.commitAsync();
        one.close();

        var back = machine.durable(manager, "one");
        back.handle().recover();
        var part = back.recover(id);
        part.assertHeard(Notification.INDOUBT);
        second.enlistment().rollback();

        part.assertHeard(Notification.INDOUBT, Notification.ROLLBACK);
        assertThat(manager.transactions()).isEmpty();
    }

    @Test
    void whatIsWaitingForOneThatIsGoneIsNotToldToItsNextLifeBeforeItRecovers() throws Exception {
        var slow = machine.durable(manager, "slow");
        var one = machine.durable(manager, "one");
        var transaction = begin();
        slow.enlist(transaction, PHASES);
        var id = one.enlist(transaction, PHASES).enlistment().id();
        var back = new ArrayList<ScriptedResourceManager>();
        var part = new ArrayList<ScriptedResourceManager.Part>();
        slow.when(
                event -> {
                    // The other one's COMMIT is queued behind this one.
                    one.close();
                    back.add(machine.durable(manager, "one"));
                    back.get(0).handle().recover();
                    assertThat(back.get(0).heard()).containsExactly(Notification.RECOVER, Notification.LAST_RECOVER);
                    part.add(back.get(0).recover(id));
                    return Result.SUCCESS;
                },
                Notification.COMMIT);

        transaction.commit();

        part.get(0).assertHeard(Notification.COMMIT);
        assertThat(back.get(0).heard())
                .containsExactly(Notification.RECOVER, Notification.LAST_RECOVER, Notification.COMMIT);
        assertThat(manager.transactions()).isEmpty();
    }

    @Test
    @Conforms("KTM-RM-09")
    void looksWithoutWaiting() throws Exception {
        var polled = manager.createResourceManager(null, "", Durability.DURABLE);
        assertRefused(KtmError.TIMEOUT, () -> polled.getNotification(Duration.ZERO));
        var transaction = begin();
        var enlistment = polled.enlist(transaction.unitOfWork(), PHASES, "key");

        transaction.rollbackAsync();

        assertThat(polled.getNotification(Duration.ZERO).notification()).isEqualTo(Notification.ROLLBACK);
        assertRefused(KtmError.TIMEOUT, () -> polled.getNotification(Duration.ZERO));
        enlistment.rollbackComplete();
    }

    @Test
    void whoWaitsIsWokenByWhatComesAndByTheEnd() throws Exception {
        var polled = manager.createResourceManager(null, "", Durability.DURABLE);
        var transaction = begin();
        polled.enlist(transaction.unitOfWork(), PHASES, "key");
        var first = CompletableFuture.supplyAsync(() -> waitFor(polled), Failures::inThread);

        transaction.rollbackAsync();
        assertThat(first.get()).isEqualTo("ROLLBACK");
        var second = CompletableFuture.supplyAsync(() -> waitFor(polled), Failures::inThread);
        polled.close();

        assertThat(second.get()).isEqualTo(KtmError.TRANSACTION_OBJECT_EXPIRED.name());
    }

    private static String waitFor(ResourceManager polled) {
        try {
            return polled.getNotification(Duration.ofHours(1)).notification().name();
        } catch (KtmException e) {
            return e.error().name();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    @Conforms("KTM-RM-11")
    void hasOneHandler() throws Exception {
        var one = machine.durable(manager, "one");
        var intruder = new ArrayList<NotificationEvent>();

        assertRefused(
                KtmError.INVALID_PARAMETER,
                () -> one.handle().setHandler(event -> {
                    intruder.add(event);
                    return Result.SUCCESS;
                }));
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        transaction.rollback();

        part.assertHeard(Notification.ROLLBACK);
        assertThat(intruder).isEmpty();
    }

    @Test
    void aHandlerGetsWhatWasQueuedBeforeItInOrder() throws Exception {
        var late = manager.createResourceManager(null, "late", Durability.DURABLE);
        var transaction = begin();
        late.enlist(transaction.unitOfWork(), PHASES, "key");
        transaction.commitAsync();
        transaction.abort(new IllegalStateException("changed my mind"));
        var heard = new ArrayList<Notification>();

        late.setHandler(event -> {
            heard.add(event.notification());
            return Result.SUCCESS;
        });

        assertThat(heard).containsExactly(Notification.PREPREPARE, Notification.ROLLBACK);
        assertThat(transaction.transaction().state()).isEqualTo(TransactionState.FORGOTTEN);
    }

    @Test
    void aHandlerThatIsStillBusyWithTheQueueIsNotOvertaken() throws Exception {
        var late = manager.createResourceManager(null, "late", Durability.DURABLE);
        var transaction = begin();
        late.enlist(transaction.unitOfWork(), PHASES, "key");
        transaction.commitAsync();
        var heard = new ArrayList<Notification>();

        late.setHandler(event -> {
            if (heard.isEmpty()) {
                // Somebody else's doing, while the first one is not yet noted.
                transaction.abort(new IllegalStateException("changed my mind"));
            }
            heard.add(event.notification());
            return Result.SUCCESS;
        });

        assertThat(heard).containsExactly(Notification.PREPREPARE, Notification.ROLLBACK);
        assertThat(transaction.transaction().state()).isEqualTo(TransactionState.FORGOTTEN);
    }

    @Test
    @Conforms("KTM-RM-12")
    void pendingWhereThereIsNoAnswerIsAProtocolError() throws Exception {
        var one = machine.durable(manager, "one").byHand(Notification.LAST_RECOVER, Notification.PREPREPARE);
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        transaction.commitAsync();
        part.enlistment().prePrepareComplete();
        assertThat(machine.reports).isEmpty();

        one.handle().recover();
        var gone = machine.durable(manager, "gone").byHand(Notification.SINGLE_PHASE_COMMIT);
        var reader = machine.durable(manager, "reader").byHand(Notification.RM_DISCONNECTED);
        var other = begin();
        var alone = gone.enlist(other, ScriptedResourceManager.ALONE);
        reader.enlist(other, ScriptedResourceManager.plus(PHASES, Notification.RM_DISCONNECTED))
                .enlistment()
                .readOnly();
        other.commitAsync();
        alone.enlistment().close();

        assertThat(machine.reported())
                .containsExactly(OutcomeReport.Kind.PROTOCOL_ERROR, OutcomeReport.Kind.PROTOCOL_ERROR);
    }

    @Test
    void aHandlerThatThrowsVotesNo() throws Exception {
        for (var failure : List.of(new IllegalStateException("broken"), new AssertionError("more broken"))) {
            for (var phase : List.of(Notification.PREPREPARE, Notification.PREPARE)) {
                var one = new ScriptedResourceManager(
                        "one", manager.createResourceManager(null, "one", Durability.DURABLE), machine.trail);
                var two = new ScriptedResourceManager(
                        "two", manager.createResourceManager(null, "two", Durability.DURABLE), machine.trail);
                one.when(event -> Failures.raise(failure), phase);
                var transaction = begin();
                one.enlist(transaction, PHASES);
                var other = two.enlist(transaction, PHASES);

                assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, transaction::commit);

                assertThat(other.heard()).last().isEqualTo(Notification.ROLLBACK);
                assertThat(transaction.transaction().rollbackCause().orElseThrow())
                        .contains("broken");
                assertThat(transaction.transaction().state()).isEqualTo(TransactionState.FORGOTTEN);
            }
        }
    }

    @Test
    void aHandlerThatThrowsAtCommitIsToldAgainWhenItRecovers() throws Exception {
        var one = machine.durable(manager, "one");
        var two = machine.durable(manager, "two");
        one.when(event -> Failures.raise(new StackOverflowError("too deep")), Notification.COMMIT);
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);

        transaction.commit();
        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
        assertThat(machine.reported()).containsExactly(OutcomeReport.Kind.PENDING);
        assertThat(part.enlistment().state()).isEqualTo(EnlistmentState.RECOVERING);
        one.when(event -> Result.SUCCESS, Notification.COMMIT).handle().recover();
        one.recover(part.enlistment().id()).assertHeard(Notification.COMMIT);

        assertThat(manager.transactions()).isEmpty();
    }

    @Test
    @Conforms("KTM-RM-13")
    void areEnumeratedFromTheirManagerAndTheirEnlistmentsFromThem() throws Exception {
        var one = machine.durable(manager, "one");
        var two = machine.durable(manager, "two");
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        var named = machine.kernel.create(ManagerOptions.inMemory().withName("other"));

        assertThat(manager.resourceManagers())
                .containsExactlyInAnyOrder(one.handle().id(), two.handle().id());
        assertThat(named.resourceManagers()).isEmpty();
        assertThat(one.handle().enlistments()).containsExactly(part.enlistment().id());
        assertThat(two.handle().enlistments()).isEmpty();

        var blind = machine.kernel.open(Query.byName("other"), ManagerRight.RECOVER);
        assertRefused(KtmError.ACCESS_DENIED, blind::resourceManagers);
        var mute = manager.openResourceManager(one.handle().id(), ResourceManagerRight.ENLIST);
        assertRefused(KtmError.ACCESS_DENIED, mute::enlistments);
    }

    @Test
    void lastRecoverWaitsForWhatIsAnnouncedAlsoWhileAnotherIsSlow() throws Exception {
        var slow = machine.durable(manager, "slow");
        var one = machine.durable(manager, "one");
        var transaction = begin();
        slow.enlist(transaction, PHASES);
        one.enlist(transaction, PHASES);
        var inCommit = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        slow.when(
                event -> {
                    inCommit.countDown();
                    goOn.await();
                    return Result.SUCCESS;
                },
                Notification.COMMIT);
        var committing = CompletableFuture.runAsync(() -> Failures.unchecked(transaction::commit), Failures::inThread);
        inCommit.await();

        one.close();
        var back = machine.durable(manager, "one");
        back.handle().recover();

        assertThat(back.heard()).containsExactly(Notification.RECOVER, Notification.LAST_RECOVER);
        goOn.countDown();
        committing.get();
    }
}
