package dev.ktm.tomee;

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
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * A transaction as the server has to see it. Of one that took too long and that its client has not ended, its containers and pools
 * must not hear yet that it is rolled back: a container would return to the caller as if all was well, and a pool would take the
 * thread to have no transaction, and commit each statement by itself. To them it is active until they try: then they are refused.
 *
 * <p>There is one for a transaction while it lives, because pools hold it by weak references.
 */
final class ServerTransaction implements Transaction, KtmTransaction {

    private final Transaction transaction;
    private final KtmTransaction ktmTransaction;
    private final TransactionManager manager;
    private final UnaryOperator<XAResource> naming;

    ServerTransaction(Transaction transaction, TransactionManager manager, UnaryOperator<XAResource> naming) {
        this.transaction = transaction;
        this.ktmTransaction = (KtmTransaction) transaction;
        this.manager = manager;
        this.naming = naming;
    }

    Transaction transaction() {
        return transaction;
    }

    private boolean isTimedOutUnnoticed() throws SystemException {
        return ktmTransaction.rolledBackBy().equals(Optional.of(RollbackCause.TIMEOUT))
                && transaction.equals(manager.getTransaction());
    }

    @Override
    public int getStatus() throws SystemException {
        return isTimedOutUnnoticed() ? Status.STATUS_ACTIVE : transaction.getStatus();
    }

    /** There is nothing to mark in what is rolled back. */
    @Override
    public void setRollbackOnly() throws SystemException {
        if (!isTimedOutUnnoticed()) {
            transaction.setRollbackOnly();
        }
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
