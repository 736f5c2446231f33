package dev.ktm.jms;

import dev.ktm.Ktm;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import jakarta.jms.XAConnectionFactory;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;
import org.messaginghub.pooled.jms.JmsPoolConnection;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;

/**
 * A pooled connection factory whose connections work in the transaction of their thread. Inside a transaction everything that is
 * sent and received is one branch of it, also by sessions that were made before it began; outside it is an ordinary pooled
 * connection factory. Safe for many threads.
 *
 * <pre>{@code
 * try (var factory = KtmConnectionFactory.builder(ktm, "orders-broker", xaConnectionFactory).build()) {
 *     ktm.userTransaction().begin();
 *     try (var context = factory.createContext()) {
 *         context.createProducer().send(context.createQueue("orders"), "a lamp");
 *     }
 *     ktm.userTransaction().commit();
 * }
 * }</pre>
 *
 * <p>{@code commit}, {@code rollback}, {@code recover} and {@code acknowledge} are refused inside a transaction, and so are
 * message listeners anywhere: a {@link ListenerContainer} runs those in transactions. Once a transaction is rolled back nothing
 * more can be done in it; a session whose transaction was rolled back without its thread's doing, by a timeout for example,
 * refuses everything until it is closed.
 */
public final class KtmConnectionFactory implements ConnectionFactory, AutoCloseable {

    private static final System.Logger LOGGER = System.getLogger(KtmConnectionFactory.class.getName());

    private final Ktm ktm;
    private final String name;
    private final SessionPools pools;
    private final RecoveryConnection recovery;
    private final Credentials credentials;
    private final Map<Key, EnlistedSession> enlisted = new ConcurrentHashMap<>();
    private final Set<ConnectionHandle> connections = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final LeakDetection leaks;

    /** Whose session, in which transaction: one of them at most. */
    private record Key(Transaction transaction, Credentials credentials) {}

    private KtmConnectionFactory(Builder builder) {
        this.ktm = builder.ktm;
        this.name = builder.name;
        this.credentials = builder.credentials;
        var profile = builder.profile == null ? BrokerProfile.of(builder.xa) : builder.profile;
        var local = builder.outsideTransactions == null
                ? profile.outsideTransactions(builder.xa)
                : builder.outsideTransactions;
        this.recovery = new RecoveryConnection(
                name,
                builder.recovery == null ? builder.xa : builder.recovery,
                builder.recoveryCredentials == null ? credentials : builder.recoveryCredentials);
        this.pools = new SessionPools(name, builder.xa, local, builder.limits, this::connectionFailed);
        this.recovery.probe();
        if (builder.recovery != null || builder.recoveryCredentials != null) {
            new RecoveryConnection(name, builder.xa, credentials).probe();
        }
        if (!profile.advice().isEmpty()) {
            LOGGER.log(System.Logger.Level.INFO, label() + ": " + profile.advice());
        }
        ktm.register(name, recovery);
        this.leaks = new LeakDetection(LOGGER, label(), builder.leakDetectionThreshold);
    }

    /**
     * Begins to describe a factory.
     *
     * @param name the name under which the broker's branches are found after a restart: it must stay the same, and be of this
     *     broker alone
     * @param xa the broker's own XA connection factory; not one that pools
     * @throws IllegalArgumentException if the name is empty, or the factory is a pool
     */
    public static Builder builder(Ktm ktm, String name, XAConnectionFactory xa) {
        return new Builder(ktm, name, xa);
    }

    /**
     * The XA face of a connection factory whose type does not say whether it has one.
     *
     * @throws IllegalArgumentException if it has none; says which class of the broker has, if that is known
     */
    public static XAConnectionFactory xa(ConnectionFactory factory) {
        if (factory instanceof XAConnectionFactory xa) {
            return xa;
        }
        throw new IllegalArgumentException("expected an XA connection factory, found "
                + factory.getClass().getName() + ", which cannot take part in transactions"
                + BrokerProfile.adviceFor(factory));
    }

    /** The name under which the broker's branches are found after a restart. */
    public String name() {
        return name;
    }

    // Connections.

    @Override
    public Connection createConnection() throws JMSException {
        return connect(credentials, leaks.watch("a connection"));
    }

    @Override
    public Connection createConnection(@Nullable String user, @Nullable String password) throws JMSException {
        return connect(new Credentials(user, password), leaks.watch("a connection"));
    }

    private ConnectionHandle connect(Credentials wanted, LeakDetection.Watch watch) throws JMSException {
        try {
            requireOpen();
            var connection = new ConnectionHandle(this, wanted, watch);
            if (currentTransaction() == null) {
                connection.connect();
            }
            connections.add(connection);
            return connection;
        } catch (JMSException | RuntimeException e) {
            watch.closed();
            throw e;
        }
    }

