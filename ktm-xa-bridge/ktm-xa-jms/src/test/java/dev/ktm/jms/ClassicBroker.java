package dev.ktm.jms;

import dev.ktm.log.testing.LoopbackPort;
import jakarta.jms.XAConnectionFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.activemq.ActiveMQXAConnectionFactory;
import org.apache.activemq.broker.BrokerPlugin;
import org.apache.activemq.broker.BrokerService;
import org.apache.activemq.command.ActiveMQQueue;
import org.apache.activemq.security.AuthenticationUser;
import org.apache.activemq.security.SimpleAuthenticationPlugin;
import org.apache.activemq.store.kahadb.KahaDBPersistenceAdapter;
import org.jspecify.annotations.Nullable;

/** ActiveMQ Classic on a loopback port, with a store on disk. User "app", password "secret", if it asks for one. */
final class ClassicBroker implements Broker {

    private final Path directory;
    private final int port;
    private final boolean secured;
    private @Nullable BrokerService service;

    ClassicBroker(Path directory, boolean secured) throws java.io.IOException {
        this.directory = directory;
        this.secured = secured;
        this.port = LoopbackPort.free();
    }

    @Override
    public void start() throws Exception {
        var broker = new BrokerService();
        broker.setBrokerName("classic" + port);
        broker.setUseJmx(false);
        broker.setUseShutdownHook(false);
        broker.setSchedulerSupport(false);
        broker.setAdvisorySupport(false);
        var store = new KahaDBPersistenceAdapter();
        store.setDirectory(directory.toFile());
        broker.setPersistenceAdapter(store);
        broker.addConnector("tcp://127.0.0.1:" + port);
        if (secured) {
            broker.setPlugins(new BrokerPlugin[] {
                new SimpleAuthenticationPlugin(List.of(new AuthenticationUser("app", "secret", "users")))
            });
        }
        service = broker;
        broker.start();
        broker.waitUntilStarted();
    }

    @Override
    public void stop() throws Exception {
        if (service != null) {
            service.stop();
            service.waitUntilStopped();
            service = null;
        }
    }

    @Override
    public void createQueue(String name) {
        // Made by the first who uses it, and kept.
    }

    @Override
    public long messages(String queue) throws Exception {
        var broker = java.util.Objects.requireNonNull(service, "the broker does not run");
        var destinations = broker.getBroker().getDestinations(new ActiveMQQueue(queue));
        return destinations.isEmpty()
                ? 0
                : destinations
                        .iterator()
                        .next()
                        .getDestinationStatistics()
                        .getMessages()
                        .getCount();
    }

    @Override
    public XAConnectionFactory xa() {
        var factory = new ActiveMQXAConnectionFactory("tcp://127.0.0.1:" + port + "?jms.watchTopicAdvisories=false");
        factory.setProperties(properties(factory));
        return factory;
    }

    /** A message that cannot be worked on goes away after two more attempts, at once. */
    private static java.util.Properties properties(ActiveMQXAConnectionFactory factory) {
        var properties = factory.getProperties();
        properties.putAll(Map.of(
                "redeliveryPolicy.maximumRedeliveries", "2",
                "redeliveryPolicy.initialRedeliveryDelay", "0"));
        return properties;
    }

    @Override
    public String deadLetters() {
        return "ActiveMQ.DLQ";
    }

    @Override
    public String toString() {
        return "ActiveMQ Classic";
    }
}
