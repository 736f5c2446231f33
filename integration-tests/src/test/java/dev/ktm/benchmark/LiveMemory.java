package dev.ktm.benchmark;

import dev.ktm.log.testing.MemoryDevice;
import jakarta.transaction.Transaction;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** How much heap transactions of two branches occupy that live at the same time: what is left after a collection. */
final class LiveMemory {

    private static final int TRANSACTIONS = 10_000;
    private static final int COLLECTIONS = 4;
    private static final List<String> OPTIONS = List.of("-Xmx1g");

    private final Settings<?> settings;

    LiveMemory(Settings<?> settings) {
        this.settings = settings;
    }

    /** Measures and returns a table. */
    List<String> table() throws IOException {
        var bytes = new double[settings.rounds()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] =
                    Double.parseDouble(NewMachine.run(LiveMemory.class, OPTIONS).line());
        }
        Arrays.sort(bytes);
        double median = bytes[bytes.length / 2];
        return List.of(
                "| Live transactions of two branches | Heap MB | Bytes for each |",
                "|---|---|---|",
                String.format(
                        Locale.ROOT,
                        "| %,d | %.1f [%.1f–%.1f] | %.0f |",
                        TRANSACTIONS,
                        median / 1e6,
                        bytes[0] / 1e6,
                        bytes[bytes.length - 1] / 1e6,
                        median / TRANSACTIONS));
    }

    /** What the new machine does: says how many bytes it is. */
    public static void main(String[] arguments) throws Exception {
        try (var coordinator =
                KtmCoordinator.on(new ForgetfulDevice(new MemoryDevice()), TransactionShape.TWO_RESOURCES)) {
            var manager = coordinator.ktm().transactionManager();
            // What is made only once does not count.
            coordinator.appender().appendForced();
            var resources = NoopResource.committing(2);
            var live = new ArrayList<Transaction>(TRANSACTIONS);
            long before = usedBytes();
            for (int i = 0; i < TRANSACTIONS; i++) {
                manager.begin();
                for (var resource : resources) {
                    manager.getTransaction().enlistResource(resource);
                }
                live.add(manager.suspend());
            }
            long after = usedBytes();
            System.out.println(after - before);
            for (var transaction : live) {
                transaction.rollback();
            }
        }
    }

    private static long usedBytes() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
