package dev.ktm.deployment;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;

/** The end of a run, for people. */
final class Summary {

    private static final String ROW = "  %-30s %10s %12s %14s%n";

    private final Ledger ledger;
    private final Check check;

    Summary(Ledger ledger, Check check) {
        this.ledger = ledger;
        this.check = check;
    }

    void print(PrintWriter out, Duration taken) {
        out.println();
        line(out, "releases attempted", ledger.said().size(), "");
        line(out, "committed", ledger.count(Ledger.Said.COMMITTED), "acknowledged to the caller");
        line(out, "rolled back", ledger.count(Ledger.Said.ROLLED_BACK), "by the program (every 17th) or at commit");
        line(out, "cut off by a crash", ledger.count(Ledger.Said.NOTHING), "decided by recovery, see below");
        out.println();
        out.printf(Locale.ROOT, ROW, "the process died", "times", "committed", "rolled back");
        out.println("  " + "-".repeat(69));
        ledger.deathsByPoint().forEach((point, deaths) -> {
            long committed = deaths.stream()
                    .filter(death -> check.isCommitted(death.release()))
                    .count();
            out.printf(Locale.ROOT, ROW, point, deaths.size(), committed, deaths.size() - committed);
        });
        out.println();
        row(out, "row by row", check.held().keySet());
        out.println("  " + "-".repeat(69));
        row(
                out,
                "committed releases",
                check.held().values().stream().map(Map::size).toList());
        out.println();
        if (check.disagreements().isEmpty()) {
            out.printf(
                    Locale.ROOT,
                    "Compared row by row after %d crashes, before anything else was done, and in the end.%n",
                    ledger.comparedDeaths());
            out.printf(
                    Locale.ROOT,
                    "Every release is everywhere or nowhere: all agree, after %d crashes, in %.0f s.%n",
                    ledger.deaths().size(),
                    taken.toMillis() / 1000.0);
        } else {
            out.println("THEY DO NOT AGREE:");
            check.disagreements().forEach(each -> out.println("  " + each));
        }
        out.flush();
    }

    private static void row(PrintWriter out, String what, Collection<?> cells) {
        out.printf(Locale.ROOT, "  %-19s", what);
        cells.forEach(cell -> out.printf(Locale.ROOT, "%10s", cell));
        out.println();
    }

    private static void line(PrintWriter out, String what, long count, String remark) {
        out.printf(Locale.ROOT, "  %-20s %8d   %s%n", what, count, remark);
    }
}
