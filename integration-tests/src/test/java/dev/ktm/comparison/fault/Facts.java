package dev.ktm.comparison.fault;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** What processes have seen, in a file that outlives them. */
final class Facts {

    private final Path file;

    Facts(Path directory) {
        this.file = directory.resolve("facts");
    }

    void add(String name, Object value) {
        try (var output = new FileOutputStream(file.toFile(), true)) {
            output.write((name + "=" + value + "\n").getBytes(UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Map<String, String> all() throws IOException {
        var found = new TreeMap<String, String>();
        if (Files.exists(file)) {
            for (var line : Files.readAllLines(file, UTF_8)) {
                int split = line.indexOf('=');
                found.put(line.substring(0, split), line.substring(split + 1));
            }
        }
        return found;
    }
}
