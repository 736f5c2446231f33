package dev.ktm.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How fast files are read from the device without any log: 1 MiB at a time, past the page cache. */
final class ReadSpeed {

    private static final int READ_BYTES = 1 << 20;
    private static final Path DROP_CACHES = Path.of("/proc/sys/vm/drop_caches");

    private ReadSpeed() {}

    /** Reads the files from beginning to end, one after the other, and returns gigabytes per second. */
    static double gigabytesPerSecond(List<Path> files) throws IOException {
        var buffer = DirectFile.buffer(READ_BYTES);
        long bytes = 0;
        long start = System.nanoTime();
        for (var file : files) {
            try (var channel = DirectFile.openForReading(file)) {
                for (int count = 0; count >= 0; count = channel.read(buffer.clear())) {
                    bytes += count;
                }
            }
        }
        return bytes / (double) (System.nanoTime() - start);
    }

    /** Makes the next reader go to the device. Returns false if this process may not do that. */
    static boolean dropPageCache() {
        try {
            Files.writeString(DROP_CACHES, "3\n", StandardCharsets.US_ASCII);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
