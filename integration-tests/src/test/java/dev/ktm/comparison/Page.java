package dev.ktm.comparison;

import dev.ktm.comparison.chart.Chart;
import dev.ktm.comparison.chart.Value;
import dev.ktm.comparison.fault.Fault;
import dev.ktm.comparison.fault.FaultProduct;
import dev.ktm.comparison.fault.FaultSize;
import dev.ktm.comparison.fault.Judge;
import dev.ktm.comparison.fault.Observation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Writes the page, and its charts in a directory of the same name. The same results give the same bytes. */
final class Page {

    static final String COMMAND = """
            mvn -q -Pbenchmark verify -DskipTests -Dbenchmark.main=dev.ktm.comparison.Comparison
            """;

    private static final String NOT_MEASURED = "Not measured yet.";

    private final Results results;
    private final Path file;
    private final Map<Section, Run> runs;
    private final List<String> lines = new ArrayList<>();
    private final Map<String, String> charts = new LinkedHashMap<>();

    private Page(Results results, Path file) throws IOException {
        this.results = results;
        this.file = file;
        this.runs = results.runs();
    }

    /** Writes it into this file. */
    static void write(Results results, Path file) throws IOException {
        var page = new Page(results, file);
        page.head();
        page.commit();
        page.forces();
        page.bridges();
        page.restart();
        page.faults();
        page.save();
    }

    private void add(String... more) {
        lines.addAll(List.of(more));
    }

    private void head() {
        add(
                "<!-- Written by dev.ktm.comparison.Comparison; do not edit. -->",
                "",
                "# How does KTM compare with other transaction managers?",
                "",
                "Assumes [the cost of a transaction](../../ktm-jta/docs/performance.md) and that a log on a local disk is meant. What is"
                        + " compared was measured in the same run, in turns; figures are medians with the least and the most in brackets.",
                "",
                "Everything here, the sentences about faults too, is written by one command from what it measures:",
                "",
                "```",
                COMMAND.stripTrailing(),
                "```",
                "",
                "It takes some hours on a machine that has nothing else to do, and strace and root, who may mount a file system. With"
                        + " `-Dbenchmark.args=…` it takes options, which `--help` shows: `--sections faults` measures one part and keeps the"
                        + " results of the others, and `--sections none` writes the page from the results that are kept beside it.",
                "",
                "| Part | Measured | Machine | Java | How |",
                "|---|---|---|---|---|");
        for (var section : Section.values()) {
            var run = runs.get(section);
            add(
                    run == null
                            ? "| " + words(section) + " | not yet | | | |"
                            : "| "
                                    + String.join(
                                            " | ",
                                            words(section),
                                            run.date(),
                                            run.machine(),
                                            run.java(),
                                            run.settings())
                                    + " |");
        }
        add("");
    }

    private static String words(Section section) {
        return switch (section) {
            case COMMIT -> "[commits](#commits)";
            case FORCES -> "[forced writes](#forced-writes)";
            case TWO_DATABASES -> "[two databases](#two-databases)";
            case DATABASE_AND_QUEUE -> "[a database and a queue](#a-database-and-a-queue)";
            case RESTART -> "[restart](#restart)";
            case FAULTS -> "[faults](#when-something-goes-wrong)";
        };
    }

    private void commit() throws IOException {
        add(
                "## Commits",
                "",
                "Begin, enlist two resources, commit. The resources do nothing and take no time. Each product has a JVM of its own with"
                        + " 512 MB for the whole run, works only when it is its turn, and is at its fastest setting that forces decisions to"
                        + " the disk; the first column says which that is.",
                "");
        var figures = new Figures(results.windows(Section.COMMIT));
        if (figures.isEmpty()) {
            add(NOT_MEASURED, "");
            return;
        }
        chart("commits", "Durable commits of two resources", "commits/s", figures, Window::perSecond);
        table("Commits/s", figures, Window::perSecond);
        chart("latency-p50", "Median time of a commit", "µs", figures, Window::p50Micros);
        table("p50 µs", figures, Window::p50Micros);
        chart("latency-p99", "Time that 99 of 100 commits do not exceed", "µs", figures, Window::p99Micros);
        table("p99 µs", figures, Window::p99Micros);
        chart("processor", "Processor time of a transaction", "µs", figures, Window::cpuMicros);
        table("Processor time, µs", figures, Window::cpuMicros);
        chart("allocation", "Memory allocated for a transaction", "bytes", figures, Window::allocatedBytes);
        table("Allocated bytes", figures, Window::allocatedBytes);
        add(figures.summary(), "");
    }

