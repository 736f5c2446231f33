package dev.ktm.comparison;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What something was measured on, in general terms. */
final class Host {

    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    private Host() {}

    static String describe(Path directory) throws IOException {
        return System.getProperty("os.name") + " "
                + System.getProperty("os.version").replaceAll("[^0-9.].*", "") + ", "
                + Runtime.getRuntime().availableProcessors() + " cores" + processor() + ", "
                + Files.getFileStore(directory).type();
    }

    static String java() {
        return Runtime.version().toString();
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
