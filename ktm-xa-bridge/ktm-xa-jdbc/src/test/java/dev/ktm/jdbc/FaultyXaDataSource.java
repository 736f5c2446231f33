package dev.ktm.jdbc;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Logger;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * A real database's driver that can be told to fail: every call of its connections, resources and handles passes by {@link
 * Fault}, before it is made and after. Counts what is open.
 */
final class FaultyXaDataSource implements XADataSource {

    /** Something that goes wrong. */
    interface Fault {
        /** Called before and after each call, which is named after the method. */
        void strike(String call, boolean after) throws Throwable;
    }

    private final XADataSource driver;
    private final Set<XAConnection> open = ConcurrentHashMap.newKeySet();
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private volatile Fault fault = (call, after) -> {};

    FaultyXaDataSource(XADataSource driver) {
        this.driver = driver;
    }

    /** From now on this is what goes wrong. */
    void setFault(Fault value) {
        fault = value;
    }

    /** The next call of this name fails with this, before it does anything. */
    void failNext(String name, Throwable failure) {
        setFault((call, after) -> {
            if (call.equals(name) && !after) {
                setFault((next, ignored) -> {});
                throw failure;
            }
        });
    }

    /** How many connections are open. */
    int openConnections() {
        return open.size();
    }

    /** The calls of resources so far. */
    List<String> calls() {
        return List.copyOf(calls);
    }

    @Override
    public XAConnection getXAConnection() throws SQLException {
        return connect(driver::getXAConnection);
    }

    @Override
    public XAConnection getXAConnection(String user, String password) throws SQLException {
        return connect(() -> driver.getXAConnection(user, password));
    }

    private interface Connecting {
        XAConnection connect() throws SQLException;
    }

    private XAConnection connect(Connecting connecting) throws SQLException {
        var made = call("getXAConnection", connecting);
        var proxy = (XAConnection) proxy(XAConnection.class, made, (name, result) -> {
            if (result instanceof XAResource resource) {
                return resource(resource);
            }
            return result instanceof Connection connection ? connection(connection) : result;
        });
        open.add(made);
        return proxy;
    }

    private Object connection(Connection connection) {
        return proxy(
                Connection.class,
                connection,
                (name, result) -> result instanceof PreparedStatement statement
                        ? proxy(PreparedStatement.class, statement, (each, same) -> same)
                        : result);
    }

    private Object resource(XAResource resource) {
        return proxy(XAResource.class, resource, (name, result) -> {
            calls.add(name);
            return result;
        });
    }

    private interface After {
        @Nullable
        Object apply(String name, @Nullable Object result);
    }

    private XAConnection call(String name, Connecting connecting) throws SQLException {
        try {
            fault.strike(name, false);
            var result = connecting.connect();
            fault.strike(name, true);
            return result;
        } catch (SQLException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private Object proxy(Class<?> type, Object target, After then) {
        return Proxy.newProxyInstance(
                FaultyXaDataSource.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    var name = method.getName();
                    fault.strike(name, false);
                    if (target instanceof XAConnection made && name.equals("close")) {
                        // H2 cannot, and says so, if another connection has finished its branch: nobody can do more.
                        open.remove(made);
                    }
                    Object result;
                    try {
                        result = method.invoke(target, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                    result = then.apply(name, result);
                    fault.strike(name, true);
                    return result;
                });
    }

    @Override
    public PrintWriter getLogWriter() throws SQLException {
        return driver.getLogWriter();
    }

    @Override
    public void setLogWriter(PrintWriter out) throws SQLException {
        driver.setLogWriter(out);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return driver.getLoginTimeout();
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        driver.setLoginTimeout(seconds);
    }

    @Override
    public Logger getParentLogger() throws java.sql.SQLFeatureNotSupportedException {
        return driver.getParentLogger();
    }
}
