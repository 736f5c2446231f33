package dev.ktm.tm;

import dev.ktm.rm.RollbackCause;
import java.util.Map;

/**
 * How many transactions of a coordinator have begun and ended since it was opened. Read one after the other, so that sums may be off
 * by what is under way. What was found in the log counts when it ends, though it has begun in an earlier life.
 *
 * @param begun those that have begun here
 * @param committed those that are committed
 * @param rolledBack those that are rolled back, by who or what had it done; every cause is there
 * @param onePhase those of {@code committed} whose only participant has decided
 * @param readOnly those of {@code committed} in which nobody had anything to commit
 * @param unknown those whose client was told that nobody here knows the outcome
 * @param heuristic reports of participants that did otherwise than was decided, or of which nobody knows what they did
 */
public record TransactionCounts(
        long begun,
        long committed,
        Map<RollbackCause, Long> rolledBack,
        long onePhase,
        long readOnly,
        long unknown,
        long heuristic) {

    /** Copies the map. */
    public TransactionCounts {
        rolledBack = Map.copyOf(rolledBack);
    }

    /** Those that are rolled back, whatever for. */
    public long rolledBackTotal() {
        return rolledBack.values().stream().mapToLong(Long::longValue).sum();
    }
}
