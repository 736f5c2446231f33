package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.zaxxer.hikari.HikariConfig;
import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.LoggedTexts;
import java.io.PrintWriter;
import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.logging.Logger;
import javax.naming.CompositeName;
import javax.naming.Context;
import javax.naming.Reference;
import javax.naming.StringRefAddr;
import javax.sql.DataSource;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** However a password fails, nobody reads it in a message, a stack trace or the log. */
class SecretsTest {

    private static final String SECRET = "canary-4711";

    private final LoggedTexts logged = new LoggedTexts();
    private final Ktm ktm = Ktm.open(KtmOptions.builder()
            .inMemory()
            .recoveryInterval(Duration.ofHours(1))
            .build());
    private final List<String> seen = new ArrayList<>();

    @AfterEach
    void nothingWasSaid() {
        ktm.close();
        logged.close();
        seen.addAll(logged.all());
        assertThat(seen).isNotEmpty().allSatisfy(text -> assertThat(text).doesNotContain(SECRET));
    }

    private void expectFailure(KtmDataSourceBuilder builder) {
        var failure = catchThrowable(() -> builder.open().close());
        assertThat(failure).isNotNull();
        seen.add(LoggedTexts.printed(failure));
    }

    private static JdbcDataSource database() {
        return Databases.h2InMemory("d" + UUID.randomUUID());
    }

    @Test
    void aPasswordOfThePoolThatIsRefused() throws Exception {
        var pool = Databases.smallPool();
        pool.setUsername("sa");
        pool.setPassword(SECRET);

        var database = database();
        try (var first = database.getConnection()) {
            expectFailure(KtmDataSource.builder(ktm, "orders").source(database).pool(pool));
            expectFailure(
                    KtmDataSource.builder(ktm, "orders").lastResource(database).pool(pool));
            assertThat(first.isClosed()).isFalse();
        }
    }

    @Test
    void aPasswordOfRecoveryThatIsRefused() throws Exception {
        var database = database();
        try (var first = database.getConnection()) {
            expectFailure(KtmDataSource.builder(ktm, "orders").source(database).recoveryUser("sa", SECRET));
            assertThat(first.isClosed()).isFalse();
        }
    }

    @Test
    void aDatabaseThatCannotBeReached() throws Exception {
        var elsewhere = new JdbcDataSource();
        elsewhere.setURL("jdbc:h2:tcp://host.invalid/orders");
        elsewhere.setUser("sa");
        elsewhere.setPassword(SECRET);
        var pool = Databases.smallPool();
        pool.setConnectionTimeout(250);

        try (var source = KtmDataSource.builder(ktm, "orders")
                .source(elsewhere)
                .recoveryUser("sa", SECRET)
                .pool(pool)
                .open()) {
            seen.add(source.toString());
            seen.add(LoggedTexts.printed(Objects.requireNonNull(catchThrowable(source::getConnection))));
            seen.add(LoggedTexts.printed(
                    Objects.requireNonNull(catchThrowable(() -> source.getConnection("other", SECRET)))));
            ktm.recoverNow();
        }
    }

    @Test
    void whatIsOpenDoesNotSayWhomItIsOpenedBy() throws Exception {
        var database = database();
        database.setPassword(SECRET);
        try (var source = KtmDataSource.builder(ktm, "orders")
                        .source(database)
                        .recoveryUser("sa", SECRET)
                        .open();
                var connection = source.getConnection()) {
            seen.add(source.toString() + connection + " "
                    + connection.getMetaData().getURL());
            seen.add(String.valueOf(new Adapter.Credentials("sa", SECRET)));
        }
    }

    /** A driver that repeats what it does not like. */
    public static final class Repeating implements XADataSource {
        private final JdbcDataSource database = new JdbcDataSource();

        /** A property that it refuses. */
        public void setAddress(String value) {
            throw new IllegalArgumentException("no address: " + value);
        }

        /** A property. */
        public void setUrl(String value) {
            database.setUrl(value);
        }

        /** A property. */
        public void setUser(String value) {
            database.setUser(value);
        }

        /** A property. */
        public void setPassword(String value) {
            database.setPassword(value);
        }

        @Override
        public XAConnection getXAConnection() throws SQLException {
            return database.getXAConnection();
        }

        @Override
        public XAConnection getXAConnection(String user, String password) throws SQLException {
            return database.getXAConnection(user, password);
        }

        @Override
        public PrintWriter getLogWriter() {
            return database.getLogWriter();
        }

        @Override
        public void setLogWriter(PrintWriter out) {
            database.setLogWriter(out);
        }

        @Override
        public void setLoginTimeout(int seconds) {
            database.setLoginTimeout(seconds);
        }

        @Override
        public int getLoginTimeout() {
            return database.getLoginTimeout();
        }

        @Override
        public Logger getParentLogger() {
            return database.getParentLogger();
        }
    }

    private static Context names(Ktm ktm) {
        return (Context) Proxy.newProxyInstance(
                Context.class.getClassLoader(), new Class<?>[] {Context.class}, (proxy, method, arguments) -> ktm);
    }

    @ParameterizedTest
    @CsvSource({
        "dataSource.password, dataSource.url, jdbc:h2:tcp://host.invalid/x, initializationFailTimeout, none",
        "dataSource.password, dataSource.nothing, x, poolName, p",
        "dataSource.address, dataSource.user, sa, poolName, p",
        "recoveryPassword, dataSource.user, sa, poolName, p",
        "password, dataSourceClassName, no.such.Class, poolName, p",
        "password, username, sa, maximumPoolSize, many"
    })
    void aResourceOfAContainerThatIsConfiguredWrongly(
            String secret, String one, String first, String other, String second) {
        var attributes = new TreeMap<>(Map.of("dataSourceClassName", Repeating.class.getName(), secret, SECRET));
        attributes.put(one, first);
        attributes.put(other, second);
        var reference = new Reference(DataSource.class.getName());
        attributes.forEach((name, value) -> reference.add(new StringRefAddr(name, value)));

        var failure = catchThrowable(() -> new KtmDataSourceObjectFactory()
                .getObjectInstance(reference, new CompositeName("orders"), names(ktm), null));

        assertThat(failure).isNotNull();
        seen.add(LoggedTexts.printed(failure));
    }

    @Test
    void aPoolWhosePropertiesTheDriverRefuses() {
        var pool = new HikariConfig();
        pool.setDataSourceClassName(Repeating.class.getName());
        pool.addDataSourceProperty("address", SECRET);

        expectFailure(KtmDataSource.builder(ktm, "orders").pool(pool));
    }
}
