package dev.ktm.proof;

import dev.ktm.servers.Steps;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** A data source without XA whose connections say when they commit, before and after. */
final class SteppedConnections {

    private final String name;
    private final Steps steps;

    SteppedConnections(String name, Steps steps) {
        this.name = name;
        this.steps = steps;
    }

    /** The same data source, watched. */
    DataSource watch(DataSource source) {
        return watch(DataSource.class, source);
    }

    private <T> T watch(Class<T> type, T target) {
        return type.cast(Proxy.newProxyInstance(
                SteppedConnections.class.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> call(target, method, arguments)));
    }

    private @Nullable Object call(Object target, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        boolean commit = target instanceof Connection && method.getName().equals("commit");
        if (commit) {
            steps.reached(name + " before commit");
        }
        Object result;
        try {
            result = method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
        if (commit) {
            steps.reached(name + " after commit");
        }
        return target instanceof DataSource && result instanceof Connection connection
                ? watch(Connection.class, connection)
                : result;
    }
}
