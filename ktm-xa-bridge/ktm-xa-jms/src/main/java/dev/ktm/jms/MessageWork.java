package dev.ktm.jms;

import jakarta.jms.Message;

/** What a {@link ListenerContainer} does with each message. Called by several threads if the container has several. */
@FunctionalInterface
public interface MessageWork {

    /**
     * Works on a message, in the transaction in which it was received: what is sent and written here is committed with it.
     *
     * @throws Exception if the transaction is to be rolled back: the broker delivers the message again, or moves it to where it
     *     keeps what cannot be worked on
     */
    void onMessage(Message message) throws Exception;
}
