package dev.ktm.jms;

import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;
import org.messaginghub.pooled.jms.JmsPoolConnection;
import org.messaginghub.pooled.jms.JmsPoolSession;

/** An XA session that the pool has lent, and that is given back or thrown away exactly once. Safe for many threads. */
final class PhysicalSession {

    /** How long a call has to come back once its session is being closed. */
    private static final long CALL_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final JmsPoolConnection connection;
    private final JmsPoolSession session;
    private final XAResource resource;
    private final Executor closing;
    private final AtomicBoolean gone = new AtomicBoolean();
    /** Done when it is closed or given back. */
    private final CompletableFuture<@Nullable Void> over = new CompletableFuture<>();

    /**
     * A session of a connection of the pool.
     *
     * @param closing where sessions are closed that may keep whoever closes them waiting
     */
    PhysicalSession(JmsPoolConnection connection, JmsPoolSession session, Executor closing) throws JMSException {
        var found = session.getXAResource();
        if (found == null) {
            throw new JMSException("expected a session with an XAResource, found "
                    + session.getSession().getClass().getName() + ": give the broker's XA connection factory");
        }
        this.connection = connection;
        this.session = session;
        this.resource = found;
        this.closing = closing;
    }

    Session session() {
        return session;
    }

    XAResource resource() {
        return resource;
    }

    boolean isGone() {
        return gone.get();
    }

    /** Its branch has finished, and nothing has failed: the next one may have it. */
    void giveBack() {
        if (gone.compareAndSet(false, true)) {
            close(false);
        }
    }

    /** A call of a session that has not come back. */
    interface Hanging {
        /** Whether it does within that time. */
        boolean comesBack(long nanos) throws InterruptedException;
    }

    /**
     * What became of its branch is not known here, or it has failed: nobody may have it. Closes it on another thread, unless somebody
     * else does.
     *
     * @param call is in it, if one does not come back
     * @param afterwards is run on another thread once it is closed, whoever closes it; not if the pool is closed first
     */
    void discard(@Nullable Hanging call, Runnable afterwards) {
        var unused = over.thenRunAsync(afterwards, closing);
        if (gone.compareAndSet(false, true)) {
            try {
                closing.execute(() -> {
                    if (call == null) {
                        closeSession(true);
                    } else {
                        closeUnder(call);
                    }
                    giveConnectionBack();
                });
            } catch (RejectedExecutionException e) {
                // The pool is closed, and every connection with it.
                System.getLogger(PhysicalSession.class.getName())
                        .log(System.Logger.Level.DEBUG, "a session was lost when its factory was closed", e);
            }
        }
    }

    /** Its connection has died without telling the pool: nobody may have that either. */
    void discardNow() {
        if (gone.compareAndSet(false, true)) {
            SessionPools.fail(connection, "a session of this connection could not be used");
            close(true);
        }
    }

    /**
     * Some clients end a call when its session is closed. Others put that off, or hang in it as well: only the end of the
     * connection ends the call then, and with it whatever others do on that.
     */
    private void closeUnder(Hanging call) {
        var closed = new CountDownLatch(1);
        var closer = new Thread(
                () -> {
                    closeSession(true);
                    closed.countDown();
                },
                Thread.currentThread().getName() + ", apart");
        closer.setDaemon(true);
        closer.start();
        long start = System.nanoTime();
        boolean over = false;
        try {
            over = closed.await(CALL_LIMIT_NANOS, TimeUnit.NANOSECONDS)
                    && call.comesBack(CALL_LIMIT_NANOS - (System.nanoTime() - start));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!over) {
            SessionPools.fail(connection, "a call of a session of this connection has not come back");
        }
    }

    private void close(boolean forGood) {
        closeSession(forGood);
        giveConnectionBack();
    }

    private void closeSession(boolean forGood) {
        try {
            if (forGood) {
                session.internalClose(true);
            } else {
                session.close();
            }
        } catch (JMSException | RuntimeException e) {
            System.getLogger(PhysicalSession.class.getName())
                    .log(System.Logger.Level.DEBUG, "a session could not be closed", e);
        }
    }

    private void giveConnectionBack() {
        try {
            connection.close();
        } catch (JMSException | RuntimeException e) {
            System.getLogger(PhysicalSession.class.getName())
                    .log(System.Logger.Level.DEBUG, "a connection could not be given back", e);
        } finally {
            over.complete(null);
        }
    }
}
