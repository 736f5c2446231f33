package dev.ktm.jms;

import dev.ktm.log.testing.Until;
import jakarta.jms.XAConnectionFactory;

/** A broker that runs in the JVM of the tests. Not closeable: parameters of tests would be closed after the first. */
interface Broker {

    /** Starts it, with what it has kept. */
    void start() throws Exception;

    /** Stops it; connections die. */
    void stop() throws Exception;

    /** Makes a queue that is there for good. */
    void createQueue(String name) throws Exception;

    /** How many messages a queue has that are committed, delivered or not. */
    long messages(String queue) throws Exception;

    /** Returns once there are that many: a broker may answer a commit before it has put into its queues what was sent. */
    default void awaitMessages(String queue, long count) throws Exception {
        Until.holds(() -> messages(queue) == count);
    }

    /** An XA connection factory of the broker's client. */
    XAConnectionFactory xa();

    /** Where messages go that could not be worked on, by the broker's policy. */
    String deadLetters();
}