    private void chart(String name, String title, String unit, Figures figures, ToDoubleFunction<Window> figure) {
        chart(name, new Chart(title, unit, figures.groups(), figures.series(figure)));
    }

    private void chart(String name, Chart chart) {
        charts.put(name + ".svg", chart.svg());
        add("![" + chart.title() + ", " + chart.unit() + "](" + directory().getFileName() + "/" + name + ".svg)", "");
    }

    private void table(String corner, Figures figures, ToDoubleFunction<Window> figure) {
        lines.addAll(Text.table(corner, figures.groups(), figures.series(figure)));
        add("");
    }

    private void forces() throws IOException {
        add(
                "## Forced writes",
                "",
                "System calls that wait for the disk: `fsync`, `fdatasync`, `msync`, and writes to files that were opened with `O_SYNC` or"
                        + " `O_DSYNC`; counted by `strace`, which makes each of them slower. Two runs differ by a known number of"
                        + " transactions, and what starting and stopping take falls out.",
                "");
        var all = results.forces();
        if (all.isEmpty()) {
            add(NOT_MEASURED, "");
            return;
        }
        var series = new LinkedHashMap<String, Map<String, Value>>();
        var groups = all.stream()
                .map(Forces::callers)
                .distinct()
                .sorted()
                .map(Figures::words)
                .toList();
        for (var each : all) {
            series.computeIfAbsent(each.product(), name -> new LinkedHashMap<>())
                    .put(Figures.words(each.callers()), Value.exactly(each.each()));
        }
        chart("forces", new Chart("Forced writes of a transaction of two resources", "forced writes", groups, series));
        lines.addAll(Text.table("Forced writes/transaction", groups, series));
        add("");
    }

    private void bridges() throws IOException {
        add(
                "## Two databases",
                "",
                "A row in each of two H2 databases with `WRITE_DELAY=0`, through the product's own data sources, or those that go with"
                        + " it. *By hand* means the XA calls alone, without a log and without a pool.",
                "");
        bridge(Section.TWO_DATABASES, "two-databases", "A row in each of two H2 databases");
        add(
                "## A database and a queue",
                "",
                "A row in an H2 database with `WRITE_DELAY=0`, and a persistent message to Artemis in the same JVM.",
                "");
        bridge(Section.DATABASE_AND_QUEUE, "database-and-queue", "A row in H2 and a message to Artemis");
    }

    private void bridge(Section section, String name, String title) throws IOException {
        var figures = new Figures(results.windows(section));
        if (figures.isEmpty()) {
            add(NOT_MEASURED, "");
            return;
        }
        chart(name, title, "transactions/s", figures, Window::perSecond);
        table("Transactions/s", figures, Window::perSecond);
        table("p99 µs", figures, Window::p99Micros);
        add(figures.summary(), "");
    }

    private void restart() throws IOException {
        add(
                "## Restart",
                "",
                "A process dies when transactions over two resource managers are decided and nobody has been told. The next one opens the"
                        + " same log, and recovers until both have been told of all; its passes follow each other after 250 ms. The"
                        + " resource managers keep their branches in files. Starting the JVM does not count.",
                "");
        var all = results.restarts();
        if (all.isEmpty()) {
            add(NOT_MEASURED, "");
            return;
        }
        var series = new LinkedHashMap<String, Map<String, Value>>();
        var notes = new ArrayList<String>();
        for (var product : all.stream().map(Restart::product).distinct().toList()) {
            var some =
                    all.stream().filter(each -> each.product().equals(product)).toList();
            var values = new LinkedHashMap<String, Value>();
            values.put(
                    "open",
                    Figures.spread(
                            some.stream().mapToDouble(Restart::openedSeconds).toArray()));
            if (some.stream().allMatch(each -> each.finishedSeconds() >= 0)) {
                values.put(
                        "all finished",
                        Figures.spread(some.stream()
                                .mapToDouble(Restart::finishedSeconds)
                                .toArray()));
            } else {
                notes.add(product + " had not finished when that was given up.");
            }
            series.put(product, values);
        }
        var groups = List.of("open", "all finished");
        chart(
                "restart",
                new Chart("Restart with " + all.get(0).transactions() + " decided transactions", "s", groups, series));
        lines.addAll(Text.table("Seconds until", groups, series));
        add("");
        lines.addAll(notes);
        if (!notes.isEmpty()) {
            add("");
        }
    }

