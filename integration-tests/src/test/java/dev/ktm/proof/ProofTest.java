package dev.ktm.proof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.servers.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The campaign, and a few lives of it. */
class ProofTest {

    private static final long SEED = 20_261_126;

    /** Kept if something was wrong: ledgers, what the workers have said, and everybody's data. */
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory;

    private Chronicle run(List<Kind> kinds, int kills, int serverKills, int checkEvery, long seed) throws Exception {
        for (var kind : kinds) {
            var missing = kind.missing();
            Assumptions.assumeTrue(missing.isEmpty(), () -> kind + " is not tested: " + missing.orElseThrow());
        }
        return Proof.run(new Proof.Settings(directory, seed, kinds, kills, serverKills, checkEvery, PlantedBug.NONE));
    }

    @Test
    @Tag("slow")
    void aFewLivesLeaveNothingBehind() throws Exception {
        var chronicle = run(List.of(Kind.H2, Kind.DERBY, Kind.ARTEMIS), 5, 1, 5, SEED);

        assertThat(chronicle.violations()).isEmpty();
        assertThat(chronicle.lives()).hasSizeGreaterThanOrEqualTo(5);
        assertThat(chronicle.attempts()).isNotEmpty();
    }

    /**
     * {@code -Dktm.proof.kills=2000 -Dktm.proof.serverKills=500 -Dktm.proof.seed=1 -Dktm.proof.checkEvery=50}; these are what is taken
     * if they are not said, but for the seed. The report is {@code target/proof.md}, or where {@code -Dktm.proof.report} says.
     */
    @Test
    @Tag("campaign")
    void thousandsOfLivesLeaveNothingBehind() throws Exception {
        var chronicle = run(
                Arrays.asList(Kind.values()),
                Integer.getInteger("ktm.proof.kills", 2_000),
                Integer.getInteger("ktm.proof.serverKills", 500),
                Integer.getInteger("ktm.proof.checkEvery", 50),
                Long.getLong("ktm.proof.seed", System.nanoTime()));

        var report = Path.of(System.getProperty("ktm.proof.report", "target/proof.md"));
        Files.createDirectories(report.toAbsolutePath().getParent());
        Files.writeString(report, Report.of(chronicle));
        assertThat(chronicle.violations()).isEmpty();
    }
}
