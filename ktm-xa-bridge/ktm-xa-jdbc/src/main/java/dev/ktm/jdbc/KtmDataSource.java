package dev.ktm.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import dev.ktm.Ktm;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.DataSource;
import javax.sql.XADataSource;

/**
 * A pooled data source whose connections take part in the transactions of a {@link Ktm}. Safe for many threads.
 *
 * <pre>{@code
 * try (var orders = KtmDataSource.open(ktm, "orders", xaDataSource)) {
 *     ktm.userTransaction().begin();
 *     try (var connection = orders.getConnection()) {
 *         // plain JDBC
 *     }
 *     ktm.userTransaction().commit();
 * }
 * }</pre>
 *
 * <p>A connection that is taken inside a transaction works for it from its first use on. All that a transaction takes share one
 * connection of the database, which goes back to the pool when the branch has finished; closing them only gives up the handle.
 * {@code commit}, {@code rollback}, savepoints and {@code setAutoCommit(true)} are refused. After the transaction has ended, by a
 * timeout or otherwise, everything but {@code close} is refused. A connection that is taken outside a transaction is an ordinary
 * pooled connection, and is refused inside one.
 *
 * <p>The pool is HikariCP, and is configured in its terms. The branches of the data source are found again after a crash by its
 * name, which must therefore stay the same.
 */
public final class KtmDataSource implements DataSource, AutoCloseable {

    private final Ktm ktm;
    private final XADataSource source;
    private final Adapter adapter;
    private final Pool pool;

    KtmDataSource(Ktm ktm, XADataSource source, Adapter adapter, HikariDataSource hikari) {
        this.ktm = ktm;
        this.source = source;
        this.adapter = adapter;
        this.pool = new Pool(ktm, adapter, hikari);
    }

    /**
     * Opens a data source with a pool of HikariCP's defaults.
     *
     * @param name by which its branches are found again after a crash; the same over restarts, and of this data source alone
     * @throws MisconfiguredDataSourceException if the database, its driver or its user is not set up for transactions
     * @throws SQLException if the database refuses the user. A database that cannot be reached is waited for
     * @throws IllegalArgumentException if another is open under this name
     */
    public static KtmDataSource open(Ktm ktm, String name, XADataSource source) throws SQLException {
        return builder(ktm, name).source(source).open();
    }

    /** Begins to describe a data source. */
    public static KtmDataSourceBuilder builder(Ktm ktm, String name) {
        return new KtmDataSourceBuilder(ktm, name);
    }

    /** The name that its branches are found by. */
    public String name() {
        return adapter.name();
    }

    /** The pool's figures and handles, as HikariCP has them. */
    public HikariPoolMXBean pool() {
        return pool.hikari().getHikariPoolMXBean();
    }

    /** What is expected of the database; the cautious answers until it has been reached for the first time. */
    public AdapterProfile profile() {
        return adapter.profile();
    }

    /**
     * A connection. In a transaction it waits for nothing; the pool is asked when it is used for the first time.
     *
     * @throws SQLException if none could be had in time, or the thread's transaction has ended
     */
    @Override
    public Connection getConnection() throws SQLException {
        var transaction = pool.currentTransaction();
        return transaction == null
                ? ConnectionHandle.of(pool, pool.borrow())
                : pool.of(transaction).newHandle();
    }

    /** Refused: the users of a pool share its connections. */
    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException(
                "expected a wish for a connection of the pool's user, found one for \"" + user
                        + "\": open another data source for another user");
    }

    /**
     * Takes its registration back and closes the pool. Transactions that are at work with it may end; a connection that holds a
     * branch in doubt stays open until that has finished.
     */
    @Override
    public void close() throws SQLException {
        ktm.unregister(adapter.name());
        pool.hikari().close();
        adapter.close();
    }

    @Override
    public PrintWriter getLogWriter() throws SQLException {
        return source.getLogWriter();
    }

    @Override
    public void setLogWriter(PrintWriter out) throws SQLException {
        source.setLogWriter(out);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return source.getLoginTimeout();
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        source.setLoginTimeout(seconds);
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        return source.getParentLogger();
    }

    /** The data source itself, HikariCP's ({@link HikariDataSource}, {@link HikariConfig}) or the driver's. */
    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        if (type.isInstance(this)) {
            return type.cast(this);
        }
        if (type.isInstance(source)) {
            return type.cast(source);
        }
        if (type.isInstance(pool.hikari())) {
            return type.cast(pool.hikari());
        }
        throw new SQLException("expected a wish for this data source, HikariCP's or "
                + source.getClass().getName() + ", found one for " + type.getName());
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return type.isInstance(this) || type.isInstance(source) || type.isInstance(pool.hikari());
    }

    @Override
    public String toString() {
        return "data source \"" + adapter.name() + "\"";
    }
}
