package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ktm.Ktm;
import dev.ktm.log.testing.LoggedTexts;
import java.util.Objects;
import java.util.UUID;
import javax.sql.XADataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
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

    private final LoggedTexts logged = new LoggedTexts();
    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(KtmAutoConfiguration.class))
            .withPropertyValues("ktm.in-memory=true");

    @AfterEach
    void nothingWasLogged() {
        logged.close();
        assertThat(logged.all()).allSatisfy(text -> assertThat(text).doesNotContain(SECRET));
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
        assertThat(LoggedTexts.printed(failure)).doesNotContain(SECRET);
        var analysis = analysis(failure);
        assertThat(analysis.getDescription() + analysis.getAction()).doesNotContain(SECRET);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ktm.datasource.orders.recovery-pasword",
                "ktm.jms.broker.recovery-pass",
                "ktm.recovery-password"
            })
    void whenItsPropertyIsMisspelt(String property) {
        runner.withPropertyValues(property + "=" + SECRET).run(context -> {
            var failure = Objects.requireNonNull(context.getStartupFailure());
            assertKept(failure);
            assertThat(analysis(failure).getDescription()).contains("expected properties of KTM").contains(property);
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
            runner.withBean("orders", XADataSource.class, JdbcDataSource::new)
                    .withPropertyValues(
                            "ktm.datasource.orders.recovery-user=sa",
                            "ktm.datasource.orders.recovery-password=" + SECRET)
                    .run(context -> {
                        var properties = context.getBean(KtmProperties.class);
                        assertThat(properties.getDatasource().toString()).doesNotContain(SECRET);
                        var made = new BeanDataSource(
                                context.getBean(Ktm.class), properties, context.getEnvironment(), database);
                        made.setBeanName("orders");
                        assertKept(Objects.requireNonNull(catchThrowable(made::afterPropertiesSet)));
                        assertThat(made.toString()).doesNotContain(SECRET);
                    });
            assertThat(first.isClosed()).isFalse();
        }
    }
}
