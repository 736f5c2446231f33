package dev.ktm.benchmark;

import dev.ktm.benchmark.DurableLog.Appender;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;

/**
 * Measures transactional files beside plain ones, the usual safe way by hand, and another product. What is compared is measured in
 * turns, and the ratios are of figures of the same round. Prints tables in Markdown.
 */
public final class FilesBenchmark {

    private static final Integer[] CALLERS = {1, 8, 32};
    private static final int FILES_PER_CALLER = 16;
    private static final int SMALL_BYTES = 1 << 10;
    private static final int COUNTED_TRANSACTIONS = 3200;
    private static final int MANY = 10_000;
    private static final long LARGE_BYTES = 1L << 30;
    private static final long READ_BYTES = 64L << 20;
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int WARM_UPS = 2;
    /** Until everything that is measured runs as compiled code. */
    private static final int WARM_UP_MILLIS = 8_000;

    private static final int CALLS_AT_ONCE = 100;

    private final Console console = new Console();
    private final Settings<FilesSection> settings;

    private FilesBenchmark(Settings<FilesSection> settings) {
        this.settings = settings;
    }

    /** Runs the sections that the command line names. */
    public static void main(String[] args) throws Exception {
        Settings<FilesSection> settings;
        try {
            settings = Settings.of(FilesSection.class, args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(Settings.usage(FilesSection.class));
            return;
        }
        Console.silenceLoggers();
        new FilesBenchmark(settings).run();
    }

    private void run() throws Exception {
        Files.createDirectories(settings.directory());
        console.line(Machine.describe(settings.directory()));
        for (var section : settings.sections()) {
            System.err.println(section);
            var directory = Files.createTempDirectory(settings.directory(), "files");
            try {
                switch (section) {
                    case REPLACE -> replace(directory);
                    case FORCES -> forces(directory);
                    case MANY -> many(directory);
                    case LARGE -> large(directory);
                    case READS -> reads(directory);
                    case OPENS -> opens(directory);
                }
            } finally {
                Experiment.delete(directory);
            }
        }
    }

    // Who is compared.

    private static Path made(Path directory, String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }

    private static KtmFileWriter transactions(Path directory) throws Exception {
        return new KtmFileWriter(made(directory, "transactions"), made(directory, "log"));
    }

    private static PlainFileWriter unforced(Path directory) throws IOException {
        return new PlainFileWriter("plain, not forced", made(directory, "unforced"), false);
    }

    private static PlainFileWriter byHand(Path directory) throws IOException {
        return new PlainFileWriter("by hand", made(directory, "by-hand"), true);
    }

    private static XadiskFileWriter xadisk(Path directory) throws Exception {
        return new XadiskFileWriter(made(directory, "xadisk"), made(directory, "xadisk-home"));
    }

    /** Something that is done once, and how much of what it does in a second, or how long it takes. */
    private interface Figure {
        double take(int round) throws Exception;
    }

    /** What came out, by the names of the figures. */
    private record Results(Map<String, Samples> all) {
        Samples of(String name) {
            return Objects.requireNonNull(all.get(name), name);
        }
    }

    /** Takes figures in turns, in an order that shifts. */
    private static Results inTurns(int rounds, int warmUps, Map<String, Figure> figures) throws Exception {
        var entries = List.copyOf(figures.entrySet());
        var values = new double[entries.size()][rounds];
        for (int round = -warmUps; round < rounds; round++) {
            for (int i = 0; i < entries.size(); i++) {
                int which = Math.floorMod(i + round, entries.size());
                double value = entries.get(which).getValue().take(round);
                if (round >= 0) {
                    values[which][round] = value;
                }
            }
            System.err.println("round " + round + " done");
        }
        var samples = new LinkedHashMap<String, Samples>();
        for (int i = 0; i < entries.size(); i++) {
            samples.put(entries.get(i).getKey(), new Samples(values[i]));
        }
        return new Results(samples);
    }

    // Small files.

    /** What one caller does again and again. */
    private interface Call {
        void run(int caller, int turn) throws Exception;
    }

    /** Calls per second of so many callers, in one window. */
    private double rate(int callers, Call call) throws Exception {
        var count = new LongAdder();
        long begin = System.nanoTime();
        long end = begin + settings.windowMillis() * 1_000_000L;
        inParallel(callers, caller -> {
            for (int turn = 0; System.nanoTime() < end; turn++) {
                call.run(caller, turn);
                count.increment();
            }
        });
        return count.sum() * 1e9 / (System.nanoTime() - begin);
    }

    private interface Task {
        void run(int caller) throws Exception;
    }

    private static void inParallel(int callers, Task task) throws Exception {
        var tasks = new ArrayList<Callable<Boolean>>();
        for (int i = 0; i < callers; i++) {
            int caller = i;
            tasks.add(() -> {
                task.run(caller);
                return true;
            });
        }
        var executor = Executors.newFixedThreadPool(callers);
        try {
            for (var done : executor.invokeAll(tasks)) {
                done.get();
            }
        } finally {
            executor.shutdown();
        }
    }

    private static String file(int caller, int turn) {
        return "file-" + caller + "-" + turn % FILES_PER_CALLER;
    }

    private void replace(Path directory) throws Exception {
        var content = content(SMALL_BYTES);
        var rates = new ArrayList<>(List.of(
                "| Callers | transactions/s | durable appends/s | plain, not forced/s | an append, then a plain one/s"
                        + " | by hand/s | XADisk/s |",
                "|---:|---:|---:|---:|---:|---:|---:|"));
        var ratios = new ArrayList<>(List.of(
                "| Callers | × the lower of appends and not forced | × one after the other | × appends | × not forced"
                        + " | × by hand | × XADisk |",
                "|---:|---:|---:|---:|---:|---:|---:|"));
        for (int callers : settings.callersOr(CALLERS)) {
            var home = Files.createDirectory(directory.resolve("callers-" + callers));
            try (var ours = transactions(home);
                    var log = KtmLogAdapter.open(made(home, "appends"), SMALL_BYTES);
                    var unforced = unforced(home);
                    var byHand = byHand(home);
                    var xadisk = xadisk(home)) {
                var appenders = new Appender[callers];
                for (int i = 0; i < callers; i++) {
                    appenders[i] = log.appender();
                }
                var figures = new LinkedHashMap<String, Figure>();
                for (var writer : List.of(ours, unforced, byHand, xadisk)) {
                    figures.put(
                            writer.title(),
                            round -> rate(callers, (caller, turn) -> writer.replace(file(caller, turn), content)));
                }
                figures.put("appends", round -> rate(callers, (caller, turn) -> appenders[caller].appendForced()));
                // What any transaction has to do, with nothing beside it.
                figures.put(
                        "both",
                        round -> rate(callers, (caller, turn) -> {
                            appenders[caller].appendForced();
                            unforced.replace(file(caller, turn), content);
                        }));
                var all = inTurns(settings.rounds(), WARM_UP_MILLIS / settings.windowMillis() + 1, figures);
                var transactions = all.of(ours.title());
                var appends = all.of("appends");
                var plain = all.of(unforced.title());
                var both = all.of("both");
                var hand = all.of(byHand.title());
                var other = all.of(xadisk.title());
                rates.add(line(
                        "" + callers,
                        transactions.whole(),
                        appends.whole(),
                        plain.whole(),
                        both.whole(),
                        hand.whole(),
                        other.whole()));
                ratios.add(line(
                        "" + callers,
                        transactions.dividedBy(appends.lower(plain)).fine(),
                        transactions.dividedBy(both).fine(),
                        transactions.dividedBy(appends).fine(),
                        transactions.dividedBy(plain).fine(),
                        transactions.dividedBy(hand).fine(),
                        transactions.dividedBy(other).fine()));
            }
        }
        console.print("One file of " + SMALL_BYTES + " bytes replaced in each transaction", rates);
        console.print("", ratios);
    }

    private static String line(String... cells) {
        return "| " + String.join(" | ", cells) + " |";
    }

    private static byte[] content(int bytes) {
        var content = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            content[i] = (byte) ('a' + i % 26);
        }
        return content;
    }

