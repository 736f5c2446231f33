package dev.ktm.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** All windows of one scenario. Not thread-safe. */
final class Outcome {

    private final Scenario scenario;
    private final List<Window> windows = new ArrayList<>();
    private int dropped;
    private String failure = "";

    Outcome(Scenario scenario) {
        this.scenario = scenario;
    }

    Scenario scenario() {
        return scenario;
    }

    List<Window> windows() {
        return List.copyOf(windows);
    }

    /** How many windows were thrown away because others used the machine. */
    int dropped() {
        return dropped;
    }

    /** Why there is no result; empty if nothing failed. */
    String failure() {
        return failure;
    }

    void keep(Window window) {
        windows.add(window);
    }

    void drop() {
        dropped++;
    }

    void fail(String reason) {
        failure = reason;
    }

    boolean hasFailed() {
        return !failure.isEmpty();
    }

    /** Median, smallest and largest value over the windows. There is at least one. */
    Spread spread(ToDoubleFunction<Window> figure) {
        var sorted = windows.stream().mapToDouble(figure).sorted().toArray();
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }

    /** A figure of several windows. */
    record Spread(double median, double least, double most) {}
}
