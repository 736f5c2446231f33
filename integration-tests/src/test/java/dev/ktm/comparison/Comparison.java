package dev.ktm.comparison;

import dev.ktm.benchmark.CoordinatorBenchmark;
import dev.ktm.benchmark.JdbcBenchmark;
import dev.ktm.comparison.fault.Fault;
import dev.ktm.comparison.fault.FaultProduct;
import dev.ktm.comparison.fault.FaultRun;
import dev.ktm.comparison.fault.FaultSize;
import dev.ktm.comparison.fault.Judge;
import dev.ktm.comparison.fault.Observation;
import dev.ktm.comparison.fault.RestartRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Compares KTM with other transaction managers and writes the page. What is being done is told on the error stream. */
@Command(
        name = "comparison",
        mixinStandardHelpOptions = true,
        description = "Measures what is asked for, and writes the page from all results that are there.")
public final class Comparison implements Callable<Integer> {

    private static final String NONE = "none";

    @Option(
            names = "--results",
            defaultValue = "../ktm-xa-bridge/docs/comparison/results",
            description = "directory of results (default: ${DEFAULT-VALUE})")
    private Path results = Path.of("");

    @Option(
            names = "--sections",
            split = ",",
            defaultValue = "commit,forces,two_databases,database_and_queue,restart,faults",
            description = "what to measure now; none: write the page only (default: ${DEFAULT-VALUE})")
    private List<String> sections = List.of();

    @Option(
            names = "--page",
            defaultValue = "../ktm-xa-bridge/docs/comparison.md",
            description = "the page (default: ${DEFAULT-VALUE})")
    private Path page = Path.of("");

    @Option(
            names = "--dir",
            defaultValue = "target/comparison-run",
            description = "where logs and databases go, on the device to be measured (default: ${DEFAULT-VALUE})")
    private Path directory = Path.of("");

    @Option(
            names = "--rounds",
            defaultValue = "5",
            description = "windows of each cell, and restarts (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(
            names = "--window-millis",
            defaultValue = "500",
            description = "length of a window (default: ${DEFAULT-VALUE})")
    private int windowMillis;

    @Option(
            names = "--max-foreign-percent",
            defaultValue = "15",
            description = "what others may use of the machine in a window that counts (default: ${DEFAULT-VALUE})")
    private int foreignPercent;

    @Option(
            names = "--transactions",
            defaultValue = "2000",
            description = "for counting forced writes (default: ${DEFAULT-VALUE})")
    private int transactions;

    @Option(
            names = "--fault-rounds",
            defaultValue = "3",
            description = "how often each thing goes wrong (default: ${DEFAULT-VALUE})")
    private int faultRounds;

    @Option(names = "--faults", split = ",", description = "only these: ${COMPLETION-CANDIDATES}")
    private List<Fault> faults = List.of(Fault.values());

    @Option(
            names = "--products",
            split = ",",
            description = "of faults and restarts only these: ${COMPLETION-CANDIDATES}")
    private List<FaultProduct> products = List.of(FaultProduct.values());

    @Option(
            names = "--size",
            defaultValue = "FULL",
            description = "of faults: SHORT or FULL (default: ${DEFAULT-VALUE})")
    private FaultSize size = FaultSize.FULL;

    private Comparison() {}

    /** Runs it; its exit status says whether all went well. */
    public static void main(String[] arguments) {
        int status = new CommandLine(new Comparison())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments);
        Runtime.getRuntime().halt(status);
    }

    @Override
    public Integer call() throws Exception {
        var kept = new Results(results);
        for (var section : asked()) {
            System.err.println(section);
            kept.add(
                    section,
                    new Run(
                            today(),
                            Host.describe(Files.createDirectories(directory)),
                            Host.java(),
                            measure(section, kept)));
        }
        Page.write(kept, page.toAbsolutePath());
        System.err.println("written: " + page);
        return 0;
    }

    private static String today() {
        return LocalDate.now(ZoneOffset.UTC).toString();
    }

    private Set<Section> asked() {
        var asked = EnumSet.noneOf(Section.class);
        for (var name : sections) {
            if (!name.equals(NONE)) {
                asked.add(Section.valueOf(name.toUpperCase(Locale.ROOT)));
            }
        }
        return asked;
    }

    /** Returns in words how it was measured. */
    private String measure(Section section, Results kept) throws IOException, InterruptedException {
        return switch (section) {
            case COMMIT -> benchmark(CoordinatorBenchmark.class, "tuned", section, kept);
            case TWO_DATABASES -> benchmark(JdbcBenchmark.class, "peers", section, kept);
            case DATABASE_AND_QUEUE -> benchmark(JdbcBenchmark.class, "peers_broker", section, kept);
            case FORCES -> forces(kept);
            case RESTART -> restarts(kept);
            case FAULTS -> faults(kept);
        };
    }

    private String benchmark(Class<?> program, String part, Section section, Results kept)
            throws IOException, InterruptedException {
        var file = kept.file(section).toAbsolutePath();
        Files.createDirectories(results);
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of("-Xms512m", "-Xmx512m", "-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(List.of("--sections", part, "--rounds", String.valueOf(rounds)));
        command.addAll(List.of("--window-millis", String.valueOf(windowMillis)));
        command.addAll(List.of("--max-foreign-percent", String.valueOf(foreignPercent)));
        command.addAll(List.of("--dir", directory.toAbsolutePath().toString(), "--json", file.toString()));
        int status = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start()
                .waitFor();
        if (status != 0 || !Files.exists(file)) {
            throw new IOException("expected results of " + program.getSimpleName() + " " + part + ", found none");
        }
        return rounds + " windows of " + windowMillis + " ms, others used " + foreignPercent + " % at most";
    }

    private String forces(Results kept) throws IOException, InterruptedException {
        if (!ForcedWrites.available()) {
            throw new IOException("expected strace, which counts forced writes, found none");
        }
        kept.write(Section.FORCES, new ForcedWrites(directory).count(List.of(1, 8, 32, 128), transactions));
        return "about " + transactions + " transactions each";
    }

    private String restarts(Results kept) throws IOException, InterruptedException {
        var all = new ArrayList<Restart>();
        for (int round = 0; round < rounds; round++) {
            for (var product : products) {
                System.err.println(product.text() + ", round " + (round + 1) + " of " + rounds);
                var empty = Files.createTempDirectory(directory.toAbsolutePath(), "restart");
                try {
                    var run = RestartRun.of(product, FaultSize.RESTART, empty);
                    all.add(new Restart(
                            product.text(), run.transactions(), run.openedSeconds(), run.finishedSeconds()));
                } finally {
                    Trees.delete(empty);
                }
            }
        }
        kept.write(Section.RESTART, all);
        return rounds + " restarts each";
    }

    private String faults(Results kept) throws IOException, InterruptedException {
        // Those that are not tried now stay.
        var all = new ArrayList<>(kept.faults());
        for (var fault : faults) {
            for (var product : products) {
                System.err.println(fault + ", " + product.text());
                var runs = new ArrayList<Observation>();
                for (int round = 0; round < faultRounds; round++) {
                    runs.add(FaultRun.of(fault, product, size, directory));
                }
                var seen = Judge.worst(runs);
                all.removeIf(each -> each.fault() == fault && each.product() == product);
                all.add(seen);
                all.sort(Comparator.comparing(Observation::fault).thenComparing(Observation::product));
                kept.write(Section.FAULTS, all);
            }
        }
        return (size == FaultSize.FULL ? "in full, " : "in short, ")
                + faultRounds
                + (faultRounds == 1 ? " run" : " runs");
    }
}
