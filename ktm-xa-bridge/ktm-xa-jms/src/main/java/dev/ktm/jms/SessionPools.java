package dev.ktm.jms;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.ExceptionListener;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.Session;
import jakarta.jms.XAConnection;
import jakarta.jms.XAConnectionFactory;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.messaginghub.pooled.jms.JmsPoolConnection;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;
import org.messaginghub.pooled.jms.JmsPoolSession;
import org.messaginghub.pooled.jms.JmsPoolXAConnectionFactory;
import org.messaginghub.pooled.jms.pool.PooledConnectionKey;

/**
 * Two pools of pooled-jms: one of XA sessions for transactions, one of ordinary sessions for work outside. Neither knows the
 * transaction manager: when a session is enlisted, and when it may be used again, is decided by {@link EnlistedSession}.
 */
final class SessionPools implements AutoCloseable {

    private static final int CLOSING_THREADS = 2;
    private static final Duration CLOSING_LIMIT = Duration.ofSeconds(10);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final JmsPoolXAConnectionFactory enlisted;
    private final JmsPoolConnectionFactory local;
    private final ThreadPoolExecutor closing;
    private final long borrowNanos;

    /**
     * Pools.
     *
     * @param name for threads and messages
     * @param local what makes the connections of work outside transactions; null if the XA connections can do that
     * @param failures is told when a connection has died
     */
    SessionPools(
            String name,
            XAConnectionFactory xa,
            @Nullable ConnectionFactory local,
            PoolLimits limits,
            ExceptionListener failures) {
        this.enlisted = new XaPool(failures);
        this.enlisted.setConnectionFactory(xa);
        this.local = new LocalPool(failures);
        this.local.setConnectionFactory(local == null ? new OfXaConnections(xa) : local);
        this.borrowNanos = limits.borrowTimeout().toNanos();
        limits.applyTo(this.enlisted);
        limits.applyTo(this.local);
        this.closing = new ThreadPoolExecutor(
                CLOSING_THREADS, CLOSING_THREADS, 5, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    var thread = new Thread(task, "ktm jms " + name + " closing");
                    thread.setDaemon(true);
                    return thread;
                });
        this.closing.allowCoreThreadTimeOut(true);
    }

    /** Lends an XA session of a connection that is started. A connection that turns out to be dead is replaced once. */
    PhysicalSession lend(Credentials credentials) throws JMSException {
        try {
            return lendOnce(credentials);
        } catch (StaleConnectionException e) {
            return lendOnce(credentials);
        }
    }

    private PhysicalSession lendOnce(Credentials credentials) throws JMSException {
        var connection = open(enlisted, credentials);
        try {
            connection.start();
            var session = (JmsPoolSession) connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
            return new PhysicalSession(connection, session, closing);
        } catch (JMSException | RuntimeException e) {
            var refusal = refusal(e);
            boolean exhausted = isExhausted(e);
            if (!exhausted) {
                fail(connection, "no session could be made: " + e.getMessage());
            }
            close(connection, e);
            if (refusal != null) {
                throw refusal;
            }
            if (exhausted) {
                throw explained(e);
            }
            throw new StaleConnectionException(e);
        }
    }

    /** A connection for work outside transactions. */
    JmsPoolConnection openLocal(Credentials credentials) throws JMSException {
        return open(local, credentials);
    }

    /** A session for work outside transactions. */
    static Session localSession(JmsPoolConnection connection, boolean transacted, int mode) throws JMSException {
        try {
            return connection.createSession(transacted, mode);
        } catch (JMSException e) {
            throw isExhausted(e) ? explained(e) : e;
        }
    }

    /**
     * A connection is shared, and so is never in use by others; but the pool says that there is none while it looks whether it is idle, or
     * closes it for that. Then it is asked again, for as long as a session may be waited for.
     */
    private JmsPoolConnection open(JmsPoolConnectionFactory pool, Credentials credentials) throws JMSException {
        long start = System.nanoTime();
        while (true) {
            try {
                var connection = (JmsPoolConnection) pool.createConnection(credentials.user(), credentials.password());
                if (connection == null) {
                    throw new jakarta.jms.IllegalStateException(
                            "expected a connection factory that is open, found one closed");
                }
                return connection;
            } catch (JMSException e) {
                boolean isOver = System.nanoTime() - start >= borrowNanos;
                if (!isExhausted(e) || isOver || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                LockSupport.parkNanos(this, PAUSE_NANOS);
            }
        }
    }

    /** The pool reports that no session is free, and that none can be made, as the same exception. */
    private static boolean isExhausted(Throwable e) {
        return e.getCause() instanceof java.util.NoSuchElementException;
    }

    /** Some brokers look at the password when the first session is made. The pool wraps what they say. */
    private static @Nullable JMSSecurityException refusal(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof JMSSecurityException refused) {
                return refused;
            }
        }
        return null;
    }

    private static JMSException explained(Throwable e) {
        var failure = new jakarta.jms.ResourceAllocationException(
                "expected a free session, found maxSessionsPerConnection of them in use until the borrowTimeout was over:"
                        + " raise the limits, or look for sessions that are not closed and transactions that do not end");
        failure.initCause(e);
        return failure;
    }

    /** Tells the pool that a connection has died, as the broker's client would: then it is closed and never lent again. */
    static void fail(JmsPoolConnection connection, String why) {
        try {
            var listener = connection.getConnection().getExceptionListener();
            if (listener != null) {
                listener.onException(new JMSException(why));
            }
        } catch (JMSException | RuntimeException e) {
            System.getLogger(SessionPools.class.getName())
                    .log(System.Logger.Level.DEBUG, "a connection that has died could not be closed", e);
        }
    }

    private static void close(JmsPoolConnection connection, Exception earlier) {
        try {
            connection.close();
        } catch (JMSException | RuntimeException e) {
            earlier.addSuppressed(e);
        }
    }

    /** Closes every connection; waits for sessions that are being closed, but not for ever. */
    @Override
    public void close() {
        enlisted.stop();
        local.stop();
        closing.shutdown();
        boolean interrupted = false;
        try {
            closing.awaitTermination(CLOSING_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** No session could be made on a connection that the pool took for good. */
    private static final class StaleConnectionException extends JMSException {
        private static final long serialVersionUID = 1;

        StaleConnectionException(Exception cause) {
            super("a session could not be made: " + cause.getMessage());
            initCause(cause);
        }
    }

    private static final class XaPool extends JmsPoolXAConnectionFactory {
        private final transient ExceptionListener failures;

        XaPool(ExceptionListener failures) {
            this.failures = failures;
            // All idle ones each time, and not three of them.
            getConnectionsPool().setNumTestsPerEvictionRun(-1);
        }

        @Override
        protected XAConnection createProviderConnection(PooledConnectionKey key) throws JMSException {
            var connection = super.createProviderConnection(key);
            // Before the pool sets its own: it tells this one as well.
            connection.setExceptionListener(failures);
            return connection;
        }
    }

    private static final class LocalPool extends JmsPoolConnectionFactory {
        private final ExceptionListener failures;

        LocalPool(ExceptionListener failures) {
            this.failures = failures;
            // All idle ones each time, and not three of them.
            getConnectionsPool().setNumTestsPerEvictionRun(-1);
        }

        @Override
        protected Connection createProviderConnection(PooledConnectionKey key) throws JMSException {
            var connection = super.createProviderConnection(key);
            connection.setExceptionListener(failures);
            return connection;
        }
    }

    /** XA connections as ordinary ones: their {@code createSession} gives ordinary sessions, says Jakarta Messaging. */
    private record OfXaConnections(XAConnectionFactory xa) implements ConnectionFactory {
        @Override
        public Connection createConnection() throws JMSException {
            return xa.createXAConnection();
        }

        @Override
        public Connection createConnection(String user, String password) throws JMSException {
            return xa.createXAConnection(user, password);
        }

        @Override
        public JMSContext createContext() {
            throw new UnsupportedOperationException("the pool makes connections only");
        }

        @Override
        public JMSContext createContext(String user, String password) {
            return createContext();
        }

        @Override
        public JMSContext createContext(String user, String password, int mode) {
            return createContext();
        }

        @Override
        public JMSContext createContext(int mode) {
            return createContext();
        }
    }
}
