package dev.ktm.cdi;

import jakarta.enterprise.inject.spi.BeanManager;
import jakarta.transaction.Synchronization;
import jakarta.transaction.UserTransaction;
import java.util.function.Supplier;
import org.jboss.weld.manager.api.WeldManager;
import org.jboss.weld.transaction.spi.TransactionServices;
import org.jspecify.annotations.Nullable;

/**
 * For Weld, which finds it as a service: lets observers wait for the end of a transaction. Each container makes one of its own, before
 * there are beans; the extension tells it which transactions are those of its container.
 */
public final class WeldTransactionServices implements TransactionServices {

    private volatile @Nullable Supplier<Transactions> connected;

    /** Called by Weld. */
    public WeldTransactionServices() {}

    /** Connects the service of this container, if it is Weld and has no other. */
    static void connect(BeanManager container, Supplier<Transactions> transactions) {
        if (container instanceof WeldManager weld
                && weld.getServices().get(TransactionServices.class) instanceof WeldTransactionServices services) {
            services.connected = transactions;
        }
    }

    private Transactions transactions() {
        var known = connected;
        if (known == null) {
            throw new IllegalStateException("expected a container with " + KtmExtension.class.getName()
                    + ", found one without: do not switch it off");
        }
        return known.get();
    }

    /** Weld looks at the cause to tell what cannot be registered from what is wrong. */
    @Override
    public void registerSynchronization(Synchronization synchronization) {
        try {
            transactions().synchronizationRegistry().registerInterposedSynchronization(synchronization);
        } catch (IllegalStateException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @Override
    public boolean isTransactionActive() {
        return connected != null && transactions().scopes().isInProgress();
    }

    @Override
    public UserTransaction getUserTransaction() {
        return transactions().userTransaction();
    }

    @Override
    public void cleanup() {
        connected = null;
    }
}
