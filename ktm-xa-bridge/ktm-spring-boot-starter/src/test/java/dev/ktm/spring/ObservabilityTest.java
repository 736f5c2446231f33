package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.console.ConsoleServer;
import dev.ktm.observability.KtmMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.Tracer;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.net.BindException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.management.ObjectName;
import org.assertj.core.util.Throwables;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** What is seen of the coordinator of an application, as its libraries and its properties have it. */
class ObservabilityTest {

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(KtmAutoConfiguration.class, KtmActuatorAutoConfiguration.class))
            .withPropertyValues("ktm.in-memory=true");

    private static String mdcIn(Ktm ktm) throws Exception {
        ktm.transactionManager().begin();
        try {
            return String.valueOf(MDC.get("ktm.transaction"));
        } finally {
            ktm.transactionManager().rollback();
        }
    }

    @Test
    void theTransactionIsInTheMdcUnlessThatIsNotWanted() {
        runner.run(context -> assertThat(mdcIn(context.getBean(Ktm.class))).isNotEqualTo("null"));
        runner.withPropertyValues("ktm.mdc=false")
                .run(context -> assertThat(mdcIn(context.getBean(Ktm.class))).isEqualTo("null"));
        runner.withPropertyValues("spring.main.lazy-initialization=true")
                .run(context -> assertThat(mdcIn(context.getBean(Ktm.class))).isNotEqualTo("null"));
    }

    @Test
    void theCoordinatorIsABeanOfJmxIfThatIsWanted() {
        var server = ManagementFactory.getPlatformMBeanServer();
        runner.run(context -> assertThat(server.isRegistered(nameOf(context.getBean(Ktm.class))))
                .isFalse());
        runner.withPropertyValues("ktm.jmx=true")
                .run(context -> assertThat(server.isRegistered(nameOf(context.getBean(Ktm.class))))
                        .isTrue());
    }

    @Test
    void thereIsAPageForABrowserIfThatIsWanted() throws Exception {
        runner.run(context -> assertThat(context).doesNotHaveBean(ConsoleServer.class));
        var wanted = runner.withPropertyValues("ktm.console.enabled=true", "spring.main.lazy-initialization=true");
        wanted.run(context -> {
            var console = context.getBean(ConsoleServer.class);
            assertThat(status(console)).isEqualTo(200);
            wanted.withPropertyValues("ktm.console.port=" + console.address().getPort())
                    .run(second -> assertThat(second)
                            .getFailure()
                            .rootCause()
                            .isInstanceOf(BindException.class)
                            .satisfies(each -> assertThat(second.getStartupFailure())
                                    .hasStackTraceContaining("ktm.console.port: expected a port of 127.0.0.1")));
            context.close();
            assertThatThrownBy(() -> status(console)).isInstanceOf(ConnectException.class);
        });
        wanted.withPropertyValues("ktm.console.token=hush")
                .run(context -> assertThat(context.getStartupFailure())
                        .hasStackTraceContaining("ktm.console.token: expected a token of at least 32")
                        .satisfies(each ->
                                assertThat(Throwables.getStackTrace(each)).doesNotContain("hush")));
        var token = "0123456789abcdef0123456789abcdef";
        wanted.withPropertyValues("ktm.console.token=" + token)
                .run(context ->
                        assertThat(context.getBean(ConsoleServer.class).link()).hasFragment("token=" + token));
        wanted.withPropertyValues("ktm.console.port=70000")
                .run(context -> assertThat(context.getStartupFailure())
                        .hasStackTraceContaining("ktm.console.port: expected a port from 0"));
    }

    private static int status(ConsoleServer console) throws Exception {
        var token = console.link().getFragment().substring("token=".length());
        var request = HttpRequest.newBuilder(console.address().resolve("api/overview"))
                .header("KTM-Token", token)
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    private static ObjectName nameOf(Ktm ktm) throws Exception {
        return new ObjectName("dev.ktm:type=Coordinator,id=" + ktm.manager().identity());
    }

    /** An OpenTelemetry that notes the names of spans, and samples none. */
    private static OpenTelemetry noting(List<String> names) {
        var tracer = (Tracer) proxy(Tracer.class, (method, arguments) -> {
            names.add(String.valueOf(arguments[0]));
            return proxy(SpanBuilder.class, (called, with) -> called.equals("startSpan") ? Span.getInvalid() : null);
        });
        return (OpenTelemetry) proxy(OpenTelemetry.class, (method, arguments) -> tracer);
    }

    private interface Answer {
        @Nullable
        Object to(String method, Object[] arguments);
    }

    private static Object proxy(Class<?> type, Answer answer) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
            if (method.getDeclaringClass() == Object.class) {
                return method.invoke(answer, arguments);
            }
            var given = answer.to(method.getName(), arguments);
            return given == null ? self : given;
        });
    }

    @Test
    void thereAreSpansIfThereIsABeanForThem() {
        var names = new CopyOnWriteArrayList<String>();
        runner.withBean(OpenTelemetry.class, () -> noting(names)).run(context -> {
            mdcIn(context.getBean(Ktm.class));

            assertThat(names).containsExactly("transaction");
        });
        runner.run(context -> assertThat(context).doesNotHaveBean("ktmTracing"));
    }

    @Test
    void nothingIsMissedWhereItsLibraryIsNotThere() {
        runner.withClassLoader(new FilteredClassLoader("io.opentelemetry", "io.micrometer", "org.slf4j.MDC"))
                .run(context -> {
                    assertThat(context).hasNotFailed().doesNotHaveBean("ktmMdc").doesNotHaveBean("ktmMetrics");
                    assertThat(mdcIn(context.getBean(Ktm.class))).isEqualTo("null");
                });
    }

    @Test
    void figuresAreBoundToTheRegistryOfTheApplication() {
        runner.withBean(MeterRegistry.class, SimpleMeterRegistry::new).run(context -> {
            var registry = context.getBean(MeterRegistry.class);
            context.getBean(KtmMetrics.class).bindTo(registry);
            mdcIn(context.getBean(Ktm.class));

            assertThat(registry.get("ktm.transactions.rolled.back")
                            .tag("cause", "client")
                            .functionCounter()
                            .count())
                    .isEqualTo(1);
        });
    }
}
