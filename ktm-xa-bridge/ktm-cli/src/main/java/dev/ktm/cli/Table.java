package dev.ktm.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows below a header whose cells stand one below the other. */
final class Table {

    /** A cell. */
    record Cell(String text, Style style) {
        Cell {
            text = Printable.line(text);
        }

        Cell(String text) {
            this(text, Style.PLAIN);
        }
    }

    private static final int GAP = 2;

    private final List<List<Cell>> rows = new ArrayList<>();

    Table(String... headers) {
        rows.add(List.of(headers).stream()
                .map(each -> new Cell(each, Style.HEADER))
                .toList());
    }

    void row(Object... cells) {
        var row = new ArrayList<Cell>();
        for (var cell : cells) {
            row.add(cell instanceof Cell styled ? styled : new Cell(String.valueOf(cell)));
        }
        rows.add(row);
    }

    boolean isEmpty() {
        return rows.size() == 1;
    }

    /** The lines. Columns that are empty in every row are left out. */
    List<String> lines(boolean coloured) {
        var widths = widths();
        var lines = new ArrayList<String>();
        for (var row : rows) {
            var line = new StringBuilder();
            int padding = 0;
            for (int i = 0; i < row.size(); i++) {
                if (widths[i] > 0) {
                    var cell = row.get(i);
                    if (!cell.text().isEmpty()) {
                        line.append(" ".repeat(padding)).append(cell.style().of(cell.text(), coloured));
                        padding = 0;
                    }
                    padding += widths[i] - cell.text().length() + GAP;
                }
            }
            lines.add(line.toString());
        }
        return lines;
    }

    private int[] widths() {
        int columns = rows.get(0).size();
        var widths = new int[columns];
        for (int i = 0; i < columns; i++) {
            int most = 0;
            for (int r = 1; r < rows.size(); r++) {
                most = Math.max(most, rows.get(r).get(i).text().length());
            }
            widths[i] = most == 0 ? 0 : Math.max(most, rows.get(0).get(i).text().length());
        }
        return widths;
    }
}
