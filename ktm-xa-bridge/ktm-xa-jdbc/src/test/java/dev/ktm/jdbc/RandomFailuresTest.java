package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jta.DecisionTableName;
import dev.ktm.log.testing.Until;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.RollbackException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Transactions over two databases whose drivers fail at random, before and after they have done what they were asked for: both
 * databases have the same entries in the end, and no connection is lost. The seed is in the message of whatever fails.
 */
@Tag("slow")
class RandomFailuresTest {

    private static final int THREADS = 4;
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final int[] CODES = {
        XAException.XAER_RMFAIL, XAException.XAER_RMERR, XAException.XA_RETRY, XAException.XAER_PROTO, 0
    };

    /** What became of a transaction, as its client knows it. */
    private enum Result {
        COMMITTED,
        ROLLED_BACK,
        UNKNOWN
    }

    private final Map<String, Result> results = new ConcurrentHashMap<>();

    @Test
    @Tag("slow")
    void tenThousandTransactionsLoseNoConnection() throws Exception {
        run(10_000, 4_711);
    }

    @RepeatedTest(3)
    void someTransactionsLoseNoConnection(RepetitionInfo repetition) throws Exception {
        run(500, repetition.getCurrentRepetition());
    }

    @Test
    @Tag("slow")
    void threeThousandTransactionsWithALastResourceLoseNoConnection() throws Exception {
        runWithLastResource(3_000, 4_712);
    }

    @Test
    @Tag("campaign")
    void tenThousandTransactionsWithALastResourceLoseNoConnection() throws Exception {
        runWithLastResource(10_000, System.nanoTime());
    }

    @RepeatedTest(3)
    void someTransactionsWithALastResourceLoseNoConnection(RepetitionInfo repetition) throws Exception {
        runWithLastResource(500, repetition.getCurrentRepetition());
    }

    /** Nothing is left in its table of decisions, either. */
    private void runWithLastResource(int transactions, long seed) throws Exception {
        var orders = Databases.h2InMemory("o" + UUID.randomUUID());
        var audit = Databases.h2InMemory("a" + UUID.randomUUID());
        var orderDriver = new FaultyXaDataSource(orders);
        var auditDriver = new FaultyDataSource(audit);
        try (var ktm = Ktm.open(KtmOptions.builder()
                        .inMemory()
                        .recoveryInterval(Duration.ofMillis(20))
                        .build());
                var seeOrders = Databases.prepare(orders);
                var seeAudit = Databases.prepare(audit)) {
            try (var statement = seeAudit.createStatement()) {
                statement.execute(DecisionTableName.DEFAULT.creation());
            }
            try (var first = open(ktm, "orders", orderDriver);
                    var last = KtmDataSource.builder(ktm, "audit")
                            .lastResource(auditDriver.source())
                            .pool(pool())
                            .open()) {
                orderDriver.setFault(randomFaults(seed));
                auditDriver.setFault(randomFaultsOfLastResource(seed + 1));

                work(ktm, transactions, seed, last, first);

                orderDriver.setFault((call, after) -> {});
                auditDriver.setFault((call, after) -> {});
                settle(ktm, first, last);
                Until.holds(() -> {
                    ktm.recoverNow();
                    return rows(seeAudit, "SELECT manager_id FROM ktm_decision").isEmpty();
                });
                assertThat(entries(seeAudit)).as("seed " + seed).isEqualTo(entries(seeOrders));
                assertKept(seed, entries(seeAudit));
                assertNothingIsLost(seed, first, orderDriver);
                assertThat(last.pool().getActiveConnections())
                        .as("seed " + seed)
                        .isZero();
                Until.holds(() -> auditDriver.openConnections() == last.pool().getTotalConnections());
            }
        }
    }

    /** A commit that is refused was not carried out; behind anything else it may have been. */
    private static FaultyXaDataSource.Fault randomFaultsOfLastResource(long seed) {
        var random = ThreadLocal.withInitial(
                () -> new Random(seed ^ Thread.currentThread().getId()));
        return (call, after) -> {
            var dice = random.get();
            if (dice.nextInt(100) != 0) {
                return;
            }
            switch (call) {
                case "commit", "rollback", "setAutoCommit", "prepareStatement", "getConnection", "executeUpdate" -> {
                    switch (dice.nextInt(8)) {
                        case 0 -> throw new IllegalStateException("the driver has a bug");
                        case 1 -> throw new NoClassDefFoundError("the driver lacks a class");
                        case 2, 3 -> throw new SQLException("refused", after ? "08007" : "40001");
                        default -> throw new SQLException("connection lost", "08006");
                    }
                }
                default -> {}
            }
        };
    }

