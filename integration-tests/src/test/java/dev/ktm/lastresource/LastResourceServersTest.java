package dev.ktm.lastresource;

import static dev.ktm.lastresource.Databases.count;
import static dev.ktm.lastresource.Databases.insert;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jdbc.KtmDataSource;
import dev.ktm.lastresource.Committer.Death;
import dev.ktm.lastresource.Committer.Way;
import dev.ktm.log.testing.JavaCommand;
import dev.ktm.servers.Kind;
import dev.ktm.servers.Server;
import jakarta.transaction.RollbackException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The last resource is a server; its table is made as the guide says. */
@Tag("slow")
@Timeout(120)
@SuppressWarnings("NullAway.Init")
class LastResourceServersTest {

    @TempDir
    Path directory;

    private Server server;
    private DataSource audit;
    private Databases databases;

    private void start(Kind kind) throws Exception {
        var missing = kind.missing();
        Assumptions.assumeTrue(missing.isEmpty(), () -> kind + " is not tested: " + missing.orElseThrow());
        server = Server.start(kind, directory.resolve("server"));
        audit = kind.plain(server.port());
        databases = Databases.in(directory, audit);
        databases.create();
    }

    @AfterEach
    void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    private void assertBothHave(int rows) throws Exception {
        assertThat(count(audit, "t")).isEqualTo(rows);
        assertThat(count(databases.orders(), "t")).isEqualTo(rows);
    }

