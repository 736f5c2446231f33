package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.jdbc.KtmDataSource;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.XAConnectionFactory;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.XADataSourceWrapper;
import org.springframework.boot.jms.XAConnectionFactoryWrapper;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.datasource.LazyConnectionDataSourceProxy;
import org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource;
import org.springframework.jms.connection.CachingConnectionFactory;

/** What takes no part in transactions is said, and nothing else is. */
class BeansOutsideTest {

    private static final String NOBODY = "vm://0?broker.persistent=false";

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(KtmAutoConfiguration.class))
            .withPropertyValues("ktm.in-memory=true");

    private static JdbcDataSource database(String name) {
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:outside-" + name + ";DB_CLOSE_DELAY=-1");
        database.setUser("sa");
        database.setPassword("");
        return database;
    }

    private static List<String> warnings(ApplicationContextRunner application) {
        var found = new ArrayList<String>();
        try (var warnings = new Warnings(BeansOutside.class)) {
            application.run(context -> assertThat(context).hasNotFailed());
            found.addAll(warnings.all());
        }
        return found;
    }

    @Test
    void aDataSourceThatIsNotPartOfTransactionsIsSaid() {
        var application = runner.withBean("reports", DataSource.class, DriverManagerDataSource::new);

        assertThat(warnings(application))
                .singleElement()
                .asString()
                .contains("\"reports\"", DriverManagerDataSource.class.getName())
                .contains("XADataSourceWrapper", "lastResource", "ktm.outside-transactions");
        assertThat(warnings(application.withPropertyValues("ktm.outside-transactions=reports")))
                .isEmpty();
    }

    @Test
    void aConnectionFactoryThatIsNotPartOfTransactionsIsSaid() {
        var application = runner.withBean(
                "broker",
                ConnectionFactory.class,
                () -> new CachingConnectionFactory(new ActiveMQConnectionFactory(NOBODY)));

        assertThat(warnings(application))
                .singleElement()
                .asString()
                .contains("\"broker\"", CachingConnectionFactory.class.getName())
                .contains("XAConnectionFactoryWrapper", "ktm.outside-transactions");
        assertThat(warnings(application.withPropertyValues("ktm.outside-transactions=broker")))
                .isEmpty();
    }

    @Test
    void theOneThatSpringBootMakesForThoseWhoWantNoneIsMeant() {
        assertThat(warnings(runner.withBean(
                        "nonXaJmsConnectionFactory",
                        ConnectionFactory.class,
                        () -> new ActiveMQConnectionFactory(NOBODY))))
                .isEmpty();
    }

    @Test
    void whatIsToBeOutsideHasToBeThere() {
        runner.withPropertyValues("ktm.outside-transactions=report")
                .withBean("reports", DataSource.class, DriverManagerDataSource::new)
                .run(context -> assertThat(context.getStartupFailure())
                        .isInstanceOf(PropertyException.class)
                        .hasMessageContaining("ktm.outside-transactions"));
    }

    /** One that chooses. */
    private static final class Routing extends AbstractRoutingDataSource {

        Routing(Object... targets) {
            setTargetDataSources(Map.of("first", targets[0], "second", targets[1]));
        }

        @Override
        protected Object determineCurrentLookupKey() {
            throw new IllegalStateException("nobody has said which");
        }
    }

    /** What takes part, in every shape. */
    @Configuration(proxyBeanMethods = false)
    static class Inside {

        @Bean
        XADataSource raw() {
            return database("raw");
        }

        @Bean
        DataSource orders(XADataSourceWrapper wrapper, @Qualifier("raw") XADataSource raw) throws Exception {
            return wrapper.wrapDataSource(raw);
        }

        @Bean
        DataSource lazy(XADataSourceWrapper wrapper) throws Exception {
            return new LazyConnectionDataSourceProxy(inner(wrapper, "lazy"));
        }

        @Bean
        DataSource advised(@Qualifier("orders") DataSource orders) {
            return (DataSource) new ProxyFactory(orders).getProxy();
        }

        @Bean
        DataSource routing(@Qualifier("orders") DataSource orders, @Qualifier("lazy") DataSource lazy) {
            return new Routing(orders, lazy);
        }

        @Bean
        DataSource plain() {
            return database("legacy");
        }

        @Bean
        DataSource legacy(Ktm ktm, @Qualifier("plain") DataSource plain) throws SQLException {
            database("legacy").getConnection().close();
            try (var connection = plain.getConnection();
                    var statement = connection.createStatement()) {
                statement.execute("create table if not exists ktm_decision (manager_id varchar(36) not null,"
                        + " incarnation bigint not null, sequence_number bigint not null, outcome char(1) not null,"
                        + " primary key (manager_id, incarnation, sequence_number))");
            }
            return KtmDataSource.builder(ktm, "legacy").lastResource(plain).open();
        }

        @Bean
        @Scope(value = "prototype", proxyMode = ScopedProxyMode.INTERFACES)
        DataSource scoped() {
            throw new IllegalStateException("made too early");
        }

        @Bean
        XAConnectionFactory broker() {
            return new ActiveMQConnectionFactory(NOBODY);
        }

        @Bean
        ConnectionFactory queue(XAConnectionFactoryWrapper wrapper, @Qualifier("broker") XAConnectionFactory broker)
                throws Exception {
            return wrapper.wrapConnectionFactory(broker);
        }

        @Bean
        ConnectionFactory cached(@Qualifier("queue") ConnectionFactory queue) {
            return new CachingConnectionFactory(queue);
        }

        private static DataSource inner(XADataSourceWrapper wrapper, String name) throws Exception {
            var made = (BeanDataSource) wrapper.wrapDataSource(database(name));
            made.setBeanName(name);
            made.afterPropertiesSet();
            return made;
        }
    }

    @Test
    void nobodyIsWarnedInVain() {
        assertThat(warnings(runner.withUserConfiguration(Inside.class))).isEmpty();
    }

    /** One way leads outside. */
    @Configuration(proxyBeanMethods = false)
    static class Mixed {

        @Bean
        DataSource orders(XADataSourceWrapper wrapper) throws Exception {
            return wrapper.wrapDataSource(database("mixed"));
        }

        @Bean
        DataSource routing(@Qualifier("orders") DataSource orders) {
            return new Routing(orders, database("other"));
        }
    }

    @Test
    void aRouteThatLeadsOutsideIsSaid() {
        assertThat(warnings(runner.withUserConfiguration(Mixed.class)))
                .singleElement()
                .asString()
                .contains("\"routing\"");
    }
}
