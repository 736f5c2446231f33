package dev.ktm.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Every window as one JSON object, in one array. */
final class JsonReport {

    private JsonReport() {}

    static void write(Path file, List<Outcome> outcomes) throws IOException {
        var objects = outcomes.stream()
                .flatMap(outcome -> outcome.windows().stream().map(window -> object(outcome, window)))
                .collect(Collectors.joining(",\n", "[\n", "\n]\n"));
        Files.writeString(file, objects, StandardCharsets.UTF_8);
    }

    private static String object(Outcome outcome, Window window) {
        var scenario = outcome.scenario();
        return "{" + text("log", scenario.log())
                + ", " + text("threads", scenario.threads().name().toLowerCase(Locale.ROOT))
                + ", " + number("callers", scenario.callers())
                + ", " + number("thinkMicros", (double) scenario.thinkMicros())
                + ", " + number("dropped", outcome.dropped())
                + ", " + number("perSecond", window.perSecond())
                + ", " + number("ratio", window.ratio())
                + ", " + number("p50Micros", window.work().p50Micros())
                + ", " + number("p99Micros", window.work().p99Micros())
                + ", " + number("cpuMicros", window.work().cpuMicros())
                + ", " + number("allocatedBytes", window.work().allocatedBytes())
                + ", " + number("forces", window.work().forces())
                + ", " + number("referencePerSecond", window.reference().perSecond())
                + ", " + number("referenceP50Micros", window.reference().p50Micros())
                + ", " + number("referenceP99Micros", window.reference().p99Micros())
                + ", " + number("foreignShare", window.foreignShare()) + "}";
    }

    private static String text(String name, String value) {
        return "\"" + name + "\": \"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    private static String number(String name, double value) {
        return "\"" + name + "\": " + (Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "null");
    }
}
