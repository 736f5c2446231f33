package dev.ktm.lastresource;

import static dev.ktm.lastresource.Databases.count;
import static dev.ktm.lastresource.Databases.execute;
import static dev.ktm.lastresource.Databases.insert;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.rm.OutcomeReport;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import javax.sql.XAConnection;
import org.h2.api.ErrorCode;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A plain database takes part, and every way in which its commit can end without an answer. */
class LastResourceTest {

    @TempDir
    Path directory;

    private final List<OutcomeReport> reports = new CopyOnWriteArrayList<>();
    /** Whether the last resource can be asked. */
    private final AtomicBoolean auditIsUp = new AtomicBoolean(true);

    /** H2 drops what is prepared when its connection is closed. */
    private final List<XAConnection> open = new ArrayList<>();

    private Databases databases;
    private JdbcDataSource orders;
    private DataSource audit;
    private Ktm ktm;

    @BeforeEach
    void open() throws SQLException {
        databases = Databases.in(directory);
        orders = databases.orders();
        audit = databases.audit();
        databases.create();
        restart();
    }

    @AfterEach
    void close() {
        ktm.close();
        for (var connection : open) {
            try {
                connection.close();
            } catch (SQLException e) {
                // Another connection has finished its branch: H2 cannot close it any more.
                assertThat(e.getErrorCode()).isEqualTo(ErrorCode.GENERAL_ERROR_1);
            }
        }
    }

    private XAConnection connectToOrders() throws SQLException {
        var connection = orders.getXAConnection();
        open.add(connection);
        return connection;
    }

    private void restart() {
        if (ktm != null) {
            ktm.close();
        }
        ktm = open(KtmOptions.builder());
    }

    private Ktm open(KtmOptions.Builder options) {
        return databases.open(options.reportListener(reports::add), reachable());
    }

