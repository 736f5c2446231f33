package dev.ktm.jdbc;

import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** The statements that are open on a handle, so that they end with it. Thread-safe. */
final class OpenStatements {

    /** Guarded by itself. */
    private final List<Statement> statements = new ArrayList<>(2);

    void add(Statement statement) {
        synchronized (statements) {
            statements.add(statement);
        }
    }

    void remove(Statement statement) {
        synchronized (statements) {
            // By identity, and the last is the likeliest.
            for (int i = statements.size() - 1; i >= 0; i--) {
                if (statements.get(i) == statement) {
                    statements.remove(i);
                    return;
                }
            }
        }
    }

    private List<Statement> all() {
        synchronized (statements) {
            return statements.isEmpty() ? List.of() : List.copyOf(statements);
        }
    }

    void closeAll() {
        for (var statement : all()) {
            remove(statement);
            try {
                statement.close();
            } catch (SQLException | RuntimeException e) {
                System.getLogger(OpenStatements.class.getName())
                        .log(System.Logger.Level.DEBUG, "a statement could not be closed", e);
            }
        }
    }

    /** Asks the database to give up what it is doing for them; what it does not know how to give up goes on. */
    void cancelAll() {
        for (var statement : all()) {
            try {
                statement.cancel();
            } catch (SQLFeatureNotSupportedException e) {
                return;
            } catch (SQLException | RuntimeException e) {
                System.getLogger(OpenStatements.class.getName())
                        .log(System.Logger.Level.DEBUG, "a statement could not be cancelled", e);
            }
        }
    }
}
