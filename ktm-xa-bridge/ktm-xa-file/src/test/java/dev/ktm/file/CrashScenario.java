package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.CrashState;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.History;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.redo.RedoResourceManager;
import dev.ktm.redo.RedoStore;
import dev.ktm.tm.ManagerOptions;
import dev.ktm.tm.TransactionManagers;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A run of transactions on one root or two, and everything that a power cut at any of its operations may leave: of the log, as {@link
 * CrashStates} has it, and of each tree, as {@link SimulatedTree} has it. After recovery the roots hold what some transaction has
 * left, all of them what the same one has, and it is none before the last that was acknowledged.
 *
 * <p>Recovery reads the log of each disk that may be left, once; that gives a {@link RecoveryScript} for each root, which is told to
 * every tree that may be left beside this log. Every {@value #WHOLE_EVERY}th state goes through a coordinator that is opened by the
 * front door instead. In some states the recovery itself is a run that is cut short in the same way.
 */
final class CrashScenario {

    private static final int WHOLE_EVERY = 50;
    private static final LogOptions QUIET = LogOptions.builder()
            .containerBytes(1 << 20)
            .containers(4)
            .idleFlush(Duration.ZERO)
            .build();

    /** Something that a transaction does. */
    interface Work {
        void run(FileSystem files) throws Exception;
    }

    /**
     * How far the search goes.
     *
     * @param logs how many logs are tried at one point, before there is a choice
     * @param trees how many trees are tried beside one log
     * @param secondCrashes in every how manieth state recovery is cut short as well; 0 for none
     */
    record Limits(int logs, int trees, int secondCrashes) {}

    /** How many operations of a tree have been done. */
    private record TreePoint(int root, int operations) {}

    /** How many transactions were acknowledged. */
    private record Acknowledged(int transactions) {}

    /** The recovery has shown this. */
    private record Shown(Map<String, String> trees) {}

    private final @Nullable Plant plant;
    private final String name;
    private final SimulatedDevice device = new SimulatedDevice();
    private final List<SimulatedTree> trees;
    private final List<Map<String, String>> committed = new ArrayList<>();
    private final Set<Long> disks = new HashSet<>();
    private long states;
    private long second;
    private long whole;

    private CrashScenario(String name, int roots, @Nullable Plant plant) {
        this.name = name;
        this.plant = plant;
        this.trees = observedBy(device, roots);
    }

    private static List<SimulatedTree> observedBy(SimulatedDevice device, int roots) {
        return IntStream.range(0, roots)
                .mapToObj(root -> new SimulatedTree(count -> device.mark(new TreePoint(root, count))))
                .toList();
    }

    /**
     * Runs transactions.
     *
     * @param tidyEvery after how many of them the log forgets
     * @param roots 1, and the root decides for itself; 2, and the coordinator does
     */
    static CrashScenario of(String name, List<Work> works, int tidyEvery, int roots, @Nullable Plant plant)
            throws Exception {
        var scenario = new CrashScenario(name, roots, plant);
        scenario.run(works, tidyEvery);
        return scenario;
    }

    private void run(List<Work> works, int tidyEvery) throws Exception {
        try (var ktm = openCoordinator(device)) {
            var all = open(ktm, trees, tree -> new ForcesLog(disk(tree), ktm));
            try {
                trees.forEach(SimulatedTree::forgetHistory);
                device.forgetHistory();
                committed.add(all(trees));
                int done = 0;
                for (var work : works) {
                    ktm.transactionManager().begin();
                    work.run(all.get(0).fileSystem());
                    for (var other : all.subList(1, all.size())) {
                        put(other.fileSystem(), "/count", "after " + done);
                        put(other.fileSystem(), "/large", done + "L".repeat(70_000));
                    }
                    ktm.transactionManager().commit();
                    committed.add(all(trees));
                    device.mark(new Acknowledged(++done));
                    for (int root = 0; root < all.size(); root++) {
                        if (done % tidyEvery == root) {
                            all.get(root).settle();
                        }
                    }
                }
            } finally {
                all.forEach(TransactedFiles::close);
            }
        }
    }

    static void put(FileSystem files, String name, String content) throws IOException {
        Files.writeString(files.getPath(name), content);
    }

    /** What everything holds after so many transactions. */
    Map<String, String> after(int transactions) {
        return committed.get(transactions);
    }

    // Opening.

    private static Ktm openCoordinator(SimulatedDevice device) {
        return Ktm.open(KtmOptions.builder()
                .device(device)
                .logOptions(QUIET)
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    private Disk disk(SimulatedTree tree) {
        return plant == null ? tree : plant.disk(tree);
    }

    private RedoStore store(ManagedRoot root) {
        return plant == null ? root : plant.store(root);
    }

    private static ManagedRoot.Surroundings surroundings(Disk disk) {
        var clock = new AtomicInteger();
        InstantSource ticks = () -> Instant.ofEpochSecond(1_000_000 + clock.incrementAndGet());
        return new ManagedRoot.Surroundings(disk, ticks, (why, failure) -> {
            throw new AssertionError(why, failure);
        });
    }

    private List<TransactedFiles> open(Ktm ktm, List<SimulatedTree> found, Function<SimulatedTree, Disk> disk)
            throws IOException {
        var all = new ArrayList<TransactedFiles>();
        for (int root = 0; root < found.size(); root++) {
            all.add(TransactedFiles.open(
                    ktm, "root" + root, () -> {}, surroundings(disk.apply(found.get(root))), FileOptions.defaults()));
        }
        return all;
    }

    private ManagedRoot rootOver(SimulatedTree tree) throws IOException {
        var root = new ManagedRoot(surroundings(disk(tree)), FileOptions.defaults());
        root.prepareDirectories();
        return root;
    }

    private static Map<String, String> all(List<SimulatedTree> trees) {
        var all = new TreeMap<String, String>();
        for (int root = 0; root < trees.size(); root++) {
            int number = root;
            trees.get(root).attributedTree().forEach((name, content) -> all.put(number + ":" + name, content));
        }
        return all;
    }

    // Searching.

    /**
     * How far a search has gone.
     *
     * @param disks how many different ones were recovered from
     * @param secondCrashes how many of them a crash of a recovery has left
     * @param wholes how many were recovered from through the front door
     */
    record Searched(long disks, long secondCrashes, long wholes) {

        Searched and(Searched other) {
            return new Searched(disks + other.disks, secondCrashes + other.secondCrashes, wholes + other.wholes);
        }
    }

    /** Checks what a crash can leave. */
    Searched check(Limits limits) {
        new Search(device.history(), trees, limits, 0).run();
        return new Searched(disks.size(), second, whole);
    }

    /** What is expected in a state: one of these. */
    private List<Map<String, String>> expected(CrashState state, int acknowledgedBefore) {
        var shown = state.lastMark(Shown.class);
        if (shown.isPresent()) {
            return List.of(shown.get().trees());
        }
        int acknowledged = state.lastMark(Acknowledged.class)
                .map(Acknowledged::transactions)
                .orElse(acknowledgedBefore);
        return committed.subList(acknowledged, committed.size());
    }

    /** The states of one run: of the transactions, or of a recovery. */
    private final class Search {
        private final History history;
        private final List<SimulatedTree> run;
        private final Limits limits;
        private final int acknowledgedBefore;
        private final Map<Long, List<RecoveryScript>> scripts = new HashMap<>();
        private final Set<Long> checked = new HashSet<>();

        Search(History history, List<SimulatedTree> run, Limits limits, int acknowledgedBefore) {
            this.history = history;
            this.run = run;
            this.limits = limits;
            this.acknowledgedBefore = acknowledgedBefore;
        }

        void run() {
            CrashStates.of(history).atMostPerPoint(limits.logs()).forEach(state -> {
                try {
                    check(state);
                } catch (Exception e) {
                    throw new AssertionError(name + ": " + e, e);
                }
            });
        }

        private void check(CrashState state) throws Exception {
            var points = new int[run.size()];
            for (var mark : state.marks()) {
                if (mark instanceof TreePoint point) {
                    points[point.root()] = point.operations();
                }
            }
            long log = state.image().hash();
            var expected = expected(state, acknowledgedBefore);
            for (int seed = 0; seed < limits.trees(); seed++) {
                var found = survivors(points, seed, null);
                long hash = log;
                for (var tree : found) {
                    hash = hash * 0x9E3779B97F4A7C15L + tree.hash();
                }
                if (checked.add(hash * 31 + expected.size())) {
                    disks.add(hash);
                    check(state, log, points, seed, found, expected);
                }
            }
        }

        /** What is left of the trees: first everything, then whatever the seed says. */
        private List<SimulatedTree> survivors(int[] points, int seed, @Nullable SimulatedDevice observer) {
            var random = new SplittableRandom(seed);
            SimulatedTree.Choice choice = seed == 0 ? bound -> bound - 1 : random::nextInt;
            var all = new ArrayList<SimulatedTree>();
            for (int root = 0; root < points.length; root++) {
                int number = root;
                all.add(run.get(root).survivor(points[root], choice, count -> {
                    if (observer != null) {
                        observer.mark(new TreePoint(number, count));
                    }
                }));
            }
            return all;
        }

        private void check(
                CrashState state,
                long log,
                int[] points,
                int seed,
                List<SimulatedTree> found,
                List<Map<String, String>> expected)
                throws Exception {
            var before = all(found);
            states++;
            var known = scripts.get(log);
            if (states % WHOLE_EVERY == 0 && plant == null) {
                recoverWholly(new SimulatedDevice(state.image()), found);
                whole++;
            } else if (known != null) {
                for (int root = 0; root < found.size(); root++) {
                    known.get(root).tell(store(rootOver(found.get(root))));
                }
            } else {
                scripts.put(log, read(new SimulatedDevice(state.image()), found));
            }
            for (var tree : found) {
                assertThat(tree.working())
                        .as("files left over after %s and seed %s", state, seed)
                        .isZero();
                assertThat(tree.setAside())
                        .as("put aside after %s and seed %s", state, seed)
                        .isEmpty();
            }
            var after = all(found);
            if (!expected.contains(after)) {
                throw new AssertionError("expected one of " + expected + " after " + state + " and seed " + seed
                        + ", found before recovery " + before + ", after it " + after);
            }
            if (limits.secondCrashes() > 0 && states % limits.secondCrashes() == 0) {
                crashAgain(state, points, seed, committed.size() - expected.size());
            }
        }

        /** Has the recovery cut short, too. */
        private void crashAgain(CrashState state, int[] points, int seed, int acknowledged) throws Exception {
            var recovering = new SimulatedDevice(state.image());
            var found = survivors(points, seed, recovering);
            recoverWholly(recovering, found);
            var before = disks.size();
            new Search(
                            recovering.history(),
                            found,
                            new Limits(Math.min(limits.logs(), 16), Math.min(limits.trees(), 20), 0),
                            acknowledged)
                    .run();
            second += disks.size() - before;
        }
    }

    /** Recovers through the front door. */
    private void recoverWholly(SimulatedDevice found, List<SimulatedTree> left) throws IOException {
        try (var ktm = openCoordinator(found)) {
            var all = open(ktm, left, this::disk);
            try {
                found.mark(new Shown(all(left)));
                for (var each : all) {
                    assertThat(each.inDoubt()).isEmpty();
                }
            } finally {
                all.forEach(TransactedFiles::close);
            }
        }
    }

    /** Recovers, and notes what the log tells. */
    private List<RecoveryScript> read(SimulatedDevice found, List<SimulatedTree> left) throws Exception {
        var scripts = new ArrayList<RecoveryScript>();
        try (var managers = new TransactionManagers()) {
            var manager = managers.create(ManagerOptions.durable(found).withLogOptions(QUIET));
            manager.recover();
            for (int i = 0; i < left.size(); i++) {
                var script = new RecoveryScript();
                scripts.add(script);
                var root = rootOver(Objects.requireNonNull(left.get(i)));
                RedoResourceManager.open(manager, "files", "root" + i, script.noting(store(root)))
                        .close();
            }
            manager.close();
        }
        return scripts;
    }
}
