package dev.ktm.tomee;

import dev.ktm.Ktm;
import jakarta.resource.spi.XATerminator;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.NotSupportedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.apache.geronimo.transaction.manager.NamedXAResource;
import org.apache.geronimo.transaction.manager.NamedXAResourceFactory;
import org.apache.geronimo.transaction.manager.RecoverableTransactionManager;
import org.apache.openejb.api.resource.DestroyableResource;
import org.apache.openejb.resource.jdbc.managed.local.Key;
import org.jspecify.annotations.Nullable;

/**
 * A coordinator as the server wants it: one object with the faces that the server asks it for. It is no {@link
 * jakarta.transaction.UserTransaction}: the server has one of its own, which refuses what an annotated method may not do, and hands
 * out a transaction manager in its place if that is one, too.
 *
 * <p>Bound as {@code openejb:TransactionManager}, where a program that knows KTM gets at the coordinator. Safe for many threads.
 */
public final class KtmTransactionManager
        implements RecoverableTransactionManager,
                TransactionSynchronizationRegistry,
                XATerminator,
                DestroyableResource {

    private static final Logger LOGGER = System.getLogger(KtmTransactionManager.class.getName());

    private final Ktm ktm;
    private final TransactionManager manager;
    private final TransactionSynchronizationRegistry registry;
    private final XATerminator terminator;
    private final Association association;
    private final Set<String> connectors = ConcurrentHashMap.newKeySet();

    KtmTransactionManager(Ktm ktm) {
        this.ktm = ktm;
        this.manager = ktm.transactionManager();
        this.registry = ktm.synchronizationRegistry();
        this.terminator = (XATerminator) ktm.xaTerminator();
        this.association = new Association(ktm, this::named);
    }

    /** What a connector enlists bears the connector's name. */
    private XAResource named(XAResource resource) {
        return resource instanceof NamedXAResource connector && connectors.contains(connector.getName())
                ? ktm.named(connector.getName(), resource)
                : resource;
    }

    /** The coordinator. The server closes it. */
    public Ktm ktm() {
        return ktm;
    }

    @Override
    public void begin() throws NotSupportedException, SystemException {
        manager.begin();
    }

    @Override
    public void commit()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        association.end();
        manager.commit();
    }

    @Override
    public int getStatus() throws SystemException {
        return manager.getStatus();
    }

    @Override
    public @Nullable Transaction getTransaction() throws SystemException {
        return association.current();
    }

    @Override
    public void resume(Transaction transaction) throws InvalidTransactionException, SystemException {
        association.resume(transaction);
    }

    @Override
    public void rollback() throws SystemException {
        association.end();
        manager.rollback();
    }

    /** Of both faces: they say the same of it. */
    @Override
    public void setRollbackOnly() {
        registry.setRollbackOnly();
    }

    @Override
    public void setTransactionTimeout(int seconds) throws SystemException {
        manager.setTransactionTimeout(seconds);
    }

    @Override
    public @Nullable Transaction suspend() throws SystemException {
        return association.suspend();
    }

    @Override
    public @Nullable Object getTransactionKey() {
        return registry.getTransactionKey();
    }

    @Override
    public void putResource(Object key, @Nullable Object value) {
        registry.putResource(key, value);
    }

    /**
     * A pool that keeps a transaction's connection here has it back when the transaction is rolled back, and would still hand it
     * out: what is written then is committed by itself.
     */
    @Override
    public @Nullable Object getResource(Object key) {
        if (key instanceof Key && isRolledBack()) {
            throw new IllegalStateException("expected an active transaction to work in, found "
                    + registry.getTransactionKey() + ", which is rolled back");
        }
        return registry.getResource(key);
    }

    private boolean isRolledBack() {
        int status = registry.getTransactionStatus();
        return status == Status.STATUS_ROLLING_BACK || status == Status.STATUS_ROLLEDBACK;
    }

    @Override
    public void registerInterposedSynchronization(Synchronization synchronization) {
        registry.registerInterposedSynchronization(synchronization);
    }

    @Override
    public int getTransactionStatus() {
        return registry.getTransactionStatus();
    }

    @Override
    public boolean getRollbackOnly() {
        return registry.getRollbackOnly();
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        terminator.commit(xid, onePhase);
    }

    @Override
    public void forget(Xid xid) throws XAException {
        terminator.forget(xid);
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        return terminator.prepare(xid);
    }

    @Override
    public Xid[] recover(int flag) throws XAException {
        return terminator.recover(flag);
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        terminator.rollback(xid);
    }

    /** Called by the server for each connector whose connections take part in transactions, with the name of the resource. */
    @Override
    public void registerNamedXAResourceFactory(NamedXAResourceFactory factory) {
        ktm.register(factory.getName(), new ConnectorResource(factory));
        connectors.add(factory.getName());
    }

    @Override
    public void unregisterNamedXAResourceFactory(String name) {
        connectors.remove(name);
        ktm.unregister(name);
    }

    @Override
    public void recoveryError(Exception e) {
        LOGGER.log(Level.WARNING, "a connector cannot be recovered", e);
    }

    /** Called by the server when it has stopped all else. */
    @Override
    public void destroyResource() {
        ktm.close();
    }
}
