package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import dev.ktm.Ktm;
import dev.ktm.file.TransactedFiles;
import dev.ktm.registry.Registry;
import dev.ktm.registry.RegistryValue;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.NestedRuntimeException;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.jta.JtaTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** What an application has of the starter, in every version of Spring Boot. */
@Tag("boot")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class StarterTest {

    @TempDir
    static Path directory;

    private ConfigurableApplicationContext context;
    private Application.Shop shop;

    static SpringApplicationBuilder application(Path home) {
        return new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .properties("management.endpoints.web.exposure.include=*")
                .properties(Map.of(
                        "ktm.datasource.audit-data-source.hikari.maximum-pool-size", "3",
                        "spring.datasource.url", "jdbc:h2:mem:shop-" + home.getFileName() + ";DB_CLOSE_DELAY=-1",
                        "spring.datasource.username", "sa",
                        "spring.jpa.hibernate.ddl-auto", "create",
                        "spring.artemis.mode", "embedded",
                        "spring.artemis.embedded.queues", "sold",
                        "ktm.log-directory", home.resolve("log").toString(),
                        "ktm.files.settings", home.resolve("settings").toString(),
                        "ktm.registry", "machine"));
    }

    @BeforeAll
    void start() throws Exception {
        Files.createDirectory(directory.resolve("settings"));
        context = application(directory).run();
        shop = context.getBean(Application.Shop.class);
        shop.makeTable();
    }

    @AfterAll
    void stop() {
        context.close();
    }

    @Test
    void theVersionIsTheOneThatIsMeant() {
        var wanted = System.getProperty("tested.spring-boot", "3.5");
        assertThat(SpringBootVersion.getVersion()).startsWith(wanted);
        // With the pools that this version manages, which it puts in the place of newer ones.
        assertThat(HikariConfig.class.getProtectionDomain().getCodeSource().getLocation())
                .asString()
                .contains(wanted.equals("3.5") ? "HikariCP-6.3" : "HikariCP-7.0");
        assertThat(JmsPoolConnectionFactory.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation())
                .asString()
                .contains(wanted.equals("4.1") ? "pooled-jms-3.2" : "pooled-jms-3.1");
    }

    @Test
    void ktmIsTheTransactionManagerWhicheverWayItIsAskedFor() {
        var ktm = context.getBean(Ktm.class);
        assertThat(context.getBean(PlatformTransactionManager.class)).isInstanceOf(JtaTransactionManager.class);
        assertThat(context.getBean(TransactionManager.class)).isSameAs(ktm.transactionManager());
        assertThat(context.getBean(UserTransaction.class)).isSameAs(ktm.userTransaction());
        assertThat(context.getBean(TransactionSynchronizationRegistry.class)).isSameAs(ktm.synchronizationRegistry());
        assertThat(ktm.resourceManagers()).contains("dataSource", "auditDataSource", "jmsConnectionFactory");
    }

    @Test
    void twoDatabasesAndAQueueCommitTogetherOrNotAtAll() throws Exception {
        for (boolean fails : new boolean[] {false, true}) {
            for (boolean jakarta : new boolean[] {false, true}) {
                var item = "item-" + fails + "-" + jakarta;
                Runnable sale = () -> {
                    if (jakarta) {
                        shop.sellByJakarta(item, fails);
                    } else {
                        shop.sell(item, fails);
                    }
                };
                if (fails) {
                    assertThatThrownBy(sale::run).hasMessage("out of stock");
                    assertThat(shop.sold()).doesNotContain(item);
                    assertThat(shop.audited()).doesNotContain(item);
                } else {
                    sale.run();
                    assertThat(shop.sold()).contains(item);
                    assertThat(shop.audited()).contains(item);
                    assertThat(shop.received().take()).isEqualTo(item);
                    assertThat(shop.heard().take()).isEqualTo(item);
                }
            }
        }
        assertNothingElseArrives("sentinel");
        assertThat(shop.count()).isEqualTo(shop.sold().size());
    }

    @Test
    void aTransactionApartIsNotUndoneWithItsCallers() throws Exception {
        var template = new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
        template.executeWithoutResult(status -> {
            shop.sellApart("apart");
            assertThat(shop.audited()).contains("apart");
            shop.sell("together", false);
            status.setRollbackOnly();
        });
        assertThat(shop.sold()).contains("apart").doesNotContain("together");
        assertThat(shop.audited()).contains("apart").doesNotContain("together");
        assertThat(shop.received().take()).isEqualTo("apart");
        assertThat(shop.heard().take()).isEqualTo("apart");
        assertNothingElseArrives("after apart");
    }

    /** What was sent before arrives before. */
    private void assertNothingElseArrives(String next) throws Exception {
        shop.sell(next, false);
        assertThat(shop.received().take()).isEqualTo(next);
        assertThat(shop.heard().take()).isEqualTo(next);
    }

    @Test
    void aTimeoutUndoesEverything() throws Exception {
        var ktm = context.getBean(Ktm.class);
        long began = System.nanoTime();
        assertThatThrownBy(() -> shop.sellSlowly("slow", () -> {
                    try {
                        var transaction = ktm.transactionManager().getTransaction();
                        while (transaction.getStatus() == jakarta.transaction.Status.STATUS_ACTIVE) {
                            Thread.onSpinWait();
                        }
                    } catch (jakarta.transaction.SystemException e) {
                        throw new IllegalStateException(e);
                    }
                }))
                .isInstanceOfAny(NestedRuntimeException.class, IllegalStateException.class);
        // That of the annotation, not the default of a minute.
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .isBetween(Duration.ofMillis(900), Duration.ofSeconds(30));
        assertNothingElseArrives("after slow");
        assertThat(shop.sold()).doesNotContain("slow");
        assertThat(shop.audited()).doesNotContain("slow");
    }

    @Test
    void filesAndTheRegistryAreBeansAndPartOfIt() throws Exception {
        var files = context.getBean("settingsFiles", TransactedFiles.class).fileSystem();
        var registry = context.getBean(Registry.class);
        var template = new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
        for (boolean fails : new boolean[] {true, false}) {
            template.executeWithoutResult(status -> {
                try {
                    Files.writeString(files.getPath("version"), "2");
                    registry.transactedRoot().createKey("product").setValue(RegistryValue.string("version", "2"));
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
                if (fails) {
                    status.setRollbackOnly();
                }
            });
            assertThat(directory.resolve("settings/version").toFile().exists()).isEqualTo(!fails);
            assertThat(registry.root().subkeys().contains("product")).isEqualTo(!fails);
        }
    }

    @Test
    void theActuatorTellsHowItIs() {
        var endpoint = context.getBean(KtmEndpoint.class);
        var meters = context.getBean(io.micrometer.core.instrument.MeterRegistry.class);
        new TransactionTemplate(context.getBean(PlatformTransactionManager.class)).executeWithoutResult(status -> {
            var report = endpoint.report();
            assertThat(report.online()).isTrue();
            assertThat(report.log()).contains("log");
            assertThat(report.resourceManagers()).contains("dataSource");
            // The listener waits for its next message in one, too, when it is not just about to begin the next.
            assertThat(report.transactions())
                    .hasSizeBetween(1, 2)
                    .anyMatch(each -> each.state().equals("ACTIVE") && !each.unfinished());
            assertThat(meters.get("ktm.transactions.live").gauge().value()).isBetween(1.0, 2.0);
            assertThat(report.transactions())
                    .anyMatch(each -> each.unitOfWork().toString().equals(org.slf4j.MDC.get("ktm.transaction")));
        });
        assertThat(context.containsBean("ktmHealthIndicator")).isTrue();
        assertThat(meters.get("ktm.transactions.unfinished").gauge().value()).isLessThan(2);
        assertThat(meters.get("ktm.transactions.damaged").gauge().value()).isZero();
        assertThat(meters.get("ktm.log.used").gauge().value()).isBetween(0.0, 1.0);
        assertThat(meters.get("ktm.transactions.committed").functionCounter().count())
                .isPositive();
        assertThat(meters.get("ktm.phases")
                        .tag("phase", "before_commit")
                        .timer()
                        .count())
                .isPositive();
        assertThat(meters.find("hikaricp.connections").gauges()).hasSizeGreaterThanOrEqualTo(2);
    }

    @Test
    void poolsAreHikarisAndNamedAsTheirBeans() throws Exception {
        var pool = context.getBean("dataSource", DataSource.class).unwrap(com.zaxxer.hikari.HikariDataSource.class);
        assertThat(pool.getPoolName()).isEqualTo("dataSource");
        var other =
                context.getBean("auditDataSource", DataSource.class).unwrap(com.zaxxer.hikari.HikariDataSource.class);
        assertThat(other.getPoolName()).isEqualTo("auditDataSource");
        assertThat(other.getMaximumPoolSize()).isEqualTo(3);
    }
}
