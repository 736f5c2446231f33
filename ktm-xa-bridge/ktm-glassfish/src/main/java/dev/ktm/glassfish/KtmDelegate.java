package dev.ktm.glassfish;

import com.sun.enterprise.transaction.JavaEETransactionImpl;
import com.sun.enterprise.transaction.JavaEETransactionManagerSimplified;
import com.sun.enterprise.transaction.api.JavaEETransaction;
import com.sun.enterprise.transaction.api.JavaEETransactionManager;
import com.sun.enterprise.transaction.api.TransactionAdminBean;
import com.sun.enterprise.transaction.api.XAResourceWrapper;
import com.sun.enterprise.transaction.spi.JavaEETransactionManagerDelegate;
import com.sun.enterprise.transaction.spi.TransactionInternal;
import com.sun.enterprise.transaction.spi.TransactionalResource;
import dev.ktm.Ktm;
import jakarta.inject.Inject;
import jakarta.resource.spi.XATerminator;
import jakarta.resource.spi.work.WorkException;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.NotSupportedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/**
 * What the server asks to run its distributed transactions.
 *
 * <p><b>Theory of operation.</b> The server begins every transaction by itself and keeps it on the thread. When the first resource
 * that can prepare is enlisted it asks its delegate for a distributed transaction, registers with that what was registered with its
 * own so far, and from then on everything goes to the delegate: resources, synchronizations, status, the end. So a transaction of
 * the coordinator is on a thread exactly when the server's transaction on it is distributed. One that was imported from a resource
 * adapter is there first, and the server makes its own around it when it is asked for. Safe for many threads.
 */
public final class KtmDelegate implements JavaEETransactionManagerDelegate {

    /** Above every delegate that the server brings, of which the highest is 3. */
    private static final int ORDER = 100;

    /** How long a freeze waits for those that are ending: a resource may hang. */
    private static final Duration LONGEST_END = Duration.ofSeconds(30);

    private static final System.Logger LOGGER = System.getLogger(KtmDelegate.class.getName());

    private final ServerCoordinator coordinator;
    private final OneTimeRecovery recovery;
    private final ServerPools pools;
    private final Inflow inflow = new Inflow();
    private final FreezeGate gate = new FreezeGate();
    /** What the server holds of transactions that have not ended, by the coordinator's. */
    private final Map<Transaction, ServerTransaction> known = new ConcurrentHashMap<>();
    /**
     * The coordinator's transactions by what the server has made of them, which does not say: also those that have ended by
     * themselves, of which the client does not know. What the server has holds the coordinator's, not this.
     */
    private final Map<JavaEETransaction, WeakReference<ServerTransaction>> inners =
            Collections.synchronizedMap(new WeakHashMap<>());

    private volatile @Nullable JavaEETransactionManagerSimplified server;

    /** Over this coordinator. */
    @Inject
    public KtmDelegate(ServerCoordinator coordinator, ServerPools pools) {
        this.coordinator = coordinator;
        this.pools = pools;
        this.recovery = new OneTimeRecovery();
    }

    @Override
    public int getOrder() {
        return ORDER;
    }

    @Override
    public void setTransactionManager(JavaEETransactionManager manager) {
        server = (JavaEETransactionManagerSimplified) manager;
        if (manager instanceof ServerTransactionManager own) {
            own.delegate(this);
        }
    }

    private JavaEETransactionManagerSimplified server() {
        var known = server;
        if (known == null) {
            throw new IllegalStateException("expected a server that has said what its transaction manager is");
        }
        return known;
    }

    private Ktm ktm() throws SystemException {
        return coordinator.ktm();
    }

    // The transaction of a thread.

    @Override
    public TransactionInternal startJTSTx(JavaEETransaction local, boolean hasTimeout)
            throws RollbackException, SystemException {
        gate.lock();
        try {
            return begin(local, hasTimeout);
        } finally {
            gate.unlock();
        }
    }

