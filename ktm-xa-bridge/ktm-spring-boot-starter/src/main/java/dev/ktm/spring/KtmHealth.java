package dev.ktm.spring;

import dev.ktm.Ktm;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The health of the coordinator: down if it takes no requests. What is unfinished or damaged is told as a detail, and is no reason to
 * restart an application: recovery goes on by itself, and damage is mended by an operator.
 */
final class KtmHealth {

    private KtmHealth() {}

    private static Map<String, Object> details(KtmStatus status) {
        var details = new LinkedHashMap<String, Object>();
        details.put("live", status.live());
        details.put("unfinished", status.unfinished());
        details.put("damaged", status.damaged());
        details.put("logUsed", status.logUsed());
        return details;
    }

    /** Spring Boot 3. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(
            name = "org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator")
    static class OfBoot3 {

        @Bean
        @ConditionalOnMissingBean(name = "ktmHealthIndicator")
        @org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator("ktm")
        org.springframework.boot.actuate.health.HealthIndicator ktmHealthIndicator(Ktm ktm) {
            return () -> {
                var status = KtmStatus.of(ktm);
                var health = status.online()
                        ? org.springframework.boot.actuate.health.Health.up()
                        : org.springframework.boot.actuate.health.Health.down();
                return health.withDetails(details(status)).build();
            };
        }
    }

    /** Spring Boot 4. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(
            name = "org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator")
    static class OfBoot4 {

        @Bean
        @ConditionalOnMissingBean(name = "ktmHealthIndicator")
        @org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator("ktm")
        org.springframework.boot.health.contributor.HealthIndicator ktmHealthIndicator(Ktm ktm) {
            return () -> {
                var status = KtmStatus.of(ktm);
                var health = status.online()
                        ? org.springframework.boot.health.contributor.Health.up()
                        : org.springframework.boot.health.contributor.Health.down();
                return health.withDetails(details(status)).build();
            };
        }
    }
}
