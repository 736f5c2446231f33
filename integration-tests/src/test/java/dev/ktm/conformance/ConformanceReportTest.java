package dev.ktm.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From record files to the report. */
class ConformanceReportTest {
    private static final ConformanceList LIST = ConformanceList.parse(
            List.of("LOG-01\tLOG\tit logs", "LOG-02\tLOG\tit a|b forces", "TOOL-01\tTOOL\tit prints"),
            List.of("TOOL-01\tthere is no paper"));

    @TempDir
    Path root;

    @Test
    void aPassedTestProvesItsStatement() throws IOException {
        record("ktm-log", "now", "LOG-01\tPASSED\tATest#a()");

        assertThat(report().summary())
                .isEqualTo("conformance: 1 of 3 statements proven, 1 not applicable (LOG 1/2, TOOL 0/1)");
        assertThat(report().lines())
                .contains(
                        "| LOG-01 | it logs | `ATest#a()` |",
                        "| LOG-02 | it a\\|b forces | not proven yet |",
                        "| TOOL-01 | it prints | not applicable: there is no paper |");
    }

    @Test
    void findsTheRecordsOfNestedModules() throws IOException {
        record("ktm-xa-bridge/ktm-xa-jdbc", "now", "LOG-01\tPASSED\tATest#a()");

        assertThat(report().summary()).contains("LOG 1/2");
    }

    @Test
    void aFailedAbortedOrSkippedTestProvesNothing() throws IOException {
        record(
                "ktm-log",
                "now",
                "LOG-01\tFAILED\tATest#a()",
                "LOG-02\tABORTED\tATest#b()",
                "LOG-02\tSKIPPED\tATest#c()");

        assertThat(report().summary()).contains("LOG 0/2");
        assertThat(report().lines())
                .contains(
                        "| LOG-01 | it logs | not proven: `ATest#a()` FAILED |",
                        "| LOG-02 | it a\\|b forces | not proven: `ATest#b()` ABORTED<br>`ATest#c()` SKIPPED |");
    }

    @Test
    void aTestThatFailedInOneJvmProvesNothingAlthoughItPassedInAnother() throws IOException {
        record("ktm-log", "now", "LOG-01\tPASSED\tATest#a()");
        record("ktm-log", "now", "LOG-01\tFAILED\tATest#a()");

        assertThat(report().summary()).contains("LOG 0/2");
    }

    @Test
    void aTestLeftOutInOneJvmProvesItsStatementByPassingInAnother() throws IOException {
        record("ktm-log", "now", "LOG-01\tABORTED\tATest#a()");
        record("ktm-log", "now", "LOG-01\tPASSED\tATest#a()");

        assertThat(report().summary()).contains("LOG 1/2");
    }

    @Test
    void aStatementIsNotProvenWhileOneOfItsTestsFails() throws IOException {
        record("ktm-log", "now", "LOG-01\tPASSED\tATest#a()", "LOG-01\tFAILED\tBTest#b()");

        assertThat(report().summary()).contains("LOG 0/2");
    }

    @Test
    void recordsOfAFormerBuildProveNothing() throws IOException {
        record("ktm-log", "yesterday", "LOG-01\tPASSED\tATest#a()");

        assertThat(report().summary()).contains("LOG 0/2");
    }

    @Test
    void refusesAClaimToAnUnknownStatement() throws IOException {
        record("ktm-log", "now", "LOG-99\tPASSED\tATest#a()");

        assertThatThrownBy(this::report)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("LOG-99")
                .hasMessageContaining("ATest#a()");
    }

    @Test
    void refusesAClaimToAStatementThatDoesNotApply() throws IOException {
        record("ktm-log", "now", "TOOL-01\tPASSED\tATest#a()");

        assertThatThrownBy(this::report)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not to apply");
    }

    private ConformanceReport report() throws IOException {
        return new ConformanceReport(LIST, TestRecords.ofBuild("now", root));
    }

    private void record(String module, String build, String... lines) throws IOException {
        var directory = Files.createDirectories(root.resolve(module).resolve("target/conformance"));
        var file = Files.createTempFile(directory, "records-", ".tsv");
        Files.writeString(file, "# build\t" + build + "\n" + String.join("\n", lines) + "\n");
    }
}
