package dev.ktm.cdi;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.BeforeDestroyed;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.context.Destroyed;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.TransactionPhase;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.enterprise.inject.Stereotype;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.interceptor.InterceptorBinding;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionScoped;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.Transactional;
import jakarta.transaction.Transactional.TxType;
import jakarta.transaction.UserTransaction;
import java.io.Serializable;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An application that shows in which transaction its methods run. */
final class Beans {

    private Beans() {}

    /** Keeps no log. */
    @ApplicationScoped
    static class Coordinator {
        @Produces
        @Singleton
        Ktm ktm() {
            return Ktm.open(KtmOptions.builder().inMemory().build());
        }

        void close(@Disposes Ktm ktm) {
            ktm.close();
        }
    }

    /** A checked exception. */
    static class OutOfStock extends Exception {
        private static final long serialVersionUID = 1;
    }

    /** A more special one. */
    static class SoldOut extends OutOfStock {
        private static final long serialVersionUID = 1;
    }

    /** A stereotype that brings transactions. */
    @Stereotype
    @Transactional(rollbackOn = OutOfStock.class)
    @Target(ElementType.TYPE)
    @Retention(RetentionPolicy.RUNTIME)
    @interface SeriousBusiness {}

    /** A binding that brings transactions. */
    @InterceptorBinding
    @Transactional(rollbackOn = OutOfStock.class)
    @Target({ElementType.TYPE, ElementType.METHOD})
    @Retention(RetentionPolicy.RUNTIME)
    @interface Strict {}

    /** Methods of every kind, each of which does what it is told. */
    @Transactional(rollbackOn = OutOfStock.class, dontRollbackOn = SoldOut.class)
    @ApplicationScoped
    static class Service {
        @Inject
        TransactionManager manager;

        public <T> T byClass(Callable<T> work) throws Exception {
            return work.call();
        }

        @Transactional(TxType.REQUIRED)
        public <T> T required(Callable<T> work) throws Exception {
            return work.call();
        }

        @Transactional(TxType.REQUIRES_NEW)
        public <T> T requiresNew(Callable<T> work) throws Exception {
            return work.call();
        }

        @Transactional(TxType.MANDATORY)
        public <T> T mandatory(Callable<T> work) throws Exception {
            return work.call();
        }

        @Transactional(TxType.SUPPORTS)
        public <T> T supports(Callable<T> work) throws Exception {
            return work.call();
        }

        @Transactional(TxType.NOT_SUPPORTED)
        public <T> T notSupported(Callable<T> work) throws Exception {
            return work.call();
        }

        @Transactional(TxType.NEVER)
        public <T> T never(Callable<T> work) throws Exception {
            return work.call();
        }

        @Transactional(dontRollbackOn = IllegalArgumentException.class)
        public void forgiving(Callable<?> work) throws Exception {
            work.call();
        }
    }

    /** Its annotation comes with its stereotype. */
    @SeriousBusiness
    @ApplicationScoped
    static class ByStereotype {
        public void run(Callable<?> work) throws Exception {
            work.call();
        }
    }

    /** Its annotation comes with its other one. */
    @Strict
    @ApplicationScoped
    static class ByBinding {
        public void run(Callable<?> work) throws Exception {
            work.call();
        }
    }

    /** The same for a method. */
    @ApplicationScoped
    static class ByBindingOfItsMethod {
        @Strict
        public void run(Callable<?> work) throws Exception {
            work.call();
        }
    }

    /** What has happened. */
    @ApplicationScoped
    static class Journal {
        private final List<String> lines = new CopyOnWriteArrayList<>();
        private volatile String failingLine = "";
        private volatile Runnable failure = () -> {};

        void note(String line) {
            lines.add(line);
            if (line.equals(failingLine)) {
                failure.run();
            }
        }

        /** Whoever notes this line fails. */
        void fail(String line, Runnable how) {
            failure = how;
            failingLine = line;
        }

        void succeed() {
            failingLine = "";
        }

        List<String> lines() {
            return List.copyOf(lines);
        }

        void began(@Observes @Initialized(TransactionScoped.class) Object transaction) {
            note("scope begins");
        }

        void ending(@Observes @BeforeDestroyed(TransactionScoped.class) Object transaction) {
            note("scope ends");
        }

        void ended(@Observes @Destroyed(TransactionScoped.class) Object transaction) {
            note("scope has ended");
        }

        void before(@Observes(during = TransactionPhase.BEFORE_COMPLETION) Sale sale) {
            note(sale.what() + " before completion");
        }

        void after(@Observes(during = TransactionPhase.AFTER_COMPLETION) Sale sale) {
            note(sale.what() + " after completion");
        }

        void success(@Observes(during = TransactionPhase.AFTER_SUCCESS) Sale sale) {
            note(sale.what() + " succeeded");
        }

        void failure(@Observes(during = TransactionPhase.AFTER_FAILURE) Sale sale) {
            note(sale.what() + " failed");
        }
    }

    /** An event. */
    record Sale(String what) {}

    /** A bean of each transaction. */
    @TransactionScoped
    static class Basket implements Serializable {
        private static final long serialVersionUID = 1;

        @Inject
        Journal journal;

        private final AtomicInteger items = new AtomicInteger();

        int add() {
            return items.incrementAndGet();
        }

        @PreDestroy
        void destroy() {
            journal.note("basket of " + items + " is destroyed");
        }
    }

    /** Another, which has a transactional method itself. */
    @TransactionScoped
    static class Receipt implements Serializable {
        private static final long serialVersionUID = 1;

        @Inject
        Journal journal;

        @Transactional(TxType.MANDATORY)
        public void print() {
            journal.note("receipt is printed");
        }

        @PreDestroy
        void destroy() {
            journal.note("receipt is destroyed");
        }
    }

    /** Holds proxies of everything. */
    @Dependent
    static class Shop {
        @Inject
        Service service;

        @Inject
        ByStereotype byStereotype;

        @Inject
        ByBinding byBinding;

        @Inject
        ByBindingOfItsMethod byBindingOfItsMethod;

        @Inject
        Basket basket;

        @Inject
        Receipt receipt;

        @Inject
        Journal journal;

        @Inject
        Event<Sale> sales;

        @Inject
        UserTransaction userTransaction;

        @Inject
        TransactionManager manager;

        @Inject
        TransactionSynchronizationRegistry registry;

        @Nullable
        Transaction current() throws SystemException {
            return manager.getTransaction();
        }

        /** Tells how the current transaction ends. */
        AtomicInteger ending() throws SystemException, RollbackException {
            var status = new AtomicInteger(Status.STATUS_UNKNOWN);
            var current = manager.getTransaction();
            if (current == null) {
                throw new IllegalStateException("no transaction");
            }
            current.registerSynchronization(new Synchronization() {
                @Override
                public void beforeCompletion() {
                    // The end is what counts.
                }

                @Override
                public void afterCompletion(int how) {
                    status.set(how);
                }
            });
            return status;
        }
    }

    /** A bean whose own annotation stands beside that of its methods. */
    @Transactional(TxType.NEVER)
    @Dependent
    static class Serious {
        @Transactional(TxType.REQUIRED)
        boolean isInTransaction(TransactionManager manager) throws SystemException {
            return manager.getTransaction() != null;
        }
    }
}
