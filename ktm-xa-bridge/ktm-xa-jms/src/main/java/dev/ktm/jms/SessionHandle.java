package dev.ktm.jms;

import jakarta.jms.BytesMessage;
import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageListener;
import jakarta.jms.MessageProducer;
import jakarta.jms.ObjectMessage;
import jakarta.jms.Queue;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import jakarta.jms.StreamMessage;
import jakarta.jms.TemporaryQueue;
import jakarta.jms.TemporaryTopic;
import jakarta.jms.TextMessage;
import jakarta.jms.Topic;
import jakarta.jms.TopicSubscriber;
import jakarta.jms.TransactionInProgressException;
import jakarta.transaction.Transaction;
import java.io.Serializable;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What an application holds of a session. Each call goes to the session of the transaction that its thread is in, or else to one
 * of its own. For one thread, as sessions are; closing is allowed from any.
 */
final class SessionHandle implements Session {

    private final ConnectionHandle connection;
    private final int mode;
    private final Set<ConsumerHandle> consumers = ConcurrentHashMap.newKeySet();
    private volatile @Nullable LocalWork local;
    /** Whether something was sent or received outside transactions and has not been committed there. */
    private boolean uncommitted;
    /** The session of the transaction that was used last: most calls are in the same as the one before. */
    private volatile @Nullable EnlistedSession last;
    /** Why nothing may be done any more. */
    private volatile @Nullable JMSException refusal;

    private volatile boolean closed;

    private final LeakDetection.Watch watch;

    /**
     * One that has done nothing.
     *
     * @param watch is told when it is closed
     */
    SessionHandle(ConnectionHandle connection, int mode, LeakDetection.Watch watch) {
        this.connection = connection;
        this.mode = mode;
        this.watch = watch;
    }

    ConnectionHandle connection() {
        return connection;
    }

    // Where a call goes.

    boolean isClosed() {
        return closed;
    }

    private void requireUsable() throws JMSException {
        if (closed) {
            throw new jakarta.jms.IllegalStateException("expected a session that is open, found one closed");
        }
        var why = refusal;
        if (why != null) {
            var refused =
                    new jakarta.jms.IllegalStateException("expected a session whose transaction was not rolled back"
                            + " under it, found one that has to be closed first: " + why.getMessage());
            refused.initCause(why);
            throw refused;
        }
    }

    /** The session to work with now. */
    Work current() throws JMSException {
        requireUsable();
        var transaction = connection.factory().currentTransaction();
        if (transaction == null) {
            return local();
        }
        var used = last;
        if (used == null || !used.isOf(transaction)) {
            used = enlist(transaction);
        }
        return used;
    }

    private EnlistedSession enlist(Transaction transaction) throws JMSException {
        if (uncommitted) {
            throw new jakarta.jms.IllegalStateException(
                    "expected a session without work of its own, found one that has sent or"
                            + " received outside the transaction of this thread and not committed: commit it before the transaction"
                            + " begins");
        }
        var factory = connection.factory();
        var used = factory.enlistedIn(transaction, connection.credentials());
        last = used;
        used.join(this);
        return used;
    }

    /** What it has worked with outside transactions; null for nothing. */
    @Nullable
    Work own() {
        return local;
    }

    private LocalWork local() throws JMSException {
        var found = local;
        if (found == null) {
            var session = SessionPools.localSession(connection.connect(), mode == SESSION_TRANSACTED, mode);
            found = new LocalWork(session);
            local = found;
        }
        return found;
    }

    /** Something was sent or received. */
    void worked(Work work) {
        if (mode == SESSION_TRANSACTED && work instanceof LocalWork) {
            uncommitted = true;
        }
    }

    /** A transaction is over; with a reason if that was not this session's thread's doing. */
    void completed(EnlistedSession over, @Nullable JMSException why) {
        if (why != null) {
            refusal = why;
        }
        if (last == over) {
            last = null;
        }
        for (var consumer : consumers) {
            consumer.forget(over);
        }
    }

    void closed(ConsumerHandle consumer) {
        consumers.remove(consumer);
    }

    @Override
    public void close() throws JMSException {
        if (closed) {
            return;
        }
        closed = true;
        watch.closed();
        connection.closed(this);
        for (var consumer : consumers) {
            consumer.close();
        }
        var own = local;
        if (own != null) {
            own.session().close();
        }
    }

    // Its own transactions and acknowledgements, which are for work outside transactions.

    private Session ownFor(String call) throws JMSException {
        requireUsable();
        requireNoTransaction(call);
        return local().session();
    }

    private void requireNoTransaction(String call) throws JMSException {
        var transaction = connection.factory().currentTransaction();
        if (transaction != null) {
            throw new TransactionInProgressException(
                    "expected no " + call + " of a session inside a transaction, found " + transaction
                            + ", which decides over what was sent and received: end that instead");
        }
    }

    @Override
    public void commit() throws JMSException {
        ownFor("commit").commit();
        uncommitted = false;
    }

    @Override
    public void rollback() throws JMSException {
        ownFor("rollback").rollback();
        uncommitted = false;
    }

    @Override
    public void recover() throws JMSException {
        ownFor("recover").recover();
    }

    /** Acknowledges a message that a context has received. */
    void acknowledge(@Nullable Message latest) throws JMSException {
        requireUsable();
        requireNoTransaction("acknowledge");
        if (latest != null && mode == CLIENT_ACKNOWLEDGE) {
            latest.acknowledge();
        }
    }

    int mode() {
        return mode;
    }

    @Override
    public boolean getTransacted() throws JMSException {
        return getAcknowledgeMode() == SESSION_TRANSACTED;
    }

