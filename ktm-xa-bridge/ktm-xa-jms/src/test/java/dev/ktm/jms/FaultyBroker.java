package dev.ktm.jms;

import jakarta.jms.ConnectionFactory;
import jakarta.jms.ExceptionListener;
import jakarta.jms.JMSException;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.XAConnection;
import jakarta.jms.XAConnectionFactory;
import jakarta.jms.XASession;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * An XA connection factory over that of a broker, whose connections die when it is told so: in a call, before or after the broker
 * has carried it out, with or without a word to the exception listener. Counts what is open.
 */
final class FaultyBroker {

    /** The calls in which a connection can die. */
    enum Phase {
        SESSION("createXASession"),
        START("start"),
        SEND("send"),
        RECEIVE("receive"),
        END("end"),
        PREPARE("prepare"),
        COMMIT("commit"),
        ROLLBACK("rollback");

        private final String method;

        Phase(String method) {
            this.method = method;
        }

        static @Nullable Phase of(Object target, Method method) {
            return Arrays.stream(values())
                    .filter(phase -> phase.method.equals(method.getName()) && phase.isIn(target))
                    .findAny()
                    .orElse(null);
        }

        private boolean isIn(Object target) {
            return switch (this) {
                case SESSION -> target instanceof XAConnection;
                case SEND -> target instanceof MessageProducer;
                case RECEIVE -> target instanceof MessageConsumer;
                case START, END, PREPARE, COMMIT, ROLLBACK -> target instanceof XAResource;
            };
        }
    }

    /** Whether the broker has done what it was asked before the connection died. */
    enum Moment {
        BEFORE,
        AFTER,
        /** The call does not come back until somebody closes the connection. */
        NEVER
    }

    /**
     * A connection that dies.
     *
     * @param told whether its exception listener hears of it
     */
    record Fault(Phase phase, Moment moment, boolean told) {}

    /** Decides over each call whether its connection dies. */
    interface Plan {
        @Nullable
        Fault next(Phase phase);
    }

    private final XAConnectionFactory broker;
    private final Set<Object> connections = ConcurrentHashMap.newKeySet();
    private final Set<Object> sessions = ConcurrentHashMap.newKeySet();
    private final List<Integer> timeouts = new CopyOnWriteArrayList<>();
    private volatile Plan plan = phase -> null;

    FaultyBroker(XAConnectionFactory broker) {
        this.broker = broker;
    }

    void plan(Plan value) {
        plan = value;
    }

    /** One fault, once. */
    void failOnce(Fault fault) {
        var left = new AtomicReference<@Nullable Fault>(fault);
        plan = phase -> phase == fault.phase() ? left.getAndSet(null) : null;
    }

    void heal() {
        plan = phase -> null;
    }

    /** The timeouts in seconds that resources were told, in order. */
    List<Integer> timeouts() {
        return timeouts;
    }

    int openConnections() {
        return connections.size();
    }

    int openSessions() {
        return sessions.size();
    }

    XAConnectionFactory xa() {
        return (XAConnectionFactory) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {XAConnectionFactory.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("createXAConnection")) {
                        var made = (XAConnection) invoke(broker, method, arguments);
                        return new Wire(Objects.requireNonNull(made)).connection();
                    }
                    return invoke(broker, method, arguments);
                });
    }

    /** Ordinary connections without faults, for looking at what has become of it. */
    ConnectionFactory plain() {
        var found = BrokerProfile.of(broker).outsideTransactions(broker);
        return found == null ? (ConnectionFactory) broker : found;
    }

    private static @Nullable Object invoke(Object target, Method method, @Nullable Object[] arguments)
            throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /** One connection with everything that belongs to it. */
    private final class Wire {
        private final XAConnection real;
        private final Set<Object> ownSessions = ConcurrentHashMap.newKeySet();
        private final CountDownLatch over = new CountDownLatch(1);
        private volatile @Nullable ExceptionListener listener;

        Wire(XAConnection real) {
            this.real = real;
            connections.add(real);
        }

        XAConnection connection() {
            return wrap(real, XAConnection.class, (proxy, method, arguments) -> {
                if (method.getName().equals("setExceptionListener")) {
                    listener = (ExceptionListener) arguments[0];
                }
                if (method.getName().equals("close")) {
                    closed();
                }
                var result = call(real, method, arguments);
                if (result instanceof XASession session) {
                    return session(session, XASession.class);
                }
                return result instanceof Session session ? session(session, Session.class) : result;
            });
        }

        private void closed() {
            over.countDown();
            connections.remove(real);
            sessions.removeAll(ownSessions);
        }

        private <T extends Session> T session(T made, Class<T> type) {
            ownSessions.add(made);
            sessions.add(made);
            return wrap(made, type, (proxy, method, arguments) -> {
                if (method.getName().equals("close")) {
                    ownSessions.remove(made);
                    sessions.remove(made);
                }
                var result = call(made, method, arguments);
                if (result instanceof XAResource resource) {
                    return wrap(resource, XAResource.class, (self, inner, values) -> call(resource, inner, values));
                }
                if (result instanceof MessageProducer producer) {
                    return wrap(
                            producer, MessageProducer.class, (self, inner, values) -> call(producer, inner, values));
                }
                if (result instanceof MessageConsumer consumer) {
                    return wrap(
                            consumer, MessageConsumer.class, (self, inner, values) -> call(consumer, inner, values));
                }
                return result;
            });
        }

        private @Nullable Object call(Object target, Method method, @Nullable Object[] arguments) throws Throwable {
            if (method.getName().equals("setTransactionTimeout")) {
                timeouts.add((Integer) arguments[0]);
            }
            var phase = Phase.of(target, method);
            var fault = phase == null ? null : plan.next(phase);
            if (fault == null) {
                return invoke(target, method, arguments);
            }
            if (fault.moment() == Moment.AFTER) {
                invoke(target, method, arguments);
            }
            if (fault.moment() == Moment.NEVER) {
                over.await();
            }
            throw die(fault);
        }

        private Exception die(Fault fault) throws JMSException {
            var why = "the connection died in " + fault.phase().name().toLowerCase(Locale.ROOT);
            closed();
            real.close();
            var told = listener;
            if (fault.told() && told != null) {
                told.onException(new JMSException(why));
            }
            return switch (fault.phase()) {
                case SESSION, SEND, RECEIVE -> new JMSException(why);
                case START, END, PREPARE, COMMIT, ROLLBACK -> {
                    var failure = new XAException(why);
                    failure.errorCode = XAException.XAER_RMFAIL;
                    yield failure;
                }
            };
        }

        private <T> T wrap(Object target, Class<T> type, InvocationHandler handler) {
            return type.cast(Proxy.newProxyInstance(
                    FaultyBroker.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                        return switch (method.getName()) {
                            case "equals" -> proxy == arguments[0];
                            case "hashCode" -> System.identityHashCode(proxy);
                            case "toString" -> "faulty " + target;
                            default -> handler.invoke(proxy, method, arguments);
                        };
                    }));
        }
    }
}