    private void forces(Path directory) throws Exception {
        var content = content(SMALL_BYTES);
        var lines = new ArrayList<>(List.of(
                "| Callers | transactions | forces of the log | of files and directories | for each transaction"
                        + " | of files and directories by `settle()` at the end |",
                "|---:|---:|---:|---:|---:|---:|"));
        for (int callers : settings.callersOr(CALLERS)) {
            var home = Files.createDirectory(directory.resolve("callers-" + callers));
            try (var ours = transactions(home)) {
                inParallel(callers, caller -> {
                    for (int turn = 0; turn < FILES_PER_CALLER; turn++) {
                        ours.replace(file(caller, turn), content);
                    }
                });
                ours.settle();
                long logForces = ours.logForces();
                long fileForces = ours.fileForces();
                int each = COUNTED_TRANSACTIONS / callers;
                inParallel(callers, caller -> {
                    for (int turn = 0; turn < each; turn++) {
                        ours.replace(file(caller, turn), content);
                    }
                });
                logForces = ours.logForces() - logForces;
                fileForces = ours.fileForces() - fileForces;
                long before = ours.fileForces();
                ours.settle();
                int transactions = each * callers;
                lines.add(line(
                        "" + callers,
                        "" + transactions,
                        "" + logForces,
                        "" + fileForces,
                        String.format(Locale.ROOT, "%.3f", (double) (logForces + fileForces) / transactions),
                        "" + (ours.fileForces() - before)));
            }
        }
        console.print("Forced writes of these transactions", lines);
    }