    private ServerTransaction begin(JavaEETransaction local, boolean hasTimeout) throws SystemException {
        var ktm = ktm();
        var manager = ktm.transactionManager();
        boolean ofThread = server().getCurrentTransaction() == local;
        var other = manager.suspend();
        if (ofThread && other != null) {
            LOGGER.log(System.Logger.Level.WARNING, "a thread had kept a transaction that the server had taken off it");
        }
        manager.setTransactionTimeout(hasTimeout ? secondsLeft((JavaEETransactionImpl) local) : 0);
        try {
            manager.begin();
            var begun = wrap(ktm, manager.getTransaction());
            meet(begun, local);
            begun.registerInterposedSynchronization(new LateConnections(begun, local));
            server().monitorTxBegin(begun);
            return begun;
        } catch (NotSupportedException e) {
            throw new IllegalStateException(e);
        } finally {
            manager.setTransactionTimeout(0);
            if (!ofThread) {
                // It is worked with from a thread that is in another one, or in none.
                manager.suspend();
                resume(manager, other);
            }
        }
    }

    private static void resume(TransactionManager manager, @Nullable Transaction suspended) throws SystemException {
        if (suspended != null) {
            try {
                manager.resume(suspended);
            } catch (InvalidTransactionException e) {
                throw new IllegalStateException(e.getMessage(), e);
            }
        }
    }

    private void meet(ServerTransaction inner, JavaEETransaction outer) {
        inner.outer(outer);
        inners.put(outer, new WeakReference<>(inner));
    }

    /** The coordinator's transaction that the server works with as this; none if it is the server's own, or was ended through it. */
    Optional<ServerTransaction> innerOf(JavaEETransaction outer) {
        return Optional.ofNullable(inners.get(outer)).map(WeakReference::get);
    }

    /** From now on the time is kept here. What is over already ends at once; it is marked for rollback besides. */
    private static int secondsLeft(JavaEETransactionImpl local) {
        int seconds = local.cancelTimerTask();
        long elapsed = (System.currentTimeMillis() - local.getStartTime()) / 1000;
        return (int) Math.max(1, seconds - elapsed);
    }

    private ServerTransaction wrap(Ktm ktm, Transaction transaction) {
        return known.computeIfAbsent(transaction, begun -> new ServerTransaction(coordinator, gate, ktm, begun));
    }

    @Override
    public int getStatus() throws SystemException {
        var current = server().getCurrentTransaction();
        if (current != null) {
            return current.getStatus();
        }
        var open = coordinator.ifOpen();
        return open.isPresent() ? open.get().transactionManager().getStatus() : Status.STATUS_NO_TRANSACTION;
    }

    @Override
    public @Nullable Transaction getTransaction() throws SystemException {
        var current = server().getCurrentTransaction();
        if (current != null) {
            return current;
        }
        var imported = ofThread();
        if (imported.isEmpty()) {
            return null;
        }
        var inner = imported.get();
        var held = known.computeIfAbsent(inner.transaction(), each -> inner);
        var outer = outerOf(held);
        server().setCurrentTransaction(outer);
        return outer;
    }

    /** What the server works with of a transaction that was begun elsewhere. */
    private JavaEETransaction outerOf(ServerTransaction imported) throws SystemException {
        synchronized (imported) {
            var outer = imported.outer();
            if (outer == null) {
                try {
                    outer = server().createImportedTransaction(imported);
                } catch (SystemException e) {
                    // It has ended, and nobody else says so.
                    known.remove(imported.transaction());
                    throw e;
                }
                meet(imported, outer);
                imported.registerInterposedSynchronization(new LateConnections(imported, outer));
            }
            return outer;
        }
    }

    /** The coordinator's transaction of this thread; one that the server does not know is not held. */
    private Optional<ServerTransaction> ofThread() throws SystemException {
        var open = coordinator.ifOpen();
        if (open.isEmpty()) {
            return Optional.empty();
        }
        return Optional.ofNullable(open.get().transactionManager().getTransaction())
                .map(transaction -> {
                    var held = known.get(transaction);
                    return held == null ? new ServerTransaction(coordinator, gate, open.get(), transaction) : held;
                });
    }

