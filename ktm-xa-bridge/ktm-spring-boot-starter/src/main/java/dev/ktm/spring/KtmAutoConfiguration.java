package dev.ktm.spring;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import jakarta.jms.ConnectionFactory;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.LazyInitializationExcludeFilter;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.XADataSourceWrapper;
import org.springframework.boot.jms.XAConnectionFactoryWrapper;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.transaction.jta.JtaTransactionManager;

/**
 * Makes KTM the transaction manager of an application, before Spring Boot looks for another. Backs off if there is one, or if {@code
 * spring.jta.enabled} is {@code false}. Classes that Spring Boot 4 has moved are named as they are called in 3 and in 4.
 */
@AutoConfiguration(
        beforeName = {
            "org.springframework.boot.autoconfigure.transaction.jta.JtaAutoConfiguration",
            "org.springframework.boot.autoconfigure.transaction.TransactionAutoConfiguration",
            "org.springframework.boot.autoconfigure.jdbc.XADataSourceAutoConfiguration",
            "org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration",
            "org.springframework.boot.autoconfigure.jdbc.DataSourceTransactionManagerAutoConfiguration",
            "org.springframework.boot.autoconfigure.orm.jpa.HibernateJpaAutoConfiguration",
            "org.springframework.boot.autoconfigure.jms.artemis.ArtemisAutoConfiguration",
            "org.springframework.boot.autoconfigure.jms.activemq.ActiveMQAutoConfiguration",
            "org.springframework.boot.transaction.jta.autoconfigure.JtaAutoConfiguration",
            "org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration",
            "org.springframework.boot.jdbc.autoconfigure.XADataSourceAutoConfiguration",
            "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration",
            "org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration",
            "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration",
            "org.springframework.boot.artemis.autoconfigure.ArtemisAutoConfiguration",
            "org.springframework.boot.activemq.autoconfigure.ActiveMQAutoConfiguration"
        })
@ConditionalOnClass({JtaTransactionManager.class, UserTransaction.class})
@ConditionalOnProperty(prefix = "spring.jta", name = "enabled", matchIfMissing = true)
@ConditionalOnMissingBean(org.springframework.transaction.TransactionManager.class)
@EnableConfigurationProperties(KtmProperties.class)
@ImportRuntimeHints(KtmRuntimeHints.class)
@Import({
    ManagerCustomizing.OfBoot3.class,
    ManagerCustomizing.OfBoot4.class,
    NativeResources.Registries.class,
    NativeResources.Directories.class
})
public class KtmAutoConfiguration {

    /** What the coordinator is made with; a bean of the application takes its place. */
    @Bean
    @ConditionalOnMissingBean
    KtmOptions ktmOptions(
            KtmProperties properties,
            Environment environment,
            ObjectProvider<KtmCustomizer> customizers,
            ConfigurableListableBeanFactory beans) {
        return Coordinators.options(properties, environment, customizers, beans);
    }

    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    Ktm ktm(KtmOptions options) {
        return Coordinators.open(options);
    }

    @Bean
    @ConditionalOnMissingBean
    UserTransaction userTransaction(Ktm ktm) {
        return ktm.userTransaction();
    }

    @Bean
    @ConditionalOnMissingBean
    TransactionManager jakartaTransactionManager(Ktm ktm) {
        return ktm.transactionManager();
    }

    @Bean
    @ConditionalOnMissingBean
    TransactionSynchronizationRegistry transactionSynchronizationRegistry(Ktm ktm) {
        return ktm.synchronizationRegistry();
    }

    @Bean
    JtaTransactionManager transactionManager(
            UserTransaction userTransaction,
            TransactionManager transactionManager,
            TransactionSynchronizationRegistry registry,
            ObjectProvider<ManagerCustomizing> customizing) {
        var manager = new JtaTransactionManager(userTransaction, transactionManager);
        manager.setTransactionSynchronizationRegistry(registry);
        customizing.orderedStream().forEach(each -> each.customize(manager));
        return manager;
    }

    @Bean
    static SaidProperties propertiesThatKtmIsTold(ConfigurableEnvironment environment) {
        return new SaidProperties(environment);
    }

    @Bean
    static BeansThatAreNamed beansThatKtmPropertiesName(
            KtmProperties properties, ConfigurableListableBeanFactory beans) {
        return new BeansThatAreNamed(properties, beans);
    }

    @Bean
    static BeansOutside beansOutsideKtm(KtmProperties properties, ConfigurableListableBeanFactory beans) {
        return new BeansOutside(properties, beans);
    }

    /** Recovery begins with the application, also of one that makes its other beans when they are needed. */
    @Bean
    static LazyInitializationExcludeFilter ktmIsNotLazy() {
        return (name, definition, type) -> Ktm.class.isAssignableFrom(type);
    }

    /** Data sources. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({XADataSourceWrapper.class, org.springframework.jdbc.datasource.DelegatingDataSource.class})
    static class DataSources {

        @Bean
        static LazyInitializationExcludeFilter ktmDataSourcesAreNotLazy() {
            return (name, definition, type) -> DataSource.class.isAssignableFrom(type);
        }

        @Bean
        @ConditionalOnMissingBean
        XADataSourceWrapper xaDataSourceWrapper(Ktm ktm, KtmProperties properties, Environment environment) {
            return source -> new BeanDataSource(ktm, properties, environment, source);
        }
    }

    /** Connection factories of brokers. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({XAConnectionFactoryWrapper.class, jakarta.jms.XAConnectionFactory.class})
    static class ConnectionFactories {

        @Bean
        static LazyInitializationExcludeFilter ktmConnectionFactoriesAreNotLazy() {
            return (name, definition, type) -> ConnectionFactory.class.isAssignableFrom(type);
        }

        @Bean
        @ConditionalOnMissingBean
        XAConnectionFactoryWrapper xaConnectionFactoryWrapper(Ktm ktm, KtmProperties properties) {
            return factory -> new BeanConnectionFactory(ktm, properties, factory);
        }
    }
}
