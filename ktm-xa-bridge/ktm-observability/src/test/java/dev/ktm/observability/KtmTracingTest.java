package dev.ktm.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.tm.KtmTransaction;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Synchronization;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class KtmTracingTest {

    private final InMemorySpanExporter exporter = InMemorySpanExporter.create();

    @AutoClose
    private final OpenTelemetrySdk telemetry = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                    .build())
            .build();

    @AutoClose
    private final Coordinator coordinator = new Coordinator(KtmTracing.of(telemetry));

    @AfterEach
    void noSpanIsLeftCurrent() {
        assertThat(Span.fromContextOrNull(Context.current())).isNull();
    }

    private SpanData named(String name) {
        return exporter.getFinishedSpanItems().stream()
                .filter(each -> each.getName().equals(name))
                .reduce((one, other) -> {
                    throw new AssertionError("two spans " + name);
                })
                .orElseThrow(() -> new AssertionError("no span " + name + " in " + exporter.getFinishedSpanItems()));
    }

    private List<String> below(SpanData parent) {
        return exporter.getFinishedSpanItems().stream()
                .filter(each -> each.getParentSpanId().equals(parent.getSpanId()))
                .map(SpanData::getName)
                .toList();
    }

    private static String attribute(SpanData span, String key) {
        return String.valueOf(span.getAttributes().get(AttributeKey.stringKey(key)));
    }

    @Test
    void aCommitIsASpanWithItsPhasesAndTheirCallsBelow() throws Exception {
        var request = telemetry.getTracer("test").spanBuilder("request").startSpan();
        String unit;
        try (var scope = request.makeCurrent()) {
            coordinator.begin();
            unit = ((KtmTransaction) coordinator.ktm.transactionManager().getTransaction())
                    .unitOfWork()
                    .toString();
            coordinator.workInBoth();
            coordinator.commit();
            assertThat(Span.current()).isSameAs(request);
        }
        request.end();

        var transaction = named("transaction");
        assertThat(transaction.getParentSpanId())
                .isEqualTo(request.getSpanContext().getSpanId());
        assertThat(attribute(transaction, "ktm.outcome")).isEqualTo("committed");
        assertThat(attribute(transaction, "ktm.unit_of_work")).isEqualTo(unit);
        assertThat(attribute(transaction, "ktm.transaction_id"))
                .startsWith(coordinator.ktm.manager().identity().toString());
        assertThat(transaction.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        assertThat(below(transaction))
                .containsExactly(
                        "start orders",
                        "start stock",
                        "transaction before_commit",
                        "transaction prepare",
                        "transaction log",
                        "transaction commit");
        assertThat(below(named("transaction prepare"))).containsExactly("prepare orders", "prepare stock");
        assertThat(below(named("transaction log"))).isEmpty();
        assertThat(below(named("transaction commit"))).containsExactly("commit orders", "commit stock");
        var call = named("commit stock");
        assertThat(attribute(call, "ktm.resource_manager")).isEqualTo("stock");
        assertThat(attribute(call, "ktm.answer")).isEqualTo("done");
        assertThat(attribute(call, "ktm.branch")).matches("-?\\d+:[0-9a-f]+:[0-9a-f]+");
        assertThat(exporter.getFinishedSpanItems())
                .allMatch(each ->
                        each.getTraceId().equals(request.getSpanContext().getTraceId()));
    }

    @Test
    void aRefusalIsAnErrorOfTheCallAndOfTheTransaction() throws Exception {
        coordinator.begin();
        coordinator.workInBoth();
        coordinator.stock.failNextPrepare(XAException.XA_RBDEADLOCK);
        assertThatThrownBy(coordinator::commit).isInstanceOf(RollbackException.class);

        var call = named("prepare stock");
        assertThat(call.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(attribute(call, "ktm.code")).isEqualTo("XA_RBDEADLOCK (102)");
        assertThat(call.getEvents()).hasSize(1);
        var transaction = named("transaction");
        assertThat(transaction.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(attribute(transaction, "ktm.rollback_cause")).isEqualTo("participant");
        assertThat(below(named("transaction rollback"))).contains("rollback orders");
    }

    @Test
    void aRollbackThatItsClientWantsIsNoError() throws Exception {
        coordinator.begin();
        coordinator.rollback();

        assertThat(named("transaction").getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    }

    @Test
    void theParentIsWhereItBeganOnWhicheverThreadItIsResumed() throws Exception {
        var request = telemetry.getTracer("test").spanBuilder("request").startSpan();
        var manager = coordinator.ktm.transactionManager();
        try (var scope = request.makeCurrent()) {
            coordinator.begin();
        }
        var suspended = manager.suspend();
        coordinator.begin();
        coordinator.commit();
        exporter.reset();
        CompletableFuture.runAsync(
                        () -> {
                            var other = telemetry
                                    .getTracer("test")
                                    .spanBuilder("other")
                                    .startSpan();
                            try (var scope = other.makeCurrent()) {
                                manager.resume(suspended);
                                coordinator.workInBoth();
                                manager.commit();
                            } catch (Exception e) {
                                throw new IllegalStateException(e);
                            }
                        },
                        task -> new Thread(task).start())
                .join();

        assertThat(named("transaction").getParentSpanId())
                .isEqualTo(request.getSpanContext().getSpanId());
        assertThat(exporter.getFinishedSpanItems())
                .allMatch(each ->
                        each.getTraceId().equals(request.getSpanContext().getTraceId()));
    }

    @Test
    void spansOfDriversAndSynchronizationsAreBelowTheirCallAndPhase() throws Exception {
        var tracer = telemetry.getTracer("driver");
        coordinator.orders.whenCalled(
                () -> tracer.spanBuilder("driver").startSpan().end());
        coordinator.begin();
        coordinator.ktm.transactionManager().getTransaction().registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {
                tracer.spanBuilder("flush").startSpan().end();
            }

            @Override
            public void afterCompletion(int status) {}
        });
        coordinator.orders.work(coordinator.ktm);
        coordinator.commit();

        assertThat(below(named("commit_one_phase orders"))).containsExactly("driver");
        assertThat(below(named("transaction before_commit"))).containsExactly("flush");
    }

    @Test
    void theSpanOfTheTransactionIsCurrentWhereItIsIfThatIsWanted() throws Exception {
        var currents = new CopyOnWriteArrayList<Span>();
        try (var other = new Coordinator(KtmTracing.of(telemetry).withCurrentSpan())) {
            var manager = other.ktm.transactionManager();
            other.begin();
            currents.add(Span.current());
            var suspended = manager.suspend();
            currents.add(Span.current());
            manager.resume(suspended);
            currents.add(Span.current());
            other.commit();
            currents.add(Span.current());
        }

        var transaction = named("transaction").getSpanContext();
        assertThat(currents)
                .extracting(each -> each.getSpanContext().isValid()
                        && each.getSpanContext().getSpanId().equals(transaction.getSpanId()))
                .containsExactly(true, false, true, false);
    }

    @Test
    void whatIsNotSampledHasNoSpanAndHarmsNobody() throws Exception {
        try (var silent = OpenTelemetrySdk.builder()
                        .setTracerProvider(SdkTracerProvider.builder()
                                .setSampler(Sampler.alwaysOff())
                                .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                                .build())
                        .build();
                var unsampled = new Coordinator(KtmTracing.of(silent), KtmTracing.of(OpenTelemetry.noop()))) {
            unsampled.commitBoth();

            assertThat(exporter.getFinishedSpanItems()).isEmpty();
            assertThat(unsampled.ktm.manager().counts().committed()).isEqualTo(1);
        }
    }
}
