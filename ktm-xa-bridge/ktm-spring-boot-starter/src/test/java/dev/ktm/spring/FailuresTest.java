package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.file.TransactedFiles;
import dev.ktm.log.LogOptions;
import dev.ktm.log.storage.FileDevice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import org.h2.Driver;
import org.h2.jdbcx.JdbcDataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.jdbc.XADataSourceWrapper;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;

/** What goes wrong at the start says which property to change. */
class FailuresTest {

    @TempDir
    Path directory;

    private final ApplicationContextRunner runner =
            new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(KtmAutoConfiguration.class));

    private static FailureAnalysis analysis(Throwable failure) {
        List<FailureAnalyzer> analyzers = SpringFactoriesLoader.forDefaultResourceLocation()
                .load(FailureAnalyzer.class, SpringFactoriesLoader.FailureHandler.handleMessage((message, e) -> {}));
        return analyzers.stream()
                .filter(each -> each.getClass().getPackageName().equals("dev.ktm.spring"))
                .map(each -> each.analyze(failure))
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow();
    }

    private void assertSaysLogDirectory(Path log, String why) {
        runner.withPropertyValues("ktm.log-directory=" + log).run(context -> {
            assertThat(context).hasFailed();
            var analysis = analysis(Objects.requireNonNull(context.getStartupFailure()));
            assertThat(analysis.getDescription()).contains(why);
            assertThat(analysis.getAction()).contains("ktm.log-directory");
        });
    }

    @Test
    void aLogThatIsInUse() {
        var log = directory.resolve("log");
        try (var other = Ktm.open(KtmOptions.builder().logDirectory(log).build())) {
            assertThat(other.resourceManagers()).isEmpty();
            assertSaysLogDirectory(log, "is open in process");
        }
    }

    @Test
    void aLogThatCannotBeMade() throws Exception {
        assertSaysLogDirectory(Files.writeString(directory.resolve("file"), "in the way"), "file");
    }

    @Test
    void aDamagedLogIsNotToBeLeftBehind() throws Exception {
        var log = directory.resolve("damaged");
        Ktm.open(KtmOptions.builder().logDirectory(log).build()).close();
        Files.write(log.resolve("ktm.blf"), new byte[1 << 14]);
        runner.withPropertyValues("ktm.log-directory=" + log).run(context -> {
            var analysis = analysis(Objects.requireNonNull(context.getStartupFailure()));
            assertThat(analysis.getAction()).contains("Leave ktm.log-directory as it is");
        });
    }

    /** A closed log, and a copy of it. */
    private Path copiedLog() throws Exception {
        var log = directory.resolve("original");
        Ktm.open(KtmOptions.builder().logDirectory(log).build()).close();
        var copy = Files.createDirectory(directory.resolve("copy"));
        try (var files = Files.list(log)) {
            for (var file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }

    @Test
    void aCopiedLogIsNotToBeLeftBehind() throws Exception {
        var copy = copiedLog();
        runner.withPropertyValues("ktm.log-directory=" + copy).run(context -> {
            var analysis = analysis(Objects.requireNonNull(context.getStartupFailure()));
            assertThat(analysis.getDescription()).contains("finds a copy of a log");
            assertThat(analysis.getAction()).contains("Leave ktm.log-directory as it is", "ktm.log-copy=moved");
        });
        runner.withPropertyValues("ktm.log-directory=" + copy, "ktm.log-copy=moved")
                .run(context -> assertThat(context).hasNotFailed());
        runner.withPropertyValues("ktm.log-directory=" + copy)
                .run(context -> assertThat(context).hasNotFailed());
    }

    @Test
    void aMovedLogMayHaveOptionsOfItsOwn() throws Exception {
        runner.withPropertyValues("ktm.log-directory=" + copiedLog(), "ktm.log-copy=moved")
                .withBean(
                        KtmCustomizer.class,
                        () -> options -> options.logOptions(
                                LogOptions.builder().idleFlush(Duration.ZERO).build()))
                .run(context -> assertThat(
                                context.getBean(KtmOptions.class).logOptions().idleFlush())
                        .isZero());
    }

    @Test
    void aLogThatIsThereIsNotToBeLeftBehind() throws Exception {
        var log = directory.resolve("another");
        Ktm.open(KtmOptions.builder().logDirectory(log).build()).close();
        var lock = log.resolve("ktm.lock");
        Files.deleteIfExists(lock);
        Files.createDirectory(lock);
        runner.withPropertyValues("ktm.log-directory=" + log).run(context -> {
            var analysis = analysis(Objects.requireNonNull(context.getStartupFailure()));
            assertThat(analysis.getDescription()).contains("cannot open its log");
            assertThat(analysis.getAction()).contains("Leave ktm.log-directory as it is");
        });
    }

    @Test
    void aLogDirectoryWithoutAName() {
        runner.withPropertyValues("ktm.log-directory= ").run(context -> {
            var analysis = analysis(Objects.requireNonNull(context.getStartupFailure()));
            assertThat(analysis.getDescription()).contains("ktm.log-directory", "found nothing");
        });
    }

    @Test
    void theLogIsBesideTheJarThatTheApplicationIsIn() throws Exception {
        var found = new ArrayList<@Nullable Path>();
        // Spring Boot takes what is called by JUnit for a program without a jar.
        var apart = new Thread(() -> {
            found.add(Coordinators.home(FailuresTest.class));
            found.add(Coordinators.home(Driver.class));
        });
        apart.start();
        apart.join();

        var jar = Path.of(
                Driver.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        assertThat(found).containsExactly(null, jar.getParent());
    }

    @Test
    void aCustomizerMayPutTheLogElsewhere() throws Exception {
        var elsewhere = directory.resolve("elsewhere");
        var device = FileDevice.openOrCreate(elsewhere);
        runner.withBean(KtmCustomizer.class, () -> options -> options.device(device))
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context.getBean(KtmOptions.class).logDirectory()).isEmpty();
                    assertThat(elsewhere).isNotEmptyDirectory();
                });
    }

    @Test
    void whatNeedsALogSaysThatThereIsNone() throws Exception {
        Files.createDirectory(directory.resolve("settings"));
        assertRefused("ktm.files.settings=" + directory.resolve("settings"), "ktm.in-memory", "ktm.files.settings");
        assertRefused("ktm.registry=machine", "ktm.in-memory", "ktm.registry");
    }

    @ParameterizedTest
    @CsvSource({"ktm.recovery-interval,0", "ktm.default-timeout,-1", "ktm.resource-timeout,-1"})
    void aTimeThatCannotBe(String property, String value) {
        assertRefused(property + "=" + value, property, "found PT");
    }

    @Test
    void twoDataSourcesOfOneName() {
        runner.withPropertyValues("ktm.in-memory=true", "ktm.datasource.other.name=auditSource")
                .withUserConfiguration(Audit.class, Other.class)
                .run(context -> {
                    var analysis = analysis(Objects.requireNonNull(context.getStartupFailure()));
                    assertThat(analysis.getDescription()).contains("ktm.datasource.", ".name", "\"auditSource\"");
                    assertThat(analysis.getAction()).contains("ktm.datasource.").doesNotContain("spring.datasource");
                });
    }

    @Test
    void filesAndTheRegistryAreRecoveredInAnApplicationThatIsLazy() throws Exception {
        var settings = Files.createDirectory(directory.resolve("settings"));
        runner.withInitializer(context ->
                        context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
                .withPropertyValues(
                        "ktm.log-directory=" + directory.resolve("lazy"),
                        "ktm.files.settings=" + settings,
                        "ktm.registry=machine")
                .run(context -> {
                    assertThat(context.getBeanFactory().containsSingleton("settingsFiles"))
                            .isTrue();
                    assertThat(context.getBeanFactory().containsSingleton("ktmRegistry"))
                            .isTrue();
                });
    }

    @Test
    void theEnvironmentMakesNoSecondRootOfOne() throws Exception {
        var first = Files.createDirectory(directory.resolve("first"));
        var second = Files.createDirectory(directory.resolve("second"));
        runner.withInitializer(context -> context.getEnvironment()
                        .getPropertySources()
                        .replace(
                                "systemEnvironment",
                                new SystemEnvironmentPropertySource(
                                        "systemEnvironment", Map.of("KTM_FILES_PRINTRECEIPTS", second.toString()))))
                .withInitializer(context -> context.getEnvironment()
                        .getPropertySources()
                        .addLast(new MapPropertySource("file", Map.of("ktm.files.print-receipts", first.toString()))))
                .withPropertyValues("ktm.log-directory=" + directory.resolve("log"))
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context.getBeansOfType(TransactedFiles.class)).containsOnlyKeys("print-receiptsFiles");
                    assertThat(second).isNotEmptyDirectory();
                    assertThat(first).isEmptyDirectory();
                });
    }

    @Test
    void recoveryBeginsWithAnApplicationThatIsLazy() {
        var log = directory.resolve("lazy");
        runner.withInitializer(context ->
                        context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
                .withPropertyValues("ktm.log-directory=" + log)
                .run(context -> assertThat(log).isNotEmptyDirectory());
    }

    @Test
    void plainNumbersAreSeconds() {
        runner.withPropertyValues("ktm.in-memory=true", "ktm.default-timeout=60", "ktm.recovery-interval=5")
                .run(context -> {
                    assertThat(context.getBean(KtmOptions.class).defaultTimeout())
                            .hasSeconds(60);
                    assertThat(context.getBean(KtmOptions.class).recoveryInterval())
                            .hasSeconds(5);
                });
    }

    @Test
    void aDataSourceThatIsNotABean() {
        runner.withPropertyValues("ktm.in-memory=true").run(context -> {
            var source = context.getBean(XADataSourceWrapper.class).wrapDataSource(database("free"));
            assertThatThrownBy(source::getConnection).hasMessageContaining("@Bean");
        });
    }

    @Test
    void aDataSourceThatRefusesItsUser() {
        var wrong = (JdbcDataSource) database("wrong");
        runner.withPropertyValues("ktm.in-memory=true")
                .withBean("first", XADataSource.class, () -> database("wrong"))
                .run(context -> {
                    try (var open = context.getBean(XADataSource.class)
                            .getXAConnection()
                            .getConnection()) {
                        assertThat(open.isValid(1)).isTrue();
                    }
                    wrong.setPassword("no");
                    var made = new BeanDataSource(
                            context.getBean(Ktm.class),
                            context.getBean(KtmProperties.class),
                            context.getEnvironment(),
                            wrong);
                    made.setBeanName("orders");
                    assertThatThrownBy(made::afterPropertiesSet).satisfies(failure -> {
                        var analysis = analysis(failure);
                        assertThat(analysis.getDescription()).contains("orders");
                        assertThat(analysis.getAction())
                                .contains("spring.datasource")
                                .contains("ktm.datasource.orders");
                    });
                });
    }

    /** A data source that has dashes in properties. */
    @Configuration(proxyBeanMethods = false)
    static class Audit {
        @Bean
        DataSource auditSource(XADataSourceWrapper wrapper) throws Exception {
            return wrapper.wrapDataSource(database("audit"));
        }
    }

    /** Another. */
    @Configuration(proxyBeanMethods = false)
    static class Other {
        @Bean
        DataSource other(XADataSourceWrapper wrapper) throws Exception {
            return wrapper.wrapDataSource(database("other"));
        }
    }

    private static XADataSource database(String name) {
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:" + name + ";DB_CLOSE_DELAY=-1");
        database.setUser("sa");
        return database;
    }

    private static final class Another extends AbstractPlatformTransactionManager {
        private static final long serialVersionUID = 1;

        @Override
        protected Object doGetTransaction() {
            return this;
        }

        @Override
        protected void doBegin(Object transaction, TransactionDefinition definition) {}

        @Override
        protected void doCommit(DefaultTransactionStatus status) {}

        @Override
        protected void doRollback(DefaultTransactionStatus status) {}
    }

    private final ApplicationContextRunner another = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(KtmAutoConfiguration.class, KtmAbsentAutoConfiguration.class))
            .withBean("anothers", PlatformTransactionManager.class, Another::new);

    @Test
    void itBacksOffIfThatIsSaid() {
        try (var warnings = new Warnings(Absence.class)) {
            another.withPropertyValues("ktm.in-memory=true", "spring.jta.enabled=false")
                    .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(Ktm.class));
            assertThat(warnings.all()).isEmpty();
        }
    }

    @Test
    void itBacksOffFromAnotherTransactionManagerAndSaysSo() {
        try (var warnings = new Warnings(Absence.class)) {
            another.run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(Ktm.class));
            assertThat(warnings.all())
                    .singleElement()
                    .asString()
                    .contains("\"anothers\"", Another.class.getName(), "spring.jta.enabled=false");
        }
    }

    @Test
    void propertiesThatNobodyReadsBesideAnotherTransactionManager() {
        another.withPropertyValues("ktm.default-timeout=3").run(context -> {
            var analysis = analysis(Objects.requireNonNull(context.getStartupFailure()));
            assertThat(analysis.getDescription()).contains("ktm.default-timeout", "\"anothers\"");
            assertThat(analysis.getAction()).contains("spring.jta.enabled=false");
        });
    }

    @Test
    void propertiesThatNobodyReadsWithoutSpringsTransactions() {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(KtmAutoConfiguration.class, KtmAbsentAutoConfiguration.class))
                .withClassLoader(new FilteredClassLoader("org.springframework.transaction"))
                .withPropertyValues("ktm.default-timeout=3")
                .run(context -> assertThat(analysis(Objects.requireNonNull(context.getStartupFailure()))
                                .getDescription())
                        .contains("ktm.default-timeout", "spring-tx"));
    }

    @Test
    void nothingIsSaidWhereItIsThere() {
        try (var warnings = new Warnings(Absence.class)) {
            runner.withConfiguration(AutoConfigurations.of(KtmAbsentAutoConfiguration.class))
                    .withPropertyValues("ktm.in-memory=true")
                    .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(Absence.class));
            assertThat(warnings.all()).isEmpty();
        }
    }

    @Test
    void aPropertyOfTheSystemThatThereIsNot() {
        runner.withPropertyValues("ktm.in-memory=true")
                .withSystemProperties("ktm.defalt-timeout=3")
                .run(context -> assertThat(context.getStartupFailure())
                        .rootCause()
                        .isInstanceOf(UnboundConfigurationPropertiesException.class)
                        .hasMessageContaining("ktm.defalt-timeout"));
        runner.withPropertyValues("ktm.in-memory=true")
                .withSystemProperties("ktm.default-timeout=3", "ktm.outside-transactions[0]=ktm")
                .run(context -> assertThat(context.getBean(KtmOptions.class).defaultTimeout())
                        .hasSeconds(3));
    }

    @Test
    void theEnvironmentIsNotTheApplicationsAlone() {
        Map<String, Object> variables = Map.of(
                "KTM_DEFALT_TIMEOUT", "3",
                "KTM_DEFAULT_TIMEOUT", "3",
                "KTM_RECOVERYINTERVAL", "3",
                "KTM_PORT_8080_TCP", "tcp://10.0.0.1:8080",
                "KTM_SERVICE_HOST", "10.0.0.1",
                "KTM_DATASOURCE_AUDITSOURCE_RECOVERYUSER", "sa",
                "KTM_DATASOURCE_AUDITSOURCE_RECOVERYUSR", "sa");
        try (var warnings = new Warnings(SaidProperties.class)) {
            runner.withInitializer(context -> context.getEnvironment()
                            .getPropertySources()
                            .replace(
                                    "systemEnvironment",
                                    new SystemEnvironmentPropertySource("systemEnvironment", variables)))
                    .withPropertyValues("ktm.in-memory=true")
                    .withUserConfiguration(Audit.class)
                    .run(context -> assertThat(context).hasNotFailed());
            assertThat(warnings.all())
                    .singleElement()
                    .asString()
                    .contains("found KTM_DATASOURCE_AUDITSOURCE_RECOVERYUSR, KTM_DEFALT_TIMEOUT, of");
        }
    }

    private void assertRefused(String property, String... why) {
        runner.withPropertyValues("ktm.in-memory=true", property).run(context -> {
            assertThat(context).hasFailed();
            var analysis = analysis(Objects.requireNonNull(context.getStartupFailure()));
            assertThat(analysis.getDescription()).contains(why);
            assertThat(analysis.getAction()).contains(why[0]);
        });
    }

    @Test
    void filesWithoutADirectory() {
        // They need a log as well, and a name of their own.
        runner.withPropertyValues(
                        "ktm.log-directory=" + directory.resolve("log"),
                        "ktm.files.receipts=" + directory.resolve("none"))
                .run(context -> {
                    var analysis = analysis(Objects.requireNonNull(context.getStartupFailure()));
                    assertThat(analysis.getDescription()).contains("ktm.files.receipts", "make it first");
                    assertThat(analysis.getAction()).contains("ktm.files.receipts");
                });
    }

    @Test
    void aNameThatNoBeanHas() {
        assertRefused("ktm.datasource.adit.name=audit", "ktm.datasource.adit", "are none", "found adit");
        assertRefused("ktm.jms.broker.recovery-user=me", "ktm.jms.broker", "ConnectionFactory");
        runner.withPropertyValues("ktm.in-memory=true", "ktm.datasource.audit-source.name=before")
                .withUserConfiguration(Audit.class)
                .run(context -> assertThat(context).hasNotFailed());
        runner.withPropertyValues("ktm.in-memory=true", "ktm.datasource.audit.name=before")
                .withUserConfiguration(Audit.class)
                .run(context -> assertThat(context.getStartupFailure())
                        .isInstanceOf(PropertyException.class)
                        .hasMessageContaining("auditSource"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ktm.defalt-timeout=3",
                "ktm.jms.broker.hikari.maximum-pool-size=3",
                "ktm.datasource.x.recovery-usr=me"
            })
    void aPropertyThatThereIsNot(String property) {
        runner.withPropertyValues("ktm.in-memory=true", property)
                .run(context -> assertThat(context.getStartupFailure())
                        .rootCause()
                        .isInstanceOf(UnboundConfigurationPropertiesException.class)
                        .hasMessageContaining(property.substring(0, property.indexOf('='))));
    }

    @Test
    void aPropertyThatThePoolHasNot() {
        runner.withPropertyValues("ktm.in-memory=true", "ktm.datasource.audit-source.hikari.maximum-pool-siez=3")
                .withUserConfiguration(Audit.class)
                .run(context -> assertThat(context.getStartupFailure())
                        .rootCause()
                        .isInstanceOf(UnboundConfigurationPropertiesException.class)
                        .hasMessageContaining("ktm.datasource.audit-source.hikari.maximum-pool-siez"));
    }

    @Test
    void editorsKnowEveryPropertyOfTheGuide() throws Exception {
        var metadata = Files.readString(Path.of("target/classes/META-INF/spring-configuration-metadata.json"));
        var guide = Files.readString(Path.of("../docs/spring.md"));
        var table = guide.substring(guide.indexOf("\n## Properties"), guide.indexOf("\n## For operators"));

        var known = all(Pattern.compile("\"name\": \"(ktm\\.[a-z-]+)\""), metadata);

        assertThat(all(Pattern.compile("(?m)^\\| .*$"), table))
                .flatMap(line -> all(Pattern.compile("`(ktm\\.[a-z-]+)"), line.substring(0, line.indexOf('|', 1))))
                .isNotEmpty()
                .hasSameElementsAs(known);
        assertThat(metadata).contains("Directory of the log");
    }

    private static Set<String> all(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map(each -> each.group(each.groupCount()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void propertiesAndCustomizersSayHowItIs() {
        runner.withPropertyValues(
                        "ktm.in-memory=true",
                        "ktm.default-timeout=90s",
                        "ktm.recovery-interval=5s",
                        "ktm.parallel=true",
                        "ktm.resource-timeout=3s",
                        "spring.application.name=shop")
                .withBean(KtmCustomizer.class, () -> options -> options.nodeName("customized"))
                .run(context -> {
                    var options = context.getBean(KtmOptions.class);
                    assertThat(options.defaultTimeout()).hasSeconds(90);
                    assertThat(options.recoveryInterval()).hasSeconds(5);
                    assertThat(options.resourceTimeout()).hasSeconds(3);
                    assertThat(options.isParallel()).isTrue();
                    assertThat(options.nodeName()).isEqualTo("customized");
                });
    }
}
