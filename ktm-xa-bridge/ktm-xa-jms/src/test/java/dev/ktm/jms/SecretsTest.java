package dev.ktm.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.LoggedTexts;
import jakarta.jms.ConnectionFactory;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.naming.CompositeName;
import javax.naming.Context;
import javax.naming.Reference;
import javax.naming.StringRefAddr;
import org.apache.activemq.artemis.jms.client.ActiveMQXAConnectionFactory;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** However a password fails, nobody reads it in a message, a stack trace or the log. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecretsTest {

    private static final String SECRET = "canary-4711";

    private final List<String> seen = new ArrayList<>();
    private final LoggedTexts logged = new LoggedTexts();
    private ArtemisBroker broker;
    private Ktm ktm;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        broker = new ArtemisBroker(directory, true, false);
        broker.start();
        ktm = Ktm.open(KtmOptions.builder().inMemory().build());
    }

    @AfterAll
    void nothingWasSaid() throws Exception {
        ktm.close();
        broker.stop();
        logged.close();
        seen.addAll(logged.all());
        assertThat(seen).isNotEmpty().allSatisfy(text -> assertThat(text).doesNotContain(SECRET));
    }

    private void expectFailure(ThrowingCallable call) {
        var failure = catchThrowable(call);
        assertThat(failure).isNotNull();
        seen.add(LoggedTexts.printed(failure));
    }

    private KtmConnectionFactory.Builder builder(String url) {
        return KtmConnectionFactory.builder(ktm, "broker", new ActiveMQXAConnectionFactory(url));
    }

    @Test
    void aPasswordThatTheBrokerRefuses() {
        expectFailure(() -> builder(broker.url())
                .credentials("app", SECRET)
                .recoveryCredentials("app", "secret")
                .build()
                .createConnection());
        expectFailure(() ->
                builder(broker.url()).recoveryCredentials("app", SECRET).build().close());
    }

    @Test
    void aPasswordOfOneConnection() throws Exception {
        try (var factory = builder(broker.url())
                .credentials("app", "secret")
                .recoveryCredentials("app", "secret")
                .build()) {
            expectFailure(() -> factory.createConnection("app", SECRET).createSession());
            expectFailure(() -> factory.createContext("app", SECRET).createTemporaryQueue());
        }
    }

    @Test
    void aBrokerThatCannotBeReached() throws Exception {
        var builder = builder("tcp://127.0.0.1:1?callTimeout=200")
                .credentials("app", SECRET)
                .recoveryCredentials("app", SECRET);
        try (var factory = builder.build()) {
            seen.add(factory.toString());
            expectFailure(factory::createConnection);
            ktm.recoverNow();
        }
        seen.add(new Credentials("app", SECRET).toString());
    }

    private Context names() {
        return (Context) Proxy.newProxyInstance(
                Context.class.getClassLoader(), new Class<?>[] {Context.class}, (proxy, method, arguments) -> ktm);
    }

    @ParameterizedTest
    @CsvSource({
        "password, user, app",
        "password, usr, app",
        "recoveryPassword, user, app",
        "connectionFactory.password, connectionFactory.usr, app",
        "connectionFactory.passwd, user, app",
        "connectionFactory.brokerURL, user, app"
    })
    void aResourceOfAContainerThatIsConfiguredWrongly(String secret, String other, String value) {
        var attributes = new TreeMap<>(Map.of(
                "connectionFactoryClassName", ActiveMQXAConnectionFactory.class.getName(),
                "connectionFactory.brokerURL", broker.url()));
        attributes.put(secret, SECRET);
        attributes.put(other, value);
        var reference = new Reference(ConnectionFactory.class.getName());
        attributes.forEach((name, said) -> reference.add(new StringRefAddr(name, said)));

        expectFailure(() -> new KtmConnectionFactoryObjectFactory()
                .getObjectInstance(reference, new CompositeName("broker"), names(), null));
    }
}
