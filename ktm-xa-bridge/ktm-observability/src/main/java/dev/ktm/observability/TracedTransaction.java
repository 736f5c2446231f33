package dev.ktm.observability;

import dev.ktm.rm.BranchId;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionId;
import dev.ktm.tm.BranchAnswer;
import dev.ktm.tm.BranchCall;
import dev.ktm.tm.BranchObservation;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.TransactionEnd;
import dev.ktm.tm.TransactionObservation;
import dev.ktm.tm.TransactionPhase;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The spans of one transaction. */
final class TracedTransaction implements TransactionObservation {

    static final AttributeKey<String> UNIT_OF_WORK = AttributeKey.stringKey("ktm.unit_of_work");
    private static final AttributeKey<String> TRANSACTION = AttributeKey.stringKey("ktm.transaction_id");
    private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("ktm.outcome");
    private static final AttributeKey<String> CAUSE = AttributeKey.stringKey("ktm.rollback_cause");
    private static final AttributeKey<Boolean> ONE_PHASE = AttributeKey.booleanKey("ktm.one_phase");
    private static final AttributeKey<Boolean> READ_ONLY = AttributeKey.booleanKey("ktm.read_only");
    private static final AttributeKey<Boolean> DAMAGED = AttributeKey.booleanKey("ktm.damaged");
    private static final AttributeKey<String> PHASE = AttributeKey.stringKey("ktm.phase");
    private static final AttributeKey<String> RESOURCE_MANAGER = AttributeKey.stringKey("ktm.resource_manager");
    private static final AttributeKey<String> BRANCH = AttributeKey.stringKey("ktm.branch");
    private static final AttributeKey<String> OPERATION = AttributeKey.stringKey("ktm.operation");
    private static final AttributeKey<String> ANSWER = AttributeKey.stringKey("ktm.answer");
    private static final AttributeKey<String> CODE = AttributeKey.stringKey("ktm.code");

    private final Tracer tracer;
    private final KtmTransaction transaction;
    private final Span span;
    /** With the span of the transaction in it. */
    private final Context whole;

    private final boolean current;
    /** Where the span of the transaction is current. */
    private final Map<Thread, Scope> associations = new ConcurrentHashMap<>();

    private final Map<TransactionPhase, Span> phases = new ConcurrentHashMap<>();
    /** With the span of the phase in it; that of the transaction while there is none. */
    private volatile Context below;
    /** Of the phase in which others do their work on the client's thread. */
    private @Nullable Scope beforeCommit;

    TracedTransaction(Tracer tracer, KtmTransaction transaction, Span span, Context whole, boolean current) {
        this.tracer = tracer;
        this.transaction = transaction;
        this.span = span;
        this.whole = whole;
        this.below = whole;
        this.current = current;
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // Closed when the transaction leaves the thread.
    public void associated() {
        if (current) {
            associations.put(Thread.currentThread(), whole.makeCurrent());
        }
    }

    @Override
    public void dissociated() {
        var scope = associations.remove(Thread.currentThread());
        if (scope != null) {
            scope.close();
        }
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // Closed when the phase ends, which is on the same thread.
    public void phaseBegan(TransactionPhase phase) {
        var began = tracer.spanBuilder("transaction " + name(phase))
                .setParent(whole)
                .setAttribute(UNIT_OF_WORK, transaction.unitOfWork().toString())
                .setAttribute(PHASE, name(phase))
                .startSpan();
        phases.put(phase, began);
        var context = whole.with(began);
        if (phase == TransactionPhase.BEFORE_COMMIT) {
            beforeCommit = context.makeCurrent();
        } else {
            below = context;
        }
    }

    @Override
    public void phaseEnded(TransactionPhase phase, long nanos) {
        if (phase == TransactionPhase.BEFORE_COMMIT) {
            var scope = beforeCommit;
            beforeCommit = null;
            if (scope != null) {
                scope.close();
            }
        } else {
            below = whole;
        }
        var ended = phases.remove(phase);
        if (ended != null) {
            ended.end();
        }
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // Closed when the call returns.
    public BranchObservation called(BranchCall call) {
        var parent = below;
        var begun = tracer.spanBuilder(name(call.operation()) + " " + call.resourceManager())
                .setParent(parent)
                .setSpanKind(SpanKind.CLIENT)
                .setAttribute(UNIT_OF_WORK, transaction.unitOfWork().toString())
                .setAttribute(RESOURCE_MANAGER, call.resourceManager())
                .setAttribute(OPERATION, name(call.operation()))
                .startSpan();
        call.branch().map(BranchId::toString).ifPresent(branch -> begun.setAttribute(BRANCH, branch));
        return new TracedCall(begun, parent.with(begun).makeCurrent());
    }

    private static final class TracedCall implements BranchObservation {
        private final Span span;
        private final Scope scope;

        TracedCall(Span span, Scope scope) {
            this.span = span;
            this.scope = scope;
        }

        @Override
        public void answered(BranchAnswer answer) {
            span.setAttribute(ANSWER, name(answer.kind()));
            if (!answer.code().isEmpty()) {
                span.setAttribute(CODE, answer.code());
            }
            switch (answer.kind()) {
                case DONE, READ_ONLY, PENDING -> {}
                case REFUSED, FAILED, HEURISTIC, GIVEN_UP -> {
                    span.setStatus(StatusCode.ERROR, answer.code());
                    answer.failure().ifPresent(span::recordException);
                }
            }
            span.end();
        }

        @Override
        public void returned() {
            scope.close();
        }
    }

    @Override
    public void ended(TransactionEnd end) {
        transaction.id().map(TransactionId::toString).ifPresent(id -> span.setAttribute(TRANSACTION, id));
        span.setAttribute(OUTCOME, name(end.outcome()));
        span.setAttribute(ONE_PHASE, end.onePhase());
        span.setAttribute(READ_ONLY, end.readOnly());
        span.setAttribute(DAMAGED, end.damaged());
        end.cause().ifPresent(cause -> span.setAttribute(CAUSE, name(cause)));
        if (isFailure(end)) {
            span.setStatus(
                    StatusCode.ERROR,
                    end.cause().map(Enum::name).orElse(end.outcome().name()));
        }
        span.end();
    }

    /** Whether its client did not get what he asked for. */
    private static boolean isFailure(TransactionEnd end) {
        boolean wasMeant = end.outcome() == Outcome.COMMITTED
                || end.cause().filter(RollbackCause.CLIENT::equals).isPresent();
        return end.damaged() || !wasMeant;
    }
}
