package dev.ktm.jta;

import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.NotSupportedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import java.time.Duration;
import java.util.Objects;
import org.jboss.tm.TransactionTimeoutConfiguration;
import org.jspecify.annotations.Nullable;

/** Associates transactions with threads, to the letter of Jakarta Transactions 2.0. Safe for many threads. */
final class JtaTransactionManager implements TransactionManager, TransactionTimeoutConfiguration {

    private static final int TRANSACTION = 0;
    private static final int TIMEOUT = 1;

    private final JtaCoordinator coordinator;
    /**
     * For each thread its transaction, and its timeout in seconds if it has set one. Objects of the JDK only, so that a thread
     * that outlives this coordinator holds nothing of it.
     */
    private final ThreadLocal<@Nullable Object[]> threads = ThreadLocal.withInitial(() -> new Object[2]);

    JtaTransactionManager(JtaCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Nullable
    JtaTransaction current() {
        return (JtaTransaction) threads.get()[TRANSACTION];
    }

    JtaTransaction require() {
        var current = current();
        if (current == null) {
            throw new IllegalStateException("expected a transaction on this thread, found none");
        }
        return current;
    }

    @Override
    public void begin() throws NotSupportedException, SystemException {
        begin(false);
    }

    /** Begins a transaction whose owner promises to change nothing, or an ordinary one. */
    public void begin(boolean readOnly) throws NotSupportedException, SystemException {
        var state = threads.get();
        if (state[TRANSACTION] != null) {
            throw new NotSupportedException(
                    "expected no transaction on this thread: they do not nest; found " + state[TRANSACTION]);
        }
        var own = (Integer) state[TIMEOUT];
        associate(
                state,
                own == null
                        ? coordinator.begin(coordinator.defaultTimeout(), coordinator.defaultTimeoutSeconds(), readOnly)
                        : coordinator.begin(Duration.ofSeconds(own), own, readOnly));
    }

    private static void associate(@Nullable Object[] state, JtaTransaction transaction) {
        state[TRANSACTION] = transaction;
        transaction.associated();
    }

    @Override
    public void commit()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        var current = require();
        try {
            current.commit();
        } finally {
            dissociate(current);
        }
    }

    @Override
    public void rollback() throws SystemException {
        var current = require();
        try {
            current.rollback();
        } finally {
            dissociate(current);
        }
    }

    /** Unless somebody has put another in its place meanwhile. */
    private void dissociate(JtaTransaction transaction) {
        var state = threads.get();
        if (state[TRANSACTION] == transaction) {
            state[TRANSACTION] = null;
            transaction.dissociated();
        }
    }

    @Override
    public void setRollbackOnly() {
        require().setRollbackOnly();
    }

    @Override
    public int getStatus() {
        var current = current();
        return current == null ? Status.STATUS_NO_TRANSACTION : current.getStatus();
    }

    @Override
    public @Nullable Transaction getTransaction() {
        return current();
    }

    @Override
    public void setTransactionTimeout(int seconds) throws SystemException {
        if (seconds < 0) {
            throw new SystemException("expected a timeout of 0 seconds, for the default, or more, found " + seconds);
        }
        threads.get()[TIMEOUT] = seconds == 0 ? null : (Integer) seconds;
    }

    @Override
    public @Nullable Transaction suspend() {
        var state = threads.get();
        var suspended = (JtaTransaction) state[TRANSACTION];
        if (suspended != null) {
            state[TRANSACTION] = null;
            suspended.dissociated();
        }
        return suspended;
    }

    @Override
    public void resume(@Nullable Transaction transaction) throws InvalidTransactionException {
        var state = threads.get();
        if (state[TRANSACTION] != null) {
            throw new IllegalStateException("expected no transaction on this thread, found " + state[TRANSACTION]);
        }
        var own = transaction instanceof ImportedJtaTransaction imported ? imported.transaction() : transaction;
        if (!(own instanceof JtaTransaction resumed) || !resumed.belongsTo(coordinator)) {
            throw new InvalidTransactionException(
                    "expected a transaction of this transaction manager, found " + Objects.toString(transaction));
        }
        if (resumed.hasEnded()) {
            throw new InvalidTransactionException(
                    "expected a transaction that its client has not ended, found " + resumed);
        }
        associate(state, resumed);
    }

    @Override
    public int getTransactionTimeout() {
        var own = (Integer) threads.get()[TIMEOUT];
        return own == null ? coordinator.defaultTimeoutSeconds() : own;
    }

    @Override
    public long getTimeLeftBeforeTransactionTimeout(boolean errorRollback) throws RollbackException {
        var current = current();
        if (current == null) {
            return -1;
        }
        if (errorRollback) {
            current.requireNotRolledBack();
        }
        return current.millisLeft();
    }
}
