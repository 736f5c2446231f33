package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jta.DecisionTableName;
import dev.ktm.log.testing.Reports;
import java.io.PrintWriter;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.logging.Logger;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is found out about a database before its first transaction. Databases that do not run here answer from a table. */
class ProbeTest {

    @TempDir
    Path directory;

    private final Reports reports = new Reports(KtmDataSource.class);

    @AfterEach
    void close() {
        reports.close();
    }

    /** A database that answers what it is told to. */
    private static final class Answers {
        private final String product;
        private final String version;
        private final String url;
        private final Map<String, String> values = new HashMap<>();
        private int recoverFails;

        Answers(String product, String version, String url) {
            this.product = product;
            this.version = version;
            this.url = url;
        }

        Answers value(String query, String value) {
            values.put(query, value);
            return this;
        }

        Answers recoverFailsWith(int code) {
            recoverFails = code;
            return this;
        }

        XAConnection connect() {
            return proxy(XAConnection.class, (name, argument) -> switch (name) {
                case "getConnection" -> connection();
                case "getXAResource" -> resource();
                default -> null;
            });
        }

        private Connection connection() {
            return proxy(Connection.class, (name, argument) -> switch (name) {
                case "getMetaData" -> metaData();
                case "getAutoCommit" -> true;
                case "createStatement" ->
                    proxy(
                            Statement.class,
                            (call, query) -> call.equals("executeQuery") ? rows(String.valueOf(query)) : null);
                default -> null;
            });
        }

        private DatabaseMetaData metaData() {
            return proxy(DatabaseMetaData.class, (name, argument) -> switch (name) {
                case "getDatabaseProductName" -> product;
                case "getDatabaseProductVersion" -> version;
                case "getURL" -> url;
                default -> null;
            });
        }

        private ResultSet rows(String query) {
            var value = values.get(query);
            return proxy(ResultSet.class, (name, argument) -> switch (name) {
                case "next" -> value != null;
                case "getString" -> value;
                default -> null;
            });
        }

        private XAResource resource() {
            return proxy(XAResource.class, (name, argument) -> {
                if (recoverFails != 0) {
                    throw new XAException(recoverFails);
                }
                return new Xid[0];
            });
        }
    }

    private interface Answer {
        @Nullable
        Object to(String call, @Nullable Object argument) throws Exception;
    }

