package dev.ktm.benchmark;

import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How soon a log can be used: until a new one has its first durable record, and until one that was closed in order is
 * open again. In a Java virtual machine that has done so before, and in a new one for each try.
 */
final class StartSpeed {

    private static final int TRIES_PER_ROUND = 4;
    private static final long PROBE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Settings<?> settings;

    StartSpeed(Settings<?> settings) {
        this.settings = settings;
    }

    /** Measures and returns a table. */
    List<String> table() throws IOException, LogException {
        int tries = TRIES_PER_ROUND * settings.rounds();
        var warmCreate = new double[tries];
        var warmOpen = new double[tries];
        var coldCreate = new double[tries];
        var coldOpen = new double[tries];
        for (int i = -TRIES_PER_ROUND; i < tries; i++) {
            var directory = Files.createTempDirectory(settings.directory(), "start");
            try {
                int at = Math.max(i, 0);
                coldCreate[at] = inNewMachine("create", directory.resolve("cold"));
                awaitFilled(directory.resolve("cold"));
                coldOpen[at] = inNewMachine("open", directory.resolve("cold"));
                warmCreate[at] = millisToCreate(directory.resolve("warm"));
                awaitFilled(directory.resolve("warm"));
                warmOpen[at] = millisToOpen(directory.resolve("warm"));
            } finally {
                Experiment.delete(directory);
            }
        }
        return List.of(
                "| Until | Warm ms | In a new JVM ms |",
                "|---|---|---|",
                "| a new log has its first durable record | " + text(warmCreate) + " | " + text(coldCreate) + " |",
                "| a log that was closed in order is open | " + text(warmOpen) + " | " + text(coldOpen) + " |");
    }

    /** Measures one try in a machine of its own: {@code create} or {@code open}, and the directory. */
    public static void main(String[] arguments) throws LogException {
        var directory = Path.of(arguments[1]);
        double millis = arguments[0].equals("create") ? millisToCreate(directory) : millisToOpen(directory);
        System.out.println(millis);
    }

    private static double millisToCreate(Path directory) throws LogException {
        var data = ByteBuffer.allocateDirect(DurableLog.RECORD_BYTES);
        long start = System.nanoTime();
        try (var log = Log.open(directory, LogOptions.defaults())) {
            log.stream("benchmark").appendForced(data);
            return (System.nanoTime() - start) / 1e6;
        }
    }

    private static double millisToOpen(Path directory) throws LogException {
        long start = System.nanoTime();
        try (var log = Log.open(directory, LogOptions.defaults())) {
            return log.incarnation() > 0 ? (System.nanoTime() - start) / 1e6 : Double.NaN;
        }
    }

    /** A log that was closed while its containers were being filled goes on with that when it is opened. */
    private static void awaitFilled(Path directory) throws LogException {
        try (var log = Log.open(directory, LogOptions.defaults())) {
            while (log.stats().filledContainers() < log.stats().containers()) {
                LockSupport.parkNanos(PROBE_NANOS);
            }
        }
    }

    private static double inNewMachine(String what, Path directory) throws IOException {
        return Double.parseDouble(NewMachine.run(StartSpeed.class, List.of(), what, directory.toString())
                .line());
    }

    /** Median, smallest and largest. */
    static String text(double[] millis) {
        var sorted = millis.clone();
        Arrays.sort(sorted);
        return String.format(
                Locale.ROOT, "%.1f [%.1f–%.1f]", sorted[sorted.length / 2], sorted[0], sorted[sorted.length - 1]);
    }
}
