package dev.ktm.jdbc;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an application gets of a connection inside a transaction: statements, result sets, metadata. Work goes through the
 * transaction's connection, failures are seen by it, and the way back leads to the application's handle rather than to the pool's
 * connection. One handler for all of these interfaces, which have some 500 methods, nearly all of them passed on as they are.
 */
final class Guarded implements InvocationHandler {

    private final ConnectionHandle handle;
    private final TransactionConnection connection;
    private final Object target;
    /** The statement that a result set is of. */
    private final @Nullable Object parent;

    private Guarded(ConnectionHandle handle, TransactionConnection connection, Object target, @Nullable Object parent) {
        this.handle = handle;
        this.connection = connection;
        this.target = target;
        this.parent = parent;
    }

    static Statement statement(ConnectionHandle handle, TransactionConnection connection, Statement target) {
        return (Statement) Proxy.newProxyInstance(
                Guarded.class.getClassLoader(),
                new Class<?>[] {Statement.class},
                new Guarded(handle, connection, target, null));
    }

    static PreparedStatement prepared(
            ConnectionHandle handle, TransactionConnection connection, PreparedStatement target) {
        return (PreparedStatement) Proxy.newProxyInstance(
                Guarded.class.getClassLoader(),
                new Class<?>[] {PreparedStatement.class},
                new Guarded(handle, connection, target, null));
    }

    static CallableStatement callable(
            ConnectionHandle handle, TransactionConnection connection, CallableStatement target) {
        return (CallableStatement) Proxy.newProxyInstance(
                Guarded.class.getClassLoader(),
                new Class<?>[] {CallableStatement.class},
                new Guarded(handle, connection, target, null));
    }

    static DatabaseMetaData metaData(
            ConnectionHandle handle, TransactionConnection connection, DatabaseMetaData target) {
        return (DatabaseMetaData) Proxy.newProxyInstance(
                Guarded.class.getClassLoader(),
                new Class<?>[] {DatabaseMetaData.class},
                new Guarded(handle, connection, target, null));
    }

    private ResultSet resultSet(ResultSet result, @Nullable Object statement) {
        return (ResultSet) Proxy.newProxyInstance(
                Guarded.class.getClassLoader(),
                new Class<?>[] {ResultSet.class},
                new Guarded(handle, connection, result, statement));
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        var name = method.getName();
        switch (name) {
            case "getConnection" -> {
                return handle;
            }
            case "getStatement" -> {
                // That of metadata has none for applications.
                return parent;
            }
            case "equals" -> {
                return arguments != null && proxy == arguments[0];
            }
            case "hashCode" -> {
                return System.identityHashCode(proxy);
            }
            case "toString" -> {
                return "guarded " + target;
            }
            case "unwrap" -> {
                var type = (Class<?>) Objects.requireNonNull(arguments)[0];
                return type != null && type.isInstance(proxy) ? proxy : pass(method, arguments);
            }
            case "isWrapperFor" -> {
                var type = (Class<?>) Objects.requireNonNull(arguments)[0];
                return (type != null && type.isInstance(proxy))
                        || (boolean) Objects.requireNonNull(pass(method, arguments));
            }
            case "close" -> {
                if (target instanceof Statement statement) {
                    handle.forget(statement);
                }
                return pass(method, arguments);
            }
            case "cancel", "isClosed" -> {
                return pass(method, arguments);
            }
            default -> {
                return guarded(proxy, method, arguments);
            }
        }
    }

    private @Nullable Object guarded(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        if (arguments != null
                && arguments.length > 0
                && target instanceof Statement
                && arguments[0] instanceof String sql) {
            refuseEnd(method.getName(), sql);
        }
        var result = isWork(method.getName())
                ? connection.perform(() -> pass(method, arguments), !(target instanceof DatabaseMetaData))
                : passIfWorking(method, arguments);
        if (result instanceof ResultSet found) {
            return resultSet(found, target instanceof Statement ? proxy : null);
        }
        return result;
    }

    private @Nullable Object passIfWorking(Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
        connection.requireWorking();
        return pass(method, arguments);
    }

    /** What the database does something for, rather than what is set or read. */
    private boolean isWork(String name) {
        return target instanceof ResultSet
                ? name.endsWith("Row") && !name.equals("getRow")
                : target instanceof DatabaseMetaData || name.startsWith("execute");
    }

    private void refuseEnd(String name, String sql) throws SQLException {
        if (name.startsWith("execute") || name.equals("addBatch")) {
            handle.refuseEndOfTransaction(sql);
        }
    }

    private @Nullable Object pass(Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            var cause = e.getCause();
            if (cause instanceof SQLException failure) {
                connection.failed(failure);
            }
            throw cause == null ? e : cause;
        }
    }
}
