package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Beside;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.log.testing.Until;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.NotificationMask;
import dev.ktm.testing.SimulatedDatabase;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.ManagerHandle.Durability;
import jakarta.transaction.Synchronization;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What closing leaves behind: nothing. */
class ClosingTest {

    private final Set<Thread> before = Thread.getAllStackTraces().keySet();
    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");

    private static KtmOptions.Builder options() {
        return KtmOptions.builder().device(new SimulatedDevice()).recoveryInterval(Duration.ofMillis(20));
    }

    /** Whether somebody is where he is held, and whether he may go on. */
    private final CountDownLatch reached = new CountDownLatch(1);

    private final CountDownLatch goOn = new CountDownLatch(1);

    private void hold() {
        reached.countDown();
        SimulatedDatabase.awaitUninterruptibly(goOn);
    }

    /** Holds the next call of this kind before its work. */
    private void holdNext(SimulatedDatabase.Call call) {
        orders.onNext(call, after -> {
            if (!after) {
                hold();
            }
        });
    }

    /** Closes on another thread; returns once nothing new is taken. */
    private static CompletableFuture<Void> beginToClose(Ktm ktm) throws Exception {
        var closing = Beside.run(ktm::close);
        Until.holds(() -> !ktm.manager().isOnline());
        return closing;
    }

    private void commit(Ktm ktm) throws Exception {
        commit(ktm, List.of(orders, stock));
    }

