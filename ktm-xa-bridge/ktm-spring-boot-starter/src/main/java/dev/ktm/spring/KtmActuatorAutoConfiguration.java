package dev.ktm.spring;

import dev.ktm.Ktm;
import dev.ktm.console.ConsoleOptions;
import dev.ktm.console.ConsoleServer;
import dev.ktm.observability.KtmMdc;
import dev.ktm.observability.KtmMetrics;
import dev.ktm.observability.KtmTracing;
import dev.ktm.tm.TransactionObserver;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.util.function.Supplier;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;

/**
 * What an operator sees of the coordinator: an endpoint, health and figures by Spring Boot's actuator, the transaction in the MDC, spans.
 * Each is there if its library is. The page for a browser is there if it is asked for.
 */
@AutoConfiguration(
        after = KtmAutoConfiguration.class,
        // Where the bean for spans comes from, under its names in all versions.
        afterName = {
            "org.springframework.boot.actuate.autoconfigure.opentelemetry.OpenTelemetryAutoConfiguration",
            "org.springframework.boot.opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration"
        })
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

        /** Stays bound while registries send what they have for the last time. */
        @Bean(destroyMethod = "")
        @ConditionalOnMissingBean
        KtmMetrics ktmMetrics(Ktm ktm) {
            return new KtmMetrics(ktm);
        }
    }

    /** A page for a browser. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty(prefix = "ktm.console", name = "enabled")
    static class ConsolePage {

        private static final System.Logger LOGGER = System.getLogger(ConsolePage.class.getName());

        @Bean
        @Lazy(false)
        @ConditionalOnMissingBean
        ConsoleServer ktmConsole(Ktm ktm, KtmProperties properties) {
            var wanted = properties.getConsole();
            var options = with(
                            "ktm.console.port", () -> ConsoleOptions.defaults().withPort(wanted.getPort()))
                    .withActing(wanted.isActing());
            var token = wanted.getToken();
            if (token != null) {
                var others = options;
                options = with("ktm.console.token", () -> others.withToken(token));
            } else if (properties.isInMemory() || !properties.isOperatorChannel()) {
                LOGGER.log(
                        System.Logger.Level.WARNING,
                        "nobody can learn the link of the console: there is no operators' channel that would tell it; set"
                                + " ktm.console.token");
            }
            try {
                return ConsoleServer.open(ktm.operations(), options);
            } catch (IOException e) {
                throw new PropertyException("ktm.console.port", String.valueOf(e.getMessage()), e);
            }
        }

        private static ConsoleOptions with(String property, Supplier<ConsoleOptions> options) {
            try {
                return options.get();
            } catch (IllegalArgumentException e) {
                throw new PropertyException(property, String.valueOf(e.getMessage()), e);
            }
        }
    }

    /** The transaction in the lines that are logged in it. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = "org.slf4j.MDC")
    @ConditionalOnProperty(prefix = "ktm", name = "mdc", matchIfMissing = true)
    static class Mdc {

        @Bean
        @Lazy(false)
        TransactionObserver.Registration ktmMdc(Ktm ktm) {
            return ktm.observe(new KtmMdc());
        }
    }

    /** Spans. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(OpenTelemetry.class)
    static class Tracing {

        @Bean
        @Lazy(false)
        @ConditionalOnBean(OpenTelemetry.class)
        TransactionObserver.Registration ktmTracing(Ktm ktm, OpenTelemetry openTelemetry) {
            return ktm.observe(KtmTracing.of(openTelemetry));
        }
    }
}