    @Override
    public int getAcknowledgeMode() throws JMSException {
        requireUsable();
        return connection.factory().currentTransaction() == null ? mode : SESSION_TRANSACTED;
    }

    // Listeners.

    static JMSException noListener() {
        return new jakarta.jms.IllegalStateException(
                "expected no message listener on a consumer of a KtmConnectionFactory: the"
                        + " broker's client would run it outside any transaction; start a ListenerContainer, or receive");
    }

    @Override
    public @Nullable MessageListener getMessageListener() throws JMSException {
        requireUsable();
        return null;
    }

    @Override
    public void setMessageListener(@Nullable MessageListener listener) throws JMSException {
        if (listener != null) {
            throw noListener();
        }
    }

    @Override
    public void run() {
        throw new IllegalStateException(
                "expected no session of a KtmConnectionFactory to be run: start a ListenerContainer");
    }

    // Messages.

    private <T> T make(Work.Call<T> call) throws JMSException {
        return current().call(call);
    }

    @Override
    public BytesMessage createBytesMessage() throws JMSException {
        return make(Session::createBytesMessage);
    }

    @Override
    public MapMessage createMapMessage() throws JMSException {
        return make(Session::createMapMessage);
    }

    @Override
    public Message createMessage() throws JMSException {
        return make(Session::createMessage);
    }

    @Override
    public ObjectMessage createObjectMessage() throws JMSException {
        return make(Session::createObjectMessage);
    }

    @Override
    public ObjectMessage createObjectMessage(Serializable body) throws JMSException {
        return make(session -> session.createObjectMessage(body));
    }

    @Override
    public StreamMessage createStreamMessage() throws JMSException {
        return make(Session::createStreamMessage);
    }

    @Override
    public TextMessage createTextMessage() throws JMSException {
        return make(Session::createTextMessage);
    }

    @Override
    public TextMessage createTextMessage(String text) throws JMSException {
        return make(session -> session.createTextMessage(text));
    }

    // Destinations.

    @Override
    public Queue createQueue(String name) throws JMSException {
        return make(session -> session.createQueue(name));
    }

    @Override
    public Topic createTopic(String name) throws JMSException {
        return make(session -> session.createTopic(name));
    }

    /** Of the connection for work outside transactions: what answers a request can only come once that is committed. */
    @Override
    public TemporaryQueue createTemporaryQueue() throws JMSException {
        requireUsable();
        return local().call(Session::createTemporaryQueue);
    }

    @Override
    public TemporaryTopic createTemporaryTopic() throws JMSException {
        requireUsable();
        return local().call(Session::createTemporaryTopic);
    }

    @Override
    public void unsubscribe(String subscription) throws JMSException {
        requireUsable();
        local().session().unsubscribe(subscription);
    }

    // Producers and consumers.

    @Override
    public MessageProducer createProducer(@Nullable Destination destination) throws JMSException {
        requireUsable();
        return new ProducerHandle(this, destination);
    }

    private ConsumerHandle open(ConsumerHandle.Subscription subscription) throws JMSException {
        var consumer = new ConsumerHandle(this, subscription);
        consumers.add(consumer);
        try {
            consumer.open();
            return consumer;
        } catch (JMSException | RuntimeException e) {
            consumers.remove(consumer);
            throw e;
        }
    }

    @Override
    public MessageConsumer createConsumer(Destination destination) throws JMSException {
        return createConsumer(destination, null);
    }

    @Override
    public MessageConsumer createConsumer(Destination destination, @Nullable String selector) throws JMSException {
        return createConsumer(destination, selector, false);
    }

    @Override
    public MessageConsumer createConsumer(Destination destination, @Nullable String selector, boolean noLocal)
            throws JMSException {
        return open(ConsumerHandle.Subscription.plain(destination, selector, noLocal));
    }

    @Override
    public MessageConsumer createSharedConsumer(Topic topic, String name) throws JMSException {
        return createSharedConsumer(topic, name, null);
    }

    @Override
    public MessageConsumer createSharedConsumer(Topic topic, String name, @Nullable String selector)
            throws JMSException {
        return open(ConsumerHandle.Subscription.shared(topic, name, selector));
    }

    @Override
    public MessageConsumer createSharedDurableConsumer(Topic topic, String name) throws JMSException {
        return createSharedDurableConsumer(topic, name, null);
    }

    @Override
    public MessageConsumer createSharedDurableConsumer(Topic topic, String name, @Nullable String selector)
            throws JMSException {
        return open(ConsumerHandle.Subscription.sharedDurable(topic, name, selector));
    }

    @Override
    public TopicSubscriber createDurableSubscriber(Topic topic, String name) throws JMSException {
        return createDurableSubscriber(topic, name, null, false);
    }

    @Override
    public TopicSubscriber createDurableSubscriber(Topic topic, String name, @Nullable String selector, boolean noLocal)
            throws JMSException {
        return open(ConsumerHandle.Subscription.durable(topic, name, selector, noLocal));
    }

    @Override
    public MessageConsumer createDurableConsumer(Topic topic, String name) throws JMSException {
        return createDurableConsumer(topic, name, null, false);
    }

    @Override
    public MessageConsumer createDurableConsumer(Topic topic, String name, @Nullable String selector, boolean noLocal)
            throws JMSException {
        return createDurableSubscriber(topic, name, selector, noLocal);
    }

    @Override
    public QueueBrowser createBrowser(Queue queue) throws JMSException {
        return createBrowser(queue, null);
    }

    @Override
    public QueueBrowser createBrowser(Queue queue, @Nullable String selector) throws JMSException {
        return make(session -> session.createBrowser(queue, selector));
    }
}
