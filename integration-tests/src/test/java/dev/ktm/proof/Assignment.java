package dev.ktm.proof;

import dev.ktm.servers.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Properties;

/**
 * What a worker is told in a file.
 *
 * @param mode what for
 * @param plan what is to happen to it; the harm from outside is none of its business
 * @param disk the directory of its log, files and registry
 * @param ledger the file that it writes what its clients know to
 * @param ports where servers are reached
 * @param threads how many threads make transactions
 * @param bug what it does wrong
 */
record Assignment(Mode mode, Plan plan, Path disk, Path ledger, Map<Kind, Integer> ports, int threads, PlantedBug bug) {

    /** What a worker is for. */
    enum Mode {
        /** Makes transactions until it is killed. */
        WORK,
        /** Makes a few, and ends: so that it is known which classes are needed. */
        TRAIN,
        /** Recovers until nothing is left, and tells what is there. */
        SETTLE
    }

    void write(Path file) throws IOException {
        var all = new Properties();
        all.setProperty("mode", mode.name());
        all.setProperty("life", String.valueOf(plan.life()));
        all.setProperty("seed", String.valueOf(plan.seed()));
        all.setProperty("when", plan.ending().when().name());
        all.setProperty("step", plan.ending().step());
        all.setProperty("times", String.valueOf(plan.ending().times()));
        all.setProperty("parallel", String.valueOf(plan.parallel()));
        all.setProperty("fault", plan.disk().name());
        all.setProperty("goodWrites", String.valueOf(plan.goodWrites()));
        all.setProperty("operator", String.valueOf(plan.operator()));
        all.setProperty("disk", disk.toString());
        all.setProperty("ledger", ledger.toString());
        all.setProperty("threads", String.valueOf(threads));
        all.setProperty("bug", bug.name());
        ports.forEach((kind, port) -> all.setProperty(kind.name(), port.toString()));
        try (var out = Files.newOutputStream(file)) {
            all.store(out, null);
        }
    }

    static Assignment read(Path file) throws IOException {
        var all = new Properties();
        try (var in = Files.newInputStream(file)) {
            all.load(in);
        }
        var ports = new EnumMap<Kind, Integer>(Kind.class);
        for (var kind : Kind.values()) {
            var port = all.getProperty(kind.name());
            if (port != null) {
                ports.put(kind, Integer.valueOf(port));
            }
        }
        var ending = new Plan.Ending(Plan.When.valueOf(said(all, "when")), 0, said(all, "step"), number(all, "times"));
        var plan = new Plan(
                number(all, "life"),
                Long.parseLong(said(all, "seed")),
                ending,
                java.util.List.of(),
                Boolean.parseBoolean(said(all, "parallel")),
                Plan.Disk.valueOf(said(all, "fault")),
                number(all, "goodWrites"),
                Boolean.parseBoolean(said(all, "operator")));
        return new Assignment(
                Mode.valueOf(said(all, "mode")),
                plan,
                Path.of(said(all, "disk")),
                Path.of(said(all, "ledger")),
                ports,
                number(all, "threads"),
                PlantedBug.valueOf(said(all, "bug")));
    }

    private static String said(Properties all, String name) {
        var value = all.getProperty(name);
        if (value == null) {
            throw new IllegalArgumentException("expected \"" + name + "\" in the assignment, found nothing");
        }
        return value;
    }

    private static int number(Properties all, String name) {
        return Integer.parseInt(said(all, name));
    }

    Path log() {
        return disk.resolve("log");
    }

    Path root() {
        return disk.resolve("root");
    }
}
