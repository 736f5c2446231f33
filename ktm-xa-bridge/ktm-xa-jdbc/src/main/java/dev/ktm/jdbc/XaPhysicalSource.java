package dev.ktm.jdbc;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.DataSource;
import javax.sql.XAConnection;
import javax.sql.XADataSource;

/** What the pool takes for its data source: each connection of it is an XA connection. Thread-safe. */
final class XaPhysicalSource implements DataSource {

    private final XADataSource source;
    private final Adapter adapter;

    XaPhysicalSource(XADataSource source, Adapter adapter) {
        this.source = source;
        this.adapter = adapter;
    }

    @Override
    public Connection getConnection() throws SQLException {
        return checked(source.getXAConnection());
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        return checked(source.getXAConnection(user, password));
    }

    /** The first connection that can be had is the time to find out whether the database is set up for transactions. */
    private Connection checked(XAConnection connection) throws SQLException {
        var physical = PhysicalConnection.of(connection);
        try {
            adapter.ensureProbed();
            return physical;
        } catch (SQLException | RuntimeException | Error e) {
            physical.close();
            throw e;
        }
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

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        if (type.isInstance(source)) {
            return type.cast(source);
        }
        throw new SQLException("expected " + source.getClass().getName() + ", found a wish for " + type.getName());
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return type.isInstance(source);
    }
}
