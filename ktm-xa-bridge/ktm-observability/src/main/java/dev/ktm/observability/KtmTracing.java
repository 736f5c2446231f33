package dev.ktm.observability;

import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.TransactionObservation;
import dev.ktm.tm.TransactionObserver;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import org.jspecify.annotations.Nullable;

/**
 * Spans of OpenTelemetry: one for each transaction, below it one for each phase of its end, below these one for each call of a
 * participant. The parent of the transaction's is the span that is current where it begins, whatever threads it is suspended and
 * resumed on. While a participant is called, and while synchronizations run before the commit, their span is current there, so that
 * spans of drivers are below it.
 *
 * <p>What is not sampled costs nothing after its beginning.
 */
public final class KtmTracing implements TransactionObserver {

    private static final String SCOPE = "dev.ktm";

    private final Tracer tracer;
    private final boolean current;

    private KtmTracing(Tracer tracer, boolean current) {
        this.tracer = tracer;
        this.current = current;
    }

    /** With the tracer {@code dev.ktm} of this. */
    public static KtmTracing of(OpenTelemetry openTelemetry) {
        return new KtmTracing(openTelemetry.getTracer(SCOPE), false);
    }

    /**
     * The same, and the span of a transaction is current on every thread that it is associated with: what the application does in it
     * is below it. Only for applications in which whatever is made current in a transaction is closed in it: OpenTelemetry does not
     * give a thread its former span back out of order.
     */
    public KtmTracing withCurrentSpan() {
        return new KtmTracing(tracer, true);
    }

    @Override
    public @Nullable TransactionObservation begun(KtmTransaction transaction) {
        var parent = Context.current();
        var span = tracer.spanBuilder("transaction")
                .setParent(parent)
                .setAttribute(
                        TracedTransaction.UNIT_OF_WORK, transaction.unitOfWork().toString())
                .startSpan();
        if (!span.isRecording()) {
            span.end();
            return null;
        }
        return new TracedTransaction(tracer, transaction, span, parent.with(span), current);
    }
}
