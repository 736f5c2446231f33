package dev.ktm.conformance;

import dev.ktm.log.testing.ConformanceRecorder;
import dev.ktm.log.testing.ConformanceRecorder.Ending;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** How the tests of one build ended, by the statement that they speak for. Immutable. */
final class TestRecords {
    private static final Path DIRECTORY = Path.of("target", "conformance");

    /** A module, or a module nested in one; its build directory; the records in it; a file. */
    private static final int DEEPEST_FILE = 5;

    private final SortedMap<String, SortedMap<String, Ending>> endings = new TreeMap<>();

    private TestRecords() {}

    /**
     * Reads the record files of all modules below a directory that belong to a build; those of other builds are ignored.
     *
     * @throws IllegalArgumentException if a file has a line that the recorder does not write
     */
    static TestRecords ofBuild(String build, Path root) throws IOException {
        var records = new TestRecords();
        for (var file : filesBelow(root)) {
            var lines = Files.readAllLines(file, StandardCharsets.UTF_8);
            if (lines.contains(ConformanceRecorder.BUILD_LINE + build)) {
                lines.stream().filter(line -> !line.startsWith("#")).forEach(line -> records.add(file, line));
            }
        }
        return records;
    }

    /** Returns the statements that a test of this build claimed, whether it passed or not. */
    Set<String> claimedStatements() {
        return Collections.unmodifiableSet(endings.keySet());
    }

    /** Returns the tests that claimed a statement, and how each ended over all JVMs that ran it. */
    SortedMap<String, Ending> testsOf(String statement) {
        return Collections.unmodifiableSortedMap(endings.getOrDefault(statement, Collections.emptySortedMap()));
    }

    /** Says whether a test that claims the statement passed, and none that claims it failed in any JVM. */
    boolean prove(String statement) {
        var tests = testsOf(statement).values();
        return tests.contains(Ending.PASSED) && !tests.contains(Ending.FAILED);
    }

    private void add(Path file, String line) {
        var fields = line.split("\t", -1);
        if (fields.length != 3) {
            throw new IllegalArgumentException("expected statement, ending and test in " + file + ", found: " + line);
        }
        endings.computeIfAbsent(fields[0], statement -> new TreeMap<>())
                .merge(fields[2], Ending.valueOf(fields[1]), TestRecords::overTwoJvms);
    }

    /** A failure anywhere counts; but what one JVM leaves out, another may have proven. */
    private static Ending overTwoJvms(Ending one, Ending other) {
        var oneFailed = one == Ending.FAILED || other == Ending.FAILED;
        var onePassed = one == Ending.PASSED || other == Ending.PASSED;
        return !oneFailed && onePassed ? Ending.PASSED : Ending.worse(one, other);
    }

    private static List<Path> filesBelow(Path root) throws IOException {
        try (var paths = Files.find(root, DEEPEST_FILE, (path, attributes) -> isRecordFile(path))) {
            return paths.sorted().toList();
        }
    }

    private static boolean isRecordFile(Path path) {
        var directory = path.getParent();
        return directory != null
                && directory.endsWith(DIRECTORY)
                && path.toString().endsWith(".tsv");
    }
}
