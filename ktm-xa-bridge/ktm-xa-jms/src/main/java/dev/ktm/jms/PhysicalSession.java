package dev.ktm.jms;

import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.transaction.xa.XAResource;
import org.messaginghub.pooled.jms.JmsPoolConnection;
import org.messaginghub.pooled.jms.JmsPoolSession;

/** An XA session that the pool has lent, and that is given back or thrown away exactly once. Safe for many threads. */
final class PhysicalSession {

    private final JmsPoolConnection connection;
    private final JmsPoolSession session;
    private final XAResource resource;
    private final Executor closing;
    private final AtomicBoolean gone = new AtomicBoolean();

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

    /**
     * What became of its branch is not known here, or it has failed: nobody may have it. Closes it on another thread.
     *
     * @param withConnection if a call of it does not come back: only the end of its connection ends that
     * @param afterwards is run there, too
     */
    void discard(boolean withConnection, Runnable afterwards) {
        if (gone.compareAndSet(false, true)) {
            try {
                closing.execute(() -> {
                    if (withConnection) {
                        SessionPools.fail(connection, "a call of a session of this connection has not come back");
                    }
                    close(true);
                    afterwards.run();
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

    private void close(boolean forGood) {
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
        try {
            connection.close();
        } catch (JMSException | RuntimeException e) {
            System.getLogger(PhysicalSession.class.getName())
                    .log(System.Logger.Level.DEBUG, "a connection could not be given back", e);
        }
    }
}
