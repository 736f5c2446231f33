package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.util.Credentials;
import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.log.testing.Until;
import dev.ktm.rm.OutcomeReport;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.XADataSource;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of branches whose outcome is open, and of the connections that hold them. */
@SuppressWarnings("NullAway.Init")
class RecoveryTest {

    private final SimulatedDevice device = new SimulatedDevice();
    private final List<OutcomeReport> reports = new CopyOnWriteArrayList<>();
    private Ktm ktm = Ktm.open(options());
    private final Connection otherObserver;
    private KtmDataSource other;
    private FaultyXaDataSource driver;
    private KtmDataSource source;
    private Connection observer;

    RecoveryTest() throws SQLException {
        var database = Databases.h2InMemory("o" + UUID.randomUUID());
        otherObserver = Databases.prepare(database);
        other = KtmDataSource.open(ktm, "other", database);
    }

    private KtmOptions options() {
        return KtmOptions.builder()
                .device(device)
                .recoveryInterval(Duration.ofHours(1))
                .reportListener(reports::add)
                .build();
    }

    private void open(XADataSource database) throws SQLException {
        observer = Databases.prepare(database);
        driver = new FaultyXaDataSource(database);
        source = open("entries");
    }

    private KtmDataSource open(String name) throws SQLException {
        return KtmDataSource.builder(ktm, name)
                .source(driver)
                .pool(Databases.smallPool())
                .open();
    }

    @AfterEach
    void close() throws SQLException {
        source.close();
        other.close();
        ktm.close();
        observer.close();
        otherObserver.close();
    }

    private void commitInBoth(String name) throws Exception {
        ktm.userTransaction().begin();
        Databases.insert(source, name);
        Databases.insert(other, name);
        ktm.userTransaction().commit();
    }

    /** Recovery asks through connections of its own, the first call is the transaction's. */
    private void failFirstCommit() {
        driver.failNext("commit", new XAException(XAException.XAER_RMFAIL));
    }

    @Test
    void whereTheBranchWouldBeLostTheConnectionStaysUntilRecoveryHasFinishedIt() throws Exception {
        open(Databases.h2InMemory("d" + UUID.randomUUID()));
        driver.setFault((call, after) -> {
            if (call.equals("commit") || call.equals("recover")) {
                throw new XAException(XAException.XAER_RMFAIL);
            }
        });

        commitInBoth("a");

        assertThat(source.pool().getActiveConnections()).isOne();
        assertThat(Databases.count(observer)).isZero();
        driver.setFault((call, after) -> {});
        ktm.recoverNow();
        assertThat(Databases.count(observer)).isOne();
        assertThat(source.pool().getActiveConnections()).isZero();
        assertThat(ktm.manager().live()).isEmpty();
    }

    @Test
    void whereTheBranchSurvivesTheConnectionIsClosedAndAnotherFinishesIt() throws Exception {
        open(Databases.derbyInMemory("d" + UUID.randomUUID()));
        driver.setFault((call, after) -> {
            if (call.equals("commit") || call.equals("recover")) {
                throw new XAException(XAException.XAER_RMFAIL);
            }
        });

        commitInBoth("a");

        assertThat(source.pool().getActiveConnections()).isZero();
        driver.setFault((call, after) -> {});
        ktm.recoverNow();
        assertThat(Databases.count(observer)).isOne();
        assertThat(ktm.manager().live()).isEmpty();
    }

    @Test
    void closingTheDataSourceDoesNotLoseABranchInDoubt() throws Exception {
        open(Databases.h2InMemory("d" + UUID.randomUUID()));
        driver.setFault((call, after) -> {
            if (call.equals("commit") || call.equals("recover")) {
                throw new XAException(XAException.XAER_RMFAIL);
            }
        });
        commitInBoth("a");

        source.close();
        driver.setFault((call, after) -> {});
        source = open("entries");
        ktm.recoverNow();

        assertThat(Databases.count(observer)).isOne();
        assertThat(ktm.manager().live()).isEmpty();
        // One that recovery keeps, and what the new pool may have opened.
        Until.holds(() -> driver.openConnections() == 1 + source.pool().getTotalConnections());
    }

    @Test
    void recoveryDoesNotNeedThePool() throws Exception {
        open(Databases.derbyInMemory("d" + UUID.randomUUID()));
        failFirstCommit();
        commitInBoth("a");
        var taken =
                List.of(source.getConnection(), source.getConnection(), source.getConnection(), source.getConnection());

        ktm.recoverNow();

        assertThat(Databases.count(observer)).isOne();
        for (var connection : taken) {
            connection.close();
        }
    }

    @Test
    void recoveryUsesItsOwnUser() throws Exception {
        var database = Databases.h2InMemory("d" + UUID.randomUUID());
        // Settings in the URL are for administrators only.
        database.setURL(database.getURL().replaceAll(";.*", ""));
        observer = Databases.prepare(database);
        try (var statement = observer.createStatement()) {
            statement.execute("CREATE USER doctor PASSWORD 'secret' ADMIN");
            statement.execute("CREATE USER clerk PASSWORD 'public'");
            statement.execute("GRANT ALL ON entries TO clerk");
        }
        driver = new FaultyXaDataSource(database);
        var pool = Databases.smallPool();
        pool.setUsername("clerk");
        pool.setPassword("public");
        source = KtmDataSource.builder(ktm, "entries")
                .source(driver)
                .pool(pool)
                .recoveryUser("doctor", "secret")
                .open();
        failFirstCommit();
        commitInBoth("a");

        ktm.recoverNow();

        assertThat(Databases.count(observer)).isOne();
        assertThat(ktm.manager().live()).isEmpty();
        database.setPassword("nobody");
        assertThatThrownBy(() -> KtmDataSource.builder(ktm, "more")
                        .source(driver)
                        .pool(pool)
                        .recoveryUser("doctor", "wrong")
                        .open())
                .hasMessageContaining("is not let in");
    }