    private void faults() throws IOException {
        add(
                "## When something goes wrong",
                "",
                "Each product lives in processes of its own, and is seen from outside: what `commit` answers, and what two resource"
                        + " managers have in the end. These keep their branches in files that outlive processes; the timeout is tried with an"
                        + " H2 database. A process always dies without closing anything, and the next one recovers until no branch is"
                        + " prepared, for " + FaultSize.FULL.recoverySeconds()
                        + " s at most. One that could do harm is given "
                        + FaultSize.FULL.watchSeconds() + " s. A product is at the setting that serves it best here:",
                "",
                "| Product | Settings |",
                "|---|---|");
        for (var product : FaultProduct.values()) {
            add("| " + product.text() + " | " + product.settings() + " |");
        }
        add(
                "",
                "Narayana's recovery leaves branches without a decision alone for 20 s, which is its default. Atomikos is told that"
                        + " transactions live for 10 s at most, or for 120 s where one has to live longer; its recovery rolls back what is"
                        + " older and not decided.",
                "");
        var all = results.faults();
        if (all.isEmpty()) {
            add(NOT_MEASURED, "");
            return;
        }
        overview(all);
        for (var fault : Fault.values()) {
            var some = all.stream().filter(each -> each.fault() == fault).toList();
            add("### " + fault.title(), "", fault.course(), "", "Expected: " + lowerCase(fault.expectation()), "");
            add("| Product | Seen; what is not as expected is bold |", "|---|---|");
            for (var each : some) {
                add("| " + each.product().text() + " | " + seen(each) + " |");
            }
            add("");
        }
    }

    private static String lowerCase(String sentence) {
        return sentence.startsWith("`") ? sentence : Character.toLowerCase(sentence.charAt(0)) + sentence.substring(1);
    }

    private void overview(List<Observation> all) {
        var products =
                all.stream().map(Observation::product).distinct().sorted().toList();
        add(
                "| As expected | "
                        + String.join(
                                " | ", products.stream().map(FaultProduct::text).toList()) + " |",
                "|---|" + "---|".repeat(products.size()));
        for (var fault : Fault.values()) {
            var line = new StringBuilder("| " + fault.title() + " |");
            for (var product : products) {
                var found = all.stream()
                        .filter(each -> each.fault() == fault && each.product() == product)
                        .findFirst();
                line.append(' ').append(found.map(Page::mark).orElse("–")).append(" |");
            }
            add(line.toString());
        }
        add("");
    }

    private static String mark(Observation observation) {
        var sentences = Judge.of(observation);
        if (sentences.isEmpty()) {
            return "–";
        }
        return sentences.stream().allMatch(Judge.Sentence::expected) ? "yes" : "**no**";
    }

    private static String seen(Observation observation) {
        if (observation.notRun().isPresent()) {
            return "Not tried: " + observation.notRun().get() + ".";
        }
        var texts = Judge.of(observation).stream()
                .map(each -> each.expected() ? each.text() : "**" + each.text() + "**")
                .toList();
        return String.join(". ", texts.stream().map(Page::upperCase).toList()) + ".";
    }

    private static String upperCase(String text) {
        int at = text.startsWith("**") ? 2 : 0;
        return text.charAt(at) == '`'
                ? text
                : text.substring(0, at) + Character.toUpperCase(text.charAt(at)) + text.substring(at + 1);
    }

    private Path directory() {
        var name = String.valueOf(file.getFileName());
        return file.resolveSibling(name.substring(0, name.lastIndexOf('.')));
    }

    private void save() throws IOException {
        while (lines.get(lines.size() - 1).isEmpty()) {
            lines.remove(lines.size() - 1);
        }
        Files.createDirectories(directory());
        // Charts of sections that are not there any more would stay for ever.
        try (var old = Files.newDirectoryStream(directory(), "*.svg")) {
            for (var each : old) {
                Files.delete(each);
            }
        }
        for (var chart : charts.entrySet()) {
            Files.writeString(directory().resolve(chart.getKey()), chart.getValue(), StandardCharsets.UTF_8);
        }
        Files.writeString(file, String.join("\n", lines) + "\n", StandardCharsets.UTF_8);
    }
}
