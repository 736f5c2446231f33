package dev.ktm.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The words that put {@code strace} in front of a command, to make system calls on a log's files fail or be counted. */
final class Strace {

    private static final int MOST_CONTAINERS = 6;

    private Strace() {}

    /** Whether there is a strace, and it may trace. */
    static boolean works() {
        try {
            var process = new ProcessBuilder("strace", "-f", "-qq", "-o", "/dev/null", "true")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Does this to calls on the files of a log: for example {@code pwrite64:error=EIO:when=3}. */
    static List<String> inject(Path directory, String injection) {
        var call = injection.substring(0, injection.indexOf(':'));
        return words(directory, "/dev/null", List.of("-e", "trace=" + call, "-e", "inject=" + injection));
    }

    /** Writes each call of this name on the files of a log into a file, a line for each. */
    static List<String> record(Path directory, String call, Path output) {
        return words(directory, output.toString(), List.of("-e", "trace=" + call));
    }

    /** How many of the recorded calls went to containers. */
    static long containerCalls(Path output) throws IOException {
        try (var lines = Files.lines(output)) {
            return lines.filter(line -> line.contains(".log") && !line.contains("resumed"))
                    .count();
        }
    }

    private static List<String> words(Path directory, String output, List<String> what) {
        var words = new ArrayList<>(List.of("strace", "-f", "-y", "-qq", "-o", output));
        words.addAll(what);
        for (var name : names()) {
            words.addAll(List.of("-P", directory.resolve(name).toString()));
        }
        words.addAll(List.of("-P", directory.toString()));
        return words;
    }

    private static List<String> names() {
        var names = new ArrayList<>(List.of(BaseLogFile.NAME, BaseLogFile.NEW_NAME));
        for (int i = 1; i <= MOST_CONTAINERS; i++) {
            names.add("ktm-" + i + ".log");
            names.add("ktm-" + i + ".log" + Containers.ASIDE);
        }
        return names;
    }
}
