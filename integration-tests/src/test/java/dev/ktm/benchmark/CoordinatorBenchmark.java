package dev.ktm.benchmark;

import dev.ktm.log.testing.MemoryDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures the coordinator and prints tables in Markdown, ready for the documentation. What goes on is told on the error
 * stream.
 */
public final class CoordinatorBenchmark {

    private static final List<Product> AS_THEY_COME = List.of(
            Product.KTM,
            Product.NARAYANA_SHADOW,
            Product.NARAYANA_SLOTS,
            Product.NARAYANA_JOURNAL,
            Product.NARAYANA_VOLATILE,
            Product.ATOMIKOS,
            Product.GERONIMO);
    private static final List<Product> FASTEST = List.of(
            Product.KTM,
            Product.NARAYANA_SLOTS_FASTEST,
            Product.NARAYANA_JOURNAL_FASTEST,
            Product.ATOMIKOS_FASTEST,
            Product.GERONIMO_FASTEST);

    private final Console console = new Console();
    private final Settings<CoordinatorSection> settings;
    private final List<Outcome> all = new ArrayList<>();

    private CoordinatorBenchmark(Settings<CoordinatorSection> settings) {
        this.settings = settings;
    }

    /** Runs the sections that the command line names. */
    public static void main(String[] args) throws Exception {
        Settings<CoordinatorSection> settings;
        try {
            settings = Settings.of(CoordinatorSection.class, args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(Settings.usage(CoordinatorSection.class));
            return;
        }
        Console.silenceLoggers();
        new CoordinatorBenchmark(settings).run();
    }

    private void run() throws Exception {
        Files.createDirectories(settings.directory());
        console.line(Machine.describe(settings.directory()));
        // One after the other, in the order of their declaration.
        for (var section : settings.sections()) {
            System.err.println(section);
            switch (section) {
                case COMMIT -> commit();
                case FORCES -> console.print("Forced writes", new ForceCount(settings, 8_000, 1, 8, 32, 128).table());
                case SOFTWARE -> software();
                case START -> console.print("Starting", new CoordinatorStart(settings).table());
                case MEMORY -> console.print("Live transactions", new LiveMemory(settings).table());
                case RESTART -> console.print("Restart", new RestartSpeed(settings).table());
                case PEERS -> compare("Transaction managers as they come", AS_THEY_COME);
                case TUNED -> compare("Transaction managers at their fastest durable setting", FASTEST);
            }
        }
        if (settings.json().isPresent()) {
            JsonReport.write(settings.json().get(), all);
        }
    }

    private void commit() throws Exception {
        var directory = Files.createTempDirectory(settings.directory(), "bare");
        int recordBytes = DecisionRecord.bytes();
        try (var bare = OtherLog.withSameCallers(KtmLogAdapter.open(directory, recordBytes))) {
            var scenarios = new ArrayList<>(
                    scenarios(Product.KTM.text(), KtmCoordinator::open, ThreadKind.PLATFORM, 1, 8, 32, 128));
            scenarios.addAll(scenarios(Product.KTM.text(), KtmCoordinator::open, ThreadKind.VIRTUAL, 32, 128, 512));
            var outcomes = measure(bare, scenarios);
            console.print(
                    "Durable commits of two resources, beside bare durable appends of " + recordBytes + " bytes",
                    Report.beside(outcomes));
        } finally {
            Experiment.delete(directory);
        }
    }

    private void software() throws Exception {
        var outcomes = new ArrayList<Outcome>();
        outcomes.addAll(besideOneCaller(
                "two resources, frames dropped",
                () -> KtmCoordinator.on(new ForgetfulDevice(new MemoryDevice()), TransactionShape.TWO_RESOURCES)));
        outcomes.addAll(besideOneCaller(
                "two resources, no log", () -> KtmCoordinator.inMemory(TransactionShape.TWO_RESOURCES)));
        outcomes.addAll(besideOneCaller(
                "one resource, frames dropped",
                () -> KtmCoordinator.on(new ForgetfulDevice(new MemoryDevice()), TransactionShape.ONE_RESOURCE)));
        outcomes.addAll(besideOneCaller(
                "bare appends, frames dropped", () -> KtmLogAdapter.on(() -> new ForgetfulDevice(new MemoryDevice()))));
        console.print("Without a disk, beside one caller", Report.beside(outcomes));
    }

    /** Opens what callers use. */
    @FunctionalInterface
    private interface Opening {
        DurableLog open() throws Exception;
    }

    /** One caller, and two, as multiples of one. */
    private List<Outcome> besideOneCaller(String name, Opening opening) throws Exception {
        try (var alone = OtherLog.withOneCaller(opening.open())) {
            return measure(alone, scenarios(name, directory -> opening.open(), ThreadKind.PLATFORM, 1, 2));
        }
    }

    private void compare(String title, List<Product> products) throws IOException {
        var directory = Files.createTempDirectory(settings.directory(), "peers");
        try (var workers = new Workers(directory);
                var device = RawDevice.in(directory)) {
            var platform = new ArrayList<Scenario>();
            var virtual = new ArrayList<Scenario>();
            for (var product : products) {
                Measured.Opener opener = empty -> workers.of(product).measured();
                platform.addAll(scenarios(product.text(), opener, ThreadKind.PLATFORM, 1, 8, 32, 128));
                virtual.addAll(scenarios(product.text(), opener, ThreadKind.VIRTUAL, 32, 128, 512));
            }
            var scenarios = new ArrayList<>(platform);
            scenarios.addAll(virtual);
            var outcomes = measure(device, scenarios);
            console.print(title + ", platform threads", Report.comparison(outcomes.subList(0, platform.size())));
            if (!virtual.isEmpty()) {
                var rest = outcomes.subList(platform.size(), outcomes.size());
                console.print(title + ", virtual threads", Report.comparison(rest));
            }
            console.print("", List.of(Report.summary(outcomes)));
        } finally {
            Experiment.delete(directory);
        }
    }

    /** None if the command line, or this Java, excludes them. */
    private List<Scenario> scenarios(String name, Measured.Opener opener, ThreadKind threads, Integer... callers) {
        if (!settings.includes(name) || !threads.isAvailable()) {
            return List.of();
        }
        return settings.callersOr(callers).stream()
                .map(number -> new Scenario(name, opener, number, threads, 0))
                .toList();
    }

    private List<Outcome> measure(Reference reference, List<Scenario> scenarios) {
        var outcomes = new Experiment(settings, reference).run(scenarios);
        all.addAll(outcomes);
        return outcomes;
    }
}
