package dev.ktm.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Runs TLC on the model, in a process of its own, because TLC can run only once in a JVM. */
final class Tlc {

    static final Path MODEL = Path.of("docs", "model");

    private static final Pattern INVARIANT = Pattern.compile("Error: Invariant (\\w+) is violated");
    private static final Pattern TEMPORAL = Pattern.compile("Error: Temporal properties were violated");
    private static final Pattern HOLDS = Pattern.compile("Model checking completed. No error has been found");
    private static final Pattern STATES = Pattern.compile("(?m)^(\\d+) states generated, (\\d+) distinct states found");
    private static final Pattern ACTION = Pattern.compile("(?m)^<(\\w+) line [^>]*>: \\d+:(\\d+)$");

    private final Path directory;
    private final Duration limit;

    /**
     * Runs in a directory.
     *
     * @param directory an empty one
     * @param limit how long it may take
     */
    Tlc(Path directory, Duration limit) {
        this.directory = directory;
        this.limit = limit;
    }

    /**
     * What came of it.
     *
     * @param violated the invariant that does not hold; or all properties, if what must happen at last does not
     * @param states how many different ones there are
     * @param actions how often each action was taken, if that was counted
     * @param output all that was said, with the way to the violation
     */
    record Verdict(Optional<String> violated, long states, Map<String, Long> actions, String output) {}

    /** Checks an instance. */
    Verdict check(Instance instance) throws IOException, InterruptedException {
        return verdict(instance, run(instance, List.of()));
    }

    /** Checks an instance, and counts how often each action is taken. */
    Verdict checkCounting(Instance instance) throws IOException, InterruptedException {
        return verdict(instance, run(instance, List.of("-coverage", "1")));
    }

    private static Verdict verdict(Instance instance, String output) {
        var invariant = INVARIANT.matcher(output);
        Optional<String> violated;
        if (invariant.find()) {
            violated = Optional.of(invariant.group(1));
        } else if (TEMPORAL.matcher(output).find()) {
            violated = Optional.of(String.join(" ", instance.properties()));
        } else if (HOLDS.matcher(output).find()) {
            violated = Optional.empty();
        } else {
            throw new AssertionError("expected a verdict, found:\n" + output);
        }
        return new Verdict(violated, states(output), actions(output), output);
    }

    private String run(Instance instance, List<String> options) throws IOException, InterruptedException {
        Files.copy(MODEL.resolve("Ktm.tla"), directory.resolve("Ktm.tla"));
        Files.writeString(directory.resolve("Ktm.cfg"), instance.configuration(), UTF_8);
        var output = directory.resolve("output.txt");
        var process = new ProcessBuilder(command(options))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(
                        "expected a verdict within " + limit + ", found:\n" + Files.readString(output));
            }
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(output, UTF_8);
    }

    private List<String> command(List<String> options) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // Most runs are over before better code would pay.
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-XX:+UseSerialGC");
        command.add("-Xmx2g");
        // The standard modules are unpacked there.
        command.add("-Djava.io.tmpdir=" + directory);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(WholeStateSpace.class.getName());
        // Nobody goes on with a run that has been stopped, and to write down where it is stops the workers as well.
        command.add("-checkpoint");
        command.add("0");
        // One, so that it is always the same violation that is found.
        command.add("-workers");
        command.add("1");
        command.addAll(options);
        command.add("-metadir");
        command.add(directory.resolve("states").toString());
        command.add("Ktm.tla");
        return command;
    }

    private static long states(String output) {
        var states = STATES.matcher(output);
        long distinct = 0;
        while (states.find()) {
            distinct = Long.parseLong(states.group(2));
        }
        return distinct;
    }

    private static Map<String, Long> actions(String output) {
        var taken = new HashMap<String, Long>();
        var action = ACTION.matcher(output);
        while (action.find()) {
            taken.merge(action.group(1), Long.parseLong(action.group(2)), Math::max);
        }
        return taken;
    }
}
