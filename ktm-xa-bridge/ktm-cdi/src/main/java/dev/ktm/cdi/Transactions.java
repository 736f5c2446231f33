package dev.ktm.cdi;

import dev.ktm.Ktm;
import jakarta.enterprise.event.Event;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.lang.reflect.Method;
import org.jboss.tm.usertx.UserTransactionOperationsProvider;
import org.jspecify.annotations.Nullable;

/** The transactions of a container. Safe for many threads. Not final, since a proxy stands for it. */
class Transactions {

    private final @Nullable State state;

    private record State(
            TransactionManager manager,
            UserTransaction user,
            UserTransactionOperationsProvider availability,
            TransactionSynchronizationRegistry registry,
            TransactionScopes scopes,
            TransactionalRules rules) {}

    /** For proxies alone. */
    Transactions() {
        state = null;
    }

    Transactions(Ktm ktm, TransactionalRules rules, Event<Object> events) {
        var registry = ktm.synchronizationRegistry();
        var user = ktm.userTransaction();
        state = new State(
                ktm.transactionManager(),
                user,
                (UserTransactionOperationsProvider) user,
                registry,
                new TransactionScopes(ktm.transactionManager(), registry, events),
                rules);
    }

    private State state() {
        if (state == null) {
            throw new IllegalStateException("expected the bean itself, found its proxy");
        }
        return state;
    }

    /** The transaction manager; transactions that are begun by it begin their scope. */
    TransactionManager transactionManager() {
        return new ScopedTransactionManager(state().manager(), state().scopes());
    }

    /** For beans: refuses while a {@code @Transactional} method of theirs is in charge. */
    UserTransaction userTransaction() {
        return new GuardedUserTransaction(state().user(), this);
    }

    TransactionSynchronizationRegistry synchronizationRegistry() {
        return state().registry();
    }

    TransactionScopes scopes() {
        return state().scopes();
    }

    boolean rollsBack(Class<?> bean, Method method, Throwable thrown) {
        return state().rules().rollsBack(bean, method, thrown);
    }

    @Nullable
    Transaction current() {
        try {
            return state().manager().getTransaction();
        } catch (SystemException e) {
            throw new IllegalStateException("the transaction of this thread cannot be told", e);
        }
    }

    /** Whether the calling thread is in a method whose annotation decides about transactions. */
    boolean isDemarcated() {
        return !state().availability().getAvailability();
    }

    /**
     * Says whether it is, and returns whether it was. The coordinator's own {@code UserTransaction}, which is also found by other ways
     * than through a bean, keeps it for each thread.
     */
    boolean demarcate(boolean value) {
        boolean before = isDemarcated();
        state().availability().setAvailability(!value);
        return before;
    }
}
