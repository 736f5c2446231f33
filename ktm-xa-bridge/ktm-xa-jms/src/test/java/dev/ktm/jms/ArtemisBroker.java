package dev.ktm.jms;

import dev.ktm.log.testing.LoopbackPort;
import jakarta.jms.XAConnectionFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.security.Role;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressFullMessagePolicy;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQXAConnectionFactory;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;
import org.jspecify.annotations.Nullable;

/** Artemis on a loopback port, with a journal on disk. User "app", password "secret", if it asks for one. */
final class ArtemisBroker implements Broker {

    private static final String DEAD_LETTERS = "dead";
    /** A queue to which nobody can send much: who does waits until it is emptied. */
    static final String FULL = "full";

    private static final int ATTEMPTS = 3;

    private final Path directory;
    private final int port;
    private final boolean secured;
    private final boolean autoDelete;
    private @Nullable EmbeddedActiveMQ server;

    ArtemisBroker(Path directory) throws IOException {
        this(directory, false, false);
    }

    ArtemisBroker(Path directory, boolean secured, boolean autoDelete) throws IOException {
        this.directory = directory;
        this.secured = secured;
        this.autoDelete = autoDelete;
        this.port = LoopbackPort.free();
    }

    @Override
    public void start() throws Exception {
        var settings = new AddressSettings()
                .setDeadLetterAddress(SimpleString.of(DEAD_LETTERS))
                .setMaxDeliveryAttempts(ATTEMPTS)
                .setAutoDeleteQueues(autoDelete)
                .setAutoDeleteAddresses(autoDelete);
        var full = new AddressSettings().setMaxSizeBytes(1).setAddressFullMessagePolicy(AddressFullMessagePolicy.BLOCK);
        var configuration = new ConfigurationImpl()
                .setPersistenceEnabled(true)
                .setJournalType(JournalType.NIO)
                .setJournalDirectory(directory.resolve("journal").toString())
                .setBindingsDirectory(directory.resolve("bindings").toString())
                .setLargeMessagesDirectory(directory.resolve("large").toString())
                .setPagingDirectory(directory.resolve("paging").toString())
                .setJournalFileSize(1 << 20)
                .setJournalMinFiles(2)
                .setSecurityEnabled(secured)
                .setMaxDiskUsage(-1)
                .setMessageExpiryScanPeriod(-1)
                .setAddressSettings(Map.of("#", settings, FULL, full))
                .addAcceptorConfiguration("tcp", "tcp://127.0.0.1:" + port + "?protocols=CORE");
        var embedded = new EmbeddedActiveMQ().setConfiguration(configuration);
        if (secured) {
            var users = new SecurityConfiguration();
            users.addUser("app", "secret");
            users.addRole("app", "all");
            embedded.setSecurityManager(new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), users));
            configuration.putSecurityRoles(
                    "#",
                    java.util.Set.of(
                            new Role("all", true, true, true, true, true, true, true, true, true, true, true, true)));
        }
        server = embedded;
        embedded.start();
        createQueue(DEAD_LETTERS);
    }

    @Override
    public void stop() throws Exception {
        if (server != null) {
            server.stop();
            server = null;
        }
    }

    private EmbeddedActiveMQ running() {
        return java.util.Objects.requireNonNull(server, "the broker does not run");
    }

    @Override
    public void createQueue(String name) throws Exception {
        running()
                .getActiveMQServer()
                .createQueue(
                        QueueConfiguration.of(name)
                                .setRoutingType(RoutingType.ANYCAST)
                                .setAutoCreated(false),
                        true);
    }

    @Override
    public long messages(String queue) {
        var found = running().getActiveMQServer().locateQueue(SimpleString.of(queue));
        return found == null ? -1 : found.getMessageCount();
    }

    @Override
    public XAConnectionFactory xa() {
        return factory(url());
    }

    String url() {
        return "tcp://127.0.0.1:" + port + "?callTimeout=5000";
    }

    static ActiveMQXAConnectionFactory factory(String url) {
        return new ActiveMQXAConnectionFactory(url);
    }

    @Override
    public String deadLetters() {
        return DEAD_LETTERS;
    }

    @Override
    public String toString() {
        return "Artemis";
    }
}
