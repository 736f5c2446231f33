package dev.ktm.cdi;

import jakarta.enterprise.inject.spi.CDI;
import jakarta.transaction.Synchronization;
import jakarta.transaction.UserTransaction;
import org.jboss.weld.transaction.spi.TransactionServices;

/** For Weld, which finds it as a service: lets observers wait for the end of a transaction. */
public final class WeldTransactionServices implements TransactionServices {

    /** Called by Weld. */
    public WeldTransactionServices() {}

    private static Transactions transactions() {
        return CDI.current().select(Transactions.class).get();
    }

    @Override
    public void registerSynchronization(Synchronization synchronization) {
        transactions().synchronizationRegistry().registerInterposedSynchronization(synchronization);
    }

    @Override
    public boolean isTransactionActive() {
        return transactions().scopes().isActive();
    }

    @Override
    public UserTransaction getUserTransaction() {
        return transactions().userTransaction();
    }

    @Override
    public void cleanup() {
        // It holds nothing.
    }
}
