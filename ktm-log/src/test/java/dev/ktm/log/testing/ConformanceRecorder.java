package dev.ktm.log.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Notes which tests annotated with {@link Conforms} ran, and how they ended, in one file for each JVM:
 * <pre>
 *   # build  2026-11-21T08:30:00.000
 *   # java   17
 *   CLFS-07  PASSED  dev.ktm.log.ForceTest#returnsOnceTheRecordIsDurable()
 * </pre>
 * Fields are separated by one tab, lines are sorted. A method has passed when all its invocations have, a class when all
 * its tests have; otherwise the worst ending counts. What never ran is not in the file, and a JVM that dies leaves none.
 *
 * <p>The build says where to write and which build it is by the system properties {@value #DIRECTORY} and {@value #BUILD};
 * without them nothing is written. Files of other builds in that directory are deleted, and readers ignore them: what
 * passed then says nothing about the code now.
 */
public final class ConformanceRecorder implements TestExecutionListener {
    /** The system property that names the directory for the file. */
    public static final String DIRECTORY = "ktm.conformance.directory";

    /** The system property that names the build. */
    public static final String BUILD = "ktm.conformance.build";

    /** What the first line of a file starts with; the name of the build follows. */
    public static final String BUILD_LINE = "# build\t";

    private static final String JAVA_LINE = "# java\t";

    private final @Nullable Path directory;
    private final String build;
    private final String fileName = "records-" + ProcessHandle.current().pid() + "-" + UUID.randomUUID() + ".tsv";
    private final Map<Claim, Ending> endings = new ConcurrentHashMap<>();
    private volatile @Nullable TestPlan plan;

    /** Used by the service loader: takes directory and build from the system properties. */
    public ConformanceRecorder() {
        this(
                Optional.ofNullable(System.getProperty(DIRECTORY)).map(Path::of).orElse(null),
                System.getProperty(BUILD, "unnamed"));
    }

    /** Creates a recorder that writes to a directory, which need not exist, or nowhere. */
    public ConformanceRecorder(@Nullable Path directory, String build) {
        this.directory = directory;
        this.build = build;
    }

    @Override
    public void testPlanExecutionStarted(TestPlan testPlan) {
        plan = testPlan;
    }

    @Override
    public void executionSkipped(TestIdentifier identifier, String reason) {
        note(identifier, Ending.SKIPPED);
        TestPlan current = plan;
        if (current != null) {
            current.getDescendants(identifier).forEach(descendant -> note(descendant, Ending.SKIPPED));
        }
    }

    @Override
    public void executionFinished(TestIdentifier identifier, TestExecutionResult result) {
        var ending = Ending.of(result);
        // That a container ended well does not say that anything ran in it.
        if (identifier.isTest() || ending != Ending.PASSED) {
            note(identifier, ending);
        }
    }

    @Override
    public void testPlanExecutionFinished(TestPlan testPlan) {
        plan = null;
        if (directory == null || endings.isEmpty()) {
            return;
        }
        try {
            Files.createDirectories(directory);
            deleteFilesOfOtherBuilds(directory);
            // A JVM may run several plans; the file then grows with each.
            Files.write(directory.resolve(fileName), lines(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot record conformance in " + directory, e);
        }
    }

    private void note(TestIdentifier identifier, Ending ending) {
        TestPlan current = plan;
        Optional<TestIdentifier> node = Optional.of(identifier);
        while (node.isPresent()) {
            node.get().getSource().stream()
                    .flatMap(ConformanceRecorder::claims)
                    .forEach(claim -> endings.merge(claim, ending, Ending::worse));
            node = current == null ? Optional.empty() : node.flatMap(current::getParent);
        }
    }

    private static Stream<Claim> claims(TestSource source) {
        if (source instanceof MethodSource method) {
            var test =
                    method.getClassName() + "#" + method.getMethodName() + "(" + method.getMethodParameterTypes() + ")";
            return claims(test, AnnotationSupport.findAnnotation(method.getJavaMethod(), Conforms.class));
        }
        if (source instanceof ClassSource type) {
            return claims(type.getClassName(), AnnotationSupport.findAnnotation(type.getJavaClass(), Conforms.class));
        }
        return Stream.empty();
    }

    private static Stream<Claim> claims(String test, Optional<Conforms> annotation) {
        return annotation.stream()
                .flatMap(conforms -> Arrays.stream(conforms.value()))
                .map(statement -> new Claim(statement, test));
    }

    private List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add(BUILD_LINE + build);
        lines.add(JAVA_LINE + Runtime.version().feature());
        endings.entrySet().stream()
                .map(entry -> String.join(
                        "\t",
                        entry.getKey().statement(),
                        entry.getValue().name(),
                        entry.getKey().test()))
                .sorted()
                .forEach(lines::add);
        return lines;
    }

    private void deleteFilesOfOtherBuilds(Path from) throws IOException {
        try (var files = Files.newDirectoryStream(from, "records-*.tsv")) {
            for (var file : files) {
                try (var lines = Files.lines(file, StandardCharsets.UTF_8)) {
                    if (lines.findFirst().filter((BUILD_LINE + build)::equals).isPresent()) {
                        continue;
                    }
                }
                Files.deleteIfExists(file);
            }
        }
    }

    /** How a test ended, from best to worst. */
    public enum Ending {
        /** It ran to its end. */
        PASSED,
        /** It was disabled. */
        SKIPPED,
        /** It ran and gave up, because what it assumes does not hold here. */
        ABORTED,
        /** It failed. */
        FAILED;

        static Ending of(TestExecutionResult result) {
            return switch (result.getStatus()) {
                case SUCCESSFUL -> PASSED;
                case ABORTED -> ABORTED;
                case FAILED -> FAILED;
            };
        }

        /** Returns the worse of two. */
        public static Ending worse(Ending one, Ending other) {
            return one.compareTo(other) >= 0 ? one : other;
        }
    }

    private record Claim(String statement, String test) {}
}
