package dev.ktm.jta;

import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.NotSupportedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import jakarta.transaction.UserTransaction;
import org.jboss.tm.usertx.UserTransactionOperationsProvider;
import org.jboss.tm.usertx.UserTransactionProvider;
import org.jboss.tm.usertx.UserTransactionRegistry;
import org.jspecify.annotations.Nullable;

/**
 * What applications see of a {@link JtaTransactionManager}. A container may be told of every transaction that is begun here, and may
 * forbid a thread to end or begin any, as it must where it manages transactions itself. Safe for many threads.
 */
final class JtaUserTransaction implements UserTransaction, UserTransactionProvider, UserTransactionOperationsProvider {

    private final JtaTransactionManager manager;
    private volatile @Nullable UserTransactionRegistry registry;
    /** Set on threads that must not use it. */
    private final ThreadLocal<Boolean> forbidden = new ThreadLocal<>();

    JtaUserTransaction(JtaTransactionManager manager) {
        this.manager = manager;
    }

    @Override
    public void setTransactionRegistry(UserTransactionRegistry newRegistry) {
        registry = newRegistry;
    }

    @Override
    public void setAvailability(boolean available) {
        if (available) {
            forbidden.remove();
        } else {
            forbidden.set(Boolean.TRUE);
        }
    }

    @Override
    public boolean getAvailability() {
        return forbidden.get() == null;
    }

    private void requireAvailable(String what) {
        if (!getAvailability()) {
            throw new IllegalStateException("expected a place where applications manage transactions to call " + what
                    + ", found one where the container does");
        }
    }

    @Override
    public void begin() throws NotSupportedException, SystemException {
        requireAvailable("begin");
        manager.begin();
        var told = registry;
        if (told != null) {
            try {
                told.userTransactionStarted();
            } catch (RuntimeException e) {
                // Whoever listens may have enlisted half of what it has to: nothing of it may be committed.
                manager.rollback();
                throw e;
            }
        }
    }

    @Override
    public void commit()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        requireAvailable("commit");
        manager.commit();
    }

    @Override
    public void rollback() throws SystemException {
        requireAvailable("rollback");
        manager.rollback();
    }

    @Override
    public void setRollbackOnly() {
        requireAvailable("setRollbackOnly");
        manager.setRollbackOnly();
    }

    @Override
    public int getStatus() {
        requireAvailable("getStatus");
        return manager.getStatus();
    }

    @Override
    public void setTransactionTimeout(int seconds) throws SystemException {
        requireAvailable("setTransactionTimeout");
        manager.setTransactionTimeout(seconds);
    }
}