    private static <T> T proxy(Class<T> type, Answer answer) {
        return type.cast(Proxy.newProxyInstance(
                ProbeTest.class.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "hashCode" -> System.identityHashCode(proxy);
                    case "equals" -> proxy == arguments[0];
                    default -> answer.to(method.getName(), arguments == null ? null : arguments[0]);
                }));
    }

    private static AdapterProfile look(Answers answers, boolean ownUser) throws SQLException {
        XADataSource driver = proxy(XADataSource.class, (call, argument) -> null);
        return new Probe("orders", driver, 10, ownUser, Optional.empty())
                .look(answers.connect())
                .profile();
    }

    private static Answers postgres(int prepared) {
        return new Answers("PostgreSQL", "15.18", "jdbc:postgresql://db/x?socketTimeout=60")
                .value("SHOW max_prepared_transactions", String.valueOf(prepared));
    }

    @Test
    void postgresThatPreparesNothingIsRefused() {
        assertThatThrownBy(() -> look(postgres(0), false))
                .isInstanceOf(MisconfiguredDataSourceException.class)
                .hasMessageContaining("\"orders\"")
                .hasMessageContaining("max_prepared_transactions is 0")
                .hasMessageContaining("restart the server");
    }

    @Test
    void connectionsToADatabaseThatIsRefusedAreClosed() {
        var answers = postgres(0);
        XADataSource database = proxy(XADataSource.class, (call, argument) -> switch (call) {
            case "getXAConnection" -> answers.connect();
            case "getLoginTimeout" -> 0;
            default -> null;
        });
        var driver = new FaultyXaDataSource(database);
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build())) {
            assertThatThrownBy(() -> KtmDataSource.open(ktm, "orders", driver))
                    .isInstanceOf(MisconfiguredDataSourceException.class);

            assertThat(driver.openConnections()).isZero();
            assertThat(ktm.resourceManagers()).isEmpty();
        }
    }

    @Test
    void postgresThatPreparesFewIsReported() throws SQLException {
        var profile = look(postgres(4), false);

        assertThat(profile.sessionCheck()).isEqualTo(AdapterProfile.SessionCheck.POSTGRESQL);
        assertThat(reports.texts())
                .singleElement()
                .satisfies(text ->
                        assertThat(text).contains("at most 4 transactions").contains("10 connections"));
    }

    @Test
    void anotherRecoveryUserOfPostgresHasToBeASuperuser() throws SQLException {
        look(postgres(20).value("SHOW is_superuser", "off"), true);

        assertThat(reports.texts())
                .singleElement()
                .satisfies(text -> assertThat(text).contains("no superuser"));
    }

    @Test
    void aNetworkThatGoesSilentIsThoughtOf() throws SQLException {
        look(new Answers("MariaDB", "10.11.2-MariaDB", "jdbc:mariadb://db/x"), false);
        look(new Answers("MariaDB", "10.11.2-MariaDB", "jdbc:mariadb://db/x?socketTimeout=60000"), false);

        assertThat(reports.texts())
                .singleElement()
                .satisfies(text -> assertThat(text).contains("socketTimeout is not set"));
    }

    @Test
    void oldServersThatLoseWhatTheyHavePreparedAreRefused() throws SQLException {
        assertThatThrownBy(() -> look(new Answers("MariaDB", "10.4.31-MariaDB", "jdbc:mariadb://db/x"), false))
                .hasMessageContaining("MariaDB 10.4.31")
                .hasMessageContaining("10.5 or later");
        assertThatThrownBy(() -> look(new Answers("MySQL", "5.7.6-log", "jdbc:mysql://db/x"), false))
                .hasMessageContaining("MySQL 5.7.6");
        assertThat(look(new Answers("MySQL", "8.4.0", "jdbc:mysql://db/x"), false)
                        .fatalCodes())
                .containsExactlyInAnyOrder(1205, 1213);
        assertThat(look(new Answers("MySQL", "5.5.5-10.11.19-MariaDB", "jdbc:mysql://db/x"), false)
                        .onePhase())
                .as("MariaDB behind the driver of MySQL")
                .isTrue();
    }

    @Test
    void pinnedConnectionsAreRefused() {
        var url = "jdbc:mariadb://db/x?pinGlobalTxToPhysicalConnection=true";

        assertThatThrownBy(() -> look(new Answers("MariaDB", "10.11.2-MariaDB", url), false))
                .hasMessageContaining("pinGlobalTxToPhysicalConnection is on");
    }

    @Test
    void aUserWhoMayNotListBranchesIsToldWhichRightIsMissing() {
        var rights = Map.of(
                new Answers("Oracle", "19.3", "jdbc:oracle:thin:@db"), "sys.dba_pending_transactions",
                new Answers("MySQL", "8.0.36", "jdbc:mysql://db/x"), "XA_RECOVER_ADMIN",
                new Answers("Microsoft SQL Server", "16.0", "jdbc:sqlserver://db"), "SqlJDBCXAUser",
                new Answers("DB2/LINUXX8664", "SQL1105", "jdbc:db2://db/x"), "recoveryUser");

        rights.forEach((answers, missing) -> assertThatThrownBy(
                        () -> look(answers.recoverFailsWith(XAException.XAER_RMERR), false))
                .isInstanceOf(MisconfiguredDataSourceException.class)
                .hasMessageContaining("cannot be listed")
                .hasMessageContaining(missing));
    }

    @Test
    void whatForgetsItsPromisesIsRefused() {
        assertThatThrownBy(() -> look(new Answers("HSQL Database Engine", "2.7.4", "jdbc:hsqldb:mem:x"), false))
                .hasMessageContaining("in memory only");
    }

    @Test
    void ofWhatIsNotKnownNothingIsTakenForGranted() throws SQLException {
        assertThat(look(new Answers("Informix", "14.10", "jdbc:informix"), false))
                .isEqualTo(AdapterProfile.CAUTIOUS);
    }

    @Test
    void h2CommitsInOnePhaseOnlyIfItWritesAtOnce() throws SQLException {
        var delayed = Databases.h2(directory.resolve("delayed"), "");
        var immediate = Databases.h2(directory.resolve("immediate"), ";WRITE_DELAY=0");

        var ofDelayed = look(delayed);
        var ofImmediate = look(immediate);

        assertThat(ofDelayed.onePhase()).isFalse();
        assertThat(ofImmediate.onePhase()).isTrue();
        assertThat(ofImmediate.keptInDoubt()).isTrue();
        assertThat(reports.texts())
                .singleElement()
                .satisfies(text -> assertThat(text).contains(";WRITE_DELAY=0"));
    }

    private static AdapterProfile look(XADataSource database) throws SQLException {
        var connection = database.getXAConnection();
        try {
            return new Probe("orders", database, 10, false, Optional.empty())
                    .look(connection)
                    .profile();
        } finally {
            connection.close();
        }
    }

    @Test
    void derbyIsKnown() throws SQLException {
        assertThat(look(Databases.derbyInMemory("d" + UUID.randomUUID())))
                .isEqualTo(
                        new AdapterProfile(true, false, AdapterProfile.SessionCheck.NONE, false, Set.of(), 2_000_000));
    }

    @Test
    void aDatabaseThatIsNotAvailableIsNoMisconfiguration() {
        assertThatThrownBy(() -> look(
                        new Answers("Oracle", "19.3", "jdbc:oracle:thin:@db").recoverFailsWith(XAException.XAER_RMFAIL),
                        false))
                .isInstanceOf(SQLException.class)
                .isNotInstanceOf(MisconfiguredDataSourceException.class)
                .hasMessageContaining("not available");
    }

    @Test
    void whatIsNoVersionIsTheOldest() {
        assertThat(Probe.Version.of("no version")).isEqualTo(new Probe.Version(0, 0, 0));
        assertThat(Probe.Version.of("99999999999.1")).isEqualTo(new Probe.Version(0, 0, 0));
    }

    @Test
    void whatIsAskedWhereStatementsDoNotCommitLeavesNoTransactionOpen() throws Exception {
        var database = Databases.h2(directory, ";WRITE_DELAY=0");
        try (var setUp = database.getConnection();
                var statement = setUp.createStatement()) {
            statement.execute(DecisionTableName.DEFAULT.creation());
        }
        var driver = new FaultyXaDataSource(new WithoutAutoCommit(database));
        var calls = new ArrayList<String>();
        driver.setFault((call, after) -> {
            if (!after) {
                calls.add(call);
            }
        });
        var connection = driver.getXAConnection();
        try {
            new Probe("h2", driver, 1, false, Optional.empty()).look(connection);
            assertThat(calls.subList(calls.lastIndexOf("createStatement"), calls.size()))
                    .containsSubsequence("createStatement", "rollback", "close", "recover");
        } finally {
            connection.close();
        }
    }

    /** A refusal is an end as well. */
    @Test
    void aLastResourceThatIsRefusedIsLeftWithoutATransaction() throws Exception {
        var lazy = Databases.h2(directory, ";WRITE_DELAY=500");
        var driver = new FaultyXaDataSource(new WithoutAutoCommit(lazy));
        var calls = new ArrayList<String>();
        driver.setFault((call, after) -> calls.add(call));
        var connection = driver.getXAConnection();
        try {
            assertThatThrownBy(() ->
                            new LastResourceProbe("h2", DecisionTableName.DEFAULT, Optional.empty()).look(connection))
                    .hasMessageContaining("WRITE_DELAY=0");
            assertThat(calls.subList(calls.lastIndexOf("createStatement"), calls.size()))
                    .contains("rollback");
        } finally {
            connection.close();
        }
    }

    /** A driver whose connections begin a transaction with whatever is said first. */
    private record WithoutAutoCommit(XADataSource driver) implements XADataSource {

        @Override
        public XAConnection getXAConnection() throws SQLException {
            var real = driver.getXAConnection();
            return proxy(XAConnection.class, (name, argument) -> switch (name) {
                case "getConnection" -> {
                    var connection = real.getConnection();
                    connection.setAutoCommit(false);
                    yield connection;
                }
                case "getXAResource" -> real.getXAResource();
                case "hashCode" -> real.hashCode();
                case "close" -> {
                    real.close();
                    yield null;
                }
                default -> null;
            });
        }

        @Override
        public XAConnection getXAConnection(String user, String password) throws SQLException {
            return getXAConnection();
        }

        @Override
        public PrintWriter getLogWriter() throws SQLException {
            return driver.getLogWriter();
        }

        @Override
        public void setLogWriter(PrintWriter out) throws SQLException {
            driver.setLogWriter(out);
        }

        @Override
        public void setLoginTimeout(int seconds) throws SQLException {
            driver.setLoginTimeout(seconds);
        }

        @Override
        public int getLoginTimeout() throws SQLException {
            return driver.getLoginTimeout();
        }

        @Override
        public Logger getParentLogger() throws SQLFeatureNotSupportedException {
            return driver.getParentLogger();
        }
    }
}
