package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ktm.Ktm;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.io.support.SpringFactoriesLoader;

/** However a password is said, nobody reads it in what an application says when it does not start. */
class SecretsTest {

    private static final String SECRET = "canary-4711";

    /** All that KTM says, however quietly. */
    private final List<String> logged = new CopyOnWriteArrayList<>();

    private final Logger logger = Logger.getLogger("dev.ktm");
    private final Level before = logger.getLevel();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord line) {
            var thrown = line.getThrown();
            logged.add(line.getMessage() + (thrown == null ? "" : printed(thrown)));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(KtmAutoConfiguration.class))
            .withPropertyValues("ktm.in-memory=true");

    @BeforeEach
    void listen() {
        logger.setLevel(Level.ALL);
        logger.addHandler(handler);
    }

    @AfterEach
    void nothingWasLogged() {
        logger.removeHandler(handler);
        logger.setLevel(before);
        assertThat(logged).allSatisfy(text -> assertThat(text).doesNotContain(SECRET));
    }

    private static String printed(Throwable failure) {
        var text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }

    /** What Spring Boot prints: the answer of the first that has one, in their order. */
    private static FailureAnalysis analysis(Throwable failure) {
        return SpringFactoriesLoader.forDefaultResourceLocation()
                .load(FailureAnalyzer.class, SpringFactoriesLoader.FailureHandler.handleMessage((message, e) -> {}))
                .stream()
                .map(each -> each.analyze(failure))
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow();
    }

    private static void assertKept(Throwable failure) {
        assertThat(printed(failure)).doesNotContain(SECRET);
        var analysis = analysis(failure);
        assertThat(analysis.getDescription() + analysis.getAction()).doesNotContain(SECRET);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"ktm.datasource.orders.recovery-pasword", "ktm.jms.broker.recovery-pass", "ktm.recovery-password"
            })
    void whenItsPropertyIsMisspelt(String property) {
        runner.withPropertyValues(property + "=" + SECRET).run(context -> {
            var failure = Objects.requireNonNull(context.getStartupFailure());
            assertKept(failure);
            assertThat(analysis(failure).getDescription())
                    .contains("expected properties of KTM")
                    .contains(property);
        });
        runner.withSystemProperties(property + "=" + SECRET)
                .run(context -> assertKept(Objects.requireNonNull(context.getStartupFailure())));
    }

    @Test
    void whenThePoolHasNoSuchProperty() {
        runner.withUserConfiguration(FailuresTest.Audit.class)
                .withPropertyValues("ktm.datasource.audit-source.hikari.passwd=" + SECRET)
                .run(context -> assertKept(Objects.requireNonNull(context.getStartupFailure())));
    }

    @Test
    void whenItsBeanIsMisspelt() {
        runner.withPropertyValues(
                        "ktm.datasource.adit.recovery-user=sa", "ktm.datasource.adit.recovery-password=" + SECRET)
                .run(context -> assertKept(Objects.requireNonNull(context.getStartupFailure())));
    }

    @Test
    void whenTheDatabaseRefusesIt() throws Exception {
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:" + UUID.randomUUID());
        database.setUser("sa");
        try (var first = database.getConnection()) {
            runner.run(context -> {
                var said = new KtmProperties.PooledDatabase();
                said.setRecoveryUser("sa");
                said.setRecoveryPassword(SECRET);
                var properties = context.getBean(KtmProperties.class);
                properties.getDatasource().put("orders", said);
                assertThat(properties.getDatasource().toString()).doesNotContain(SECRET);
                var made =
                        new BeanDataSource(context.getBean(Ktm.class), properties, context.getEnvironment(), database);
                made.setBeanName("orders");
                assertKept(Objects.requireNonNull(catchThrowable(made::afterPropertiesSet)));
                assertThat(made.toString()).doesNotContain(SECRET);
            });
            assertThat(first.isClosed()).isFalse();
        }
    }
}
