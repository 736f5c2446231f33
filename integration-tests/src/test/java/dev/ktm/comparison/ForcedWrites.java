package dev.ktm.comparison;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ktm.benchmark.TransactionCount;
import dev.ktm.log.testing.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Counts the system calls of a product that wait for the disk, with {@code strace}. */
final class ForcedWrites {

    private static final String CALLS =
            "trace=open,openat,close,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,msync";

    /** Process, call, arguments and result as {@code strace} writes them; the result is missing while a call is unfinished. */
    private static final Pattern LINE =
            Pattern.compile("^(\\d+) +(?:<\\.\\.\\. )?(\\w+)(?:\\(| resumed>)(.*?)(?: = (-?\\d+|0x\\w+)\\b[^=]*)?$");

    private static final Pattern DESCRIPTOR = Pattern.compile("^(\\d+)<");
    private static final Pattern SYNCHRONOUS = Pattern.compile("\\bO_D?SYNC\\b");
    private static final int MOST_MINUTES = 10;

    private final Path below;

    ForcedWrites(Path below) {
        this.below = below;
    }

    static boolean available() {
        return Stream.of("/usr/bin/strace", "/bin/strace", "/usr/local/bin/strace")
                .anyMatch(name -> Files.isExecutable(Path.of(name)));
    }

    /** How many transactions of each caller are counted, so that all take about as long. */
    List<Forces> count(List<Integer> callers, int transactions) throws IOException, InterruptedException {
        var all = new ArrayList<Forces>();
        for (var product : TransactionCount.products()) {
            for (int number : callers) {
                int each = Math.max(10, transactions / number);
                System.err.println(product.text() + ", " + Figures.words(number));
                int once = count(product.name(), number, each);
                int twice = count(product.name(), number, 2 * each);
                all.add(new Forces(product.text(), number, each * number, Math.max(0, twice - once)));
            }
        }
        return all;
    }

    private int count(String product, int callers, int each) throws IOException, InterruptedException {
        var directory = Files.createTempDirectory(Files.createDirectories(below).toAbsolutePath(), "forces");
        try {
            var trace = directory.resolve("trace");
            List<String> command = new ArrayList<>(
                    List.of("strace", "-f", "-y", "-qq", "-e", CALLS, "-e", "signal=none", "-o", trace.toString()));
            command.addAll(JavaCommand.of(
                    List.of(), TransactionCount.class.getName(), product, directory.resolve("log"), callers, each));
            var process = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(directory.resolve("errors").toFile())
                    .start();
            if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
                process.destroyForcibly().waitFor();
                throw new IOException(product + " has not committed: " + Files.readString(directory.resolve("errors")));
            }
            try (var lines = Files.lines(trace, UTF_8)) {
                return countIn(lines);
            }
        } finally {
            Trees.delete(directory);
        }
    }

    /** How many of the calls of a trace wait for the disk. */
    static int countIn(Stream<String> trace) {
        var reading = new Reading();
        trace.forEach(reading::line);
        return reading.count;
    }

    /** Files are told apart by their descriptors, as they may be renamed. Not thread-safe. */
    private static final class Reading {
        private final Set<String> synchronous = new HashSet<>();
        private final Set<String> opening = new HashSet<>();
        private int count;

        void line(String text) {
            var line = LINE.matcher(text);
            if (!line.matches()) {
                return;
            }
            boolean resumed = text.contains(" resumed>");
            var arguments = line.group(3);
            switch (line.group(2)) {
                case "open", "openat" -> opened(line.group(1), arguments, line.group(4));
                case "close" -> synchronous.remove(descriptor(arguments));
                case "fsync", "fdatasync" -> count += resumed ? 0 : 1;
                case "msync" -> count += arguments.contains("MS_SYNC") && !resumed ? 1 : 0;
                default -> count += !resumed && synchronous.contains(descriptor(arguments)) ? 1 : 0;
            }
        }

        private void opened(String process, String arguments, @Nullable String result) {
            boolean flagged = SYNCHRONOUS.matcher(arguments).find();
            if (result == null) {
                if (flagged) {
                    opening.add(process);
                }
                return;
            }
            if (opening.remove(process) || flagged) {
                synchronous.add(result);
            } else {
                synchronous.remove(result);
            }
        }

        private static String descriptor(String arguments) {
            var found = DESCRIPTOR.matcher(arguments);
            return found.find() ? found.group(1) : "";
        }
    }
}
