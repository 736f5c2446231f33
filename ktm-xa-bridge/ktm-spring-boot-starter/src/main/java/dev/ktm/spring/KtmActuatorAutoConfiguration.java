package dev.ktm.spring;

import dev.ktm.Ktm;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** What an operator sees of the coordinator through Spring Boot's actuator: an endpoint, health, figures. */
@AutoConfiguration(after = KtmAutoConfiguration.class)
@ConditionalOnBean(Ktm.class)
@Import({KtmHealth.OfBoot3.class, KtmHealth.OfBoot4.class})
public class KtmActuatorAutoConfiguration {

    /** The endpoint. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
    static class Endpoints {

        @Bean
        @ConditionalOnMissingBean
        @ConditionalOnAvailableEndpoint
        KtmEndpoint ktmEndpoint(Ktm ktm) {
            return new KtmEndpoint(ktm);
        }
    }

    /** Figures. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterBinder.class)
    static class Metrics {

        @Bean
        MeterBinder ktmMetrics(Ktm ktm) {
            return registry -> {
                Gauge.builder(
                                "ktm.transactions.live",
                                ktm,
                                each -> KtmStatus.of(each).live())
                        .description("transactions that have not ended")
                        .register(registry);
                Gauge.builder(
                                "ktm.transactions.unfinished",
                                ktm,
                                each -> KtmStatus.of(each).unfinished())
                        .description(
                                "transactions that are decided or prepared and wait for a resource manager or a superior")
                        .register(registry);
                Gauge.builder(
                                "ktm.transactions.damaged",
                                ktm,
                                each -> KtmStatus.of(each).damaged())
                        .description("transactions some of whose participants did otherwise than was decided")
                        .register(registry);
                Gauge.builder("ktm.log.used", ktm, each -> KtmStatus.of(each).logUsed())
                        .description("share of the log that is in use")
                        .register(registry);
            };
        }
    }
}
