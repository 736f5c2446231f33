package dev.ktm.conformance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The statements there are, in their order, and the reasons why some do not apply. Immutable. */
final class ConformanceList {
    private final Map<String, Statement> statements;
    private final Map<String, String> reasons;

    private ConformanceList(Map<String, Statement> statements, Map<String, String> reasons) {
        this.statements = Collections.unmodifiableMap(statements);
        this.reasons = Collections.unmodifiableMap(reasons);
    }

    /** Reads the list of this product. */
    static ConformanceList ofThisProduct() {
        return parse(linesOf("/conformance/statements.tsv"), linesOf("/conformance/not-applicable.tsv"));
    }

    /**
     * Parses lines of {@code id, group, statement} and lines of {@code id, reason}, tabs between; empty lines and those
     * that start with a number sign are comments.
     *
     * @throws IllegalArgumentException if a line has another form, an id comes twice, or a reason is for an unknown id
     */
    static ConformanceList parse(List<String> statementLines, List<String> reasonLines) {
        var statements = new LinkedHashMap<String, Statement>();
        for (var fields : rows(statementLines, 3)) {
            var statement = new Statement(fields[0], fields[1], fields[2]);
            if (statements.put(statement.id(), statement) != null) {
                throw new IllegalArgumentException("statement listed twice: " + statement.id());
            }
        }
        var reasons = new LinkedHashMap<String, String>();
        for (var fields : rows(reasonLines, 2)) {
            if (!statements.containsKey(fields[0])) {
                throw new IllegalArgumentException("reason for an unknown statement: " + fields[0]);
            }
            if (reasons.put(fields[0], fields[1]) != null) {
                throw new IllegalArgumentException("two reasons for one statement: " + fields[0]);
            }
        }
        return new ConformanceList(statements, reasons);
    }

    Collection<Statement> statements() {
        return statements.values();
    }

    boolean contains(String id) {
        return statements.containsKey(id);
    }

    /** Returns why a statement does not apply, if it does not. */
    Optional<String> reasonAgainst(String id) {
        return Optional.ofNullable(reasons.get(id));
    }

    private static List<String[]> rows(List<String> lines, int columns) {
        return lines.stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(line -> fields(line, columns))
                .toList();
    }

    private static String[] fields(String line, int columns) {
        var fields = line.split("\t", -1);
        if (fields.length != columns || List.of(fields).stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException("expected " + columns + " filled columns, found: " + line);
        }
        return fields;
    }

    private static List<String> linesOf(String resource) {
        var stream = Objects.requireNonNull(ConformanceList.class.getResourceAsStream(resource), resource);
        try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            return reader.lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + resource, e);
        }
    }

    /** One line of the list. */
    record Statement(String id, String group, String text) {}
}
