package dev.ktm.file;

import static dev.ktm.file.CrashScenario.put;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.file.CrashScenario.Limits;
import dev.ktm.file.CrashScenario.Work;
import dev.ktm.log.testing.Conforms;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Crashes at every operation of the log and of the tree, with whatever a power cut may leave of both. After the restart the tree is one
 * that was committed, and none older than the last that was acknowledged.
 */
@Tag("slow")
class CrashStatesTest {

    private static final Limits ENOUGH = new Limits(300, 200, 400);
    private static final int RANDOM_RUNS = 4;
    private static final int CAMPAIGN_RUNS = 250;
    private static final List<String> NAMES =
            List.of("/a", "/b", "/d", "/d/x", "/d/y", "/e", "/e/x", "/e/d", "/e/d/x", "/f");

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

    /** Transactions that do whatever comes to mind; what cannot be done is not. */
    static List<Work> random(long seed) {
        var random = new SplittableRandom(seed);
        var works = new ArrayList<Work>();
        for (int i = 0; i < 6; i++) {
            var own = random.split();
            works.add(files -> {
                put(files, "/always", "transaction " + own.nextInt(1000));
                for (int j = own.nextInt(4); j >= 0; j--) {
                    try {
                        change(files, own);
                    } catch (FileSystemException e) {
                        // It was not possible.
                    }
                }
            });
        }
        return works;
    }

    private static void change(FileSystem files, SplittableRandom random) throws Exception {
        var path = files.getPath(NAMES.get(random.nextInt(NAMES.size())));
        var other = files.getPath(NAMES.get(random.nextInt(NAMES.size())));
        int kind = random.nextInt(23);
        if (kind < 8) {
            int length = random.nextInt(8) == 0 ? 70_000 : random.nextInt(30);
            Files.writeString(path, "content " + random.nextInt(1000) + "x".repeat(length));
        } else if (kind < 11) {
            Files.createDirectory(path);
        } else if (kind < 14) {
            Files.delete(path);
        } else if (kind < 18) {
            Files.move(path, other, StandardCopyOption.REPLACE_EXISTING);
        } else if (kind < 19) {
            Files.createLink(other, path);
        } else if (kind < 20) {
            Files.createSymbolicLink(path, files.getPath("a"));
        } else if (kind < 22) {
            permit(files, path.toString(), random.nextBoolean() ? "rw-------" : "rwxr-x---");
        } else {
            setTime(files, path.toString(), random.nextInt(1000));
        }
    }

    static void permit(FileSystem files, String name, String permissions) throws IOException {
        Files.setAttribute(files.getPath(name), "posix:permissions", PosixFilePermissions.fromString(permissions));
    }

    static void setTime(FileSystem files, String name, int seconds) throws IOException {
        Files.setLastModifiedTime(files.getPath(name), FileTime.fromMillis(1000L * seconds));
    }

    private static List<Work> attributes() {
        return List.of(
                files -> {
                    put(files, "/a", "one");
                    put(files, "/large", "L".repeat(70_000));
                    Files.createDirectory(files.getPath("/d"));
                },
                files -> {
                    permit(files, "/a", "rw-------");
                    permit(files, "/large", "rw-rw-rw-");
                    permit(files, "/d", "rwx------");
                },
                files -> {
                    setTime(files, "/a", 3);
                    setTime(files, "/large", 3);
                    put(files, "/d/x", "three");
                },
                files -> put(files, "/a", "four"),
                files -> {
                    permit(files, "/a", "r--r--r--");
                    setTime(files, "/d/x", 5);
                },
                files -> {
                    Files.move(files.getPath("/d/x"), files.getPath("/x"));
                    permit(files, "/x", "rwxrwxrwx");
                    Files.delete(files.getPath("/large"));
                });
    }

    /** A run that is yet to be done. */
    private record Planned(String name, List<Work> works, int tidyEvery, int roots) {

        CrashScenario.Searched run(@Nullable Plant plant, Limits limits) {
            try {
                return CrashScenario.of(name, works, tidyEvery, roots, plant).check(limits);
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new AssertionError(name, e);
            }
        }
    }

    private static Stream<Planned> randomRuns(long firstSeed, int runs) {
        return LongStream.range(firstSeed, firstSeed + runs)
                .mapToObj(seed -> new Planned(
                        "random run of seed " + seed, random(seed), 2 + (int) (seed % 4), 1 + (int) (seed / 4 % 2)));
    }

    private static Stream<Planned> plannedRuns() {
        return Stream.of(
                new Planned("simple", simple(), 2, 1),
                new Planned("simple", simple(), 3, 1),
                new Planned("simple", simple(), 100, 1),
                new Planned("attributes", attributes(), 2, 1),
                new Planned("attributes", attributes(), 100, 1),
                new Planned("attributes on two roots", attributes(), 100, 2),
                new Planned("structural", structural(), 2, 1),
                new Planned("structural", structural(), 100, 1),
                new Planned("simple on two roots", simple(), 3, 2),
                new Planned("simple on two roots", simple(), 100, 2),
                new Planned("structural on two roots", structural(), 3, 2),
                new Planned("structural on two roots", structural(), 100, 2));
    }

    /** Checks them all, and returns how many different disks they had. */
    private static long check(Stream<Planned> planned) {
        var searched = planned.parallel()
                .map(each -> each.run(null, ENOUGH))
                .reduce(new CrashScenario.Searched(0, 0, 0), CrashScenario.Searched::and);
        System.getLogger(CrashStatesTest.class.getName()).log(System.Logger.Level.INFO, searched.toString());
        assertThat(searched.wholes()).isPositive();
        assertThat(searched.secondCrashes()).isPositive();
        return searched.disks();
    }

    @Test
    @Conforms({"TXF-DUR-01", "TXF-DUR-02", "TXF-DUR-03", "TXF-DUR-10", "TXF-OP-09"})
    void everyCrashLeavesWhatWasCommitted() {
        long disks = check(Stream.concat(plannedRuns(), randomRuns(1, RANDOM_RUNS)));

        assertThat(disks).isGreaterThan(100_000);
    }

    @Test
    @Tag("campaign")
    void everyCrashOfManyRandomRunsLeavesWhatWasCommitted() {
        long disks = check(randomRuns(System.nanoTime(), CAMPAIGN_RUNS));

        assertThat(disks).isGreaterThan(1_000_000);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsWrongIsFound(Plant plant) {
        assertThatThrownBy(() -> Stream.of(
                                new Planned("simple", simple(), 2, 1),
                                new Planned("structural", structural(), 100, 1),
                                new Planned("attributes", attributes(), 100, 1),
                                new Planned("simple on two roots", simple(), 3, 2))
                        .forEach(each -> each.run(plant, new Limits(8, 12, 0))))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void aLinkThatIsMadeOnceMoreIsNotTakenForSomebodyElses() {
        List<Work> link = List.of(files -> Files.createSymbolicLink(files.getPath("/link"), files.getPath("a")));

        // Nothing may be put aside.
        var searched = new Planned("link", link, 100, 1).run(null, new Limits(8, 12, 0));

        assertThat(searched.disks()).isGreaterThan(5);
    }

    @Test
    void theScenariosEndAsTheyShould() throws Exception {
        assertThat(CrashScenario.of("simple", simple(), 100, 1, null).after(7))
                .containsKeys("0:a", "0:b", "0:d/z", "0:link", "0:large");
        assertThat(CrashScenario.of("structural", structural(), 100, 1, null).after(9))
                .containsOnlyKeys("0:a", "0:again", "0:e", "0:e/x", "0:e/y");
    }
}
