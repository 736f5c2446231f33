package dev.ktm.conformance;

import dev.ktm.conformance.ConformanceList.Statement;
import dev.ktm.log.testing.ConformanceRecorder.Ending;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Says for every statement of the list what proves it. Only what ran and passed in this build counts, as its records say;
 * what is merely annotated does not.
 */
final class ConformanceReport {
    private final ConformanceList list;
    private final TestRecords records;

    /**
     * Puts records beside the list.
     *
     * @throws IllegalStateException if a test claims a statement that the list does not have, or one that is said not to
     *     apply
     */
    ConformanceReport(ConformanceList list, TestRecords records) {
        this.list = list;
        this.records = records;
        refuse("statements that the list does not have", id -> !list.contains(id));
        refuse(
                "statements that are said not to apply",
                id -> list.reasonAgainst(id).isPresent());
    }

    /** Reads the records of a build below a directory, writes the report and prints its summary. */
    public static void main(String[] args) throws IOException {
        if (args.length != 3) {
            throw new IllegalArgumentException("expected: root directory, name of the build, file to write");
        }
        var records = TestRecords.ofBuild(args[1], Path.of(args[0]).toRealPath());
        var report = new ConformanceReport(ConformanceList.ofThisProduct(), records);
        var file = Path.of(args[2]);
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, report.lines(), StandardCharsets.UTF_8);
        System.out.println(report.summary());
    }

    /** Returns the counts in one line. */
    String summary() {
        var proven = list.statements().stream().filter(this::isProven).count();
        var notApplicable = list.statements().stream()
                .filter(statement -> list.reasonAgainst(statement.id()).isPresent())
                .count();
        var groups = byGroup().entrySet().stream()
                .map(group -> group.getKey() + " " + count(group.getValue()) + "/"
                        + group.getValue().size())
                .collect(Collectors.joining(", "));
        return "conformance: " + proven + " of " + list.statements().size() + " statements proven, " + notApplicable
                + " not applicable (" + groups + ")";
    }

    /** Returns the whole report in Markdown. */
    List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add("# Conformance");
        lines.add("");
        lines.add(summary());
        byGroup().forEach((group, statements) -> {
            lines.add("");
            lines.add("## " + group + ": " + count(statements) + " of " + statements.size());
            lines.add("");
            lines.add("| Id | Statement | Proof |");
            lines.add("|---|---|---|");
            statements.forEach(statement -> lines.add(
                    "| " + statement.id() + " | " + cell(statement.text()) + " | " + cell(proof(statement)) + " |"));
        });
        return lines;
    }

    private String proof(Statement statement) {
        var tests = records.testsOf(statement.id());
        if (tests.isEmpty()) {
            return list.reasonAgainst(statement.id())
                    .map(reason -> "not applicable: " + reason)
                    .orElse("not proven yet");
        }
        var verdict = isProven(statement) ? "" : "not proven: ";
        return verdict
                + tests.entrySet().stream()
                        .map(test -> "`" + test.getKey() + "`"
                                + (test.getValue() == Ending.PASSED ? "" : " " + test.getValue()))
                        .collect(Collectors.joining("<br>"));
    }

    private boolean isProven(Statement statement) {
        return records.prove(statement.id());
    }

    private long count(List<Statement> statements) {
        return statements.stream().filter(this::isProven).count();
    }

    private Map<String, List<Statement>> byGroup() {
        return list.statements().stream()
                .collect(Collectors.groupingBy(Statement::group, LinkedHashMap::new, Collectors.toList()));
    }

    private void refuse(String what, Predicate<String> isRefused) {
        var refused = records.claimedStatements().stream()
                .filter(isRefused)
                .map(id -> id + " by " + records.testsOf(id).keySet())
                .toList();
        if (!refused.isEmpty()) {
            throw new IllegalStateException("tests claim " + what + ": " + refused);
        }
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }
}
