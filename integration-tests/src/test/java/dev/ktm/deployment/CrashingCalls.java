package dev.ktm.deployment;

import jakarta.jms.XAConnection;
import jakarta.jms.XAConnectionFactory;
import jakarta.jms.XAJMSContext;
import jakarta.jms.XASession;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * Watches the calls that a coordinator makes to its resources, and stops the process at one of them as a power cut would: nothing
 * is closed, nothing is said. Safe for many threads.
 */
final class CrashingCalls {

    /** What the process ends with. */
    static final int STATUS = 86;

    private static final List<Class<?>> WATCHED = List.of(
            XADataSource.class,
            javax.sql.XAConnection.class,
            XAConnectionFactory.class,
            XAConnection.class,
            XASession.class,
            XAJMSContext.class,
            XAResource.class);

    private final int participants;
    private final AtomicReference<@Nullable CrashPoint> armed = new AtomicReference<>();
    private final AtomicInteger votes = new AtomicInteger();
    private final AtomicInteger commits = new AtomicInteger();

    /** For transactions of so many participants. */
    CrashingCalls(int participants) {
        this.participants = participants;
    }

    /** The next transaction meets this, or nothing. */
    void arm(@Nullable CrashPoint point) {
        votes.set(0);
        commits.set(0);
        armed.set(point);
    }

    /** The process has come to this point. */
    void reached(CrashPoint point) {
        if (armed.get() == point) {
            Runtime.getRuntime().halt(STATUS);
        }
    }

    /** The same object, watched, and whatever it hands out. */
    <T> T watch(Class<T> type, T watched) {
        return type.cast(Proxy.newProxyInstance(
                CrashingCalls.class.getClassLoader(), new Class<?>[] {type}, new Watch(watched)));
    }

    private final class Watch implements InvocationHandler {
        private final Object watched;

        Watch(Object watched) {
            this.watched = watched;
        }

        @Override
        public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
            var resource = watched instanceof XAResource;
            if (resource) {
                before(method);
            }
            Object result;
            try {
                result = method.invoke(watched, unwrap(arguments));
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
            if (resource) {
                after(method);
            }
            for (var type : WATCHED) {
                if (method.getReturnType() == type) {
                    return watchAs(type, result);
                }
            }
            return result;
        }

        private <T> T watchAs(Class<T> type, Object result) {
            return watch(type, type.cast(result));
        }

        /** Drivers compare resources with their own. */
        private Object @Nullable [] unwrap(Object @Nullable [] arguments) {
            if (arguments != null
                    && arguments.length == 1
                    && arguments[0] != null
                    && Proxy.isProxyClass(arguments[0].getClass())
                    && Proxy.getInvocationHandler(arguments[0]) instanceof Watch other) {
                return new Object[] {other.watched};
            }
            return arguments;
        }
    }

    private void before(Method method) {
        if (method.getName().equals("prepare")) {
            reached(CrashPoint.BEFORE_FIRST_VOTE);
        } else if (method.getName().equals("commit")) {
            reached(CrashPoint.AFTER_DECISION);
        }
    }

    private void after(Method method) {
        if (method.getName().equals("prepare")) {
            reached(CrashPoint.AFTER_FIRST_VOTE);
            if (votes.incrementAndGet() == participants) {
                reached(CrashPoint.AFTER_LAST_VOTE);
            }
        } else if (method.getName().equals("commit")) {
            reached(CrashPoint.AFTER_FIRST_COMMIT);
            if (commits.incrementAndGet() == participants) {
                reached(CrashPoint.AFTER_LAST_COMMIT);
            }
        }
    }
}
