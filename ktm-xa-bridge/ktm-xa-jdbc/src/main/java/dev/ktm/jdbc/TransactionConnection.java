package dev.ktm.jdbc;

import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransactionRollbackException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The one connection that a transaction has of a data source. Safe for many threads.
 *
 * <p><b>Theory of operation.</b> It borrows a connection from the pool, and enlists it, when it is used for the first time. Any
 * number of {@link ConnectionHandle}s share it. The coordinator stops it before the branch ends, on whichever thread: nothing new
 * is begun on it, and statements that are open are closed. What runs in another thread is {@linkplain #stopAfterWork waited for}
 * by a commit and {@linkplain #stopNow cancelled} by a rollback, either for a limited time. What runs holds {@link #work}: so
 * nothing can slip in between the end of the branch and its commit, which some databases would keep although the branch is
 * rolled back.
 *
 * <p>It goes back to the pool after the completion of the transaction, by whoever comes last: the completion, or the thread that
 * was still opening it. A branch whose outcome is open keeps it until recovery says that it has {@linkplain #finished
 * finished}, if the database would lose the branch otherwise.
 */
final class TransactionConnection implements Synchronization {

    /** The longest that a commit waits for what other threads still do. */
    private static final long LONGEST_WORK_NANOS = TimeUnit.SECONDS.toNanos(30);
    /** How long what was cancelled has to end. */
    private static final long CANCEL_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Pool pool;
    private final Transaction transaction;
    /** Held by whoever opens the connection, which may wait for the pool. */
    private final ReentrantLock opening = new ReentrantLock();
    /** Held by statements that run, and by whoever stops them. */
    private final ReentrantLock work = new ReentrantLock();
    /** Guards what follows; never held while anybody is called who may wait. */
    private final ReentrantLock lock = new ReentrantLock();

    private final List<ConnectionHandle> handles = new ArrayList<>(1);
    private @Nullable Connection pooled;
    private @Nullable PhysicalConnection physical;
    private @Nullable BranchResource branch;
    private boolean isOpening;
    private boolean completed;
    private boolean synchronizationRegistered;

    /** What handles work with; null until it is enlisted. */
    private volatile @Nullable Connection open;
    /** Whether nothing more may be done. */
    private volatile boolean stopped;
    /** Whether something runs that cannot be cancelled. */
    private volatile boolean givenUp;

    private volatile boolean statementHasFailed;

    /** Whether anything was executed: from then on its level of isolation stays. Guarded by {@link #work}. */
    private boolean worked;

    TransactionConnection(Pool pool, Transaction transaction) {
        this.pool = pool;
        this.transaction = transaction;
    }

    Pool pool() {
        return pool;
    }

    /** Another handle of it. */
    ConnectionHandle newHandle() throws SQLException {
        requireNotStopped();
        var handle = ConnectionHandle.of(this, pool.whoTakes());
        lock.lock();
        try {
            handles.add(handle);
        } finally {
            lock.unlock();
        }
        return handle;
    }

    void closed(ConnectionHandle handle) {
        lock.lock();
        try {
            handles.remove(handle);
        } finally {
            lock.unlock();
        }
    }

    /** The connection to work with, enlisted by now. */
    Connection use() throws SQLException {
        requireThisTransaction();
        requireNotStopped();
        var found = open;
        return found == null ? open() : found;
    }

    /** A thread that is in another transaction does not mean this one. */
    private void requireThisTransaction() throws SQLException {
        var current = pool.currentTransaction();
        if (current != null && current != transaction) {
            throw new SQLException(
                    "expected a thread in " + transaction + ", to which the connection to " + pool.name()
                            + " belongs, found one in " + current
                            + ": take a connection in each transaction, or suspend the other first",
                    SqlStates.INVALID_STATE);
        }
    }

    private void requireNotStopped() throws SQLException {
        int status = stopped ? Status.STATUS_UNKNOWN : status();
        if (!stopped
                && (status == Status.STATUS_ACTIVE || status == Status.STATUS_MARKED_ROLLBACK || isPreparing(status))) {
            return;
        }
        throw refusal();
    }

    /** What is done before completion belongs to the transaction. */
    private static boolean isPreparing(int status) {
        return status == Status.STATUS_PREPARING;
    }

    private int status() throws SQLException {
        return Pool.statusOf(transaction);
    }

    private SQLException refusal() throws SQLException {
        int status = status();
        boolean rolledBack = status == Status.STATUS_ROLLEDBACK
                || status == Status.STATUS_ROLLING_BACK
                || status == Status.STATUS_MARKED_ROLLBACK;
        var why = transaction instanceof KtmTransaction ktm
                ? ktm.rollbackCause().map(cause -> ": " + cause).orElse("")
                : "";
        if (rolledBack) {
            return new SQLTransactionRollbackException(
                    transaction + ", to which this connection to " + pool.name() + " belongs, was rolled back" + why
                            + "; nothing more is done on it: close it",
                    SqlStates.ROLLED_BACK);
        }
        return new SQLException(
                transaction + ", to which this connection to " + pool.name()
                        + " belongs, has ended or is about to; nothing more is done on it: close it, and take another",
                SqlStates.INVALID_STATE);
    }

    private Connection open() throws SQLException {
        opening.lock();
        try {
            var found = open;
            if (found != null) {
                return found;
            }
            requireNotStopped();
            if (status() == Status.STATUS_MARKED_ROLLBACK) {
                throw new SQLTransactionRollbackException(
                        "the connection to " + pool.name() + " cannot join " + transaction
                                + ", which is marked for rollback",
                        SqlStates.ROLLED_BACK);
            }
            registerSynchronization();
            return enlist(pool.borrow());
        } finally {
            opening.unlock();
        }
    }

    private void registerSynchronization() throws SQLException {
        if (!synchronizationRegistered) {
            try {
                // On this thread's transaction it is interposed: after what applications do before completion.
                if (!pool.registerInterposed(transaction, this)) {
                    transaction.registerSynchronization(this);
                }
            } catch (RollbackException e) {
                throw cannotJoin(e);
            } catch (SystemException | RuntimeException e) {
                throw new SQLException(
                        "the connection to " + pool.name() + " cannot join " + transaction, SqlStates.INVALID_STATE, e);
            }
            synchronizationRegistered = true;
        }
    }

    private Connection enlist(Connection borrowed) throws SQLException {
        var enlisted = prepareToEnlist(borrowed);
        boolean joined = false;
        try {
            transaction.enlistResource(pool.named(enlisted.enlisted()));
            joined = true;
        } catch (RollbackException e) {
            throw cannotJoin(e);
        } catch (SystemException | RuntimeException e) {
            throw new SQLException(
                    "the connection to " + pool.name() + " cannot join " + transaction + ": " + e.getMessage(),
                    SqlStates.INVALID_STATE,
                    e);
        } finally {
            // Drivers throw errors as well: what seems to be opened for ever would never go back.
            opened(borrowed, joined);
        }
        var found = open;
        if (found == null) {
            throw refusal();
        }
        return found;
    }

    /** Lets handles work with it; gives it back if it has not joined, or if all was over first. */
    private void opened(Connection borrowed, boolean joined) {
        lock.lock();
        try {
            isOpening = false;
            if (joined && !completed && !stopped) {
                open = borrowed;
                return;
            }
        } finally {
            lock.unlock();
        }
        giveBackIfOver(!joined);
    }

    private BranchResource prepareToEnlist(Connection borrowed) throws SQLException {
        try {
            var connection = borrowed.unwrap(PhysicalConnection.class);
            if (!pool.isAutoCommit()) {
                // Some drivers would draw what is open on the connection into the branch.
                connection.rollback();
            }
            connection.pin();
            var resource = new BranchResource(this, connection.resource(), pool.profile());
            lock.lock();
            try {
                isOpening = true;
                pooled = borrowed;
                physical = connection;
                branch = resource;
            } finally {
                lock.unlock();
            }
            return resource;
        } catch (SQLException | RuntimeException | Error e) {
            borrowed.close();
            throw e;
        }
    }

    private SQLException cannotJoin(RollbackException e) {
        return new SQLTransactionRollbackException(
                "the connection to " + pool.name() + " cannot join " + transaction + ": " + e.getMessage(),
                SqlStates.ROLLED_BACK,
                e);
    }

    // Work.

    /** Something that is done in the transaction. */
    interface Work {
        @Nullable
        Object run() throws Throwable;
    }

    /**
     * Does something that the end of the branch has to wait for.
     *
     * @param isStatement whether there may be something to commit afterwards
     */
    @Nullable
    Object perform(Work task, boolean isStatement) throws Throwable {
        requireThisTransaction();
        work.lock();
        try {
            requireWorking();
            worked |= isStatement;
            return task.run();
        } finally {
            work.unlock();
        }
    }

    /** Something that is asked of a connection. */
    interface Call<T> {
        T on(Connection connection) throws SQLException;
    }

    /**
     * Asks the connection something in turn with all else that is done on it: what came after the end of the branch could hit
     * whoever has the connection by then.
     */
    <T> T ask(Call<T> call) throws SQLException {
        var connection = use();
        work.lock();
        try {
            requireWorking();
            return call.on(connection);
        } catch (SQLException e) {
            failed(e);
            throw e;
        } finally {
            work.unlock();
        }
    }

    /**
     * Sets the level of isolation, which some databases commit for, even if it stays as it is: so nothing is done if it does, and
     * it is refused once there may be something to commit.
     */
    void setTransactionIsolation(int level) throws SQLException {
        ask(connection -> {
            int now = connection.getTransactionIsolation();
            if (now != level) {
                if (worked) {
                    throw new SQLException(
                            "expected a level of isolation that is set before the first statement of a transaction, found "
                                    + level
                                    + " in place of " + now + " on a connection to " + pool.name()
                                    + " that has worked for " + transaction
                                    + ": some databases commit what was done so far. Set it first, or as the pool's"
                                    + " transactionIsolation",
                            SqlStates.ACTIVE_TRANSACTION);
                }
                connection.setTransactionIsolation(level);
            }
            return connection;
        });
    }

    /** Fails if nothing more may be done. */
    void requireWorking() throws SQLException {
        if (stopped) {
            throw refusal();
        }
    }

    /** A call has failed: its transaction can only be rolled back if what it did before is incomplete, swallowed or not. */
    void failed(SQLException failure) {
        statementHasFailed = true;
        if (isFatal(failure)) {
            try {
                transaction.setRollbackOnly();
            } catch (SystemException | RuntimeException e) {
                failure.addSuppressed(e);
            }
        }
    }

    private boolean isFatal(SQLException failure) {
        var state = failure.getSQLState();
        return (state != null
                        && (state.startsWith(SqlStates.ROLLBACK_CLASS) || state.startsWith(SqlStates.CONNECTION_CLASS)))
                || pool.profile().fatalCodes().contains(failure.getErrorCode());
    }

    /** What it did is to be lost. */
    void abort() throws SQLException {
        try {
            transaction.setRollbackOnly();
        } catch (SystemException | RuntimeException e) {
            throw new SQLException(transaction + " cannot be rolled back any more", SqlStates.INVALID_STATE, e);
        }
    }

    /**
     * Begins nothing more from now on, and lets what runs end by itself: it was asked for before the commit.
     *
     * @return whether it has, within the pool's {@code connectionTimeout} or half a minute, whichever is shorter
     */
    boolean stopAfterWork() {
        stopped = true;
        return awaitWork(Math.min(pool.connectionTimeoutNanos(), LONGEST_WORK_NANOS));
    }

    /**
     * Begins nothing more from now on, and cancels what runs.
     *
     * @return whether it has ended; if not, its connection is being closed under it
     */
    boolean stopNow() {
        stopped = true;
        if (givenUp) {
            return false;
        }
        if (awaitWork(0)) {
            return true;
        }
        var cancelled = cancelWork();
        // Until it is over, who gets the connection next could be hit by it.
        if (awaitWork(CANCEL_NANOS) && await(left -> cancelled.await(left, TimeUnit.NANOSECONDS), CANCEL_NANOS)) {
            return true;
        }
        givenUp = true;
        lock.lock();
        try {
            if (physical != null) {
                physical.giveUp();
            }
        } finally {
            lock.unlock();
        }
        return false;
    }

    /** Some drivers connect anew to cancel something, which may hang as well. */
    private CountDownLatch cancelWork() {
        var over = new CountDownLatch(1);
        PhysicalConnection.APART.execute(() -> {
            try {
                handles().forEach(ConnectionHandle::cancelStatements);
            } finally {
                over.countDown();
            }
        });
        return over;
    }

    /** Whether nothing runs any more; then what is open is closed. */
    private boolean awaitWork(long nanos) {
        if (!await(left -> work.tryLock(left, TimeUnit.NANOSECONDS), nanos)) {
            return false;
        }
        try {
            handles().forEach(ConnectionHandle::closeStatements);
        } finally {
            work.unlock();
        }
        return true;
    }

    private interface Wait {
        boolean forNanos(long left) throws InterruptedException;
    }

    /** An interrupt does not keep a branch from its end. */
    private static boolean await(Wait wait, long nanos) {
        long start = System.nanoTime();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return wait.forNanos(nanos - (System.nanoTime() - start));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private List<ConnectionHandle> handles() {
        lock.lock();
        try {
            return List.copyOf(handles);
        } finally {
            lock.unlock();
        }
    }

    void requireHealthyPostgresSession() throws SQLException {
        var connection = physical;
        if (connection != null) {
            PostgresSession.requireHealthy(connection, statementHasFailed);
        }
    }

    // The end.

    @Override
    public void beforeCompletion() {
        // Statements may still run: those that others do before completion.
    }

    @Override
    public void afterCompletion(int status) {
        stopped = true;
        List<ConnectionHandle> forgotten;
        lock.lock();
        try {
            completed = true;
            forgotten = List.copyOf(handles);
        } finally {
            lock.unlock();
        }
        giveBackIfOver(false);
        for (var handle : forgotten) {
            pool.reportForgotten(handle, transaction);
        }
    }

    /** The branch has finished: its connection goes back, if that has only waited for it. */
    void finished() {
        giveBackIfOver(false);
    }

    /** Gives the connection back unless somebody still needs it. */
    private void giveBackIfOver(boolean refused) {
        Connection connection;
        PhysicalConnection worked;
        BranchResource resource;
        lock.lock();
        try {
            connection = pooled;
            worked = physical;
            resource = branch;
            if (connection == null || worked == null || resource == null || isOpening || !(completed || refused)) {
                return;
            }
            if (resource.mayBePrepared() && pool.profile().keptInDoubt()) {
                // The database would lose the branch with the connection. Recovery says when it has finished.
                return;
            }
            pooled = null;
            open = null;
        } finally {
            lock.unlock();
        }
        resource.released();
        try {
            worked.unpin();
        } finally {
            if (resource.isReusable()) {
                pool.giveBack(connection, worked);
            } else {
                pool.evict(connection, worked);
            }
        }
    }
}
