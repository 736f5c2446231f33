package dev.ktm.benchmark;

import dev.ktm.log.LogException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** Measures the log and prints tables in Markdown, ready for the documentation. What goes on is told on the error stream. */
public final class LogBenchmark {

    private final Console console = new Console();
    private final Settings<LogSection> settings;
    private final Catalog catalog;
    private final List<Outcome> all = new ArrayList<>();

    private LogBenchmark(Settings<LogSection> settings) {
        this.settings = settings;
        this.catalog = new Catalog(settings);
    }

    /** Runs the sections that the command line names. */
    public static void main(String[] args) throws IOException, LogException {
        Settings<LogSection> settings;
        try {
            settings = Settings.of(LogSection.class, args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(Settings.usage(LogSection.class));
            return;
        }
        Console.silenceLoggers();
        new LogBenchmark(settings).run();
    }

    private void run() throws IOException, LogException {
        Files.createDirectories(settings.directory());
        console.line(Machine.describe(settings.directory()));
        var rawDirectory = Files.createTempDirectory(settings.directory(), "raw");
        try (var device = RawDevice.in(rawDirectory)) {
            details(LogSection.KTM, "KTM", device);
            details(LogSection.THINK, "Callers that think for " + Catalog.THINK_MICROS + " µs", device);
            comparison(LogSection.PEERS, "Other products as they come", device);
            comparison(LogSection.TUNED, "Other products at their fastest", device);
            details(LogSection.MEMORY, "Without a disk", Reference.none());
            details(LogSection.SLOW, "On a disk that takes 1 ms", SimulatedReference.taking(Catalog.SLOW_MICROS));
        } finally {
            Experiment.delete(rawDirectory);
        }
        if (settings.sections().contains(LogSection.RECOVERY)) {
            console.print("Opening a log", new RecoverySpeed(settings).table());
        }
        if (settings.sections().contains(LogSection.START)) {
            console.print("Starting", new StartSpeed(settings).table());
        }
        if (settings.json().isPresent()) {
            JsonReport.write(settings.json().get(), all);
        }
    }

    private void details(LogSection section, String title, Reference reference) {
        var outcomes = measure(section, reference);
        if (!outcomes.isEmpty()) {
            console.print(title, Report.details(outcomes));
            console.print("", List.of(Report.summary(outcomes)));
        }
    }

    private void comparison(LogSection section, String title, Reference reference) {
        var outcomes = measure(section, reference);
        if (!outcomes.isEmpty()) {
            console.print(title, Report.comparison(outcomes));
            console.print("", List.of(Report.summary(outcomes)));
        }
    }

    private List<Outcome> measure(LogSection section, Reference reference) {
        var scenarios = settings.sections().contains(section) ? catalog.scenarios(section) : List.<Scenario>of();
        if (scenarios.isEmpty()) {
            return List.of();
        }
        System.err.println(section + ": " + scenarios.size() + " scenarios");
        var outcomes = new Experiment(settings, reference).run(scenarios);
        all.addAll(outcomes);
        return outcomes;
    }
}
