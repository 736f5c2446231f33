package dev.ktm.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import jakarta.jms.ConnectionFactory;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import javax.naming.CompositeName;
import javax.naming.ConfigurationException;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.Reference;
import javax.naming.StringRefAddr;
import org.apache.activemq.artemis.jms.client.ActiveMQXAConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A connection factory of a container's configuration. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ObjectFactoryTest {

    private ArtemisBroker broker;
    private Ktm ktm;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        broker = new ArtemisBroker(directory, true, false);
        broker.start();
        broker.createQueue("sold");
        ktm = Ktm.open(KtmOptions.builder().inMemory().build());
    }

    @AfterAll
    void stop() throws Exception {
        ktm.close();
        broker.stop();
    }

    /** Has the coordinator under the name "ktm", and nothing else. */
    private Context names() {
        return (Context) Proxy.newProxyInstance(
                Context.class.getClassLoader(), new Class<?>[] {Context.class}, (proxy, method, arguments) -> {
                    if (!arguments[0].toString().equals("ktm")) {
                        throw new NameNotFoundException(arguments[0].toString());
                    }
                    return ktm;
                });
    }

    private Map<String, String> right() {
        return new TreeMap<>(Map.of(
                "factory", KtmConnectionFactoryObjectFactory.class.getName(),
                "auth", "Container",
                "singleton", "true",
                "connectionFactoryClassName", ActiveMQXAConnectionFactory.class.getName(),
                "connectionFactory.brokerURL", broker.url(),
                "connectionFactory.minLargeMessageSize", "200000",
                "connectionFactory.blockOnAcknowledge", "true",
                "user", "app",
                "password", "secret",
                "maxConnections", "2"));
    }

    private Object make(Map<String, String> attributes) throws Exception {
        var reference = new Reference(ConnectionFactory.class.getName());
        attributes.forEach((name, value) -> reference.add(new StringRefAddr(name, value)));
        return Objects.requireNonNull(new KtmConnectionFactoryObjectFactory()
                .getObjectInstance(reference, new CompositeName("broker"), names(), null));
    }

    @Test
    void whatItSendsInATransactionIsThereWithItsCommit() throws Exception {
        try (var factory = (KtmConnectionFactory) make(right())) {
            assertThat(ktm.resourceManagers()).containsExactly("broker");
            for (boolean commits : new boolean[] {false, true}) {
                ktm.userTransaction().begin();
                try (var context = factory.createContext()) {
                    context.createProducer().send(context.createQueue("sold"), "lamp");
                }
                if (commits) {
                    ktm.userTransaction().commit();
                } else {
                    ktm.userTransaction().rollback();
                }
            }
            broker.awaitMessages("sold", 1);
        }
        var other = right();
        other.put("resourceManager", "shop");
        other.put("recoveryUser", "app");
        other.put("recoveryPassword", "secret");
        try (var factory = (KtmConnectionFactory) make(other)) {
            assertThat(ktm.resourceManagers()).containsExactly("shop");
            assertThat(factory).isNotNull();
        }
    }

    @Test
    void whatIsNoReferenceIsLeftToOthers() throws Exception {
        assertThat(new KtmConnectionFactoryObjectFactory().getObjectInstance("x", null, null, null))
                .isNull();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    connectionFactoryClassName            |                     | expected the broker's XA connection factory
                    connectionFactoryClassName            | java.lang.Object    | expected a jakarta.jms.XAConnectionFactory
                    connectionFactoryClassName            | no.such.Factory     | found no.such.Factory, which is not
                    connectionFactory.brokerUrl           | tcp://x             | found connectionFactory.brokerUrl
                    connectionFactory.minLargeMessageSize | many                | expected a number as connectionFactory.minLargeMessageSize
                    connectionFactory.brokerURL           | no url              | connectionFactory.brokerURL is refused
                    maxConnectoins                        | 3                   | maxConnectoins
                    maxConnections                        | x                   | expected a number as maxConnections
                    user                                  |                     | expected user with password
                    password                              | wrong               | AMQ229031
                    singleton                             | false               | expected singleton="true"
                    """)
    void whatIsWrongIsSaidWithTheNameOfTheResource(String attribute, String value, String message) {
        var wrong = right();
        if (value == null) {
            wrong.remove(attribute);
        } else {
            wrong.put(attribute, value);
        }
        assertThatThrownBy(() -> make(wrong))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("resource broker: ")
                .hasMessageContaining(message);
        assertThat(ktm.resourceManagers()).isEmpty();
    }
}
