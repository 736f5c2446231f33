package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/** A million crashes. The first seed is the property {@code ktm.seed}; a failure prints the one that failed. */
@Tag("campaign")
class CrashCampaignTest {

    private static final long AIM = 1_000_000;
    private static final int BATCH = 100;
    private static final int STEPS = 60;
    private static final int TRIES = 800;
    private static final int SECOND_ONE_IN = 16;

    @Test
    void keepsWhatItPromisedAfterAMillionCrashes(TestReporter reporter) throws Exception {
        long firstSeed = Long.getLong("ktm.seed", 100_000);
        long start = System.nanoTime();
        long seed = firstSeed;
        long states = 0;
        while (states < AIM) {
            states += CrashScenarios.sum(
                    seed,
                    BATCH,
                    each -> CrashScenarios.sample(each, STEPS, TRIES, SECOND_ONE_IN)
                            + CrashScenarios.duringRecovery(each, STEPS, 4, 20, 2));
            seed += BATCH;
            reporter.publishEntry("crash states", Long.toString(states));
        }

        reporter.publishEntry("seeds", firstSeed + " to " + (seed - 1));
        reporter.publishEntry("seconds", Long.toString((System.nanoTime() - start) / 1_000_000_000));
        assertThat(states).isGreaterThanOrEqualTo(AIM);
    }
}
