package dev.ktm.spring;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.jta.JtaTransactionManager;

/** What properties and beans of the application want of the transaction manager, whatever version of Spring Boot says it. */
@FunctionalInterface
interface ManagerCustomizing {

    void customize(JtaTransactionManager manager);

    /** Spring Boot 3. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = "org.springframework.boot.autoconfigure.transaction.TransactionManagerCustomizers")
    class OfBoot3 {

        @Bean
        ManagerCustomizing ktmManagerCustomizingOfBoot3(
                ObjectProvider<org.springframework.boot.autoconfigure.transaction.TransactionManagerCustomizers>
                        customizers) {
            return manager -> customizers.ifAvailable(each -> each.customize(manager));
        }
    }

    /** Spring Boot 4. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = "org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizers")
    class OfBoot4 {

        @Bean
        ManagerCustomizing ktmManagerCustomizingOfBoot4(
                ObjectProvider<org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizers>
                        customizers) {
            return manager -> customizers.ifAvailable(each -> each.customize(manager));
        }
    }
}
