package dev.ktm.servers;

import dev.ktm.Ktm;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;

/**
 * A database: each transaction is a row.
 *
 * @param source the driver's data source
 * @param table where the rows are
 * @param preparedQuery lists what is prepared; the name is in the last column
 */
record JdbcClient(XADataSource source, String table, String preparedQuery) implements Client {

    @Override
    public void setUp() throws SQLException {
        var connection = source.getXAConnection();
        try (var statement = connection.getConnection().createStatement()) {
            statement.execute("CREATE TABLE " + table + " (k VARCHAR(100) NOT NULL PRIMARY KEY)");
        } finally {
            connection.close();
        }
    }

    @Override
    public JdbcSession open() throws SQLException {
        var connection = source.getXAConnection();
        return new JdbcSession(connection, connection.getXAResource(), connection.getConnection(), table);
    }

    @Override
    public PooledDatabase pooled(Ktm ktm, String name) throws SQLException {
        return PooledDatabase.open(ktm, name, source, table);
    }

    @Override
    public Set<String> committed() throws SQLException {
        return new TreeSet<>(drained());
    }

    @Override
    public List<String> drained() throws SQLException {
        return query("SELECT k FROM " + table);
    }

    @Override
    public Set<String> prepared() throws SQLException {
        return new TreeSet<>(query(preparedQuery));
    }

    private List<String> query(String text) throws SQLException {
        var connection = source.getXAConnection();
        try (var statement = connection.getConnection().createStatement();
                var rows = statement.executeQuery(text)) {
            var found = new ArrayList<String>();
            while (rows.next()) {
                found.add(rows.getString(rows.getMetaData().getColumnCount()));
            }
            return found;
        } finally {
            connection.close();
        }
    }

    /** A connection, whose handle stays open as long as it does. */
    record JdbcSession(XAConnection connection, XAResource xaResource, java.sql.Connection handle, String table)
            implements Session {

        @Override
        public void write(String key) throws SQLException {
            try (var statement = handle.prepareStatement("INSERT INTO " + table + " VALUES (?)")) {
                statement.setString(1, key);
                statement.executeUpdate();
            }
        }

        @Override
        public void close() throws SQLException {
            connection.close();
        }
    }
}
