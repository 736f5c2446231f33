package dev.ktm.servers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.KtmOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Coordinators that are halted at one step after another of a transaction over two resource managers. */
final class EveryStep implements AutoCloseable {

    /** The first write once everybody has voted. */
    private static final String DECISION = "log before write after second after prepare";

    private final Path directory;
    private final Server first;
    private final Server second;
    private final Client orders;
    private final Client stock;
    private final Way way;
    private final boolean own;

    private EveryStep(Way way, Path directory, Server first, Server second) {
        this.way = way;
        this.directory = directory;
        this.first = first;
        this.second = second;
        this.own = first != second;
        this.orders = first.client(Server.ORDERS);
        this.stock = second.client(Server.STOCK);
    }

    /** One kind with the other; if they are the same, one server has both tables or queues. */
    static EveryStep over(Kind kind, Kind partner, Way way, Path directory) throws Exception {
        var first = Server.start(kind, directory.resolve("first"));
        try {
            var second = kind == partner ? first : Server.start(partner, directory.resolve("second"));
            return new EveryStep(way, directory, first, second);
        } catch (Exception | Error e) {
            first.close();
            throw e;
        }
    }

    /** Runs a transaction that is not disturbed, and names its steps in order. */
    List<String> steps() throws Exception {
        assertThat(run("undisturbed", "none")).isZero();
        var steps = Files.readAllLines(directory.resolve("steps"));
        assertThat(steps)
                .containsSubsequence(
                        "first before start",
                        "second after start",
                        "first before end",
                        "first before prepare",
                        "first after prepare",
                        "second before prepare",
                        "second after prepare",
                        "log before write after second after prepare",
                        "log after write after second after prepare",
                        "first before commit",
                        "first after commit",
                        "second before commit",
                        "second after commit",
                        "transaction after commit",
                        "log before write after transaction after commit",
                        "log after write after transaction after commit",
                        "coordinator after close");
        return steps;
    }

    private int run(String key, String step) throws IOException, InterruptedException {
        var command = JavaCommand.of(
                List.of(),
                MortalCoordinator.class.getName(),
                directory.resolve("log"),
                first.kind(),
                first.port(),
                Server.ORDERS,
                second.kind(),
                second.port(),
                Server.STOCK,
                key,
                step,
                directory.resolve("steps"),
                way);
        try (var process = Leash.start(directory.resolve("coordinator.log"), command)) {
            int code = process.awaitEnd();
            assertThat(code).as(process.lastWords()).isIn(0, Halts.EXIT_CODE);
            return code;
        }
    }

    /** Halts a coordinator there, lets another one recover, and looks at what everybody has. */
    void haltAt(List<String> steps, String step, boolean serversCrashToo) throws Exception {
        var key = step + (serversCrashToo ? ", and servers" : "");
        int code = run(key, step);
        if (!step.startsWith(Halts.LOG) || step.equals(DECISION)) {
            assertThat(code).as(step).isEqualTo(Halts.EXIT_CODE);
        }
        if (serversCrashToo) {
            first.kill();
            first.start();
            if (own) {
                second.kill();
                second.start();
            }
        }

        try (var coordinator =
                Coordinator.open(KtmOptions.builder().logDirectory(directory.resolve("log")), way, orders, stock)) {
            coordinator.settle(orders, stock);

            boolean committed = orders.committed().contains(key);
            assertThat(stock.committed().contains(key))
                    .as("%s: %s", step, coordinator.reports())
                    .isEqualTo(committed);
            if (!step.startsWith(Halts.LOG)) {
                assertThat(committed)
                        .as("%s: %s", step, coordinator.reports())
                        .isEqualTo(steps.indexOf(step) > steps.indexOf(DECISION));
            }
        }
    }

    @Override
    public void close() throws IOException {
        first.close();
        if (own) {
            second.close();
        }
    }
}
