package dev.ktm.deployment;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ktm.log.testing.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Deploys releases with a process of its own, which it kills at chosen and at random moments and starts again, and checks after each
 * crash and in the end that every release is everywhere or nowhere. Ends with 0 only if all agree.
 */
@Command(
        name = "deployment",
        mixinStandardHelpOptions = true,
        description =
                "Deploys releases into two databases, a queue, files and the registry, each as one transaction, and kills"
                        + " itself meanwhile.")
public final class Deployment implements Callable<Integer> {

    private static final String DERBY_LOG = "derby.stream.error.file";
    private static final int MOST_MILLIS_BEFORE_A_KILL = 30;

    @Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    @Option(names = "--releases", defaultValue = "300", description = "How many releases. Default: ${DEFAULT-VALUE}")
    private int releases;

    @Option(
            names = "--crash-at",
            split = ",",
            defaultValue = "all",
            description = {
                "Where the process dies, once at each: a list of crash points, all, or none. Default: ${DEFAULT-VALUE}",
                "Points: after-first-insert, before-commit, before-first-vote, after-first-vote, after-last-vote,",
                "after-decision, after-first-commit, after-last-commit, after-acknowledgement"
            })
    private List<String> crashAt = List.of();

    @Option(
            names = "--kills",
            defaultValue = "3",
            description = "How often it is killed at a random moment besides. Default: ${DEFAULT-VALUE}")
    private int kills;

    @Option(names = "--seed", description = "Chooses which releases meet which crash. Default: random")
    private long seed = System.nanoTime();

    @Option(
            names = "--data",
            description = "Where the data is kept. Default: a temporary directory, deleted if all agree")
    private @Nullable Path data;

    @Option(
            names = "--resources",
            split = ",",
            description = {
                "JDBC URLs of the inventory and the audit database, of PostgreSQL, MariaDB or H2, with user and password.",
                "Default: two Derby databases of its own"
            })
    private List<String> urls = List.of();

    private final PrintWriter out;
    private final Ledger ledger = new Ledger();
    private final List<String> afterCrashes = new ArrayList<>();

    private Deployment(PrintWriter out) {
        this.out = out;
    }

    /** Runs it; the exit code says whether all agree. */
    public static void main(String[] arguments) {
        var out = new PrintWriter(System.out, true, UTF_8);
        int status = run(out, arguments);
        out.flush();
        Runtime.getRuntime().halt(status);
    }

    static int run(PrintWriter out, String... arguments) {
        return new CommandLine(new Deployment(out)).setOut(out).setErr(out).execute(arguments);
    }

    /**
     * A crash to come.
     *
     * @param release which one meets it
     * @param point where; null if it is killed some time after it was begun
     */
    record Fate(int release, @Nullable CrashPoint point) {}

    @Override
    public Integer call() throws Exception {
        var random = new Random(seed);
        var plan = plan(random);
        long start = System.nanoTime();
        var given = data;
        for (var url : urls) {
            requireKnown(url);
        }
        var directory = given == null ? Files.createTempDirectory("ktm-deployment") : Files.createDirectories(given);
        if (System.getProperty(DERBY_LOG) == null) {
            // Before Derby is loaded, which would write into the working directory.
            System.setProperty(DERBY_LOG, directory.resolve("derby.log").toString());
        }
        var place = new Place(directory, UUID.randomUUID().toString(), urls);
        out.println("Deploying " + releases
                + " releases, each into two databases, a queue, files and the registry; seed " + seed + ".");
        deployAll(place, plan, random);
        var check = Check.of(place, ledger);
        check.disagreements().addAll(0, afterCrashes);
        new Summary(ledger, check).print(out, Duration.ofNanos(System.nanoTime() - start));
        boolean agree = check.disagreements().isEmpty();
        if (agree && given == null) {
            deleteAll(directory);
        } else {
            out.println("The data is in " + directory + ".");
        }
        return agree ? 0 : 1;
    }

    /** Which releases meet which crash, in their order. */
    private List<Fate> plan(Random random) {
        var points = new ArrayList<@Nullable CrashPoint>(points());
        points.addAll(Collections.nCopies(kills, null));
        var candidates = IntStream.rangeClosed(1, releases)
                .filter(number -> !new Release(number).isFaulty())
                .boxed()
                .collect(Collectors.toCollection(ArrayList::new));
        if (kills < 0 || candidates.size() < points.size()) {
            throw refused("expected a release for each of " + points.size() + " crashes, found " + releases
                    + " releases and " + kills + " kills");
        }
        Collections.shuffle(candidates, random);
        return IntStream.range(0, points.size())
                .mapToObj(index -> new Fate(candidates.get(index), points.get(index)))
                .sorted(Comparator.comparing(Fate::release))
                .toList();
    }

    private List<CrashPoint> points() {
        try {
            return switch (crashAt.get(0)) {
                case "all" -> Arrays.asList(CrashPoint.values());
                case "none" -> List.of();
                default -> crashAt.stream().map(CrashPoint::of).toList();
            };
        } catch (IllegalArgumentException e) {
            throw refused("--crash-at: " + e.getMessage());
        }
    }

