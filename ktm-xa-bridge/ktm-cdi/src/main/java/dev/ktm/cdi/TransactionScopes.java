package dev.ktm.cdi;

import jakarta.enterprise.context.BeforeDestroyed;
import jakarta.enterprise.context.ContextNotActiveException;
import jakarta.enterprise.context.Destroyed;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.context.spi.Contextual;
import jakarta.enterprise.context.spi.CreationalContext;
import jakarta.enterprise.event.Event;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionScoped;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The beans of each transaction (Jakarta Transactions 2.0 §3.8). They are there from the begin of a transaction, or from the first
 * use if it was begun elsewhere, until its end, and on whichever thread works in it. Safe for many threads.
 */
final class TransactionScopes {

    private final TransactionManager manager;
    private final TransactionSynchronizationRegistry registry;
    private final Event<Object> events;
    /** Under which a scope is begun that several threads may want to begin. */
    private final ReentrantLock beginning = new ReentrantLock();

    TransactionScopes(TransactionManager manager, TransactionSynchronizationRegistry registry, Event<Object> events) {
        this.manager = manager;
        this.registry = registry;
        this.events = events;
    }

    /** Whether the calling thread is in a transaction that has not come to its end. */
    boolean isActive() {
        return switch (registry.getTransactionStatus()) {
            case Status.STATUS_ACTIVE,
                    Status.STATUS_MARKED_ROLLBACK,
                    Status.STATUS_PREPARED,
                    Status.STATUS_PREPARING,
                    Status.STATUS_COMMITTING,
                    Status.STATUS_ROLLING_BACK,
                    Status.STATUS_UNKNOWN -> true;
            default -> false;
        };
    }

    /**
     * Whether observers that wait for the end of a transaction have one to wait for. One that was rolled back by its timeout or by
     * somebody else is still that of its thread: nothing of it succeeds.
     */
    boolean isInProgress() {
        return switch (registry.getTransactionStatus()) {
            case Status.STATUS_NO_TRANSACTION, Status.STATUS_COMMITTED -> false;
            default -> true;
        };
    }

    /**
     * A transaction has begun on this thread, and nobody else knows of it yet. If an observer of that fails, it is rolled back: nobody
     * would end it.
     */
    void begin() {
        try {
            tellBegin(register());
        } catch (RuntimeException | Error e) {
            try {
                manager.rollback();
            } catch (SystemException | RuntimeException | Error alsoFailed) {
                e.addSuppressed(alsoFailed);
            }
            throw e;
        }
    }

    /** The bean of the current transaction, which is made if it is to be and not there. */
    <T> @Nullable T get(Contextual<T> contextual, @Nullable CreationalContext<T> creation) {
        requireActive();
        return creation == null
                ? existing().map(scope -> scope.get(contextual)).orElse(null)
                : scope().getOrMake(contextual, creation);
    }

    /** Destroys a bean of the current transaction, if it is there. */
    void destroy(Contextual<?> contextual) {
        requireActive();
        existing().ifPresent(scope -> scope.destroy(contextual));
    }

    private void requireActive() {
        if (!isActive()) {
            throw notActive();
        }
    }

    private static ContextNotActiveException notActive() {
        return new ContextNotActiveException("expected a transaction, found none on this thread: beans that are"
                + " @TransactionScoped are there while one is under way");
    }

    private Optional<Scope> existing() {
        return Optional.ofNullable((Scope) registry.getResource(this));
    }

    private Scope scope() {
        return existing().orElseGet(this::beginLate);
    }

    /** Of several threads that work in the transaction one begins it, and tells outside of the lock: observers may wait for others. */
    private Scope beginLate() {
        Scope scope;
        beginning.lock();
        try {
            var known = existing();
            if (known.isPresent()) {
                return known.get();
            }
            scope = register();
        } finally {
            beginning.unlock();
        }
        tellBegin(scope);
        return scope;
    }

    private void tellBegin(Scope scope) {
        events.select(Initialized.Literal.of(TransactionScoped.class)).fire(scope.transaction);
    }

    private Scope register() {
        var scope = new Scope(transaction());
        try {
            registry.registerInterposedSynchronization(scope);
        } catch (IllegalStateException e) {
            throw new ContextNotActiveException(
                    "expected a transaction that takes more work, found one that is about to end: its beans have to be used"
                            + " earlier for the first time",
                    e);
        }
        registry.putResource(this, scope);
        return scope;
    }

    private Transaction transaction() {
        try {
            var current = manager.getTransaction();
            if (current == null) {
                throw new ContextNotActiveException("expected a transaction, found none on this thread");
            }
            return current;
        } catch (SystemException e) {
            throw new ContextNotActiveException("the transaction of this thread cannot be told", e);
        }
    }

    /** A bean, and what it takes to destroy it. */
    private record Made<T>(Contextual<T> contextual, T instance, CreationalContext<T> creation) {
        void destroy() {
            contextual.destroy(instance, creation);
        }
    }

    /** The beans of one transaction. */
    private final class Scope implements Synchronization {
        private final Transaction transaction;
        private final ReentrantLock lock = new ReentrantLock();
        private final Map<Contextual<?>, Made<?>> beans = new LinkedHashMap<>();
        /** Its transaction has ended: nobody would destroy what is made now. */
        private boolean isClosed;

        Scope(Transaction transaction) {
            this.transaction = transaction;
        }

        @SuppressWarnings("unchecked") // what a contextual has made is of its type
        <T> @Nullable T get(Contextual<T> contextual) {
            lock.lock();
            try {
                var made = (Made<T>) beans.get(contextual);
                return made == null ? null : made.instance();
            } finally {
                lock.unlock();
            }
        }

        /** Beans that need one another are made inside one another, on the same thread. */
        <T> T getOrMake(Contextual<T> contextual, CreationalContext<T> creation) {
            lock.lock();
            try {
                var known = get(contextual);
                if (known != null) {
                    return known;
                }
                if (isClosed) {
                    throw notActive();
                }
                var made = new Made<>(contextual, contextual.create(creation), creation);
                beans.put(contextual, made);
                return made.instance();
            } finally {
                lock.unlock();
            }
        }

        void destroy(Contextual<?> contextual) {
            Made<?> made;
            lock.lock();
            try {
                made = beans.remove(contextual);
            } finally {
                lock.unlock();
            }
            if (made != null) {
                made.destroy();
            }
        }

        @Override
        public void beforeCompletion() {
            // They live until the end.
        }

        @Override
        public void afterCompletion(int status) {
            attempt(
                    "an observer of the end of the scope",
                    () -> events.select(BeforeDestroyed.Literal.of(TransactionScoped.class))
                            .fire(transaction));
            for (var made : takeAll()) {
                attempt("a bean that was destroyed", made::destroy);
            }
            attempt(
                    "an observer of the end of the scope",
                    () -> events.select(Destroyed.Literal.of(TransactionScoped.class))
                            .fire(transaction));
        }

        /** The transaction has ended, and nobody is there to be told; the others have to end as well. */
        private void attempt(String what, Runnable task) {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                System.getLogger(TransactionScopes.class.getName())
                        .log(System.Logger.Level.WARNING, what + " has failed, after " + transaction, e);
            }
        }

        /** Those made last come first. */
        private List<Made<?>> takeAll() {
            lock.lock();
            try {
                var all = new ArrayList<Made<?>>(beans.values());
                beans.clear();
                isClosed = true;
                Collections.reverse(all);
                return all;
            } finally {
                lock.unlock();
            }
        }
    }
}