    @Test
    void recoveryUsesThePasswordThatThePoolWasGivenLast() throws Exception {
        var pool = Databases.smallPool();
        pool.setUsername("sa");
        pool.setPassword("old");
        recoversAfterAChangeOfThePassword(
                pool,
                password -> source.unwrap(HikariDataSource.class)
                        .getHikariConfigMXBean()
                        .setPassword(password));
    }

    @Test
    void recoveryUsesWhatTheProviderOfCredentialsGives() throws Exception {
        var password = new AtomicReference<>("old");
        var pool = Databases.smallPool();
        pool.setCredentialsProvider(() -> Credentials.of("sa", password.get()));
        recoversAfterAChangeOfThePassword(pool, password::set);
    }

    private interface Rotation {
        void to(String password) throws SQLException;
    }

    /** The driver's data source lets nobody in by itself. */
    private void recoversAfterAChangeOfThePassword(HikariConfig pool, Rotation rotation) throws Exception {
        var database = Databases.h2InMemory("d" + UUID.randomUUID());
        observer = Databases.prepare(database);
        database.setPassword("nobody's");
        changePassword("old");
        driver = new FaultyXaDataSource(database);
        source = KtmDataSource.builder(ktm, "entries").source(driver).pool(pool).open();
        driver.setFault((call, after) -> {
            if (call.equals("commit") || call.equals("recover")) {
                throw new XAException(XAException.XAER_RMFAIL);
            }
        });
        commitInBoth("a");
        changePassword("new");
        rotation.to("new");
        driver.setFault((call, after) -> {});

        ktm.recoverNow();

        assertThat(Databases.count(observer)).isOne();
        assertThat(ktm.manager().live()).isEmpty();
        Databases.insert(source, "b");
    }

    private void changePassword(String password) throws SQLException {
        try (var statement = observer.createStatement()) {
            statement.execute("ALTER USER sa SET PASSWORD '" + password + "'");
        }
    }

    @Test
    void aNameThatHasChangedIsReportedAndMendedByTheOldOne() throws Exception {
        open(Databases.derbyInMemory("d" + UUID.randomUUID()));
        // Its branch is committed, but nobody has heard of it.
        driver.setFault((call, after) -> {
            if ((call.equals("commit") && after) || call.equals("recover")) {
                throw new XAException(XAException.XAER_RMFAIL);
            }
        });
        commitInBoth("a");
        source.close();
        other.close();
        ktm.close();
        driver.setFault((call, after) -> {});

        ktm = Ktm.open(options());
        other = KtmDataSource.open(ktm, "other", other.unwrap(org.h2.jdbcx.JdbcDataSource.class));
        source = open("renamed");
        ktm.recoverNow();

        assertThat(reports).anySatisfy(report -> {
            assertThat(report.resourceManager()).isEqualTo("entries");
            assertThat(report.nextStep()).contains("register it under both").contains("renamed");
        });
        assertThat(ktm.manager().live()).hasSize(1);
        ktm.register("entries", driver);
        ktm.recoverNow();
        assertThat(ktm.manager().live()).isEmpty();
        assertThat(Databases.count(observer)).isOne();
    }

    @Test
    void aBranchThatIsListedIsFinishedUnderWhateverName() throws Exception {
        open(Databases.derbyInMemory("d" + UUID.randomUUID()));
        driver.setFault((call, after) -> {
            if (call.equals("commit") || call.equals("recover")) {
                throw new XAException(XAException.XAER_RMFAIL);
            }
        });
        commitInBoth("a");
        source.close();
        other.close();
        ktm.close();
        driver.setFault((call, after) -> {});

        ktm = Ktm.open(options());
        other = KtmDataSource.open(ktm, "other", other.unwrap(org.h2.jdbcx.JdbcDataSource.class));
        source = open("renamed");
        ktm.recoverNow();

        assertThat(Databases.count(observer)).isOne();
        assertThat(ktm.manager().live()).isEmpty();
    }

    @Test
    void anAnswerThatIsLostToTheVoteRollsBackEverywhere() throws Exception {
        open(Databases.h2InMemory("d" + UUID.randomUUID()));
        driver.setFault((call, after) -> {
            if (call.equals("prepare") && after) {
                driver.setFault((next, ignored) -> {});
                throw new XAException(XAException.XAER_RMFAIL);
            }
        });

        assertThatThrownBy(() -> commitInBoth("a")).isInstanceOf(jakarta.transaction.RollbackException.class);

        ktm.recoverNow();
        assertThat(Databases.count(observer)).isZero();
        assertThat(Databases.count(otherObserver)).isZero();
        assertThat(source.pool().getActiveConnections()).isZero();
        assertThat(ktm.manager().live()).isEmpty();
    }

    /** Drivers may refuse to close what their database has left; a pool could not be closed, and its name not be used again. */
    @Test
    void closesAlthoughRecoverysConnectionIsBroken() throws Exception {
        open(Databases.h2InMemory("e" + UUID.randomUUID()));
        ktm.recoverNow();
        driver.setFault((call, after) -> {
            if (call.equals("close") && after) {
                throw new SQLException("the connection is broken", "90067");
            }
        });

        assertThatCode(() -> source.close()).doesNotThrowAnyException();

        driver.setFault((call, after) -> {});
        source = open("entries");
        commitInBoth("again");
        assertThat(Databases.contains(observer, "again")).isTrue();
    }
}
