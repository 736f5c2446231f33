package dev.ktm.jfr;

import dev.ktm.rm.BranchId;
import dev.ktm.rm.TransactionId;
import dev.ktm.tm.BranchAnswer;
import dev.ktm.tm.BranchCall;
import dev.ktm.tm.BranchObservation;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.TransactionEnd;
import dev.ktm.tm.TransactionObservation;
import dev.ktm.tm.TransactionPhase;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Makes events of what happens to one transaction, those of kinds that are recorded. */
final class RecordedTransaction implements TransactionObservation {

    private final KtmTransaction transaction;
    private final TransactionEvent whole = new TransactionEvent();
    private final Map<TransactionPhase, PhaseEvent> phases = new ConcurrentHashMap<>();

    RecordedTransaction(KtmTransaction transaction) {
        this.transaction = transaction;
        whole.begin();
    }

    @Override
    public void phaseBegan(TransactionPhase phase) {
        var event = new PhaseEvent();
        if (event.isEnabled()) {
            event.begin();
            phases.put(phase, event);
        }
    }

    @Override
    public void phaseEnded(TransactionPhase phase, long nanos) {
        var event = phases.remove(phase);
        if (event != null) {
            event.end();
            if (event.shouldCommit()) {
                event.unitOfWork = transaction.unitOfWork().toString();
                event.phase = phase.name();
                event.commit();
            }
        }
    }

    @Override
    public @Nullable BranchObservation called(BranchCall call) {
        var event = new BranchCallEvent();
        if (!event.isEnabled()) {
            return null;
        }
        event.begin();
        return new BranchObservation() {
            @Override
            public void answered(BranchAnswer answer) {
                event.end();
                if (event.shouldCommit()) {
                    event.unitOfWork = transaction.unitOfWork().toString();
                    event.resourceManager = call.resourceManager();
                    event.branch = call.branch().map(BranchId::toString).orElse(null);
                    event.operation = call.operation().name();
                    event.answer = answer.kind().name();
                    event.code = answer.code();
                    event.commit();
                }
            }
        };
    }

    @Override
    public void ended(TransactionEnd end) {
        whole.end();
        if (whole.shouldCommit()) {
            whole.unitOfWork = transaction.unitOfWork().toString();
            whole.transaction = transaction.id().map(TransactionId::toString).orElse(null);
            whole.outcome = end.outcome().name();
            whole.cause = end.cause().map(Enum::name).orElse(null);
            whole.onePhase = end.onePhase();
            whole.readOnly = end.readOnly();
            whole.damaged = end.damaged();
            whole.commit();
        }
    }
}
