package dev.ktm.benchmark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A process that commits a fixed number of transactions of two resources, for others to count what it does. */
public final class TransactionCount {

    private TransactionCount() {}

    /** A product at its fastest durable setting. */
    public record Durable(String name, String text) {}

    /** Those that can be counted. */
    public static List<Durable> products() {
        return Arrays.asList(
                        Product.KTM,
                        Product.NARAYANA_SHADOW,
                        Product.NARAYANA_SLOTS_FASTEST,
                        Product.NARAYANA_JOURNAL_FASTEST,
                        Product.ATOMIKOS_FASTEST,
                        Product.GERONIMO_FASTEST)
                .stream()
                .map(product -> new Durable(product.name(), product.text()))
                .toList();
    }

    /** Arguments: which product, its directory, how many callers, how many transactions for each. */
    public static void main(String[] arguments) throws Exception {
        Console.silenceLoggers();
        var directory = Files.createDirectories(Path.of(arguments[1]));
        var product = Product.valueOf(arguments[0]).open(directory);
        var threads = new ArrayList<Thread>();
        var failures = new ConcurrentLinkedQueue<Throwable>();
        int each = Integer.parseInt(arguments[3]);
        for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
            var appender = product.appender();
            threads.add(new Thread(() -> {
                try {
                    for (int k = 0; k < each; k++) {
                        appender.appendForced();
                    }
                } catch (Exception e) {
                    failures.add(e);
                }
            }));
        }
        threads.forEach(Thread::start);
        for (var thread : threads) {
            thread.join();
        }
        failures.forEach(Throwable::printStackTrace);
        // Some leave threads behind, and closing would add to what is counted.
        Runtime.getRuntime().halt(failures.isEmpty() ? 0 : 1);
    }
}
