package dev.ktm.jms;

import jakarta.jms.BytesMessage;
import jakarta.jms.ConnectionMetaData;
import jakarta.jms.Destination;
import jakarta.jms.ExceptionListener;
import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.JMSProducer;
import jakarta.jms.JMSRuntimeException;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.ObjectMessage;
import jakarta.jms.Queue;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import jakarta.jms.StreamMessage;
import jakarta.jms.TemporaryQueue;
import jakarta.jms.TemporaryTopic;
import jakarta.jms.TextMessage;
import jakarta.jms.Topic;
import java.io.Serializable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A connection and a session of it, in the simplified interface. For one thread; closing is allowed from any. */
final class ContextHandle implements JMSContext {

    private final ConnectionHandle connection;
    /** How many contexts share the connection: the last one closes it. */
    private final AtomicInteger sharers;

    private final SessionHandle session;
    private boolean autoStart = true;
    private volatile @Nullable Message latest;
    private volatile boolean closed;

    private ContextHandle(ConnectionHandle connection, AtomicInteger sharers, SessionHandle session) {
        this.connection = connection;
        this.sharers = sharers;
        this.session = session;
    }

    static ContextHandle open(ConnectionHandle connection, int mode) throws JMSException {
        return new ContextHandle(
                connection,
                new AtomicInteger(1),
                connection.open(mode == Session.SESSION_TRANSACTED, mode, "a context"));
    }

    /** What is acknowledged next. */
    void received(Message message) {
        latest = message;
    }

    SessionHandle session() {
        return session;
    }

