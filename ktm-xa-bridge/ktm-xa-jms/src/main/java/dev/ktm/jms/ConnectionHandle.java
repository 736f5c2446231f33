package dev.ktm.jms;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionConsumer;
import jakarta.jms.ConnectionMetaData;
import jakarta.jms.Destination;
import jakarta.jms.ExceptionListener;
import jakarta.jms.JMSException;
import jakarta.jms.ServerSessionPool;
import jakarta.jms.Session;
import jakarta.jms.Topic;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.messaginghub.pooled.jms.JmsPoolConnection;

/** What an application holds of a connection. Connects to a broker when something is to be done. Safe for many threads. */
final class ConnectionHandle implements Connection {

    private final KtmConnectionFactory factory;
    private final Credentials credentials;
    private final Set<SessionHandle> sessions = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition startedOrClosed = lock.newCondition();
    private @Nullable JmsPoolConnection local;
    private volatile boolean started;
    private volatile boolean closed;
    private volatile @Nullable ExceptionListener listener;

    private final LeakDetection.Watch watch;

    /**
     * Not connected.
     *
     * @param watch is told when it is closed
     */
    ConnectionHandle(KtmConnectionFactory factory, Credentials credentials, LeakDetection.Watch watch) {
        this.factory = factory;
        this.credentials = credentials;
        this.watch = watch;
    }

    KtmConnectionFactory factory() {
        return factory;
    }

    Credentials credentials() {
        return credentials;
    }

    /** The connection for work outside transactions. */
    JmsPoolConnection connect() throws JMSException {
        lock.lock();
        try {
            requireOpen();
            var found = local;
            if (found == null) {
                found = factory.openLocal(credentials);
                local = found;
                if (started) {
                    found.start();
                }
            }
            return found;
        } finally {
            lock.unlock();
        }
    }

    void requireOpen() throws JMSException {
        if (closed) {
            throw new jakarta.jms.IllegalStateException("expected a connection that is open, found one closed");
        }
    }

    boolean isStarted() {
        return started;
    }

    /** Waits until it is started or closed, or the time is over. */
    void awaitStart(long millis) throws JMSException {
        lock.lock();
        try {
            long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
            while (!started && !closed && nanos > 0) {
                nanos = startedOrClosed.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            var failure = new JMSException("interrupted while waiting for a message");
            failure.initCause(e);
            throw failure;
        } finally {
            lock.unlock();
        }
    }

    void closed(SessionHandle session) {
        sessions.remove(session);
    }

    void failed(JMSException failure) {
        var told = listener;
        if (told != null) {
            told.onException(failure);
        }
    }

    @Override
    public Session createSession() throws JMSException {
        return createSession(Session.AUTO_ACKNOWLEDGE);
    }

    @Override
    public Session createSession(int mode) throws JMSException {
        return createSession(mode == Session.SESSION_TRANSACTED, mode);
    }

    @Override
    public Session createSession(boolean transacted, int mode) throws JMSException {
        return open(transacted, mode, "a session");
    }

    /** A session; what messages call it if it is not closed. */
    SessionHandle open(boolean transacted, int mode, String what) throws JMSException {
        requireOpen();
        int effective = transacted ? Session.SESSION_TRANSACTED : mode;
        if (effective < Session.SESSION_TRANSACTED
                || effective > Session.DUPS_OK_ACKNOWLEDGE
                || (!transacted && effective == Session.SESSION_TRANSACTED)) {
            throw new JMSException("expected an acknowledge mode of Session, found " + mode);
        }
        var session = new SessionHandle(this, effective, factory.leaks().watch(what));
        sessions.add(session);
        return session;
    }

    @Override
    public void start() throws JMSException {
        lock.lock();
        try {
            requireOpen();
            if (local != null) {
                local.start();
            }
            started = true;
            startedOrClosed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The pooled connection goes on, for it is shared: what this handle's consumers would receive waits. */
    @Override
    public void stop() throws JMSException {
        requireOpen();
        started = false;
    }

    @Override
    public void close() throws JMSException {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            startedOrClosed.signalAll();
        } finally {
            lock.unlock();
        }
        watch.closed();
        factory.closed(this);
        JMSException failure = null;
        for (var session : sessions) {
            try {
                session.close();
            } catch (JMSException e) {
                failure = e;
            }
        }
        // Nobody sets it any more.
        var last = local;
        if (last != null) {
            last.close();
        }
        if (failure != null) {
            throw failure;
        }
    }

    void closeQuietly() {
        try {
            close();
        } catch (JMSException | RuntimeException e) {
            System.getLogger(ConnectionHandle.class.getName())
                    .log(System.Logger.Level.DEBUG, "a connection could not be closed", e);
        }
    }

    @Override
    public @Nullable String getClientID() throws JMSException {
        return connect().getClientID();
    }

    @Override
    public void setClientID(String id) throws JMSException {
        throw new jakarta.jms.IllegalStateException(
                "expected the client id of a pooled connection to be left alone, found '"
                        + id + "': use a shared durable subscription, or set it on the XA connection factory and keep"
                        + " maxConnections at 1");
    }

    @Override
    public ConnectionMetaData getMetaData() throws JMSException {
        return connect().getMetaData();
    }

    @Override
    public @Nullable ExceptionListener getExceptionListener() throws JMSException {
        requireOpen();
        return listener;
    }

    /** It is told when any connection of the pool dies, for it may be using that. */
    @Override
    public void setExceptionListener(@Nullable ExceptionListener value) throws JMSException {
        requireOpen();
        listener = value;
    }

    private static JMSException noConnectionConsumer() {
        return new jakarta.jms.IllegalStateException(
                "expected no connection consumer on a pooled connection: its sessions"
                        + " would be outside any transaction; use a ListenerContainer");
    }

    @Override
    public ConnectionConsumer createConnectionConsumer(
            Destination destination, String selector, ServerSessionPool pool, int most) throws JMSException {
        throw noConnectionConsumer();
    }

    @Override
    public ConnectionConsumer createSharedConnectionConsumer(
            Topic topic, String subscription, String selector, ServerSessionPool pool, int most) throws JMSException {
        throw noConnectionConsumer();
    }

    @Override
    public ConnectionConsumer createDurableConnectionConsumer(
            Topic topic, String subscription, String selector, ServerSessionPool pool, int most) throws JMSException {
        throw noConnectionConsumer();
    }

    @Override
    public ConnectionConsumer createSharedDurableConnectionConsumer(
            Topic topic, String subscription, String selector, ServerSessionPool pool, int most) throws JMSException {
        throw noConnectionConsumer();
    }
}