    @Override
    public JMSContext createContext() {
        return createContext(JMSContext.AUTO_ACKNOWLEDGE);
    }

    @Override
    public JMSContext createContext(int sessionMode) {
        return context(credentials, sessionMode);
    }

    @Override
    public JMSContext createContext(@Nullable String user, @Nullable String password) {
        return createContext(user, password, JMSContext.AUTO_ACKNOWLEDGE);
    }

    @Override
    public JMSContext createContext(@Nullable String user, @Nullable String password, int sessionMode) {
        return context(new Credentials(user, password), sessionMode);
    }

    private JMSContext context(Credentials wanted, int mode) {
        if (mode < Session.SESSION_TRANSACTED || mode > Session.DUPS_OK_ACKNOWLEDGE) {
            throw new jakarta.jms.JMSRuntimeException("expected a session mode of JMSContext, found " + mode);
        }
        return Unchecked.get(() -> ContextHandle.open(connect(wanted, LeakDetection.Watch.NONE), mode));
    }

    void closed(ConnectionHandle connection) {
        connections.remove(connection);
    }

    private void connectionFailed(JMSException failure) {
        for (var connection : connections) {
            connection.failed(failure);
        }
    }

    JmsPoolConnection openLocal(Credentials wanted) throws JMSException {
        requireOpen();
        return pools.openLocal(wanted);
    }

    private void requireOpen() throws JMSException {
        if (closed.get()) {
            throw new jakarta.jms.IllegalStateException(
                    "expected a connection factory that is open, found " + label() + ", which is closed");
        }
    }

    // Transactions.

    /** The session of a transaction; enlisted if it is the first time. On the thread of the transaction. */
    EnlistedSession enlistedIn(Transaction transaction, Credentials wanted) throws JMSException {
        return enlist(transaction, wanted, null);
    }

    /** As {@link #enlistedIn}, with a session that is lent by its holder, if the transaction has none yet. */
    EnlistedSession enlist(Transaction transaction, Credentials wanted, EnlistedSession.@Nullable Source holder)
            throws JMSException {
        var key = new Key(transaction, wanted);
        var known = enlisted.get(key);
        if (known == null) {
            requireOpen();
            known = enlisted.computeIfAbsent(
                    key,
                    absent -> new EnlistedSession(
                            this,
                            transaction,
                            wanted,
                            holder == null ? new OfThePool(wanted) : holder,
                            () -> enlisted.remove(absent)));
        }
        known.enlist();
        return known;
    }

    PhysicalSession lend(Credentials wanted) throws JMSException {
        requireOpen();
        return pools.lend(wanted);
    }

    private final class OfThePool implements EnlistedSession.Source {
        private final Credentials wanted;

        OfThePool(Credentials wanted) {
            this.wanted = wanted;
        }

        @Override
        public PhysicalSession open() throws JMSException {
            return lend(wanted);
        }

        @Override
        public void takeBack(PhysicalSession session) {
            session.giveBack();
        }

        @Override
        public void lost(PhysicalSession session) {
            // It was the pool's, which makes another.
        }
    }

