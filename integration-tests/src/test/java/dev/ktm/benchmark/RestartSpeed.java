package dev.ktm.benchmark;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.journal.EnlistmentRecord;
import dev.ktm.journal.LogJournal;
import dev.ktm.journal.TransactionRecord;
import dev.ktm.journal.UnknownOutcomeException;
import dev.ktm.log.Log;
import dev.ktm.log.LogOptions;
import dev.ktm.rm.TransactionId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * How fast a restart finishes transactions that are decided and of which no resource manager has heard: two of them in
 * memory, whose own time is taken and told apart. One Java virtual machine writes the log, another one finds it.
 */
final class RestartSpeed {

    private static final int[] NUMBERS = {10_000, 100_000, 1_000_000};
    private static final List<String> OPTIONS = List.of("-Xms8g", "-Xmx8g");
    private static final int WRITERS = 128;
    private static final long CONTAINER_BYTES = 64L << 20;
    private static final int FEWEST_CONTAINERS = 4;
    /** Of log for each transaction: more than four times its record, so that nothing is carried forward meanwhile. */
    private static final long BYTES_EACH = 1500;

    private static final long PROBE_NANOS = 1_000_000;
    private static final List<String> RESOURCE_MANAGERS = List.of("jdbc/database0", "jdbc/database1");

    private final Settings<?> settings;

    RestartSpeed(Settings<?> settings) {
        this.settings = settings;
    }

    /** Measures and returns a table. */
    List<String> table() throws IOException {
        var lines = new ArrayList<String>();
        lines.add("| Transactions | Opened after s | All finished after s | of which the slower resource manager s "
                + "| Rest s | Rest µs/transaction | Heap MB |");
        lines.add("|---|---|---|---|---|---|---|");
        for (int number : NUMBERS) {
            var tries = new ArrayList<double[]>();
            for (int round = 0; round < Math.min(settings.rounds(), 3); round++) {
                tries.add(measure(number));
                System.err.println(number + " transactions, round " + round + " done");
            }
            lines.add(line(number, tries));
        }
        return lines;
    }

    private static String line(int number, List<double[]> tries) {
        return String.format(Locale.ROOT, "| %,d |", number)
                + cell(tries, 0, 1, "%.2f")
                + cell(tries, 1, 1, "%.2f")
                + cell(tries, 2, 1, "%.2f")
                + cell(tries, 3, 1, "%.2f")
                + cell(tries, 3, 1e6 / number, "%.1f")
                + cell(tries, 4, 1e-6, "%.0f");
    }

    private static String cell(List<double[]> tries, int figure, double factor, String format) {
        var sorted = tries.stream()
                .mapToDouble(each -> each[figure] * factor)
                .sorted()
                .toArray();
        var pattern = " " + format + " [" + format + "–" + format + "] |";
        return String.format(Locale.ROOT, pattern, sorted[sorted.length / 2], sorted[0], sorted[sorted.length - 1]);
    }

    /** Seconds until open, until all is finished, of the slower resource manager, of the rest; bytes of heap. */
    private double[] measure(int number) throws IOException {
        var directory = Files.createTempDirectory(settings.directory(), "restart");
        try {
            var count = String.valueOf(number);
            NewMachine.run(RestartSpeed.class, OPTIONS, "write", directory.toString(), count);
            var line = NewMachine.run(RestartSpeed.class, OPTIONS, "restart", directory.toString(), count)
                    .line();
            var fields = line.split(" ");
            var figures = new double[fields.length];
            for (int i = 0; i < figures.length; i++) {
                figures[i] = Double.parseDouble(fields[i]);
            }
            return figures;
        } finally {
            Experiment.delete(directory);
        }
    }

