package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.ktm.log.testing.CrashState;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * Lets the nth operation of the disk fail, then another one, until a run sees no failure. Whoever is told anything is
 * told the truth, and what was acknowledged before is there afterwards, after a crash too.
 */
@Tag("slow")
class FaultSweepTest {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int SCENARIOS = 10;
    private static final int STEPS = 20;
    private static final int CRASHES = 2;
    private static final long BLOCK_BYTES = 4096;

    @Test
    void keepsWhatItAcknowledgedWhenAnyOperationFailsOnce(TestReporter reporter) {
        long injections = sweep(nth -> FaultPlan.none().failAny(nth), 4);

        reporter.publishEntry("single faults", Long.toString(injections));
        assertThat(injections).isGreaterThan(300);
    }

    @Test
    void keepsWhatItAcknowledgedWhenAnyOperationAndAllLaterOnesFail(TestReporter reporter) {
        long injections = sweep(nth -> FaultPlan.none().failAnyFrom(nth), 4);

        reporter.publishEntry("permanent faults", Long.toString(injections));
        assertThat(injections).isGreaterThan(300);
    }

    @Test
    void keepsWhatItAcknowledgedWhenAnyWriteFailsOrIsTornOrShort(TestReporter reporter) {
        long injections = sweep(nth -> FaultPlan.none().fail(OperationKind.WRITE, nth), 2)
                + sweep(nth -> FaultPlan.none().tearWrite(nth, sector -> sector % 2 == 1), 2)
                + sweep(nth -> FaultPlan.none().shortWrite(nth, 3), 2);

        reporter.publishEntry("failed, torn and short writes", Long.toString(injections));
        assertThat(injections).isGreaterThan(300);
    }

    @Test
    void keepsWhatItAcknowledgedWhenAnyForceFails(TestReporter reporter) {
        long injections = sweep(nth -> FaultPlan.none().fail(OperationKind.WRITE_FORCE, nth), 2)
                + sweep(nth -> FaultPlan.none().failFrom(OperationKind.WRITE_FORCE, nth), 3)
                + sweep(nth -> FaultPlan.none().fail(OperationKind.FORCE, nth), 1)
                + sweep(nth -> FaultPlan.none().fail(OperationKind.FORCE_DIRECTORY, nth), 1);

        reporter.publishEntry("failed forces", Long.toString(injections));
        assertThat(injections).isGreaterThan(300);
    }

    @Test
    void keepsWhatItAcknowledgedWhenNamesCannotBeChanged(TestReporter reporter) {
        long injections = sweep(nth -> FaultPlan.none().fail(OperationKind.CREATE, nth), 1)
                + sweep(nth -> FaultPlan.none().fail(OperationKind.RENAME, nth), 1)
                + sweep(nth -> FaultPlan.none().failFrom(OperationKind.DELETE, nth), 1)
                + sweep(nth -> FaultPlan.none().fail(OperationKind.OPEN, nth), 1);

        reporter.publishEntry("failed creations, renames, deletions and openings", Long.toString(injections));
        assertThat(injections).isGreaterThan(60);
    }

    @Test
    void keepsWhatItAcknowledgedWhenTheDiskIsFull(TestReporter reporter) {
        long injections = sweep(nth -> FaultPlan.none().diskFullAtCreate(nth), 1)
                + sweep(nth -> FaultPlan.none().diskFullAfter((nth - 1) * 7 * BLOCK_BYTES), 8);

        reporter.publishEntry("full disks", Long.toString(injections));
        assertThat(injections).isGreaterThan(50);
    }

    @Test
    void keepsWhatItAcknowledgedWhenReadingFails(TestReporter reporter) {
        long injections = sweep(nth -> FaultPlan.none().fail(OperationKind.READ, nth), 2)
                + sweep(nth -> FaultPlan.none().failFrom(OperationKind.READ, nth), 2);

        reporter.publishEntry("failed reads", Long.toString(injections));
        assertThat(injections).isGreaterThan(100);
    }

    @Test
    void keepsWhatItAcknowledgedWhenRecoveryAfterACrashFails(TestReporter reporter) {
        var injections = new AtomicLong();
        assertTimeoutPreemptively(
                PATIENCE,
                () -> CrashScenarios.sum(1, SCENARIOS, seed -> {
                    injections.addAndGet(failRecoveries(seed));
                    return 0;
                }));

        reporter.publishEntry("faults during recovery", injections.toString());
        assertThat(injections.get()).isGreaterThan(400);
    }