    private void requireKnown(String url) throws SQLException {
        try {
            Database.at(url, "known");
        } catch (IllegalArgumentException e) {
            throw refused("--resources: " + e.getMessage());
        }
    }

    private ParameterException refused(String message) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
    }

    private void deployAll(Place place, List<Fate> plan, Random random) throws IOException, InterruptedException {
        var fates = new ArrayDeque<>(plan);
        int next = 1;
        while (next <= releases && afterCrashes.isEmpty()) {
            var fate = nextFate(fates, next);
            var life = new Life(place, next, fate, random.nextInt(MOST_MILLIS_BEFORE_A_KILL));
            boolean died = life.run();
            if (died && fate != null) {
                var death = new Ledger.Death(life.reached, fate.point());
                ledger.died(death);
                out.printf(Locale.ROOT, "  release %4d: the process died, %s%n", life.reached, death.text());
            }
            next = life.reached + 1;
        }
        if (ledger.deaths().size() < plan.size() && afterCrashes.isEmpty()) {
            out.println("  " + (plan.size() - ledger.deaths().size()) + " crashes found no release left to meet");
        }
        // The last life only finishes what the one before has left.
        new Life(place, next, null, 0).run();
    }

    /** Whoever is killed at any moment may get past the release that the next one was meant for: the next that can meets it. */
    private @Nullable Fate nextFate(Deque<Fate> fates, int next) {
        var fate = fates.poll();
        if (fate == null || fate.release() >= next) {
            return fate;
        }
        int release = next;
        while (new Release(release).isFaulty()) {
            release++;
        }
        return new Fate(release, fate.point());
    }

    /** One process, from its start to its end. */
    private final class Life {
        private final List<String> command;
        private final @Nullable Fate fate;
        private final int killDelayMillis;
        /** The last release that was begun, or the one before the first. */
        private int reached;

        private final Holdings held = Holdings.none();

        Life(Place place, int first, @Nullable Fate fate, int killDelayMillis) {
            this.fate = fate;
            this.killDelayMillis = killDelayMillis;
            this.reached = first - 1;
            var point = fate == null ? null : fate.point();
            this.command = JavaCommand.of(
                    List.of("-D" + DERBY_LOG + "=" + place.directory().resolve("derby.log")),
                    Worker.class.getName(),
                    place.directory(),
                    place.run(),
                    first,
                    releases,
                    fate == null || point == null ? 0 : fate.release(),
                    point == null ? "-" : point.option());
            command.addAll(place.urls());
        }

        /** Returns whether it died. */
        boolean run() throws IOException, InterruptedException {
            var process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            boolean done = false;
            boolean killed = false;
            try (var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
                for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.equals(Worker.RECOVERED)) {
                        compare();
                    } else if (!held.hear(line)) {
                        reached = Math.max(reached, hear(line));
                    }
                    done |= line.equals("done");
                    if (!killed && isToBeKilled()) {
                        killed = true;
                        process.waitFor(killDelayMillis, TimeUnit.MILLISECONDS);
                        // What it has said is still read: the process itself would close its stream.
                        process.toHandle().destroyForcibly();
                    }
                }
            }
            int status = process.waitFor();
            if (!done && !killed && status != CrashingCalls.STATUS) {
                throw new IllegalStateException(
                        "expected the process to deploy, or to die where it was told to, found it" + " ended with "
                                + status + ": " + String.join(" ", command));
            }
            return !done;
        }

        /** What the life before has left, before this one does anything. */
        private void compare() {
            ledger.compared();
            int crashes = ledger.deaths().size();
            Check.of(held, ledger)
                    .disagreements()
                    .forEach(each -> afterCrashes.add("after crash " + crashes + ": " + each));
        }

        private boolean isToBeKilled() {
            var met = fate;
            return met != null && met.point() == null && reached >= met.release();
        }

        private int hear(String line) {
            // The kill may cut the last line short.
            var words = line.split(" ", 3);
            if (words.length < 2) {
                return 0;
            }
            int number = Integer.parseInt(words[1]);
            switch (words[0]) {
                case "begun" -> ledger.note(number, Ledger.Said.NOTHING);
                case "committed" -> {
                    ledger.note(number, Ledger.Said.COMMITTED);
                    progress(number);
                }
                case "rolled-back" -> ledger.note(number, Ledger.Said.ROLLED_BACK);
                case "refused" -> {
                    ledger.note(number, Ledger.Said.ROLLED_BACK);
                    out.println("  " + line);
                }
                default -> {
                    return 0;
                }
            }
            return number;
        }
    }

    private void progress(int number) {
        if (number % 50 == 0) {
            out.printf(Locale.ROOT, "  release %4d of %d: %s%n", number, releases, new Release(number));
        }
    }

    private static void deleteAll(Path directory) throws IOException {
        try (var all = Files.walk(directory)) {
            for (var path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
