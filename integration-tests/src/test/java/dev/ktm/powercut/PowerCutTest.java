package dev.ktm.powercut;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.JavaCommand;
import dev.ktm.powercut.WriteLog.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The power is cut below a process that commits transactions over files and registry: after the restart everything that was
 * acknowledged is there, and nothing is half there. Needs root, and tools that are named where they are missing.
 */
@Tag("campaign")
class PowerCutTest {

    private static final Logger REPORTS = Logger.getLogger("dev.ktm");
    private static final Path MEMORY = Path.of("/dev/shm");

    private static final int LANES = 3;
    private static final int TRANSACTIONS = Integer.getInteger("ktm.powercut.transactions", 60);
    private static final int STATES_EACH = Integer.getInteger("ktm.powercut.states", 150);
    private static final int SHUTDOWNS = Integer.getInteger("ktm.powercut.shutdowns", 40);

    private final long seed = Long.getLong("ktm.powercut.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private Path directory = MEMORY;
    private Path at = MEMORY;
    private boolean kept;

    @BeforeEach
    void makeDirectory() throws IOException {
        REPORTS.setLevel(Level.OFF);
        directory = Files.isWritable(MEMORY)
                ? Files.createTempDirectory(MEMORY, "ktm-power-cut")
                : Files.createTempDirectory("ktm-power-cut");
        at = Files.createDirectory(directory.resolve("mounted"));
    }

    @AfterEach
    void deleteDirectory() throws IOException {
        REPORTS.setLevel(null);
        if (kept) {
            return;
        }
        try (var all = Files.walk(directory)) {
            for (var path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private void keep(String what) {
        kept = true;
        System.out.println("Kept: " + what);
    }

    private static void require(FileSystemKind kind) throws IOException, InterruptedException {
        var missing = kind.missing();
        missing.ifPresent(reason -> System.out.println(kind + " is not tested: " + reason));
        Assumptions.assumeTrue(missing.isEmpty(), () -> kind + " is not tested: " + missing.orElseThrow());
    }

    @ParameterizedTest
    @EnumSource
    void whatIsAcknowledgedOutlivesTheShutdownOfTheFileSystem(FileSystemKind kind) throws Exception {
        require(kind);
        var image = directory.resolve("image");
        var marks = directory.resolve("marks");
        prepare(kind, image);
        Map<Integer, Integer> known = new TreeMap<>();
        var violations = new ArrayList<String>();
        int transactions = 0;
        for (int cut = 0; cut < SHUTDOWNS; cut++) {
            Files.writeString(marks, "");
            try (var mounted = Mounted.of(kind, image, at)) {
                var committer = start(marks, Integer.MAX_VALUE, Committer.TRANSACTED);
                try {
                    // Somewhere in the work that follows.
                    awaitMarks(committer, marks, 2 + random.nextInt(60));
                    LockSupport.parkNanos(random.nextInt(20_000_000));
                    mounted.cutOff();
                } finally {
                    committer.destroyForcibly().waitFor();
                }
            }
            var ledger = Ledger.of(LANES, Files.readAllLines(marks).stream());
            Shell.run("cp", "--sparse=always", image, base());
            try (var mounted = Mounted.of(kind, image, at)) {
                var verdict = ledger.check(mounted.directory(), known);
                int number = cut;
                verdict.violations()
                        .forEach(violation -> violations.add("cut " + number + ": " + violation + "; there were "
                                + verdict.counts() + ", " + known + " before, " + ledger));
                for (int lane = 0; lane < verdict.counts().size(); lane++) {
                    int before = known.getOrDefault(lane, 0);
                    transactions += verdict.counts().get(lane) - before;
                    known.put(lane, verdict.counts().get(lane) + 1);
                }
            }
            if (!violations.isEmpty()) {
                keep("the disk after the cut: " + base());
                break;
            }
        }
        System.out.println(kind + ": " + SHUTDOWNS + " shutdowns, " + transactions + " transactions, "
                + violations.size() + " violations; seed " + seed);
        assertThat(violations).as("seed " + seed).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    @Conforms({"TXF-DUR-01"})
    void whatIsAcknowledgedIsInEveryStateOfTheDisk(FileSystemKind kind) throws Exception {
        require(kind);
        var log = record(kind, Committer.TRANSACTED);
        var found = check(kind, log, STATES_EACH);

        System.out.println(kind + ": " + found + "; seed " + seed);
        assertThat(found.violations).as("seed " + seed).isEmpty();
        assertThat(found.states).isEqualTo(2 * STATES_EACH);
    }

    /** What this test would say if files were as durable as the operating system makes them. */
    @ParameterizedTest
    @EnumSource
    void plainFilesAreFoundToBeLost(FileSystemKind kind) throws Exception {
        require(kind);
        var log = record(kind, Committer.PLAIN);
        var found = check(kind, log, 15);

        System.out.println(kind + ", plain files: " + found + "; seed " + seed);
        assertThat(found.violations).as("seed " + seed).isNotEmpty();
    }

    /** What came of some states. */
    private static final class Found {
        private int states;
        private int mixed;
        private int entries;
        private int acknowledged;
        private final HashSet<List<Integer>> outcomes = new HashSet<>();
        private final List<String> violations = new ArrayList<>();

        @Override
        public String toString() {
            return entries + " writes, flushes and marks, " + acknowledged + " transactions acknowledged, " + states
                    + " block states, " + outcomes.size() + " different outcomes, " + mixed + " wrong";
        }
    }

    private Path base() {
        return directory.resolve("base");
    }

    private WriteLog record(FileSystemKind kind, String mode) throws Exception {
        var image = directory.resolve("image");
        prepare(kind, image);
        Shell.run("cp", "--sparse=always", image, base());
        var recorder = RecordedDisk.recorder(directory);
        var log = directory.resolve("log");
        try (var disk = RecordedDisk.serve(recorder, image, log, directory.resolve("served"))) {
            try (var mounted = Mounted.of(kind, disk.image(), at)) {
                var committer = start(disk.marks(), TRANSACTIONS, mode);
                try {
                    assertThat(committer.waitFor(5, TimeUnit.MINUTES)).isTrue();
                } finally {
                    committer.destroyForcibly().waitFor();
                }
                assertThat(mounted.directory()).exists();
            }
        }
        return WriteLog.read(log);
    }

    private Found check(FileSystemKind kind, WriteLog log, int each) throws Exception {
        var found = new Found();
        found.entries = log.entries().size();
        var states = new BlockStates(log, base(), directory.resolve("state"));
        for (var state : states.choose(each, random)) {
            var ledger = Ledger.of(
                    LANES, log.entries().subList(0, state.end()).stream().map(Entry::mark));
            try (var mounted = Mounted.of(kind, states.make(state), at)) {
                var verdict = ledger.check(mounted.directory(), Map.of());
                found.states++;
                found.outcomes.add(verdict.counts());
                if (!verdict.violations().isEmpty()) {
                    found.mixed++;
                    verdict.violations().forEach(violation -> found.violations.add(state.end() + ": " + violation));
                }
            }
        }
        found.acknowledged = Ledger.of(LANES, log.entries().stream().map(Entry::mark)).committed().values().stream()
                .mapToInt(Integer::intValue)
                .sum();
        return found;
    }

    /** A file system on which nothing is done yet. */
    private void prepare(FileSystemKind kind, Path image) throws Exception {
        kind.make(image);
        try (var mounted = Mounted.of(kind, image, at);
                var site = Site.open(mounted.directory())) {
            for (int lane = 0; lane < LANES; lane++) {
                new Lane(lane).prepare(site.files.plainFileSystem(), site.registry);
            }
            site.registry.flush();
            site.files.settle();
            Shell.run("sync");
        }
    }

    private Process start(Path marks, int transactions, String mode) throws IOException {
        return new ProcessBuilder(
                        JavaCommand.of(List.of(), Committer.class.getName(), at, marks, LANES, transactions, mode))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("committer.output").toFile())
                .start();
    }

    private void awaitMarks(Process committer, Path marks, int wanted) throws IOException {
        while (Files.readAllLines(marks).size() < wanted) {
            assertThat(committer.isAlive())
                    .as(Files.readString(directory.resolve("committer.output")))
                    .isTrue();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
        }
    }
}
