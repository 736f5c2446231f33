package dev.ktm.cdi;

import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Intercepted;
import jakarta.enterprise.inject.spi.Bean;
import jakarta.inject.Inject;
import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.AroundTimeout;
import jakarta.interceptor.Interceptor;
import jakarta.interceptor.InvocationContext;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.Status;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionRequiredException;
import jakarta.transaction.Transactional;
import jakarta.transaction.Transactional.TxType;
import jakarta.transaction.TransactionalException;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What stands around a method that is {@code @Transactional} (Jakarta Transactions 2.0 §3.7). Each kind has a class, because its
 * binding says which it is.
 *
 * <p>A transaction that was begun for a method ends with it: it commits, unless the method ends with an exception that rolls back,
 * or has said that it may only roll back. What goes wrong with beginning and ending is a {@link TransactionalException} with the
 * cause. If the method ends with an exception as well, the caller gets that one when what it left was rolled back as was due, and
 * otherwise the {@code TransactionalException}, so that nobody takes for committed what is not.
 *
 * <p>Threads are pooled: whatever a method does, its thread is left with the transaction that was there before, or none.
 */
abstract class TransactionalInterceptor implements Serializable {

    static final int PRIORITY = Interceptor.Priority.PLATFORM_BEFORE + 200;

    static final List<Class<? extends TransactionalInterceptor>> ALL = List.of(
            Required.class, RequiresNew.class, Mandatory.class, Supports.class, NotSupported.class, Never.class);

    private static final long serialVersionUID = 1;

    @Inject
    private Transactions transactions;

    @Inject
    @Intercepted
    private Bean<?> bean;

    /** Does what this kind of annotation says. */
    abstract Object around(InvocationContext call, @Nullable Transaction current) throws Exception;

    /** Called by the container. */
    @AroundInvoke
    @AroundTimeout
    Object intercept(InvocationContext call) throws Exception {
        return around(call, transactions.current());
    }

    /** Goes on in what is there: what it does is its caller's. */
    final Object join(InvocationContext call, @Nullable Transaction current) throws Exception {
        try {
            return proceed(call, true, current);
        } catch (Exception | Error e) {
            if (rollsBack(call, e)) {
                markForRollback(e);
            }
            throw e;
        }
    }

    /**
     * Goes on with the method, which has to leave on its thread what is there now. If it leaves another transaction, that one is rolled
     * back; what was there is taken up again, if it has not ended, and may only roll back.
     *
     * @param isDemarcated whether an annotation decides about transactions meanwhile
     */
    private Object proceed(InvocationContext call, boolean isDemarcated, @Nullable Transaction expected)
            throws Exception {
        Object result;
        boolean before = transactions.demarcate(isDemarcated);
        try {
            result = call.proceed();
        } catch (Exception | Error e) {
            transactions.demarcate(before);
            var failure = restore(call, expected);
            if (failure == null) {
                throw e;
            }
            if (expected != null && expected.getStatus() == Status.STATUS_ROLLEDBACK && rollsBack(call, e)) {
                // It has become of it what was due.
                e.addSuppressed(failure);
                throw e;
            }
            failure.addSuppressed(e);
            throw failure;
        } finally {
            transactions.demarcate(before);
        }
        var failure = restore(call, expected);
        if (failure != null) {
            throw failure;
        }
        return result;
    }

