package dev.ktm.jms;

import jakarta.jms.CompletionListener;
import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.JMSProducer;
import jakarta.jms.Message;
import jakarta.jms.MessageFormatRuntimeException;
import jakarta.jms.MessageProducer;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.messaginghub.pooled.jms.util.JMSMessagePropertySupport;

/** A producer in the simplified interface: what is set here goes into every message that it sends. */
final class ContextProducer implements JMSProducer {

    private final ContextHandle context;
    private final MessageProducer producer;
    private final Map<String, Object> properties = new LinkedHashMap<>();
    private @Nullable CompletionListener async;
    private @Nullable String correlationId;
    private byte @Nullable [] correlationBytes;
    private @Nullable String type;
    private @Nullable Destination replyTo;

    ContextProducer(ContextHandle context, MessageProducer producer) {
        this.context = context;
        this.producer = producer;
    }

    // Sending.

    @Override
    public JMSProducer send(Destination destination, Message message) {
        if (message == null) {
            throw new MessageFormatRuntimeException("expected a message to send, found null");
        }
        return send(destination, () -> message);
    }

    @Override
    public JMSProducer send(Destination destination, @Nullable String body) {
        return send(destination, () -> {
            var message = context.session().createTextMessage();
            message.setText(body);
            return message;
        });
    }

    @Override
    public JMSProducer send(Destination destination, @Nullable Map<String, Object> body) {
        return send(destination, () -> {
            var message = context.session().createMapMessage();
            if (body != null) {
                for (var each : body.entrySet()) {
                    message.setObject(each.getKey(), each.getValue());
                }
            }
            return message;
        });
    }

    @Override
    public JMSProducer send(Destination destination, byte @Nullable [] body) {
        return send(destination, () -> {
            var message = context.session().createBytesMessage();
            if (body != null) {
                message.writeBytes(body);
            }
            return message;
        });
    }

    @Override
    public JMSProducer send(Destination destination, @Nullable Serializable body) {
        return send(destination, () -> {
            var message = context.session().createObjectMessage();
            message.setObject(body);
            return message;
        });
    }

    private JMSProducer send(Destination destination, Unchecked.Getter<Message> made) {
        Unchecked.run(() -> {
            var message = made.get();
            applyTo(message);
            var listener = async;
            if (listener == null) {
                producer.send(destination, message);
            } else {
                producer.send(destination, message, listener);
            }
        });
        return this;
    }

    private void applyTo(Message message) throws JMSException {
        for (var each : properties.entrySet()) {
            message.setObjectProperty(each.getKey(), each.getValue());
        }
        if (correlationId != null) {
            message.setJMSCorrelationID(correlationId);
        }
        if (correlationBytes != null) {
            message.setJMSCorrelationIDAsBytes(correlationBytes);
        }
        if (type != null) {
            message.setJMSType(type);
        }
        if (replyTo != null) {
            message.setJMSReplyTo(replyTo);
        }
    }

    private JMSProducer set(Unchecked.Action action) {
        Unchecked.run(action);
        return this;
    }

    @Override
    public JMSProducer setAsync(@Nullable CompletionListener listener) {
        async = listener;
        return this;
    }

    @Override
    public @Nullable CompletionListener getAsync() {
        return async;
    }

    // How.

    @Override
    public JMSProducer setDisableMessageID(boolean value) {
        return set(() -> producer.setDisableMessageID(value));
    }

    @Override
    public boolean getDisableMessageID() {
        return Unchecked.get(producer::getDisableMessageID);
    }

    @Override
    public JMSProducer setDisableMessageTimestamp(boolean value) {
        return set(() -> producer.setDisableMessageTimestamp(value));
    }

    @Override
    public boolean getDisableMessageTimestamp() {
        return Unchecked.get(producer::getDisableMessageTimestamp);
    }

    @Override
    public JMSProducer setDeliveryMode(int value) {
        return set(() -> producer.setDeliveryMode(value));
    }

    @Override
    public int getDeliveryMode() {
        return Unchecked.get(producer::getDeliveryMode);
    }

    @Override
    public JMSProducer setPriority(int value) {
        return set(() -> producer.setPriority(value));
    }

    @Override
    public int getPriority() {
        return Unchecked.get(producer::getPriority);
    }