    /** What is in doubt is settled, and the rows that nobody will ask for are gone. */
    private void settle(Ktm ktm) throws Exception {
        for (int i = 0; i < 3; i++) {
            ktm.recoverNow();
        }
        assertThat(ktm.manager().live()).as("what waits for an answer").isEmpty();
        assertThat(count(audit, "ktm_decision"))
                .as("rows that nobody will ask for")
                .isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB", "DERBY"})
    void throughItsDataSourceItCommitsWithAnother(Kind kind) throws Exception {
        start(kind);
        try (var ktm = Ktm.open(KtmOptions.builder()
                        .logDirectory(directory.resolve("log"))
                        .build());
                var audits =
                        KtmDataSource.builder(ktm, "audit").lastResource(audit).open();
                var orders = KtmDataSource.open(ktm, "orders", databases.orders())) {
            ktm.userTransaction().begin();
            insertThrough(audits, 1);
            insertThrough(orders, 1);
            ktm.userTransaction().commit();
            assertThat(count(audit, "ktm_decision")).isEqualTo(1);
            assertBothHave(1);

            ktm.userTransaction().begin();
            insertThrough(audits, 2);
            insertThrough(orders, 2);
            ktm.userTransaction().rollback();

            settle(ktm);
            assertBothHave(1);
        }
    }

    @Test
    void noTextCommitsWhatMariaDbHasDoneSoFar() throws Exception {
        var refused = List.of(
                "SET autocommit = 1",
                "SET @@session.`autocommit` := 1",
                "LOCK TABLES t WRITE",
                "OPTIMIZE TABLE t",
                "REPAIR TABLE t",
                "CHECK TABLE t",
                "ANALYZE TABLE t",
                "FLUSH STATUS",
                "RESET QUERY CACHE",
                "BACKUP STAGE START",
                "/*! COMMIT */",
                "# a comment\nCOMMIT",
                "CREATE OR REPLACE TABLE other (id INT)");
        var harmless = List.of(
                "CREATE TEMPORARY TABLE other (id INT)",
                "CREATE OR REPLACE TEMPORARY TABLE other (id INT)",
                "DROP TEMPORARY TABLE IF EXISTS other",
                "SELECT 'don\\'t; drop that'",
                "ANALYZE SELECT 1");
        assertRolledBackAfter(Kind.MARIADB, connection -> {
            try (var statement = connection.createStatement()) {
                for (var sql : refused) {
                    assertThatThrownBy(() -> statement.execute(sql))
                            .as(sql)
                            .hasFieldOrPropertyWithValue("SQLState", "2D000");
                }
                for (var sql : harmless) {
                    statement.execute(sql);
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB", "DERBY"})
    void aLevelOfIsolationIsSetBeforeTheFirstStatementOrNotAtAll(Kind kind) throws Exception {
        assertRolledBackAfter(kind, connection -> {
            int level = connection.getTransactionIsolation();
            assertThat(level).isEqualTo(Connection.TRANSACTION_SERIALIZABLE);
            connection.setTransactionIsolation(level);
            assertThatThrownBy(() -> connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED))
                    .hasFieldOrPropertyWithValue("SQLState", "25001");
        });
    }

    private interface Use {
        void of(Connection connection) throws SQLException;
    }

    private void assertRolledBackAfter(Kind kind, Use use) throws Exception {
        start(kind);
        try (var ktm = Ktm.open(KtmOptions.builder()
                        .logDirectory(directory.resolve("log"))
                        .build());
                var audits =
                        KtmDataSource.builder(ktm, "audit").lastResource(audit).open()) {
            ktm.userTransaction().begin();
            try (var connection = audits.getConnection()) {
                connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
                insert(connection, 1);
                use.of(connection);
            }
            ktm.userTransaction().rollback();
        }
        assertThat(count(audit, "t")).isZero();
    }

    private static void insertThrough(DataSource source, int id) throws Exception {
        try (var connection = source.getConnection()) {
            insert(connection, id);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB", "DERBY"})
    void whatItHasDoneIsAskedWhenItsAnswerIsLost(Kind kind) throws Exception {
        start(kind);
        try (var ktm = databases.open(KtmOptions.builder(), audit)) {
            commit(ktm, 1, LocalResource.Fate.ANSWER_IS_LOST);
            assertThatThrownBy(() -> commit(ktm, 2, LocalResource.Fate.FAILS)).isInstanceOf(RollbackException.class);

            settle(ktm);
            assertBothHave(1);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB", "DERBY"})
    void whatItsDataSourceHasDoneIsAskedWhenTheAnswerIsLost(Kind kind) throws Exception {
        start(kind);
        var driver = new HookedDriver(audit);
        try (var ktm = databases.openWithOrders(KtmOptions.builder());
                var audits = databases.pool(ktm, driver.dataSource());
                var orders = KtmDataSource.open(ktm, "pooled orders", databases.orders())) {
            driver.setHook(losesOneAnswer(driver, true));
            insertInBoth(ktm, audits, orders, 1);
            driver.setHook(losesOneAnswer(driver, false));
            assertThatThrownBy(() -> insertInBoth(ktm, audits, orders, 2)).isInstanceOf(RollbackException.class);

            settle(ktm);
            assertBothHave(1);
            assertThat(audits.pool().getActiveConnections()).isZero();
            insertInBoth(ktm, audits, orders, 3);
            assertBothHave(2);
        }
    }

    private static HookedDriver.Hook losesOneAnswer(HookedDriver driver, boolean commits) {
        return new HookedDriver.Hook() {
            @Override
            public boolean beforeTheCommit() {
                return commits;
            }

            @Override
            public void afterTheCommit() throws SQLException {
                driver.setHook(new HookedDriver.Hook() {});
                throw new SQLException("connection lost", "08006");
            }
        };
    }

    private static void insertInBoth(Ktm ktm, DataSource first, DataSource second, int id) throws Exception {
        ktm.userTransaction().begin();
        insertThrough(first, id);
        insertThrough(second, id);
        ktm.userTransaction().commit();
    }

    private void commit(Ktm ktm, int id, LocalResource.Fate fate) throws Exception {
        var xa = databases.orders().getXAConnection();
        try (var connection = audit.getConnection()) {
            var manager = ktm.transactionManager();
            manager.begin();
            var transaction = manager.getTransaction();
            transaction.enlistResource(ktm.named("audit", new LocalResource(connection).meets(fate)));
            insert(connection, id);
            transaction.enlistResource(ktm.named("orders", xa.getXAResource()));
            insert(xa.getConnection(), id);
            manager.commit();
        } finally {
            xa.close();
        }
    }

    static Stream<Arguments> everyServerInEveryWay() {
        return Stream.of(Kind.POSTGRESQL, Kind.MARIADB, Kind.DERBY)
                .flatMap(kind -> Arrays.stream(Way.values()).map(way -> Arguments.of(kind, way)));
    }

    @ParameterizedTest
    @MethodSource("everyServerInEveryWay")
    void afterACrashItsRowDecides(Kind kind, Way way) throws Exception {
        start(kind);

        crash(kind, way, Death.AFTER_THE_COMMIT);

        assertBothHaveAfterRecovery(way, 1);
    }

    @ParameterizedTest
    @MethodSource("everyServerInEveryWay")
    void afterACrashWithoutItsRowAllRollBack(Kind kind, Way way) throws Exception {
        start(kind);

        crash(kind, way, Death.BEFORE_THE_COMMIT);

        assertBothHaveAfterRecovery(way, 0);
    }

    private void assertBothHaveAfterRecovery(Way way, int rows) throws Exception {
        try (var ktm = databases.openWithOrders(KtmOptions.builder());
                var taken = databases.take(way, ktm)) {
            settle(ktm);
            assertBothHave(rows);
        }
    }

    private void crash(Kind kind, Way way, Death death) throws Exception {
        var output = directory.resolve("output");
        var process = new ProcessBuilder(JavaCommand.of(
                        List.of(),
                        Committer.class.getName(),
                        directory,
                        death.name(),
                        way.name(),
                        kind.name(),
                        server.port()))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(output)).isEqualTo(Committer.KILLED);
    }
}
