package dev.ktm.jdbc;

import com.zaxxer.hikari.HikariConfig;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import org.apache.derby.jdbc.EmbeddedXADataSource;
import org.h2.jdbcx.JdbcDataSource;

/** Databases to test with, each with a table of names. */
final class Databases {

    static final String TABLE = "CREATE TABLE entries (name VARCHAR(40) PRIMARY KEY)";

    private Databases() {}

    /**
     * An H2 database in memory, gone with its last connection. Without its cache of results: H2 does not notice that another
     * connection has committed what is in doubt, and repeats what it has answered before.
     */
    static JdbcDataSource h2InMemory(String name) {
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:" + name + ";OPTIMIZE_REUSE_RESULTS=0");
        database.setUser("sa");
        database.setPassword("");
        return database;
    }

    /** An H2 database in a directory. */
    static JdbcDataSource h2(Path directory, String options) {
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:" + directory.resolve("h2") + options);
        database.setUser("sa");
        database.setPassword("");
        return database;
    }

    /** A Derby database in memory. */
    static EmbeddedXADataSource derbyInMemory(String name) {
        var database = new EmbeddedXADataSource();
        database.setDatabaseName("memory:" + name);
        database.setCreateDatabase("create");
        return database;
    }

    /** Makes the table, and keeps a database in memory alive. */
    static Connection prepare(XADataSource database) throws SQLException {
        var connection = database.getXAConnection().getConnection();
        try (var statement = connection.createStatement()) {
            statement.execute(TABLE);
        }
        return connection;
    }

    /** A small pool that does not wait long. */
    static HikariConfig smallPool() {
        var config = new HikariConfig();
        config.setMaximumPoolSize(4);
        config.setMinimumIdle(0);
        config.setConnectionTimeout(1_000);
        return config;
    }

    static void insert(DataSource source, String name) throws SQLException {
        try (var connection = source.getConnection()) {
            insert(connection, name);
        }
    }

    static void insert(Connection connection, String name) throws SQLException {
        try (var statement = connection.prepareStatement("INSERT INTO entries VALUES (?)")) {
            statement.setString(1, name);
            statement.executeUpdate();
        }
    }

    /** Whether the entry is there, as this connection sees it. */
    static boolean contains(Connection connection, String name) throws SQLException {
        try (var statement = connection.prepareStatement("SELECT COUNT(*) FROM entries WHERE name = ?")) {
            statement.setString(1, name);
            try (var rows = statement.executeQuery()) {
                rows.next();
                return rows.getInt(1) == 1;
            }
        }
    }

    static int count(Connection connection) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT COUNT(*) FROM entries")) {
            rows.next();
            return rows.getInt(1);
        }
    }
}
