package dev.ktm.glassfish;

import com.sun.enterprise.transaction.api.JavaEETransaction;
import com.sun.enterprise.transaction.spi.TransactionInternal;
import dev.ktm.Ktm;
import dev.ktm.rm.RollbackCause;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import java.util.Objects;
import java.util.UUID;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/** A transaction of the coordinator as the server wants to see it. Safe for many threads. */
final class ServerTransaction implements TransactionInternal {

    private final ServerCoordinator coordinator;
    private final FreezeGate gate;
    private final Ktm ktm;
    private final Transaction transaction;
    private final long startMillis = System.currentTimeMillis();
    /** What the server has made of it. */
    private volatile @Nullable JavaEETransaction outer;

    ServerTransaction(ServerCoordinator coordinator, FreezeGate gate, Ktm ktm, Transaction transaction) {
        this.coordinator = coordinator;
        this.gate = gate;
        this.ktm = ktm;
        this.transaction = transaction;
    }

    Transaction transaction() {
        return transaction;
    }

    /** What identifies it, in the log and for people. */
    UUID unitOfWork() {
        return ((KtmTransaction) transaction).unitOfWork();
    }

    /** Whether it was rolled back because its time was over. */
    boolean isTimedOut() {
        return ((KtmTransaction) transaction)
                .rolledBackBy()
                .filter(RollbackCause.TIMEOUT::equals)
                .isPresent();
    }

    long startMillis() {
        return startMillis;
    }

    @Nullable
    JavaEETransaction outer() {
        return outer;
    }

    void outer(JavaEETransaction value) {
        outer = value;
    }

    private boolean isOfThisThread() throws SystemException {
        return transaction.equals(ktm.transactionManager().getTransaction());
    }

    @Override
    public void commit()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        gate.lock();
        try {
            if (isOfThisThread()) {
                // Leaves the thread without one, as the server does.
                ktm.transactionManager().commit();
            } else {
                transaction.commit();
            }
        } finally {
            gate.unlock();
        }
    }

    @Override
    public void rollback() throws SystemException {
        gate.lock();
        try {
            if (isOfThisThread()) {
                ktm.transactionManager().rollback();
            } else {
                transaction.rollback();
            }
        } finally {
            gate.unlock();
        }
    }

    @Override
    public void setRollbackOnly() throws SystemException {
        transaction.setRollbackOnly();
    }

    @Override
    public int getStatus() throws SystemException {
        return transaction.getStatus();
    }

    @Override
    public boolean enlistResource(XAResource resource) throws RollbackException, SystemException {
        return transaction.enlistResource(
                coordinator.enlisting().map(name -> ktm.named(name, resource)).orElse(resource));
    }

    @Override
    public boolean delistResource(XAResource resource, int flag) throws SystemException {
        return transaction.delistResource(resource, flag);
    }

    @Override
    public void registerSynchronization(Synchronization synchronization) throws RollbackException, SystemException {
        transaction.registerSynchronization(synchronization);
    }

    @Override
    public void registerInterposedSynchronization(Synchronization synchronization) throws SystemException {
        if (isOfThisThread()) {
            ktm.synchronizationRegistry().registerInterposedSynchronization(synchronization);
            return;
        }
        // The registry knows the transaction of the thread only.
        var manager = ktm.transactionManager();
        var other = manager.suspend();
        try {
            manager.resume(transaction);
            try {
                ktm.synchronizationRegistry().registerInterposedSynchronization(synchronization);
            } finally {
                manager.suspend();
            }
        } catch (InvalidTransactionException e) {
            throw new IllegalStateException(e.getMessage(), e);
        } finally {
            if (other != null) {
                resume(other);
            }
        }
    }

    private void resume(Transaction other) throws SystemException {
        try {
            ktm.transactionManager().resume(other);
        } catch (InvalidTransactionException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ServerTransaction that && transaction.equals(that.transaction);
    }

    @Override
    public int hashCode() {
        return Objects.hashCode(transaction);
    }

    @Override
    public String toString() {
        return transaction.toString();
    }
}
