package dev.ktm.jdbc;

import java.sql.Array;
import java.sql.Blob;
import java.sql.CallableStatement;
import java.sql.Clob;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.NClob;
import java.sql.PreparedStatement;
import java.sql.SQLClientInfoException;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.SQLXML;
import java.sql.Savepoint;
import java.sql.ShardingKey;
import java.sql.Statement;
import java.sql.Struct;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.XAConnection;
import javax.transaction.xa.XAResource;

/**
 * What the pool takes for a connection: an XA connection and its one handle, which is kept as long as the connection lives (some
 * drivers roll back when a handle is closed, or when another is asked for).
 *
 * <p>It is <em>pinned</em> while it works for a branch. A pool that wants to close it then, because it is broken, too old, or
 * because the pool is closed, is told that it has been, and it is closed when the branch has finished: some databases lose a
 * prepared branch with its connection, others keep its locks for ever.
 */
final class PhysicalConnection implements Connection {

    /** For what may not come back; nobody waits for it. */
    static final Executor APART = task -> {
        var thread = new Thread(task, "ktm breaks off a call that hangs");
        thread.setDaemon(true);
        thread.start();
    };

    private enum State {
        /** The pool may do with it what it wants. */
        FREE,
        /** It works for a branch. */
        PINNED,
        /** It works for a branch, and is closed afterwards. */
        CLOSING,
        CLOSED
    }

    private final XAConnection xa;
    private final XAResource resource;
    private final Connection connection;
    private final AtomicReference<State> state = new AtomicReference<>(State.FREE);
    /** Whether a call of it hangs: then so may closing it. */
    private volatile boolean givenUp;

    private PhysicalConnection(XAConnection xa) throws SQLException {
        this.xa = xa;
        this.resource = xa.getXAResource();
        this.connection = xa.getConnection();
    }

