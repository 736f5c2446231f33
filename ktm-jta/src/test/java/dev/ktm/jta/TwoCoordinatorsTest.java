package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.testing.SimulatedDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.Test;

/** Two coordinators in one JVM, over the same resource managers. */
class TwoCoordinatorsTest {

    private static final int TRANSACTIONS = 300;

    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");

    private Ktm open(SimulatedDevice device) {
        var ktm = Ktm.open(KtmOptions.builder()
                .device(device)
                .recoveryInterval(Duration.ofHours(1))
                .build());
        ktm.register("orders", orders::connect);
        ktm.register("stock", stock::connect);
        return ktm;
    }

    private void commit(Ktm ktm, String key) throws Exception {
        var manager = ktm.transactionManager();
        manager.begin();
        for (var database : new SimulatedDatabase[] {orders, stock}) {
            var connection = database.connect();
            manager.getTransaction().enlistResource(ktm.named(database.toString(), connection));
            connection.put(key);
        }
        manager.commit();
    }

    private void commitMany(Ktm ktm, String name) {
        try {
            for (int i = 0; i < TRANSACTIONS; i++) {
                if (i % 7 == 0) {
                    orders.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
                }
                commit(ktm, name + i);
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    @Conforms({"JTA-13", "JTA-14"})
    void neverTouchEachOthersBranches() throws Exception {
        try (var first = open(new SimulatedDevice());
                var second = open(new SimulatedDevice())) {
            var done = new AtomicBoolean();
            var scans = new ArrayList<CompletableFuture<Void>>();
            for (var ktm : new Ktm[] {first, second}) {
                scans.add(CompletableFuture.runAsync(
                        () -> {
                            while (!done.get()) {
                                ktm.recoverNow();
                            }
                        },
                        task -> new Thread(task).start()));
            }
            var work = CompletableFuture.allOf(
                    CompletableFuture.runAsync(() -> commitMany(first, "a"), task -> new Thread(task).start()),
                    CompletableFuture.runAsync(() -> commitMany(second, "b"), task -> new Thread(task).start()));
            work.get();
            done.set(true);
            for (var scan : scans) {
                scan.get();
            }
            first.recoverNow();
            second.recoverNow();

            // A branch that the other one had rolled back would be missing here.
            assertThat(orders.committed()).hasSize(2 * TRANSACTIONS);
            assertThat(stock.committed()).isEqualTo(orders.committed());
            assertThat(orders.branches()).isZero();
            assertThat(first.manager().live()).isEmpty();
            assertThat(second.manager().live()).isEmpty();
        }
    }

    @Test
    void closingOneLeavesTheOtherAlone() throws Exception {
        try (var first = open(new SimulatedDevice())) {
            try (var second = open(new SimulatedDevice())) {
                commit(second, "b");
            }

            commit(first, "a");

            assertThat(orders.committed()).containsExactly("a", "b");
        }
    }
}