    /** Threads that live and did not when the test began; those of the JVM and of other libraries apart. */
    private List<Thread> left() throws InterruptedException {
        var all = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread))
                .filter(thread ->
                        thread.getName().startsWith("ktm") || thread.getName().startsWith("Transaction Reaper"))
                .toList();
        for (var thread : all) {
            // It has done its last work, and may still be on its way out.
            thread.join(500);
        }
        return all.stream().filter(Thread::isAlive).toList();
    }

    @Test
    void noThreadIsLeftWhenClosingReturns() throws Exception {
        try (var ktm = Ktm.open(options().parallel(true).build())) {
            ktm.register("orders", orders::connect);
            ktm.register("stock", stock::connect);
            commit(ktm);
        }
        assertThat(left()).isEmpty();
        try (var ktm = Ktm.open(options().resourceTimeout(Duration.ofMinutes(1)).build())) {
            commit(ktm);
            assertThat(left()).isNotEmpty();
        }

        assertThat(left()).isEmpty();
    }

    @Test
    void noThreadIsLeftOfAResourceManagerThatHangsUntilItIsInterrupted() throws Exception {
        var hanging = new CountDownLatch(1);
        var ktm = Ktm.open(options().build());
        ktm.register("orders", (XaResourceFactory) () -> {
            hanging.countDown();
            new CountDownLatch(1).await();
            return orders.connect();
        });
        hanging.await();

        ktm.close();

        assertThat(left()).isEmpty();
    }

    @Test
    @Tag("slow")
    void aThreadThatHeedsNoInterruptIsNotWaitedForAndEndsWhenItsCallComesBack() throws Exception {
        var answer = new CountDownLatch(1);
        var ktm = Ktm.open(options().build());
        orders.hangNext(SimulatedDatabase.Call.RECOVER, answer);
        ktm.register("orders", orders::connect);
        while (orders.calls().isEmpty()) {
            Thread.onSpinWait();
        }

        ktm.close();

        assertThat(left()).hasSize(1);
        var last = left().get(0);
        answer.countDown();
        last.join();
        assertThat(left()).isEmpty();
    }

    @Test
    void whatIsAskedForAfterwardsIsDoneByWhoeverAsks() {
        var threads = new Threads("ktm test");
        threads.close();
        var ran = new AtomicReference<Thread>();

        threads.execute(() -> ran.set(Thread.currentThread()));

        assertThat(ran.get()).isSameAs(Thread.currentThread());
        threads.calls().execute(() -> ran.set(null));
        assertThat(ran.get()).isNull();
        threads.after(1, () -> ran.set(Thread.currentThread())).run();
        assertThat(ran.get()).isNull();
    }

    @Test
    void anInterruptedThreadClosesAsWellAndStaysInterrupted() throws Exception {
        var ktm = Ktm.open(options().build());
        ktm.register("orders", orders::connect);
        orders.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        commit(ktm);
        Thread.currentThread().interrupt();

        ktm.close();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(left()).isEmpty();
    }

    @Test
    void parallelCallsAreMadeOnVirtualThreadsIfTheseCannotBePinnedByMonitors() throws Exception {
        var caller = new CompletableFuture<Thread>();
        orders.onNext(SimulatedDatabase.Call.PREPARE, after -> caller.complete(Thread.currentThread()));
        try (var ktm = Ktm.open(options().parallel(true).build())) {
            commit(ktm);
        }

        boolean can = Runtime.version().feature() >= 24;
        assertThat(isVirtual(caller.get())).isEqualTo(can);
    }

    private static boolean isVirtual(Thread thread) throws ReflectiveOperationException {
        return Runtime.version().feature() >= 21
                && (boolean) Thread.class.getMethod("isVirtual").invoke(thread);
    }

    /** Where a commit is when somebody closes. */
    enum Moment {
        PREPARE(SimulatedDatabase.Call.PREPARE),
        COMMIT(SimulatedDatabase.Call.COMMIT),
        COMMIT_ONE_PHASE(SimulatedDatabase.Call.COMMIT_ONE_PHASE);

        private final SimulatedDatabase.Call call;

        Moment(SimulatedDatabase.Call call) {
            this.call = call;
        }
    }

    @ParameterizedTest
    @EnumSource(Moment.class)
    void aCommitThatHasBegunEndsAsIfNobodyClosed(Moment moment) throws Exception {
        var ktm = Ktm.open(options().build());
        holdNext(moment.call);
        var client = Beside.run(
                () -> commit(ktm, moment == Moment.COMMIT_ONE_PHASE ? List.of(orders) : List.of(orders, stock)));
        reached.await();
        long begin = System.nanoTime();
        var closing = beginToClose(ktm);

        goOn.countDown();

        client.get();
        closing.get();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20));
        assertThat(orders.commits()).isOne();
        assertThat(orders.branches()).isZero();
        assertThat(stock.branches()).isZero();
    }

    @Test
    void aCommitThatHasNotReservedItsSpaceYetEndsAsIfNobodyClosed() throws Exception {
        var ktm = Ktm.open(options().build());
        var client = Beside.run(() -> {
            var manager = ktm.transactionManager();
            manager.begin();
            // Told before everybody else: nothing is reserved yet.
            ((KtmTransaction) manager.getTransaction()).id();
            var handle = ktm.manager().createResourceManager(UUID.randomUUID(), "first", Durability.VOLATILE);
            handle.setHandler((NotificationHandler) event -> {
                if (event.notification() == Notification.PREPREPARE) {
                    hold();
                }
                return NotificationHandler.Result.SUCCESS;
            });
            handle.recover();
            handle.enlist(
                    ((KtmTransaction) manager.getTransaction()).unitOfWork(),
                    NotificationMask.of(
                            Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK),
                    null);
            for (var database : List.of(orders, stock)) {
                manager.getTransaction().enlistResource(ktm.named(database.toString(), database.connect()));
            }
            manager.commit();
        });
        reached.await();
        var closing = beginToClose(ktm);

        goOn.countDown();

        client.get();
        closing.get();
        assertThat(orders.commits()).isOne();
        assertThat(stock.commits()).isOne();
    }

    @Test
    @Tag("slow")
    void aRollbackThatHangsKeepsNobodyFromClosing() throws Exception {
        var answer = new CountDownLatch(1);
        var ktm = Ktm.open(options().build());
        ktm.transactionManager().begin();
        ktm.transactionManager().getTransaction().enlistResource(orders.connect());
        orders.hangNext(SimulatedDatabase.Call.ROLLBACK, answer);

        ktm.close();

        assertThat(orders.calls()).endsWith("ROLLBACK");
        answer.countDown();
        Until.holds(() -> orders.branches() == 0);
    }

    private static void commit(Ktm ktm, List<SimulatedDatabase> databases) throws Exception {
        var manager = ktm.transactionManager();
        manager.begin();
        for (var database : databases) {
            manager.getTransaction().enlistResource(ktm.named(database.toString(), database.connect()));
        }
        manager.commit();
    }

    @Test
    void aRollbackThatHasBegunReachesEverybody() throws Exception {
        var ktm = Ktm.open(options().build());
        holdNext(SimulatedDatabase.Call.ROLLBACK);
        var client = Beside.run(() -> {
            var manager = ktm.transactionManager();
            manager.begin();
            for (var database : List.of(orders, stock)) {
                manager.getTransaction().enlistResource(ktm.named(database.toString(), database.connect()));
            }
            manager.rollback();
        });
        reached.await();
        var closing = beginToClose(ktm);

        goOn.countDown();

        client.get();
        closing.get();
        assertThat(orders.branches()).isZero();
        assertThat(stock.branches()).isZero();
    }

    @Test
    void whoClosesFromWithinTheEndOfATransactionDoesNotWaitForIt() throws Exception {
        var ktm = Ktm.open(options().build());
        var manager = ktm.transactionManager();
        manager.begin();
        manager.getTransaction().registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {}

            @Override
            public void afterCompletion(int status) {
                ktm.close();
            }
        });
        manager.getTransaction().enlistResource(ktm.named("orders", orders.connect()));
        long begin = System.nanoTime();

        manager.commit();

        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20));
        assertThat(orders.commits()).isOne();
    }

    @Test
    void whoClosesAgainWaitsForTheFirst() throws Exception {
        var ktm = Ktm.open(options().build());
        holdNext(SimulatedDatabase.Call.COMMIT);
        var client = Beside.run(() -> commit(ktm));
        reached.await();
        var first = beginToClose(ktm);
        var second = Beside.run(ktm::close);
        assertThatThrownBy(() -> second.get(50, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);

        goOn.countDown();

        client.get();
        first.get();
        second.get();
        assertThat(orders.commits()).isOne();
    }
}
