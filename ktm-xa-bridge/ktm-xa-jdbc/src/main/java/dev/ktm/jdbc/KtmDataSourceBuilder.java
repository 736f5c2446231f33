package dev.ktm.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool.PoolInitializationException;
import com.zaxxer.hikari.util.PropertyElf;
import dev.ktm.Ktm;
import dev.ktm.jta.DecisionTableName;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import org.jspecify.annotations.Nullable;

/** Describes a {@link KtmDataSource}. Not thread-safe. */
public final class KtmDataSourceBuilder {

    /** HikariCP's own default, which is therefore no wish of anybody. */
    private static final long DEFAULT_INITIALIZATION_FAIL_TIMEOUT = 1;
    /** Waits for a database that is not there yet. */
    private static final long NEVER_FAIL = -1;

    /** Classes that people take for the XA ones, and what they want instead. */
    private static final Map<String, String> XA_CLASSES = Map.of(
            "org.postgresql.ds.PGSimpleDataSource", "org.postgresql.xa.PGXADataSource",
            "org.postgresql.ds.PGPoolingDataSource", "org.postgresql.xa.PGXADataSource",
            "org.postgresql.ds.PGConnectionPoolDataSource", "org.postgresql.xa.PGXADataSource",
            "com.mysql.cj.jdbc.MysqlDataSource", "com.mysql.cj.jdbc.MysqlXADataSource",
            "com.microsoft.sqlserver.jdbc.SQLServerDataSource", "com.microsoft.sqlserver.jdbc.SQLServerXADataSource",
            "oracle.jdbc.pool.OracleDataSource", "oracle.jdbc.xa.client.OracleXADataSource",
            "org.apache.derby.jdbc.EmbeddedDataSource", "org.apache.derby.jdbc.EmbeddedXADataSource",
            "org.apache.derby.jdbc.ClientDataSource", "org.apache.derby.jdbc.ClientXADataSource",
            "com.ibm.db2.jcc.DB2SimpleDataSource", "com.ibm.db2.jcc.DB2XADataSource");

    private final Ktm ktm;
    private final String name;
    private HikariConfig config = new HikariConfig();
    private @Nullable XADataSource source;
    private @Nullable DataSource last;
    private DecisionTableName decisionTable = DecisionTableName.DEFAULT;
    private Optional<Adapter.Credentials> recoveryUser = Optional.empty();
    private Optional<AdapterProfile> profile = Optional.empty();

