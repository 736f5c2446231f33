package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.testing.SimulatedDatabase;
import jakarta.transaction.RollbackException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** Threads that commit are interrupted at any moment, over a log on a real disk. */
class InterruptStormTest {

    private static final int THREADS = 32;

    @TempDir
    Path directory;

    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");
    private final Set<String> toldCommitted = new ConcurrentSkipListSet<>();
    private final Set<String> toldRolledBack = new ConcurrentSkipListSet<>();
    private final Set<String> doubtful = ConcurrentHashMap.newKeySet();
    private final AtomicLong interrupts = new AtomicLong();

    private Ktm open() {
        var ktm = Ktm.open(KtmOptions.builder()
                .logDirectory(directory.resolve("log"))
                .recoveryInterval(Duration.ofMillis(50))
                .build());
        ktm.register("orders", orders::connect);
        ktm.register("stock", stock::connect);
        return ktm;
    }

    @Test
    void nobodyIsToldAnythingButTheTruth(TestReporter reporter) throws Exception {
        storm(Duration.ofSeconds(3), reporter);
    }

    @Test
    @Tag("campaign")
    void nobodyIsToldAnythingButTheTruthForAMinute(TestReporter reporter) throws Exception {
        storm(Duration.ofMinutes(1), reporter);
    }

    private void storm(Duration duration, TestReporter reporter) throws Exception {
        try (var ktm = open()) {
            long end = System.nanoTime() + duration.toNanos();
            var threads = new ArrayList<Thread>();
            for (int i = 0; i < THREADS; i++) {
                int number = i;
                var thread = new Thread(() -> work(ktm, number, end), "committer " + i);
                threads.add(thread);
                thread.start();
            }
            var random = new SplittableRandom(7);
            while (System.nanoTime() < end) {
                threads.get(random.nextInt(THREADS)).interrupt();
                interrupts.incrementAndGet();
                LockSupport.parkNanos(random.nextInt(200_000));
            }
            for (var thread : threads) {
                thread.join();
            }
            commit(ktm, "afterwards");
            ktm.recoverNow();
        }
        try (var restarted = open()) {
            restarted.recoverNow();
            assertThat(restarted.manager().live()).isEmpty();
        }

        reporter.publishEntry(
                "committed / rolled back / doubtful / interrupts",
                toldCommitted.size() + " / " + toldRolledBack.size() + " / " + doubtful.size() + " / " + interrupts);
        var committed = orders.committed();
        assertThat(toldCommitted).hasSizeGreaterThan(THREADS).contains("afterwards");
        assertThat(stock.committed()).isEqualTo(committed);
        assertThat(toldRolledBack).noneMatch(committed::contains);
        assertThat(doubtful).as("an interrupt leaves nobody in doubt").isEmpty();
        assertThat(orders.branches()).isZero();
        assertThat(new TreeSet<>(toldCommitted)).isEqualTo(committed);
    }

    private void work(Ktm ktm, int number, long end) {
        for (int i = 0; System.nanoTime() < end; i++) {
            commit(ktm, number + "-" + i);
        }
    }

    private void commit(Ktm ktm, String key) {
        var manager = ktm.transactionManager();
        boolean begun = false;
        try {
            manager.begin();
            begun = true;
            for (var database : new SimulatedDatabase[] {orders, stock}) {
                var connection = database.connect();
                XAResource resource = ktm.named(database.toString(), connection);
                manager.getTransaction().enlistResource(resource);
                connection.put(key);
            }
            manager.commit();
            toldCommitted.add(key);
        } catch (RollbackException e) {
            toldRolledBack.add(key);
        } catch (Exception e) {
            if (begun) {
                doubtful.add(key + ": " + e);
            }
        } finally {
            // The interrupts are for whoever waits in the commit, not for the test.
            Thread.interrupted();
        }
    }
}
