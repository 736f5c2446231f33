package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Until;
import jakarta.transaction.RollbackException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import org.apache.derby.jdbc.EmbeddedXADataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens when somebody comes in between: timeouts, other threads, the pool. */
@Tag("slow")
class InterferenceTest {

    private final Ktm ktm = Ktm.open(KtmOptions.builder()
            .inMemory()
            .recoveryInterval(Duration.ofHours(1))
            .build());
    private final JdbcDataSource database = Databases.h2InMemory("d" + UUID.randomUUID());
    private final FaultyXaDataSource driver = new FaultyXaDataSource(database);
    private final Connection observer;
    private final KtmDataSource source;

    InterferenceTest() throws SQLException {
        observer = Databases.prepare(database);
        source = KtmDataSource.builder(ktm, "entries")
                .source(driver)
                .pool(Databases.smallPool())
                .open();
    }

    @AfterEach
    void close() throws SQLException {
        source.close();
        ktm.close();
        observer.close();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aTimeoutCancelsTheStatementThatRuns() throws Exception {
        ktm.transactionManager().setTransactionTimeout(1);
        ktm.userTransaction().begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");
        var statement = connection.createStatement();

        // Without a timeout it would run for hours.
        assertThatThrownBy(
                        () -> statement.execute(
                                "SELECT COUNT(*) FROM SYSTEM_RANGE(1, 1000000) a, SYSTEM_RANGE(1, 1000000) b WHERE a.x + b.x = 0"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("cancel");

        assertThatThrownBy(ktm.userTransaction()::commit).isInstanceOf(RollbackException.class);
        // Whoever was cancelled may be told before the thread that rolls back is through.
        Until.holds(() -> source.pool().getActiveConnections() == 0);
        assertThat(Databases.count(observer)).isZero();
    }

    @Test
    void aStatementThatRunsIsNotLeftBehindByTheRollback() throws Exception {
        ktm.userTransaction().begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");
        var transaction = ktm.transactionManager().getTransaction();
        var insert = insertThatHangs(connection, "b");
        var rollback = CompletableFuture.runAsync(
                () -> {
                    try {
                        transaction.rollback();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                task -> new Thread(task).start());
        // It is stopped before the statement has come back, and its branch has not ended.
        while (connection.isValid(1)) {
            Thread.onSpinWait();
        }
        assertThat(driver.calls()).doesNotContain("end", "rollback");
        goOn.countDown();
        rollback.get();

        assertThat(insert.handle((done, failure) -> true).get()).isTrue();
        ktm.transactionManager().suspend();
        assertThat(Databases.count(observer)).isZero();
        assertThat(source.pool().getActiveConnections()).isZero();
    }

    private final CountDownLatch running = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private volatile boolean cancelHangs;
    private final Set<String> madeMeanwhile = ConcurrentHashMap.newKeySet();

    /** Another thread of the transaction is in a statement, and stays there until it may go on. */
    private CompletableFuture<Void> insertThatHangs(Connection connection, String name) throws Exception {
        return hangs("executeUpdate", () -> Databases.insert(connection, name));
    }

    private CompletableFuture<Void> hangs(String where, Task task) throws Exception {
        var transaction = ktm.transactionManager().getTransaction();
        driver.setFault((call, after) -> {
            madeMeanwhile.add(call);
            if (call.equals(where) && !after) {
                running.countDown();
                goOn.await();
            }
            if (call.equals("cancel") && cancelHangs) {
                goOn.await();
            }
        });
        var hanging = inThread(() -> {
            ktm.transactionManager().resume(transaction);
            task.run();
        });
        awaitUninterruptibly(running);
        return hanging;
    }

    private interface Task {
        void run() throws Exception;
    }

    private static CompletableFuture<Void> inThread(Task task) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        task.run();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                each -> new Thread(each).start());
    }

    @Test
    void aCommitWaitsForTheStatementOfAnotherThreadAndCancelsNothing() throws Exception {
        ktm.userTransaction().begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");
        var insert = insertThatHangs(connection, "b");
        var commit = inThread(ktm.transactionManager().getTransaction()::commit);
        Until.holds(() -> !connection.isValid(1));

        goOn.countDown();
        get(commit);

        get(insert);
        ktm.transactionManager().suspend();
        assertThat(madeMeanwhile).doesNotContain("cancel");
        assertThat(Databases.count(observer)).isEqualTo(2);
    }

    @Test
    void aCommitThatWaitsInVainRollsBackAndCancelsWhatRuns() throws Exception {
        ktm.userTransaction().begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");
        var insert = insertThatHangs(connection, "b");
        var cancelled = inThread(() -> {
            Until.holds(() -> madeMeanwhile.contains("cancel"));
            goOn.countDown();
        });

        assertThatThrownBy(ktm.userTransaction()::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("another thread was at work");

        get(cancelled);
        assertThat(insert.handle((done, failure) -> true).get()).isTrue();
        assertThat(Databases.count(observer)).isZero();
        assertThat(source.pool().getActiveConnections()).isZero();
    }

    @Test
    void aCommitDoesNotOvertakeAChangeOfTheConnection() throws Exception {
        ktm.userTransaction().begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");
        var open = connection.prepareStatement("SELECT 1");
        var change = hangs("setSchema", () -> connection.setSchema("PUBLIC"));
        var cancelled = inThread(() -> {
            Until.holds(() -> madeMeanwhile.contains("cancel"));
            goOn.countDown();
        });

        assertThatThrownBy(ktm.userTransaction()::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("another thread was at work");

        get(cancelled);
        get(change);
        assertThat(open.isClosed()).isTrue();
        assertThat(Databases.count(observer)).isZero();
    }

    /** The pool's, which makes more of its own accord, or the one that recovery takes when it first asks. */
    private boolean everyConnectionIsSomebodys() {
        return driver.openConnections() == 1 + source.pool().getTotalConnections();
    }

    @Test
    void aRollbackDoesNotWaitForAStatementThatCannotBeCancelled() throws Exception {
        ktm.recoverNow();
        ktm.userTransaction().begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");
        cancelHangs = true;
        var insert = insertThatHangs(connection, "b");

        ktm.userTransaction().rollback();

        assertThat(insert.isDone()).isFalse();
        assertThat(madeMeanwhile).contains("cancel");
        assertThat(source.pool().getActiveConnections()).isZero();
        Until.holds(() -> madeMeanwhile.contains("abort") && everyConnectionIsSomebodys());
        goOn.countDown();
        assertThat(insert.handle((done, failure) -> true).get()).isTrue();
        assertThat(Databases.count(observer)).isZero();
    }

    @Test
    void aConnectionThatIsAbortedOutsideTransactionsIsClosedWithItsXaConnection() throws Exception {
        ktm.recoverNow();
        var connection = source.getConnection();
        connection.createStatement();
        Until.holds(this::everyConnectionIsSomebodys);

        connection.abort(Runnable::run);

        Until.holds(this::everyConnectionIsSomebodys);
        connection.close();
        assertThat(source.pool().getActiveConnections()).isZero();
    }

    @Test
    void anErrorOfTheDriverThatStartsABranchLosesNoConnection() throws Exception {
        int more = 1 + Databases.smallPool().getMaximumPoolSize();
        for (int i = 0; i < more; i++) {
            ktm.userTransaction().begin();
            driver.failNext("start", new NoClassDefFoundError("missing"));
            assertThatThrownBy(() -> Databases.insert(source, "a")).hasStackTraceContaining("missing");

            ktm.userTransaction().rollback();

            assertThat(source.pool().getActiveConnections()).isZero();
        }
        Databases.insert(source, "b");
        assertThat(Databases.count(observer)).isOne();
    }

    @ParameterizedTest
    @ValueSource(strings = {"end", "rollback", "getAutoCommit"})
    void anErrorOfTheDriverThatEndsABranchLosesNoConnection(String call) throws Exception {
        ktm.userTransaction().begin();
        Databases.insert(source, "a");
        driver.failNext(call, new NoClassDefFoundError("missing"));

        ktm.userTransaction().rollback();

        ktm.recoverNow();
        assertThat(source.pool().getActiveConnections()).isZero();
        assertThat(Databases.count(observer)).isZero();
    }

    @Test
    void threadsOfOneTransactionThatComeAtTheSameTimeGetOneConnection() throws Exception {
        int rounds = 300;
        for (int i = 0; i < rounds; i++) {
            ktm.userTransaction().begin();
            var transaction = ktm.transactionManager().getTransaction();
            var both = new CyclicBarrier(2);
            var round = i;
            var other = inThread(() -> {
                ktm.transactionManager().resume(transaction);
                both.await();
                Databases.insert(source, "other " + round);
                ktm.transactionManager().suspend();
            });
            both.await();
            Databases.insert(source, "this " + round);
            get(other);
            ktm.userTransaction().commit();
        }

        assertThat(driver.calls().stream().filter("start"::equals)).hasSize(rounds);
        assertThat(Databases.count(observer)).isEqualTo(2 * rounds);
    }

    @Test
    void aTransactionThatTimesOutWhileItStartsABranchLosesNoConnection() throws Exception {
        ktm.transactionManager().setTransactionTimeout(1);
        ktm.userTransaction().begin();
        var transaction = ktm.transactionManager().getTransaction();
        driver.setFault((call, after) -> {
            if (call.equals("start") && after) {
                while (transaction.getStatus() != jakarta.transaction.Status.STATUS_ROLLEDBACK) {
                    Thread.onSpinWait();
                }
            }
        });

        assertThatThrownBy(() -> Databases.insert(source, "a")).hasMessageContaining("cannot join");

        ktm.userTransaction().rollback();
        assertThat(source.pool().getActiveConnections()).isZero();
        assertThat(driver.calls()).contains("start", "rollback");
        driver.setFault((call, after) -> {});
        Databases.insert(source, "b");
        assertThat(Databases.count(observer)).isOne();
    }

    @Test
    void aTransactionThatTimesOutWhileItWaitsForThePoolLosesNoConnection() throws Exception {
        var taken = new Connection[] {
            source.getConnection(), source.getConnection(), source.getConnection(), source.getConnection()
        };
        ktm.transactionManager().setTransactionTimeout(1);
        ktm.userTransaction().begin();
        var transaction = ktm.transactionManager().getTransaction();
        var returned = CompletableFuture.runAsync(
                () -> {
                    try {
                        while (transaction.getStatus() != jakarta.transaction.Status.STATUS_ROLLEDBACK) {
                            Thread.onSpinWait();
                        }
                        for (var connection : taken) {
                            connection.close();
                        }
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                task -> new Thread(task).start());

        assertThatThrownBy(() -> Databases.insert(source, "a")).isInstanceOf(SQLException.class);

        returned.get();
        assertThatThrownBy(ktm.userTransaction()::commit).isInstanceOf(RollbackException.class);
        assertThat(source.pool().getActiveConnections()).isZero();
        assertThat(Databases.count(observer)).isZero();
    }

    @Test
    void thePoolCannotCloseAConnectionThatHoldsABranch() throws Exception {
        ktm.userTransaction().begin();
        Databases.insert(source, "a");
        // Everything that is in use is to be closed.
        source.pool().softEvictConnections();
        Databases.insert(source, "b");
        source.close();
        Databases.insert(driverConnectionOf(), "from elsewhere");

        ktm.userTransaction().commit();

        assertThat(Databases.count(observer)).isEqualTo(3);
        Until.holds(() -> driver.openConnections() == 1);
    }

    private Connection driverConnectionOf() throws SQLException {
        return driver.getXAConnection().getConnection();
    }

    @Test
    void aTransactionWhoseConnectionIsAbortedIsRolledBack() throws Exception {
        ktm.userTransaction().begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");

        connection.abort(Runnable::run);

        assertThat(connection.isClosed()).isTrue();
        assertThatThrownBy(ktm.userTransaction()::commit).isInstanceOf(RollbackException.class);
        assertThat(Databases.count(observer)).isZero();
        assertThat(source.pool().getActiveConnections()).isZero();
    }

    @Test
    void anInterruptCostsTheWaitAndNothingElse() throws Exception {
        ktm.userTransaction().begin();
        Databases.insert(source, "a");

        Thread.currentThread().interrupt();
        ktm.userTransaction().commit();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(Databases.count(observer)).isOne();
        assertThat(source.pool().getActiveConnections()).isZero();
    }

    @Test
    void whatADriverDoesAfterTheEndOfABranchIsNotReached() throws Exception {
        // Derby commits on its own what is done between the end of a branch and its rollback.
        EmbeddedXADataSource derby = Databases.derbyInMemory("d" + UUID.randomUUID());
        try (var look = Databases.prepare(derby);
                var slow = KtmDataSource.builder(ktm, "derby")
                        .source(slowToRollBack(derby))
                        .pool(Databases.smallPool())
                        .open()) {
            ktm.userTransaction().begin();
            var connection = slow.getConnection();
            Databases.insert(connection, "a");
            var transaction = ktm.transactionManager().getTransaction();
            var rollback = CompletableFuture.runAsync(
                    () -> {
                        try {
                            transaction.rollback();
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                    },
                    task -> new Thread(task).start());
            awaitUninterruptibly(ended);

            assertThatThrownBy(() -> Databases.insert(connection, "b")).isInstanceOf(SQLException.class);

            rollBack.countDown();
            get(rollback);
            ktm.transactionManager().suspend();
            assertThat(Databases.count(look)).isZero();
        }
    }

    private final CountDownLatch ended = new CountDownLatch(1);
    private final CountDownLatch rollBack = new CountDownLatch(1);

    private FaultyXaDataSource slowToRollBack(EmbeddedXADataSource derby) {
        var slow = new FaultyXaDataSource(derby);
        slow.setFault((call, after) -> {
            if (call.equals("rollback") && !after) {
                ended.countDown();
                rollBack.await();
            }
        });
        return slow;
    }

    private static void get(CompletableFuture<Void> future) throws InterruptedException {
        try {
            future.get();
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aBranchThatTheDriverMarksForRollbackIsRolledBackThere() throws Exception {
        ktm.userTransaction().begin();
        Databases.insert(source, "a");
        var marked = new javax.transaction.xa.XAException(javax.transaction.xa.XAException.XA_RBDEADLOCK);
        driver.setFault((call, after) -> {
            if (call.equals("end") && after) {
                driver.setFault((next, ignored) -> {});
                throw marked;
            }
        });

        assertThatThrownBy(ktm.userTransaction()::commit).isInstanceOf(RollbackException.class);

        assertThat(driver.calls()).contains("rollback").doesNotContain("prepare");
        assertThat(Databases.count(observer)).isZero();
    }
}