    /** Puts on the thread what has to be there, and returns what to tell the caller if it was not. */
    private @Nullable TransactionalException restore(InvocationContext call, @Nullable Transaction expected) {
        var found = transactions.current();
        if (Objects.equals(found, expected)) {
            return null;
        }
        var failure = failure(
                "the transaction was not left as it was by ",
                call,
                new IllegalStateException("expected " + (expected == null ? "no transaction" : expected)
                        + " on the thread, as before the method, found " + (found == null ? "none" : found)
                        + ": a method that is @Transactional must end what it begins, resume what it suspends, and end"
                        + " nothing else"));
        var manager = transactions.transactionManager();
        try {
            if (found != null) {
                manager.rollback();
            }
        } catch (Exception | Error e) {
            failure.addSuppressed(e);
        }
        try {
            if (expected != null) {
                manager.resume(expected);
                markForRollback(failure);
            }
        } catch (InvalidTransactionException e) {
            // The method has ended it: nothing of it is left to take up.
        } catch (Exception | Error e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    private void markForRollback(Throwable cause) {
        try {
            if (transactions.transactionManager().getStatus() == Status.STATUS_ACTIVE) {
                transactions.transactionManager().setRollbackOnly();
            }
        } catch (Exception e) {
            cause.addSuppressed(e);
        }
    }

    /** Goes on in a transaction of its own. */
    final Object inNew(InvocationContext call) throws Exception {
        var manager = transactions.transactionManager();
        try {
            manager.begin();
        } catch (Exception e) {
            throw failure("a transaction cannot be begun for ", call, e);
        }
        Object result;
        try {
            result = proceed(call, true, transactions.current());
        } catch (Exception | Error e) {
            endAfter(e, call);
            throw e;
        }
        end(call);
        return result;
    }

    private void endAfter(Throwable thrown, InvocationContext call) {
        if (transactions.current() == null) {
            // The method has ended it, and what was thrown says so.
            return;
        }
        if (!rollsBack(call, thrown)) {
            try {
                end(call);
            } catch (TransactionalException e) {
                e.addSuppressed(thrown);
                throw e;
            }
            return;
        }
        try {
            transactions.transactionManager().rollback();
        } catch (Exception e) {
            thrown.addSuppressed(e);
        }
    }

    /** A transaction that its method has marked is rolled back, which is no failure; one that was rolled back otherwise is. */
    private void end(InvocationContext call) {
        try {
            var manager = transactions.transactionManager();
            if (manager.getStatus() == Status.STATUS_MARKED_ROLLBACK) {
                manager.rollback();
            } else {
                manager.commit();
            }
        } catch (Exception e) {
            throw failure("the transaction was not committed after ", call, e);
        }
    }

    /** Goes on without a transaction, and takes the caller's up again. */
    final Object suspending(InvocationContext call, Work work) throws Exception {
        var manager = transactions.transactionManager();
        var suspended = manager.suspend();
        Object result;
        try {
            result = work.on(call);
        } catch (Exception | Error e) {
            resume(call, suspended, e);
            throw e;
        }
        resume(call, suspended, null);
        return result;
    }

    private void resume(InvocationContext call, @Nullable Transaction suspended, @Nullable Throwable thrown) {
        if (suspended == null) {
            return;
        }
        try {
            transactions.transactionManager().resume(suspended);
        } catch (Exception e) {
            var failure = failure("the caller's transaction cannot be taken up again after ", call, e);
            if (thrown != null) {
                failure.addSuppressed(thrown);
            }
            throw failure;
        }
    }

    /** Goes on where no annotation decides. */
    final Object free(InvocationContext call) throws Exception {
        return proceed(call, false, null);
    }

    /** What goes on. */
    @FunctionalInterface
    interface Work {
        Object on(InvocationContext call) throws Exception;
    }

    private boolean rollsBack(InvocationContext call, Throwable thrown) {
        return transactions.rollsBack(bean.getBeanClass(), call.getMethod(), thrown);
    }

    static TransactionalException failure(String what, InvocationContext call, Exception cause) {
        var method = call.getMethod();
        return new TransactionalException(
                what + method.getDeclaringClass().getName() + "." + method.getName() + ": " + cause.getMessage(),
                cause);
    }

    /** The caller's transaction, or one of its own. */
    @Interceptor
    @Priority(PRIORITY)
    @Transactional(TxType.REQUIRED)
    static class Required extends TransactionalInterceptor {
        private static final long serialVersionUID = 1;

        @Override
        Object around(InvocationContext call, @Nullable Transaction current) throws Exception {
            return current == null ? inNew(call) : join(call, current);
        }
    }

    /** One of its own. */
    @Interceptor
    @Priority(PRIORITY)
    @Transactional(TxType.REQUIRES_NEW)
    static class RequiresNew extends TransactionalInterceptor {
        private static final long serialVersionUID = 1;

        @Override
        Object around(InvocationContext call, @Nullable Transaction current) throws Exception {
            return current == null ? inNew(call) : suspending(call, this::inNew);
        }
    }

    /** The caller's. */
    @Interceptor
    @Priority(PRIORITY)
    @Transactional(TxType.MANDATORY)
    static class Mandatory extends TransactionalInterceptor {
        private static final long serialVersionUID = 1;

        @Override
        Object around(InvocationContext call, @Nullable Transaction current) throws Exception {
            if (current == null) {
                throw failure(
                        "expected a transaction of the caller, found none, for ",
                        call,
                        new TransactionRequiredException("MANDATORY: begin one before the call"));
            }
            return join(call, current);
        }
    }

    /** The caller's, or none. */
    @Interceptor
    @Priority(PRIORITY)
    @Transactional(TxType.SUPPORTS)
    static class Supports extends TransactionalInterceptor {
        private static final long serialVersionUID = 1;

        @Override
        Object around(InvocationContext call, @Nullable Transaction current) throws Exception {
            return join(call, current);
        }
    }

    /** None. */
    @Interceptor
    @Priority(PRIORITY)
    @Transactional(TxType.NOT_SUPPORTED)
    static class NotSupported extends TransactionalInterceptor {
        private static final long serialVersionUID = 1;

        @Override
        Object around(InvocationContext call, @Nullable Transaction current) throws Exception {
            return current == null ? free(call) : suspending(call, this::free);
        }
    }

    /** None, nor may the caller have one. */
    @Interceptor
    @Priority(PRIORITY)
    @Transactional(TxType.NEVER)
    static class Never extends TransactionalInterceptor {
        private static final long serialVersionUID = 1;

        @Override
        Object around(InvocationContext call, @Nullable Transaction current) throws Exception {
            if (current != null) {
                throw failure(
                        "expected no transaction of the caller, found " + current + ", for ",
                        call,
                        new InvalidTransactionException("NEVER: end or suspend it before the call"));
            }
            return free(call);
        }
    }
}
