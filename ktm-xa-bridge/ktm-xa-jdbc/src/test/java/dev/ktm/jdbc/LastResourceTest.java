package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.zaxxer.hikari.HikariDataSource;
import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jta.DecisionTableName;
import dev.ktm.log.testing.Until;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.RollbackException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.apache.derby.jdbc.EmbeddedDataSource;
import org.h2.jdbcx.JdbcConnectionPool;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A database without XA beside one with it, in plain JDBC. */
@SuppressWarnings("NullAway.Init")
@Tag("slow")
class LastResourceTest {

    private static final String TABLE = DecisionTableName.DEFAULT.creation();

    @TempDir
    Path directory;

    private final JdbcDataSource orders = Databases.h2InMemory("orders" + UUID.randomUUID());
    private final EmbeddedDataSource audit = new EmbeddedDataSource();
    private final String auditName = "memory:audit" + UUID.randomUUID();
    private Connection keepsOrders;
    private Ktm ktm;
    private KtmDataSource pooledOrders;

    @BeforeEach
    void open() throws SQLException {
        keepsOrders = Databases.prepare(orders);
        audit.setDatabaseName(auditName);
        audit.setCreateDatabase("create");
        execute(audit, "CREATE TABLE entries (name VARCHAR(40) PRIMARY KEY)");
        ktm = Ktm.open(KtmOptions.builder()
                .logDirectory(directory.resolve("log"))
                .recoveryInterval(Duration.ofHours(1))
                .build());
        pooledOrders = KtmDataSource.builder(ktm, "orders")
                .source(orders)
                .pool(Databases.smallPool())
                .open();
    }

    @AfterEach
    void close() throws SQLException {
        pooledOrders.close();
        ktm.close();
        keepsOrders.close();
    }

