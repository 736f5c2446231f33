package dev.ktm.servers;

import jakarta.jms.XAConnectionFactory;
import jakarta.jms.XAJMSContext;
import jakarta.jms.XASession;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * A driver below a pool. Whatever resources it hands out say what they do; its connections are counted. Safe for many threads,
 * but all of them have the same steps.
 */
public final class SteppedDriver {

    private static final List<Class<?>> WATCHED = List.of(
            XADataSource.class,
            XAConnection.class,
            XAConnectionFactory.class,
            jakarta.jms.XAConnection.class,
            XAJMSContext.class,
            XASession.class);

    private final String name;
    private final Set<Object> connections = ConcurrentHashMap.newKeySet();
    private volatile Steps steps = Steps.UNDISTURBED;

    /** Its steps begin with this name. */
    public SteppedDriver(String name) {
        this.name = name;
    }

    /** From now on these are told. */
    public void tell(Steps value) {
        steps = value;
    }

    int openConnections() {
        return connections.size();
    }

    /** The same driver, watched. */
    public <T> T watch(Class<T> type, T watched) {
        return type.cast(Proxy.newProxyInstance(
                SteppedDriver.class.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> call(watched, method, arguments)));
    }

    private @Nullable Object call(Object watched, Method method, Object @Nullable [] arguments) throws Throwable {
        Object result;
        try {
            result = method.invoke(watched, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        } finally {
            if (method.getName().equals("close")) {
                connections.remove(watched);
            }
        }
        if (result instanceof XAConnection || result instanceof jakarta.jms.XAConnection) {
            connections.add(result);
        }
        // Not by its class: a connection may be its own resource.
        if (method.getReturnType() == XAResource.class && result instanceof XAResource resource) {
            return new SteppedResource(name, resource, step -> steps.reached(step));
        }
        for (var type : WATCHED) {
            if (method.getReturnType() == type) {
                return watchAs(type).apply(result);
            }
        }
        return result;
    }

    private <T> UnaryOperator<Object> watchAs(Class<T> type) {
        return result -> watch(type, type.cast(result));
    }
}
