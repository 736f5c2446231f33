package dev.ktm.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Reports;
import dev.ktm.log.testing.Until;
import jakarta.jms.JMSContext;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who takes and does not close is found. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
@SuppressWarnings("NullAway.Init")
final class LeakDetectionTest {

    private final Ktm ktm = Ktm.open(KtmOptions.builder()
            .inMemory()
            .recoveryInterval(Duration.ofHours(1))
            .build());
    private Reports reports;
    private ArtemisBroker broker;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        broker = new ArtemisBroker(directory);
        broker.start();
        broker.createQueue("leaks");
    }

    @AfterAll
    void stop() throws Exception {
        broker.stop();
        ktm.close();
    }

    @BeforeEach
    void listen() {
        reports = new Reports(KtmConnectionFactory.class);
    }

    @AfterEach
    void close() {
        reports.close();
    }

    private KtmConnectionFactory open(Duration threshold) throws Exception {
        return KtmConnectionFactory.builder(ktm, "broker", broker.xa())
                .leakDetectionThreshold(threshold)
                .build();
    }

    private List<LogRecord> leaks() {
        return reports.all().stream()
                .filter(each -> each.getMessage().contains("has not been closed"))
                .toList();
    }

    /** A method whose name is to be found in the stack. */
    private static JMSContext takeAndForget(KtmConnectionFactory factory) {
        return factory.createContext();
    }

    @Test
    void aContextThatIsNotClosedIsReportedOnceWithTheStackThatTookIt() throws Exception {
        try (var factory = open(Duration.ofMillis(50))) {
            ktm.userTransaction().begin();
            var forgotten = takeAndForget(factory);
            forgotten.createProducer().send(forgotten.createQueue("leaks"), "a lamp");
            ktm.userTransaction().commit();

            Until.holds(() -> !leaks().isEmpty());
            forgotten.close();

            assertThat(leaks()).singleElement().satisfies(leak -> {
                assertThat(leak.getMessage())
                        .contains("a context of connection factory broker")
                        .contains("taken by thread " + Thread.currentThread().getName())
                        .contains("50 ms");
                assertThat(leak.getThrown()).hasStackTraceContaining("takeAndForget");
            });
            assertThat(reports.texts()).anyMatch(text -> text.contains("is closed after all"));
        }
    }

    @Test
    void connectionsAndSessionsAreReportedEach() throws Exception {
        try (var factory = open(Duration.ofMillis(50))) {
            var connection = factory.createConnection();
            connection.createSession();
            takeAndForget(factory).createContext(JMSContext.AUTO_ACKNOWLEDGE);

            Until.holds(() -> leaks().size() == 4);

            assertThat(leaks())
                    .extracting(leak ->
                            leak.getMessage().substring(0, leak.getMessage().indexOf(" of ")))
                    .containsExactlyInAnyOrder("a connection", "a session", "a context", "a context");
        }
    }

    @Test
    void whatIsClosedInTimeIsNotReported() throws Exception {
        try (var factory = open(Duration.ofSeconds(1))) {
            takeAndForget(factory).close();
            try (var connection = factory.createConnection()) {
                connection.createSession().close();
            }
            // Whoever is taken last is reported last: when this one is, the others were not.
            takeAndForget(factory);

            Until.holds(() -> !leaks().isEmpty());

            assertThat(leaks()).hasSize(1);
        }
    }

    @Test
    void withoutAThresholdNobodyLooks() throws Exception {
        try (var factory = open(Duration.ZERO)) {
            takeAndForget(factory);

            assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("ktm jms leak detection"));
        }
        assertThat(leaks()).isEmpty();
        assertThatThrownBy(() -> open(Duration.ofNanos(1))).hasMessageContaining("at least a millisecond");
        assertThatThrownBy(() -> open(Duration.ofMillis(-1))).hasMessageContaining("leakDetectionThreshold");
    }
}
