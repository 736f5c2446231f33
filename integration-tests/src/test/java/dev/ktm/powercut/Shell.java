package dev.ktm.powercut;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Commands of the system. */
final class Shell {

    private Shell() {}

    /** Returns what it printed, without the end of the last line; fails with it if the command does. */
    static String run(Object... words) throws IOException, InterruptedException {
        var command = Arrays.stream(words).map(String::valueOf).toList();
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var printed = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException(String.join(" ", command) + " ended with " + status + ": " + printed);
        }
        return printed;
    }

    static boolean has(String command) {
        return List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin").stream()
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, command)));
    }
}