    /** Runs each scenario with every {@code stride}th plan until one has no effect; returns how many had one. */
    private static long sweep(LongFunction<FaultPlan> plans, int stride) {
        return assertTimeoutPreemptively(
                PATIENCE, () -> CrashScenarios.sum(1, SCENARIOS, seed -> sweep(seed, plans, stride)));
    }

    private static long sweep(long seed, LongFunction<FaultPlan> plans, int stride) throws IOException {
        long injections = 0;
        boolean reached = true;
        for (long nth = 1 + seed % stride; reached; nth += stride) {
            var plan = plans.apply(nth);
            try {
                reached = runWith(seed, plan);
            } catch (LogException | RuntimeException | Error e) {
                throw new AssertionError(plan + ": " + e, e);
            }
            injections += reached ? 1 : 0;
        }
        return injections;
    }

    private static boolean runWith(long seed, FaultPlan plan) throws LogException {
        var disk = new SimulatedDevice();
        disk.injectFaults(plan);
        var workload = new LogWorkload(seed, disk, same -> same);

        var failure = workload.runUntilFailure(STEPS);

        boolean reached = disk.faultsInjected() > 0;
        assertThat(failure.isPresent() && !reached)
                .as("failed without a fault: %s", failure)
                .isFalse();
        if (failure.isPresent()) {
            assertThat(failure.get()).isInstanceOfAny(LogFailedException.class, LogDeviceException.class);
            if (failure.get() instanceof LogFailedException) {
                checkPoisoned(workload);
            }
        }
        workload.abandon();
        checkWhatIsLeft(seed, workload);
        return reached;
    }

    /** Nothing but closing is possible any more, and nothing gets to the disk. */
    private static void checkPoisoned(LogWorkload workload) {
        var disk = workload.disk();
        long before = changes(disk);
        var payload = ByteBuffer.allocate(10);
        for (var stream : workload.handles()) {
            refuses(() -> stream.append(payload));
            refuses(() -> stream.appendForced(payload));
            refuses(() -> stream.appendQueued(payload, Lsn.INVALID, Lsn.INVALID));
            refuses(() -> stream.reserve(1));
            refuses(() -> stream.writeRestart(payload));
        }
        if (!workload.handles().isEmpty()) {
            refuses(() -> workload.log().addContainers(1));
        }
        assertThat(changes(disk)).as("writes after a failed one").isEqualTo(before);
    }

    private static void refuses(ThrowingCallable call) {
        assertThat(catchThrowable(call)).isInstanceOfAny(LogFailedException.class, LogClosedException.class);
    }

    private static long changes(SimulatedDevice disk) {
        return disk.attempts(OperationKind.WRITE)
                + disk.attempts(OperationKind.WRITE_FORCE)
                + disk.attempts(OperationKind.CREATE)
                + disk.attempts(OperationKind.RENAME);
    }

    private static void checkWhatIsLeft(long seed, LogWorkload workload) throws LogException {
        var oracle = new Oracle(workload.options(), 2);
        var model = workload.model();
        CrashStates.of(workload.history()).sample(seed, CRASHES, state -> oracle.checkCrash(model, state));
        workload.disk().injectFaults(FaultPlan.none());
        oracle.checkDevice(model, model.now(), workload.disk());
    }

    private static long failRecoveries(long seed) throws IOException {
        var workload = LogWorkload.run(seed, STEPS);
        var oracle = new Oracle(workload.options(), 2);
        var injections = new AtomicLong();
        CrashStates.of(workload.history()).sample(seed, 4, state -> {
            boolean reached = true;
            for (long nth = 1 + seed % 3; reached; nth += 3) {
                reached = failRecovery(workload, oracle, state, FaultPlan.none().failAny(nth));
                injections.addAndGet(reached ? 1 : 0);
            }
        });
        return injections.get();
    }

    private static boolean failRecovery(LogWorkload workload, Oracle oracle, CrashState state, FaultPlan plan)
            throws IOException {
        var disk = new SimulatedDevice(state.image());
        disk.injectFaults(plan);
        try (var log = Log.open(disk, workload.options())) {
            log.stats();
        } catch (LogDeviceException | LogFailedException e) {
            assertThat(disk.faultsInjected()).isPositive();
        }
        boolean reached = disk.faultsInjected() > 0;
        int moment = state.lastMark(Integer.class).orElse(0);
        CrashStates.of(disk.history())
                .sample(plan.hashCode(), 1, crash -> oracle.checkDevice(workload.model(), moment, crash.device()));
        disk.injectFaults(FaultPlan.none());
        oracle.checkDevice(workload.model(), moment, disk);
        return reached;
    }
}