    /** Rolls a branch back that was left when its session was lost. Where that fails there is nobody to hold it any more. */
    void rollBack(Xid branch, Credentials wanted) {
        try {
            var session = pools.lend(wanted);
            try {
                session.resource().rollback(branch);
            } finally {
                // It is one more than those who work with the pool need, and may have failed.
                session.discard(null, () -> {});
            }
        } catch (JMSException | XAException | RuntimeException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "branch " + branch + " could not be rolled back", e);
        }
    }

    LeakDetection leaks() {
        return leaks;
    }

    Ktm ktm() {
        return ktm;
    }

    Credentials credentials() {
        return credentials;
    }

    TransactionSynchronizationRegistry registry() {
        return ktm.synchronizationRegistry();
    }

    XAResource named(EnlistedSession session) {
        return ktm.named(name, session);
    }

    /** The transaction of this thread. */
    @Nullable
    Transaction currentTransaction() {
        try {
            return ktm.transactionManager().getTransaction();
        } catch (SystemException e) {
            throw new IllegalStateException(e);
        }
    }

    boolean isOnThread(Transaction transaction) {
        return currentTransaction() == transaction;
    }

    /** How messages name it. */
    String label() {
        return "connection factory " + name;
    }

    /** How many sessions take part in transactions that are not over. */
    public int enlistedSessions() {
        return enlisted.size();
    }

    /**
     * Closes every connection and takes the registration back: branches that are prepared then wait until a factory of the same
     * name is opened. Close it before the {@code Ktm}, and when no transaction uses it any more.
     */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            ktm.unregister(name);
            for (var connection : connections) {
                connection.closeQuietly();
            }
            pools.close();
            leaks.close();
        }
    }

    @Override
    public String toString() {
        return label();
    }

    /** Describes a factory. */
    public static final class Builder {
        private final Ktm ktm;
        private final String name;
        private final XAConnectionFactory xa;
        private Credentials credentials = Credentials.OF_THE_FACTORY;
        private @Nullable Credentials recoveryCredentials;
        private @Nullable XAConnectionFactory recovery;
        private @Nullable ConnectionFactory outsideTransactions;
        private @Nullable BrokerProfile profile;
        private PoolLimits limits = PoolLimits.DEFAULT;
        private Duration leakDetectionThreshold = Duration.ZERO;

        private Builder(Ktm ktm, String name, XAConnectionFactory xa) {
            if (name.isBlank()) {
                throw new IllegalArgumentException(
                        "expected a name that stays the same over restarts, found an empty one");
            }
            if (xa instanceof JmsPoolConnectionFactory) {
                throw new IllegalArgumentException("expected the broker's own XA connection factory, found "
                        + xa.getClass().getName() + ", which pools already: give what it was made of");
            }
            this.ktm = ktm;
            this.name = name;
            this.xa = xa;
        }

        /** Whom connections are made for that are asked for without a user; the factory's own user unless told otherwise. */
        public Builder credentials(String user, String password) {
            credentials = new Credentials(user, password);
            return this;
        }

        /** Who lists and finishes branches after a crash; the user of {@link #credentials} unless told otherwise. */
        public Builder recoveryCredentials(String user, String password) {
            recoveryCredentials = new Credentials(user, password);
            return this;
        }

        /** Finds and finishes branches over connections of this factory: one with other timeouts, or without a client id. */
        public Builder recoveryConnectionFactory(XAConnectionFactory value) {
            recovery = value;
            return this;
        }

        /**
         * Makes connections for work outside transactions with this factory. Needed for brokers whose XA connections cannot do
         * such work, unless it is known how to make one of theirs.
         */
        public Builder outsideTransactions(ConnectionFactory value) {
            outsideTransactions = value;
            return this;
        }

        /** Treats the broker as one of this kind; found out from the class of the factory unless told otherwise. */
        public Builder profile(BrokerProfile value) {
            profile = value;
            return this;
        }

        /** Connections of each user, for transactions and for work outside each: 1 unless told otherwise. */
        public Builder maxConnections(int value) {
            limits = new PoolLimits(
                    value, limits.maxSessionsPerConnection(), limits.borrowTimeout(), limits.idleTimeout());
            return this;
        }

        /** Sessions of each connection: 500 unless told otherwise. */
        public Builder maxSessionsPerConnection(int value) {
            limits = new PoolLimits(limits.maxConnections(), value, limits.borrowTimeout(), limits.idleTimeout());
            return this;
        }

        /** How long whoever needs a session waits for one to be free: 30 seconds unless told otherwise. */
        public Builder borrowTimeout(Duration value) {
            limits = new PoolLimits(
                    limits.maxConnections(), limits.maxSessionsPerConnection(), value, limits.idleTimeout());
            return this;
        }

        /** When a connection that nobody uses is closed: after 30 seconds unless told otherwise; zero for never. */
        public Builder idleTimeout(Duration value) {
            limits = new PoolLimits(
                    limits.maxConnections(), limits.maxSessionsPerConnection(), limits.borrowTimeout(), value);
            return this;
        }

        /**
         * How long a connection, session or context that is taken may stay open before a warning says where that was; zero, which
         * is never, unless told otherwise. To look for a leak with: every handle that is taken costs a stack trace.
         */
        public Builder leakDetectionThreshold(Duration value) {
            if (value.isNegative() || (value.toMillis() == 0 && !value.isZero())) {
                throw new IllegalArgumentException(
                        "expected a leakDetectionThreshold of zero, for never, or of at least a millisecond, found "
                                + value);
            }
            leakDetectionThreshold = value;
            return this;
        }

        /**
         * Opens the factory: connects once to see that everything is right, and registers it for recovery. A broker that cannot
         * be reached is no error: it is warned about, and used once it is there.
         *
         * @throws IllegalArgumentException if the broker refuses the user, its host is not known, what it gives is not XA, or
         *     another is registered under this name
         */
        public KtmConnectionFactory build() {
            return new KtmConnectionFactory(this);
        }
    }
}
