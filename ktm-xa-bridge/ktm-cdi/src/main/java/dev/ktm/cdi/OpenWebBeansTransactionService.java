package dev.ktm.cdi;

import jakarta.enterprise.event.TransactionPhase;
import jakarta.enterprise.inject.spi.CDI;
import jakarta.enterprise.inject.spi.ObserverMethod;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.UserTransaction;
import org.apache.webbeans.spi.TransactionService;
import org.jspecify.annotations.Nullable;

/** For OpenWebBeans, which is told of it by its configuration: lets observers wait for the end of a transaction. */
public final class OpenWebBeansTransactionService implements TransactionService {

    /** Called by OpenWebBeans. */
    public OpenWebBeansTransactionService() {}

    private static Transactions transactions() {
        return CDI.current().select(Transactions.class).get();
    }

    @Override
    public TransactionManager getTransactionManager() {
        return transactions().transactionManager();
    }

    @Override
    public @Nullable Transaction getTransaction() {
        try {
            return transactions().current();
        } catch (SystemException e) {
            throw new IllegalStateException("the transaction of this thread cannot be told", e);
        }
    }

    @Override
    public UserTransaction getUserTransaction() {
        return transactions().userTransaction();
    }

    /** Without a transaction there is nothing to wait for (CDI 4 §10.4.5). */
    @Override
    public void registerTransactionSynchronization(
            TransactionPhase phase, ObserverMethod<? super Object> observer, Object event) {
        if (transactions().scopes().isActive()) {
            transactions()
                    .synchronizationRegistry()
                    .registerInterposedSynchronization(new Waiting(phase, observer, event));
        } else {
            observer.notify(event);
        }
    }

    /** An observer that waits for a phase. */
    private record Waiting(TransactionPhase phase, ObserverMethod<? super Object> observer, Object event)
            implements Synchronization {

        @Override
        public void beforeCompletion() {
            if (phase == TransactionPhase.BEFORE_COMPLETION) {
                observer.notify(event);
            }
        }

        @Override
        public void afterCompletion(int status) {
            boolean isDue = phase == TransactionPhase.AFTER_COMPLETION
                    || phase
                            == (status == Status.STATUS_COMMITTED
                                    ? TransactionPhase.AFTER_SUCCESS
                                    : TransactionPhase.AFTER_FAILURE);
            if (isDue) {
                observer.notify(event);
            }
        }
    }
}