    KtmDataSourceBuilder(Ktm ktm, String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException(
                    "expected a name for the data source, found none: its branches are found by it after a crash");
        }
        this.ktm = ktm;
        this.name = name;
    }

    /** The driver's data source. Not needed if the pool's configuration names its class. */
    public KtmDataSourceBuilder source(XADataSource value) {
        source = Objects.requireNonNull(value, "source");
        return this;
    }

    /**
     * A data source without XA, in place of {@link #source}: one such may take part in each transaction, as its last resource. It
     * commits when all others are prepared, and a row that it writes in its own transaction is the decision for all, so it needs a
     * {@linkplain #decisionTable table}. The pool holds its connections: give the driver's data source; another pool is refused.
     */
    public KtmDataSourceBuilder lastResource(DataSource value) {
        last = Objects.requireNonNull(value, "lastResource");
        return this;
    }

    /**
     * The table in which a last resource notes what it has decided; {@code ktm_decision} unless said otherwise. Its schema may stand
     * in front.
     *
     * @throws IllegalArgumentException if this is no name of a table
     */
    public KtmDataSourceBuilder decisionTable(String value) {
        decisionTable = new DecisionTableName(value);
        return this;
    }

    /**
     * How the pool is set up. The configuration is copied when the data source is opened. {@code dataSourceClassName}, which must
     * then be the driver's XA class, with the data source properties can stand for {@link #source}; a user name and a password
     * are used for every connection. {@code initializationFailTimeout} is taken for never unless it is set to something else than
     * HikariCP's default: a database that is not there yet is waited for.
     */
    public KtmDataSourceBuilder pool(HikariConfig value) {
        config = Objects.requireNonNull(value, "pool");
        return this;
    }

    /** Who finds and finishes branches after a crash, if it is not the user of the pool. */
    public KtmDataSourceBuilder recoveryUser(String user, String password) {
        recoveryUser = Optional.of(new Adapter.Credentials(user, password));
        return this;
    }

    /**
     * What may be expected of the database, if its kind does not say it. Of a last resource, which commits in one phase and leaves
     * nothing in doubt, the other answers count.
     */
    public KtmDataSourceBuilder profile(AdapterProfile value) {
        profile = Optional.of(value);
        return this;
    }

    /**
     * Opens it, as {@link KtmDataSource#open} says.
     *
     * @throws IllegalArgumentException if the configuration does not say which XA data source it is for, or another is open under
     *     this name
     */
    public KtmDataSource open() throws SQLException {
        var plain = last;
        return plain == null ? openXa() : openLast(plain);
    }

    private KtmDataSource openLast(DataSource plain) throws SQLException {
        if (source != null) {
            throw new IllegalArgumentException("expected one data source for \"" + name
                    + "\", found source(…) and lastResource(…): the first if it can prepare, otherwise the second");
        }
        refuseOthersThan("lastResource(…)");
        refusePool(plain);
        var copy = copyOfPool();
        var user = new PoolUser(copy);
        var local = new LocalSource(plain);
        var adapter = new Adapter(name, local, user, new LastResourceProbe(name, decisionTable, profile));
        var physical = new XaPhysicalSource(local, adapter);
        look(adapter, physical, user);
        complete(copy, physical);
        // Connections to ask what was decided with.
        var asked = new UserDataSource(plain, recoveryUserOr(user));
        return start(local, adapter, copy, user, () -> ktm.registerLastResource(name, asked, decisionTable.text()));
    }

    /** Two pools, one in the other, wait for each other; and one that enlists would enlist itself. */
    private void refusePool(DataSource plain) {
        if (OtherPools.has(plain)) {
            throw new IllegalArgumentException("expected the driver's data source for \"" + name + "\", found "
                    + plain.getClass().getName()
                    + ", which pools already, or wraps what does: give lastResource(…) what"
                    + " that pool has its connections from (HikariDataSource.getDataSource(), if it was set up with one),"
                    + " and its settings with pool(…)");
        }
    }

    private HikariConfig copyOfPool() {
        var copy = new HikariConfig();
        config.copyStateTo(copy);
        return copy;
    }

    private Adapter.User recoveryUserOr(Adapter.User other) {
        var chosen = recoveryUser;
        return chosen.isPresent() ? () -> chosen : other;
    }

    private KtmDataSource openXa() throws SQLException {
        var xa = xaDataSource();
        var copy = copyOfPool();
        var user = new PoolUser(copy);
        var probe = new Probe(name, xa, copy.getMaximumPoolSize(), recoveryUser.isPresent(), profile);
        var adapter = new Adapter(name, xa, recoveryUserOr(user), probe);
        var physical = new XaPhysicalSource(xa, adapter);
        look(adapter, physical, user);
        complete(copy, physical);
        return start(xa, adapter, copy, user, () -> ktm.register(name, adapter));
    }

    private KtmDataSource start(
            XADataSource xa, Adapter adapter, HikariConfig complete, PoolUser user, Runnable registration)
            throws SQLException {
        try {
            registration.run();
        } catch (IllegalArgumentException e) {
            adapter.close();
            throw new IllegalArgumentException(
                    "expected a name that no other data source has, found \"" + name
                            + "\": each has its own, by which its branches are found after a crash. Close the other, or"
                            + " use that one",
                    e);
        }
        try {
            var hikari = new HikariDataSource(complete);
            user.follow(hikari);
            return new KtmDataSource(ktm, xa, adapter, hikari);
        } catch (RuntimeException e) {
            ktm.unregister(name);
            adapter.close();
            if (e instanceof PoolInitializationException && e.getCause() instanceof SQLException cause) {
                throw cause;
            }
            throw e;
        }
    }

    private XADataSource xaDataSource() {
        if (source != null) {
            refuseOthersThan("source(…)");
            return source;
        }
        if (config.getJdbcUrl() != null || config.getDriverClassName() != null || config.getDataSourceJNDI() != null) {
            throw new IllegalArgumentException("expected an XA data source for \"" + name
                    + "\", found jdbcUrl, driverClassName or dataSourceJNDI, through which a driver gives connections that"
                    + " cannot take part in a transaction: give source(…), or dataSourceClassName and its properties");
        }
        var given = config.getDataSource();
        if (given != null) {
            return requireXa(given);
        }
        var className = config.getDataSourceClassName();
        if (className == null) {
            throw new IllegalArgumentException("expected an XA data source for \"" + name
                    + "\", found none: give source(…), or the driver's XA class as dataSourceClassName");
        }
        var made = requireXa(instance(className));
        config.getDataSourceProperties().forEach((property, value) -> set(made, String.valueOf(property), value));
        return made;
    }

    /** One after the other, so that what is wrong has a name. */
    private void set(XADataSource made, String property, Object value) {
        try {
            var one = new Properties();
            one.put(property, value);
            PropertyElf.setTargetFromProperties(made, one);
        } catch (RuntimeException e) {
            // Neither its value nor the cause, which may repeat it: there may be a password in it.
            throw new IllegalArgumentException("expected a property of "
                    + made.getClass().getName() + " for \"" + name + "\" with a value that it takes, found " + property
                    + ", which it has not, or whose value it refuses");
        }
    }

    /** What nobody would look at is not accepted in silence. */
    private void refuseOthersThan(String given) {
        var others = new ArrayList<String>();
        if (config.getJdbcUrl() != null) {
            others.add("jdbcUrl");
        }
        if (config.getDriverClassName() != null) {
            others.add("driverClassName");
        }
        if (config.getDataSourceClassName() != null) {
            others.add("dataSourceClassName");
        }
        if (config.getDataSourceJNDI() != null) {
            others.add("dataSourceJNDI");
        }
        if (config.getDataSource() != null) {
            others.add("dataSource");
        }
        if (!config.getDataSourceProperties().isEmpty()) {
            others.add("dataSourceProperties");
        }
        if (!others.isEmpty()) {
            throw new IllegalArgumentException("expected one data source for \"" + name + "\", found " + given + " and "
                    + String.join(", ", others) + " of the pool: set up the object that is given with " + given
                    + ", and leave the others out");
        }
    }

    private Object instance(String className) {
        try {
            var loader = Thread.currentThread().getContextClassLoader();
            var type =
                    Class.forName(className, true, loader == null ? getClass().getClassLoader() : loader);
            return type.getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(
                    "expected the name of the driver's XA class for \"" + name + "\", found " + className
                            + ", which cannot be made an object of: is the driver on the class path?",
                    e);
        }
    }

    private XADataSource requireXa(Object given) {
        if (given instanceof XADataSource xa) {
            return xa;
        }
        var found = given.getClass().getName();
        var wanted = XA_CLASSES.get(found);
        throw new IllegalArgumentException("expected a javax.sql.XADataSource for \"" + name + "\", found " + found
                + ", whose connections cannot prepare: use "
                + (wanted == null ? "the XA class of the driver" : wanted) + " instead");
    }

    /** What can be found out now need not be found out by the first transaction. */
    private void look(Adapter adapter, XaPhysicalSource physical, PoolUser user) throws SQLException {
        try {
            adapter.ensureProbed();
            if (recoveryUser.isPresent()) {
                // Another user has looked: whether that of the pool is let in is still to be seen.
                new UserDataSource(physical, user).getConnection().close();
            }
        } catch (MisconfiguredDataSourceException | RuntimeException e) {
            adapter.close();
            throw e;
        } catch (SQLException e) {
            if (Logins.isRefused(e)) {
                adapter.close();
                throw Logins.refused(name, e);
            }
            System.getLogger(KtmDataSource.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "data source \"" + name + "\" cannot be reached now (" + e.getMessage()
                                    + "): connections are opened, and its branches recovered, when it can be",
                            e);
        }
    }

    private void complete(HikariConfig copy, XaPhysicalSource physical) {
        copy.setDataSourceClassName(null);
        copy.setDataSource(physical);
        if (copy.getPoolName() == null) {
            copy.setPoolName("ktm " + name);
        }
        if (copy.getInitializationFailTimeout() == DEFAULT_INITIALIZATION_FAIL_TIMEOUT) {
            copy.setInitializationFailTimeout(NEVER_FAIL);
        }
    }
}
