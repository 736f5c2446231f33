package dev.ktm.jms;

import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSRuntimeException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageFormatException;
import jakarta.jms.MessageFormatRuntimeException;
import jakarta.jms.MessageListener;
import org.jspecify.annotations.Nullable;

/** A consumer in the simplified interface. */
final class ContextConsumer implements JMSConsumer {

    private final ContextHandle context;
    private final MessageConsumer consumer;

    ContextConsumer(ContextHandle context, MessageConsumer consumer) {
        this.context = context;
        this.consumer = consumer;
    }

    private @Nullable Message received(@Nullable Message message) {
        if (message != null) {
            context.received(message);
        }
        return message;
    }

    @Override
    public @Nullable Message receive() {
        return received(Unchecked.find(consumer::receive));
    }

    @Override
    public @Nullable Message receive(long timeoutMillis) {
        return received(Unchecked.find(() -> consumer.receive(timeoutMillis)));
    }

    @Override
    public @Nullable Message receiveNoWait() {
        return received(Unchecked.find(consumer::receiveNoWait));
    }

    @Override
    public <T> @Nullable T receiveBody(Class<T> type) {
        return body(receive(), type);
    }

    @Override
    public <T> @Nullable T receiveBody(Class<T> type, long timeoutMillis) {
        return body(receive(timeoutMillis), type);
    }

    @Override
    public <T> @Nullable T receiveBodyNoWait(Class<T> type) {
        return body(receiveNoWait(), type);
    }

    private <T> @Nullable T body(@Nullable Message message, Class<T> type) {
        if (message == null) {
            return null;
        }
        try {
            return message.getBody(type);
        } catch (MessageFormatException e) {
            throw new MessageFormatRuntimeException(
                    "expected a message with a body of " + type.getName() + ", found "
                            + message.getClass().getSimpleName() + "; it counts as received",
                    e.getErrorCode(),
                    e);
        } catch (jakarta.jms.JMSException e) {
            throw new JMSRuntimeException(e.getMessage(), e.getErrorCode(), e);
        }
    }

    @Override
    public @Nullable String getMessageSelector() {
        return Unchecked.find(consumer::getMessageSelector);
    }

    @Override
    public @Nullable MessageListener getMessageListener() {
        return null;
    }

    @Override
    public void setMessageListener(@Nullable MessageListener listener) {
        Unchecked.run(() -> consumer.setMessageListener(listener));
    }

    @Override
    public void close() {
        Unchecked.run(consumer::close);
    }
}