    /** The one that the server means: it may be worked with from a thread that the coordinator has in another one. */
    private ServerTransaction requireOfThread() throws SystemException {
        var current = server().getCurrentTransaction();
        var inner = current == null ? Optional.<ServerTransaction>empty() : innerOf(current);
        return (inner.isPresent() ? inner : ofThread())
                .orElseThrow(() -> new IllegalStateException("expected a transaction on this thread, found none"));
    }

    @Override
    public @Nullable JavaEETransaction getJavaEETransaction(Transaction transaction) {
        if (transaction instanceof JavaEETransaction outer) {
            return outer;
        }
        return transaction instanceof ServerTransaction inner ? inner.outer() : null;
    }

    @Override
    public @Nullable Transaction suspend(@Nullable JavaEETransaction current) throws SystemException {
        if (current == null) {
            var imported = ofThread();
            if (imported.isPresent()) {
                ktm().transactionManager().suspend();
            }
            return imported.orElse(null);
        }
        if (!current.isLocalTx()) {
            ktm().transactionManager().suspend();
        }
        server().setCurrentTransaction(null);
        return current;
    }

    @Override
    public void resume(Transaction suspended) throws InvalidTransactionException, SystemException {
        if (!(suspended instanceof ServerTransaction inner)) {
            throw new InvalidTransactionException("expected a transaction of this server, found " + suspended);
        }
        ktm().transactionManager().resume(inner.transaction());
    }

    @Override
    public void removeTransaction(Transaction transaction) {
        if (transaction instanceof ServerTransaction inner) {
            known.remove(inner.transaction());
        }
    }

    /** How many transactions the server holds something of. */
    int knownCount() {
        return known.size();
    }

    // Its end.

    /** An end of a transaction. */
    private interface End {
        void run() throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException;
    }

