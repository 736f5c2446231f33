package dev.ktm.cdi;

import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.NotSupportedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import jakarta.transaction.UserTransaction;

/**
 * What beans begin and end transactions with. Inside a method whose annotation decides about that, it refuses (Jakarta Transactions
 * 2.0 §3.7), unless the annotation says that there is no transaction. It is the coordinator's own, which says no there as well, and begins the scope of a
 * transaction with it.
 */
record GuardedUserTransaction(UserTransaction faced, Transactions transactions) implements UserTransaction {

    private void requireInCharge(String what) {
        if (transactions.isDemarcated()) {
            throw new IllegalStateException("expected no call of UserTransaction." + what
                    + " inside a method that is @Transactional, found one: its annotation decides when a transaction begins and"
                    + " ends; take the annotation away, or use NOT_SUPPORTED or NEVER");
        }
    }

    @Override
    public void begin() throws NotSupportedException, SystemException {
        requireInCharge("begin");
        faced.begin();
        transactions.scopes().begin();
    }

    @Override
    public void commit()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        requireInCharge("commit");
        faced.commit();
    }

    @Override
    public void rollback() throws SystemException {
        requireInCharge("rollback");
        faced.rollback();
    }

    @Override
    public void setRollbackOnly() throws SystemException {
        requireInCharge("setRollbackOnly");
        faced.setRollbackOnly();
    }

    @Override
    public int getStatus() throws SystemException {
        requireInCharge("getStatus");
        return faced.getStatus();
    }

    @Override
    public void setTransactionTimeout(int seconds) throws SystemException {
        requireInCharge("setTransactionTimeout");
        faced.setTransactionTimeout(seconds);
    }
}
