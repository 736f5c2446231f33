package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What a run of the tool has said, and how it ended.
 *
 * @param code the exit code
 * @param out what went to standard output
 * @param err what went to standard error
 */
record Spoken(int code, String out, String err) {

    /** Runs the tool where nobody can answer. */
    static Spoken by(String... words) {
        return run("", false, Map.of(), words);
    }

    /** Runs the tool on a terminal at which somebody types these lines. */
    static Spoken answering(String lines, String... words) {
        return run(lines, true, Map.of("NO_COLOR", "1"), words);
    }

    static Spoken run(String input, boolean interactive, Map<String, String> environment, String... words) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new BufferedReader(new StringReader(input)),
                interactive,
                environment);
        int code = CommandTree.run(terminal, words);
        return new Spoken(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    JsonNode json() {
        try {
            return new ObjectMapper().readTree(out);
        } catch (IOException e) {
            throw new UncheckedIOException("no JSON: " + out, e);
        }
    }
}
