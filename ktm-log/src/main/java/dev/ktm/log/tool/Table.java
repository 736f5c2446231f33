package dev.ktm.log.tool;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Rows whose cells stand one below the other. */
final class Table {

    private final PrintStream out;
    private final List<List<String>> rows = new ArrayList<>();

    Table(PrintStream out) {
        this.out = out;
    }

    void row(Object... cells) {
        rows.add(Stream.of(cells).map(String::valueOf).toList());
    }

    void print() {
        var widths = new ArrayList<Integer>();
        for (var row : rows) {
            for (int i = 0; i < row.size(); i++) {
                int width = row.get(i).length();
                if (i == widths.size()) {
                    widths.add(width);
                } else {
                    widths.set(i, Math.max(widths.get(i), width));
                }
            }
        }
        for (var row : rows) {
            var line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                var cell = row.get(i);
                line.append(cell);
                if (i + 1 < row.size()) {
                    line.append(" ".repeat(widths.get(i) - cell.length() + 2));
                }
            }
            out.println(line.toString().stripTrailing());
        }
    }
}
