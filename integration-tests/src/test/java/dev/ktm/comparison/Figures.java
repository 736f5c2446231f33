package dev.ktm.comparison;

import dev.ktm.comparison.chart.Value;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

/** Windows of some products and numbers of callers. Only those of platform threads count. */
final class Figures {

    private final List<Window> windows;

    Figures(List<Window> windows) {
        this.windows = windows.stream()
                .filter(window -> window.threads().equals("platform"))
                .toList();
    }

    boolean isEmpty() {
        return windows.isEmpty();
    }

    /** In the order in which they were measured first. */
    List<String> products() {
        return windows.stream().map(Window::log).distinct().toList();
    }

    List<Integer> callers() {
        var all = new TreeSet<Integer>();
        windows.forEach(window -> all.add(window.callers()));
        return List.copyOf(all);
    }

    /** For each product, by the number of callers in words: the median of the windows with the least and the most. */
    Map<String, Map<String, Value>> series(ToDoubleFunction<Window> figure) {
        var series = new LinkedHashMap<String, Map<String, Value>>();
        for (var product : products()) {
            var values = new LinkedHashMap<String, Value>();
            for (int number : callers()) {
                var some = windows.stream()
                        .filter(window -> window.log().equals(product) && window.callers() == number)
                        .mapToDouble(figure)
                        .filter(Double::isFinite)
                        .toArray();
                if (some.length > 0) {
                    values.put(words(number), spread(some));
                }
            }
            series.put(product, values);
        }
        return series;
    }

    List<String> groups() {
        return callers().stream().map(Figures::words).toList();
    }

    static String words(int callers) {
        return callers == 1 ? "1 caller" : callers + " callers";
    }

    static Value spread(double... values) {
        var sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Value(median, sorted[0], sorted[sorted.length - 1]);
    }

    /** How many windows there are, and what others used of the machine in them. */
    String summary() {
        var foreign =
                windows.stream().mapToDouble(Window::foreignShare).sorted().toArray();
        return String.format(
                Locale.ROOT,
                "%d windows; others used %.0f %% of the machine in half of them, %.0f %% at most.",
                windows.size(),
                100 * foreign[foreign.length / 2],
                100 * foreign[foreign.length - 1]);
    }
}