    private DataSource reachable() {
        return (DataSource) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {DataSource.class}, (proxy, method, arguments) -> {
                    if (!auditIsUp.get()) {
                        throw new SQLException("the audit database is down");
                    }
                    try {
                        return method.invoke(audit, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** One row in each database. */
    private void commit(int id, LocalResource.Fate fate) throws Exception {
        var xa = connectToOrders();
        try (var connection = audit.getConnection()) {
            var manager = ktm.transactionManager();
            manager.begin();
            var transaction = manager.getTransaction();
            transaction.enlistResource(ktm.named("audit", new LocalResource(connection).meets(fate)));
            insert(connection, id);
            transaction.enlistResource(ktm.named("orders", xa.getXAResource()));
            insert(xa.getConnection(), id);
            manager.commit();
        }
    }

    private void assertCommitted(int rows) throws SQLException {
        assertThat(count(audit, "t")).isEqualTo(rows);
        assertThat(count(orders, "t")).isEqualTo(rows);
    }

    @Test
    void bothAreCommittedAndNothingIsLeftBehind() throws Exception {
        // Whoever is registered is asked at once, and that cleans up as well: it has to be over.
        ktm.recoverNow();

        commit(1, LocalResource.Fate.WORKS);

        assertCommitted(1);
        assertThat(count(audit, "ktm_decision")).isEqualTo(1);
        ktm.recoverNow();
        assertThat(count(audit, "ktm_decision")).isZero();
        assertThat(ktm.manager().live()).isEmpty();
        assertThat(reports).isEmpty();
    }

    @Test
    void aLastResourceAloneNeedsNoNote() throws Exception {
        try (var connection = audit.getConnection()) {
            var manager = ktm.transactionManager();
            manager.begin();
            manager.getTransaction().enlistResource(ktm.named("audit", new LocalResource(connection)));
            insert(connection, 1);
            manager.commit();
        }

        assertThat(count(audit, "t")).isEqualTo(1);
        assertThat(count(audit, "ktm_decision")).isZero();
    }

    /** Whatever it says: nobody knows. */
    @Test
    void aLostAnswerOfALastResourceAloneIsNotTakenForARollback() throws Exception {
        try (var connection = audit.getConnection()) {
            var manager = ktm.transactionManager();
            manager.begin();
            var resource = new LocalResource(connection).meets(LocalResource.Fate.ANSWER_IS_LOST);
            manager.getTransaction().enlistResource(ktm.named("audit", resource));
            insert(connection, 1);

            assertThatThrownBy(manager::commit).isInstanceOf(HeuristicMixedException.class);
        }

        assertThat(count(audit, "t")).isEqualTo(1);
    }

    @Test
    void whatFailsIsRolledBackEverywhere() throws Exception {
        assertThatThrownBy(() -> commit(1, LocalResource.Fate.FAILS)).isInstanceOf(RollbackException.class);

        assertCommitted(0);
        ktm.recoverNow();
        assertThat(count(audit, "ktm_decision")).isZero();
    }

    @Test
    void aLostAnswerIsLookedUpBeforeTheClientIsTold() throws Exception {
        commit(1, LocalResource.Fate.ANSWER_IS_LOST);

        assertCommitted(1);
    }

    @Test
    void whileItCannotBeAskedAllWaitAndThenFollowIt() throws Exception {
        auditIsUp.set(false);
        assertThatThrownBy(() -> commit(1, LocalResource.Fate.ANSWER_IS_LOST))
                .isInstanceOf(HeuristicMixedException.class)
                .hasMessageContaining("not known");
        assertThat(count(orders, "t")).isZero();
        assertThat(reports).extracting(OutcomeReport::kind).contains(OutcomeReport.Kind.IN_DOUBT);
        ktm.recoverNow();
        assertThat(ktm.manager().live()).hasSize(1);

        auditIsUp.set(true);
        ktm.recoverNow();
        ktm.recoverNow();

        assertCommitted(1);
        assertThat(ktm.manager().live()).isEmpty();
        assertThat(count(audit, "ktm_decision")).isZero();
    }

    @Test
    void afterARestartItIsAskedWhatItHasDecided() throws Exception {
        auditIsUp.set(false);
        assertThatThrownBy(() -> commit(1, LocalResource.Fate.ANSWER_IS_LOST))
                .isInstanceOf(HeuristicMixedException.class);
        assertThatThrownBy(() -> commit(2, LocalResource.Fate.FAILS)).isInstanceOf(HeuristicMixedException.class);
        restart();
        ktm.recoverNow();
        assertThat(ktm.manager().live()).hasSize(2);
        assertThat(count(orders, "t")).isZero();

        auditIsUp.set(true);
        for (int i = 0; i < 3; i++) {
            ktm.recoverNow();
        }

        assertCommitted(1);
        assertThat(ktm.manager().live()).isEmpty();
        assertThat(count(audit, "ktm_decision")).isZero();
    }

    @Test
    void aCommitThatIsStillUnderWayIsWaitedForAndNotTakenForARollback() throws Exception {
        auditIsUp.set(false);
        assertThatThrownBy(() -> commit(1, LocalResource.Fate.FAILS)).isInstanceOf(HeuristicMixedException.class);
        var id = ktm.manager().live().get(0).id().orElseThrow();
        // Its connection lives, and its server takes its time.
        try (var late = audit.getConnection()) {
            late.setAutoCommit(false);
            insert(late, 1);
            try (var statement = late.prepareStatement("insert into ktm_decision values (?, ?, ?, 'C')")) {
                statement.setString(1, id.manager().toString());
                statement.setLong(2, id.incarnation());
                statement.setLong(3, id.sequence());
                statement.executeUpdate();
            }
            auditIsUp.set(true);

            ktm.recoverNow();
            assertThat(ktm.manager().live()).hasSize(1);
            late.commit();
        }
        ktm.recoverNow();
        ktm.recoverNow();

        assertCommitted(1);
    }

    @Test
    void onceItIsTakenForRolledBackItDoesNotCommitAnyMore() throws Exception {
        ktm.close();
        ktm = open(KtmOptions.builder().resourceTimeout(Duration.ofMillis(200)));
        var resume = new CountDownLatch(1);
        var rolledBack = new CountDownLatch(1);
        var xa = connectToOrders();
        try (var connection = audit.getConnection()) {
            var manager = ktm.transactionManager();
            manager.begin();
            var hanging = new LocalResource(connection).hangsBeforeItsNote(resume, rolledBack);
            manager.getTransaction().enlistResource(ktm.named("audit", hanging));
            insert(connection, 1);
            manager.getTransaction().enlistResource(ktm.named("orders", xa.getXAResource()));
            insert(xa.getConnection(), 1);
            assertThatThrownBy(manager::commit).isInstanceOf(HeuristicMixedException.class);
            // It is rolled back, and the note that says so has gone as well: once the calls behind the one that hangs
            // are given up.
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (!ktm.manager().live().isEmpty() || count(audit, "ktm_decision") > 0) {
                assertThat(System.nanoTime()).as("it settles in time").isLessThan(deadline);
                ktm.recoverNow();
            }

            resume.countDown();
            assertThat(rolledBack.await(30, TimeUnit.SECONDS)).isTrue();
        }

        assertCommitted(0);
    }

    @Test
    void withoutItsTableItRefusesAndSaysHowItIsMade() throws Exception {
        execute(audit, "drop table ktm_decision");

        assertThatThrownBy(() -> commit(1, LocalResource.Fate.WORKS))
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("ktm_decision")
                .hasStackTraceContaining("guide to last resources");

        assertCommitted(0);
    }

    @Test
    void aConnectionThatCommitsEveryStatementIsRefused() throws Exception {
        var xa = connectToOrders();
        try (var connection = audit.getConnection()) {
            var manager = ktm.transactionManager();
            manager.begin();
            manager.getTransaction().enlistResource(ktm.named("audit", new LocalResource(connection)));
            connection.setAutoCommit(true);
            manager.getTransaction().enlistResource(ktm.named("orders", xa.getXAResource()));
            insert(xa.getConnection(), 1);

            assertThatThrownBy(manager::commit)
                    .isInstanceOf(RollbackException.class)
                    .hasStackTraceContaining("commits every statement");
        }

        assertThat(count(orders, "t")).isZero();
        assertThat(count(audit, "ktm_decision")).isZero();
    }

    @Test
    void onlyOneTakesPartAndOnlyIfItIsRegistered() throws Exception {
        try (var one = audit.getConnection();
                var other = audit.getConnection()) {
            var manager = ktm.transactionManager();
            manager.begin();
            var transaction = manager.getTransaction();
            transaction.enlistResource(ktm.named("audit", new LocalResource(one)));

            assertThatThrownBy(() -> transaction.enlistResource(ktm.named("audit", new LocalResource(other))))
                    .isInstanceOf(SystemException.class)
                    .hasStackTraceContaining("at most one");
            assertThatThrownBy(() -> transaction.enlistResource(new LocalResource(other)))
                    .isInstanceOf(SystemException.class)
                    .hasMessageContaining("registerLastResource");
            assertThatThrownBy(() -> ktm.registerLastResource("x", audit, "t; drop table t"))
                    .isInstanceOf(IllegalArgumentException.class);
            manager.rollback();
        }
    }

    @Test
    void whoDecidesForAnotherTransactionManagerTakesNoLastResource() throws Exception {
        var xid = new ForeignXid();
        var imported = ktm.xaTerminator().importTransaction(xid, 0).getTransaction();
        try (var connection = audit.getConnection()) {
            assertThatThrownBy(() -> imported.enlistResource(ktm.named("audit", new LocalResource(connection))))
                    .isInstanceOf(SystemException.class)
                    .hasStackTraceContaining("superior");
        }
        imported.rollback();
    }
}
