package dev.ktm.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.ktm.Ktm;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLInvalidAuthorizationSpecException;
import java.sql.SQLTransientConnectionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/** A data source as its connections see it: its pool, its name, its adapter, and the transactions around it. Thread-safe. */
final class Pool {

    private final Ktm ktm;
    private final TransactionManager transactions;
    private final TransactionSynchronizationRegistry synchronizations;
    private final Adapter adapter;
    private final HikariDataSource hikari;
    private final boolean autoCommit;
    /** Held by whoever makes the connection of a transaction; nobody waits with it. */
    private final ReentrantLock first = new ReentrantLock();

    private final AtomicBoolean reportedForgotten = new AtomicBoolean();

    Pool(Ktm ktm, Adapter adapter, HikariDataSource hikari) {
        this.ktm = ktm;
        this.transactions = ktm.transactionManager();
        this.synchronizations = ktm.synchronizationRegistry();
        this.adapter = adapter;
        this.hikari = hikari;
        this.autoCommit = hikari.isAutoCommit();
    }

    /** The stable name, in quotes. */
    String name() {
        return "\"" + adapter.name() + "\"";
    }

    HikariDataSource hikari() {
        return hikari;
    }

    boolean isAutoCommit() {
        return autoCommit;
    }

    /** What may be expected of the database; the cautious answers until it has been reached. */
    AdapterProfile profile() {
        return adapter.profile();
    }

    /** Which database it is; none that is known until it has been reached. */
    DatabaseKind kind() {
        return adapter.kind();
    }

    XAResource named(XAResource resource) {
        return ktm.named(adapter.name(), resource);
    }

    @Nullable
    Transaction currentTransaction() throws SQLException {
        try {
            return transactions.getTransaction();
        } catch (SystemException e) {
            throw new SQLException("the thread's transaction is not known", SqlStates.INVALID_STATE, e);
        }
    }

    void requireNoTransaction() throws SQLException {
        var current = currentTransaction();
        if (current != null) {
            throw new SQLException(
                    "expected a connection to " + name() + " that was taken in " + current
                            + ", found one that was taken outside: its work would be committed at once, whatever becomes of"
                            + " the transaction. Take the connection after begin, or suspend the transaction meanwhile",
                    SqlStates.INVALID_STATE);
        }
    }

    static int statusOf(Transaction transaction) throws SQLException {
        try {
            return transaction.getStatus();
        } catch (SystemException e) {
            throw new SQLException("the state of " + transaction + " is not known", SqlStates.INVALID_STATE, e);
        }
    }

    /** The connection of the thread's transaction, which is made if there is none. */
    TransactionConnection of(Transaction transaction) {
        var found = (TransactionConnection) synchronizations.getResource(this);
        return found == null ? firstOf(transaction) : found;
    }

    /** Other threads of the transaction may come at the same time, and get the same. */
    private TransactionConnection firstOf(Transaction transaction) {
        first.lock();
        try {
            var found = (TransactionConnection) synchronizations.getResource(this);
            if (found == null) {
                found = new TransactionConnection(this, transaction);
                synchronizations.putResource(this, found);
            }
            return found;
        } finally {
            first.unlock();
        }
    }

    /** Registers after the synchronizations of applications; false if the thread is not in this transaction. */
    boolean registerInterposed(Transaction transaction, Synchronization synchronization) throws SQLException {
        if (currentTransaction() != transaction) {
            return false;
        }
        synchronizations.registerInterposedSynchronization(synchronization);
        return true;
    }

    /** Where a connection is being taken, if the pool is told to look for leaks; null otherwise. */
    @Nullable
    Throwable whoTakes() {
        return hikari.getLeakDetectionThreshold() > 0 ? new Exception("the connection was taken here") : null;
    }

    void reportForgotten(ConnectionHandle handle, Transaction transaction) {
        var taken = handle.taken();
        if (taken.isPresent() || reportedForgotten.compareAndSet(false, true)) {
            var hint = taken.isPresent() ? "" : "; set leakDetectionThreshold to learn where it was taken (said once)";
            System.getLogger(KtmDataSource.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "a connection to " + name() + " was not closed when " + transaction
                                    + " ended: the pool has its connection back, the handle is of no use any more"
                                    + hint,
                            taken.orElse(null));
        }
    }

    // The pool.

    Connection borrow() throws SQLException {
        adapter.requireConfigured();
        try {
            return hikari.getConnection();
        } catch (SQLTransientConnectionException e) {
            throw explained(e);
        }
    }

    /** How long somebody who wants a connection waits. */
    long connectionTimeoutNanos() {
        return TimeUnit.MILLISECONDS.toNanos(hikari.getConnectionTimeout());
    }

    /** A pool that is used up is one thing, a database that lets nobody in another. */
    private SQLException explained(SQLTransientConnectionException e) {
        var cause = e.getCause();
        if (cause instanceof MisconfiguredDataSourceException misconfigured) {
            return misconfigured;
        }
        var pool = hikari.getHikariPoolMXBean();
        int total = pool.getTotalConnections();
        if (cause != null && total < hikari.getMaximumPoolSize()) {
            var message = "no connection to " + name() + " could be opened within " + hikari.getConnectionTimeout()
                    + " ms: " + cause.getMessage() + " (" + total + " are open, " + pool.getActiveConnections()
                    + " of them in use)";
            return cause instanceof SQLException sql && Logins.isRefused(sql)
                    ? new SQLInvalidAuthorizationSpecException(message, sql.getSQLState(), sql.getErrorCode(), e)
                    : new SQLTransientConnectionException(message, e.getSQLState(), e.getErrorCode(), e);
        }
        return new SQLTransientConnectionException(
                "all " + total + " connections to " + name() + " are in use, and none came back within "
                        + hikari.getConnectionTimeout() + " ms (" + pool.getThreadsAwaitingConnection()
                        + " others wait): a transaction keeps its connection until it has ended. Shorten the transactions,"
                        + " raise maximumPoolSize, or set leakDetectionThreshold to learn who holds them",
                SqlStates.CANNOT_CONNECT,
                e.getErrorCode(),
                e);
    }

    /** Takes a connection back whose branch has finished as it should. */
    void giveBack(Connection borrowed, PhysicalConnection physical) {
        boolean isBack = false;
        try {
            if (physical.getAutoCommit() != autoCommit) {
                // Some drivers switch it on after a branch.
                physical.setAutoCommit(autoCommit);
            }
            borrowed.close();
            isBack = true;
        } catch (SQLException | RuntimeException e) {
            System.getLogger(Pool.class.getName())
                    .log(System.Logger.Level.DEBUG, "a connection to " + name() + " is of no use any more", e);
        } finally {
            if (!isBack) {
                evict(borrowed, physical);
            }
        }
    }

    /** Has a connection closed that works for no transaction. */
    void evict(Connection borrowed) {
        hikari.evictConnection(borrowed);
    }

    /** Has a connection closed of which nobody knows in which state it is. */
    void evict(Connection borrowed, PhysicalConnection physical) {
        hikari.evictConnection(borrowed);
        if (hikari.isClosed()) {
            // The pool knows nothing of it any more.
            try {
                physical.close();
            } catch (SQLException | RuntimeException e) {
                System.getLogger(Pool.class.getName())
                        .log(System.Logger.Level.DEBUG, "a connection to " + name() + " could not be closed", e);
            }
        }
    }
}
