package dev.ktm.comparison;

import dev.ktm.comparison.chart.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Figures and tables in Markdown. */
final class Text {

    private static final String NOTHING = "–";

    private Text() {}

    /** Three significant digits. */
    static String number(double value) {
        if (value >= 999_500) {
            return significant(value / 1e6) + " M";
        }
        if (value >= 9_995) {
            return significant(value / 1e3) + " k";
        }
        if (value >= 99.95 || value == 0) {
            return String.format(Locale.ROOT, value >= 999.5 ? "%,.0f" : "%.0f", value);
        }
        return value >= 0.9995 ? significant(value) : String.format(Locale.ROOT, "%.3f", value);
    }

    private static String significant(double value) {
        return String.format(Locale.ROOT, value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
    }

    static String value(Value value) {
        return value.least() == value.most()
                ? number(value.median())
                : number(value.median()) + " [" + number(value.least()) + "–" + number(value.most()) + "]";
    }

    /** Text that stays what it is in a cell of a table. */
    static String cell(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|");
    }

    /** A line for each series, a column for each group. */
    static List<String> table(String corner, List<String> groups, Map<String, Map<String, Value>> series) {
        var lines = new ArrayList<String>();
        lines.add("| " + corner + " | " + String.join(" | ", groups) + " |");
        lines.add("|---|" + "---|".repeat(groups.size()));
        series.forEach((name, values) -> {
            var line = new StringBuilder("| " + cell(name) + " |");
            for (var group : groups) {
                var value = values.get(group);
                line.append(' ').append(value == null ? NOTHING : value(value)).append(" |");
            }
            lines.add(line.toString());
        });
        return lines;
    }
}