    /** Takes an XA connection over, and closes it if that fails. */
    static PhysicalConnection of(XAConnection xa) throws SQLException {
        try {
            return new PhysicalConnection(xa);
        } catch (SQLException | RuntimeException | Error e) {
            try {
                xa.close();
            } catch (SQLException | RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** The driver's resource. */
    XAResource resource() {
        return resource;
    }

    /** Keeps it open from now on, whoever closes it. */
    void pin() throws SQLException {
        if (!state.compareAndSet(State.FREE, State.PINNED)) {
            throw new SQLException(
                    "expected a connection that works for nobody, found one that is " + state.get(), SqlStates.CLOSED);
        }
    }

    /** Nothing keeps it open any more: closes it if that was wanted meanwhile. */
    void unpin() {
        if (state.compareAndSet(State.PINNED, State.FREE)) {
            return;
        }
        if (state.compareAndSet(State.CLOSING, State.CLOSED)) {
            if (givenUp) {
                APART.execute(this::closeWhateverItSays);
            } else {
                closeWhateverItSays();
            }
        }
    }

    /** A call of it does not come back: has the driver break it off, and the connection closed once it is unpinned. */
    void giveUp() {
        givenUp = true;
        state.compareAndSet(State.PINNED, State.CLOSING);
        APART.execute(() -> {
            try {
                connection.abort(APART);
            } catch (SQLException | RuntimeException e) {
                System.getLogger(PhysicalConnection.class.getName())
                        .log(System.Logger.Level.DEBUG, "a connection that hangs could not be aborted", e);
            }
        });
    }

    private void closeWhateverItSays() {
        try {
            xa.close();
        } catch (SQLException | RuntimeException e) {
            System.getLogger(PhysicalConnection.class.getName())
                    .log(System.Logger.Level.DEBUG, "a connection that is not needed could not be closed", e);
        }
    }

    @Override
    public void close() throws SQLException {
        if (isToBeClosedNow()) {
            xa.close();
        }
    }

    /** In one step: whoever looks first and then decides can miss that it is unpinned meanwhile, and nobody closes it. */
    private boolean isToBeClosedNow() {
        var before = state.getAndUpdate(now -> switch (now) {
            case FREE -> State.CLOSED;
            case PINNED -> State.CLOSING;
            case CLOSING, CLOSED -> now;
        });
        return before == State.FREE;
    }

    @Override
    public void abort(Executor executor) throws SQLException {
        if (isToBeClosedNow()) {
            try {
                connection.abort(executor);
            } finally {
                // What belongs to the XA connection, and not to its handle, goes with it.
                executor.execute(this::closeWhateverItSays);
            }
        }
    }

    @Override
    public boolean isClosed() throws SQLException {
        var now = state.get();
        return now == State.CLOSING || now == State.CLOSED || connection.isClosed();
    }

    /** The end of the work is the transaction's business: the last line of defence, whoever got hold of it. */
    private void requireFree() throws SQLException {
        if (state.get() != State.FREE) {
            throw new SQLException(
                    "expected a connection that works for no transaction, found one that does: the transaction manager"
                            + " commits and rolls back",
                    SqlStates.INVALID_TERMINATION);
        }
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return type.isInstance(connection) ? type.cast(connection) : connection.unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return type.isInstance(connection) || connection.isWrapperFor(type);
    }

    @Override
    public String toString() {
        return connection.toString();
    }

    // What the driver does.

    @Override
    public Array createArrayOf(String typeName, Object[] elements) throws SQLException {
        return connection.createArrayOf(typeName, elements);
    }

    @Override
    public Blob createBlob() throws SQLException {
        return connection.createBlob();
    }

    @Override
    public Clob createClob() throws SQLException {
        return connection.createClob();
    }

    @Override
    public NClob createNClob() throws SQLException {
        return connection.createNClob();
    }

    @Override
    public SQLXML createSQLXML() throws SQLException {
        return connection.createSQLXML();
    }

    @Override
    public Struct createStruct(String typeName, Object[] attributes) throws SQLException {
        return connection.createStruct(typeName, attributes);
    }

    @Override
    public CallableStatement prepareCall(String sql) throws SQLException {
        return connection.prepareCall(sql);
    }

    @Override
    public CallableStatement prepareCall(String sql, int type, int concurrency) throws SQLException {
        return connection.prepareCall(sql, type, concurrency);
    }

    @Override
    public CallableStatement prepareCall(String sql, int type, int concurrency, int holdability) throws SQLException {
        return connection.prepareCall(sql, type, concurrency, holdability);
    }

    @Override
    public PreparedStatement prepareStatement(String sql) throws SQLException {
        return connection.prepareStatement(sql);
    }

    @Override
    public PreparedStatement prepareStatement(String sql, String[] columns) throws SQLException {
        return connection.prepareStatement(sql, columns);
    }

    @Override
    public PreparedStatement prepareStatement(String sql, int generatedKeys) throws SQLException {
        return connection.prepareStatement(sql, generatedKeys);
    }

    @Override
    public PreparedStatement prepareStatement(String sql, int type, int concurrency) throws SQLException {
        return connection.prepareStatement(sql, type, concurrency);
    }

    @Override
    public PreparedStatement prepareStatement(String sql, int type, int concurrency, int holdability)
            throws SQLException {
        return connection.prepareStatement(sql, type, concurrency, holdability);
    }

    @Override
    public PreparedStatement prepareStatement(String sql, int[] columns) throws SQLException {
        return connection.prepareStatement(sql, columns);
    }

    @Override
    public Statement createStatement() throws SQLException {
        return connection.createStatement();
    }

    @Override
    public Statement createStatement(int type, int concurrency) throws SQLException {
        return connection.createStatement(type, concurrency);
    }

    @Override
    public Statement createStatement(int type, int concurrency, int holdability) throws SQLException {
        return connection.createStatement(type, concurrency, holdability);
    }

    @Override
    public DatabaseMetaData getMetaData() throws SQLException {
        return connection.getMetaData();
    }

    @Override
    public Map<String, Class<?>> getTypeMap() throws SQLException {
        return connection.getTypeMap();
    }

    @Override
    public void setTypeMap(Map<String, Class<?>> map) throws SQLException {
        connection.setTypeMap(map);
    }

    @Override
    public Properties getClientInfo() throws SQLException {
        return connection.getClientInfo();
    }

    @Override
    public String getClientInfo(String name) throws SQLException {
        return connection.getClientInfo(name);
    }

    @Override
    public void setClientInfo(Properties properties) throws SQLClientInfoException {
        connection.setClientInfo(properties);
    }

    @Override
    public void setClientInfo(String name, String value) throws SQLClientInfoException {
        connection.setClientInfo(name, value);
    }

    @Override
    public SQLWarning getWarnings() throws SQLException {
        return connection.getWarnings();
    }

    @Override
    public void clearWarnings() throws SQLException {
        connection.clearWarnings();
    }

    @Override
    public String getCatalog() throws SQLException {
        return connection.getCatalog();
    }

    @Override
    public void setCatalog(String catalog) throws SQLException {
        connection.setCatalog(catalog);
    }

    @Override
    public String getSchema() throws SQLException {
        return connection.getSchema();
    }

    @Override
    public void setSchema(String schema) throws SQLException {
        connection.setSchema(schema);
    }

    @Override
    public String nativeSQL(String sql) throws SQLException {
        return connection.nativeSQL(sql);
    }

    @Override
    public boolean isReadOnly() throws SQLException {
        return connection.isReadOnly();
    }

    @Override
    public void setReadOnly(boolean readOnly) throws SQLException {
        connection.setReadOnly(readOnly);
    }

    @Override
    public int getHoldability() throws SQLException {
        return connection.getHoldability();
    }

    @Override
    public void setHoldability(int holdability) throws SQLException {
        connection.setHoldability(holdability);
    }

    @Override
    public int getNetworkTimeout() throws SQLException {
        return connection.getNetworkTimeout();
    }

    @Override
    public void setNetworkTimeout(Executor executor, int milliseconds) throws SQLException {
        connection.setNetworkTimeout(executor, milliseconds);
    }

    @Override
    public int getTransactionIsolation() throws SQLException {
        return connection.getTransactionIsolation();
    }

    @Override
    public void setTransactionIsolation(int level) throws SQLException {
        connection.setTransactionIsolation(level);
    }

    @Override
    public boolean isValid(int timeoutSeconds) throws SQLException {
        return connection.isValid(timeoutSeconds);
    }

    @Override
    public boolean getAutoCommit() throws SQLException {
        return connection.getAutoCommit();
    }

    @Override
    public void setAutoCommit(boolean autoCommit) throws SQLException {
        connection.setAutoCommit(autoCommit);
    }

    @Override
    public void commit() throws SQLException {
        requireFree();
        connection.commit();
    }

    @Override
    public void rollback() throws SQLException {
        requireFree();
        connection.rollback();
    }

    @Override
    public void rollback(Savepoint savepoint) throws SQLException {
        requireFree();
        connection.rollback(savepoint);
    }

    @Override
    public Savepoint setSavepoint() throws SQLException {
        return connection.setSavepoint();
    }

    @Override
    public Savepoint setSavepoint(String name) throws SQLException {
        return connection.setSavepoint(name);
    }

    @Override
    public void releaseSavepoint(Savepoint savepoint) throws SQLException {
        connection.releaseSavepoint(savepoint);
    }

    @Override
    public void beginRequest() throws SQLException {
        connection.beginRequest();
    }

    @Override
    public void endRequest() throws SQLException {
        connection.endRequest();
    }

    @Override
    public void setShardingKey(ShardingKey shard) throws SQLException {
        connection.setShardingKey(shard);
    }

    @Override
    public void setShardingKey(ShardingKey shard, ShardingKey superShard) throws SQLException {
        connection.setShardingKey(shard, superShard);
    }

    @Override
    public boolean setShardingKeyIfValid(ShardingKey shard, int timeout) throws SQLException {
        return connection.setShardingKeyIfValid(shard, timeout);
    }

    @Override
    public boolean setShardingKeyIfValid(ShardingKey shard, ShardingKey superShard, int timeout) throws SQLException {
        return connection.setShardingKeyIfValid(shard, superShard, timeout);
    }
}
