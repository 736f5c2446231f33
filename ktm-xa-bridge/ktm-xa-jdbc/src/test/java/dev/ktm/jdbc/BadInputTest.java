package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Reports;
import dev.ktm.log.testing.Until;
import java.io.PrintWriter;
import java.io.Serializable;
import java.io.Writer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLInvalidAuthorizationSpecException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.transaction.xa.XAException;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What users, databases and drivers get wrong, and what they are told. */
@Tag("slow")
class BadInputTest {

    private final Ktm ktm = Ktm.open(KtmOptions.builder()
            .inMemory()
            .recoveryInterval(Duration.ofHours(1))
            .build());
    private final List<KtmDataSource> sources = new ArrayList<>();
    private final JdbcDataSource database = Databases.h2InMemory("d" + UUID.randomUUID());
    private final FaultyXaDataSource driver = new FaultyXaDataSource(database);
    private final Reports reports = new Reports(KtmDataSource.class);
    private final Connection observer;

    BadInputTest() throws SQLException {
        observer = Databases.prepare(database);
    }

    @BeforeEach
    void settle() {
        assertThat(sources).isEmpty();
    }

    @AfterEach
    void close() throws SQLException {
        for (var source : sources) {
            source.close();
        }
        ktm.close();
        observer.close();
        reports.close();
    }

    private KtmDataSource open(KtmDataSourceBuilder builder) throws SQLException {
        var source = builder.open();
        sources.add(source);
        return source;
    }

    private KtmDataSourceBuilder builder(String name) {
        return KtmDataSource.builder(ktm, name).source(driver).pool(Databases.smallPool());
    }

    private void begin() throws Exception {
        ktm.userTransaction().begin();
    }

    @Test
    void aWrongPasswordIsSaidAtOnce() {
        database.setPassword("wrong");

        assertThatThrownBy(() -> open(builder("orders")))
                .isInstanceOf(SQLInvalidAuthorizationSpecException.class)
                .hasMessageContaining("\"orders\" is not let in")
                .hasMessageContaining("Check the user name and the password");
    }

    @Test
    void aWrongPasswordOfThePoolIsNotHiddenByARightOneOfRecovery() {
        var pool = Databases.smallPool();
        pool.setUsername("sa");
        pool.setPassword("wrong");

        assertThatThrownBy(() -> open(builder("orders").pool(pool).recoveryUser("sa", "")))
                .isInstanceOf(SQLInvalidAuthorizationSpecException.class)
                .hasMessageContaining("is not let in");
    }

    @Test
    void anUnknownHostIsReportedAndWaitedFor() throws Exception {
        var elsewhere = new JdbcDataSource();
        elsewhere.setURL("jdbc:h2:tcp://host.invalid/orders");
        var pool = Databases.smallPool();
        pool.setConnectionTimeout(250);

        var source = open(KtmDataSource.builder(ktm, "orders").source(elsewhere).pool(pool));

        assertThat(reports.texts())
                .anySatisfy(text -> assertThat(text)
                        .contains("\"orders\" cannot be reached now")
                        .contains("host.invalid"));
        assertThatThrownBy(source::getConnection)
                .isInstanceOf(SQLTransientConnectionException.class)
                .hasMessageContaining("no connection to \"orders\" could be opened within 250 ms")
                .hasMessageContaining("host.invalid");
    }

    @Test
    void aServerThatComesLaterIsUsedAsSoonAsItIsThere() throws Exception {
        driver.setFault((call, after) -> {
            if (call.equals("getXAConnection")) {
                throw new SQLException("connection refused", "08001");
            }
        });
        var source = open(builder("orders"));
        begin();
        assertThatThrownBy(() -> Databases.insert(source, "a")).hasMessageContaining("connection refused");
        ktm.userTransaction().rollback();

        driver.setFault((call, after) -> {});
        begin();
        Databases.insert(source, "b");
        ktm.userTransaction().commit();

        assertThat(Databases.count(observer)).isOne();
        assertThat(source.profile().keptInDoubt()).isTrue();
        assertThat(reports.texts()).anySatisfy(text -> assertThat(text).contains("connection refused"));
    }

    @Test
    void aServerThatIsNotThereIsNotWaitedForIfThePoolSaysSo() {
        driver.setFault((call, after) -> {
            if (call.equals("getXAConnection")) {
                throw new SQLException("connection refused", "08001");
            }
        });
        var pool = Databases.smallPool();
        pool.setInitializationFailTimeout(2);

        assertThatThrownBy(() -> open(builder("orders").pool(pool))).hasMessageContaining("connection refused");

        driver.setFault((call, after) -> {});
        // The name is free again.
        assertThat(catchNothing(() -> open(builder("orders")))).isNotNull();
    }

    private interface Opening {
        KtmDataSource open() throws SQLException;
    }

