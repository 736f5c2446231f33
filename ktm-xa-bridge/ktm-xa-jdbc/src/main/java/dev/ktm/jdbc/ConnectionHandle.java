package dev.ktm.jdbc;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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
import java.sql.Statement;
import java.sql.Struct;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What an application holds for a connection. Inside a transaction one of any number of handles of the transaction's connection:
 * closing it closes its statements and nothing else. Outside it has a connection of the pool to itself. It stays what it was when
 * it was taken: one that was taken outside is refused inside, where its work would be committed at once and for good.
 */
final class ConnectionHandle implements Connection {

    /** The pool keeps account of those outside transactions. */
    private static final OpenStatements NONE = new OpenStatements();

    private final Pool pool;
    /** The transaction's connection; null outside. */
    private final @Nullable TransactionConnection shared;
    /** The connection that nobody else has; null inside a transaction. */
    private final @Nullable Connection own;
    /** Where it was taken, if somebody wants to know. */
    private final @Nullable Throwable taken;
    /** What is open on the transaction's connection. */
    private final OpenStatements statements;

    private static final VarHandle CLOSED = closedOf(MethodHandles.lookup());

    /** Written without a fence, which would be a twentieth of the time that a pooled connection takes. */
    private volatile boolean closed;

    private static VarHandle closedOf(MethodHandles.Lookup lookup) {
        try {
            return lookup.findVarHandle(ConnectionHandle.class, "closed", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private ConnectionHandle(
            Pool pool, @Nullable TransactionConnection shared, @Nullable Connection own, @Nullable Throwable taken) {
        this.pool = pool;
        this.shared = shared;
        this.own = own;
        this.taken = taken;
        this.statements = shared == null ? NONE : new OpenStatements();
    }

    /** One of a transaction's. */
    static ConnectionHandle of(TransactionConnection shared, @Nullable Throwable taken) {
        return new ConnectionHandle(shared.pool(), shared, null, taken);
    }

    /** One outside transactions. */
    static ConnectionHandle of(Pool pool, Connection own) {
        return new ConnectionHandle(pool, null, own, null);
    }

    Optional<Throwable> taken() {
        return Optional.ofNullable(taken);
    }

    private Connection use() throws SQLException {
        requireOpen();
        var others = shared;
        if (others != null) {
            return others.use();
        }
        var mine = own;
        if (mine == null) {
            throw new IllegalStateException("a handle of nothing");
        }
        pool.requireNoTransaction();
        return mine;
    }

    /** Asks the connection something, inside a transaction in turn with all else that is done on it. */
    private <T> T ask(TransactionConnection.Call<T> call) throws SQLException {
        var others = shared;
        if (others == null) {
            return call.on(use());
        }
        requireOpen();
        return others.ask(call);
    }

    /** Something that is changed of a connection. */
    private interface Change {
        void on(Connection connection) throws SQLException;
    }

    /** As {@link #ask}. */
    private void change(Change change) throws SQLException {
        ask(connection -> {
            change.on(connection);
            return connection;
        });
    }

    private void requireOpen() throws SQLException {
        if (closed) {
            throw new SQLException(
                    "expected an open connection to " + pool.name() + ", found one that its user has closed",
                    SqlStates.CLOSED);
        }
    }

    /** Inside a transaction its end is for the transaction manager. */
    private void requireOwn(String what) throws SQLException {
        requireOpen();
        if (shared != null) {
            throw new SQLException(
                    what + " was called on a connection to " + pool.name() + " that works for a transaction: end the"
                            + " transaction through UserTransaction or TransactionManager instead",
                    SqlStates.INVALID_TERMINATION);
        }
    }

    /** Inside a transaction no text may end it either. */
    void refuseEndOfTransaction(String sql) throws SQLException {
        if (shared != null) {
            var found =
                    SqlText.endOfTransaction(sql, pool.kind(), pool.profile().commitsOnDdl());
            if (!found.isEmpty()) {
                throw new SQLException(
                        "expected a statement that leaves the transaction alone, found " + found
                                + " on a connection to "
                                + pool.name()
                                + " that works for a transaction: it would end the transaction, or commit what"
                                + " was done so far. Do it outside, or with the transaction suspended",
                        SqlStates.INVALID_TERMINATION);
            }
        }
    }

    // Statements.

    private Statement guarded(TransactionConnection.Call<Statement> making) throws SQLException {
        var others = shared;
        return others == null ? making.on(use()) : Guarded.statement(this, others, made(making));
    }

    private PreparedStatement guardedPrepared(String sql, TransactionConnection.Call<PreparedStatement> making)
            throws SQLException {
        var others = shared;
        return others == null ? making.on(use()) : Guarded.prepared(this, others, prepared(sql, making));
    }

    private CallableStatement guardedCall(String sql, TransactionConnection.Call<CallableStatement> making)
            throws SQLException {
        var others = shared;
        return others == null ? making.on(use()) : Guarded.callable(this, others, prepared(sql, making));
    }

    private <T extends Statement> T prepared(String sql, TransactionConnection.Call<T> making) throws SQLException {
        return made(connection -> {
            refuseEndOfTransaction(sql);
            return making.on(connection);
        });
    }

    /** Makes a statement, and notes it in the same go: the end of the branch closes what is noted. */
    private <T extends Statement> T made(TransactionConnection.Call<T> making) throws SQLException {
        return ask(connection -> {
            var created = making.on(connection);
            statements.add(created);
            if (closed) {
                forget(created);
                created.close();
                requireOpen();
            }
            return created;
        });
    }

    /** A statement is being closed by its user. */
    void forget(Statement closing) {
        statements.remove(closing);
    }

    void closeStatements() {
        statements.closeAll();
    }

    void cancelStatements() {
        statements.cancelAll();
    }

    // The end of it.

    @Override
    public void close() throws SQLException {
        if (closed) {
            return;
        }
        CLOSED.setRelease(this, true);
        if (own != null) {
            own.close();
        }
        if (shared != null) {
            closeStatements();
            shared.closed(this);
        }
    }

    @Override
    public boolean isClosed() throws SQLException {
        return closed || (own != null && own.isClosed());
    }

    @Override
    public void abort(Executor executor) throws SQLException {
        if (closed) {
            return;
        }
        if (own != null) {
            try {
                own.abort(executor);
            } finally {
                CLOSED.setRelease(this, true);
                pool.evict(own);
            }
        }
        if (shared != null) {
            shared.abort();
            close();
        }
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return type.isInstance(this) ? type.cast(this) : use().unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return type.isInstance(this) || use().isWrapperFor(type);
    }

    @Override
    public String toString() {
        return "connection to " + pool.name() + (closed ? ", closed" : shared == null ? "" : ", of a transaction");
    }

    // What the connection does.

    @Override
    public Array createArrayOf(String typeName, Object[] elements) throws SQLException {
        return ask(connection -> connection.createArrayOf(typeName, elements));
    }

    @Override
    public Blob createBlob() throws SQLException {
        return ask(Connection::createBlob);
    }

    @Override
    public Clob createClob() throws SQLException {
        return ask(Connection::createClob);
    }

    @Override
    public NClob createNClob() throws SQLException {
        return ask(Connection::createNClob);
    }

    @Override
    public SQLXML createSQLXML() throws SQLException {
        return ask(Connection::createSQLXML);
    }

    @Override
    public Struct createStruct(String typeName, Object[] attributes) throws SQLException {
        return ask(connection -> connection.createStruct(typeName, attributes));
    }

    @Override
    public CallableStatement prepareCall(String sql) throws SQLException {
        return guardedCall(sql, connection -> connection.prepareCall(sql));
    }

    @Override
    public CallableStatement prepareCall(String sql, int type, int concurrency) throws SQLException {
        return guardedCall(sql, connection -> connection.prepareCall(sql, type, concurrency));
    }

    @Override
    public CallableStatement prepareCall(String sql, int type, int concurrency, int holdability) throws SQLException {
        return guardedCall(sql, connection -> connection.prepareCall(sql, type, concurrency, holdability));
    }

    @Override
    public PreparedStatement prepareStatement(String sql) throws SQLException {
        return guardedPrepared(sql, connection -> connection.prepareStatement(sql));
    }

    @Override
    public PreparedStatement prepareStatement(String sql, String[] columns) throws SQLException {
        return guardedPrepared(sql, connection -> connection.prepareStatement(sql, columns));
    }

    @Override
    public PreparedStatement prepareStatement(String sql, int generatedKeys) throws SQLException {
        return guardedPrepared(sql, connection -> connection.prepareStatement(sql, generatedKeys));
    }

    @Override
    public PreparedStatement prepareStatement(String sql, int type, int concurrency) throws SQLException {
        return guardedPrepared(sql, connection -> connection.prepareStatement(sql, type, concurrency));
    }

    @Override
    public PreparedStatement prepareStatement(String sql, int type, int concurrency, int holdability)
            throws SQLException {
        return guardedPrepared(sql, connection -> connection.prepareStatement(sql, type, concurrency, holdability));
    }

    @Override
    public PreparedStatement prepareStatement(String sql, int[] columns) throws SQLException {
        return guardedPrepared(sql, connection -> connection.prepareStatement(sql, columns));
    }

    @Override
    public Statement createStatement() throws SQLException {
        return guarded(Connection::createStatement);
    }

    @Override
    public Statement createStatement(int type, int concurrency) throws SQLException {
        return guarded(connection -> connection.createStatement(type, concurrency));
    }

    @Override
    public Statement createStatement(int type, int concurrency, int holdability) throws SQLException {
        return guarded(connection -> connection.createStatement(type, concurrency, holdability));
    }

    @Override
    public DatabaseMetaData getMetaData() throws SQLException {
        var found = ask(Connection::getMetaData);
        return shared == null ? found : Guarded.metaData(this, shared, found);
    }

    @Override
    public Map<String, Class<?>> getTypeMap() throws SQLException {
        return ask(Connection::getTypeMap);
    }

    @Override
    public void setTypeMap(Map<String, Class<?>> map) throws SQLException {
        change(connection -> connection.setTypeMap(map));
    }

    @Override
    public Properties getClientInfo() throws SQLException {
        return ask(Connection::getClientInfo);
    }

    @Override
    public String getClientInfo(String name) throws SQLException {
        return ask(connection -> connection.getClientInfo(name));
    }

    @Override
    public void setClientInfo(Properties properties) throws SQLClientInfoException {
        try {
            change(connection -> connection.setClientInfo(properties));
        } catch (SQLClientInfoException e) {
            throw e;
        } catch (SQLException e) {
            throw new SQLClientInfoException(e.getMessage(), e.getSQLState(), Map.of(), e);
        }
    }

    @Override
    public void setClientInfo(String name, String value) throws SQLClientInfoException {
        try {
            change(connection -> connection.setClientInfo(name, value));
        } catch (SQLClientInfoException e) {
            throw e;
        } catch (SQLException e) {
            throw new SQLClientInfoException(e.getMessage(), e.getSQLState(), Map.of(), e);
        }
    }

    @Override
    public SQLWarning getWarnings() throws SQLException {
        return ask(Connection::getWarnings);
    }

    @Override
    public void clearWarnings() throws SQLException {
        change(Connection::clearWarnings);
    }

    @Override
    public String getCatalog() throws SQLException {
        return ask(Connection::getCatalog);
    }

    @Override
    public void setCatalog(String catalog) throws SQLException {
        change(connection -> connection.setCatalog(catalog));
    }

    @Override
    public String getSchema() throws SQLException {
        return ask(Connection::getSchema);
    }

    @Override
    public void setSchema(String schema) throws SQLException {
        change(connection -> connection.setSchema(schema));
    }

    @Override
    public String nativeSQL(String sql) throws SQLException {
        return use().nativeSQL(sql);
    }

    @Override
    public boolean isReadOnly() throws SQLException {
        return ask(Connection::isReadOnly);
    }

    @Override
    public void setReadOnly(boolean readOnly) throws SQLException {
        change(connection -> connection.setReadOnly(readOnly));
    }

    @Override
    public int getHoldability() throws SQLException {
        return ask(Connection::getHoldability);
    }

    @Override
    public void setHoldability(int holdability) throws SQLException {
        change(connection -> connection.setHoldability(holdability));
    }

    @Override
    public int getNetworkTimeout() throws SQLException {
        return ask(Connection::getNetworkTimeout);
    }

    @Override
    public void setNetworkTimeout(Executor executor, int milliseconds) throws SQLException {
        change(connection -> connection.setNetworkTimeout(executor, milliseconds));
    }

    @Override
    public int getTransactionIsolation() throws SQLException {
        return ask(Connection::getTransactionIsolation);
    }

    @Override
    public void setTransactionIsolation(int level) throws SQLException {
        var others = shared;
        if (others == null) {
            use().setTransactionIsolation(level);
        } else {
            requireOpen();
            others.setTransactionIsolation(level);
        }
    }

    @Override
    public boolean isValid(int timeoutSeconds) throws SQLException {
        try {
            // Whoever asks does not want to wait for what runs.
            return use().isValid(timeoutSeconds);
        } catch (SQLException e) {
            if (timeoutSeconds < 0) {
                throw e;
            }
            return false;
        }
    }

    @Override
    public boolean getAutoCommit() throws SQLException {
        if (shared == null) {
            return ask(Connection::getAutoCommit);
        }
        requireOpen();
        return false;
    }

    @Override
    public void setAutoCommit(boolean autoCommit) throws SQLException {
        if (shared == null) {
            change(connection -> connection.setAutoCommit(autoCommit));
        } else if (autoCommit) {
            requireOwn("setAutoCommit(true)");
        } else {
            // Frameworks say so to be sure, and so it is.
            requireOpen();
        }
    }

    @Override
    public void commit() throws SQLException {
        requireOwn("commit");
        change(Connection::commit);
    }

    @Override
    public void rollback() throws SQLException {
        requireOwn("rollback");
        change(Connection::rollback);
    }

    @Override
    public void rollback(Savepoint savepoint) throws SQLException {
        requireOwn("rollback");
        change(connection -> connection.rollback(savepoint));
    }

    @Override
    public Savepoint setSavepoint() throws SQLException {
        requireOwn("setSavepoint");
        return ask(Connection::setSavepoint);
    }

    @Override
    public Savepoint setSavepoint(String name) throws SQLException {
        requireOwn("setSavepoint");
        return ask(connection -> connection.setSavepoint(name));
    }

    @Override
    public void releaseSavepoint(Savepoint savepoint) throws SQLException {
        requireOwn("releaseSavepoint");
        change(connection -> connection.releaseSavepoint(savepoint));
    }
}
