package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** The nth system call of a process on the files of its log kills it, fails or is short: nothing acknowledged is lost. */
@Tag("slow")
class SyscallFaultTest {

    private static final int THREADS = 2;
    private static final int RECORDS = 12;
    private static final List<String> FAULTS = List.of(
            "pwrite64:signal=KILL:when=%d",
            "fsync:signal=KILL:when=%d",
            "rename:signal=KILL:when=%d",
            "pwrite64:error=EIO:when=%d",
            "pwrite64:error=EIO:when=%d+",
            "pwrite64:error=ENOSPC:when=%d+",
            "pwrite64:retval=100:when=%d",
            "fsync:error=EIO:when=%d",
            "pread64:error=EIO:when=%d");

    @TempDir
    Path directory;

    @BeforeEach
    void needsStrace() {
        assumeTrue(Strace.works(), "strace is missing or may not trace");
    }

    @Test
    void losesNothingAcknowledgedWhateverSystemCallsDo(TestReporter reporter) throws Exception {
        run(List.of(5, 11, 17), reporter);
    }

    @Test
    @Tag("campaign")
    void losesNothingAcknowledgedWhateverSystemCallsDoAnywhere(TestReporter reporter) throws Exception {
        var places = new ArrayList<Integer>();
        for (int nth = 1; nth <= 40; nth++) {
            places.add(nth);
        }

        run(places, reporter);
    }

    @Test
    void writesOnceForEachForcedRecordOfALonelyThread() throws Exception {
        long few = containerWrites("few", 20);
        long many = containerWrites("many", 50);

        assertThat(many - few).isEqualTo(30);
    }

    private long containerWrites(String name, int records) throws IOException, InterruptedException {
        var calls = directory.resolve(name + ".calls");
        var home = directory.resolve(name);
        var program = KilledProgram.command(Strace.record(home, "pwrite64", calls), home, 1, records)
                .start();
        assertThat(new KilledProgramLog(home).listenToTheEnd(program)).isZero();
        return Strace.containerCalls(calls);
    }

    /** Each fault at each place: in a new log, then in the same log once more. */
    private void run(List<Integer> places, TestReporter reporter) throws IOException, InterruptedException {
        int runs = 0;
        int failed = 0;
        for (var fault : FAULTS) {
            var home = Files.createDirectory(directory.resolve("log " + runs));
            var log = new KilledProgramLog(home);
            for (int nth : places) {
                var words = Strace.inject(home, fault.replace("%d", String.valueOf(nth)));
                int code = log.listenToTheEnd(
                        KilledProgram.command(words, home, THREADS, RECORDS).start());
                failed += code == 0 ? 0 : 1;
                runs++;
            }
        }

        reporter.publishEntry("runs", Integer.toString(runs));
        reporter.publishEntry("runs that failed or were killed", Integer.toString(failed));
        assertThat(failed).isGreaterThan(runs / 3);
    }
}
