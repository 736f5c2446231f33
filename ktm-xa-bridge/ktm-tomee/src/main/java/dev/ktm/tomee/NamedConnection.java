package dev.ktm.tomee;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.UnaryOperator;
import javax.sql.ConnectionEventListener;
import javax.sql.StatementEventListener;
import javax.sql.XAConnection;
import javax.transaction.xa.XAResource;

/** A connection whose resource says under which name its branches are found again. */
final class NamedConnection implements XAConnection {

    private final XAConnection connection;
    private final UnaryOperator<XAResource> naming;

    NamedConnection(XAConnection connection, UnaryOperator<XAResource> naming) {
        this.connection = connection;
        this.naming = naming;
    }

    @Override
    public XAResource getXAResource() throws SQLException {
        return naming.apply(connection.getXAResource());
    }

    @Override
    public Connection getConnection() throws SQLException {
        return connection.getConnection();
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }

    @Override
    public void addConnectionEventListener(ConnectionEventListener listener) {
        connection.addConnectionEventListener(listener);
    }

    @Override
    public void removeConnectionEventListener(ConnectionEventListener listener) {
        connection.removeConnectionEventListener(listener);
    }

    @Override
    public void addStatementEventListener(StatementEventListener listener) {
        connection.addStatementEventListener(listener);
    }

    @Override
    public void removeStatementEventListener(StatementEventListener listener) {
        connection.removeStatementEventListener(listener);
    }
}
