package dev.ktm.deployment;

import jakarta.jms.JMSException;
import jakarta.jms.TextMessage;
import jakarta.jms.XAConnectionFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.jms.client.ActiveMQXAConnectionFactory;

/** A persistent broker inside the process, with one queue. Dies with the process, and keeps what it has promised to keep. */
final class Queue implements AutoCloseable {

    /** Where releases are announced. */
    static final String NAME = "releases";

    /** The property that tells the run, and the one that tells the number. */
    static final String RUN = "run";

    static final String NUMBER = "number";

    private static final int JOURNAL_BYTES = 4 << 20;

    private final EmbeddedActiveMQ broker;

    private Queue(EmbeddedActiveMQ broker) {
        this.broker = broker;
    }

    static Queue open(Path directory) throws Exception {
        var configuration = new ConfigurationImpl()
                .setPersistenceEnabled(true)
                .setSecurityEnabled(false)
                .setJournalType(JournalType.NIO)
                .setJournalFileSize(JOURNAL_BYTES)
                .setJournalMinFiles(2)
                .setJournalDirectory(directory.resolve("journal").toString())
                .setBindingsDirectory(directory.resolve("bindings").toString())
                .setLargeMessagesDirectory(directory.resolve("large").toString())
                .setPagingDirectory(directory.resolve("paging").toString())
                .setMaxDiskUsage(-1)
                .addAcceptorConfiguration("vm", "vm://0");
        var broker = new EmbeddedActiveMQ().setConfiguration(configuration);
        broker.start();
        broker.getActiveMQServer()
                .createQueue(
                        QueueConfiguration.of(NAME)
                                .setRoutingType(RoutingType.ANYCAST)
                                .setAutoCreated(false),
                        true);
        return new Queue(broker);
    }

    XAConnectionFactory connectionFactory() {
        return new ActiveMQXAConnectionFactory("vm://0");
    }

    /** What is announced of a run, by number; what is announced twice is shown as such. */
    Map<Integer, String> read(String run) throws JMSException {
        var found = new TreeMap<Integer, String>();
        try (var factory = new ActiveMQXAConnectionFactory("vm://0");
                var context = factory.createContext();
                var browser = context.createBrowser(context.createQueue(NAME), RUN + " = '" + run + "'")) {
            var messages = browser.getEnumeration();
            while (messages.hasMoreElements()) {
                var message = (TextMessage) messages.nextElement();
                found.merge(message.getIntProperty(NUMBER), message.getText(), (one, two) -> one + " and " + two);
            }
        }
        return found;
    }

    @Override
    public void close() throws Exception {
        broker.stop();
    }
}
