package dev.ktm.deployment;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.XADataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.mariadb.jdbc.MariaDbDataSource;
import org.postgresql.xa.PGXADataSource;

/**
 * A database with one table.
 *
 * @param source of its connections
 * @param table its table
 */
record Database(XADataSource source, String table) {

    /** An H2 database of its own, in a file. */
    static Database h2(Path directory, String table) {
        var source = new JdbcDataSource();
        // Without the delay a commit in one phase is on disk when it returns.
        source.setURL("jdbc:h2:file:" + directory.resolve(table).toAbsolutePath() + ";WRITE_DELAY=0");
        return new Database(source, table);
    }

    /** A database that runs already. */
    static Database at(String url, String table) throws SQLException {
        var scheme = url.toLowerCase(Locale.ROOT);
        if (scheme.startsWith("jdbc:postgresql:")) {
            var source = new PGXADataSource();
            source.setUrl(url);
            return new Database(source, table);
        }
        if (scheme.startsWith("jdbc:mariadb:")) {
            return new Database(new MariaDbDataSource(url), table);
        }
        if (scheme.startsWith("jdbc:h2:")) {
            var source = new JdbcDataSource();
            source.setURL(url);
            return new Database(source, table);
        }
        throw new IllegalArgumentException(
                "expected a JDBC URL of PostgreSQL, MariaDB or H2, with user and password, found " + url);
    }

    /** Something to do with a connection outside of any transaction. */
    private interface Task<T> {
        T on(Connection connection) throws SQLException;
    }

    private <T> T with(Task<T> task) throws SQLException {
        var physical = source.getXAConnection();
        try {
            return task.on(physical.getConnection());
        } finally {
            physical.close();
        }
    }

    /** Makes the table unless it is there. */
    void create() throws SQLException {
        with(connection -> {
            try (var statement = connection.createStatement()) {
                return statement.execute("create table if not exists " + table
                        + " (run varchar(36) not null, number integer not null, text varchar(200) not null,"
                        + " primary key (run, number))");
            }
        });
    }

    void insert(Connection connection, String run, int number, String text) throws SQLException {
        try (var statement = connection.prepareStatement("insert into " + table + " values (?, ?, ?)")) {
            statement.setString(1, run);
            statement.setInt(2, number);
            statement.setString(3, text);
            statement.executeUpdate();
        }
    }

    /** What it holds of a run, by number. */
    Map<Integer, String> read(String run) throws SQLException {
        return with(connection -> {
            var found = new TreeMap<Integer, String>();
            try (var statement = connection.prepareStatement("select number, text from " + table + " where run = ?")) {
                statement.setString(1, run);
                try (var rows = statement.executeQuery()) {
                    while (rows.next()) {
                        found.put(rows.getInt(1), rows.getString(2));
                    }
                }
            }
            return found;
        });
    }
}
