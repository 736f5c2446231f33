package dev.ktm.jdbc;

import dev.ktm.jta.XaResourceFactory;
import java.sql.SQLException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * What the coordinator knows a data source by: gives it connections of their own to find branches with, and knows the kind of
 * database. The database is looked at as soon as it can be reached, and again until it is set up as it must be. Thread-safe.
 */
final class Adapter implements XaResourceFactory, AutoCloseable {

    /** Who may see and finish the branches. */
    record Credentials(String user, String password) {
        @Override
        public String toString() {
            return user;
        }
    }

    /** Who connections are opened as; absent for whoever the driver's data source is set up with. */
    interface User {
        Optional<Credentials> now();
    }

    /**
     * What is found out about a database before its first transaction.
     *
     * @param kind which it is
     * @param profile what may be expected of it
     */
    record Found(DatabaseKind kind, AdapterProfile profile) {}

    /** Finds that out. */
    interface Look {
        /**
         * Asks it.
         *
         * @throws MisconfiguredDataSourceException if no transaction could be committed with it; says what has to be changed
         */
        Found look(XAConnection connection) throws SQLException;
    }

    private final String name;
    private final XADataSource source;
    private final User user;
    private final Look probe;

    private volatile @Nullable Found found;
    private volatile @Nullable MisconfiguredDataSourceException refused;
    /** By identity: what a driver's resources think of equality does not count. */
    private final Map<XAResource, XAConnection> open = Collections.synchronizedMap(new IdentityHashMap<>());
    /** Stays open, so that an embedded database stays open. */
    private final AtomicReference<@Nullable XAConnection> guard = new AtomicReference<>();

    private volatile boolean closed;

    Adapter(String name, XADataSource source, User user, Look probe) {
        this.name = name;
        this.source = source;
        this.user = user;
        this.probe = probe;
    }

    String name() {
        return name;
    }

    AdapterProfile profile() {
        var known = found;
        return known == null ? AdapterProfile.CAUTIOUS : known.profile();
    }

    DatabaseKind kind() {
        var known = found;
        return known == null ? DatabaseKind.OTHER : known.kind();
    }

    /** Fails at once where it is known that no transaction could be committed. */
    void requireConfigured() throws SQLException {
        var why = refused;
        if (why != null && found == null) {
            throw new MisconfiguredDataSourceException(why.getMessage(), why);
        }
    }

    /** Looks at the database unless that was done, with a connection of its own. */
    void ensureProbed() throws SQLException {
        if (found == null) {
            var connection = connect();
            try {
                look(connection);
            } finally {
                giveBack(connection);
            }
        }
    }

    private XAConnection connect() throws SQLException {
        var now = user.now();
        return now.isPresent()
                ? source.getXAConnection(now.get().user(), now.get().password())
                : source.getXAConnection();
    }

    private void look(XAConnection connection) throws SQLException {
        try {
            found = probe.look(connection);
            refused = null;
        } catch (MisconfiguredDataSourceException e) {
            refused = e;
            throw e;
        }
    }

    @Override
    public XAResource open() throws SQLException {
        var connection = connect();
        try {
            if (found == null) {
                look(connection);
            }
            var resource = connection.getXAResource();
            open.put(resource, connection);
            return resource;
        } catch (SQLException | RuntimeException | Error e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public void close(XAResource resource) {
        var connection = open.remove(resource);
        if (connection != null) {
            giveBack(connection);
        }
    }

    /** An embedded database closes with its last connection, also while branches of it are in doubt: keeps the latest open. */
    private void giveBack(XAConnection connection) {
        var former = profile().keptInDoubt() && !closed ? guard.getAndSet(connection) : connection;
        if (former != null) {
            closeWhateverItSays(former);
        }
    }

    /** Its database may be gone, and some drivers say so when a connection is closed: there is nothing to be done about it. */
    private void closeWhateverItSays(XAConnection connection) {
        try {
            connection.close();
        } catch (SQLException | RuntimeException e) {
            System.getLogger(KtmDataSource.class.getName())
                    .log(System.Logger.Level.DEBUG, "a connection of recovery to \"" + name + "\" was broken", e);
        }
    }

    @Override
    public void close() {
        closed = true;
        var last = guard.getAndSet(null);
        if (last != null) {
            closeWhateverItSays(last);
        }
    }
}
