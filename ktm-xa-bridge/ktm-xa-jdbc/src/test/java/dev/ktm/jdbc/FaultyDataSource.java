package dev.ktm.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** A real data source without XA that can be told to fail, as {@link FaultyXaDataSource}. Counts what is open. */
final class FaultyDataSource {

    private final DataSource driver;
    private final Set<Connection> open = ConcurrentHashMap.newKeySet();
    private volatile FaultyXaDataSource.Fault fault = (call, after) -> {};

    FaultyDataSource(DataSource driver) {
        this.driver = driver;
    }

    /** From now on this is what goes wrong. */
    void setFault(FaultyXaDataSource.Fault value) {
        fault = value;
    }

    /** How many connections are open. */
    int openConnections() {
        return open.size();
    }

    DataSource source() {
        return proxy(DataSource.class, (method, arguments) -> {
            if (!method.getName().equals("getConnection")) {
                return invoke(driver, method, arguments);
            }
            fault.strike("getConnection", false);
            return connection((Connection) invoke(driver, method, arguments));
        });
    }

    private Connection connection(@Nullable Connection made) {
        if (made == null) {
            throw new IllegalStateException("no connection");
        }
        open.add(made);
        return proxy(Connection.class, (method, arguments) -> {
            if (method.getName().equals("close") || method.getName().equals("abort")) {
                open.remove(made);
                return invoke(made, method, arguments);
            }
            var result = strike(made, method, arguments);
            return result instanceof PreparedStatement statement
                    ? proxy(PreparedStatement.class, (each, values) -> strike(statement, each, values))
                    : result;
        });
    }

    private @Nullable Object strike(Object target, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        fault.strike(method.getName(), false);
        var result = invoke(target, method, arguments);
        fault.strike(method.getName(), true);
        return result;
    }

    private static @Nullable Object invoke(Object target, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private interface Handler {
        @Nullable
        Object invoke(Method method, @Nullable Object @Nullable [] arguments) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, Handler handler) {
        return type.cast(Proxy.newProxyInstance(
                FaultyDataSource.class.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> handler.invoke(method, arguments)));
    }
}