    private static void settle(Ktm ktm, KtmDataSource first, KtmDataSource second) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!ktm.manager().live().isEmpty()
                || first.pool().getActiveConnections() > 0
                || second.pool().getActiveConnections() > 0) {
            assertThat(System.nanoTime())
                    .as(
                            "it settles in time: %d and %d connections are out, live are %s",
                            first.pool().getActiveConnections(),
                            second.pool().getActiveConnections(),
                            ktm.manager().live())
                    .isLessThan(deadline);
            ktm.recoverNow();
        }
    }

    private void run(int transactions, long seed) throws Exception {
        var orders = Databases.h2InMemory("o" + UUID.randomUUID());
        var stock = Databases.h2InMemory("s" + UUID.randomUUID());
        var orderDriver = new FaultyXaDataSource(orders);
        var stockDriver = new FaultyXaDataSource(stock);
        try (var ktm = Ktm.open(KtmOptions.builder()
                        .inMemory()
                        .recoveryInterval(Duration.ofMillis(20))
                        .build());
                var seeOrders = Databases.prepare(orders);
                var seeStock = Databases.prepare(stock);
                var first = open(ktm, "orders", orderDriver);
                var second = open(ktm, "stock", stockDriver)) {
            orderDriver.setFault(randomFaults(seed));
            stockDriver.setFault(randomFaults(seed + 1));

            work(ktm, transactions, seed, first, second);

            orderDriver.setFault((call, after) -> {});
            stockDriver.setFault((call, after) -> {});
            settle(ktm, first, second);
            assertThat(entries(seeOrders)).as("seed " + seed).isEqualTo(entries(seeStock));
            assertKept(seed, entries(seeOrders));
            assertNothingIsLost(seed, first, orderDriver);
            assertNothingIsLost(seed, second, stockDriver);
        }
    }

    private static KtmDataSource open(Ktm ktm, String name, FaultyXaDataSource driver) throws SQLException {
        return KtmDataSource.builder(ktm, name).source(driver).pool(pool()).open();
    }

    private static HikariConfig pool() {
        var pool = new HikariConfig();
        pool.setMaximumPoolSize(2 * THREADS);
        pool.setMinimumIdle(0);
        pool.setConnectionTimeout(5_000);
        return pool;
    }

    /** About one call in a hundred fails, half of them after they have done their work. */
    private static FaultyXaDataSource.Fault randomFaults(long seed) {
        var random = ThreadLocal.withInitial(
                () -> new Random(seed ^ Thread.currentThread().getId()));
        return (call, after) -> {
            var dice = random.get();
            if (dice.nextInt(200) != 0) {
                return;
            }
            switch (call) {
                case "start", "end", "prepare", "commit", "rollback", "recover" -> {
                    if (dice.nextInt(10) == 0) {
                        throw new IllegalStateException("the driver has a bug");
                    }
                    if (dice.nextInt(10) == 0) {
                        throw new NoClassDefFoundError("the driver lacks a class");
                    }
                    throw new XAException(CODES[dice.nextInt(CODES.length)]);
                }
                case "getXAConnection", "prepareStatement" -> throw new SQLException("connection lost", "08006");
                case "executeUpdate" ->
                    throw new SQLException(
                            "failed", dice.nextBoolean() ? "40001" : dice.nextBoolean() ? "08006" : "23505");
                default -> {}
            }
        };
    }

    private void work(Ktm ktm, int transactions, long seed, KtmDataSource first, KtmDataSource second)
            throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            var futures = new ArrayList<Future<?>>();
            for (int thread = 0; thread < THREADS; thread++) {
                var random = new Random(seed + thread);
                int number = thread;
                futures.add(threads.submit(() -> {
                    for (int i = 0; i < transactions / THREADS; i++) {
                        var name = number + "-" + i;
                        results.put(name, transaction(ktm, name, random, first, second));
                    }
                    return null;
                }));
            }
            for (var future : futures) {
                future.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    private static Result transaction(Ktm ktm, String name, Random random, KtmDataSource first, KtmDataSource second)
            throws Exception {
        var transaction = ktm.userTransaction();
        transaction.begin();
        try {
            Databases.insert(first, name);
            Databases.insert(second, name);
        } catch (SQLException | IllegalStateException | LinkageError e) {
            transaction.rollback();
            return Result.ROLLED_BACK;
        }
        if (random.nextInt(5) == 0) {
            transaction.rollback();
            return Result.ROLLED_BACK;
        }
        try {
            transaction.commit();
            return Result.COMMITTED;
        } catch (RollbackException | HeuristicRollbackException e) {
            return Result.ROLLED_BACK;
        } catch (HeuristicMixedException e) {
            return Result.UNKNOWN;
        }
    }

    private static Set<String> entries(Connection connection) throws SQLException {
        return rows(connection, "SELECT name FROM entries");
    }

    private static Set<String> rows(Connection connection, String query) throws SQLException {
        var all = new TreeSet<String>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            while (rows.next()) {
                all.add(rows.getString(1));
            }
        }
        return all;
    }

    private void assertKept(long seed, Set<String> entries) {
        for (var each : new TreeMap<>(results).entrySet()) {
            switch (each.getValue()) {
                case COMMITTED -> assertThat(entries).as("seed " + seed).contains(each.getKey());
                case ROLLED_BACK -> assertThat(entries).as("seed " + seed).doesNotContain(each.getKey());
                case UNKNOWN -> {}
            }
        }
        assertThat(results.values()).as("seed " + seed).contains(Result.COMMITTED, Result.ROLLED_BACK);
    }

    private static void assertNothingIsLost(long seed, KtmDataSource source, FaultyXaDataSource driver)
            throws Exception {
        assertThat(source.pool().getActiveConnections()).as("seed " + seed).isZero();
        assertThat(source.pool().getThreadsAwaitingConnection())
                .as("seed " + seed)
                .isZero();
        // The pool's, and the one that recovery keeps; what is being closed has still to go.
        Until.holds(() -> driver.openConnections() == source.pool().getTotalConnections() + 1);
    }
}
