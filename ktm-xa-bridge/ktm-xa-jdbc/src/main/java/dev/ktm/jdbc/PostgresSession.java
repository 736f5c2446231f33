package dev.ktm.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * Asks PostgreSQL's driver for the state of a session. After a failed statement the server rolls back whatever it is told, but
 * the driver votes yes and a commit in one phase returns normally: the state is the only thing that tells.
 */
final class PostgresSession {

    private static final String DRIVERS_CONNECTION = "org.postgresql.core.BaseConnection";

    private PostgresSession() {}

    /** Fails if the transaction of the session has failed. No call of the server, unless the driver cannot tell. */
    static void requireHealthy(Connection connection, boolean statementHasFailed) throws SQLException {
        String state;
        try {
            state = stateOf(connection);
        } catch (ReflectiveOperationException | LinkageError e) {
            // Another driver, or another version of it: a statement fails if the transaction has failed.
            System.getLogger(PostgresSession.class.getName())
                    .log(System.Logger.Level.DEBUG, "the driver does not tell the state of its session", e);
            if (statementHasFailed) {
                probe(connection);
            }
            return;
        }
        if (state.equals("FAILED")) {
            throw new SQLException(
                    "a statement of the transaction has failed, and PostgreSQL keeps nothing of what a failed transaction"
                            + " did: it cannot commit. Roll back when a statement fails, or guard it with SAVEPOINT and"
                            + " ROLLBACK TO SAVEPOINT",
                    SqlStates.ROLLED_BACK);
        }
    }

    private static String stateOf(Connection connection) throws ReflectiveOperationException, SQLException {
        var driver = connection.unwrap(java.sql.Connection.class).getClass().getClassLoader();
        var type = Class.forName(DRIVERS_CONNECTION, false, driver);
        Method state = type.getMethod("getTransactionState");
        try {
            return state.invoke(connection.unwrap(type)).toString();
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof SQLException sql) {
                throw sql;
            }
            throw e;
        }
    }

    private static void probe(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("SELECT 1");
        }
    }
}
