package dev.ktm.log.testing;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** A {@link FaultPlan} at work: counts what happens and says what fails. The device's lock guards it. */
final class Faults {

    private final FaultPlan plan;
    private final SplittableRandom random;
    private final Map<OperationKind, Long> counts = new EnumMap<>(OperationKind.class);
    private long total;
    private long injected;
    private long bytesLeft;

    Faults(FaultPlan plan) {
        this.plan = plan;
        this.random = new SplittableRandom(plan.seed());
        this.bytesLeft = plan.capacityBytes();
    }

    /** Counts an operation that is about to happen and says how it is to fail, if it is. */
    Optional<FaultPlan.Fault> next(OperationKind kind) {
        total++;
        var count = counts.merge(kind, 1L, Long::sum);
        for (var rule : plan.rules()) {
            var number = rule.kinds().size() == 1 ? count : total;
            if (rule.kinds().contains(kind) && rule.first() <= number && number <= rule.last()) {
                return inject(rule.fault());
            }
        }
        if (plan.oneIn() > 0 && random.nextInt(plan.oneIn()) == 0) {
            var sectors = random.split();
            return inject(new FaultPlan.Fault(FaultPlan.Fault.ioError().message(), sector -> sectors.nextBoolean()));
        }
        return Optional.empty();
    }

    /** Takes the room for a new block; counts as a fault if there is none. */
    boolean takeBlock() {
        if (isFull()) {
            return false;
        }
        bytesLeft -= Block.BYTES;
        return true;
    }

    /** Whether there is no room for another block; counts as a fault then. */
    boolean isFull() {
        if (bytesLeft >= Block.BYTES) {
            return false;
        }
        injected++;
        return true;
    }

    long count(OperationKind kind) {
        return counts.getOrDefault(kind, 0L);
    }

    long total() {
        return total;
    }

    long injected() {
        return injected;
    }

    FaultPlan plan() {
        return plan;
    }

    private Optional<FaultPlan.Fault> inject(FaultPlan.Fault fault) {
        injected++;
        return Optional.of(fault);
    }
}
