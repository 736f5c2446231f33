package dev.ktm.servers;

import dev.ktm.log.testing.JavaCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.activemq.ActiveMQConnectionFactory;
import org.apache.activemq.ActiveMQXAConnectionFactory;
import org.apache.activemq.broker.BrokerService;
import org.apache.activemq.store.kahadb.KahaDBPersistenceAdapter;

/** ActiveMQ Classic with its file store. */
final class ActiveMqClassic implements Product {

    private static final int JOURNAL_FILE_BYTES = 1 << 20;
    private static final long STORE_BYTES = 1 << 26;

    @Override
    public List<String> command(Path directory, int port) {
        return JavaCommand.of(List.of(), ActiveMqClassic.class.getName(), directory, port);
    }

    /** The broker. */
    public static void main(String[] arguments) throws Exception {
        var store = new KahaDBPersistenceAdapter();
        var directory = Path.of(arguments[0], "kahadb");
        // After a kill its index may count too few messages, and it keeps the last ones back then: it is made anew.
        Files.deleteIfExists(directory.resolve("db.data"));
        Files.deleteIfExists(directory.resolve("db.redo"));
        store.setDirectory(directory.toFile());
        store.setJournalMaxFileLength(JOURNAL_FILE_BYTES);
        var broker = new BrokerService();
        broker.setBrokerName("ktm");
        broker.setUseJmx(false);
        broker.setDataDirectory(arguments[0]);
        broker.setPersistenceAdapter(store);
        broker.getSystemUsage().getStoreUsage().setLimit(STORE_BYTES);
        broker.getSystemUsage().getTempUsage().setLimit(STORE_BYTES);
        broker.addConnector("tcp://127.0.0.1:" + arguments[1]);
        broker.start();
        broker.waitUntilStopped();
    }

    @Override
    public JmsClient client(int port, String place) {
        var url = "tcp://127.0.0.1:" + port + "?soTimeout=5000&jms.redeliveryPolicy.maximumRedeliveries=-1";
        return new JmsClient(new ActiveMQXAConnectionFactory(url), new ActiveMQConnectionFactory(url), place);
    }
}
