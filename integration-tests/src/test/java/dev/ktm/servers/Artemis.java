package dev.ktm.servers;

import dev.ktm.log.testing.JavaCommand;
import java.nio.file.Path;
import java.util.List;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQJMSConnectionFactory;
import org.apache.activemq.artemis.jms.client.ActiveMQXAConnectionFactory;

/** Artemis. Queues are configured: one made by itself may vanish at a restart, with what is prepared for it. */
final class Artemis implements Product {

    private static final int JOURNAL_FILE_BYTES = 1 << 20;

    @Override
    public List<String> command(Path directory, int port) {
        return JavaCommand.of(List.of(), Artemis.class.getName(), directory, port);
    }

    /** The broker. */
    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        var configuration = new ConfigurationImpl()
                .setPersistenceEnabled(true)
                .setSecurityEnabled(false)
                .setJournalType(JournalType.NIO)
                .setJournalFileSize(JOURNAL_FILE_BYTES)
                .setBindingsDirectory(directory.resolve("bindings").toString())
                .setJournalDirectory(directory.resolve("journal").toString())
                .setPagingDirectory(directory.resolve("paging").toString())
                .setLargeMessagesDirectory(directory.resolve("large").toString())
                // A disk that is nearly full is none of our business: it would block producers.
                .setMaxDiskUsage(-1)
                // Whoever is killed again and again with a message in his hands must not send it to where nobody looks.
                .addAddressSetting("#", new AddressSettings().setMaxDeliveryAttempts(-1))
                .addAcceptorConfiguration("tcp", "tcp://127.0.0.1:" + arguments[1] + "?protocols=CORE");
        for (var place : List.of(Server.ORDERS, Server.STOCK)) {
            configuration.addQueueConfiguration(QueueConfiguration.of(place)
                    .setRoutingType(RoutingType.ANYCAST)
                    .setDurable(true)
                    .setAutoDelete(false));
        }
        var broker = new EmbeddedActiveMQ();
        broker.setConfiguration(configuration);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(broker)));
        broker.start();
    }

    private static void stop(EmbeddedActiveMQ broker) {
        try {
            broker.stop();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public JmsClient client(int port, String place) {
        var url = "tcp://127.0.0.1:" + port
                + "?reconnectAttempts=0&initialConnectAttempts=1&callTimeout=3000&useTopologyForLoadBalancing=false";
        return new JmsClient(new ActiveMQXAConnectionFactory(url), new ActiveMQJMSConnectionFactory(url), place);
    }
}
