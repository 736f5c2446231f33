package dev.ktm.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures scenarios beside each other on a machine that is not ours alone.
 *
 * <p>Absolute rates move with whatever else goes on, so every window is framed by two measurements of a reference,
 * mostly the raw device, and their ratio is the result. One round takes one window of each scenario, in an order that shifts with the round;
 * the first round only warms up. A window opens a log in an empty directory, measures the reference, lets the callers
 * run for a while, records, and measures the reference again. It is thrown away and tried again if others used more of
 * the CPUs than allowed.
 */
final class Experiment {

    private static final int ATTEMPTS = 8;
    private static final long PROBE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int PROBES = 30;

    private final Settings<?> settings;
    private final Reference reference;

    Experiment(Settings<?> settings, Reference reference) {
        this.settings = settings;
        this.reference = reference;
    }

    /** Measures all of them. */
    List<Outcome> run(List<Scenario> scenarios) {
        var outcomes = scenarios.stream().map(Outcome::new).toList();
        for (int round = 0; round <= settings.rounds(); round++) {
            var order = new ArrayList<>(outcomes);
            Collections.rotate(order, round);
            for (var outcome : order) {
                if (!outcome.hasFailed()) {
                    add(outcome, round == 0);
                }
            }
            System.err.println("round " + round + " of " + settings.rounds() + " done");
        }
        return outcomes;
    }

    private void add(Outcome outcome, boolean warmUp) {
        try {
            if (warmUp) {
                measure(outcome.scenario());
                return;
            }
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                awaitQuiet();
                var window = measure(outcome.scenario());
                if (window.foreignShare() * 100 <= settings.foreignPercent()) {
                    outcome.keep(window);
                    return;
                }
                outcome.drop();
            }
        } catch (Exception e) {
            outcome.fail(String.valueOf(e));
            System.err.println(outcome.scenario() + " failed: " + e);
        }
    }

    /** Gives others a few seconds to end what they are doing. */
    private void awaitQuiet() {
        for (int probe = 0; probe < PROBES; probe++) {
            var before = Usage.now();
            LockSupport.parkNanos(PROBE_NANOS);
            if (Usage.now().foreignShareSince(before, 0) * 100 <= settings.foreignPercent()) {
                return;
            }
        }
    }

    private Window measure(Scenario scenario) throws Exception {
        var directory = Files.createTempDirectory(settings.directory(), "log");
        try (var measured = scenario.opener().open(directory)) {
            return measure(scenario, measured);
        } finally {
            delete(directory);
        }
    }

    private Window measure(Scenario scenario, Measured measured) throws Exception {
        long windowNanos = TimeUnit.MILLISECONDS.toNanos(settings.windowMillis());
        var begin = Usage.now();
        var rateBefore = reference.measure(scenario, windowNanos / 2);
        var work = measured.work(scenario, windowNanos);
        var rateAfter = reference.measure(scenario, windowNanos / 2);
        var rate = rateBefore.middle(rateAfter);
        long otherCpuNanos = work.otherCpuNanos() + rate.otherCpuNanos();
        return new Window(work, rate, Usage.now().foreignShareSince(begin, otherCpuNanos));
    }

    /** Removes a directory with all that is in it. */
    static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
