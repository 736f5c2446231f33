package dev.ktm.comparison.chart;

import java.util.List;
import java.util.Map;

/**
 * Bars in groups, each with its range.
 *
 * @param title what is shown
 * @param unit of the figures
 * @param groups names along the axis
 * @param series for each name a value of each group, or none
 */
public record Chart(String title, String unit, List<String> groups, Map<String, Map<String, Value>> series) {

    /** Refuses a chart without anything in it. */
    public Chart {
        if (groups.isEmpty() || series.isEmpty()) {
            throw new IllegalArgumentException("expected at least one group and one series in " + title);
        }
    }

    /** As a document of its own. */
    public String svg() {
        return new Drawing(this).svg();
    }

    double most() {
        return series.values().stream()
                .flatMap(values -> values.values().stream())
                .mapToDouble(Value::most)
                .max()
                .orElse(0);
    }
}
