package dev.ktm.benchmark;

import dev.ktm.benchmark.Outcome.Spread;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Outcomes as Markdown. Figures are medians of the windows, with the least and the most in brackets. */
final class Report {

    private static final String NOTHING = "–";

    private Report() {}

    /** One line for each scenario, with everything that was measured. */
    static List<String> details(List<Outcome> outcomes) {
        var lines = new ArrayList<String>();
        lines.add("| Log | Callers | Forced appends/s | × R | p50 µs | p99 µs | p50 ÷ raw p50 "
                + "| CPU µs/append | Bytes allocated/append | Forces/append |");
        lines.add("|---|---|---|---|---|---|---|---|---|---|");
        for (var outcome : outcomes) {
            lines.add("| " + outcome.scenario().log() + " | "
                    + outcome.scenario().callersText() + " | " + String.join(" | ", figures(outcome)) + " |");
        }
        return lines;
    }

    private static List<String> figures(Outcome outcome) {
        if (outcome.windows().isEmpty()) {
            return List.of(absent(outcome), "", "", "", "", "", "", "");
        }
        return List.of(
                spread(outcome, Window::perSecond, Report::count),
                spread(outcome, Window::ratio, Report::decimals),
                median(outcome, window -> window.work().p50Micros(), Report::time),
                median(outcome, window -> window.work().p99Micros(), Report::time),
                median(outcome, Window::latencyRatio, Report::decimals),
                median(outcome, window -> window.work().cpuMicros(), Report::decimals),
                median(outcome, window -> window.work().allocatedBytes(), Report::count),
                median(outcome, window -> window.work().forces(), Report::decimals));
    }

    /** One line for each scenario, compared with another log that does part of the work. */
    static List<String> beside(List<Outcome> outcomes) {
        var lines = new ArrayList<String>();
        lines.add("| Transactions | Callers | Commits/s | × the other | p50 µs | p99 µs | CPU µs/commit "
                + "| CPU beyond the other µs | Bytes allocated/commit | Forces/commit |");
        lines.add("|---|---|---|---|---|---|---|---|---|---|");
        for (var outcome : outcomes) {
            lines.add("| " + outcome.scenario().log() + " | "
                    + outcome.scenario().callersText() + " | " + String.join(" | ", figuresBeside(outcome)) + " |");
        }
        lines.add("");
        lines.add(windows(outcomes) + ".");
        return lines;
    }

    private static List<String> figuresBeside(Outcome outcome) {
        if (outcome.windows().isEmpty()) {
            return List.of(absent(outcome), "", "", "", "", "", "", "");
        }
        return List.of(
                spread(outcome, Window::perSecond, Report::count),
                spread(outcome, Window::ratio, Report::decimals),
                median(outcome, window -> window.work().p50Micros(), Report::time),
                median(outcome, window -> window.work().p99Micros(), Report::time),
                spread(outcome, window -> window.work().cpuMicros(), Report::decimals),
                spread(outcome, Window::cpuMicrosBeyondReference, Report::decimals),
                median(outcome, window -> window.work().allocatedBytes(), Report::count),
                spread(outcome, window -> window.work().forces(), Report::fine));
    }

    private static String absent(Outcome outcome) {
        return outcome.hasFailed() ? "failed" : "no quiet window";
    }

    /** One line for each log and one column for each number of callers. */
    static List<String> comparison(List<Outcome> outcomes) {
        var numbers = outcomes.stream()
                .map(outcome -> outcome.scenario().callers())
                .distinct()
                .sorted()
                .toList();
        Map<String, List<Outcome>> logs = outcomes.stream()
                .collect(Collectors.groupingBy(
                        outcome -> outcome.scenario().log(), LinkedHashMap::new, Collectors.toList()));
        var lines = new ArrayList<String>();
        lines.add("| Transactions/s, × R | "
                + numbers.stream().map(number -> "N = " + number + " | ").collect(Collectors.joining())
                + "Bytes allocated at most callers |");
        lines.add("|---|" + "---|".repeat(numbers.size()) + "---|");
        logs.forEach((log, cells) -> lines.add(comparisonLine(log, cells, numbers)));
        return lines;
    }

