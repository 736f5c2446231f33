package dev.ktm.glassfish;

import com.sun.enterprise.transaction.JavaEETransactionManagerSimplified;
import com.sun.enterprise.transaction.api.JavaEETransaction;
import com.sun.enterprise.transaction.spi.TransactionalResource;
import jakarta.inject.Inject;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import javax.transaction.xa.XAException;
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
    private volatile int defaultTimeoutSeconds;

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
        // Nobody has said anything else for this thread yet.
        int configured = getEffectiveTimeout();
        setDefaultTransactionTimeout(configured == 0 ? coordinator.options().defaultTimeoutSeconds() : configured);
    }

    @Override
    public void setDefaultTransactionTimeout(int seconds) {
        super.setDefaultTransactionTimeout(seconds);
        defaultTimeoutSeconds = Math.max(0, seconds);
    }

    /** What is configured for transactions for which nothing is said; 0 for none. */
    int defaultTimeoutSeconds() {
        return defaultTimeoutSeconds;
    }

    /** Waits for those that are ending before the server's own lock is held, which they need to end. */
    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized")
    public void freeze() {
        var known = delegate;
        if (known != null) {
            known.freeze();
        }
        super.freeze();
    }

    @Override
    public boolean enlistResource(Transaction transaction, TransactionalResource resource)
            throws RollbackException, SystemException {
        requireThatAllCanPrepare(transaction, resource);
        var before = coordinator.enlisting(resource.supportsXA() ? pools.nameOf(resource) : null);
        try {
            return super.enlistResource(transaction, resource);
        } finally {
            coordinator.enlisting(before);
        }
    }

    /** Before the server is asked: it notes what it then refuses, and refuses everything after that. */
    private static void requireThatAllCanPrepare(Transaction transaction, TransactionalResource resource) {
        if (!(transaction instanceof JavaEETransaction outer)
                || !resource.isTransactional()
                || resource.isEnlistmentSuspended()) {
            return;
        }
        if (!resource.supportsXA() && !outer.isLocalTx()) {
            throw KtmDelegate.cannotPrepare(resource);
        }
        var alone = outer.getNonXAResource();
        if (alone != null && !isSame(resource, alone)) {
            throw KtmDelegate.cannotPrepare(resource.supportsXA() ? alone : resource);
        }
    }

    /** As the server compares them; it says what is wrong with one that fails at that. */
    private static boolean isSame(TransactionalResource one, TransactionalResource other) {
        try {
            return one.getXAResource().isSameRM(other.getXAResource());
        } catch (XAException | RuntimeException e) {
            return true;
        }
    }

    /** What comes of the resources that are enlisted first while it commits is said in the server by a cause only. */
    @Override
    public void commit()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        try {
            super.commit();
        } catch (SystemException e) {
            if (e.getCause() instanceof HeuristicMixedException mixed) {
                throw mixed;
            }
            if (e.getCause() instanceof HeuristicRollbackException rolledBack) {
                throw rolledBack;
            }
            throw e;
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
