package dev.ktm.comparison.fault;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code commit} has answered, kept in a file before anybody else hears of it. Safe for many threads. */
final class Answers {

    private final Path file;

    Answers(Path directory) {
        this.file = directory.resolve("answers");
    }

    /** In short. */
    enum Outcome {
        COMMITTED,
        ROLLED_BACK,
        /** Something that promises neither. */
        OTHER
    }

    /**
     * A transaction of a client.
     *
     * @param phase when
     * @param key which one
     * @param outcome none while it is not answered
     * @param kind of exception; empty for none
     */
    record Answer(String phase, String key, List<Outcome> outcome, String kind) {

        boolean is(Outcome asked) {
            return outcome.contains(asked);
        }
    }

    void asked(String phase, String key) {
        append("ASKED " + phase + " " + key);
    }

    void answered(String phase, String key, Outcome outcome, String kind) {
        append("ANSWERED " + phase + " " + key + " " + outcome + " " + kind);
    }

    private void append(String line) {
        // A stream, and one write: no interrupt closes it, and no death cuts a line in two.
        try (var output = new FileOutputStream(file.toFile(), true)) {
            output.write((line + "\n").getBytes(US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All of them, in the order in which they were asked for. */
    List<Answer> all() throws IOException {
        Map<String, Answer> found = new LinkedHashMap<>();
        if (Files.exists(file)) {
            for (var line : Files.readAllLines(file, US_ASCII)) {
                var fields = line.split(" ", -1);
                found.put(
                        fields[2],
                        fields[0].equals("ASKED")
                                ? new Answer(fields[1], fields[2], List.of(), "")
                                : new Answer(fields[1], fields[2], List.of(Outcome.valueOf(fields[3])), fields[4]));
            }
        }
        return new ArrayList<>(found.values());
    }
}
