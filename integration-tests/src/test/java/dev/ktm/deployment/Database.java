package dev.ktm.deployment;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.XADataSource;
import org.apache.derby.jdbc.EmbeddedDataSource;
import org.apache.derby.jdbc.EmbeddedXADataSource;
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

    /** What Derby answers when it has been stopped. */
    private static final String STOPPED = "08006";

    /**
     * A Derby database of its own, in a directory, in the process that uses it: it dies with that. H2 in a file now and then opens as it
     * was before the life that was killed, which is nothing that a coordinator could mend; see "H2" in {@code resource-managers.md}.
     */
    static Database derby(Path directory, String table) {
        var source = new EmbeddedXADataSource();
        source.setDatabaseName(directory.resolve(table).toAbsolutePath().toString());
        source.setCreateDatabase("create");
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
            var schema = connection.getMetaData();
            var stored = schema.storesUpperCaseIdentifiers() ? table.toUpperCase(Locale.ROOT) : table;
            try (var found = schema.getTables(connection.getCatalog(), null, stored, null);
                    var statement = connection.createStatement()) {
                return found.next()
                        || statement.execute("create table " + table
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

    /** Lets go of it, if it is one that lives in this process. */
    void stop() throws SQLException {
        if (source instanceof EmbeddedXADataSource embedded) {
            var stopping = new EmbeddedDataSource();
            stopping.setDatabaseName(embedded.getDatabaseName());
            stopping.setShutdownDatabase("shutdown");
            try {
                stopping.getConnection().close();
            } catch (SQLException e) {
                if (!STOPPED.equals(e.getSQLState())) {
                    throw e;
                }
            }
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
