package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.ALONE;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.ResourceManager;
import dev.ktm.rm.TransactionRight;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.tm.ManagerHandle.Durability;
import dev.ktm.tm.TransactionHandle.Enlisted;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Transactions as their clients see them. */
class TransactionsTest {

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();

    private TransactionHandle begin() throws Exception {
        return manager.createTransaction(TransactionOptions.DEFAULT);
    }

    @Test
    @Conforms("KTM-TX-01")
    void aNewOneIsActiveAndUndetermined() throws Exception {
        var bound = begin();
        var free = machine.kernel.createTransaction(TransactionOptions.DEFAULT);

        assertThat(bound.transaction().state()).isEqualTo(TransactionState.ACTIVE);
        assertThat(bound.outcome()).isEqualTo(Outcome.UNDETERMINED);
        assertThat(free.transaction().state()).isEqualTo(TransactionState.ACTIVE);
        assertThat(free.outcome()).isEqualTo(Outcome.UNDETERMINED);
        assertThat(bound.transaction().rollbackCause()).isEmpty();
    }

    @Test
    @Conforms("KTM-TX-02")
    void hasTheUnitOfWorkThatItWasGivenWhichNobodyElseHas() throws Exception {
        var id = new UUID(4, 2);
        var first = manager.createTransaction(TransactionOptions.DEFAULT.withUnitOfWork(id));
        assertThat(first.unitOfWork()).isEqualTo(id);
        assertThat(manager.transactions()).containsExactly(id);

        assertRefused(
                KtmError.NAME_COLLISION,
                () -> manager.createTransaction(TransactionOptions.DEFAULT.withUnitOfWork(id)));
        assertRefused(
                KtmError.NAME_COLLISION,
                () -> machine.kernel.createTransaction(TransactionOptions.DEFAULT.withUnitOfWork(id)));
        assertRefused(
                KtmError.NAME_COLLISION,
                () -> machine.inMemory().createTransaction(TransactionOptions.DEFAULT.withUnitOfWork(id)));
        var unnamed = begin();
        assertRefused(
                KtmError.NAME_COLLISION,
                () -> manager.createTransaction(TransactionOptions.DEFAULT.withUnitOfWork(unnamed.unitOfWork())));

        first.commit();
        manager.createTransaction(TransactionOptions.DEFAULT.withUnitOfWork(id)).commit();
    }

    @Test
    @Conforms("KTM-TX-02")
    void ofManyThatAskForOneUnitOfWorkAtOnceOneGetsIt() throws Exception {
        var options = TransactionOptions.DEFAULT.withUnitOfWork(new UUID(4, 2));
        var start = new CyclicBarrier(4);
        var made = new AtomicInteger();
        var refused = new AtomicInteger();
        var all = new ArrayList<CompletableFuture<Void>>();

        for (int i = 0; i < 4; i++) {
            all.add(CompletableFuture.runAsync(
                    () -> Failures.unchecked(() -> {
                        start.await();
                        try {
                            manager.createTransaction(options);
                            made.incrementAndGet();
                        } catch (KtmException e) {
                            assertThat(e.error()).isEqualTo(KtmError.NAME_COLLISION);
                            refused.incrementAndGet();
                        }
                    }),
                    Failures::inThread));
        }
        for (var each : all) {
            each.get();
        }

        assertThat(made).hasValue(1);
        assertThat(refused).hasValue(3);
    }

    @Test
    @Conforms({"KTM-TX-03", "KTM-TX-04"})
    void isolationAndUnknownFlagsAreRefused() throws Exception {
        var plain = TransactionOptions.DEFAULT;

        for (var options : List.of(
                plain.withIsolation(1, 0),
                plain.withIsolation(0, 1),
                plain.withIsolation(-1, 0),
                plain.withCreateOptions(2),
                plain.withCreateOptions(3),
                plain.withCreateOptions(-1),
                plain.withTimeout(Duration.ofNanos(-1)))) {
            assertRefused(KtmError.INVALID_PARAMETER, () -> manager.createTransaction(options));
            assertRefused(KtmError.INVALID_PARAMETER, () -> machine.kernel.createTransaction(options));
        }

        assertThat(manager.transactions()).isEmpty();
        manager.createTransaction(plain.withCreateOptions(TransactionOptions.DO_NOT_PROMOTE))
                .commit();
    }

