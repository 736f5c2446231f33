package dev.ktm.jms;

import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageListener;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TemporaryQueue;
import jakarta.jms.TemporaryTopic;
import jakarta.jms.Topic;
import jakarta.jms.TopicSubscriber;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What an application holds of a consumer: one of the broker's for each session that it was used with.
 *
 * <p>One that was opened outside transactions is closed when it is used inside one, and opened again afterwards: otherwise it
 * would keep what it has fetched ahead. A subscription that ends with its consumer stays where it was made.
 */
final class ConsumerHandle implements TopicSubscriber {

    /** A timeout waits for whoever receives; so nobody waits longer than this in one go. */
    private static final long LONGEST_WAIT_MILLIS = 200;

    /**
     * What is consumed.
     *
     * @param outlivesItsConsumer whether what arrives between two consumers is kept for the second
     * @param opening makes a consumer of a session
     */
    record Subscription(
            Destination destination,
            @Nullable String selector,
            boolean noLocal,
            boolean outlivesItsConsumer,
            Work.Call<MessageConsumer> opening) {

        static Subscription plain(Destination destination, @Nullable String selector, boolean noLocal) {
            return new Subscription(
                    destination,
                    selector,
                    noLocal,
                    destination instanceof Queue,
                    // Only topics know local messages; some brokers do not take the question for queues.
                    destination instanceof Queue
                            ? session -> session.createConsumer(destination, selector)
                            : session -> session.createConsumer(destination, selector, noLocal));
        }

        static Subscription shared(Topic topic, String name, @Nullable String selector) {
            return new Subscription(
                    topic, selector, false, false, session -> session.createSharedConsumer(topic, name, selector));
        }

        static Subscription sharedDurable(Topic topic, String name, @Nullable String selector) {
            return new Subscription(
                    topic,
                    selector,
                    false,
                    true,
                    session -> session.createSharedDurableConsumer(topic, name, selector));
        }

        static Subscription durable(Topic topic, String name, @Nullable String selector, boolean noLocal) {
            return new Subscription(
                    topic,
                    selector,
                    noLocal,
                    true,
                    session -> session.createDurableConsumer(topic, name, selector, noLocal));
        }
    }

    private final SessionHandle session;
    private final Subscription subscription;
    private final Map<Work, MessageConsumer> delegates = new ConcurrentHashMap<>();
    /** Where a subscription is that ends with its consumer. */
    private @Nullable Work home;

    private volatile boolean closed;

    ConsumerHandle(SessionHandle session, Subscription subscription) {
        this.session = session;
        this.subscription = subscription;
    }

    /** Opens it where its session works now, so that the broker can say what is wrong with it. */
    void open() throws JMSException {
        var work = session.current();
        var opened = work.call(on -> delegate(work, on));
        if (!subscription.outlivesItsConsumer()) {
            home = work;
        }
        assert opened != null : "a broker opens a consumer or throws";
    }

    private MessageConsumer delegate(Work work, Session on) throws JMSException {
        var known = delegates.get(work);
        if (known != null) {
            return known;
        }
        if (home != null) {
            throw new jakarta.jms.IllegalStateException("expected a subscription of " + subscription.destination()
                    + " that outlives its consumer, found one that"
                    + " belongs " + (home instanceof LocalWork ? "outside transactions" : "to another transaction")
                    + ": make the consumer where it is used, or use a durable subscription");
        }
        if (work instanceof EnlistedSession) {
            requireNotTemporary();
            closeLocal();
        }
        var opened = subscription.opening().on(on);
        delegates.put(work, opened);
        return opened;
    }

    private void requireNotTemporary() throws JMSException {
        var destination = subscription.destination();
        if (destination instanceof TemporaryQueue || destination instanceof TemporaryTopic) {
            throw new jakarta.jms.IllegalStateException("expected a destination that any connection may consume, found "
                    + destination + ", which is temporary: receive from it outside transactions");
        }
    }

    private void closeLocal() throws JMSException {
        var own = session.own();
        var outside = own == null ? null : delegates.remove(own);
        if (outside != null) {
            outside.close();
        }
    }

    /** A transaction is over, and its session with everything that belongs to it. */
    void forget(Work over) {
        delegates.remove(over);
    }

    // Receiving.

    @Override
    public @Nullable Message receive() throws JMSException {
        return receive(0);
    }

    @Override
    public @Nullable Message receive(long timeoutMillis) throws JMSException {
        long start = System.nanoTime();
        while (!isClosed()) {
            long left = timeoutMillis <= 0
                    ? LONGEST_WAIT_MILLIS
                    : timeoutMillis - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            if (left <= 0) {
                return null;
            }
            var message = receiveOnce(Math.min(left, LONGEST_WAIT_MILLIS));
            if (message != null) {
                return message;
            }
        }
        return null;
    }

    private boolean isClosed() {
        return closed || session.isClosed();
    }

    private @Nullable Message receiveOnce(long millis) throws JMSException {
        var work = session.current();
        if (!session.connection().isStarted()) {
            session.connection().awaitStart(millis);
            return null;
        }
        Message message;
        try {
            message = work.call(on -> {
                var received = delegate(work, on).receive(millis);
                if (received == null) {
                    requireAlive(on);
                }
                return received;
            });
        } catch (JMSException e) {
            if (isClosed()) {
                // Closed by another thread meanwhile: whoever waits is told so by getting nothing.
                return null;
            }
            throw e;
        }
        if (message != null) {
            session.worked(work);
        }
        return message;
    }

    /** A consumer whose connection has died says that there is no message, at once and for ever; its session says why. */
    private static void requireAlive(Session on) throws JMSException {
        // Only a session that is closed does not answer.
        on.getTransacted();
    }

    @Override
    public @Nullable Message receiveNoWait() throws JMSException {
        if (closed) {
            throw new jakarta.jms.IllegalStateException("expected a consumer that is open, found one closed");
        }
        var work = session.current();
        if (!session.connection().isStarted()) {
            return null;
        }
        var message = work.call(on -> delegate(work, on).receiveNoWait());
        if (message != null) {
            session.worked(work);
        }
        return message;
    }

    // About it.

    @Override
    public @Nullable String getMessageSelector() {
        return subscription.selector();
    }

    @Override
    public @Nullable MessageListener getMessageListener() {
        return null;
    }

    @Override
    public void setMessageListener(@Nullable MessageListener listener) throws JMSException {
        if (listener != null) {
            throw SessionHandle.noListener();
        }
    }

    @Override
    public @Nullable Topic getTopic() {
        return subscription.destination() instanceof Topic topic ? topic : null;
    }

    @Override
    public boolean getNoLocal() {
        return subscription.noLocal();
    }

    @Override
    public void close() throws JMSException {
        if (closed) {
            return;
        }
        closed = true;
        session.closed(this);
        for (var each : delegates.entrySet()) {
            if (each.getKey() instanceof EnlistedSession enlisted) {
                enlisted.close(each.getValue());
            } else {
                each.getValue().close();
            }
        }
        delegates.clear();
    }
}
