package dev.ktm.log;

import dev.ktm.log.testing.CrashState;
import dev.ktm.log.testing.CrashStates;
import java.io.IOException;
import java.util.ArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Enumerates crashes of workloads and counts them, many workloads at a time. */
final class CrashScenarios {

    /** What the log says about each mended copy would fill gigabytes. */
    private static final Logger SILENCED = Logger.getLogger(Log.class.getPackageName());

    /** Whether a recovery leaves what the next one agrees with depends on what was found, and that repeats. */
    static final int SECOND_RECOVERY_ONE_IN = 4;

    private CrashScenarios() {}

    /** What is done with each seed; returns how many states were checked. */
    interface SeedCheck {
        long check(long seed) throws IOException;
    }

    /** Checks these seeds on all processors; returns the sum. What fails names the seed. */
    static long sum(long firstSeed, int seeds, SeedCheck check) throws InterruptedException {
        SILENCED.setLevel(Level.OFF);
        var next = new AtomicLong(firstSeed);
        int threads = Runtime.getRuntime().availableProcessors();
        var executor = Executors.newFixedThreadPool(threads);
        try {
            var shares = new ArrayList<java.util.concurrent.Future<Long>>();
            for (int i = 0; i < threads; i++) {
                shares.add(executor.submit(() -> {
                    long share = 0;
                    for (long seed = next.getAndIncrement(); seed < firstSeed + seeds; seed = next.getAndIncrement()) {
                        share += checkOne(seed, check);
                    }
                    return share;
                }));
            }
            long sum = 0;
            for (var share : shares) {
                sum += share.get();
            }
            return sum;
        } catch (ExecutionException e) {
            var cause = e.getCause();
            throw new AssertionError(cause == null ? e.getMessage() : cause.getMessage(), cause);
        } finally {
            executor.shutdownNow();
            SILENCED.setLevel(null);
        }
    }

    private static long checkOne(long seed, SeedCheck check) {
        try {
            return check.check(seed);
        } catch (IOException | RuntimeException | Error e) {
            throw new AssertionError("workload seed " + seed + ": " + e, e);
        }
    }

    /** Crashes of a random workload at random points, with random outcomes. */
    static long sample(long seed, int steps, int tries, int secondOneIn) throws IOException {
        var workload = LogWorkload.run(seed, steps);
        var oracle = new Oracle(workload.options(), secondOneIn);
        return CrashStates.of(workload.history())
                .sample(seed, tries, state -> oracle.checkCrash(workload.model(), state));
    }

    /** Crashes of a random workload at every point, with every outcome as far as the limit allows. */
    static long every(long seed, int steps, int mostPerPoint) throws IOException {
        var workload = LogWorkload.run(seed, steps);
        var oracle = new Oracle(workload.options(), SECOND_RECOVERY_ONE_IN);
        return CrashStates.of(workload.history())
                .atMostPerPoint(mostPerPoint)
                .seed(seed)
                .forEach(state -> oracle.checkCrash(workload.model(), state));
    }

    /** Crashes of a random workload, then crashes of each recovery, to this depth. Counts the latter only. */
    static long duringRecovery(long seed, int steps, int tries, int triesInRecovery, int depth) throws IOException {
        var workload = LogWorkload.run(seed, steps);
        var oracle = new Oracle(workload.options(), SECOND_RECOVERY_ONE_IN);
        var count = new AtomicLong();
        CrashStates.of(workload.history()).sample(seed, tries, state -> {
            var outcome = oracle.checkCrash(workload.model(), state);
            count.addAndGet(inRecovery(seed, outcome.continued(), oracle, state, triesInRecovery, depth));
        });
        return count.get();
    }

    private static long inRecovery(
            long seed, LogModel model, Oracle oracle, CrashState recovered, int tries, int depth) {
        var count = new AtomicLong();
        count.addAndGet(CrashStates.of(recovered.device().history()).sample(seed, tries, state -> {
            var outcome = oracle.checkCrash(model, state);
            if (depth > 1) {
                count.addAndGet(inRecovery(seed, outcome.continued(), oracle, state, 2, depth - 1));
            }
        }));
        return count.get();
    }
}
