package dev.ktm.log;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** {@link FuzzTest}, for as long as it takes; {@code -Dktm.fuzz.seed} and {@code -Dktm.fuzz.inputs} say what. */
@Tag("campaign")
@Isolated("listens to what the log says to its logger")
class FuzzCampaignTest {

    private static final long FIRST = Long.getLong("ktm.fuzz.seed", 1_000_000);
    private static final long INPUTS = Long.getLong("ktm.fuzz.inputs", 1_000_000);

    private final LoggedWarnings warnings = new LoggedWarnings();

    @BeforeEach
    void start() {
        warnings.start();
    }

    @AfterEach
    void stop() {
        warnings.stop();
    }

    @Test
    void aChangedLogOpensWithWhatWasWrittenOrIsRefused() throws LogException {
        run(INPUTS, false);
    }

    @Test
    void aForgedLogDoesNoHarm() throws LogException {
        run(INPUTS / 10, true);
    }

    private void run(long inputs, boolean forged) throws LogException {
        var fuzz = new Fuzz();
        long start = System.nanoTime();
        for (long seed = FIRST; seed < FIRST + inputs; seed++) {
            FuzzTest.run(fuzz, seed, forged);
            if (seed % 1000 == 0) {
                warnings.clear();
            }
        }
        System.getLogger("ktm.campaign")
                .log(
                        System.Logger.Level.INFO,
                        inputs + (forged ? " forged" : " changed") + " inputs from seed " + FIRST + " on: "
                                + fuzz.opened() + " opened, " + fuzz.refused() + " refused, "
                                + (System.nanoTime() - start) / 1_000_000_000 + " s");
    }
}
