package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** Kills a process that writes to a log on a real disk, again and again: nothing acknowledged may be lost. */
@Tag("slow")
class KillTest {

    private static final int THREADS = 4;
    private static final int MOST_RECORDS = 600;

    @TempDir
    Path directory;

    @Test
    void losesNothingAcknowledgedWhenTheProcessIsKilled(TestReporter reporter) throws Exception {
        killAndCheck(15, reporter);
    }

    @Test
    @Tag("campaign")
    void losesNothingAcknowledgedInManyLives(TestReporter reporter) throws Exception {
        killAndCheck(200, reporter);
    }

    private void killAndCheck(int lives, TestReporter reporter) throws IOException, InterruptedException {
        long seed = System.nanoTime();
        var random = new SplittableRandom(seed);
        var log = new KilledProgramLog(directory.resolve("log"));
        for (int life = 0; life < lives; life++) {
            var program = KilledProgram.command(List.of(), directory.resolve("log"), THREADS, 0)
                    .start();
            log.killAfter(program, random.nextInt(MOST_RECORDS));
        }

        reporter.publishEntry("seed", Long.toString(seed));
        reporter.publishEntry("kills", Integer.toString(lives));
        reporter.publishEntry("acknowledged records", Long.toString(log.acknowledged()));
        assertThat(log.acknowledged()).isGreaterThan(10L * lives);
    }
}
