package dev.ktm.glassfish;

import jakarta.ejb.Remove;
import jakarta.ejb.Stateful;
import java.sql.Connection;
import java.sql.SQLException;
import javax.naming.NamingException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Keeps a connection from one call to the next, in the caller's transaction. */
@Stateful
public class Keeper {

    private @Nullable Connection connection;

    /** Takes one of this data source. */
    public void connect(String dataSource) throws NamingException, SQLException {
        connection = Naming.find(dataSource, DataSource.class).getConnection();
    }

    /** Works with it. */
    public void execute(String sql) throws SQLException {
        var kept = connection;
        if (kept == null) {
            throw new IllegalStateException("expected a connection, found none: connect first");
        }
        try (var statement = kept.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Gives it back. */
    public void disconnect() throws SQLException {
        if (connection != null) {
            connection.close();
            connection = null;
        }
    }

    /** It is not needed any more. */
    @Remove
    public void end() {}
}
