package dev.ktm.benchmark;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.DoubleFunction;

/** The same figure, from several rounds. */
final class Samples {

    private final double[] values;

    Samples(double... values) {
        this.values = values.clone();
    }

    /** Of the ratios of two figures, round by round. */
    Samples dividedBy(Samples other) {
        var ratios = new double[values.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = values[i] / other.values[i];
        }
        return new Samples(ratios);
    }

    /** The lower of two figures, round by round. */
    Samples lower(Samples other) {
        var lower = new double[values.length];
        for (int i = 0; i < lower.length; i++) {
            lower[i] = Math.min(values[i], other.values[i]);
        }
        return new Samples(lower);
    }

    /** Median, least and most, as numbers without decimals. */
    String whole() {
        return text(value -> String.format(Locale.ROOT, "%,.0f", value));
    }

    /** Median, least and most, with two decimals. */
    String fine() {
        return text(value -> String.format(Locale.ROOT, "%.2f", value));
    }

    private String text(DoubleFunction<String> format) {
        var sorted = values.clone();
        Arrays.sort(sorted);
        return format.apply(sorted[sorted.length / 2]) + " [" + format.apply(sorted[0]) + "–"
                + format.apply(sorted[sorted.length - 1]) + "]";
    }
}
