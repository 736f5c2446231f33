package dev.ktm.log.testing;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Which operations of a {@link SimulatedDevice} fail, and how. Immutable; counting starts when it is given to the
 * device, with the first operation as number 1.
 */
public final class FaultPlan {

    private static final String IO_ERROR = "EIO";
    private static final String DISK_FULL = "No space left on device";
    private static final Set<OperationKind> ALL_KINDS = EnumSet.allOf(OperationKind.class);
    private static final FaultPlan NONE = new FaultPlan(List.of(), Long.MAX_VALUE, 0, 0);

    /** How an operation fails; of a write these sectors are on the disk then. */
    record Fault(String message, IntPredicate sectorsWritten) {
        static Fault ioError() {
            return new Fault(IO_ERROR, sector -> false);
        }

        static Fault diskFull() {
            return new Fault(DISK_FULL, sector -> false);
        }

        boolean isDiskFull() {
            return message.equals(DISK_FULL);
        }
    }

    /** The operations from number {@code first} to {@code last} among those of these kinds fail. */
    record Rule(Set<OperationKind> kinds, long first, long last, Fault fault, String text) {}

    private final List<Rule> rules;
    private final long capacityBytes;
    private final long seed;
    private final int oneIn;

    private FaultPlan(List<Rule> rules, long capacityBytes, long seed, int oneIn) {
        this.rules = List.copyOf(rules);
        this.capacityBytes = capacityBytes;
        this.seed = seed;
        this.oneIn = oneIn;
    }

    /** Nothing fails. */
    public static FaultPlan none() {
        return NONE;
    }

    /** One in so many operations fails, at places chosen by the seed; a failing write is torn at random. */
    public static FaultPlan random(long seed, int oneIn) {
        if (oneIn < 1) {
            throw new IllegalArgumentException("expected a positive rate, found one in " + oneIn);
        }
        return new FaultPlan(List.of(), Long.MAX_VALUE, seed, oneIn);
    }

    /** Also, the nth operation of this kind fails with an I/O error, that one only. */
    public FaultPlan fail(OperationKind kind, long nth) {
        return and(new Rule(Set.of(kind), nth, nth, Fault.ioError(), kind + " " + nth + " fails"));
    }

    /** Also, the nth operation of this kind and all later ones fail with an I/O error. */
    public FaultPlan failFrom(OperationKind kind, long nth) {
        return and(new Rule(Set.of(kind), nth, Long.MAX_VALUE, Fault.ioError(), kind + " fails from " + nth + " on"));
    }

    /** Also, the nth operation of all fails with an I/O error, that one only. */
    public FaultPlan failAny(long nth) {
        return and(new Rule(ALL_KINDS, nth, nth, Fault.ioError(), "operation " + nth + " fails"));
    }

    /** Also, the nth operation of all and every later one fail with an I/O error. */
    public FaultPlan failAnyFrom(long nth) {
        return and(new Rule(ALL_KINDS, nth, Long.MAX_VALUE, Fault.ioError(), "all fail from " + nth + " on"));
    }

    /** Also, the nth write reaches the disk in these sectors only and fails with an I/O error. */
    public FaultPlan tearWrite(long nth, IntPredicate sectorsWritten) {
        var fault = new Fault(IO_ERROR, sectorsWritten);
        return and(new Rule(Set.of(OperationKind.WRITE), nth, nth, fault, "write " + nth + " is torn"));
    }

    /** Also, the nth write ends after so many sectors and fails with an I/O error. */
    public FaultPlan shortWrite(long nth, int sectors) {
        return tearWrite(nth, sector -> sector < sectors);
    }

    /** Also, the nth creation finds the disk full; a file of size 0 stays behind. */
    public FaultPlan diskFullAtCreate(long nth) {
        var kinds = Set.of(OperationKind.CREATE);
        return and(new Rule(kinds, nth, nth, Fault.diskFull(), "disk full at creation " + nth));
    }

    /**
     * Also, the disk is full after so many bytes in blocks that were never written before. Writing over what was
     * written goes on working; a write that does not fit is short. Creating needs one block of room.
     */
    public FaultPlan diskFullAfter(long bytes) {
        return new FaultPlan(rules, bytes, seed, oneIn);
    }

    List<Rule> rules() {
        return rules;
    }

    long capacityBytes() {
        return capacityBytes;
    }

    long seed() {
        return seed;
    }

    /** How rare random faults are, or zero for none at all. */
    int oneIn() {
        return oneIn;
    }

    private FaultPlan and(Rule rule) {
        var all = new ArrayList<>(rules);
        all.add(rule);
        return new FaultPlan(all, capacityBytes, seed, oneIn);
    }

    @Override
    public String toString() {
        var parts = new ArrayList<String>();
        rules.forEach(rule -> parts.add(rule.text()));
        if (capacityBytes != Long.MAX_VALUE) {
            parts.add("disk full after " + capacityBytes + " bytes");
        }
        if (oneIn > 0) {
            parts.add("one in " + oneIn + " fails, seed " + seed);
        }
        return "FaultPlan" + parts;
    }
}
