package dev.ktm.glassfish;

import com.sun.enterprise.transaction.JavaEETransactionManagerSimplified;
import com.sun.enterprise.transaction.spi.TransactionalResource;
import jakarta.inject.Inject;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;

/**
 * The server's own face of transactions, which delegates to {@link KtmDelegate}, with what it does not tell its delegates: the name
 * of the resource that it enlists, under which its branches are found again after a crash, and that a thread is to be left clean.
 */
public class ServerTransactionManager extends JavaEETransactionManagerSimplified {

    private final ServerCoordinator coordinator;
    private final ServerPools pools;

    /** Over this coordinator. */
    @Inject
    public ServerTransactionManager(ServerCoordinator coordinator, ServerPools pools) {
        this.coordinator = coordinator;
        this.pools = pools;
    }

    @Override
    public void postConstruct() {
        super.postConstruct();
        if (getEffectiveTimeout() == 0) {
            setDefaultTransactionTimeout(coordinator.options().defaultTimeoutSeconds());
        }
    }

    @Override
    public boolean enlistResource(Transaction transaction, TransactionalResource resource)
            throws RollbackException, SystemException {
        var before = coordinator.enlisting(resource.supportsXA() ? pools.nameOf(resource) : null);
        try {
            return super.enlistResource(transaction, resource);
        } finally {
            coordinator.enlisting(before);
        }
    }

    @Override
    public void clearThreadTx() {
        super.clearThreadTx();
        var open = coordinator.ifOpen();
        if (open.isPresent()) {
            try {
                open.get().transactionManager().suspend();
            } catch (SystemException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
