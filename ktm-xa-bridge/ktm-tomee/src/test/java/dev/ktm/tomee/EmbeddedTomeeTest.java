package dev.ktm.tomee;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.rm.TransactionState;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import javax.naming.InitialContext;
import javax.sql.DataSource;
import javax.transaction.xa.XAResource;
import org.apache.openejb.OpenEJB;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** TomEE itself, whose data sources are pooled by Tomcat. Has a class path of its own, see the module's profile. */
@Tag("campaign")
@EnabledIfSystemProperty(named = "tomee.embedded", matches = "true")
class EmbeddedTomeeTest {

    @TempDir
    Path directory;

    /** TomEE is not there when this is compiled. */
    private static AutoCloseable start(Properties properties, Path directory) throws Exception {
        var configurationClass = Class.forName("org.apache.tomee.embedded.Configuration");
        var configuration = configurationClass.getConstructor().newInstance();
        configurationClass.getMethod("setProperties", Properties.class).invoke(configuration, properties);
        configurationClass.getMethod("setSkipHttp", boolean.class).invoke(configuration, true);
        configurationClass.getMethod("setDir", String.class).invoke(configuration, directory.toString());
        return Class.forName("org.apache.tomee.embedded.Container")
                .asSubclass(AutoCloseable.class)
                .getConstructor(configurationClass)
                .newInstance(configuration);
    }

    @SuppressWarnings("BanJNDI")
    private static DataSource dataSource(String name) throws Exception {
        var properties = new Properties();
        properties.setProperty("java.naming.factory.initial", "org.apache.openejb.core.LocalInitialContextFactory");
        return (DataSource) new InitialContext(properties).lookup("openejb:Resource/" + name);
    }

    /** The same database, without the server. */
    private static DataSource plain(String name) {
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:tomee" + name);
        database.setUser("sa");
        return database;
    }

    private static void execute(DataSource database, String sql) throws SQLException {
        try (var connection = database.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static void isRefused(DataSource database, String sql) {
        assertThatThrownBy(() -> execute(database, sql)).isInstanceOf(Exception.class);
    }

    private static void rollBackElsewhere(Transaction transaction) {
        CompletableFuture.runAsync(() -> {
                    try {
                        transaction.rollback();
                    } catch (SystemException e) {
                        throw new IllegalStateException(e);
                    }
                })
                .join();
    }

    private static int count(DataSource database, String table) throws SQLException {
        try (var connection = database.getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("select count(*) from " + table)) {
            rows.next();
            return rows.getInt(1);
        }
    }

    /** A resource that has no work of its own, and looks around when it is asked to prepare. */
    private static XAResource whenAllOthersHavePrepared(Shop.Work look) {
        return (XAResource) Proxy.newProxyInstance(
                XAResource.class.getClassLoader(), new Class<?>[] {XAResource.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("prepare")) {
                        look.run();
                        return XAResource.XA_RDONLY;
                    }
                    return switch (method.getName()) {
                        case "isSameRM", "setTransactionTimeout" -> false;
                        case "getTransactionTimeout" -> 0;
                        default -> null;
                    };
                });
    }

    @Test
    void dataSourcesThatTomcatPoolsCommitTogetherAndAreRecoveredByName() throws Exception {
        var properties = Settings.shop(directory, "tomee").properties();
        properties.setProperty(
                "transactions.logDirectory", directory.resolve("log").toString());
        try (var tomee = start(properties, directory.resolve("tomee"))) {
            assertThat(tomee).isNotNull();
            var manager = (KtmTransactionManager) OpenEJB.getTransactionManager();
            var orders = dataSource("orders");
            var audit = dataSource("audit");
            var ledger = dataSource("ledger");
            assertThat(orders.getClass().getName()).doesNotContain("dbcp");
            execute(orders, "create table sale (item varchar(100))");
            execute(audit, "create table noted (item varchar(100))");
            execute(ledger, "create table booked (item varchar(100))");

            manager.begin();
            var transaction = Objects.requireNonNull(manager.getTransaction());
            execute(orders, "insert into sale values ('lamp')");
            execute(audit, "insert into noted values ('lamp')");
            execute(ledger, "insert into booked values ('lamp')");
            System.gc();
            assertThat(count(orders, "sale")).isEqualTo(1);
            var prepared = new AtomicInteger();
            transaction.enlistResource(whenAllOthersHavePrepared(() -> {
                for (var name : List.of("orders", "audit", "ledger")) {
                    prepared.addAndGet(count(plain(name), "information_schema.in_doubt"));
                }
            }));
            manager.commit();
            assertThat(prepared).hasValue(3);
            assertThat(((KtmTransaction) transaction).history())
                    .contains(TransactionState.PREPARED, TransactionState.COMMITTED);

            manager.begin();
            execute(orders, "insert into sale values ('sofa')");
            execute(audit, "insert into noted values ('sofa')");
            execute(ledger, "insert into booked values ('sofa')");
            manager.rollback();

            manager.begin();
            execute(orders, "insert into sale values ('marked')");
            manager.setRollbackOnly();
            isRefused(audit, "insert into noted values ('marked')");
            manager.rollback();

            manager.begin();
            execute(orders, "insert into sale values ('rolled back')");
            rollBackElsewhere(Objects.requireNonNull(manager.getTransaction()));
            isRefused(orders, "insert into sale values ('late')");
            isRefused(audit, "insert into noted values ('late')");
            isRefused(ledger, "insert into booked values ('late')");
            assertThatThrownBy(manager::commit).isInstanceOf(Exception.class);

            assertThat(count(orders, "sale")).isEqualTo(1);
            assertThat(count(audit, "noted")).isEqualTo(1);
            assertThat(count(ledger, "booked")).isEqualTo(1);
            assertThat(manager.ktm().resourceManagers()).containsExactly("auditXa", "ledger", "ordersXa");
        }
    }
}
