package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import jakarta.jms.ConnectionFactory;
import java.util.Arrays;
import java.util.Objects;
import javax.sql.DataSource;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.XADataSourceWrapper;
import org.springframework.boot.jms.XAConnectionFactoryWrapper;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.context.support.SimpleThreadScope;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** By which names branches are found again, and by which properties speak of beans. */
class BeanNamesTest {

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(KtmAutoConfiguration.class))
            .withPropertyValues("ktm.in-memory=true");

    private static DataSource database(XADataSourceWrapper wrapper) throws Exception {
        var made = new JdbcDataSource();
        made.setURL("jdbc:h2:mem:names;DB_CLOSE_DELAY=-1");
        made.setUser("sa");
        return wrapper.wrapDataSource(made);
    }

    private static ConnectionFactory broker(XAConnectionFactoryWrapper wrapper) throws Exception {
        return wrapper.wrapConnectionFactory(new ActiveMQConnectionFactory("vm://0?broker.persistent=false"));
    }

    private static String why(AssertableApplicationContext context) {
        return Objects.requireNonNull(context.getStartupFailure()).toString();
    }

    /** With two names each. */
    @Configuration(proxyBeanMethods = false)
    static class Aliases {
        @Bean({"orders", "sales"})
        DataSource orders(XADataSourceWrapper wrapper) throws Exception {
            return database(wrapper);
        }

        @Bean({"jmsConnectionFactory", "xaJmsConnectionFactory"})
        ConnectionFactory jmsConnectionFactory(XAConnectionFactoryWrapper wrapper) throws Exception {
            return broker(wrapper);
        }
    }

    @Test
    void anAliasIsAsGoodAsTheName() {
        runner.withUserConfiguration(Aliases.class)
                .withPropertyValues("ktm.datasource.sales.name=before", "ktm.jms.xa-jms-connection-factory.name=broker")
                .run(context -> assertThat(context.getBean(Ktm.class).resourceManagers())
                        .containsExactlyInAnyOrder("before", "broker"));
        runner.withUserConfiguration(Aliases.class)
                .withPropertyValues("ktm.datasource.sales.name=before", "ktm.datasource.orders.name=another")
                .run(context -> assertThat(context.getStartupFailure())
                        .rootCause()
                        .isInstanceOf(PropertyException.class)
                        .hasMessageContainingAll("ktm.datasource.orders", "found", "sales"));
    }

    /** Beans that read no properties of KTM. */
    @Configuration(proxyBeanMethods = false)
    static class Plain {
        @Bean
        DataSource reports() {
            return new DriverManagerDataSource();
        }

        @Bean
        ConnectionFactory nonXaJmsConnectionFactory() {
            return new ActiveMQConnectionFactory("vm://0?broker.persistent=false");
        }
    }

    @Test
    void propertiesThatNobodyReadsAreRefused() {
        runner.withUserConfiguration(Plain.class)
                .withPropertyValues("ktm.datasource.reports.name=before")
                .run(context -> assertThat(why(context))
                        .contains("ktm.datasource.reports", "XADataSourceWrapper", "DriverManagerDataSource"));
        runner.withUserConfiguration(Plain.class)
                .withPropertyValues("ktm.jms.non-xa-jms-connection-factory.recovery-user=me")
                .run(context -> assertThat(why(context))
                        .contains("ktm.jms.non-xa-jms-connection-factory", "XAConnectionFactoryWrapper"));
    }

    /** A data source that can be made again while the application runs. */
    @Configuration(proxyBeanMethods = false)
    static class Scoped {
        @Bean
        @Scope(value = "anew", proxyMode = ScopedProxyMode.INTERFACES)
        DataSource orders(XADataSourceWrapper wrapper) throws Exception {
            return database(wrapper);
        }
    }

    @Test
    void aScopeChangesNoName() {
        for (var said : new String[] {"orders", "sales"}) {
            runner.withUserConfiguration(Scoped.class)
                    .withInitializer(context -> context.getBeanFactory().registerScope("anew", new SimpleThreadScope()))
                    .withPropertyValues(said.equals("orders") ? "x=y" : "ktm.datasource.orders.name=" + said)
                    .run(context -> {
                        context.getBean("orders", DataSource.class)
                                .getConnection()
                                .close();
                        assertThat(context.getBean(Ktm.class).resourceManagers())
                                .containsExactly(said);
                    });
        }
    }

    /** Names that are none in properties. */
    @Configuration(proxyBeanMethods = false)
    static class Unusual {
        @Bean("büro")
        DataSource first(XADataSourceWrapper wrapper) throws Exception {
            return database(wrapper);
        }

        @Bean("shop/orders$1")
        DataSource second(XADataSourceWrapper wrapper) throws Exception {
            return database(wrapper);
        }
    }

    @Test
    void beansMayBeCalledWhatPropertiesCannotSay() {
        runner.withUserConfiguration(Unusual.class).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(context.getBean(Ktm.class).resourceManagers())
                    .containsExactlyInAnyOrder("büro", "shop/orders$1");
        });
    }

    @Test
    void whatIsPartOfAnotherBeanHasNoNameThatStays() {
        runner.run(context -> {
            for (var made : Arrays.asList(
                    database(context.getBean(XADataSourceWrapper.class)),
                    broker(context.getBean(XAConnectionFactoryWrapper.class)))) {
                assertThatThrownBy(() ->
                                context.getAutowireCapableBeanFactory().initializeBean(made, "org.example.Shop#4f2a1b"))
                        .rootCause()
                        .hasMessageContaining("make it a bean of its own");
            }
        });
    }
}
