package dev.ktm.servers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.KtmOptions;
import dev.ktm.log.testing.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Coordinators that are halted at one step after another of a transaction over two resource managers. */
final class EveryStep implements AutoCloseable {

    /** The first write once everybody has voted. */
    private static final String DECISION = "log before write after second after prepare";

    private static final int TRIES = 3;

    private final Path directory;
    private final Server first;
    private final Server second;
    private final Client orders;
    private final Client stock;
    private final Way way;
    private final boolean own;
    private final Set<String> reached = new LinkedHashSet<>();
    private final Set<String> unreached = new LinkedHashSet<>();

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

    /**
     * Halts a coordinator there, lets another one recover, and looks at what everybody has. The log also writes on its own account,
     * so that a run need not come by all that another one did: such a step is tried again.
     */
    void haltAt(List<String> steps, String step, boolean serversCrashToo) throws Exception {
        for (int attempt = 1; attempt <= TRIES; attempt++) {
            var key = step + (serversCrashToo ? ", and servers" : "") + (attempt == 1 ? "" : ", again " + attempt);
            boolean halted = run(key, step) == Halts.EXIT_CODE;
            if (serversCrashToo || (halted && mayLeaveLocks(steps, step))) {
                crashServers();
            }
            assertAllAgree(steps, step, key, halted);
            if (halted) {
                reached.add(step);
                return;
            }
            assertThat(isOfTheLogAlone(step)).as("%s was not reached", step).isTrue();
        }
        unreached.add(step);
    }

    /** A branch that Derby has not prepared keeps its rows locked when nobody knows it any more, until Derby is started anew. */
    private boolean mayLeaveLocks(List<String> steps, String step) {
        return (first.kind() == Kind.DERBY || second.kind() == Kind.DERBY)
                && steps.indexOf(step) < steps.indexOf("second after prepare");
    }

    /** The log decides itself when it writes, but for the decision. */
    private static boolean isOfTheLogAlone(String step) {
        return step.startsWith(Halts.LOG) && !step.equals(DECISION);
    }

    /** The steps at which a coordinator was halted. */
    Set<String> reached() {
        return reached;
    }

    /** The steps of the log that the undisturbed run had, and no other, however often it was tried. */
    Set<String> unreached() {
        return unreached;
    }

    private void crashServers() throws Exception {
        first.kill();
        first.start();
        if (own) {
            second.kill();
            second.start();
        }
    }

    /**
     * A Derby that was started after a crash can answer everybody with a {@link NullPointerException} of its own store, from its first
     * minute until it is started again: its operator does so, once.
     */
    private void settle(Coordinator coordinator) throws Exception {
        try {
            coordinator.settle(orders, stock);
        } catch (AssertionError e) {
            if (!Derby.isOfItsStore(e.getCause())) {
                throw e;
            }
            crashServers();
            coordinator.settle(orders, stock);
        }
    }

    private void assertAllAgree(List<String> steps, String step, String key, boolean halted) throws Exception {
        try (var coordinator =
                Coordinator.open(KtmOptions.builder().logDirectory(directory.resolve("log")), way, orders, stock)) {
            settle(coordinator);

            boolean committed = orders.committed().contains(key);
            assertThat(stock.committed().contains(key))
                    .as("%s: %s", step, coordinator.reports())
                    .isEqualTo(committed);
            if (!halted) {
                assertThat(committed).as("%s: %s", step, coordinator.reports()).isTrue();
            } else if (!step.startsWith(Halts.LOG)) {
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
