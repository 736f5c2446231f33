package dev.ktm.comparison.chart;

import java.util.List;
import java.util.Locale;

/** Draws one chart. Not thread-safe. */
final class Drawing {

    private static final int WIDTH = 760;
    private static final int HEIGHT = 360;
    private static final int LEFT = 70;
    private static final int RIGHT = 12;
    private static final int TOP = 46;
    private static final int LINE = 16;
    private static final int LEGEND_COLUMNS = 2;
    private static final int GRID_LINES = 5;
    private static final double GROUP_PART = 0.84;

    /** Apart from each other for people who see colours differently, on white and on black. */
    private static final List<String> COLOURS =
            List.of("#0077bb", "#ee7733", "#009988", "#cc3311", "#aa4499", "#999933", "#33bbee", "#888888");

    private static final String STYLE = """
            <style>
            text { font: 12px sans-serif; fill: #1f2328; }
            .title { font-size: 15px; font-weight: bold; }
            .grid { stroke: #d0d7de; stroke-width: 1; }
            .range { stroke: #1f2328; stroke-width: 1.2; }
            @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3; }
            .grid { stroke: #3d444d; }
            .range { stroke: #e6edf3; }
            }
            </style>
            """;

    private final Chart chart;
    private final StringBuilder svg = new StringBuilder();
    private final int bottom;
    private final double step;

    Drawing(Chart chart) {
        this.chart = chart;
        int legendLines = (chart.series().size() + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
        this.bottom = HEIGHT - LINE * legendLines - 2 * LINE;
        this.step = niceStep(chart.most());
    }

    /** The distance of grid lines: 1, 2 or 5 times a power of ten. */
    static double niceStep(double most) {
        if (most <= 0) {
            return 1;
        }
        double raw = most / GRID_LINES;
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        for (int factor : new int[] {1, 2, 5}) {
            if (raw <= factor * power) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    String svg() {
        svg.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">",
                WIDTH,
                HEIGHT,
                WIDTH,
                HEIGHT));
        svg.append('\n');
        svg.append("<title>").append(escape(chart.title())).append("</title>\n").append(STYLE);
        text(LEFT, LINE + 2, "title", "start", chart.title());
        text(LEFT, TOP - 10, "", "start", chart.unit());
        grid();
        bars();
        legend();
        return svg.append("</svg>\n").toString();
    }

    private double most() {
        return step * Math.max(1, Math.ceil(chart.most() / step - 1e-9));
    }

    private double y(double value) {
        return bottom - value / most() * (bottom - TOP);
    }

    private void grid() {
        long lines = Math.round(most() / step);
        for (long i = 0; i <= lines; i++) {
            double y = y(i * step);
            line("grid", LEFT, y, WIDTH - RIGHT, y);
            text(LEFT - 6, y + 4, "", "end", number(i * step));
        }
    }

    private void bars() {
        double groupWidth = (double) (WIDTH - LEFT - RIGHT) / chart.groups().size();
        double barWidth = groupWidth * GROUP_PART / chart.series().size();
        for (int group = 0; group < chart.groups().size(); group++) {
            double left = LEFT + group * groupWidth + groupWidth * (1 - GROUP_PART) / 2;
            int bar = 0;
            for (var entry : chart.series().entrySet()) {
                var value = entry.getValue().get(chart.groups().get(group));
                if (value != null) {
                    bar(left + bar * barWidth, barWidth, colour(bar), value);
                }
                bar++;
            }
            text(
                    LEFT + (group + 0.5) * groupWidth,
                    bottom + LINE,
                    "",
                    "middle",
                    chart.groups().get(group));
        }
    }

    private static String colour(int series) {
        return COLOURS.get(series % COLOURS.size());
    }

    private void bar(double x, double width, String colour, Value value) {
        rectangle(x + 1, y(value.median()), width - 2, bottom - y(value.median()), colour);
        if (value.most() > value.least()) {
            double middle = x + width / 2;
            line("range", middle, y(value.least()), middle, y(value.most()));
        }
    }

    private void legend() {
        int at = 0;
        for (var name : chart.series().keySet()) {
            double x = LEFT + at % LEGEND_COLUMNS * (double) (WIDTH - LEFT - RIGHT) / LEGEND_COLUMNS;
            double y = bottom + 2 * LINE + 4 + LINE * (at / LEGEND_COLUMNS);
            rectangle(x, y - 9, 10, 10, colour(at));
            text(x + 15, y, "", "start", name);
            at++;
        }
    }

    private void rectangle(double x, double y, double width, double height, String colour) {
        svg.append(String.format(
                        Locale.ROOT,
                        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>",
                        x,
                        y,
                        width,
                        height,
                        colour))
                .append('\n');
    }

    private void line(String style, double x1, double y1, double x2, double y2) {
        svg.append(String.format(
                        Locale.ROOT,
                        "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
                        style,
                        x1,
                        y1,
                        x2,
                        y2))
                .append('\n');
    }

    private void text(double x, double y, String style, String anchor, String text) {
        svg.append(String.format(
                        Locale.ROOT,
                        "<text%s x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
                        style.isEmpty() ? "" : " class=\"" + style + "\"",
                        x,
                        y,
                        anchor,
                        escape(text)))
                .append('\n');
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    private String number(double value) {
        if (value == 0) {
            return "0";
        }
        if (step >= 1_000_000) {
            return String.format(Locale.ROOT, "%.0f M", value / 1e6);
        }
        if (step >= 1000) {
            return String.format(Locale.ROOT, "%.0f k", value / 1000);
        }
        int decimals = step >= 1 ? 0 : (int) Math.ceil(-Math.log10(step) - 1e-9);
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}