    @Test
    @Conforms("KTM-TX-05")
    void aDescriptionHasAtMost64CharactersAndIsListed() throws Exception {
        var longest = "d".repeat(64);
        assertRefused(
                KtmError.INVALID_PARAMETER,
                () -> manager.createTransaction(TransactionOptions.DEFAULT.withDescription(longest + "d")));

        var transaction = manager.createTransaction(TransactionOptions.DEFAULT.withDescription(longest));
        assertRefused(KtmError.INVALID_PARAMETER, () -> transaction.setDescription(longest + "d"));

        assertThat(transaction.description()).isEqualTo(longest);
        assertThat(manager.live())
                .singleElement()
                .satisfies(listed -> assertThat(listed.description()).isEqualTo(longest));
    }

    @Test
    @Conforms({"KTM-TX-06", "KTM-TX-07", "KTM-TX-25"})
    void itsLastHandleRollsItBack() throws Exception {
        var one = machine.durable(manager, "one");
        var two = machine.fleeting(manager, "two");
        var transaction = begin();
        var other = machine.kernel.openTransaction(transaction.unitOfWork(), TransactionRight.QUERY_INFORMATION);
        var third = transaction.duplicate(TransactionRight.QUERY_INFORMATION);
        var first = one.enlist(transaction, PHASES);
        var second = two.enlist(transaction, PHASES);

        transaction.close();
        transaction.close();
        third.close();
        assertThat(other.outcome()).isEqualTo(Outcome.UNDETERMINED);
        first.assertHeard();
        other.close();

        first.assertHeard(Notification.ROLLBACK);
        second.assertHeard(Notification.ROLLBACK);
        assertThat(manager.transactions()).isEmpty();
    }

    @Test
    void closingTheLastHandleDoesNotStopACommitThatHasBegun() throws Exception {
        var one = machine.durable(manager, "one").byHand(Notification.PREPARE);
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        var end = transaction.commitAsync().toCompletableFuture();

        transaction.close();
        part.enlistment().prepareComplete();

        assertThat(end.get()).isEqualTo(Outcome.COMMITTED);
        assertRefused(KtmError.INVALID_TRANSACTION, transaction::commit);
    }

    @Test
    @Conforms("KTM-TX-08")
    void anEmptyOneCommitsAndWritesNothing() throws Exception {
        var transaction = begin();
        var free = machine.kernel.createTransaction(TransactionOptions.DEFAULT);

        var writes = machine.writesIn(() -> {
            transaction.commit();
            free.commit();
            manager.log().orElseThrow().force();
        });

        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
        assertThat(free.outcome()).isEqualTo(Outcome.COMMITTED);
        assertThat(writes).isEmpty();
    }

