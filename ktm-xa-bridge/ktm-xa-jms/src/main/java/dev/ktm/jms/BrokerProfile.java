package dev.ktm.jms;

import jakarta.jms.ConnectionFactory;
import jakarta.jms.XAConnectionFactory;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What is particular about a kind of broker. Found out from the class of its connection factory, so that none of them has to be
 * on the class path. {@code docs/jms.md} has the whole list, with what was tested.
 */
public enum BrokerProfile {
    /** Apache Artemis: XA connections make ordinary sessions too; queues must not vanish while a send is in doubt. */
    ARTEMIS(
            "queues that are used in transactions must be configured, or auto-delete-queues be off for them: an empty queue that"
                    + " was made automatically is deleted when the broker starts, and what a prepared branch has sent to it is"
                    + " lost although its commit succeeds",
            "org\\.apache\\.(activemq\\.)?artemis\\..*"),
    /** Apache ActiveMQ Classic: XA connections make XA sessions only, which refuse work outside transactions. */
    ACTIVEMQ_CLASSIC("", "org\\.apache\\.activemq\\..*") {
        @Override
        @Nullable
        ConnectionFactory outsideTransactions(XAConnectionFactory xa) {
            return plainCounterpart(xa);
        }
    },
    /** IBM MQ, after its documentation; not run. */
    IBM_MQ(
            "automatic client reconnection must be off (WMQ_CLIENT_RECONNECT_DISABLED): a reconnect to another queue manager"
                    + " would strand branches that are in doubt",
            "com\\.ibm\\.(mq|msg\\.client)\\..*"),
    /** Any other: nothing is assumed but what Jakarta Messaging says. */
    OTHER("", ".*");

    private static final String CLASSIC_XA = "org.apache.activemq.ActiveMQXAConnectionFactory";
    private static final String CLASSIC_PLAIN = "org.apache.activemq.ActiveMQConnectionFactory";

    private final String advice;
    /** What the names of its classes look like. */
    private final String classes;

    BrokerProfile(String advice, String classes) {
        this.advice = advice;
        this.classes = classes;
    }

    /** Which kind of broker a factory is of. */
    static BrokerProfile of(Object factory) {
        var name = factory.getClass().getName();
        for (var profile : values()) {
            if (name.matches(profile.classes)) {
                return profile;
            }
        }
        return OTHER;
    }

    /** What to do about a factory without XA; starts with a colon, or is empty. */
    static String adviceFor(ConnectionFactory factory) {
        return of(factory) == ACTIVEMQ_CLASSIC
                ? ": give an " + CLASSIC_XA
                : ": give the broker's XA connection factory";
    }

    /** What has to be seen to on the broker's side; empty for nothing. */
    String advice() {
        return advice;
    }

    /** Makes connections for work outside transactions; null if XA connections can do that. */
    @Nullable
    ConnectionFactory outsideTransactions(XAConnectionFactory xa) {
        return null;
    }

    /** A factory without XA and with the same settings. By reflection: its classes are not ours to depend on. */
    private static ConnectionFactory plainCounterpart(XAConnectionFactory xa) {
        if (!xa.getClass().getName().equals(CLASSIC_XA)) {
            throw new IllegalArgumentException(
                    "expected outsideTransactions(…) for " + xa.getClass().getName()
                            + ", whose XA sessions refuse work outside transactions: give an " + CLASSIC_PLAIN
                            + " with the same settings");
        }
        try {
            var type = Class.forName(CLASSIC_PLAIN, true, xa.getClass().getClassLoader());
            var plain = type.getDeclaredConstructor().newInstance();
            var properties = (Properties) type.getMethod("getProperties").invoke(xa);
            type.getMethod("setProperties", Properties.class).invoke(plain, properties);
            return (ConnectionFactory) plain;
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(
                    "expected an ActiveMQ whose settings can be read, found another version (" + e
                            + "): give outsideTransactions(…) an " + CLASSIC_PLAIN,
                    e);
        }
    }
}
