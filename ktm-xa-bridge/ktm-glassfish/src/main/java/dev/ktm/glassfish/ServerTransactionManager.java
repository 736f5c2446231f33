package dev.ktm.glassfish;

import com.sun.enterprise.transaction.JavaEETransactionManagerSimplified;
import com.sun.enterprise.transaction.api.JavaEETransaction;
import com.sun.enterprise.transaction.spi.TransactionalResource;
import jakarta.inject.Inject;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import org.jspecify.annotations.Nullable;

/**
 * The server's own face of transactions, which delegates to {@link KtmDelegate}, with what it does not tell its delegates: the name
 * of the resource that it enlists, under which its branches are found again after a crash, and that a thread is to be left clean.
 */
public class ServerTransactionManager extends JavaEETransactionManagerSimplified {

    private final ServerCoordinator coordinator;
    private final ServerPools pools;
    /** What the thread has just ended through the transaction itself, until the server has taken it off the thread. */
    @SuppressWarnings("ThreadLocalUsage") // One for each server.
    private final ThreadLocal<@Nullable JavaEETransaction> ended = new ThreadLocal<>();

    private volatile @Nullable KtmDelegate delegate;

    /** Over this coordinator. */
    @Inject
    public ServerTransactionManager(ServerCoordinator coordinator, ServerPools pools) {
        this.coordinator = coordinator;
        this.pools = pools;
    }

    /** Whom it delegates to. */
    void delegate(KtmDelegate value) {
        delegate = value;
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

    /**
     * A transaction of the coordinator comes back unless its client has ended it. The server would refuse one that has ended by
     * itself, as by its timeout: its client went on without, and was never told.
     */
    @Override
    public void resume(Transaction suspended) throws InvalidTransactionException, SystemException {
        var known = delegate;
        if (known != null && getCurrentTransaction() == null) {
            if (suspended instanceof ServerTransaction) {
                known.resume(suspended);
                return;
            }
            if (suspended instanceof JavaEETransaction outer && !outer.isLocalTx()) {
                var inner = known.innerOf(outer);
                if (inner.isPresent()) {
                    known.resume(inner.get());
                    setCurrentTransaction(outer);
                    return;
                }
            }
        }
        super.resume(suspended);
    }

    /** What a transaction says to the server about its end just before it has itself taken off the thread. */
    @Override
    public void monitorTxCompleted(Object transaction, boolean committed) {
        super.monitorTxCompleted(transaction, committed);
        if (transaction instanceof JavaEETransaction outer) {
            ended.set(outer);
        }
    }

    /** A transaction that was ended from a thread that is in another one, or in none, leaves the thread where it is. */
    @Override
    public void clearThreadTx() {
        var over = ended.get();
        ended.remove();
        if (over != null && over != getCurrentTransaction()) {
            return;
        }
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
