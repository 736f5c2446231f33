package dev.ktm.benchmark;

import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How fast an existing log is opened, which reads all of it: from the page cache, and from the device beside plain
 * sequential reads of the same files in the same run.
 */
final class RecoverySpeed {

    private static final long CONTAINER_BYTES = 32L << 20;
    private static final int CONTAINERS = 10;
    private static final int WARM_UPS = 5;
    private static final long LOG_BYTES = 256L << 20;

    private final Settings<?> settings;

    RecoverySpeed(Settings<?> settings) {
        this.settings = settings;
    }

    /** Measures and returns a table. */
    List<String> table() throws IOException, LogException {
        var lines = new ArrayList<String>();
        lines.add("| Records/frame | Log MiB | From the page cache GB/s | From the device GB/s "
                + "| Plain reads of the device GB/s | Device ÷ plain |");
        lines.add("|---|---|---|---|---|---|");
        for (int recordsPerFrame : new int[] {1, 20, 350}) {
            lines.add(line(recordsPerFrame));
        }
        return lines;
    }

    private String line(int recordsPerFrame) throws IOException, LogException {
        var directory = Files.createTempDirectory(settings.directory(), "recovery");
        try {
            long bytes = write(directory, recordsPerFrame);
            var cached = new double[settings.rounds()];
            var device = new double[settings.rounds()];
            var plain = new double[settings.rounds()];
            for (int warmUp = 0; warmUp < WARM_UPS; warmUp++) {
                openAndClose(directory);
            }
            for (int round = 0; round < settings.rounds(); round++) {
                cached[round] = bytes / (double) openAndClose(directory);
                plain[round] = ReadSpeed.gigabytesPerSecond(containers(directory));
                device[round] = ReadSpeed.dropPageCache() ? bytes / (double) openAndClose(directory) : Double.NaN;
            }
            return "| " + recordsPerFrame + " | " + (bytes >> 20) + " | " + text(median(cached)) + " | "
                    + text(median(device)) + " | " + text(median(plain)) + " | "
                    + text(median(device) / median(plain)) + " |";
        } finally {
            Experiment.delete(directory);
        }
    }

    private static LogOptions options() {
        return LogOptions.builder()
                .containerBytes(CONTAINER_BYTES)
                .containers(CONTAINERS)
                .build();
    }

    /** Fills a log whose base stays where it is, and returns its bytes. */
    private static long write(Path directory, int recordsPerFrame) throws LogException {
        var data = ByteBuffer.allocateDirect(DurableLog.RECORD_BYTES);
        try (var log = Log.open(directory, options())) {
            var stream = log.stream("benchmark");
            while (log.stats().writtenBytes() < LOG_BYTES) {
                for (int i = 1; i < recordsPerFrame; i++) {
                    stream.append(data);
                }
                stream.appendForced(data);
            }
            return log.stats().writtenBytes();
        }
    }

    /** Returns how long it took to open, in nanoseconds. */
    private static long openAndClose(Path directory) throws LogException {
        long start = System.nanoTime();
        try (var log = Log.open(directory, options())) {
            return System.nanoTime() - start;
        }
    }

    private static List<Path> containers(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.filter(file -> file.toFile().length() == CONTAINER_BYTES)
                    .sorted()
                    .toList();
        }
    }

    private static double median(double[] values) {
        var sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static String text(double figure) {
        return Double.isNaN(figure) ? "not permitted" : String.format(Locale.ROOT, "%.2f", figure);
    }
}