    @Override
    public void commitDistributedTransaction()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        var current = requireOfThread();
        var committed = false;
        try {
            whileCompleting(current::commit);
            committed = true;
        } catch (HeuristicMixedException e) {
            committed = true;
            throw e;
        } finally {
            server().monitorTxCompleted(current, committed);
            dropIfOver(current);
        }
    }

    @Override
    public void rollbackDistributedTransaction() throws SystemException {
        var current = requireOfThread();
        try {
            whileCompleting(current::rollback);
        } catch (RollbackException | HeuristicMixedException | HeuristicRollbackException e) {
            throw new IllegalStateException(e);
        } finally {
            server().monitorTxCompleted(current, false);
            dropIfOver(current);
        }
    }

    /** Of one that is over already nobody else says that it is. One that may not be ended from here goes on. */
    private void dropIfOver(ServerTransaction transaction) throws SystemException {
        int status = transaction.getStatus();
        if (status != Status.STATUS_ACTIVE && status != Status.STATUS_MARKED_ROLLBACK) {
            known.remove(transaction.transaction());
        }
    }

    /** Synchronizations may call components: what these have enlisted is left alone. */
    private void whileCompleting(End end)
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        if (server().isInvocationStackEmpty()) {
            end.run();
            return;
        }
        server().setTransactionCompeting(true);
        try {
            end.run();
        } finally {
            server().setTransactionCompeting(false);
        }
    }

    @Override
    public void setRollbackOnlyDistributedTransaction() throws SystemException {
        requireOfThread().setRollbackOnly();
    }

    // Resources.

    @Override
    public boolean supportsXAResource() {
        return true;
    }

    /** No: a resource that cannot prepare would be committed on the strength of a guess. */
    @Override
    public boolean useLAO() {
        return false;
    }

    @Override
    public void setUseLAO(boolean value) {
        if (value) {
            throw new UnsupportedOperationException(
                    "a resource that cannot prepare does not take part beside others; use an XA data source");
        }
    }

    /** Called when the first resource that can prepare is about to be enlisted: the transaction becomes distributed. */
    @Override
    public boolean enlistLAOResource(Transaction transaction, @Nullable TransactionalResource other)
            throws RollbackException, SystemException {
        if (!(transaction instanceof JavaEETransaction local)) {
            throw new IllegalStateException("expected a transaction of the server, found " + transaction);
        }
        server().startJTSTx(local);
        return true;
    }

    @Override
    public boolean enlistDistributedNonXAResource(Transaction transaction, TransactionalResource resource) {
        throw cannotPrepare(resource);
    }

    /** The refusal of this one. */
    static IllegalStateException cannotPrepare(TransactionalResource resource) {
        return new IllegalStateException(
                "expected a resource that can prepare, because others take part in the transaction, found "
                        + resource.getName()
                        + ": set the res-type of its pool to javax.sql.XADataSource, or the transaction support of its"
                        + " adapter to XATransaction, or use it in a transaction of its own");
    }

    // Transactions that resource adapters bring.

    @Override
    public XATerminator getXATerminator() {
        try {
            return new InflowTerminator(ktm(), server(), gate);
        } catch (SystemException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @Override
    public void recreate(Xid xid, long timeoutSeconds) throws WorkException {
        try {
            inflow.enter(ktm(), xid, timeoutSeconds > 0 ? timeoutSeconds : defaultTimeoutSeconds());
        } catch (SystemException e) {
            throw new WorkException(e.getMessage(), e);
        }
    }

    /** The server's, for adapters that say nothing. */
    private int defaultTimeoutSeconds() {
        return server() instanceof ServerTransactionManager own ? own.defaultTimeoutSeconds() : 0;
    }

    @Override
    public void release(Xid xid) throws WorkException {
        try {
            inflow.leave(ktm(), xid);
        } catch (SystemException e) {
            throw new WorkException(e.getMessage(), e);
        } finally {
            server().clearThreadTx();
        }
    }

    @Override
    public boolean isNullTransaction() {
        return OrbCalls.isInForeignTransaction();
    }

    // Recovery.

    /** The coordinator recovers from the start of the server on; nothing has to be set up. */
    @Override
    public void initRecovery(boolean force) {}

    @Override
    public void recover(XAResource[] resources) {
        try {
            recovery.run(ktm(), resources);
        } catch (SystemException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @Override
    public boolean recoverIncompleteTx(boolean delegated, String logPath, XAResource[] resources) {
        if (delegated) {
            throw new UnsupportedOperationException(
                    "the log in " + logPath
                            + " belongs to another server: start that, or a coordinator on its log, to finish its transactions");
        }
        recover(resources);
        return true;
    }

    @Override
    public void registerRecoveryResourceHandler(XAResource resource) {
        pools.add(resource);
    }

    @Override
    public @Nullable XAResourceWrapper getXAResourceWrapper(String className) {
        return null;
    }

    @Override
    public String getTxLogLocation() {
        return coordinator.options().place();
    }

    // Administration.

    /** The server's settings of its own log and retries have no meaning here. */
    @Override
    public void handlePropertyUpdate(String name, Object value) {
        LOGGER.log(
                System.Logger.Level.INFO,
                "property " + name + " of the transaction service has no meaning with KTM; see the ktm. properties");
    }

    /** Whatever is to begin or to end waits from now on; returns when what was about it has done so, or after some time. */
    void freeze() {
        gate.close();
        if (!gate.awaitNobody(LONGEST_END)) {
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "transactions still end after " + LONGEST_END + ", although the transaction service is frozen");
        }
    }

    @Override
    public Lock getReadLock() {
        return gate;
    }

    @Override
    public void acquireWriteLock() {
        gate.close();
    }

    @Override
    public void releaseWriteLock() {
        gate.open();
    }

    @Override
    public boolean isWriteLocked() {
        return gate.isClosed();
    }

    @Override
    public TransactionAdminBean getTransactionAdminBean(Transaction transaction) throws SystemException {
        if (!(transaction instanceof ServerTransaction inner)) {
            return server().getTransactionAdminBean(transaction);
        }
        var outer = inner.outer();
        var bean = outer == null
                ? new TransactionAdminBean(inner, "", "", 0, "unknown", null)
                : server().getTransactionAdminBean(outer);
        bean.setIdentifier(inner);
        bean.setId(inner.unitOfWork().toString());
        bean.setStatus(JavaEETransactionManagerSimplified.getStatusAsString(inner.getStatus()));
        bean.setElapsedTime(System.currentTimeMillis() - inner.startMillis());
        if (bean.getComponentName() == null) {
            bean.setComponentName("unknown");
        }
        return bean;
    }
}
