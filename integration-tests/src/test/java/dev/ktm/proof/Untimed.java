package dev.ktm.proof;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Objects;
import java.util.function.IntConsumer;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * A driver whose resources say which timeout they would be told, and are told none. Derby rolls back a branch whose timeout is over also
 * when it is prepared (DerbyTimeoutTest): what is in doubt for longer than that is lost there.
 */
final class Untimed {

    private final IntConsumer asked;

    private Untimed(IntConsumer asked) {
        this.asked = asked;
    }

    /** The same data source; whoever would be told a timeout is named it. */
    static XADataSource of(XADataSource source, IntConsumer asked) {
        return new Untimed(asked).watch(XADataSource.class, source);
    }

    private <T> T watch(Class<T> type, T target) {
        return type.cast(Proxy.newProxyInstance(
                Untimed.class.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> call(target, method, arguments)));
    }

    private @Nullable Object call(Object target, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        if (method.getName().equals("setTransactionTimeout")) {
            asked.accept((int) Objects.requireNonNull(arguments)[0]);
            return false;
        }
        Object result;
        try {
            result = method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
        if (method.getReturnType() == XAConnection.class && result instanceof XAConnection connection) {
            return watch(XAConnection.class, connection);
        }
        if (method.getReturnType() == XAResource.class && result instanceof XAResource resource) {
            return watch(XAResource.class, resource);
        }
        return result;
    }
}
