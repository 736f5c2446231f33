package dev.ktm.jdbc;

import java.sql.SQLException;
import java.sql.SQLInvalidAuthorizationSpecException;

/** Tells a refused user from a database that cannot be reached: the one has to be mended, the other is waited for. */
final class Logins {

    /** Derby's, and the standard's for a server that rejects a connection. */
    private static final String REJECTED = "08004";

    private static final int ORACLE_INVALID_LOGIN = 1017;
    private static final int SQL_SERVER_LOGIN_FAILED = 18456;

    private Logins() {}

    static boolean isRefused(SQLException e) {
        var state = e.getSQLState();
        return (state != null && (state.startsWith(SqlStates.AUTHORIZATION_CLASS) || state.equals(REJECTED)))
                || e.getErrorCode() == ORACLE_INVALID_LOGIN
                || e.getErrorCode() == SQL_SERVER_LOGIN_FAILED;
    }

    static SQLException refused(String name, SQLException e) {
        return new SQLInvalidAuthorizationSpecException(
                "data source \"" + name + "\" is not let in: " + e.getMessage()
                        + ". Check the user name and the password of the pool and of recovery",
                e.getSQLState(),
                e.getErrorCode(),
                e);
    }
}
