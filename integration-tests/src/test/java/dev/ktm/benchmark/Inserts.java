package dev.ktm.benchmark;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicLong;
import org.h2.jdbcx.JdbcDataSource;

/** An H2 database with one table, and rows for it. Safe for many threads. */
final class Inserts implements AutoCloseable {

    private final JdbcDataSource database = new JdbcDataSource();
    private final Connection keptOpen;
    private final AtomicLong last = new AtomicLong();

    private Inserts(String url) throws SQLException {
        database.setURL(url);
        database.setUser("sa");
        database.setPassword("");
        keptOpen = database.getConnection();
        try (var statement = keptOpen.createStatement()) {
            statement.execute("CREATE TABLE entries (id BIGINT PRIMARY KEY, name VARCHAR(40))");
        }
    }

    static Inserts inMemory(String name) throws SQLException {
        return new Inserts("jdbc:h2:mem:" + name + ";WRITE_DELAY=0");
    }

    static Inserts in(Path file) throws SQLException {
        return new Inserts("jdbc:h2:" + file.toAbsolutePath() + ";WRITE_DELAY=0");
    }

    /** As H2 comes: it says that it has committed, and writes within half a second. */
    static Inserts delayedIn(Path file) throws SQLException {
        return new Inserts("jdbc:h2:" + file.toAbsolutePath());
    }

    JdbcDataSource database() {
        return database;
    }

    /** Adds a row. */
    void insert(Connection connection) throws SQLException {
        try (var statement = connection.prepareStatement("INSERT INTO entries VALUES (?, 'a row')")) {
            statement.setLong(1, last.incrementAndGet());
            statement.executeUpdate();
        }
    }

    @Override
    public void close() throws SQLException {
        try (var statement = keptOpen.createStatement()) {
            statement.execute("SHUTDOWN IMMEDIATELY");
        }
    }
}