    private static String comparisonLine(String log, List<Outcome> cells, List<Integer> numbers) {
        var line = new StringBuilder("| " + log + " | ");
        for (int number : numbers) {
            line.append(cells.stream()
                            .filter(cell -> cell.scenario().callers() == number)
                            .map(Report::rateAndRatio)
                            .findFirst()
                            .orElse(NOTHING))
                    .append(" | ");
        }
        var measured = cells.stream().filter(cell -> !cell.windows().isEmpty()).toList();
        var bytes = measured.isEmpty()
                ? NOTHING
                : median(
                        measured.get(measured.size() - 1),
                        window -> window.work().allocatedBytes(),
                        Report::count);
        return line.append(bytes).append(" |").toString();
    }

    private static String rateAndRatio(Outcome outcome) {
        if (outcome.windows().isEmpty()) {
            return absent(outcome);
        }
        return median(outcome, Window::perSecond, Report::count) + "; "
                + spread(outcome, Window::ratio, Report::decimals);
    }

    /** How many windows count and how many were dropped, and what the raw device did in those that count. */
    static String summary(List<Outcome> outcomes) {
        var rates = outcomes.stream()
                .flatMap(outcome -> outcome.windows().stream())
                .mapToDouble(window -> window.reference().perSecond())
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        var text = windows(outcomes);
        if (rates.length > 0) {
            text += "; R = " + count(rates[rates.length / 2]) + "/s [" + count(rates[0]) + "–"
                    + count(rates[rates.length - 1]) + "]";
        }
        return text + ".";
    }

    private static String windows(List<Outcome> outcomes) {
        int kept =
                outcomes.stream().mapToInt(outcome -> outcome.windows().size()).sum();
        int dropped = outcomes.stream().mapToInt(Outcome::dropped).sum();
        var foreign = outcomes.stream()
                .flatMap(outcome -> outcome.windows().stream())
                .mapToDouble(Window::foreignShare)
                .sorted()
                .toArray();
        var used = foreign.length == 0
                ? ""
                : String.format(
                        Locale.ROOT, ", in the rest they used %.0f %% of it", 100 * foreign[foreign.length / 2]);
        return kept + " windows, " + dropped + " dropped because others used the machine" + used;
    }

    private static String spread(Outcome outcome, ToDoubleFunction<Window> figure, Format format) {
        Spread spread = outcome.spread(figure);
        if (Double.isNaN(spread.median())) {
            return NOTHING;
        }
        return format.text(spread.median()) + " [" + format.text(spread.least()) + "–" + format.text(spread.most())
                + "]";
    }

    private static String median(Outcome outcome, ToDoubleFunction<Window> figure, Format format) {
        return format.text(outcome.spread(figure).median());
    }

    /** How a figure is written. */
    @FunctionalInterface
    private interface Format {
        String text(double figure);
    }

    /** Three significant digits from 1000 on, with the letters of the metric system. */
    private static String count(double figure) {
        if (Double.isNaN(figure)) {
            return NOTHING;
        }
        if (figure >= 999_500) {
            return significant(figure / 1e6) + " M";
        }
        return figure >= 999.5 ? significant(figure / 1e3) + " k" : String.format(Locale.ROOT, "%.0f", figure);
    }

    private static String time(double micros) {
        return micros < 9.995 ? decimals(micros) : String.format(Locale.ROOT, "%.0f", micros);
    }

    private static String significant(double figure) {
        return String.format(Locale.ROOT, figure < 9.995 ? "%.2f" : figure < 99.95 ? "%.1f" : "%.0f", figure);
    }

    private static String fine(double figure) {
        return Double.isNaN(figure) ? NOTHING : String.format(Locale.ROOT, "%.3f", figure);
    }

    private static String decimals(double figure) {
        if (Double.isNaN(figure)) {
            return NOTHING;
        }
        return String.format(Locale.ROOT, figure < 9.995 ? "%.2f" : "%.1f", figure);
    }
}
