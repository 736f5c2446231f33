package dev.ktm.tomee;

import dev.ktm.Ktm;
import dev.ktm.rm.Damage;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionState;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import javax.transaction.xa.XAResource;
import org.apache.geronimo.transaction.manager.TransactionImpl;
import org.jspecify.annotations.Nullable;

/**
 * A transaction as the server has to see it. Of one that somebody else has rolled back, or that took too long, its containers and
 * pools must not hear before its owner ends it: a container would return to the caller as if all was well, and a pool would take the
 * thread to have no transaction, and commit each statement by itself. To them it is active until they try: then they are refused.
 *
 * <p>There is one for a transaction while it lives, because pools hold it by weak references. It extends Geronimo's transaction only
 * because the server's connectors cast to that: nothing of it is used. It
 * is public because the server calls it by reflection.
 */
@SuppressWarnings("UnsynchronizedOverridesSynchronized")
public final class ServerTransaction extends TransactionImpl implements KtmTransaction {

    /** What is kept with a transaction that its owner ends. */
    private static final String ENDED = ServerTransaction.class.getName() + ".ended";

    private final Transaction transaction;
    private final KtmTransaction ktmTransaction;
    private final TransactionManager manager;
    private final TransactionSynchronizationRegistry registry;
    private final UnaryOperator<XAResource> naming;

    ServerTransaction(Transaction transaction, Ktm ktm, UnaryOperator<XAResource> naming) {
        super(null, null);
        this.transaction = transaction;
        this.ktmTransaction = (KtmTransaction) transaction;
        this.manager = ktm.transactionManager();
        this.registry = ktm.synchronizationRegistry();
        this.naming = naming;
    }

    Transaction transaction() {
        return transaction;
    }

    private boolean isOfThisThread() throws SystemException {
        return transaction.equals(manager.getTransaction());
    }

    private boolean isRolledBackUnnoticed() throws SystemException {
        return ktmTransaction.outcome() == Outcome.ABORTED && isOfThisThread() && registry.getResource(ENDED) == null;
    }

    @Override
    public int getStatus() {
        try {
            return isRolledBackUnnoticed() ? Status.STATUS_ACTIVE : transaction.getStatus();
        } catch (SystemException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void setRollbackOnly() {
        try {
            transaction.setRollbackOnly();
        } catch (SystemException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void setRollbackOnly(@Nullable Throwable reason) {
        setRollbackOnly();
    }

    private TransactionSynchronizationRegistry registry() {
        try {
            if (isOfThisThread()) {
                return registry;
            }
        } catch (SystemException e) {
            throw new IllegalStateException(e);
        }
        throw new IllegalStateException("expected the transaction of this thread, found " + transaction);
    }

    @Override
    public void registerInterposedSynchronization(Synchronization synchronization) {
        registry().registerInterposedSynchronization(synchronization);
    }

    @Override
    public @Nullable Object getResource(Object key) {
        return registry().getResource(key);
    }

    @Override
    public void putResource(Object key, @Nullable Object value) {
        registry().putResource(key, value);
    }

    @Override
    public @Nullable Object getTransactionKey() {
        return registry().getTransactionKey();
    }

    @Override
    public int getTransactionStatus() {
        return getStatus();
    }

    @Override
    public boolean getRollbackOnly() {
        return getStatus() == Status.STATUS_MARKED_ROLLBACK;
    }

    /** The server's pools take a {@link RollbackException} for no transaction, and commit by themselves what is written next. */
    @Override
    public boolean enlistResource(XAResource resource) throws SystemException {
        try {
            return transaction.enlistResource(naming.apply(resource));
        } catch (RollbackException e) {
            var refused = new SystemException(e.getMessage());
            refused.initCause(e);
            throw refused;
        }
    }

    @Override
    public boolean delistResource(XAResource resource, int flag) throws SystemException {
        return transaction.delistResource(naming.apply(resource), flag);
    }

    @Override
    public void registerSynchronization(Synchronization synchronization) throws RollbackException, SystemException {
        transaction.registerSynchronization(synchronization);
    }

    /** The owner ends the transaction of this thread, and is told what becomes of it. */
    static void end(TransactionSynchronizationRegistry registry) {
        registry.putResource(ENDED, true);
    }

    /** From another thread the owner is told nothing. */
    private void endHere() throws SystemException {
        if (isOfThisThread()) {
            end(registry);
        }
    }

    @Override
    public void commit()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        endHere();
        transaction.commit();
    }

    @Override
    public void rollback() throws SystemException {
        endHere();
        transaction.rollback();
    }

    @Override
    public Optional<TransactionId> id() {
        return ktmTransaction.id();
    }

    @Override
    public UUID unitOfWork() {
        return ktmTransaction.unitOfWork();
    }

    @Override
    public String description() {
        return ktmTransaction.description();
    }

    @Override
    public TransactionState state() {
        return ktmTransaction.state();
    }

    @Override
    public Outcome outcome() {
        return ktmTransaction.outcome();
    }

    @Override
    public List<TransactionState> history() {
        return ktmTransaction.history();
    }

    @Override
    public boolean isReadOnly() {
        return ktmTransaction.isReadOnly();
    }

    @Override
    public boolean hasNothingToCommit() {
        return ktmTransaction.hasNothingToCommit();
    }

    @Override
    public Optional<String> rollbackCause() {
        return ktmTransaction.rollbackCause();
    }

    @Override
    public Optional<RollbackCause> rolledBackBy() {
        return ktmTransaction.rolledBackBy();
    }

    @Override
    public Optional<Duration> timeLeft() {
        return ktmTransaction.timeLeft();
    }

    @Override
    public List<Damage> damage() {
        return ktmTransaction.damage();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ServerTransaction own && transaction.equals(own.transaction);
    }

    @Override
    public int hashCode() {
        return transaction.hashCode();
    }

    @Override
    public String toString() {
        return transaction.toString();
    }
}
