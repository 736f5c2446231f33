package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jdbc.KtmDataSource;
import dev.ktm.spring.bare.BareApplication;
import jakarta.transaction.UserTransaction;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.XADataSourceWrapper;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.jta.JtaTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** What the guide says besides how to begin. */
class GuidePromisesTest {

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(KtmAutoConfiguration.class, KtmActuatorAutoConfiguration.class))
            .withPropertyValues("ktm.in-memory=true");

    private static JdbcDataSource database(String name) {
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:promises-" + name + ";DB_CLOSE_DELAY=-1");
        database.setUser("sa");
        database.setPassword("");
        return database;
    }

    private static JdbcTemplate withTable(String name) {
        var template = new JdbcTemplate(database(name));
        template.execute("drop all objects");
        template.execute("create table sale (item varchar(20))");
        return template;
    }

    private static int count(JdbcTemplate database) {
        return Objects.requireNonNull(database.queryForObject("select count(*) from sale", Integer.class));
    }

    /** An XA data source by the name of a bean. */
    @Configuration(proxyBeanMethods = false)
    static class Orders {
        @Bean
        DataSource orders(XADataSourceWrapper wrapper) throws Exception {
            return wrapper.wrapDataSource(database("orders"));
        }
    }

    // Beans give way.

    @Test
    void beansGiveWayToThoseOfTheApplication() {
        var options = KtmOptions.builder().inMemory().nodeName("its own").build();
        var own = Ktm.open(options);
        XADataSourceWrapper wrapper = source -> database("its own");
        runner.withBean(KtmOptions.class, () -> options)
                .withBean("itsKtm", Ktm.class, () -> own)
                .withBean("itsUserTransaction", UserTransaction.class, own::userTransaction)
                .withBean("itsWrapper", XADataSourceWrapper.class, () -> wrapper)
                .run(context -> {
                    assertThat(context).hasSingleBean(Ktm.class).hasSingleBean(KtmOptions.class);
                    assertThat(context.getBean(Ktm.class)).isSameAs(own);
                    assertThat(context.getBean(UserTransaction.class)).isSameAs(context.getBean("itsUserTransaction"));
                    assertThat(context.getBean(XADataSourceWrapper.class)).isSameAs(wrapper);
                    assertThat(context.getBean(PlatformTransactionManager.class))
                            .isInstanceOfSatisfying(
                                    JtaTransactionManager.class,
                                    manager -> assertThat(manager.getTransactionManager())
                                            .isSameAs(own.transactionManager()));
                });
    }

    @Test
    void thereIsNothingOfItIfJtaIsNotWanted() {
        runner.withPropertyValues("spring.jta.enabled=false")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(Ktm.class));
    }

    /** What an application may leave out, as it stands in class paths. */
    private static final Pattern LEFT_OUT = Pattern.compile(
            ".*(ktm-xa-(jdbc|jms|file|registry)/|/(HikariCP|h2|pooled-jms|micrometer-core|jakarta.jms-api|artemis-|hibernate-"
                    + "|spring-(jdbc|jms|orm|data-)|spring-boot-(jdbc|jms|actuator|health|transaction|artemis|data-|hibernate|jpa"
                    + "|micrometer|starter-)|org.eclipse.persistence)).*");

    @Test
    void nothingElseHasToBeOnTheClassPath(@TempDir Path directory) throws Exception {
        var all = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        var left = Stream.of(all.split(File.pathSeparator))
                .filter(each -> !LEFT_OUT.matcher(each.replace('\\', '/')).matches())
                .collect(Collectors.joining(File.pathSeparator));
        var output = directory.resolve("output");

        int exit = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        left,
                        BareApplication.class.getName(),
                        "--ktm.log-directory=" + directory.resolve("log"),
                        "--ktm.files.nothing=reads-this")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start()
                .waitFor();

        assertThat(Files.readString(output)).contains("by: JtaTransactionManager", "in a transaction: true");
        assertThat(exit).isZero();
    }

    // Names and users.

    @Test
    void branchesAreFoundAgainByTheNameOfTheBeanOrTheOneThatIsSaid() {
        withTable("orders");
        runner.withUserConfiguration(Orders.class)
                .run(context -> assertThat(context.getBean(Ktm.class).resourceManagers())
                        .contains("orders"));
        runner.withUserConfiguration(Orders.class)
                .withPropertyValues("ktm.datasource.orders.name=sales")
                .run(context -> assertThat(context.getBean(Ktm.class).resourceManagers())
                        .contains("sales")
                        .doesNotContain("orders"));
    }

    @Test
    void recoveryHasAUserOfItsOwn() {
        withTable("orders").execute("create user if not exists recoverer password 'right' admin");
        runner.withUserConfiguration(Orders.class)
                .withPropertyValues(
                        "ktm.datasource.orders.recovery-user=recoverer",
                        "ktm.datasource.orders.recovery-password=right")
                .run(context -> assertThat(context).hasNotFailed());
        runner.withUserConfiguration(Orders.class)
                .withPropertyValues(
                        "ktm.datasource.orders.recovery-user=recoverer",
                        "ktm.datasource.orders.recovery-password=wrong")
                .run(context -> assertThat(context)
                        .getFailure()
                        .hasRootCauseInstanceOf(SQLException.class)
                        .hasStackTraceContaining("orders"));
    }

    // The end.

    /** Something that works until the application ends, and a last time then. */
    private record Closer(Supplier<PlatformTransactionManager> manager, Supplier<DataSource> source)
            implements DisposableBean {
        @Override
        public void destroy() {
            var template = new JdbcTemplate(source.get());
            new TransactionTemplate(manager.get())
                    .executeWithoutResult(status -> template.update("insert into sale values ('last')"));
        }
    }

    /** With a bean that needs both. */
    @Configuration(proxyBeanMethods = false)
    static class Closing {
        @Bean
        Closer closer(PlatformTransactionManager manager, DataSource orders) {
            return new Closer(() -> manager, () -> orders);
        }
    }

    @Test
    void whatUsesDataSourcesEndsFirstThenTheyAreClosedThenTheCoordinator() {
        var database = withTable("orders");
        var ended = new Ktm[1];
        runner.withUserConfiguration(Orders.class, Closing.class).run(context -> ended[0] = context.getBean(Ktm.class));

        assertThat(count(database)).isOne();
        assertThat(ended[0].resourceManagers()).as("the data source was closed").isEmpty();
        assertThat(ended[0].manager().isOnline()).isFalse();
    }

    @Test
    void itsHealthIsDownWhenTheCoordinatorTakesNoRequests() {
        runner.run(context -> {
            assertThat(health(context.getBean("ktmHealthIndicator"))).isEqualTo("UP");

            context.getBean(Ktm.class).close();

            assertThat(health(context.getBean("ktmHealthIndicator"))).isEqualTo("DOWN");
        });
    }

    /** The type is another one in each version of Spring Boot. */
    private static String health(Object indicator) throws ReflectiveOperationException {
        for (var type : indicator.getClass().getInterfaces()) {
            if (type.getSimpleName().equals("HealthIndicator")) {
                var health = type.getMethod("health").invoke(indicator);
                return health.getClass().getMethod("getStatus").invoke(health).toString();
            }
        }
        throw new IllegalStateException("expected a HealthIndicator, found " + indicator.getClass());
    }

    // A last resource.

    /** As the guide says it. */
    @Configuration(proxyBeanMethods = false)
    static class Legacy {
        @Bean(defaultCandidate = false)
        @Qualifier("legacy")
        DataSource legacy(Ktm ktm) throws SQLException {
            return KtmDataSource.builder(ktm, "legacy")
                    .lastResource(database("legacy"))
                    .open();
        }
    }

    @Test
    void aDataSourceWithoutXaIsTheLastResource() {
        var orders = withTable("orders");
        var legacy = withTable("legacy");
        legacy.execute("create table ktm_decision (manager_id varchar(36) not null, incarnation bigint not null,"
                + " sequence_number bigint not null, outcome char(1) not null,"
                + " primary key (manager_id, incarnation, sequence_number))");
        runner.withUserConfiguration(Orders.class, Legacy.class).run(context -> {
            var first = new JdbcTemplate(context.getBean("orders", DataSource.class));
            var last = new JdbcTemplate(context.getBean("legacy", DataSource.class));
            var template = new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
            for (boolean fails : new boolean[] {false, true}) {
                template.executeWithoutResult(status -> {
                    first.update("insert into sale values ('both')");
                    last.update("insert into sale values ('both')");
                    if (fails) {
                        status.setRollbackOnly();
                    }
                });
            }
            // It decides in its table: where there is none, nothing is done.
            legacy.execute("drop table ktm_decision");
            assertThatThrownBy(() -> template.executeWithoutResult(status -> {
                        first.update("insert into sale values ('neither')");
                        last.update("insert into sale values ('neither')");
                    }))
                    .isInstanceOf(TransactionException.class);
        });

        assertThat(count(orders)).isOne();
        assertThat(count(legacy)).isOne();
    }
}