    // Many files.

    private static double seconds(Call call) throws Exception {
        long begin = System.nanoTime();
        call.run(0, 0);
        return (System.nanoTime() - begin) / 1e9;
    }

    private void many(Path directory) throws Exception {
        var content = content(SMALL_BYTES);
        try (var ours = transactions(directory);
                var unforced = unforced(directory);
                var byHand = byHand(directory);
                var xadisk = xadisk(directory)) {
            var writers = List.<FileWriter>of(ours, unforced, byHand, xadisk);
            var figures = new LinkedHashMap<String, Figure>();
            var settling = new double[settings.rounds()];
            for (var writer : writers) {
                figures.put(writer.title(), round -> {
                    var made = Files.createDirectory(writer.directory().resolve("round"));
                    double seconds = seconds((caller, turn) -> writer.createAll("round/file-", MANY, content));
                    double until = seconds((caller, turn) -> writer.settle());
                    if (writer == ours && round >= 0) {
                        settling[round] = seconds + until;
                    }
                    Experiment.delete(made);
                    return seconds * 1000;
                });
            }
            var all = inTurns(settings.rounds(), 1, figures);
            var lines = new ArrayList<>(List.of("| | ms | × the transaction's time |", "|---|---:|---:|"));
            var transaction = all.of(ours.title());
            for (var writer : writers) {
                var samples = all.of(writer.title());
                lines.add(line(
                        writer.title(),
                        samples.whole(),
                        samples.dividedBy(transaction).fine()));
            }
            for (int i = 0; i < settling.length; i++) {
                settling[i] *= 1000;
            }
            lines.add(line(
                    "the transaction, and everything forced in its place",
                    new Samples(settling).whole(),
                    new Samples(settling).dividedBy(transaction).fine()));
            console.print(
                    String.format(Locale.ROOT, "%,d files of %d bytes made in one transaction", MANY, SMALL_BYTES),
                    lines);
        }
    }

    // A large file.

    private void large(Path directory) throws Exception {
        var source = directory.resolve("source");
        fill(source, LARGE_BYTES);
        try (var ours = transactions(directory);
                var byHand = byHand(directory);
                var xadisk = xadisk(directory)) {
            var writers = List.<FileWriter>of(ours, byHand, xadisk);
            var figures = new LinkedHashMap<String, Figure>();
            for (var writer : writers) {
                figures.put(writer.title(), round -> seconds((caller, turn) -> writer.replaceBy("large", source)));
            }
            var all = inTurns(Math.min(settings.rounds(), 5), 1, figures);
            var lines = new ArrayList<>(List.of("| | s | × copied and forced by hand |", "|---|---:|---:|"));
            for (var writer : writers) {
                var samples = all.of(writer.title());
                lines.add(line(
                        writer.title(),
                        samples.fine(),
                        samples.dividedBy(all.of(byHand.title())).fine()));
            }
            console.print("A file of 1 GiB replaced by a copy of another", lines);
        }
    }

