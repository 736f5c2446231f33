package dev.ktm.jta;

import dev.ktm.rm.TransactionId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.tm.ConnectableResource;
import org.jspecify.annotations.Nullable;

/**
 * {@link Decisions} in a table of a JDBC database. The primary key is the transaction: whoever asks what became of one puts a row
 * of its own there, and so learns that there is none, or waits for the one that is being committed, or finds it.
 */
final class DecisionTable implements Decisions {

    private static final String COMMITTED = "C";
    private static final String ROLLED_BACK = "R";
    private static final int BATCH = 200;
    /** Whoever asks holds something up: it is asked again later. */
    private static final int MOST_SECONDS = 30;

    private final DataSource dataSource;
    private final DecisionTableName name;

    DecisionTable(DataSource dataSource, DecisionTableName name) {
        this.dataSource = dataSource;
        this.name = name;
    }

    @Override
    public void note(ConnectableResource resource, TransactionId transaction) throws Exception {
        try {
            note((Connection) resource.getConnection(), transaction);
        } catch (Exception | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new SQLException("the connection of a last resource cannot be had", e);
        }
    }

    private void note(Connection connection, TransactionId transaction) throws SQLException {
        if (connection.getAutoCommit()) {
            throw new SQLException(
                    "expected a connection in a local transaction, found one that commits every statement:"
                            + " what the last resource did is committed already, and nothing of it was noted");
        }
        insert(connection, transaction, COMMITTED);
    }

    private void insert(Connection connection, TransactionId transaction, String outcome) throws SQLException {
        try (var statement = connection.prepareStatement(
                "insert into " + name + " (manager_id, incarnation, sequence_number, outcome) values (?, ?, ?, ?)")) {
            set(statement, transaction);
            statement.setString(4, outcome);
            statement.executeUpdate();
        } catch (SQLException e) {
            throw new SQLException(
                    "expected table " + name + " to take a row about transaction " + transaction + ", found: "
                            + e.getMessage() + "; the guide to last resources tells how the table is made",
                    e.getSQLState(),
                    e.getErrorCode(),
                    e);
        }
    }

    private static void set(PreparedStatement statement, TransactionId transaction) throws SQLException {
        statement.setQueryTimeout(MOST_SECONDS);
        statement.setString(1, transaction.manager().toString());
        statement.setLong(2, transaction.incarnation());
        statement.setLong(3, transaction.sequence());
    }

    /** Something to do in a local transaction of its own. */
    private interface Task<T> {
        T on(Connection connection) throws SQLException;
    }

    private <T> T inTransaction(Task<T> task) throws SQLException {
        try (var connection = dataSource.getConnection()) {
            boolean autoCommit = connection.getAutoCommit();
            int isolation = connection.getTransactionIsolation();
            // What somebody else has not committed says nothing.
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            connection.setAutoCommit(false);
            try {
                T result = task.on(connection);
                connection.commit();
                restore(connection, autoCommit, isolation);
                return result;
            } catch (SQLException | RuntimeException e) {
                rollBack(connection, autoCommit, isolation, e);
                throw e;
            }
        }
    }

    private static void restore(Connection connection, boolean autoCommit, int isolation) throws SQLException {
        connection.setAutoCommit(autoCommit);
        connection.setTransactionIsolation(isolation);
    }

    /** What is not rolled back must not be committed by switching to auto-commit. */
    private static void rollBack(Connection connection, boolean autoCommit, int isolation, Exception first) {
        try {
            connection.rollback();
            restore(connection, autoCommit, isolation);
        } catch (SQLException e) {
            first.addSuppressed(e);
        }
    }

    @Override
    public boolean isCommitted(TransactionId transaction) throws SQLException {
        try {
            return inTransaction(connection -> {
                insert(connection, transaction, ROLLED_BACK);
                return false;
            });
        } catch (SQLException e) {
            // Somebody was quicker, or it cannot be written now: what is there tells which.
            return find(transaction).orElseThrow(() -> e);
        }
    }

    private Optional<Boolean> find(TransactionId transaction) throws SQLException {
        return inTransaction(connection -> {
            try (var statement = connection.prepareStatement("select outcome from " + name
                    + " where manager_id = ? and incarnation = ? and sequence_number = ?")) {
                set(statement, transaction);
                try (var found = statement.executeQuery()) {
                    return found.next() ? Optional.of(isCommitted(transaction, found.getString(1))) : Optional.empty();
                }
            }
        });
    }

    /** What nobody here has written decides nothing: the transaction stays in doubt until somebody has looked. */
    private boolean isCommitted(TransactionId transaction, @Nullable String outcome) throws SQLException {
        if (COMMITTED.equals(outcome)) {
            return true;
        }
        if (ROLLED_BACK.equals(outcome)) {
            return false;
        }
        throw new SQLException("expected outcome " + COMMITTED + " or " + ROLLED_BACK + " of transaction " + transaction
                + " in table " + name + ", found " + outcome + "; somebody else has written it: find out what became of"
                + " the transaction, and correct the row");
    }

    @Override
    public List<TransactionId> noted(UUID manager) throws SQLException {
        return inTransaction(connection -> {
            var all = new ArrayList<TransactionId>();
            try (var statement = connection.prepareStatement("select incarnation, sequence_number from " + name
                    // Other numbers are nobody's: such a row is not ours, and stays.
                    + " where manager_id = ? and incarnation > 0 and sequence_number > 0")) {
                statement.setString(1, manager.toString());
                try (var found = statement.executeQuery()) {
                    while (found.next()) {
                        all.add(new TransactionId(manager, found.getLong(1), found.getLong(2)));
                    }
                }
            }
            return all;
        });
    }

    @Override
    public void forget(Collection<TransactionId> transactions) throws SQLException {
        var all = List.copyOf(transactions);
        for (int from = 0; from < all.size(); from += BATCH) {
            var batch = all.subList(from, Math.min(all.size(), from + BATCH));
            inTransaction(connection -> {
                try (var statement = connection.prepareStatement(
                        "delete from " + name + " where manager_id = ? and incarnation = ? and sequence_number = ?")) {
                    for (var transaction : batch) {
                        set(statement, transaction);
                        statement.addBatch();
                    }
                    return statement.executeBatch();
                }
            });
        }
    }
}