    @Override
    public JMSContext createContext(int mode) {
        if (mode < SESSION_TRANSACTED || mode > DUPS_OK_ACKNOWLEDGE) {
            throw new JMSRuntimeException("expected a session mode of JMSContext, found " + mode);
        }
        return Unchecked.get(() -> {
            var other = connection.open(mode == SESSION_TRANSACTED, mode, "a context");
            sharers.incrementAndGet();
            return new ContextHandle(connection, sharers, other);
        });
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Unchecked.run(() -> {
                try {
                    session.close();
                } finally {
                    if (sharers.decrementAndGet() == 0) {
                        connection.close();
                    }
                }
            });
        }
    }

    // The connection.

    @Override
    public @Nullable String getClientID() {
        return Unchecked.find(connection::getClientID);
    }

    @Override
    public void setClientID(String id) {
        Unchecked.run(() -> connection.setClientID(id));
    }

    @Override
    public ConnectionMetaData getMetaData() {
        return Unchecked.get(connection::getMetaData);
    }

    @Override
    public @Nullable ExceptionListener getExceptionListener() {
        return Unchecked.find(connection::getExceptionListener);
    }

    @Override
    public void setExceptionListener(@Nullable ExceptionListener listener) {
        Unchecked.run(() -> connection.setExceptionListener(listener));
    }

    @Override
    public void start() {
        Unchecked.run(connection::start);
    }

    @Override
    public void stop() {
        Unchecked.run(connection::stop);
    }

    @Override
    public void setAutoStart(boolean value) {
        autoStart = value;
    }

    @Override
    public boolean getAutoStart() {
        return autoStart;
    }

    // The session.

    @Override
    public boolean getTransacted() {
        return Unchecked.get(session::getTransacted);
    }

    @Override
    public int getSessionMode() {
        return Unchecked.get(session::getAcknowledgeMode);
    }

    @Override
    public void commit() {
        Unchecked.run(session::commit);
    }

    @Override
    public void rollback() {
        Unchecked.run(session::rollback);
    }

    @Override
    public void recover() {
        Unchecked.run(session::recover);
    }

    @Override
    public void acknowledge() {
        Unchecked.run(() -> {
            session.acknowledge(latest);
            latest = null;
        });
    }

    @Override
    public BytesMessage createBytesMessage() {
        return Unchecked.get(session::createBytesMessage);
    }

    @Override
    public MapMessage createMapMessage() {
        return Unchecked.get(session::createMapMessage);
    }

    @Override
    public Message createMessage() {
        return Unchecked.get(session::createMessage);
    }

    @Override
    public ObjectMessage createObjectMessage() {
        return Unchecked.get(() -> session.createObjectMessage());
    }

    @Override
    public ObjectMessage createObjectMessage(Serializable body) {
        return Unchecked.get(() -> session.createObjectMessage(body));
    }

    @Override
    public StreamMessage createStreamMessage() {
        return Unchecked.get(session::createStreamMessage);
    }

    @Override
    public TextMessage createTextMessage() {
        return Unchecked.get(() -> session.createTextMessage());
    }

    @Override
    public TextMessage createTextMessage(String text) {
        return Unchecked.get(() -> session.createTextMessage(text));
    }

    @Override
    public Queue createQueue(String name) {
        return Unchecked.get(() -> session.createQueue(name));
    }

    @Override
    public Topic createTopic(String name) {
        return Unchecked.get(() -> session.createTopic(name));
    }

    @Override
    public TemporaryQueue createTemporaryQueue() {
        return Unchecked.get(session::createTemporaryQueue);
    }

    @Override
    public TemporaryTopic createTemporaryTopic() {
        return Unchecked.get(session::createTemporaryTopic);
    }

    @Override
    public void unsubscribe(String name) {
        Unchecked.run(() -> session.unsubscribe(name));
    }

    @Override
    public JMSProducer createProducer() {
        return Unchecked.get(() -> new ContextProducer(this, session.createProducer(null)));
    }

    private JMSConsumer consumer(Unchecked.Getter<MessageConsumer> opening) {
        return Unchecked.get(() -> {
            var opened = opening.get();
            if (autoStart) {
                connection.start();
            }
            return new ContextConsumer(this, opened);
        });
    }

    @Override
    public JMSConsumer createConsumer(Destination destination) {
        return consumer(() -> session.createConsumer(destination));
    }

    @Override
    public JMSConsumer createConsumer(Destination destination, @Nullable String selector) {
        return consumer(() -> session.createConsumer(destination, selector));
    }

    @Override
    public JMSConsumer createConsumer(Destination destination, @Nullable String selector, boolean noLocal) {
        return consumer(() -> session.createConsumer(destination, selector, noLocal));
    }

    @Override
    public JMSConsumer createDurableConsumer(Topic topic, String name) {
        return consumer(() -> session.createDurableConsumer(topic, name));
    }

    @Override
    public JMSConsumer createDurableConsumer(Topic topic, String name, @Nullable String selector, boolean noLocal) {
        return consumer(() -> session.createDurableConsumer(topic, name, selector, noLocal));
    }

    @Override
    public JMSConsumer createSharedDurableConsumer(Topic topic, String name) {
        return consumer(() -> session.createSharedDurableConsumer(topic, name));
    }

    @Override
    public JMSConsumer createSharedDurableConsumer(Topic topic, String name, @Nullable String selector) {
        return consumer(() -> session.createSharedDurableConsumer(topic, name, selector));
    }

    @Override
    public JMSConsumer createSharedConsumer(Topic topic, String name) {
        return consumer(() -> session.createSharedConsumer(topic, name));
    }

    @Override
    public JMSConsumer createSharedConsumer(Topic topic, String name, @Nullable String selector) {
        return consumer(() -> session.createSharedConsumer(topic, name, selector));
    }

    private QueueBrowser browser(Unchecked.Getter<QueueBrowser> opening) {
        return Unchecked.get(() -> {
            var opened = opening.get();
            if (autoStart) {
                connection.start();
            }
            return opened;
        });
    }

    @Override
    public QueueBrowser createBrowser(Queue queue) {
        return browser(() -> session.createBrowser(queue));
    }

    @Override
    public QueueBrowser createBrowser(Queue queue, @Nullable String selector) {
        return browser(() -> session.createBrowser(queue, selector));
    }
}
