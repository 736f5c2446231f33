package dev.ktm.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogOptions;
import dev.ktm.log.Lsn;
import dev.ktm.log.ReadMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example in the README is this code, and it works. */
class ReadmeExampleTest {

    private static final String START = "        // README\n";
    private static final String END = "        // end of README\n";

    @TempDir
    Path directory;

    @Test
    void theExampleDoesWhatTheReadmeSays() throws LogException {
        var found = example(directory.resolve("log"));

        assertThat(found).containsExactly("work", "decided");
    }

    @Test
    void theReadmeShowsTheExampleAsItIs() throws IOException {
        var source = Files.readString(Path.of("src/test/java/dev/ktm/demo/ReadmeExampleTest.java"), UTF_8);
        // The markers stand in constants first, then around the code.
        int start = source.indexOf(START, source.indexOf("private static List<String> example")) + START.length();
        var code = source.substring(start, source.indexOf(END, start))
                .lines()
                .map(line -> line.isEmpty() ? line : line.substring(8))
                .collect(Collectors.joining("\n"));

        assertThat(Files.readString(Path.of("..", "README.md"), UTF_8)).contains(code);
    }

    private static List<String> example(Path directory) throws LogException {
        var found = new ArrayList<String>();
        // README
        try (var log = Log.open(directory, LogOptions.defaults())) {
            var stream = log.stream("tm");
            long work = stream.append(ByteBuffer.wrap("work".getBytes(UTF_8)));
            // Returns when both are durable: a force covers all that was appended before, to any stream.
            stream.appendForced(ByteBuffer.wrap("decided".getBytes(UTF_8)), work, Lsn.INVALID);

            var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
            while (reader.next()) {
                found.add(UTF_8.decode(reader.payload()).toString());
            }
            stream.clear(); // nothing of this is needed any more: the space is free
        }
        // end of README
        return found;
    }
}
