package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** Logs changed at random open with what was written to them or are refused; see {@link Fuzz}. */
@Isolated("listens to what the log says to its logger")
@Tag("slow")
@Timeout(300)
class FuzzTest {

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
    @Tag("slow")
    void aChangedLogOpensWithWhatWasWrittenOrIsRefused() throws LogException {
        var fuzz = new Fuzz();

        for (long seed = 0; seed < 20_000; seed++) {
            run(fuzz, seed, false);
        }

        assertThat(fuzz.opened()).isGreaterThan(1000);
        assertThat(fuzz.refused()).isGreaterThan(1000);
    }

    @Test
    void aForgedLogDoesNoHarm() throws LogException {
        var fuzz = new Fuzz();

        for (long seed = 0; seed < 4_000; seed++) {
            run(fuzz, seed, true);
        }

        assertThat(fuzz.opened()).isGreaterThan(100);
        assertThat(fuzz.refused()).isGreaterThan(100);
    }

    /** One input; whatever goes wrong, the seed is told. */
    static void run(Fuzz fuzz, long seed, boolean forged) {
        try {
            if (forged) {
                fuzz.runForged(seed);
            } else {
                fuzz.run(seed);
            }
        } catch (LogException | RuntimeException | Error e) {
            throw new AssertionError("seed " + seed + (forged ? ", forged" : ""), e);
        }
    }
}
