package dev.ktm.cdi;

import jakarta.enterprise.event.TransactionPhase;
import jakarta.enterprise.inject.spi.CDI;
import jakarta.enterprise.inject.spi.ObserverMethod;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
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
        return transactions().current();
    }

    @Override
    public UserTransaction getUserTransaction() {
        return transactions().userTransaction();
    }

    /**
     * Without a transaction there is nothing to wait for. In one that takes no more callbacks, because it is ending or was rolled back,
     * nothing succeeds, and the other phases are there (CDI 4 §10.4.5).
     */
    @Override
    public void registerTransactionSynchronization(
            TransactionPhase phase, ObserverMethod<? super Object> observer, Object event) {
        var transactions = transactions();
        if (!transactions.scopes().isInProgress()) {
            observer.notify(event);
            return;
        }
        try {
            transactions
                    .synchronizationRegistry()
                    .registerInterposedSynchronization(new Waiting(phase, observer, event));
        } catch (IllegalStateException e) {
            if (phase != TransactionPhase.AFTER_SUCCESS) {
                observer.notify(event);
            }
        }
    }

    /** An observer that waits for a phase. What it throws changes nothing of the transaction. */
    private record Waiting(TransactionPhase phase, ObserverMethod<? super Object> observer, Object event)
            implements Synchronization {

        @Override
        public void beforeCompletion() {
            if (phase == TransactionPhase.BEFORE_COMPLETION) {
                tell();
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
                tell();
            }
        }

        private void tell() {
            try {
                observer.notify(event);
            } catch (Exception e) { // also what is checked: observers declare what they like
                System.getLogger(OpenWebBeansTransactionService.class.getName())
                        .log(System.Logger.Level.WARNING, "an observer has failed: " + observer + ", " + phase, e);
            }
        }
    }
}
