package dev.ktm.benchmark;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How many forced writes of ours a number of transactions takes: counted, from the first to the last. */
final class ForceCount {

    private static final int LEAST_EACH = 200;
    private static final int TRANSACTIONS = 8_000;

    private final Settings<?> settings;

    ForceCount(Settings<?> settings) {
        this.settings = settings;
    }

    /** Counts and returns a table: forced writes for so many transactions, and for each. */
    List<String> table() throws Exception {
        var numbers = settings.callersOr(1, 8, 32, 128);
        var lines = new ArrayList<String>();
        var header = new StringBuilder("| Transaction |");
        numbers.forEach(number -> header.append(" N = ").append(number).append(" |"));
        lines.add(header.toString());
        lines.add("|---|" + "---|".repeat(numbers.size()));
        for (var shape : TransactionShape.values()) {
            var line = new StringBuilder("| " + shape.text() + " |");
            for (int number : numbers) {
                line.append(' ').append(count(shape, number)).append(" |");
            }
            lines.add(line.toString());
        }
        return lines;
    }

    private String count(TransactionShape shape, int callers) throws Exception {
        var directory = Files.createTempDirectory(settings.directory(), "forces");
        try (var coordinator = KtmCoordinator.open(directory, shape)) {
            int each = Math.max(LEAST_EACH, TRANSACTIONS / callers);
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
            long transactions = (long) each * callers;
            return String.format(Locale.ROOT, "%d / %d = %.3f", forces, transactions, (double) forces / transactions);
        } finally {
            Experiment.delete(directory);
        }
    }
}
