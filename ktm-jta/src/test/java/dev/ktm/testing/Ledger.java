package dev.ktm.testing;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** The disk of a durable resource manager of its own: how far each of its enlistments has come. Safe for many threads. */
public final class Ledger {

    /** How far an enlistment has come. */
    public enum Stage {
        /** It can commit and roll back. */
        PREPARED,
        /** It has committed. */
        COMMITTED,
        /** It has rolled back. */
        ROLLED_BACK
    }

    private final Map<UUID, Stage> stages;

    /** An empty one. */
    public Ledger() {
        this(Map.of());
    }

    private Ledger(Map<UUID, Stage> stages) {
        this.stages = new ConcurrentHashMap<>(stages);
    }

    /** What a crash now would leave. */
    public Ledger copy() {
        return new Ledger(stages);
    }

    /** All that it holds. */
    public Map<UUID, Stage> stages() {
        return Map.copyOf(stages);
    }

    /** Whether something is committed. */
    public boolean hasCommitted() {
        return stages.containsValue(Stage.COMMITTED);
    }

    /** Whether something waits for its outcome. */
    public boolean isPrepared() {
        return stages.containsValue(Stage.PREPARED);
    }

    void write(UUID enlistment, Stage stage) {
        var before = stages.put(enlistment, stage);
        if (before != null && before != Stage.PREPARED && before != stage) {
            throw new IllegalStateException(
                    "expected " + enlistment + " to stay " + before + ", found that it becomes " + stage);
        }
    }
}