    private static void execute(DataSource source, String sql) throws SQLException {
        try (var connection = source.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int count(DataSource source, String table) throws SQLException {
        try (var connection = source.getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT COUNT(*) FROM " + table)) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private KtmDataSource openAudit() throws SQLException {
        return KtmDataSource.builder(ktm, "audit")
                .lastResource(audit)
                .pool(Databases.smallPool())
                .open();
    }

    @Test
    void bothAreCommittedTogetherAndRolledBackTogether() throws Exception {
        execute(audit, TABLE);
        try (var pooledAudit = openAudit()) {
            var user = ktm.userTransaction();
            for (int i = 0; i < 20; i++) {
                user.begin();
                Databases.insert(pooledAudit, "entry " + i);
                Databases.insert(pooledOrders, "entry " + i);
                if (i % 2 == 0) {
                    user.commit();
                } else {
                    user.rollback();
                }
            }

            assertThat(count(audit, "entries")).isEqualTo(10);
            assertThat(count(orders, "entries")).isEqualTo(10);
            // Recovery may have looked meanwhile.
            assertThat(count(audit, "ktm_decision")).isLessThanOrEqualTo(10);
            ktm.recoverNow();
            assertThat(count(audit, "ktm_decision")).isZero();
            assertThat(pooledAudit.pool().getActiveConnections()).isZero();
            // Outside of transactions it commits by itself, as ever.
            Databases.insert(pooledAudit, "outside");
            assertThat(count(audit, "entries")).isEqualTo(11);
        }
    }

    @Test
    void aloneItCommitsWithoutANote() throws Exception {
        execute(audit, TABLE);
        try (var pooledAudit = openAudit()) {
            ktm.userTransaction().begin();
            Databases.insert(pooledAudit, "entry");
            ktm.userTransaction().commit();

            assertThat(count(audit, "entries")).isEqualTo(1);
            assertThat(count(audit, "ktm_decision")).isZero();
        }
    }

    @Test
    void aLevelOfIsolationThatIsSetAfterTheFirstStatementCommitsNothing() throws Exception {
        commitsNothingForALevelOfIsolation(audit, "SET CURRENT ISOLATION = SERIALIZABLE");
        commitsNothingForALevelOfIsolation(
                plainH2(), "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE");
    }

    private void commitsNothingForALevelOfIsolation(DataSource source, String sql) throws Exception {
        execute(source, TABLE);
        try (var pooled = openPlain(source)) {
            ktm.userTransaction().begin();
            try (var connection = pooled.getConnection()) {
                connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                Databases.insert(connection, "a");
                connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                assertThatThrownBy(() -> connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE))
                        .hasFieldOrPropertyWithValue("SQLState", "25001");
                assertThatThrownBy(() -> connection.prepareStatement(sql)).hasMessageContaining("found SET ISOLATION");
            }
            ktm.userTransaction().rollback();
        }
        assertThat(count(source, "entries")).isZero();
    }

    private KtmDataSource openPlain(DataSource source) throws SQLException {
        return KtmDataSource.builder(ktm, "plain")
                .lastResource(source)
                .pool(Databases.smallPool())
                .open();
    }

    private static JdbcDataSource plainH2() throws SQLException {
        var plain = new JdbcDataSource();
        plain.setURL("jdbc:h2:mem:plain" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1");
        plain.setUser("sa");
        execute(plain, Databases.TABLE);
        return plain;
    }

    @Test
    void withoutItsTableItIsNotOpenedAndTheMessageMakesIt() throws Exception {
        var refused = catchThrowableOfType(MisconfiguredDataSourceException.class, this::openAudit);

        assertThat((Throwable) refused).hasMessageContaining("\"audit\"").hasMessageContaining("ktm_decision");
        var statement = Pattern.compile("CREATE TABLE .*").matcher(refused.getMessage());
        assertThat(statement.find()).isTrue();
        execute(audit, statement.group());
        openAudit().close();
    }

    @Test
    void aTableWithoutItsKeyIsRefused() throws Exception {
        execute(audit, TABLE.replace(", PRIMARY KEY (manager_id, incarnation, sequence_number)", ""));

        assertThatThrownBy(this::openAudit)
                .isInstanceOf(MisconfiguredDataSourceException.class)
                .hasMessageContaining("primary key");

        assertThat(count(audit, "ktm_decision")).isZero();
    }

    @Test
    void whatCommitsBeforeItIsOnTheDiskIsRefused() throws Exception {
        var lazy = Databases.h2(directory, ";WRITE_DELAY=500");
        execute(lazy, TABLE);

        assertThatThrownBy(() ->
                        KtmDataSource.builder(ktm, "lazy").lastResource(lazy).open())
                .isInstanceOf(MisconfiguredDataSourceException.class)
                .hasMessageContaining("WRITE_DELAY=0");
        var prompt = Databases.h2(directory, ";WRITE_DELAY=0");
        KtmDataSource.builder(ktm, "prompt").lastResource(prompt).open().close();
    }

    @Test
    void twoOfThemInOneTransactionAreRefused() throws Exception {
        execute(audit, TABLE);
        execute(audit, TABLE.replace("ktm_decision", "other_decision"));
        try (var pooledAudit = openAudit();
                var second = KtmDataSource.builder(ktm, "second")
                        .lastResource(audit)
                        .decisionTable("other_decision")
                        .pool(Databases.smallPool())
                        .open()) {
            ktm.userTransaction().begin();
            Databases.insert(pooledAudit, "one");

            assertThatThrownBy(() -> Databases.insert(second, "two"))
                    .isInstanceOf(SQLException.class)
                    .hasStackTraceContaining("at most one");

            ktm.userTransaction().rollback();
            assertThat(count(audit, "entries")).isZero();
            assertThat(second.pool().getActiveConnections()).isZero();
        }
    }

    @Test
    void whatItCannotCommitIsRolledBackEverywhere() throws Exception {
        execute(audit, TABLE);
        execute(audit, "CREATE TABLE child (name VARCHAR(40) REFERENCES entries (name) INITIALLY DEFERRED)");
        try (var pooledAudit = openAudit()) {
            ktm.userTransaction().begin();
            Databases.insert(pooledOrders, "entry");
            try (var connection = pooledAudit.getConnection();
                    var statement = connection.createStatement()) {
                statement.executeUpdate("INSERT INTO child VALUES ('nobody')");
            }

            assertThatThrownBy(ktm.userTransaction()::commit).isInstanceOf(RollbackException.class);

            assertThat(count(orders, "entries")).isZero();
            assertThat(count(audit, "child")).isZero();
        }
    }

    @Test
    void whoeverHasWaitedForItsDecisionGivesItsConnectionBack() throws Exception {
        var plain = plainH2();
        execute(plain, TABLE);
        var driver = new FaultyDataSource(plain);
        try (var pooled = openPlain(driver.source())) {
            ktm.userTransaction().begin();
            Databases.insert(pooled, "entry");
            Databases.insert(pooledOrders, "entry");
            driver.setFault((call, after) -> {
                if (call.equals("commit") || call.equals("getConnection")) {
                    throw new SQLException("connection lost", "08006");
                }
            });
            assertThatThrownBy(ktm.userTransaction()::commit).isInstanceOf(HeuristicMixedException.class);
            assertThat(pooledOrders.pool().getActiveConnections()).isOne();
            driver.setFault((call, after) -> {});

            Until.holds(() -> {
                ktm.recoverNow();
                return ktm.manager().live().isEmpty();
            });

            assertThat(count(plain, "entries")).isZero();
            assertThat(Databases.count(keepsOrders)).isZero();
            assertThat(pooledOrders.pool().getActiveConnections()).isZero();
        }
    }

    @Test
    void oneNameIsForOneDataSource() throws Exception {
        execute(audit, TABLE);
        try (var pooledAudit = openAudit()) {
            assertThat(pooledAudit.name()).isEqualTo("audit");
            assertThatThrownBy(this::openAudit)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("\"audit\"");
        }
        assertThatThrownBy(() -> KtmDataSource.builder(ktm, "x")
                        .source(orders)
                        .lastResource(audit)
                        .open())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("lastResource");
        openAudit().close();
    }

    @Test
    void theProfileThatIsChosenCounts() throws Exception {
        execute(audit, TABLE);
        var chosen = AdapterProfile.of(DatabaseKind.DERBY).withCommitsOnDdl(true);
        try (var pooledAudit = KtmDataSource.builder(ktm, "audit")
                .lastResource(audit)
                .profile(chosen)
                .pool(Databases.smallPool())
                .open()) {
            ktm.userTransaction().begin();
            try (var connection = pooledAudit.getConnection();
                    var statement = connection.createStatement()) {
                assertThatThrownBy(() -> statement.execute("CREATE TABLE other (id INT)"))
                        .hasMessageContaining("found CREATE");
            }
            ktm.userTransaction().rollback();

            assertThat(pooledAudit.profile()).isEqualTo(chosen);
        }
    }

    @Test
    void whatItHasDecidedIsAskedWithThePasswordThatThePoolWasGivenLast() throws Exception {
        var plain = plainH2();
        execute(plain, TABLE);
        var pool = Databases.smallPool();
        pool.setUsername("sa");
        pool.setPassword("");
        try (var pooled = KtmDataSource.builder(ktm, "plain")
                .lastResource(plain)
                .pool(pool)
                .open()) {
            ktm.recoverNow();
            ktm.userTransaction().begin();
            Databases.insert(pooled, "entry");
            Databases.insert(pooledOrders, "entry");
            ktm.userTransaction().commit();
            execute(plain, "ALTER USER sa SET PASSWORD 'new'");
            plain.setPassword("nobody's");
            pooled.unwrap(HikariDataSource.class).getHikariConfigMXBean().setPassword("new");

            ktm.recoverNow();

            plain.setPassword("new");
            assertThat(count(plain, "ktm_decision")).isZero();
        }
    }

    @Test
    void anotherPoolIsRefused() throws Exception {
        execute(audit, TABLE);
        var config = Databases.smallPool();
        config.setDataSource(audit);
        var h2Pool = JdbcConnectionPool.create("jdbc:h2:mem:pooled", "sa", "");
        try (var pool = new HikariDataSource(config)) {
            for (var each : List.of(pool, wrapped(pool), pooledOrders, h2Pool)) {
                assertThatThrownBy(() -> openPlain(each))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("\"plain\"")
                        .hasMessageContaining(each.getClass().getName())
                        .hasMessageContaining("getDataSource()");
            }
            openPlain(pool.getDataSource()).close();
        } finally {
            h2Pool.dispose();
        }
    }

    private static DataSource wrapped(DataSource source) {
        return (DataSource) Proxy.newProxyInstance(
                LastResourceTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> method.invoke(source, arguments));
    }

    @Test
    void aSecondDescriptionOfItsDatabaseIsRefused() {
        var pool = Databases.smallPool();
        pool.setJdbcUrl("jdbc:derby:memory:other");
        pool.setDataSourceClassName(EmbeddedDataSource.class.getName());
        pool.addDataSourceProperty("databaseName", "memory:other");

        assertThatThrownBy(() -> KtmDataSource.builder(ktm, "audit")
                        .lastResource(audit)
                        .pool(pool)
                        .open())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"audit\"")
                .hasMessageContaining("lastResource(…) and jdbcUrl, dataSourceClassName, dataSourceProperties")
                .hasMessageContaining("leave the others out");
        assertThatThrownBy(() -> KtmDataSource.builder(ktm, "orders again")
                        .source(orders)
                        .pool(pool)
                        .open())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("source(…) and jdbcUrl");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.b.c", "\"quoted\"", "ktm_decision; DROP TABLE entries", "1st", "a.", "with space"})
    void whatIsNoNameOfATableIsRefusedBeforeTheDatabaseIsAsked(String name) {
        var builder = KtmDataSource.builder(ktm, "audit");

        assertThatThrownBy(() -> builder.decisionTable(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected the name of the table of decisions")
                .hasMessageContaining("found \"" + name + "\"")
                .hasMessageContaining("at most one schema");
    }

    @Test
    void itsTableMayBeInAnotherSchema() throws Exception {
        commitsWithATableInAnotherSchema(audit);
        commitsWithATableInAnotherSchema(plainH2());
    }

    private void commitsWithATableInAnotherSchema(DataSource source) throws Exception {
        var table = new DecisionTableName("ledger.decisions");
        execute(source, "CREATE SCHEMA ledger");
        execute(source, table.creation());
        try (var pooled = KtmDataSource.builder(ktm, "plain")
                .lastResource(source)
                .decisionTable("ledger.decisions")
                .pool(Databases.smallPool())
                .open()) {
            int before = count(orders, "entries");
            ktm.userTransaction().begin();
            Databases.insert(pooled, "entry");
            Databases.insert(pooledOrders, "entry " + before);
            ktm.userTransaction().commit();

            assertThat(count(orders, "entries")).isEqualTo(before + 1);
            assertThat(count(source, "entries")).isOne();
            assertThat(count(source, "ledger.decisions")).isOne();
            ktm.recoverNow();
            assertThat(count(source, "ledger.decisions")).isZero();
        }
    }
}
