package dev.ktm.jdbc;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.ConnectionEventListener;
import javax.sql.DataSource;
import javax.sql.StatementEventListener;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;

/** A data source without XA, in the shape of one with it, so that the same pool can hold its connections. Thread-safe. */
final class LocalSource implements XADataSource {

    private final DataSource source;

    LocalSource(DataSource source) {
        this.source = source;
    }

    DataSource source() {
        return source;
    }

    @Override
    public XAConnection getXAConnection() throws SQLException {
        return new LocalConnection(source.getConnection());
    }

    @Override
    public XAConnection getXAConnection(String user, String password) throws SQLException {
        return new LocalConnection(source.getConnection(user, password));
    }

    @Override
    public PrintWriter getLogWriter() throws SQLException {
        return source.getLogWriter();
    }

    @Override
    public void setLogWriter(PrintWriter out) throws SQLException {
        source.setLogWriter(out);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return source.getLoginTimeout();
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        source.setLoginTimeout(seconds);
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        return source.getParentLogger();
    }

    /** One connection, which is its own handle. */
    private static final class LocalConnection implements XAConnection {
        private final Connection connection;

        LocalConnection(Connection connection) {
            this.connection = connection;
        }

        @Override
        public XAResource getXAResource() {
            return new LocalResource(connection);
        }

        @Override
        public Connection getConnection() {
            return connection;
        }

        @Override
        public void close() throws SQLException {
            connection.close();
        }

        // Nobody listens: the pool looks at the connection itself.

        @Override
        public void addConnectionEventListener(ConnectionEventListener listener) {}

        @Override
        public void removeConnectionEventListener(ConnectionEventListener listener) {}

        @Override
        public void addStatementEventListener(StatementEventListener listener) {}

        @Override
        public void removeStatementEventListener(StatementEventListener listener) {}
    }
}
