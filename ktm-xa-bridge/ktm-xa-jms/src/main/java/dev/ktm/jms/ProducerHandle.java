package dev.ktm.jms;

import jakarta.jms.CompletionListener;
import jakarta.jms.DeliveryMode;
import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.TransactionInProgressException;
import org.jspecify.annotations.Nullable;

/** What an application holds of a producer: how to send; by whom is seen each time. */
final class ProducerHandle implements MessageProducer {

    private static final int LOWEST_PRIORITY = 0;
    private static final int HIGHEST_PRIORITY = 9;

    private final SessionHandle session;
    private final @Nullable Destination destination;
    private boolean disableMessageId;
    private boolean disableTimestamp;
    private int deliveryMode = Message.DEFAULT_DELIVERY_MODE;
    private int priority = Message.DEFAULT_PRIORITY;
    private long timeToLiveMillis = Message.DEFAULT_TIME_TO_LIVE;
    private long deliveryDelayMillis = Message.DEFAULT_DELIVERY_DELAY;
    private volatile boolean closed;

    /** A producer for one destination, or for any if it is null. */
    ProducerHandle(SessionHandle session, @Nullable Destination destination) {
        this.session = session;
        this.destination = destination;
    }

    private void requireOpen() throws JMSException {
        if (closed) {
            throw new jakarta.jms.IllegalStateException("expected a producer that is open, found one closed");
        }
    }

    private Destination fixed() {
        if (destination == null) {
            throw new UnsupportedOperationException(
                    "expected a producer of a destination, found one of none: say where to");
        }
        return destination;
    }

    private Destination given(Destination value) throws JMSException {
        if (destination != null) {
            throw new UnsupportedOperationException("expected a producer without a destination, found one of "
                    + destination + ": send without saying where to");
        }
        if (value == null) {
            throw new jakarta.jms.InvalidDestinationException("expected a destination to send to, found null");
        }
        return value;
    }

    @Override
    public void send(Message message) throws JMSException {
        send(fixed(), message, new Delivery(deliveryMode, priority, timeToLiveMillis), null);
    }

    @Override
    public void send(Message message, int mode, int urgency, long millis) throws JMSException {
        send(fixed(), message, new Delivery(mode, urgency, millis), null);
    }

    @Override
    public void send(Destination to, Message message) throws JMSException {
        send(given(to), message, new Delivery(deliveryMode, priority, timeToLiveMillis), null);
    }

    @Override
    public void send(Destination to, Message message, int mode, int urgency, long millis) throws JMSException {
        send(given(to), message, new Delivery(mode, urgency, millis), null);
    }

    @Override
    public void send(Message message, CompletionListener listener) throws JMSException {
        send(fixed(), message, new Delivery(deliveryMode, priority, timeToLiveMillis), listener);
    }

    @Override
    public void send(Message message, int mode, int urgency, long millis, CompletionListener listener)
            throws JMSException {
        send(fixed(), message, new Delivery(mode, urgency, millis), listener);
    }

    @Override
    public void send(Destination to, Message message, CompletionListener listener) throws JMSException {
        send(given(to), message, new Delivery(deliveryMode, priority, timeToLiveMillis), listener);
    }

    @Override
    public void send(Destination to, Message message, int mode, int urgency, long millis, CompletionListener listener)
            throws JMSException {
        send(given(to), message, new Delivery(mode, urgency, millis), listener);
    }

    private record Delivery(int mode, int priority, long timeToLiveMillis) {}

    private void send(Destination to, Message message, Delivery how, @Nullable CompletionListener listener)
            throws JMSException {
        requireOpen();
        var work = session.current();
        if (listener != null && work instanceof EnlistedSession) {
            throw new TransactionInProgressException(
                    "expected no asynchronous send inside a transaction: its commit would not"
                            + " wait for the answer; send without a completion listener");
        }
        work.call(on -> {
            // Of the pool, which keeps the broker's producer: this costs no round trip.
            var producer = on.createProducer(null);
            try {
                producer.setDisableMessageID(disableMessageId);
                producer.setDisableMessageTimestamp(disableTimestamp);
                if (deliveryDelayMillis != 0) {
                    // Not every broker knows delays.
                    producer.setDeliveryDelay(deliveryDelayMillis);
                }
                if (listener == null) {
                    producer.send(to, message, how.mode(), how.priority(), how.timeToLiveMillis());
                } else {
                    producer.send(to, message, how.mode(), how.priority(), how.timeToLiveMillis(), listener);
                }
            } finally {
                closeQuietly(producer);
            }
            return to;
        });
        session.worked(work);
    }

    /** Whether it was sent is known by now. The pool fails here, and not always as it should, if the connection has died. */
    private static void closeQuietly(MessageProducer producer) {
        try {
            producer.close();
        } catch (JMSException | RuntimeException e) {
            System.getLogger(ProducerHandle.class.getName())
                    .log(System.Logger.Level.DEBUG, "a producer could not be given back", e);
        }
    }

    @Override
    public @Nullable Destination getDestination() throws JMSException {
        requireOpen();
        return destination;
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public void setDisableMessageID(boolean value) throws JMSException {
        requireOpen();
        disableMessageId = value;
    }

    @Override
    public boolean getDisableMessageID() throws JMSException {
        requireOpen();
        return disableMessageId;
    }

    @Override
    public void setDisableMessageTimestamp(boolean value) throws JMSException {
        requireOpen();
        disableTimestamp = value;
    }

    @Override
    public boolean getDisableMessageTimestamp() throws JMSException {
        requireOpen();
        return disableTimestamp;
    }

    @Override
    public void setDeliveryMode(int value) throws JMSException {
        requireOpen();
        if (value != DeliveryMode.PERSISTENT && value != DeliveryMode.NON_PERSISTENT) {
            throw new JMSException("expected a delivery mode of DeliveryMode, found " + value);
        }
        deliveryMode = value;
    }

    @Override
    public int getDeliveryMode() throws JMSException {
        requireOpen();
        return deliveryMode;
    }

    @Override
    public void setPriority(int value) throws JMSException {
        requireOpen();
        if (value < LOWEST_PRIORITY || value > HIGHEST_PRIORITY) {
            throw new JMSException("expected a priority from 0 to 9, found " + value);
        }
        priority = value;
    }

    @Override
    public int getPriority() throws JMSException {
        requireOpen();
        return priority;
    }

    @Override
    public void setTimeToLive(long millis) throws JMSException {
        requireOpen();
        timeToLiveMillis = millis;
    }

    @Override
    public long getTimeToLive() throws JMSException {
        requireOpen();
        return timeToLiveMillis;
    }

    @Override
    public void setDeliveryDelay(long millis) throws JMSException {
        requireOpen();
        deliveryDelayMillis = millis;
    }

    @Override
    public long getDeliveryDelay() throws JMSException {
        requireOpen();
        return deliveryDelayMillis;
    }
}
