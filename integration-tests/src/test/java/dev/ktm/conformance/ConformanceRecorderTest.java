package dev.ktm.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.ktm.log.testing.ConformanceRecorder;
import dev.ktm.log.testing.ConformanceRecorder.Ending;
import dev.ktm.log.testing.Conforms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** From running tests to the report: the fixtures at the end run in a launcher of their own, never as tests of this build. */
class ConformanceRecorderTest {
    private static final String PASSES = "FIXTURE-01";
    private static final String FAILS = "FIXTURE-02";
    private static final String ABORTS = "FIXTURE-03";
    private static final String IS_SKIPPED = "FIXTURE-04";
    private static final String ALL_INVOCATIONS_PASS = "FIXTURE-05";
    private static final String ONE_INVOCATION_FAILS = "FIXTURE-06";
    private static final String WHOLE_CLASS = "FIXTURE-07";
    private static final String NEVER_RUNS = "FIXTURE-08";
    private static final List<String> STATEMENTS = List.of(
            PASSES, FAILS, ABORTS, IS_SKIPPED, ALL_INVOCATIONS_PASS, ONE_INVOCATION_FAILS, WHOLE_CLASS, NEVER_RUNS);

    @TempDir
    Path root;

    @Test
    void aTestThatFailsIsNotCountedAlthoughItIsAnnotated() throws IOException {
        run("now", EveryEnding.class);

        var list = ConformanceList.parse(
                STATEMENTS.stream().map(id -> id + "\tFIXTURE\tof a fixture").toList(), List.of());
        var report = new ConformanceReport(list, records("now"));

        assertThat(report.summary()).startsWith("conformance: 2 of 8 statements proven");
        assertThat(report.lines()).anyMatch(line -> line.contains(FAILS) && line.contains("not proven"));
    }

    @Test
    void recordsHowEachTestEnded() throws IOException {
        run("now", EveryEnding.class);

        var records = records("now");

        assertThat(records.testsOf(PASSES).values()).containsExactly(Ending.PASSED);
        assertThat(records.testsOf(FAILS).values()).containsExactly(Ending.FAILED);
        assertThat(records.testsOf(ABORTS).values()).containsExactly(Ending.ABORTED);
        assertThat(records.testsOf(IS_SKIPPED).values()).containsExactly(Ending.SKIPPED);
        assertThat(records.testsOf(ALL_INVOCATIONS_PASS).values()).containsExactly(Ending.PASSED);
        assertThat(records.testsOf(ONE_INVOCATION_FAILS).values()).containsExactly(Ending.FAILED);
        assertThat(records.testsOf(WHOLE_CLASS).values()).containsExactly(Ending.FAILED);
    }

    @Test
    void aClassPassesWhenAllItsTestsDo() throws IOException {
        run("now", AllPass.class);

        assertThat(records("now").testsOf(WHOLE_CLASS))
                .containsExactlyEntriesOf(Map.of(AllPass.class.getName(), Ending.PASSED));
    }

    @Test
    void aTestThatCouldNotStartIsNotRecordedAsPassed() throws IOException {
        run("now", CannotStart.class);

        assertThat(records("now").prove(NEVER_RUNS)).isFalse();
        assertThat(records("now").testsOf(WHOLE_CLASS).values()).containsExactly(Ending.FAILED);
    }

    @Test
    void aDisabledClassSkipsItsTests() throws IOException {
        run("now", IsDisabled.class);

        assertThat(records("now").testsOf(NEVER_RUNS).values()).containsExactly(Ending.SKIPPED);
    }

    @Test
    void addsUpTheEndingsOfSeveralPlansInOneJvm() throws IOException {
        var recorder = new ConformanceRecorder(directory(), "now");

        run(recorder, AllPass.class);
        run(recorder, EveryEnding.class);

        assertThat(records("now").testsOf(WHOLE_CLASS)).hasSize(2);
        assertThat(directory())
                .isDirectoryContaining("glob:**records-*.tsv")
                .satisfies(ConformanceRecorderTest::hasOneFile);
    }

    @Test
    void deletesTheRecordsOfAFormerBuild() throws IOException {
        run("yesterday", EveryEnding.class);

        run("now", AllPass.class);

        assertThat(records("yesterday").claimedStatements()).isEmpty();
        assertThat(directory()).satisfies(ConformanceRecorderTest::hasOneFile);
    }

    @Test
    void writesNothingWithoutADirectory() {
        run(new ConformanceRecorder(null, "now"), EveryEnding.class);

        assertThat(root).isEmptyDirectory();
    }

    @Test
    void writesNothingWhenNoTestClaimsAnything() {
        run("now", ClaimsNothing.class);

        assertThat(root).isEmptyDirectory();
    }

    private static void hasOneFile(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            assertThat(files).hasSize(1);
        }
    }

    private Path directory() {
        return root.resolve("module/target/conformance");
    }

    private TestRecords records(String build) throws IOException {
        return TestRecords.ofBuild(build, root);
    }

    private void run(String build, Class<?> fixture) {
        run(new ConformanceRecorder(directory(), build), fixture);
    }

    private static void run(ConformanceRecorder recorder, Class<?> fixture) {
        var config = LauncherConfig.builder()
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .build();
        var request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(fixture))
                .build();
        LauncherFactory.create(config).execute(request, recorder);
    }

    /** One test for each ending. */
    @Conforms(WHOLE_CLASS)
    static class EveryEnding {
        @Test
        @Conforms(PASSES)
        void passes() {}

        @Test
        @Conforms(FAILS)
        void fails() {
            Assertions.fail("on purpose");
        }

        @Test
        @Conforms(ABORTS)
        void aborts() {
            Assumptions.abort("on purpose");
        }

        @Test
        @Disabled("on purpose")
        @Conforms(IS_SKIPPED)
        void isSkipped() {}

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        @Conforms(ALL_INVOCATIONS_PASS)
        void allInvocationsPass(int number) {
            assertThat(number).isPositive();
        }

        @ParameterizedTest
        @ValueSource(ints = {1, -1, 2})
        @Conforms(ONE_INVOCATION_FAILS)
        void oneInvocationFails(int number) {
            assertThat(number).isPositive();
        }
    }

    /** Its claim holds. */
    @Conforms(WHOLE_CLASS)
    static class AllPass {
        @Test
        void passes() {}

        @Nested
        class Inside {
            @Test
            void passesToo() {}
        }
    }

    /** Fails before its first test. */
    @Conforms(WHOLE_CLASS)
    static class CannotStart {
        @BeforeAll
        static void fails() {
            Assertions.fail("on purpose");
        }

        @Test
        @Conforms(NEVER_RUNS)
        void neverRuns() {}
    }

    /** Not run at all. */
    @Disabled("on purpose")
    static class IsDisabled {
        @Test
        @Conforms(NEVER_RUNS)
        void neverRuns() {}
    }

    /** Has nothing to record. */
    static class ClaimsNothing {
        @Test
        void passes() {}
    }
}
