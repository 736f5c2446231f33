package dev.ktm.benchmark;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.jms.client.ActiveMQXAConnectionFactory;

/** Artemis in this JVM, with one queue and a journal on the disk. Safe for many threads. */
final class QueueBroker implements AutoCloseable {

    static final String QUEUE = "orders";
    static final String MESSAGE = "an order";

    /** Brokers of one JVM are told apart by a number. */
    private static final AtomicInteger LAST = new AtomicInteger();

    private final EmbeddedActiveMQ server = new EmbeddedActiveMQ();
    private final String url = "vm://" + LAST.incrementAndGet();
    private final ActiveMQXAConnectionFactory factory = new ActiveMQXAConnectionFactory(url);

    private QueueBroker() {}

    static QueueBroker start(Path directory) throws Exception {
        var broker = new QueueBroker();
        var configuration = new ConfigurationImpl()
                .setPersistenceEnabled(true)
                .setSecurityEnabled(false)
                .setJournalType(JournalType.NIO)
                .setBindingsDirectory(directory.resolve("bindings").toString())
                .setJournalDirectory(directory.resolve("journal").toString())
                .setPagingDirectory(directory.resolve("paging").toString())
                .setLargeMessagesDirectory(directory.resolve("large").toString())
                // A disk that is nearly full would block producers.
                .setMaxDiskUsage(-1)
                .addAcceptorConfiguration("vm", broker.url)
                .addQueueConfiguration(QueueConfiguration.of(QUEUE)
                        .setRoutingType(RoutingType.ANYCAST)
                        .setDurable(true)
                        .setAutoDelete(false));
        broker.server.setConfiguration(configuration);
        broker.server.start();
        return broker;
    }

    ActiveMQXAConnectionFactory factory() {
        return factory;
    }

    /** Nobody receives: what was sent would fill the heap in the end. */
    void purge() {
        try {
            server.getActiveMQServer().locateQueue(SimpleString.of(QUEUE)).deleteAllReferences();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws Exception {
        factory.close();
        server.stop();
    }
}
