package dev.ktm.jms;

import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One thread of a container: begins a transaction, enlists its session, receives, works, commits, and again. Its session and
 * consumer stay open from one transaction to the next, so that messages are fetched ahead; after any doubt they are replaced.
 */
final class ListenerLoop implements Runnable, EnlistedSession.Source {

    private static final System.Logger LOGGER = System.getLogger(ListenerLoop.class.getName());
    private static final long LONGEST_WAIT_MILLIS = 200;
    private static final long RELEASE_LIMIT_SECONDS = 10;

    private final ListenerContainer container;
    private final KtmConnectionFactory factory;
    private final ListenerContainer.Builder settings;
    private final MessageWork work;
    private final TransactionManager transactions;

    private volatile @Nullable PhysicalSession session;
    private @Nullable MessageConsumer consumer;
    /** Tells whether the session may be used again once its transaction is over. */
    private volatile CompletableFuture<Boolean> released = new CompletableFuture<>();

    private boolean isEnlisted;
    private volatile @Nullable Transaction current;
    private int failures;

    ListenerLoop(
            ListenerContainer container,
            KtmConnectionFactory factory,
            ListenerContainer.Builder settings,
            MessageWork work) {
        this.container = container;
        this.factory = factory;
        this.settings = settings;
        this.work = work;
        this.transactions = factory.ktm().transactionManager();
    }

    @Override
    public void run() {
        try {
            setTimeout();
            while (!container.isStopping()) {
                // Left behind by the work: it was not meant for this thread.
                Thread.interrupted();
                try {
                    if (receiveAndWork()) {
                        failures = 0;
                    }
                } catch (Exception | Error e) {
                    failed(e);
                }
            }
        } finally {
            dropSession();
        }
    }

    private void setTimeout() {
        try {
            transactions.setTransactionTimeout(
                    (int) Math.min(Integer.MAX_VALUE, settings.transactionTimeout.toSeconds()));
        } catch (SystemException e) {
            throw new IllegalStateException(e);
        }
    }

    private void failed(Throwable e) {
        failures++;
        var level = failures == 1 ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG;
        LOGGER.log(level, "listening to " + settings.destination + " of " + factory.label() + " failed", e);
        var pause = settings.firstPause;
        for (int doubled = 1; doubled < failures && pause.compareTo(settings.longestPause) < 0; doubled++) {
            pause = pause.multipliedBy(2);
        }
        container.pause(pause.compareTo(settings.longestPause) > 0 ? settings.longestPause : pause);
    }

    /** One transaction. True if it has committed, or if there was nothing to do. */
    private boolean receiveAndWork() throws Exception {
        transactions.begin();
        current = transactions.getTransaction();
        Message message = null;
        try {
            released = new CompletableFuture<>();
            isEnlisted = false;
            message = receive();
            if (message != null) {
                work.onMessage(message);
            }
        } catch (Throwable e) {
            rollBack(message != null, e);
            throw e;
        }
        return commit(message != null);
    }

    private @Nullable Message receive() throws JMSException {
        var transaction = Objects.requireNonNull(factory.currentTransaction(), "a transaction has begun");
        var enlisted = factory.enlist(transaction, factory.credentials(), this);
        isEnlisted = true;
        long start = System.nanoTime();
        while (!container.isStopping()) {
            long left = settings.receiveTimeout.toMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            if (left <= 0) {
                return null;
            }
            var message = enlisted.call(on -> consumer().receive(Math.min(left, LONGEST_WAIT_MILLIS)));
            if (message != null) {
                return message;
            }
        }
        return null;
    }

    private MessageConsumer consumer() throws JMSException {
        var open = consumer;
        if (open == null) {
            open = settings.consumer(
                    Objects.requireNonNull(session, "a session is enlisted").session());
            consumer = open;
        }
        return open;
    }

    private boolean commit(boolean worked) throws Exception {
        try {
            transactions.commit();
            if (worked) {
                container.countCommit();
            }
            return true;
        } catch (RollbackException e) {
            if (worked) {
                container.countRollback();
            }
            throw e;
        } finally {
            settleSession();
        }
    }

    private void rollBack(boolean worked, Throwable why) {
        try {
            if (transactions.getStatus() != Status.STATUS_NO_TRANSACTION) {
                transactions.rollback();
            }
        } catch (SystemException | RuntimeException e) {
            why.addSuppressed(e);
        } finally {
            if (worked) {
                container.countRollback();
            }
            settleSession();
        }
    }

    // Its session.

    @Override
    public PhysicalSession open() throws JMSException {
        var kept = session;
        if (kept == null || kept.isGone()) {
            consumer = null;
            kept = factory.lend(factory.credentials());
            session = kept;
        }
        return kept;
    }

    @Override
    public void takeBack(PhysicalSession over) {
        released.complete(true);
    }

    @Override
    public void lost(PhysicalSession over) {
        released.complete(false);
    }

    /** Drops the session unless its transaction is over and has left it usable. It may be rolled back elsewhere just now. */
    private void settleSession() {
        var used = session;
        if (used == null || !isEnlisted) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        boolean reusable = false;
        try {
            reusable = released.get(RELEASE_LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        } catch (ExecutionException | TimeoutException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "a transaction is not over yet; its session is replaced", e);
        }
        if (!reusable) {
            var release = released;
            used.discard(nanos -> isReleased(release, nanos), () -> {});
            session = null;
            consumer = null;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isReleased(CompletableFuture<Boolean> release, long nanos) throws InterruptedException {
        try {
            release.get(nanos, TimeUnit.NANOSECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    private void dropSession() {
        var last = session;
        if (last != null) {
            last.giveBack();
        }
    }

    /** The container does not wait any longer: what is under way must not commit. */
    void abandon() {
        var transaction = current;
        if (transaction != null) {
            try {
                transaction.setRollbackOnly();
            } catch (SystemException | IllegalStateException e) {
                LOGGER.log(System.Logger.Level.DEBUG, "a transaction has ended just now", e);
            }
        }
    }
}