    private static KtmDataSource catchNothing(Opening opening) {
        try {
            return opening.open();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aPoolThatIsUsedUpSaysSo() throws Exception {
        var source = open(builder("orders"));
        var taken = new ArrayList<Connection>();
        for (int i = 0; i < 4; i++) {
            taken.add(source.getConnection());
        }

        assertThatThrownBy(source::getConnection)
                .isInstanceOf(SQLTransientConnectionException.class)
                .hasMessageContaining("all 4 connections to \"orders\" are in use")
                .hasMessageContaining("leakDetectionThreshold");

        for (var connection : taken) {
            connection.close();
        }
    }

    @Test
    void aPasswordThatWasChangedMeanwhileIsNotTakenForAPoolThatIsUsedUp() throws Exception {
        var source = open(builder("orders"));
        database.setPassword("wrong");

        assertThatThrownBy(source::getConnection)
                .isInstanceOf(SQLInvalidAuthorizationSpecException.class)
                .hasMessageContaining("could be opened")
                .hasMessageContaining("Wrong user name or password");
    }

    @Test
    void aDriverThatCannotCompareResourcesIsNotAsked() throws Exception {
        driver.setFault((call, after) -> {
            if (call.equals("isSameRM")) {
                throw new XAException(XAException.XAER_RMFAIL);
            }
        });
        var orders = open(builder("orders"));
        var stock = open(builder("stock"));
        begin();
        Databases.insert(orders, "a");
        Databases.insert(stock, "b");

        ktm.userTransaction().commit();

        assertThat(Databases.count(observer)).isEqualTo(2);
        assertThat(driver.calls()).doesNotContain("isSameRM");
    }

    @Test
    void aConnectionMayBeClosedTwice() throws Exception {
        var source = open(builder("orders"));
        var outside = source.getConnection();
        outside.close();
        outside.close();
        begin();
        var inside = source.getConnection();
        Databases.insert(inside, "a");
        inside.close();
        inside.close();

        assertThat(inside.isClosed()).isTrue();
        assertThatThrownBy(inside::createStatement)
                .hasMessageContaining("its user has closed")
                .hasFieldOrPropertyWithValue("SQLState", "08003");
        Databases.insert(source, "b");
        ktm.userTransaction().commit();

        assertThat(source.pool().getActiveConnections()).isZero();
        assertThat(Databases.count(observer)).isEqualTo(2);
    }

    @Test
    void aConnectionThatIsNeverClosedIsReportedWithTheStackThatTookIt() throws Exception {
        var pool = Databases.smallPool();
        pool.setLeakDetectionThreshold(60_000);
        var source = open(builder("orders").pool(pool));
        begin();
        Databases.insert(takenHereAndNeverClosed(source), "a");
        ktm.userTransaction().commit();

        var leaked = reports.all().stream()
                .filter(record -> record.getMessage().contains("was not closed"))
                .toList();
        assertThat(leaked).hasSize(1);
        assertThat(leaked.get(0).getThrown().getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("takenHereAndNeverClosed"));
        assertThat(source.pool().getActiveConnections()).isZero();
    }

    private static Connection takenHereAndNeverClosed(KtmDataSource source) throws SQLException {
        return source.getConnection();
    }

    @Test
    void withoutLeakDetectionItIsReportedOnceHowToFindOut() throws Exception {
        var source = open(builder("orders"));
        for (int i = 0; i < 3; i++) {
            begin();
            Databases.insert(takenHereAndNeverClosed(source), "a" + i);
            ktm.userTransaction().commit();
        }

        assertThat(reports.texts().stream().filter(text -> text.contains("was not closed")))
                .singleElement()
                .satisfies(text -> assertThat(text).contains("set leakDetectionThreshold"));
    }

    @Test
    void oneNameIsForOneDataSource() throws Exception {
        var first = open(builder("orders"));

        assertThatThrownBy(() -> open(builder("orders")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a name that no other data source has, found \"orders\"");

        begin();
        Databases.insert(first, "a");
        ktm.userTransaction().commit();
        assertThat(Databases.count(observer)).isOne();
    }

    @Test
    void aClassThatIsNoXaClassIsRefusedWithTheOneThatIs() {
        var pool = new HikariConfig();
        pool.setDataSourceClassName("org.apache.derby.jdbc.EmbeddedDataSource");

        assertThatThrownBy(() -> open(KtmDataSource.builder(ktm, "orders").pool(pool)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("found org.apache.derby.jdbc.EmbeddedDataSource")
                .hasMessageContaining("use org.apache.derby.jdbc.EmbeddedXADataSource instead");
    }

    @Test
    void whatDoesNotNameAnXaDataSourceIsRefused() {
        var url = new HikariConfig();
        url.setJdbcUrl("jdbc:h2:mem:x");
        var missing = new HikariConfig();
        missing.setDataSourceClassName("no.such.Driver");

        assertThatThrownBy(() -> open(KtmDataSource.builder(ktm, "orders").pool(url)))
                .hasMessageContaining("found jdbcUrl");
        assertThatThrownBy(() -> open(KtmDataSource.builder(ktm, "orders").pool(missing)))
                .hasMessageContaining("found no.such.Driver")
                .hasMessageContaining("class path");
        assertThatThrownBy(() -> open(KtmDataSource.builder(ktm, "orders"))).hasMessageContaining("found none");
        assertThatThrownBy(() -> KtmDataSource.builder(ktm, " ")).hasMessageContaining("expected a name");
    }

    @Test
    void theDriversClassAndItsPropertiesAreEnough() throws Exception {
        var pool = Databases.smallPool();
        pool.setDataSourceClassName("org.h2.jdbcx.JdbcDataSource");
        pool.addDataSourceProperty("url", database.getURL());
        pool.setUsername("sa");
        pool.setPassword("");

        var source = open(KtmDataSource.builder(ktm, "orders").pool(pool));
        begin();
        Databases.insert(source, "a");
        ktm.userTransaction().commit();

        assertThat(Databases.count(observer)).isOne();
        assertThat(pool.getDataSource())
                .as("the caller's configuration is left as it was")
                .isNull();
    }

    /** Nothing of the configuration is ever written anywhere. */
    @Test
    void propertiesOfTheDriverNeedNotBeSerialisable() throws Exception {
        var written = new PrintWriter(Writer.nullWriter());
        assertThat(written).isNotInstanceOf(Serializable.class);
        var pool = Databases.smallPool();
        pool.setDataSourceClassName("org.h2.jdbcx.JdbcDataSource");
        pool.addDataSourceProperty("url", database.getURL());
        pool.addDataSourceProperty("logWriter", written);
        pool.setUsername("sa");
        pool.setPassword("");

        var source = open(KtmDataSource.builder(ktm, "orders").pool(pool));

        assertThat(source.getLogWriter()).isSameAs(written);
        begin();
        Databases.insert(source, "a");
        ktm.userTransaction().commit();
        assertThat(Databases.count(observer)).isOne();
    }

    @Test
    void aSwallowedDeadlockStillRollsBack() throws Exception {
        var source = open(builder("orders"));
        begin();
        Databases.insert(source, "a");
        driver.failNext("executeUpdate", new SQLException("deadlock", "40001"));
        assertThatThrownBy(() -> Databases.insert(source, "b")).hasMessage("deadlock");

        assertThatThrownBy(() -> ktm.userTransaction().commit())
                .isInstanceOf(jakarta.transaction.RollbackException.class);

        assertThat(Databases.count(observer)).isZero();
        assertThat(source.pool().getActiveConnections()).isZero();
    }

    @Test
    void aSwallowedDeadlockWhileAStatementIsMadeStillRollsBack() throws Exception {
        var source = open(builder("orders"));
        begin();
        Databases.insert(source, "a");
        driver.failNext("prepareStatement", new SQLException("deadlock", "40001"));
        assertThatThrownBy(() -> Databases.insert(source, "b")).hasMessage("deadlock");

        assertThatThrownBy(() -> ktm.userTransaction().commit())
                .isInstanceOf(jakarta.transaction.RollbackException.class);

        assertThat(Databases.count(observer)).isZero();
    }

    @Test
    void aFailedStatementAloneDoesNotRollBack() throws Exception {
        var source = open(builder("orders"));
        begin();
        Databases.insert(source, "a");
        assertThatThrownBy(() -> Databases.insert(source, "a")).isInstanceOf(SQLException.class);

        ktm.userTransaction().commit();

        assertThat(Databases.count(observer)).isOne();
    }

    @Test
    void aDriverThatCannotStartABranchIsReportedAndItsConnectionIsNotUsedAgain() throws Exception {
        var source = open(builder("orders"));
        begin();
        driver.failNext("start", new XAException(XAException.XAER_RMFAIL));

        assertThatThrownBy(() -> Databases.insert(source, "a"))
                .hasMessageContaining("cannot join")
                .hasMessageContaining("XAER_RMFAIL");
        Databases.insert(source, "b");
        ktm.userTransaction().commit();

        assertThat(Databases.count(observer)).isOne();
        assertThat(source.pool().getActiveConnections()).isZero();
    }

    @Test
    void aBrokenConnectionIsNotClosedBeforeItsBranchIsRolledBack() throws Exception {
        var source = open(builder("orders"));
        begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");
        driver.failNext("executeUpdate", new SQLException("connection lost", "08006"));
        assertThatThrownBy(() -> Databases.insert(connection, "b")).hasMessage("connection lost");
        assertThat(source.pool().getTotalConnections())
                .as("the pool is rid of it")
                .isZero();
        int before = driver.openConnections();

        assertThatThrownBy(() -> ktm.userTransaction().commit())
                .isInstanceOf(jakarta.transaction.RollbackException.class);

        assertThat(driver.calls()).endsWith("rollback");
        // The pool closes in a thread of its own.
        Until.holds(() -> driver.openConnections() == before - 1);
        assertThat(Databases.count(observer)).isZero();
    }
}
