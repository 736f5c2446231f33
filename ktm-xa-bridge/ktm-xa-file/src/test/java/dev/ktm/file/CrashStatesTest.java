package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.CrashState;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Crashes at every operation of the log and of the tree, with whatever a power cut may leave of both. After the restart the tree is one
 * that was committed, and none older than the last that was acknowledged.
 */
@Tag("slow")
class CrashStatesTest {

    private static final int SURVIVORS_PER_STATE = 6;
    private static final LogOptions QUIET = LogOptions.builder()
            .containerBytes(1 << 20)
            .containers(4)
            .idleFlush(Duration.ZERO)
            .build();

    /** How many operations of the tree have been done. */
    private record TreePoint(int operations) {}

    /** The same of the second tree. */
    private record OtherPoint(int operations) {}

    /** How many transactions were acknowledged. */
    private record Acknowledged(int transactions) {}

    private static Ktm openCoordinator(SimulatedDevice device) {
        return Ktm.open(KtmOptions.builder()
                .device(device)
                .logOptions(QUIET)
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    private static TransactedFiles openFiles(Ktm ktm, String name, Disk tree) throws Exception {
        var clock = new AtomicInteger();
        InstantSource ticks = () -> java.time.Instant.ofEpochSecond(1_000_000 + clock.incrementAndGet());
        return TransactedFiles.open(
                ktm,
                name,
                () -> {},
                new ManagedRoot.Surroundings(tree, ticks, (why, failure) -> {
                    throw new AssertionError(why, failure);
                }),
                FileOptions.defaults());
    }

    /** Something that a transaction does. */
    private interface Work {
        void run(FileSystem files) throws Exception;
    }

    /** A run of transactions, and everything that was there after each. */
    private static final class Scenario {
        final SimulatedDevice device = new SimulatedDevice();
        final SimulatedTree tree = new SimulatedTree(count -> device.mark(new TreePoint(count)));
        final SimulatedTree other = new SimulatedTree(count -> device.mark(new OtherPoint(count)));
        final List<Map<String, String>> committed = new ArrayList<>();

        /** With a second root, each transaction is one of two participants, and the coordinator decides. */
        Scenario(List<Work> works, int tidyEvery, boolean both) throws Exception {
            try (var ktm = openCoordinator(device);
                    var files = openFiles(ktm, "test", tree);
                    var others = openFiles(ktm, "other", other)) {
                tree.forgetHistory();
                other.forgetHistory();
                device.forgetHistory();
                device.mark(new TreePoint(0));
                committed.add(all(tree, other));
                int done = 0;
                for (var work : works) {
                    ktm.transactionManager().begin();
                    work.run(files.fileSystem());
                    if (both) {
                        put(others.fileSystem(), "/count", "after " + done);
                        put(others.fileSystem(), "/large", done + "L".repeat(70_000));
                    }
                    ktm.transactionManager().commit();
                    committed.add(all(tree, other));
                    device.mark(new Acknowledged(++done));
                    if (done % tidyEvery == 0) {
                        files.settle();
                    } else if (done % tidyEvery == 1) {
                        others.settle();
                    }
                }
            }
        }

        private static Map<String, String> all(SimulatedTree one, SimulatedTree two) {
            var all = new TreeMap<>(one.tree());
            two.tree().forEach((name, content) -> all.put("other/" + name, content));
            return all;
        }

        /** Checks every state that a crash can leave, and returns how many there were. */
        long check(int logStatesPerPoint) {
            var checked = new AtomicInteger();
            CrashStates.of(device.history()).atMostPerPoint(logStatesPerPoint).forEach(state -> {
                int point = state.lastMark(TreePoint.class)
                        .map(TreePoint::operations)
                        .orElse(0);
                for (int seed = 0; seed < SURVIVORS_PER_STATE; seed++) {
                    try {
                        check(state, point, seed);
                    } catch (Exception e) {
                        throw new AssertionError("seed " + seed + ", " + state, e);
                    }
                    checked.incrementAndGet();
                }
            });
            return checked.get();
        }

        private void check(CrashState state, int point, int seed) throws Exception {
            var random = new SplittableRandom(seed);
            var choice = seed == 0 ? (SimulatedTree.Choice) bound -> bound - 1 : (SimulatedTree.Choice) random::nextInt;
            int otherPoint =
                    state.lastMark(OtherPoint.class).map(OtherPoint::operations).orElse(0);
            var right = other.survivor(otherPoint, choice, count -> {});
            var left = tree.survivor(point, choice, count -> {});
            var before = all(left, right);
            int acknowledged = state.lastMark(Acknowledged.class)
                    .map(Acknowledged::transactions)
                    .orElse(0);
            var device = new SimulatedDevice(state.image());
            try (var ktm = openCoordinator(device);
                    var files = openFiles(ktm, "test", left);
                    var others = openFiles(ktm, "other", right)) {
                assertThat(committed.subList(acknowledged, committed.size()))
                        .as("seed %s, %s acknowledged, %s, found before recovery %s", seed, acknowledged, state, before)
                        .contains(all(left, right));
                assertThat(files.inDoubt()).isEmpty();
                assertThat(others.inDoubt()).isEmpty();
                assertThat(left.working()).isZero();
            }
        }
    }

    private static void put(FileSystem files, String name, String content) throws Exception {
        Files.writeString(files.getPath(name), content);
    }

    private static List<Work> simple() {
        return List.of(
                files -> put(files, "/a", "one"),
                files -> {
                    put(files, "/a", "two");
                    put(files, "/b", "two");
                },
                files -> {
                    Files.createDirectory(files.getPath("/d"));
                    put(files, "/d/x", "three");
                    put(files, "/large", "L".repeat(70_000));
                },
                files -> {
                    Files.delete(files.getPath("/a"));
                    put(files, "/d/x", "four");
                    put(files, "/d/y", "four");
                },
                files -> {
                    put(files, "/a", "five");
                    Files.delete(files.getPath("/d/x"));
                    put(files, "/large", "M".repeat(70_000));
                },
                files -> {
                    Files.delete(files.getPath("/d/y"));
                    Files.delete(files.getPath("/d"));
                    put(files, "/d", "a file now");
                    Files.writeString(files.getPath("/b"), " and six", StandardOpenOption.APPEND);
                },
                files -> {
                    Files.delete(files.getPath("/d"));
                    Files.createDirectory(files.getPath("/d"));
                    put(files, "/d/z", "seven");
                    Files.createSymbolicLink(files.getPath("/link"), files.getPath("d/z"));
                });
    }

    private static List<Work> structural() {
        return List.of(
                files -> {
                    Files.createDirectories(files.getPath("/d/e"));
                    put(files, "/d/e/x", "one");
                    put(files, "/a", "one");
                },
                files -> put(files, "/a", "two"),
                files -> {
                    Files.move(files.getPath("/d"), files.getPath("/moved"));
                    put(files, "/moved/e/y", "three");
                },
                files -> {
                    Files.move(files.getPath("/a"), files.getPath("/moved/e/x"), StandardCopyOption.REPLACE_EXISTING);
                    put(files, "/a", "four");
                },
                files -> put(files, "/moved/e/x", "five"),
                files -> {
                    Files.move(files.getPath("/a"), files.getPath("/t"));
                    Files.move(files.getPath("/moved/e/x"), files.getPath("/a"));
                    Files.move(files.getPath("/t"), files.getPath("/moved/e/x"));
                },
                files -> {
                    Files.move(files.getPath("/moved/e"), files.getPath("/e"));
                    Files.delete(files.getPath("/moved"));
                    Files.createLink(files.getPath("/again"), files.getPath("/e/x"));
                },
                files -> put(files, "/again", "eight"),
                files -> put(files, "/a", "nine"));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 100})
    @Conforms({"TXF-DUR-01", "TXF-DUR-02", "TXF-DUR-03", "TXF-DUR-10"})
    void everyCrashLeavesWhatWasCommitted(int tidyEvery) throws Exception {
        assertThat(new Scenario(simple(), tidyEvery, false).check(16)).isGreaterThan(300);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 100})
    @Conforms({"TXF-DUR-01", "TXF-DUR-03", "TXF-OP-09"})
    void everyCrashLeavesWhatWasCommittedAlsoOfWhatMoves(int tidyEvery) throws Exception {
        assertThat(new Scenario(structural(), tidyEvery, false).check(16)).isGreaterThan(300);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 100})
    @Conforms({"TXF-DUR-01", "TXF-DUR-03"})
    void everyCrashLeavesTwoRootsWithTheSameTransactions(int tidyEvery) throws Exception {
        assertThat(new Scenario(simple(), tidyEvery, true).check(8)).isGreaterThan(300);
        assertThat(new Scenario(structural(), tidyEvery, true).check(8)).isGreaterThan(300);
    }

    @Test
    void theScenariosEndAsTheyShould() throws Exception {
        assertThat(new Scenario(simple(), 100, false).committed.get(7)).containsKeys("a", "b", "d/z", "link", "large");
        assertThat(new Scenario(structural(), 100, false).committed.get(9))
                .containsOnlyKeys("a", "again", "e", "e/x", "e/y");
    }
}
