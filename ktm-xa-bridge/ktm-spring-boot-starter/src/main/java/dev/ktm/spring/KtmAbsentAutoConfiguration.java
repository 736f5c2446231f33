package dev.ktm.spring;

import dev.ktm.Ktm;
import java.util.ArrayList;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.transaction.TransactionManager;

/** Says why KTM is not the transaction manager of an application that has its starter, unless that is meant. */
@AutoConfiguration(
        after = KtmAutoConfiguration.class,
        beforeName = {
            "org.springframework.boot.autoconfigure.transaction.jta.JtaAutoConfiguration",
            "org.springframework.boot.autoconfigure.jdbc.DataSourceTransactionManagerAutoConfiguration",
            "org.springframework.boot.autoconfigure.orm.jpa.HibernateJpaAutoConfiguration",
            "org.springframework.boot.transaction.jta.autoconfigure.JtaAutoConfiguration",
            "org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration",
            "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration"
        })
@ConditionalOnMissingBean(Ktm.class)
@ConditionalOnProperty(prefix = "spring.jta", name = "enabled", matchIfMissing = true)
public class KtmAbsentAutoConfiguration {

    /** Another was there. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnBean(type = "org.springframework.transaction.TransactionManager")
    static class Another {

        @Bean
        static Absence ktmGivesWay(ConfigurableEnvironment environment, ConfigurableListableBeanFactory beans) {
            return new Absence(
                    environment,
                    () -> "the application has another transaction manager, " + TransactionManagers.describe(beans)
                            + ", to which KTM gives way",
                    "Remove the other transaction manager, or what brings it; or, if it is the one that is wanted,");
        }
    }

    /** Spring has no transactions here. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingClass("org.springframework.transaction.jta.JtaTransactionManager")
    static class WithoutSpringTransactions {

        @Bean
        static Absence ktmNeedsSpringTransactions(ConfigurableEnvironment environment) {
            return new Absence(
                    environment,
                    () -> "spring-tx is not on the class path, without which KTM is not the transaction manager",
                    "Add spring-boot-starter-jdbc or -jms; or, if there are to be no transactions,");
        }
    }

    /** What is there. Loaded where Spring has transactions only. */
    private static final class TransactionManagers {

        private TransactionManagers() {}

        static String describe(ConfigurableListableBeanFactory beans) {
            var found = new ArrayList<String>();
            for (var name : beans.getBeanNamesForType(TransactionManager.class, true, false)) {
                var type = beans.getType(name);
                found.add("\"" + name + "\"" + (type == null ? "" : " (" + type.getName() + ")"));
            }
            return String.join(", ", found);
        }
    }
}