    @Test
    @Conforms({"KTM-TX-09", "KTM-TX-12"})
    void takesNoOtherOrderOnceItsCommitIsRunning() throws Exception {
        for (var phase : List.of(Notification.PREPREPARE, Notification.PREPARE, Notification.SINGLE_PHASE_COMMIT)) {
            try (var one = machine.durable(manager, "one").byHand(phase)) {
                var transaction = begin();
                var part = one.enlist(transaction, phase == Notification.SINGLE_PHASE_COMMIT ? ALONE : PHASES);
                var end = transaction.commitAsync().toCompletableFuture();

                assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, transaction::commit);
                assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, transaction::commitAsync);
                assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, transaction::rollback);
                assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, transaction::rollbackAsync);
                assertThat(part.heard()).last().isEqualTo(phase);
                switch (phase) {
                    case PREPREPARE -> part.enlistment().prePrepareComplete();
                    case PREPARE -> part.enlistment().prepareComplete();
                    default -> part.enlistment().commitComplete();
                }

                assertThat(end.get()).isEqualTo(Outcome.COMMITTED);
            }
        }
    }

    @Test
    @Conforms("KTM-TX-09")
    void isCommittedByOneOfManyWhoTry() throws Exception {
        var one = machine.durable(manager, "one");
        for (int round = 0; round < 50; round++) {
            var transaction = begin();
            var part = one.enlist(transaction, PHASES);
            var calls = new AtomicInteger();
            transaction.setListener(new TransactionListener() {
                @Override
                public void beforeCommit() {
                    calls.incrementAndGet();
                }

                @Override
                public void afterCompletion(Outcome outcome) {
                    calls.addAndGet(100);
                }
            });
            var start = new CyclicBarrier(3);
            var committed = new AtomicInteger();
            var all = new ArrayList<CompletableFuture<Void>>();

            for (int i = 0; i < 3; i++) {
                all.add(CompletableFuture.runAsync(
                        () -> Failures.unchecked(() -> {
                            start.await();
                            try {
                                transaction.commit();
                                committed.incrementAndGet();
                            } catch (KtmException e) {
                                assertThat(e.error())
                                        .isIn(
                                                KtmError.TRANSACTION_REQUEST_NOT_VALID,
                                                KtmError.TRANSACTION_ALREADY_COMMITTED);
                            }
                        }),
                        Failures::inThread));
            }
            for (var each : all) {
                each.get();
            }

            assertThat(committed).hasValue(1);
            assertThat(calls).hasValue(101);
            part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        }
        assertThat(manager.clock()).isEqualTo(51);
    }

    @Test
    @Conforms({"KTM-TX-10", "KTM-TX-11"})
    void takesNoOrderAfterItsEnd() throws Exception {
        var committed = begin();
        committed.commit();
        var rolledBack = begin();
        rolledBack.rollback();

        assertRefused(KtmError.TRANSACTION_ALREADY_COMMITTED, committed::commit);
        assertRefused(KtmError.TRANSACTION_ALREADY_COMMITTED, committed::rollback);
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, rolledBack::commit);
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, rolledBack::rollback);

        assertThat(committed.outcome()).isEqualTo(Outcome.COMMITTED);
        assertThat(rolledBack.outcome()).isEqualTo(Outcome.ABORTED);
    }

    @Test
    @Conforms("KTM-TX-10")
    void takesNoOrderWhileSomebodyStillHasToCommit() throws Exception {
        var one = machine.durable(manager, "one").byHand(Notification.COMMIT);
        var transaction = begin();
        one.enlist(transaction, PHASES);
        transaction.commitAsync();

        assertRefused(KtmError.TRANSACTION_ALREADY_COMMITTED, transaction::commit);
        assertRefused(KtmError.TRANSACTION_ALREADY_COMMITTED, transaction::rollback);
    }

    @Test
    @Conforms("KTM-TX-13")
    void aCommitReturnsWhenAllHaveCommittedAndAnAsynchronousOneAtOnce() throws Exception {
        var queued = manager.createResourceManager(null, "queued", Durability.DURABLE);
        var transaction = begin();
        var enlistment = transaction.enlist(queued, PHASES, "key");

        var end = transaction.commitAsync().toCompletableFuture();
        assertThat(end).isNotDone();
        assertThat(queued.getNotification(Duration.ZERO).notification()).isEqualTo(Notification.PREPREPARE);
        enlistment.prePrepareComplete();
        enlistment.prepareComplete();
        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
        assertThat(end).isNotDone();
        enlistment.commitComplete();
        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);

        var other = begin();
        var slow = other.enlist(queued, PHASES, "slow");
        var returned = CompletableFuture.runAsync(() -> Failures.unchecked(other::commit), Failures::inThread);
        awaitNotification(queued, Notification.PREPREPARE);
        slow.prePrepareComplete();
        awaitNotification(queued, Notification.PREPARE);
        slow.prepareComplete();
        awaitNotification(queued, Notification.COMMIT);
        assertThat(other.outcome()).isEqualTo(Outcome.COMMITTED);
        assertThat(returned).isNotDone();
        slow.commitComplete();
        returned.get();
    }

    private static void awaitNotification(ResourceManager queued, Notification wanted) throws Exception {
        while (queued.getNotification(Duration.ofMinutes(1)).notification() != wanted) {
            // What came before is of no interest.
        }
    }

    @Test
    @Conforms("KTM-TX-14")
    void whoeverHasTheRightMayCommit() throws Exception {
        var transaction = begin();
        var other = manager.openTransaction(transaction.unitOfWork(), TransactionRight.COMMIT);

        CompletableFuture.runAsync(() -> Failures.unchecked(other::commit), Failures::inThread)
                .get();

        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    @Test
    @Conforms({"KTM-TX-15", "KTM-TX-16"})
    void isFoundByItsUnitOfWorkInItsTransactionManagerOnly() throws Exception {
        var other = machine.inMemory();
        var transaction = begin();
        var unit = transaction.unitOfWork();
        var right = TransactionRight.QUERY_INFORMATION;

        assertThat(manager.openTransaction(unit, right).unitOfWork()).isEqualTo(unit);
        assertThat(machine.kernel.openTransaction(unit, right).unitOfWork()).isEqualTo(unit);
        assertRefused(KtmError.TRANSACTION_NOT_FOUND, () -> other.openTransaction(unit, right));
        assertRefused(KtmError.TRANSACTION_NOT_FOUND, () -> machine.kernel.openTransaction(new UUID(7, 7), right));
        assertRefused(KtmError.TRANSACTION_NOT_FOUND, () -> manager.openTransaction(new UUID(7, 7), right));
        assertRefused(KtmError.INVALID_PARAMETER, () -> machine.kernel.openTransaction(new UUID(0, 0), right));
        assertRefused(KtmError.INVALID_PARAMETER, () -> manager.openTransaction(new UUID(0, 0), right));

        transaction.commit();
        assertRefused(KtmError.TRANSACTION_NOT_FOUND, () -> manager.openTransaction(unit, right));
    }

    @Test
    @Conforms("KTM-TX-17")
    void itsOutcomeIsWhatResourceManagersAreTold() throws Exception {
        var one = machine.durable(manager, "one");
        var committed = begin();
        var rolledBack = begin();
        one.when(
                event -> {
                    assertThat(committed.outcome())
                            .isEqualTo(
                                    event.notification() == Notification.COMMIT
                                            ? Outcome.COMMITTED
                                            : Outcome.UNDETERMINED);
                    return Result.SUCCESS;
                },
                Notification.PREPREPARE,
                Notification.PREPARE,
                Notification.COMMIT);
        one.when(
                event -> {
                    assertThat(rolledBack.outcome()).isEqualTo(Outcome.ABORTED);
                    return Result.SUCCESS;
                },
                Notification.ROLLBACK);
        one.enlist(committed, PHASES);
        one.enlist(rolledBack, PHASES);

        assertThat(committed.outcome()).isEqualTo(Outcome.UNDETERMINED);
        committed.commit();
        rolledBack.rollback();

        assertThat(machine.trail).contains("one COMMIT", "one ROLLBACK");
        assertThat(machine.reports).as("no handler has failed").isEmpty();
    }

    @Test
    @Conforms("KTM-TX-18")
    void itsPropertiesCanBeChangedWhileItIsActive() throws Exception {
        var one = machine.durable(manager, "one").byHand(Notification.PREPARE);
        var transaction = begin();

        transaction.setDescription("payroll");
        transaction.setTimeout(Duration.ofSeconds(7));
        assertThat(transaction.description()).isEqualTo("payroll");
        assertThat(transaction.timeout()).isEqualTo(Duration.ofSeconds(7));
        assertRefused(KtmError.INVALID_PARAMETER, () -> transaction.setTimeout(Duration.ofSeconds(-7)));
        var part = one.enlist(transaction, PHASES);
        transaction.commitAsync();
        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> transaction.setDescription("late"));
        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> transaction.setTimeout(Duration.ZERO));
        part.enlistment().prepareComplete();
        assertRefused(KtmError.TRANSACTION_NOT_ACTIVE, () -> transaction.setDescription("late"));
        assertRefused(KtmError.TRANSACTION_NOT_ACTIVE, () -> transaction.setTimeout(Duration.ZERO));

        assertThat(transaction.description()).isEqualTo("payroll");
        assertThat(transaction.timeout()).isEqualTo(Duration.ofSeconds(7));
        assertThat(TransactionHandle.class.getMethods())
                .as("the outcome cannot be set")
                .noneMatch(method -> method.getName().startsWith("setOutcome"));
    }

    @Test
    @Conforms("KTM-TX-19")
    void listsItsEnlistments() throws Exception {
        var one = machine.durable(manager, "one");
        var two = machine.fleeting(manager, "two");
        var transaction = begin();
        assertThat(transaction.enlistments()).isEmpty();

        var first = one.enlist(transaction, PHASES).enlistment();
        var again = one.enlist(transaction, PHASES).enlistment();
        var second = two.enlist(transaction, PHASES).enlistment();
        second.readOnly();

        assertThat(transaction.enlistments())
                .containsExactly(
                        new Enlisted(one.handle().id(), first.id()),
                        new Enlisted(one.handle().id(), again.id()),
                        new Enlisted(two.handle().id(), second.id()));
        assertThat(first.id()).isNotEqualTo(again.id());
        assertThat(transaction.superior()).isEmpty();
    }

    @Test
    @Conforms("KTM-TX-20")
    void oneThatBelongsNowhereBelongsWhereItsFirstParticipantDoes() throws Exception {
        var other = machine.inMemory();
        var wrong = machine.durable(manager, "wrong");
        var right = machine.fleeting(other, "right");
        var transaction = machine.kernel.createTransaction(TransactionOptions.DEFAULT);
        var unit = transaction.unitOfWork();
        assertThat(transaction.transaction().id()).isEmpty();
        assertThat(manager.transactions()).isEmpty();

        assertRefused(
                KtmError.INVALID_PARAMETER, () -> wrong.enlist(transaction, NotificationMask.of(Notification.COMMIT)));
        assertThat(transaction.transaction().id())
                .as("who was refused binds nobody")
                .isEmpty();
        right.enlist(transaction, PHASES);

        assertThat(transaction.unitOfWork()).isEqualTo(unit);
        assertThat(other.transactions()).containsExactly(unit);
        assertThat(transaction.transaction().id().orElseThrow().manager()).isEqualTo(other.identity());
        transaction.commit();
        assertThat(other.clock()).isEqualTo(2);
        assertThat(manager.clock()).isEqualTo(1);
    }

    @Test
    @Conforms("KTM-TX-21")
    void whoWaitsIsWokenByTheOutcome() throws Exception {
        var one = machine.durable(manager, "one").byHand(Notification.ROLLBACK);
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        var waiting = new CountDownLatch(1);
        var waiter = CompletableFuture.supplyAsync(
                () -> {
                    waiting.countDown();
                    try {
                        return transaction.completion().toCompletableFuture().get();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                Failures::inThread);
        waiting.await();

        transaction.rollbackAsync();
        assertThat(waiter).isNotDone();
        part.enlistment().rollbackComplete();

        assertThat(waiter.get()).isEqualTo(Outcome.ABORTED);
        assertThat(transaction.completion().toCompletableFuture()).isCompletedWithValue(Outcome.ABORTED);
    }

    @Test
    @Conforms("KTM-TX-22")
    void manyEnlistAtOnceAndAllTakePart() throws Exception {
        var one = machine.durable(manager, "one");
        for (int round = 0; round < 20; round++) {
            var transaction = round % 2 == 0 ? begin() : machine.kernel.createTransaction(TransactionOptions.DEFAULT);
            var start = new CyclicBarrier(4);
            var all = new ArrayList<CompletableFuture<ScriptedResourceManager.Part>>();
            for (int i = 0; i < 4; i++) {
                all.add(CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                start.await();
                                return one.enlist(transaction, PHASES);
                            } catch (Exception e) {
                                throw new IllegalStateException(e);
                            }
                        },
                        Failures::inThread));
            }
            for (var each : all) {
                each.get();
            }

            transaction.commit();

            for (var each : all) {
                each.get().assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
            }
            assertThat(transaction.enlistments())
                    .extracting(Enlisted::enlistment)
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    @Conforms("KTM-TX-23")
    void oneThreadWorksInTwoWithDifferentEnds() throws Exception {
        var one = machine.durable(manager, "one");
        var two = machine.durable(manager, "two");
        var first = begin();
        var second = begin();

        var a = one.enlist(first, PHASES);
        var b = one.enlist(second, PHASES);
        var c = two.enlist(first, PHASES);
        var d = two.enlist(second, PHASES);
        second.rollback();
        first.commit();

        a.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        c.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        b.assertHeard(Notification.ROLLBACK);
        d.assertHeard(Notification.ROLLBACK);
    }

    @Test
    @Conforms("KTM-TX-24")
    void oneThatMustNotBePromotedRefusesWhoNeedsThat() throws Exception {
        var carrier = manager.createResourceManager(null, "carrier", Durability.COMMUNICATION);
        var one = machine.durable(manager, "one");
        var rooted = manager.createTransaction(
                TransactionOptions.DEFAULT.withCreateOptions(TransactionOptions.DO_NOT_PROMOTE));

        assertRefused(KtmError.TRANSACTION_REQUIRED_PROMOTION, () -> rooted.enlist(carrier, PHASES, "key"));
        one.enlist(rooted, PHASES);
        rooted.commit();

        var free = begin();
        free.enlist(carrier, PHASES, "key").readOnly();
        free.commit();
        assertThat(rooted.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    @Test
    @Conforms("KTM-TX-26")
    void aCommitThatAnyRefusesIsAnAbortForItsClient() throws Exception {
        for (var phase : List.of(Notification.PREPREPARE, Notification.PREPARE)) {
            try (var one = machine.durable(manager, "one");
                    var two = machine.fleeting(manager, "two").rollbackAt(phase)) {
                var transaction = begin();
                one.enlist(transaction, PHASES);
                two.enlist(transaction, PHASES);

                assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, transaction::commit);

                assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
                assertThat(transaction.transaction().rollbackCause().orElseThrow())
                        .contains("two");
            }
        }
    }

    @Test
    void anInterruptedClientGetsTheOutcomeAndKeepsItsInterrupt() throws Exception {
        var one = machine.durable(manager, "one").byHand(Notification.COMMIT);
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        var interrupted = CompletableFuture.supplyAsync(
                () -> {
                    Thread.currentThread().interrupt();
                    Failures.unchecked(transaction::commit);
                    return Thread.currentThread().isInterrupted();
                },
                Failures::inThread);
        while (part.heard().size() < 3) {
            Thread.onSpinWait();
        }

        part.enlistment().commitComplete();

        assertThat(interrupted.get()).isTrue();
        assertThat(manager.isOnline()).isTrue();
    }
}
