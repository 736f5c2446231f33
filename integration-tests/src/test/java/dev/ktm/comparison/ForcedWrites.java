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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Counts the system calls of a product that wait for the disk, with {@code strace}. */
final class ForcedWrites {

    private static final String CALLS =
            "trace=open,openat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,msync";
    private static final Pattern OPENED = Pattern.compile("^(?:\\d+ +)?open(?:at)?\\(.*\\bO_D?SYNC\\b.*= \\d+<(.*)>$");
    private static final Pattern SYNCED = Pattern.compile("^(?:\\d+ +)?(?:fsync|fdatasync)\\(");
    private static final Pattern MAPPED = Pattern.compile("^(?:\\d+ +)?msync\\(.*MS_SYNC");
    private static final Pattern WRITTEN = Pattern.compile("^(?:\\d+ +)?p?write(?:64|v|v2)?\\(\\d+<(.*?)>,");
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
        var synchronous = new HashSet<String>();
        int[] count = {0};
        trace.forEach(line -> {
            var opened = OPENED.matcher(line);
            if (opened.find()) {
                synchronous.add(opened.group(1));
            } else if (SYNCED.matcher(line).find() || MAPPED.matcher(line).find() || isIn(line, synchronous)) {
                count[0]++;
            }
        });
        return count[0];
    }

    private static boolean isIn(String line, Set<String> synchronous) {
        Matcher written = WRITTEN.matcher(line);
        return written.find() && synchronous.contains(written.group(1));
    }
}
