package dev.ktm.benchmark;

import dev.ktm.benchmark.Settings.Section;
import dev.ktm.log.LogException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogManager;

/** Measures the log and prints tables in Markdown, ready for the documentation. What goes on is told on the error stream. */
public final class LogBenchmark {

    private final PrintStream out;
    private final Settings settings;
    private final Catalog catalog;
    private final List<Outcome> all = new ArrayList<>();

    private LogBenchmark(PrintStream out, Settings settings) {
        this.out = out;
        this.settings = settings;
        this.catalog = new Catalog(settings);
    }

    /** Runs the sections that the command line names. */
    public static void main(String[] args) throws IOException, LogException {
        Settings settings;
        try {
            settings = Settings.of(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(Settings.USAGE);
            return;
        }
        // Other products report what is of no interest here.
        LogManager.getLogManager().getLogger("").setLevel(Level.SEVERE);
        // The tables have characters that the terminal's encoding may lack.
        new LogBenchmark(
                        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8),
                        settings)
                .run();
    }

    private void run() throws IOException, LogException {
        Files.createDirectories(settings.directory());
        out.println(Machine.describe(settings.directory()));
        var rawDirectory = Files.createTempDirectory(settings.directory(), "raw");
        try (var device = RawDevice.in(rawDirectory)) {
            details(Section.KTM, "KTM", device);
            details(Section.THINK, "Callers that think for " + Catalog.THINK_MICROS + " µs", device);
            comparison(Section.PEERS, "Other products as they come", device);
            comparison(Section.TUNED, "Other products at their fastest", device);
            details(Section.MEMORY, "Without a disk", Reference.none());
            details(Section.SLOW, "On a disk that takes 1 ms", SimulatedReference.taking(Catalog.SLOW_MICROS));
        } finally {
            Experiment.delete(rawDirectory);
        }
        if (settings.sections().contains(Section.RECOVERY)) {
            print("Opening a log", new RecoverySpeed(settings).table());
        }
        if (settings.sections().contains(Section.START)) {
            print("Starting", new StartSpeed(settings).table());
        }
        if (settings.json().isPresent()) {
            JsonReport.write(settings.json().get(), all);
        }
    }

    private void details(Section section, String title, Reference reference) {
        var outcomes = measure(section, reference);
        if (!outcomes.isEmpty()) {
            print(title, Report.details(outcomes));
            print("", List.of(Report.summary(outcomes)));
        }
    }

    private void comparison(Section section, String title, Reference reference) {
        var outcomes = measure(section, reference);
        if (!outcomes.isEmpty()) {
            print(title, Report.comparison(outcomes));
            print("", List.of(Report.summary(outcomes)));
        }
    }

    private List<Outcome> measure(Section section, Reference reference) {
        var scenarios = settings.sections().contains(section) ? catalog.scenarios(section) : List.<Scenario>of();
        if (scenarios.isEmpty()) {
            return List.of();
        }
        System.err.println(section + ": " + scenarios.size() + " scenarios");
        var outcomes = new Experiment(settings, reference).run(scenarios);
        all.addAll(outcomes);
        return outcomes;
    }

    private void print(String title, List<String> lines) {
        out.println();
        if (!title.isEmpty()) {
            out.println("### " + title);
            out.println();
        }
        lines.forEach(out::println);
    }
}