    /** What the new machines do: {@code write} or {@code restart}, the directory, and how many transactions. */
    public static void main(String[] arguments) throws Exception {
        Console.silenceLoggers();
        var directory = Path.of(arguments[1]);
        int number = Integer.parseInt(arguments[2]);
        if (arguments[0].equals("write")) {
            write(directory, number);
            System.out.println("written");
        } else {
            System.out.println(restart(directory, number));
        }
    }

    // Before the restart.

    private static LogOptions options(int number) {
        return LogOptions.builder()
                .containerBytes(CONTAINER_BYTES)
                .containers((int) Math.max(FEWEST_CONTAINERS, number * BYTES_EACH / CONTAINER_BYTES + 1))
                .build();
    }

    private static void write(Path directory, int number) throws Exception {
        try (var log = Log.open(directory, options(number));
                var journal = LogJournal.open(log)) {
            KtmLogAdapter.awaitFilled(log);
            var next = new AtomicLong();
            var threads = new ArrayList<Thread>();
            var failed = new AtomicLong();
            for (int i = 0; i < WRITERS; i++) {
                threads.add(new Thread(() -> {
                    try {
                        for (long k = next.incrementAndGet(); k <= number; k = next.incrementAndGet()) {
                            var record = record(new TransactionId(journal.manager(), journal.incarnation(), k));
                            try (var space = journal.reserve(record)) {
                                journal.force(space, record);
                            }
                        }
                    } catch (IOException | UnknownOutcomeException | RuntimeException e) {
                        failed.incrementAndGet();
                        System.err.println("a decision could not be written: " + e);
                    }
                }));
            }
            threads.forEach(Thread::start);
            for (var thread : threads) {
                thread.join();
            }
            if (failed.get() > 0) {
                throw new IOException("not all decisions are written");
            }
        }
    }

    private static TransactionRecord record(TransactionId id) {
        var all = new ArrayList<EnlistmentRecord>();
        // The resource manager that stands for all XA resources.
        var xaResources = UUID.nameUUIDFromBytes("dev.ktm.xa".getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < RESOURCE_MANAGERS.size(); i++) {
            all.add(new EnlistmentRecord(
                    xaResources,
                    new UUID(id.sequence(), i),
                    RESOURCE_MANAGERS.get(i).getBytes(StandardCharsets.UTF_8)));
        }
        return new TransactionRecord(
                TransactionRecord.Status.COMMITTED,
                id,
                new UUID(id.incarnation(), id.sequence()),
                id.sequence(),
                Optional.empty(),
                all);
    }

    // After it.

    private static String restart(Path directory, int number) throws Exception {
        // The resource managers know their branches before the clock starts.
        UUID manager;
        long incarnation;
        try (var log = Log.open(directory, options(number))) {
            manager = log.identity();
            incarnation = log.incarnation() - 1;
        }
        var resources = new ArrayList<PreparedBranches>();
        for (int i = 0; i < RESOURCE_MANAGERS.size(); i++) {
            resources.add(new PreparedBranches(new TransactionId(manager, incarnation, 1), i, number));
        }
        long start = System.nanoTime();
        try (var ktm = Ktm.open(KtmOptions.builder().logDirectory(directory).build())) {
            double opened = secondsSince(start);
            for (int i = 0; i < RESOURCE_MANAGERS.size(); i++) {
                var resource = resources.get(i);
                ktm.register(RESOURCE_MANAGERS.get(i), () -> resource);
            }
            long heap = 0;
            while (resources.stream().anyMatch(resource -> !resource.isEmpty())
                    || !ktm.manager().transactions().isEmpty()) {
                heap = Math.max(
                        heap,
                        Runtime.getRuntime().totalMemory()
                                - Runtime.getRuntime().freeMemory());
                LockSupport.parkNanos(PROBE_NANOS);
            }
            double finished = secondsSince(start);
            double own = resources.stream()
                    .mapToDouble(PreparedBranches::ownSeconds)
                    .max()
                    .orElseThrow();
            return opened + " " + finished + " " + own + " " + (finished - own) + " " + heap;
        }
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
