package dev.ktm.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the figures were taken on. */
final class Machine {

    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    private Machine() {}

    /** One line: Java, kernel, processor, file system. */
    static String describe(Path directory) throws IOException {
        var store = Files.getFileStore(directory);
        return "Java " + Runtime.version() + " (" + System.getProperty("java.vm.name") + "), "
                + System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                + Runtime.getRuntime().availableProcessors() + " cores" + processor() + ", " + store.type() + " on "
                + store.name() + ". R is the rate of one writer of 4 KiB blocks, each durable before the next.";
    }

    private static String processor() throws IOException {
        if (!Files.isReadable(CPU_INFO)) {
            return "";
        }
        try (var lines = Files.lines(CPU_INFO, StandardCharsets.UTF_8)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .findFirst()
                    .map(line -> " of " + line.substring(line.indexOf(':') + 1).trim())
                    .orElse("");
        }
    }
}
