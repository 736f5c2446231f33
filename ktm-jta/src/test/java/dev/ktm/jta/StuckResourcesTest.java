package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Beside;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.log.testing.Until;
import dev.ktm.testing.SimulatedDatabase;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Resources that hang, or fail while somebody else rolls back. */
class StuckResourcesTest {

    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");
    private final CountDownLatch release = new CountDownLatch(1);
    private Ktm ktm = Ktm.open(options().build());
    private TransactionManager manager = ktm.transactionManager();

    private static KtmOptions.Builder options() {
        return KtmOptions.builder().device(new SimulatedDevice()).recoveryInterval(Duration.ofHours(1));
    }

    private void openWith(KtmOptions.Builder options) {
        ktm.close();
        ktm = Ktm.open(options.build());
        manager = ktm.transactionManager();
    }

    @AfterEach
    void close() {
        release.countDown();
        ktm.close();
    }

    private SimulatedDatabase.Connection enlist(SimulatedDatabase database) throws Exception {
        var connection = database.connect();
        manager.getTransaction().enlistResource(ktm.named(database.toString(), connection));
        return connection;
    }

    // Timeouts.

    @Test
    void manyThatHangInTheirRollbackKeepNobodyFromBeingRolledBack() throws Exception {
        int many = 300;
        manager.setTransactionTimeout(1);
        for (int i = 0; i < many; i++) {
            orders.hangNext(SimulatedDatabase.Call.ROLLBACK, release);
            manager.begin();
            enlist(orders);
            manager.suspend();
        }
        manager.begin();
        enlist(stock);

        Until.holds(() -> stock.calls().contains("ROLLBACK"));
    }

    @Test
    void nobodyIsAskedToWriteOnceItIsRolledBack() throws Exception {
        var heard = new CopyOnWriteArrayList<String>();
        manager.setTransactionTimeout(1);
        manager.begin();
        var transaction = manager.getTransaction();
        enlist(orders);
        transaction.registerSynchronization(new Heard("first", heard) {
            @Override
            public void beforeCompletion() {
                super.beforeCompletion();
                Until.answers(Duration.ofSeconds(30), () -> transaction.getStatus() == Status.STATUS_ROLLEDBACK);
            }
        });
        transaction.registerSynchronization(new Heard("second", heard));

        assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);

