package dev.ktm.log.testing;

import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The disks that a power loss at any point of a {@link History} may leave.
 *
 * <pre>{@code
 * CrashStates.of(device.history()).forEach(state -> {
 *     var promised = state.lastMark(Acknowledged.class);
 *     // recover from state.device() and compare
 * });
 * }</pre>
 *
 * <p>Every point is tried, also the one between a write and its force. At each point every write at risk is lost,
 * whole or torn at sectors, every created size and every change of names kept or lost, independently of each other.
 * Where that is more than the limit, a choice is taken, see {@link #atMostPerPoint}. No two disks are the same, unless
 * there is a mark between the points at which they may arise: then more is expected of the later one.
 *
 * <p>Immutable; safe for many threads. Disks are told apart by a hash of 64 bits.
 */
public final class CrashStates {

    private static final int DEFAULT_LIMIT = 10_000;

    /** Checks one state. */
    @FunctionalInterface
    public interface Visitor {
        /** What this throws fails the enumeration with the description of the state. */
        void visit(CrashState state) throws IOException, InterruptedException;
    }

    private final History history;
    private final List<Object> marks;
    private final int first;
    private final int last;
    private final int limit;
    private final long seed;

    private CrashStates(History history, int first, int last, int limit, long seed) {
        this.history = history;
        this.marks = history.operations().stream()
                .filter(Operation.Mark.class::isInstance)
                .map(operation -> ((Operation.Mark) operation).value())
                .toList();
        this.first = first;
        this.last = last;
        this.limit = limit;
        this.seed = seed;
    }

    /** The crash states of all points of a history. */
    public static CrashStates of(History history) {
        return new CrashStates(history, 0, history.size(), DEFAULT_LIMIT, 1);
    }

    /** Those of this point and later ones; point 0 is before the first operation. */
    public CrashStates from(int point) {
        return new CrashStates(history, point, last, limit, seed);
    }

    /** Those up to this point. */
    public CrashStates upTo(int point) {
        return new CrashStates(history, first, Math.min(point, history.size()), limit, seed);
    }

    /**
     * Sets how many combinations are tried at one point before coarser tears are taken, and at last random ones. The
     * limit is not a strict one: each change by itself is tried in full detail in any case.
     */
    public CrashStates atMostPerPoint(int combinations) {
        return new CrashStates(history, first, last, combinations, seed);
    }

    /** Sets what the random choices come from. Failures print it. */
    public CrashStates seed(long newSeed) {
        return new CrashStates(history, first, last, limit, newSeed);
    }

    /**
     * Visits every state.
     *
     * @return how many there were
     * @throws AssertionError at the first state whose visitor throws, with its description and what was thrown
     */
    public long forEach(Visitor visitor) {
        var run = new Run(visitor);
        var tears = new Tears(seed);
        var disk = new DiskAtRisk(history.base());
        for (var point = 0; point <= last; point++) {
            if (point > 0) {
                disk.carryOut(history.operations().get(point - 1));
            }
            if (point >= first) {
                run.at(disk, seed);
                new PowerLoss(disk, tears, random(point), run).visitAll(limit);
            }
        }
        return run.count;
    }

    /**
     * Visits states at random points with random outcomes, for histories that are too long for all.
     *
     * @param sampleSeed what the choice comes from; failures print it
     * @param tries how many are chosen; those that turn out to be the same are visited once
     * @return how many were visited
     * @throws AssertionError as {@link #forEach}
     */
    public long sample(long sampleSeed, int tries, Visitor visitor) {
        var run = new Run(visitor);
        var tears = new Tears(seed);
        var triesAt = new int[last + 1];
        var random = new SplittableRandom(sampleSeed);
        for (var i = 0; i < tries; i++) {
            triesAt[random.nextInt(first, last + 1)]++;
        }
        var disk = new DiskAtRisk(history.base());
        for (var point = 0; point <= last; point++) {
            if (point > 0) {
                disk.carryOut(history.operations().get(point - 1));
            }
            run.at(disk, sampleSeed);
            var powerLoss = new PowerLoss(disk, tears, random, run);
            for (var i = 0; i < triesAt[point]; i++) {
                powerLoss.visitOne();
            }
        }
        return run.count;
    }

    private SplittableRandom random(int point) {
        return new SplittableRandom(seed * 31 + point);
    }

    /** One enumeration: what was seen already, and where it is. */
    private final class Run implements SurvivingFiles.Visitor {

        private final Visitor visitor;
        private final LongSet seen = new LongSet();
        private long count;
        private int point;
        private int markCount;
        private long usedSeed;

        Run(Visitor visitor) {
            this.visitor = visitor;
        }

        void at(DiskAtRisk disk, long seedInUse) {
            point = disk.point();
            markCount = disk.marks();
            usedSeed = seedInUse;
        }

        @Override
        public void visit(SurvivingFiles files, long hash, SurvivingFiles.Outcome outcome) {
            if (!seen.add(hash + Block.mix(markCount))) {
                return;
            }
            count++;
            var here = point;
            var seedHere = usedSeed;
            var kept = outcome.copy();
            var state = new CrashState(
                    here,
                    marks.subList(0, markCount),
                    files.image(),
                    () -> "point " + here + " of " + history.size() + " (after " + operationBefore(here) + "): "
                            + files.describe(kept) + "; seed " + seedHere);
            check(state);
        }

        private void check(CrashState state) {
            try {
                visitor.visit(state);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw failure(state, e);
            } catch (IOException | RuntimeException | Error e) {
                throw failure(state, e);
            }
        }

        private AssertionError failure(CrashState state, Throwable cause) {
            return new AssertionError(cause + " after power loss at " + state.description(), cause);
        }

        private String operationBefore(int at) {
            return at == 0 ? "nothing" : history.operations().get(at - 1).toString();
        }
    }
}
