package dev.ktm.jms;

import dev.ktm.jta.XaResourceFactory;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.XAConnection;
import jakarta.jms.XAConnectionFactory;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/**
 * Connections of recovery's own: a fresh one each time, never one of the pool, with a user of its own if there is one. Safe for
 * many threads.
 */
final class RecoveryConnection implements XaResourceFactory {

    private static final System.Logger LOGGER = System.getLogger(RecoveryConnection.class.getName());

    private final String name;
    private final XAConnectionFactory xa;
    private final Credentials credentials;
    private final Map<XAResource, XAConnection> open = new ConcurrentHashMap<>();

    RecoveryConnection(String name, XAConnectionFactory xa, Credentials credentials) {
        this.name = name;
        this.xa = xa;
        this.credentials = credentials;
    }

    @Override
    public XAResource open() throws JMSException {
        var connection = credentials.areGiven()
                ? xa.createXAConnection(credentials.user(), credentials.password())
                : xa.createXAConnection();
        try {
            var resource = connection.createXASession().getXAResource();
            if (resource == null) {
                throw new JMSException("its sessions have no XAResource");
            }
            open.put(resource, connection);
            return resource;
        } catch (JMSException | RuntimeException | Error e) {
            closeAfter(connection, e);
            throw e;
        }
    }

    private static void closeAfter(XAConnection connection, Throwable e) {
        try {
            connection.close();
        } catch (JMSException | RuntimeException suppressed) {
            e.addSuppressed(suppressed);
        }
    }

    @Override
    public void close(XAResource resource) throws JMSException {
        var connection = open.remove(resource);
        if (connection != null) {
            connection.close();
        }
    }

    // Looking before the first transaction does.

    /**
     * Connects, starts a branch and asks for the list of branches, as transactions and recovery will.
     *
     * @throws IllegalArgumentException if that cannot work, whenever it is tried
     */
    void probe() {
        XAResource resource = null;
        try {
            resource = open();
            try {
                tryBranch(resource);
            } finally {
                close(resource);
            }
            LOGGER.log(System.Logger.Level.DEBUG, () -> "connection factory " + name + " works");
        } catch (XAException e) {
            throw new IllegalArgumentException(
                    where() + " cannot run branches (XA error " + e.errorCode + ", " + e.getMessage()
                            + "): give a user who may, and a broker that keeps branches",
                    e);
        } catch (JMSException e) {
            var refusal = resource == null ? refusal(e) : null;
            if (refusal != null) {
                throw new IllegalArgumentException(where() + refusal, e);
            }
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    where() + " cannot be reached now (" + rootOf(e).getMessage()
                            + "); transactions with it fail until it can, recovery asks it again",
                    e);
        }
    }

    private String where() {
        return "connection factory " + name + " (" + credentials + ")";
    }

    private void tryBranch(XAResource resource) throws XAException {
        resource.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN);
        var xid = new ProbeXid();
        resource.start(xid, XAResource.TMNOFLAGS);
        resource.end(xid, XAResource.TMSUCCESS);
        resource.rollback(xid);
    }

    private static Throwable rootOf(Throwable e) {
        var root = e;
        for (var cause = e.getCause(); cause != null; cause = cause.getCause()) {
            root = cause;
        }
        return root;
    }

    /** What will not go away by waiting; null if it may. */
    private static @Nullable String refusal(JMSException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof JMSSecurityException || cause instanceof SecurityException) {
                return " is refused by the broker: expected a user and password that it accepts, found that it says '"
                        + cause.getMessage() + "'";
            }
            if (cause instanceof UnknownHostException) {
                return ": expected a host that is known, found that nobody knows '" + cause.getMessage()
                        + "': correct the broker's address";
            }
        }
        return null;
    }

    /** The name of a branch that only starts and is rolled back. Nobody's format: no transaction manager will look at it. */
    private static final class ProbeXid implements Xid {
        private static final int FORMAT_ID = 0x4B544D50;
        private final byte[] id = UUID.randomUUID().toString().getBytes(StandardCharsets.US_ASCII);

        @Override
        public int getFormatId() {
            return FORMAT_ID;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return id.clone();
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1};
        }
    }
}
