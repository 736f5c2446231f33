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
 * A transaction as the server has to see it. Of one that took too long and that its client has not ended, its containers and pools
 * must not hear yet that it is rolled back: a container would return to the caller as if all was well, and a pool would take the
 * thread to have no transaction, and commit each statement by itself. To them it is active until they try: then they are refused.
 *
 * <p>There is one for a transaction while it lives, because pools hold it by weak references. It extends Geronimo's transaction only
 * because the server's connectors cast to that: nothing of it is used. It
 * is public because the server calls it by reflection.
 */
@SuppressWarnings("UnsynchronizedOverridesSynchronized")
public final class ServerTransaction extends TransactionImpl implements KtmTransaction {

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

    private boolean isTimedOutUnnoticed() throws SystemException {
        return ktmTransaction.rolledBackBy().equals(Optional.of(RollbackCause.TIMEOUT)) && isOfThisThread();
    }

    @Override
    public int getStatus() {
        try {
            return isTimedOutUnnoticed() ? Status.STATUS_ACTIVE : transaction.getStatus();
        } catch (SystemException e) {
            throw new IllegalStateException(e);
        }
    }

    /** There is nothing to mark in what is rolled back. */
    @Override
    public void setRollbackOnly() {
        try {
            if (!isTimedOutUnnoticed()) {
                transaction.setRollbackOnly();
            }
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

    @Override
    public boolean enlistResource(XAResource resource) throws RollbackException, SystemException {
        return transaction.enlistResource(naming.apply(resource));
    }

    @Override
    public boolean delistResource(XAResource resource, int flag) throws SystemException {
        return transaction.delistResource(naming.apply(resource), flag);
    }

    @Override
    public void registerSynchronization(Synchronization synchronization) throws RollbackException, SystemException {
        transaction.registerSynchronization(synchronization);
    }

    @Override
    public void commit()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        transaction.commit();
    }

    @Override
    public void rollback() throws SystemException {
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
