package dev.ktm.benchmark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** How many forced writes of ours a number of transactions takes: counted, from the first to the last. */
final class ForceCount {

    /** However many callers there are, each has this part of the transactions at least. */
    private static final int LEAST_PART = 40;

    private final Settings<?> settings;
    private final int transactions;
    private final Integer[] callers;

    /** Of so many transactions, with these numbers of callers if the command line names none. */
    ForceCount(Settings<?> settings, int transactions, Integer... callers) {
        this.settings = settings;
        this.transactions = transactions;
        this.callers = callers;
    }

    /** Opens what is counted, in an empty directory. */
    @FunctionalInterface
    interface Opener {
        DurableLog open(Path directory) throws Exception;
    }

    /** Counts and returns a table: forced writes for so many transactions, and for each. */
    List<String> table() throws Exception {
        return table(
                List.of(TransactionShape.values()),
                TransactionShape::text,
                shape -> directory -> KtmCoordinator.open(directory, shape));
    }

    /** The same for other transactions. */
    <T> List<String> table(List<T> shapes, Function<T, String> text, Function<T, Opener> opener) throws Exception {
        var numbers = settings.callersOr(callers);
        var lines = new ArrayList<String>();
        var header = new StringBuilder("| Transaction |");
        numbers.forEach(number -> header.append(" N = ").append(number).append(" |"));
        lines.add(header.toString());
        lines.add("|---|" + "---|".repeat(numbers.size()));
        for (var shape : shapes) {
            var line = new StringBuilder("| " + text.apply(shape) + " |");
            for (int number : numbers) {
                line.append(' ').append(count(opener.apply(shape), number)).append(" |");
            }
            lines.add(line.toString());
        }
        return lines;
    }

    private String count(Opener opener, int callers) throws Exception {
        var directory = Files.createTempDirectory(settings.directory(), "forces");
        try (var coordinator = opener.open(directory)) {
            int each = transactions / Math.min(callers, LEAST_PART);
            var threads = new ArrayList<Thread>();
            var failures = new ArrayList<Throwable>();
            for (int i = 0; i < callers; i++) {
                var appender = coordinator.appender();
                threads.add(new Thread(() -> {
                    try {
                        for (int k = 0; k < each; k++) {
                            appender.appendForced();
                        }
                    } catch (Throwable e) {
                        synchronized (failures) {
                            failures.add(e);
                        }
                    }
                }));
            }
            long before = coordinator.forces();
            threads.forEach(Thread::start);
            for (var thread : threads) {
                thread.join();
            }
            long forces = coordinator.forces() - before;
            if (!failures.isEmpty()) {
                throw new IllegalStateException("a transaction failed", failures.get(0));
            }
            long done = (long) each * callers;
            return String.format(Locale.ROOT, "%d / %d = %.3f", forces, done, (double) forces / done);
        } finally {
            Experiment.delete(directory);
        }
    }
}
