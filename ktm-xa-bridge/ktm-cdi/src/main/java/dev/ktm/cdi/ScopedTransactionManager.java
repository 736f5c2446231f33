package dev.ktm.cdi;

import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.NotSupportedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import org.jspecify.annotations.Nullable;

/** A transaction manager that begins the scope of a transaction with it. */
record ScopedTransactionManager(TransactionManager manager, TransactionScopes scopes) implements TransactionManager {

    @Override
    public void begin() throws NotSupportedException, SystemException {
        manager.begin();
        scopes.begin();
    }

    @Override
    public void commit()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        manager.commit();
    }

    @Override
    public void rollback() throws SystemException {
        manager.rollback();
    }

    @Override
    public void setRollbackOnly() throws SystemException {
        manager.setRollbackOnly();
    }

    @Override
    public int getStatus() throws SystemException {
        return manager.getStatus();
    }

    @Override
    public @Nullable Transaction getTransaction() throws SystemException {
        return manager.getTransaction();
    }

    @Override
    public void setTransactionTimeout(int seconds) throws SystemException {
        manager.setTransactionTimeout(seconds);
    }

    @Override
    public @Nullable Transaction suspend() throws SystemException {
        return manager.suspend();
    }

    @Override
    public void resume(Transaction transaction) throws InvalidTransactionException, SystemException {
        manager.resume(transaction);
    }
}
