package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.CrashStates;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * Pulls the plug at every operation of the disk, in every way: whatever was promised must still be there (I-4). Fifty
 * thousand disks, all different, add up here.
 */
@Tag("slow")
class CrashStatesTest {

    private static final int NO_STEPS = 0;

    @Test
    void keepsWhatItPromisedAfterACrashAtAnyPointOfALife(TestReporter reporter) throws Exception {
        long states = CrashScenarios.sum(1, 90, seed -> CrashScenarios.sample(seed, 40, 200, 4));

        reporter.publishEntry("crash states of random lives", Long.toString(states));
        assertThat(states).isGreaterThan(7_500);
    }

    @Test
    void keepsWhatItPromisedAfterEveryCrashOfAShortLife(TestReporter reporter) throws Exception {
        long states = CrashScenarios.sum(5_001, 22, seed -> CrashScenarios.every(seed, 8, 10_000));

        reporter.publishEntry("crash states of short lives", Long.toString(states));
        assertThat(states).isGreaterThan(16_000);
    }

    @Test
    void isCreatedOrCreatedAnewAfterEveryCrashOfItsCreation(TestReporter reporter) throws Exception {
        long states = CrashScenarios.sum(6_001, 8, seed -> CrashScenarios.every(seed, NO_STEPS, 10_000));

        reporter.publishEntry("crash states of creations", Long.toString(states));
        assertThat(states).isGreaterThan(2_000);
    }

    @Test
    void survivesCrashesOfItsRecoveryAndOfTheRecoveryOfThat(TestReporter reporter) throws Exception {
        long states = CrashScenarios.sum(7_001, 39, seed -> CrashScenarios.duringRecovery(seed, 30, 14, 20, 2));

        reporter.publishEntry("crash states of recoveries", Long.toString(states));
        assertThat(states).isGreaterThan(12_500);
    }

    @Test
    void growsAndShrinksAndClosesWholeOrNotAtAll(TestReporter reporter) throws Exception {
        long states = CrashScenarios.sum(8_001, 8, CrashStatesTest::growAndShrinkAndCrash);

        reporter.publishEntry("crash states of growing and closing", Long.toString(states));
        assertThat(states).isGreaterThan(1_400);
    }

    @Test
    void survivesEveryCrashOfARecoveryAfterEveryCrashOfGrowing(TestReporter reporter) throws Exception {
        long states = CrashScenarios.sum(9_001, 1, CrashStatesTest::growAndShrinkAndCrashTwice);

        reporter.publishEntry("crash states of recoveries after growing", Long.toString(states));
        assertThat(states).isGreaterThan(10_600);
    }

    /** A copy of the base log file that a crash left behind must not win after the next crash. */
    private static long growAndShrinkAndCrashTwice(long seed) throws LogException {
        var count = new AtomicLong();
        var workload = growAndShrink(seed);
        var oracle = new Oracle(workload.options(), CrashScenarios.SECOND_RECOVERY_ONE_IN);
        CrashStates.of(workload.history())
                .from(workload.start())
                .atMostPerPoint(2)
                .forEach(state -> {
                    var outcome = oracle.checkCrash(workload.model(), state);
                    count.addAndGet(CrashStates.of(state.device().history())
                            .atMostPerPoint(2)
                            .forEach(again -> oracle.checkCrash(outcome.continued(), again)));
                });
        return count.get();
    }

    private static long growAndShrinkAndCrash(long seed) throws LogException {
        var workload = growAndShrink(seed);
        var oracle = new Oracle(workload.options(), CrashScenarios.SECOND_RECOVERY_ONE_IN);
        return CrashStates.of(workload.history())
                .from(workload.start())
                .forEach(state -> oracle.checkCrash(workload.model(), state));
    }

    private static LogWorkload growAndShrink(long seed) throws LogException {
        var workload = new LogWorkload(seed, disk -> disk);
        workload.open();
        workload.growAndShrink();
        workload.close();
        workload.abandon();
        return workload;
    }
}
