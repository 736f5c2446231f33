package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static dev.ktm.testing.ScriptedResourceManager.SUPERIOR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.Until;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.Outcome;
import dev.ktm.testing.ScriptedResourceManager;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What rests while a snapshot is taken. */
class FreezingTest {

    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Duration SHORT = Duration.ofMillis(20);

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();
    private final ScriptedResourceManager host = machine.lasting(manager, "host");
    private final ScriptedResourceManager one = machine.lasting(manager, "one");
    private final ScriptedResourceManager two = machine.lasting(manager, "two");
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    private TransactionHandle begin() throws Exception {
        return manager.createTransaction(TransactionOptions.DEFAULT);
    }

    private TransactionHandle beginWithTwo() throws Exception {
        var transaction = begin();
        one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);
        return transaction;
    }

    private Future<Outcome> commitInThread(TransactionHandle transaction) {
        return threads.submit(() -> {
            transaction.commit();
            return Outcome.COMMITTED;
        });
    }

    /** Runs it in a thread, and returns once this waits. */
    private Thread inWaitingThread(CompletableFuture<String> end, Callee callee) throws Exception {
        var thread = new Thread(() -> {
            try {
                callee.run();
                end.complete("done");
            } catch (Exception e) {
                end.completeExceptionally(e);
            }
        });
        thread.start();
        Until.holds(() -> end.isDone() || thread.getState() == Thread.State.TIMED_WAITING);
        return thread;
    }

    private interface Callee {
        void run() throws Exception;
    }

    @Test
    @Conforms("TXF-RM-13")
    void aFreezeWaitsForTheCommitThatIsOnItsWay() throws Exception {
        two.byHand(Notification.COMMIT);
        var transaction = begin();
        one.enlist(transaction, PHASES);
        var slow = two.enlist(transaction, PHASES);
        var end = transaction.commitAsync().toCompletableFuture();
        var frozen = new CompletableFuture<String>();
        var thread = inWaitingThread(frozen, () -> manager.freeze(LONG, LONG));

        assertThat(frozen).isNotDone();
        slow.enlistment().commitComplete();
        thread.join();

        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);
        assertThat(frozen).isCompletedWithValue("done");
        manager.thaw();
    }

    @Test
    @Conforms("TXF-RM-13")
    void aCommitWaitsForTheThawAndWorkAndRollbacksDoNot() throws Exception {
        var committed = beginWithTwo();
        var rolledBack = beginWithTwo();
        manager.freeze(LONG, LONG);
        var end = new CompletableFuture<String>();
        var thread = inWaitingThread(end, committed::commit);

        beginWithTwo().rollback();
        rolledBack.rollback();
        assertThat(end).isNotDone();
        assertThat(one.heard()).doesNotContain(Notification.PREPREPARE);
        manager.thaw();
        thread.join();

        assertThat(end).isCompletedWithValue("done");
        assertThat(one.heard()).contains(Notification.COMMIT);
    }

    @Test
    @Conforms("TXF-RM-13")
    void afterTheTimeUntilTheThawEverythingGoesOnByItself() throws Exception {
        manager.freeze(LONG, SHORT);

        beginWithTwo().commit();

        assertRefused(KtmError.TRANSACTIONS_NOT_FROZEN, manager::thaw);
        manager.freeze(LONG, LONG);
        manager.thaw();
    }

    @Test
    @Conforms("TXF-RM-13")
    void aResourceManagerThatDoesNotComeToRestIsNamedAndNothingIsFrozen() throws Exception {
        two.byHand(Notification.PREPARE);
        var transaction = begin();
        one.enlist(transaction, PHASES);
        var slow = two.enlist(transaction, PHASES);
        var end = transaction.commitAsync().toCompletableFuture();

        assertThatThrownBy(() -> manager.freeze(SHORT, LONG))
                .isInstanceOfSatisfying(
                        KtmException.class,
                        e -> assertThat(e.error()).isEqualTo(KtmError.RM_CANNOT_BE_FROZEN_FOR_SNAPSHOT))
                .hasMessageContaining("waiting for two");

        assertRefused(KtmError.TRANSACTIONS_NOT_FROZEN, manager::thaw);
        slow.enlistment().prepareComplete();
        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);
        two.when(event -> Result.SUCCESS, Notification.PREPARE);
        assertThat(commitInThread(beginWithTwo()).get()).isEqualTo(Outcome.COMMITTED);
    }

    @Test
    @Conforms("TXF-RM-14")
    void oneFreezeAtATimeAndNoThawWithoutOne() throws Exception {
        assertRefused(KtmError.TRANSACTIONS_NOT_FROZEN, manager::thaw);
        manager.freeze(LONG, LONG);

        assertRefused(KtmError.TRANSACTION_FREEZE_IN_PROGRESS, () -> manager.freeze(LONG, LONG));

        manager.thaw();
        assertRefused(KtmError.TRANSACTIONS_NOT_FROZEN, manager::thaw);
    }

    @Test
    void whatIsPreparedUnderASuperiorIsAtRestAndItsNextPhaseWaits() throws Exception {
        var transaction = begin();
        var superior = host.enlistSuperior(transaction, SUPERIOR);
        var part = one.enlist(transaction, PHASES);
        superior.enlistment().prePrepare();
        superior.enlistment().prepare();
        manager.freeze(Duration.ZERO, LONG);
        var end = new CompletableFuture<String>();
        var thread = inWaitingThread(end, () -> superior.enlistment().commit());

        assertThat(end).isNotDone();
        assertThat(part.enlistment().state()).isEqualTo(EnlistmentState.PREPARED);
        manager.thaw();
        thread.join();

        assertThat(part.heard()).contains(Notification.COMMIT);
    }

    @Test
    void whoeverClosesDoesNotLeaveTheWaitingBehind() throws Exception {
        var transaction = beginWithTwo();
        manager.freeze(LONG, LONG);
        var end = new CompletableFuture<String>();
        var thread = inWaitingThread(end, transaction::commit);

        manager.close();
        thread.join();

        assertThat(end).isDone();
    }
}