        assertThat(heard).containsExactlyInAnyOrder("before first", "after first", "after second");
    }

    /** Notes what it is told. */
    private static class Heard implements Synchronization {
        private final String name;
        private final List<String> heard;

        Heard(String name, List<String> heard) {
            this.name = name;
            this.heard = heard;
        }

        @Override
        public void beforeCompletion() {
            heard.add("before " + name);
        }

        @Override
        public void afterCompletion(int status) {
            heard.add("after " + name);
        }
    }

    @Test
    void aClientIsToldOfATimeoutWhenItsResourcesAreRolledBack() throws Exception {
        for (boolean commits : new boolean[] {true, false}) {
            var heard = new CopyOnWriteArrayList<String>();
            var goOn = new CountDownLatch(1);
            orders.hangNext(SimulatedDatabase.Call.ROLLBACK, goOn);
            manager.setTransactionTimeout(1);
            manager.begin();
            enlist(orders);
            manager.getTransaction().registerSynchronization(new Heard("it", heard));
            Until.holds(() -> manager.getStatus() == Status.STATUS_ROLLING_BACK);
            var transaction = manager.suspend();
            var client = Beside.run(() -> {
                if (commits) {
                    assertThatThrownBy(transaction::commit).isInstanceOf(RollbackException.class);
                } else {
                    transaction.rollback();
                }
                assertThat(heard).containsExactly("after it");
            });
            assertThatThrownBy(() -> client.get(50, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);

            goOn.countDown();

            client.get();
            assertThatThrownBy(transaction::rollback)
                    .as("its client has ended it")
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void whoEndsItFromWithinItsEndDoesNotWaitForHimself() throws Exception {
        var heard = new ArrayList<String>();
        manager.begin();
        var transaction = manager.getTransaction();
        transaction.registerSynchronization(new Heard("it", heard) {
            @Override
            public void afterCompletion(int status) {
                super.afterCompletion(status);
                try {
                    transaction.rollback();
                } catch (SystemException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        long begin = System.nanoTime();

        manager.rollback();

        assertThat(heard).containsExactly("after it");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(9));
    }

    @Test
    void aResourceDoesNotKeepTheTimeoutOfAnotherTransaction() throws Exception {
        openWith(options().defaultTimeout(Duration.ZERO));
        var connection = orders.connect();
        manager.setTransactionTimeout(5);
        manager.begin();
        manager.getTransaction().enlistResource(connection);
        manager.commit();
        assertThat(connection.timeout()).isGreaterThanOrEqualTo(5);
        manager.setTransactionTimeout(0);

        manager.begin();
        manager.getTransaction().enlistResource(connection);

        assertThat(connection.timeout()).isZero();
        manager.commit();
    }

    // Calls that are given up.

    @Test
    void aResourceThatHangsWhenItIsToForgetKeepsNobodyElseFromBeingTold() throws Exception {
        openWith(options().resourceTimeout(Duration.ofMillis(200)));
        orders.onNext(SimulatedDatabase.Call.COMMIT, after -> orders.decideHeuristically(false, XAException.XA_HEURRB));
        orders.hangNext(SimulatedDatabase.Call.FORGET, release);
        manager.begin();
        enlist(orders).put("a");
        enlist(stock).put("b");

        assertThatThrownBy(manager::commit).isInstanceOf(HeuristicMixedException.class);

        assertThat(stock.committed()).containsExactly("b");
        assertThat(orders.calls()).containsOnlyOnce("FORGET");
        ktm.register("orders", orders::connect);
        Until.holds(() -> orders.branches() == 0);
    }

    @Test
    void whatWasGivenUpBeforeItWasAskedToPrepareIsRolledBackWhenItComesBack() throws Exception {
        openWith(options().resourceTimeout(Duration.ofMillis(200)));
        orders.hangNext(SimulatedDatabase.Call.END, release);
        manager.begin();
        enlist(orders).put("a");
        enlist(stock).put("b");

        assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);
        release.countDown();

        Until.holds(() -> orders.branches() == 0);
        assertThat(orders.calls()).doesNotContain("PREPARE");
    }

    @Test
    void whatWasGivenUpBeforeItWasAskedToCommitIsRolledBackWhenItComesBack() throws Exception {
        openWith(options().resourceTimeout(Duration.ofMillis(200)));
        orders.hangNext(SimulatedDatabase.Call.END, release);
        manager.begin();
        enlist(orders).put("a");

        assertThatThrownBy(manager::commit).isInstanceOfAny(RollbackException.class, HeuristicMixedException.class);
        release.countDown();

        Until.holds(() -> orders.branches() == 0);
        assertThat(orders.committed()).isEmpty();
    }

    // Resources that come while it is rolled back.

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aResourceThatJoinsWhileItIsRolledBackIsNotLeftInIt(boolean saysSoAtItsEnd) throws Exception {
        var joining = new CountDownLatch(1);
        manager.begin();
        enlist(orders).put("a");
        var transaction = manager.getTransaction();
        orders.onNext(SimulatedDatabase.Call.START, after -> {
            if (after) {
                joining.countDown();
                SimulatedDatabase.awaitUninterruptibly(release);
            }
        });
        var connection = orders.connect();
        var enlisting = Beside.run(() -> transaction.enlistResource(ktm.named("orders", connection)));
        joining.await();

        transaction.rollback();
        if (saysSoAtItsEnd) {
            orders.loseAnswerOfNext(SimulatedDatabase.Call.END, XAException.XA_RBROLLBACK);
        }
        release.countDown();

        assertThatThrownBy(enlisting::get).cause().isInstanceOf(RollbackException.class);
        assertThat(orders.branches()).isZero();
        manager.suspend();
    }

    @Test
    void anErrorOfADriverIsAFailureLikeOthers() throws Exception {
        orders.onNext(SimulatedDatabase.Call.START, after -> {
            throw new NoClassDefFoundError("planted");
        });
        manager.begin();

        assertThatThrownBy(() -> enlist(orders))
                .isInstanceOf(SystemException.class)
                .hasRootCauseInstanceOf(LinkageError.class);

        enlist(stock).put("b");
        manager.commit();
        assertThat(stock.committed()).containsExactly("b");
    }

    // Names.

    @Test
    void aResourceManagerNeedsAName() {
        for (var name : List.of("", " ", "x".repeat(256))) {
            assertThatThrownBy(() -> ktm.register(name, orders::connect))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("1 to 255 bytes");
            assertThatThrownBy(() -> ktm.named(name, orders.connect())).isInstanceOf(IllegalArgumentException.class);
        }
        ktm.register("x".repeat(255), orders::connect);
    }

    @Test
    @Tag("slow")
    void aNameIsTakenBackAlsoWhileItsResourceManagerHangs() throws Exception {
        var asked = new CountDownLatch(1);
        ktm.register("orders", (XaResourceFactory) () -> {
            asked.countDown();
            SimulatedDatabase.awaitUninterruptibly(release);
            return orders.connect();
        });
        asked.await();

        ktm.unregister("orders");

        assertThat(ktm.resourceManagers()).isEmpty();
    }
}