    private static void fill(Path file, long bytes) throws IOException {
        var buffer = ByteBuffer.wrap(content(1 << 20));
        try (var channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long at = 0; at < bytes; at += buffer.capacity()) {
                channel.write(buffer.clear());
            }
            channel.force(true);
        }
    }

    // Reads.

    /** Reads one way: as plain files, without a transaction, in one. */
    private Results reading(KtmFileWriter ours, String name, PathFigure figure) throws Exception {
        var figures = new LinkedHashMap<String, Figure>();
        var plain = ours.directory().resolve(name);
        var managed = ours.fileSystem().getPath(name);
        figures.put("plain", round -> figure.take(plain));
        figures.put("through the file system, outside of transactions", round -> figure.take(managed));
        figures.put("through the file system, in a transaction", round -> {
            ours.ktm().userTransaction().begin();
            try {
                return figure.take(managed);
            } finally {
                ours.ktm().userTransaction().rollback();
            }
        });
        return inTurns(settings.rounds(), WARM_UPS, figures);
    }

    private interface PathFigure {
        double take(Path path) throws Exception;
    }

    private static void addReading(List<String> lines, String what, Results all) {
        all.all()
                .forEach((how, samples) -> lines.add(line(
                        what,
                        how,
                        samples.whole(),
                        samples.dividedBy(all.of("plain")).fine())));
    }

    private void reads(Path directory) throws Exception {
        var lines = new ArrayList<>(List.of("| What is read | how | MB/s | × plain |", "|---|---|---:|---:|"));
        try (var ours = transactions(directory)) {
            fill(ours.directory().resolve("large"), READ_BYTES);
            var buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
            addReading(lines, "64 MiB, 64 KiB at once", reading(ours, "large", path -> {
                return rate(1, (caller, turn) -> {
                            try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
                                while (channel.read(buffer.clear()) > 0) {}
                            }
                        })
                        * READ_BYTES
                        / 1e6;
            }));
            var small = ByteBuffer.allocateDirect(4 << 10);
            addReading(lines, "the same, 4 KiB at once", reading(ours, "large", path -> {
                return rate(1, (caller, turn) -> {
                            try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
                                while (channel.read(small.clear()) > 0) {}
                            }
                        })
                        * READ_BYTES
                        / 1e6;
            }));
            addReading(lines, "the same, by `Files.copy` to nowhere", reading(ours, "large", path -> {
                return rate(1, (caller, turn) -> Files.copy(path, java.io.OutputStream.nullOutputStream()))
                        * READ_BYTES
                        / 1e6;
            }));
        }
        console.print("Reads of files that nobody has changed, one caller", lines);
    }

    private void opens(Path directory) throws Exception {
        var lines =
                new ArrayList<>(List.of("| What is opened and closed | how | µs | × plain |", "|---|---|---:|---:|"));
        try (var ours = transactions(directory)) {
            for (var name : List.of("file", "etc/product/file")) {
                var file = ours.directory().resolve(name);
                Files.createDirectories(Objects.requireNonNull(file.getParent()));
                Files.write(file, content(SMALL_BYTES));
                addOpening(
                        lines,
                        "`" + name + "`",
                        reading(
                                ours,
                                name,
                                path -> micros(() -> {
                                    FileChannel.open(path, StandardOpenOption.READ)
                                            .close();
                                })));
                addOpening(
                        lines,
                        "`" + name + "`, and its kibibyte read",
                        reading(
                                ours,
                                name,
                                path -> micros(() -> {
                                    Files.readAllBytes(path);
                                })));
            }
        }
        console.print("Opening of files that nobody has changed, one caller", lines);
    }

    private static void addOpening(List<String> lines, String what, Results all) {
        all.all()
                .forEach((how, samples) -> lines.add(line(
                        what,
                        how,
                        samples.fine(),
                        samples.dividedBy(all.of("plain")).fine())));
    }

    private interface Opening {
        void run() throws Exception;
    }

    private double micros(Opening opening) throws Exception {
        return 1e6
                / CALLS_AT_ONCE
                / rate(1, (caller, turn) -> {
                    for (int i = 0; i < CALLS_AT_ONCE; i++) {
                        opening.run();
                    }
                });
    }
}
