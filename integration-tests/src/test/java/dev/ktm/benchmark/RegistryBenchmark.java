package dev.ktm.benchmark;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.Log;
import dev.ktm.log.LogOptions;
import dev.ktm.log.Lsn;
import dev.ktm.registry.Registry;
import dev.ktm.registry.RegistryKey;
import dev.ktm.registry.RegistryOptions;
import dev.ktm.registry.RegistryValue;
import dev.ktm.tm.TransactionOptions;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;

/**
 * Measures the registry: reads, update transactions beside durable appends to a log in the same directory, in turns, loading, and
 * memory. Prints tables in Markdown.
 */
public final class RegistryBenchmark {

    private static final Integer[] CALLERS = {1, 8};
    private static final int KEYS = 10_000;
    private static final int VALUES_PER_KEY = 100;
    private static final int RECORD_BYTES = 100;
    private static final int COLLECTIONS = 4;
    private static final int LOADS = 5;

    private final Console console = new Console();
    private final Settings<RegistrySection> settings;
    private volatile long sink;

    private RegistryBenchmark(Settings<RegistrySection> settings) {
        this.settings = settings;
    }

    /** Runs the sections that the command line names. */
    public static void main(String[] args) throws Exception {
        Settings<RegistrySection> settings;
        try {
            settings = Settings.of(RegistrySection.class, args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(Settings.usage(RegistrySection.class));
            return;
        }
        Console.silenceLoggers();
        new RegistryBenchmark(settings).run();
    }

    private void run() throws Exception {
        Files.createDirectories(settings.directory());
        console.line(Machine.describe(settings.directory()));
        for (var section : settings.sections()) {
            System.err.println(section);
            switch (section) {
                case READS -> reads();
                case UPDATES -> updates();
                case LOAD -> load();
            }
        }
    }

    /** What one caller does again and again. */
    private interface Call {
        void run(int caller) throws Exception;
    }

    /** Calls per second of so many callers, in one window. */
    private double rate(int callers, Call call) throws Exception {
        var count = new LongAdder();
        long end = System.nanoTime() + settings.windowMillis() * 1_000_000L;
        var tasks = new ArrayList<Callable<Boolean>>();
        for (int i = 0; i < callers; i++) {
            int caller = i;
            tasks.add(() -> {
                while (System.nanoTime() < end) {
                    call.run(caller);
                    count.increment();
                }
                return true;
            });
        }
        long begin = System.nanoTime();
        var executor = Executors.newFixedThreadPool(callers);
        try {
            for (var done : executor.invokeAll(tasks)) {
                done.get();
            }
        } finally {
            executor.shutdown();
        }
        return count.sum() * 1e9 / (System.nanoTime() - begin);
    }

    private static double median(double[] values) {
        var sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%,.0f", value);
    }

    private Ktm coordinator(Path directory) {
        return Ktm.open(
                KtmOptions.builder().logDirectory(directory.resolve("log")).build());
    }

    private void reads() throws Exception {
        var directory = Files.createTempDirectory(settings.directory(), "registry");
        var lines = new ArrayList<>(List.of("| Read by one caller | values/s |", "|---|---:|"));
        try (var ktm = coordinator(directory);
                var registry = Registry.open(ktm, "benchmark")) {
            fill(ktm, registry, 1000);
            var keys = new RegistryKey[1000];
            for (int i = 0; i < keys.length; i++) {
                keys[i] = registry.root().openKey("Software\\Vendor " + i % 100 + "\\Product " + i);
            }
            var root = registry.root();
            lines.add("| a value of an open key | " + reading(i -> keys[i % 1000], "Value 42") + " |");
            lines.add("| a value of a key that is opened for it, three levels deep | "
                    + reading(i -> root.openKey("Software\\Vendor " + i % 100 + "\\Product " + i % 1000), "Value 42")
                    + " |");
        }
        console.print("Reads", lines);
    }

    /** Where a value is read. */
    private interface Keys {
        RegistryKey key(int i) throws Exception;
    }

    private String reading(Keys keys, String name) throws Exception {
        var rates = new double[settings.rounds()];
        for (int round = -2; round < rates.length; round++) {
            double rate = rate(1, caller -> {
                long sum = 0;
                for (int i = 0; i < 1000; i++) {
                    sum += keys.key(i).find(name).orElseThrow().type().code();
                }
                sink = sum;
            });
            if (round >= 0) {
                rates[round] = rate * 1000;
            }
        }
        return number(median(rates));
    }

    private static void fill(Ktm ktm, Registry registry, int keys) throws Exception {
        var root = registry.root();
        for (int from = 0; from < keys; from += 1000) {
            try (var transaction = ktm.manager().createTransaction(TransactionOptions.DEFAULT)) {
                var bound = root.in(transaction.transaction());
                for (int i = from; i < Math.min(keys, from + 1000); i++) {
                    var key = bound.createKey("Software\\Vendor " + i % 100 + "\\Product " + i);
                    for (int j = 0; j < VALUES_PER_KEY; j++) {
                        key.setValue(RegistryValue.string("Value " + j, "text " + i));
                    }
                }
                transaction.commit();
            }
        }
    }

    private void updates() throws Exception {
        var directory = Files.createTempDirectory(settings.directory(), "registry");
        var lines = new ArrayList<>(
                List.of("| Callers | update transactions/s | durable appends/s | ratio |", "|---:|---:|---:|---:|"));
        try (var ktm = coordinator(directory);
                var registry = Registry.open(ktm, "benchmark");
                var log = Log.open(directory.resolve("other"), LogOptions.defaults())) {
            var stream = log.stream("appends");
            for (int callers : settings.callersOr(CALLERS)) {
                for (int i = 0; i < callers; i++) {
                    registry.root().createKey("Software\\Product " + i);
                }
                var updates = new double[settings.rounds()];
                var appends = new double[settings.rounds()];
                var ratios = new double[settings.rounds()];
                for (int round = -2; round < ratios.length; round++) {
                    double append = rate(
                            callers,
                            caller -> stream.appendForced(ByteBuffer.allocate(RECORD_BYTES), Lsn.INVALID, Lsn.INVALID));
                    stream.clear();
                    double update = rate(callers, caller -> {
                        ktm.userTransaction().begin();
                        registry.transactedRoot()
                                .openKey("Software\\Product " + caller)
                                .setValue(RegistryValue.dword("Version", 1));
                        ktm.userTransaction().commit();
                    });
                    if (round >= 0) {
                        updates[round] = update;
                        appends[round] = append;
                        ratios[round] = update / append;
                    }
                }
                lines.add("| " + callers + " | " + number(median(updates)) + " | " + number(median(appends)) + " | "
                        + String.format(Locale.ROOT, "%.2f", median(ratios)) + " |");
            }
        }
        console.print("Update transactions, each of one value, beside durable appends of 100 bytes", lines);
    }

    private void load() throws Exception {
        var directory = Files.createTempDirectory(settings.directory(), "registry");
        try (var ktm = coordinator(directory);
                var registry = Registry.open(ktm, "benchmark")) {
            fill(ktm, registry, KEYS);
            registry.checkpoint();
            registry.checkpoint();
        }
        var millis = new double[LOADS];
        double bytes = 0;
        try (var ktm = coordinator(directory)) {
            for (int i = 0; i < LOADS; i++) {
                long before = used();
                long begin = System.nanoTime();
                try (var registry = Registry.open(ktm, "benchmark", RegistryOptions.defaults())) {
                    millis[i] = (System.nanoTime() - begin) / 1e6;
                    bytes = (used() - before) / (double) (KEYS * VALUES_PER_KEY);
                    sink = registry.root().subkeys().size();
                }
            }
        }
        console.print(
                "A hive of 1,000,000 values in 10,000 keys",
                List.of(
                        "| | |",
                        "|---|---:|",
                        "| loaded first, in a cold JVM | " + number(millis[0]) + " ms |",
                        "| loaded, median of " + LOADS + " | " + number(median(millis)) + " ms |",
                        "| heap for each value, names, text of 9 to 10 characters and keys among it | " + number(bytes)
                                + " bytes |"));
    }

    private static long used() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