    @Override
    public JMSProducer setTimeToLive(long millis) {
        return set(() -> producer.setTimeToLive(millis));
    }

    @Override
    public long getTimeToLive() {
        return Unchecked.get(producer::getTimeToLive);
    }

    @Override
    public JMSProducer setDeliveryDelay(long millis) {
        return set(() -> producer.setDeliveryDelay(millis));
    }

    @Override
    public long getDeliveryDelay() {
        return Unchecked.get(producer::getDeliveryDelay);
    }

    // Properties.

    private JMSProducer put(String name, @Nullable Object value) {
        return set(() -> {
            JMSMessagePropertySupport.checkPropertyNameIsValid(name, true);
            JMSMessagePropertySupport.checkValidObject(value);
            if (value == null) {
                properties.remove(name);
            } else {
                properties.put(name, value);
            }
        });
    }

    private <T> T property(String name, Class<T> wanted) {
        return Unchecked.get(() -> Objects.requireNonNull(
                JMSMessagePropertySupport.convertPropertyTo(name, properties.get(name), wanted),
                () -> "property " + name + " is not set"));
    }

    @Override
    public JMSProducer setProperty(String name, boolean value) {
        return put(name, value);
    }

    @Override
    public JMSProducer setProperty(String name, byte value) {
        return put(name, value);
    }

    @Override
    public JMSProducer setProperty(String name, short value) {
        return put(name, value);
    }

    @Override
    public JMSProducer setProperty(String name, int value) {
        return put(name, value);
    }

    @Override
    public JMSProducer setProperty(String name, long value) {
        return put(name, value);
    }

    @Override
    public JMSProducer setProperty(String name, float value) {
        return put(name, value);
    }

    @Override
    public JMSProducer setProperty(String name, double value) {
        return put(name, value);
    }

    @Override
    public JMSProducer setProperty(String name, @Nullable String value) {
        return put(name, value);
    }

    @Override
    public JMSProducer setProperty(String name, @Nullable Object value) {
        return put(name, value);
    }

    @Override
    public boolean getBooleanProperty(String name) {
        return property(name, Boolean.class);
    }

    @Override
    public byte getByteProperty(String name) {
        return property(name, Byte.class);
    }

    @Override
    public short getShortProperty(String name) {
        return property(name, Short.class);
    }

    @Override
    public int getIntProperty(String name) {
        return property(name, Integer.class);
    }

    @Override
    public long getLongProperty(String name) {
        return property(name, Long.class);
    }

    @Override
    public float getFloatProperty(String name) {
        return property(name, Float.class);
    }

    @Override
    public double getDoubleProperty(String name) {
        return property(name, Double.class);
    }

    @Override
    public @Nullable String getStringProperty(String name) {
        var value = properties.get(name);
        return value == null ? null : value.toString();
    }

    @Override
    public @Nullable Object getObjectProperty(String name) {
        return properties.get(name);
    }

    @Override
    public JMSProducer clearProperties() {
        properties.clear();
        return this;
    }

    @Override
    public boolean propertyExists(String name) {
        return properties.containsKey(name);
    }

    @Override
    public Set<String> getPropertyNames() {
        return new LinkedHashSet<>(properties.keySet());
    }

    // Headers.

    @Override
    public JMSProducer setJMSCorrelationIDAsBytes(byte @Nullable [] value) {
        correlationBytes = value == null ? null : value.clone();
        return this;
    }

    @Override
    public byte @Nullable [] getJMSCorrelationIDAsBytes() {
        var value = correlationBytes;
        return value == null ? null : value.clone();
    }

    @Override
    public JMSProducer setJMSCorrelationID(@Nullable String value) {
        correlationId = value;
        return this;
    }

    @Override
    public @Nullable String getJMSCorrelationID() {
        return correlationId;
    }

    @Override
    public JMSProducer setJMSType(@Nullable String value) {
        type = value;
        return this;
    }

    @Override
    public @Nullable String getJMSType() {
        return type;
    }

    @Override
    public JMSProducer setJMSReplyTo(@Nullable Destination value) {
        replyTo = value;
        return this;
    }

    @Override
    public @Nullable Destination getJMSReplyTo() {
        return replyTo;
    }
}
