package dev.ktm.lastresource;

import com.zaxxer.hikari.HikariConfig;
import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jdbc.KtmDataSource;
import dev.ktm.jta.DecisionTableName;
import dev.ktm.lastresource.Committer.Way;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import org.h2.jdbcx.JdbcDataSource;

/** One database with XA and one without, in a directory, and what is done to them. */
record Databases(Path directory, JdbcDataSource orders, DataSource audit) {

    static Databases in(Path directory) {
        return in(directory, h2(directory.resolve("audit") + ";WRITE_DELAY=0;LOCK_TIMEOUT=200"));
    }

    /** With this one as the one without XA. */
    static Databases in(Path directory, DataSource audit) {
        return new Databases(directory, h2(directory.resolve("orders") + ";WRITE_DELAY=0"), audit);
    }

    private static JdbcDataSource h2(String file) {
        var source = new JdbcDataSource();
        source.setURL("jdbc:h2:" + file);
        return source;
    }

    void create() throws SQLException {
        execute(orders, "create table t (id int not null primary key)");
        execute(audit, "create table t (id int not null primary key)");
        execute(audit, DecisionTableName.DEFAULT.creation());
    }

    /** A coordinator over both that asks them when it is told to. */
    Ktm open(KtmOptions.Builder options, DataSource decisions) {
        var opened = openWithOrders(options);
        opened.registerLastResource("audit", decisions);
        return opened;
    }

    /** As {@link #open}, without the one that has no XA. */
    Ktm openWithOrders(KtmOptions.Builder options) {
        return openOver(options.logDirectory(log()));
    }

    /** Where the coordinator has its log. */
    Path log() {
        return directory.resolve("log");
    }

    /** As {@link #openWithOrders}, with a log wherever that is. */
    Ktm openOver(KtmOptions.Builder options) {
        var opened = Ktm.open(options.recoveryInterval(Duration.ofHours(1)).build());
        opened.register("orders", (XADataSource) orders);
        return opened;
    }

    /** Has the one without XA take part in this way, until it is closed. */
    AutoCloseable take(Way way, Ktm ktm) throws SQLException {
        if (way == Way.POOLED) {
            return pool(ktm, audit);
        }
        ktm.registerLastResource("audit", audit);
        return () -> ktm.unregister("audit");
    }

    /** The one without XA, pooled. */
    KtmDataSource pool(Ktm ktm, DataSource driver) throws SQLException {
        var small = new HikariConfig();
        small.setMaximumPoolSize(2);
        small.setMinimumIdle(0);
        return KtmDataSource.builder(ktm, "audit")
                .lastResource(driver)
                .pool(small)
                .open();
    }

    static void execute(DataSource dataSource, String sql) throws SQLException {
        try (var connection = dataSource.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static int count(DataSource dataSource, String table) throws SQLException {
        try (var connection = dataSource.getConnection();
                var statement = connection.createStatement();
                var found = statement.executeQuery("select count(*) from " + table)) {
            found.next();
            return found.getInt(1);
        }
    }

    static void insert(Connection connection, int id) throws SQLException {
        try (var statement = connection.prepareStatement("insert into t values (?)")) {
            statement.setInt(1, id);
            statement.executeUpdate();
        }
    }
}
