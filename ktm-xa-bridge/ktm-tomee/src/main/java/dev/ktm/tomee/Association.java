package dev.ktm.tomee;

import dev.ktm.Ktm;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.util.function.UnaryOperator;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/** Which transaction a thread has, as somebody has to see it who enlists resources under a name of his own, or under none. */
final class Association {

    private final Ktm ktm;
    private final TransactionManager manager;
    private final TransactionSynchronizationRegistry registry;
    private final UnaryOperator<XAResource> naming;

    Association(Ktm ktm, UnaryOperator<XAResource> naming) {
        this.ktm = ktm;
        this.manager = ktm.transactionManager();
        this.registry = ktm.synchronizationRegistry();
        this.naming = naming;
    }

    /** The transaction keeps what it is seen as. */
    @Nullable
    Transaction current() throws SystemException {
        var transaction = manager.getTransaction();
        if (transaction == null) {
            return null;
        }
        var seen = (ServerTransaction) registry.getResource(this);
        if (seen == null) {
            seen = new ServerTransaction(transaction, ktm, naming);
            registry.putResource(this, seen);
        }
        return seen;
    }

    /** The owner ends the transaction of this thread, if it has one, and is told what becomes of it. */
    void end() {
        if (registry.getTransactionKey() != null) {
            ServerTransaction.end(registry);
        }
    }

    @Nullable
    Transaction suspend() throws SystemException {
        var current = current();
        manager.suspend();
        return current;
    }

    void resume(Transaction transaction) throws InvalidTransactionException, SystemException {
        manager.resume(transaction instanceof ServerTransaction seen ? seen.transaction() : transaction);
    }
}
