package dev.ktm.tm;

import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts the transactions of a coordinator, always: threads that count do not meet. */
final class Counters {

    private final LongAdder begun = new LongAdder();
    private final LongAdder committed = new LongAdder();
    private final LongAdder onePhase = new LongAdder();
    private final LongAdder readOnly = new LongAdder();
    private final LongAdder unknown = new LongAdder();
    private final LongAdder heuristic = new LongAdder();
    /** Never changed once it is made. */
    private final Map<RollbackCause, LongAdder> rolledBack = new EnumMap<>(RollbackCause.class);

    Counters() {
        for (var cause : RollbackCause.values()) {
            rolledBack.put(cause, new LongAdder());
        }
    }

    void begun() {
        begun.increment();
    }

    void heuristic() {
        heuristic.increment();
    }

    void ended(Outcome outcome, @Nullable RollbackCause cause, boolean inOnePhase, boolean nothingToCommit) {
        switch (outcome) {
            case COMMITTED -> {
                committed.increment();
                if (inOnePhase) {
                    onePhase.increment();
                } else if (nothingToCommit) {
                    readOnly.increment();
                }
            }
            case ABORTED ->
                Objects.requireNonNull(rolledBack.get(cause == null ? RollbackCause.CLIENT : cause))
                        .increment();
            case UNDETERMINED, UNAVAILABLE -> unknown.increment();
        }
    }

    TransactionCounts read() {
        var causes = new EnumMap<RollbackCause, Long>(RollbackCause.class);
        rolledBack.forEach((cause, count) -> causes.put(cause, count.sum()));
        return new TransactionCounts(
                begun.sum(), committed.sum(), causes, onePhase.sum(), readOnly.sum(), unknown.sum(), heuristic.sum());
    }
}
