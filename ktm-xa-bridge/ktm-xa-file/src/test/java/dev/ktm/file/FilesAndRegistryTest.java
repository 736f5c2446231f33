package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.registry.RegistryError;
import dev.ktm.registry.RegistryException;
import dev.ktm.registry.RegistryKey;
import dev.ktm.registry.RegistryValue;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.Transaction;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random transactions that change files and a registry, several at a time, with crashes between their operations and within their
 * commits, against a model that is obviously right: a map of names of files and of values, and for each transaction a map of what it
 * has changed. A failure names the seed that repeats it.
 */
@Tag("slow")
class FilesAndRegistryTest {

    private static final int HISTORIES = 10_000;
    private static final int CAMPAIGN_HISTORIES = 1_000_000;
    private static final int HISTORIES_PER_SITE = 50;
    private static final int STEPS = 14;
    private static final int TRANSACTIONS = 3;
    private static final List<String> NAMES = List.of("/a", "/b", "/c", "\\k\\a", "\\k\\b", "\\l\\a");

    /** What can be wrong: a search that does not find it is worth nothing. */
    private enum Flaw {
        /** A step of a file stays when its transaction returns to a savepoint. */
        SAVEPOINT_LEAVES_A_STEP,
        /** A value that a transaction has set gets lost. */
        LOSES_A_VALUE,
        /** The registry commits, and the files are rolled back. */
        COMMITS_THE_REGISTRY_ALONE,
        /** The other way round. */
        COMMITS_THE_FILES_ALONE,
        /** Both commit, one after the other. */
        DECIDES_TWICE,
        /** What was committed last is gone after a crash. */
        FORGETS_AT_A_CRASH,
        /** What was rolled back has happened. */
        COMMITS_A_ROLLBACK,
        /** Who is refused for a conflict has written all the same. */
        IGNORES_CONFLICTS,
        /** What a transaction sees is what is committed. */
        HIDES_OWN_CHANGES
    }

    /** How often what has happened. */
    private static final class Totals {
        final Map<String, Integer> counts = new HashMap<>();

        void count(String what) {
            counts.merge(what, 1, Integer::sum);
        }
    }

    /** A transaction, and what the model thinks it has done. */
    private static final class Open {
        final Transaction ofFiles;
        final Transaction ofRegistry;
        Map<String, Optional<String>> changes = new TreeMap<>();
        /** What others are refused. */
        final Set<String> touched = new HashSet<>();
        /** What others may be refused: it was undone, or it was one of two names the other of which was refused. */
        final Set<String> undone = new HashSet<>();

        TransactedFiles.@Nullable Savepoint savepoint;
        Map<String, Optional<String>> changesAtSavepoint = Map.of();

        Open(Transaction ofFiles, Transaction ofRegistry) {
            this.ofFiles = ofFiles;
            this.ofRegistry = ofRegistry;
        }
    }

    /**
     * A crash that is to happen within a commit: after so many operations of the log's disk by the thread that commits. That stands
     * still meanwhile, so that the disks of the log and of the tree are of one moment: while another thread is looked at, it could go on
     * and leave in the tree what is not yet decided in the log.
     */
    private static final class Ambush implements OperationHook {
        private final Thread committer = Thread.currentThread();
        private final Both site;
        private final SplittableRandom random;
        private int left;
        Both.@Nullable Disks found;

        Ambush(Both site, SplittableRandom random) {
            this.site = site;
            this.random = random;
            this.left = 1 + random.nextInt(12);
        }

        @Override
        public void after(OperationKind kind, String name) {
            if (Thread.currentThread() == committer && --left == 0) {
                found = site.afterCrash(random);
            }
        }
    }

    /** Histories one after the other, on what the one before has left. */
    private static final class Run {
        private final @Nullable Flaw flaw;
        private final Totals totals;
        private final List<String> script = new ArrayList<>();
        private SplittableRandom random = new SplittableRandom();
        private Both site;
        private Map<String, String> committed = new TreeMap<>();
        private List<Open> open = new ArrayList<>();
        private Both.@Nullable Disks beforeLastCommit;

        Run(@Nullable Flaw flaw, Totals totals) throws IOException {
            this.flaw = flaw;
            this.totals = totals;
            this.site = Both.open(Both.Disks.empty());
            site.registry.root().createKey("k");
            site.registry.root().createKey("l");
            site.registry.flush();
        }

        void history(long seed) throws Exception {
            random = new SplittableRandom(seed);
            script.add("history of seed " + seed);
            for (int i = 0; i < STEPS; i++) {
                step();
            }
            while (!open.isEmpty()) {
                end(open.get(0));
            }
            compare();
        }

        private void step() throws Exception {
            int choice = random.nextInt(100);
            if (open.size() < TRANSACTIONS && (open.isEmpty() || choice < 15)) {
                begin();
            } else if (choice < 27) {
                end(any());
            } else if (choice < 28) {
                crash();
            } else if (choice < 30) {
                script.add("settle");
                site.files.settle();
            } else if (choice < 31) {
                script.add("checkpoint");
                site.registry.checkpoint();
            } else if (choice < 36) {
                savepoint(any());
            } else if (choice < 42) {
                compare();
            } else {
                change(any());
            }
        }

        private Open any() {
            return open.get(random.nextInt(open.size()));
        }

        private void resume(Transaction transaction) throws Exception {
            site.ktm.transactionManager().resume(transaction);
        }

        private Transaction beginOne() throws Exception {
            site.ktm.transactionManager().begin();
            return Objects.requireNonNull(site.ktm.transactionManager().suspend());
        }

        private void begin() throws Exception {
            script.add("begin " + open.size());
            var first = beginOne();
            boolean apart = flaw == Flaw.COMMITS_THE_FILES_ALONE
                    || flaw == Flaw.COMMITS_THE_REGISTRY_ALONE
                    || flaw == Flaw.DECIDES_TWICE;
            open.add(new Open(first, apart ? beginOne() : first));
        }

        private void end(Open one) throws Exception {
            if (random.nextInt(4) == 0) {
                rollback(one);
            } else {
                commit(one);
            }
            compare();
        }

        private void commit(Open one) throws Exception {
            boolean ambushed = random.nextInt(8) == 0;
            script.add((ambushed ? "crash within commit " : "commit ") + open.indexOf(one));
            var before = committed;
            var after = seenBy(one);
            if (flaw == Flaw.FORGETS_AT_A_CRASH) {
                beforeLastCommit = site.afterCrash(null);
            }
            if (!ambushed) {
                commitBoth(one);
                committed = after;
                open.remove(one);
                totals.count("commit");
                return;
            }
            var ambush = new Ambush(site, random.split());
            site.disks.log().hook(ambush);
            commitBoth(one);
            site.disks.log().hook(OperationHook.NONE);
            boolean cut = ambush.found != null;
            reopen(cut ? Objects.requireNonNull(ambush.found) : site.afterCrash(random));
            totals.count(cut ? "crash within a commit" : "crash");
            var found = site.shown(null);
            if (cut && found.equals(before)) {
                totals.count("commit undone by a crash");
            } else {
                check(found, after, "everything of the commit, or nothing if it was not acknowledged");
                committed = after;
                totals.count(cut ? "commit finished after a crash" : "commit");
            }
        }

        private void commitBoth(Open one) throws Exception {
            resume(one.ofFiles);
            if (flaw == Flaw.COMMITS_THE_REGISTRY_ALONE) {
                site.ktm.transactionManager().rollback();
            } else {
                site.ktm.transactionManager().commit();
            }
            if (one.ofRegistry != one.ofFiles) {
                resume(one.ofRegistry);
                if (flaw == Flaw.COMMITS_THE_FILES_ALONE) {
                    site.ktm.transactionManager().rollback();
                } else {
                    site.ktm.transactionManager().commit();
                }
            }
        }

        private void rollback(Open one) throws Exception {
            script.add("rollback " + open.indexOf(one));
            open.remove(one);
            if (flaw == Flaw.COMMITS_A_ROLLBACK) {
                commitBoth(one);
                return;
            }
            resume(one.ofFiles);
            site.ktm.transactionManager().rollback();
            if (one.ofRegistry != one.ofFiles) {
                resume(one.ofRegistry);
                site.ktm.transactionManager().rollback();
            }
            totals.count("rollback");
        }

        private void crash() throws Exception {
            boolean power = random.nextBoolean();
            script.add(power ? "power cut" : "kill");
            var earlier = beforeLastCommit;
            reopen(earlier == null ? site.afterCrash(power ? random : null) : earlier);
            totals.count("crash");
            compare();
        }

        private void reopen(Both.Disks found) throws IOException {
            open = new ArrayList<>();
            beforeLastCommit = null;
            site.close();
            site = Both.open(found);
            assertThat(found.tree().working()).as("files left over").isZero();
            assertThat(found.tree().setAside()).as("put aside").isEmpty();
            assertThat(site.files.inDoubt()).isEmpty();
        }

        private Map<String, String> seenBy(Open one) {
            var all = new TreeMap<>(committed);
            one.changes.forEach((name, content) -> {
                if (content.isPresent()) {
                    all.put(name, content.get());
                } else {
                    all.remove(name);
                }
            });
            return all;
        }

        private void compare() throws Exception {
            check(site.shown(null), committed, "what is committed");
            for (var one : open) {
                if (one.ofFiles == one.ofRegistry) {
                    var asked = flaw == Flaw.HIDES_OWN_CHANGES ? null : (KtmTransaction) one.ofFiles;
                    check(site.shown(asked), seenBy(one), "what transaction " + open.indexOf(one) + " sees");
                }
            }
        }

        private void check(Map<String, String> found, Map<String, String> expected, String what) {
            if (!found.equals(expected)) {
                throw new AssertionError("expected " + what + ": " + expected + ", found " + found);
            }
        }

        private void savepoint(Open one) throws Exception {
            resume(one.ofFiles);
            try {
                var savepoint = one.savepoint;
                if (savepoint == null) {
                    script.add("savepoint " + open.indexOf(one));
                    one.savepoint = site.files.setSavepoint();
                    one.changesAtSavepoint = new TreeMap<>(one.changes);
                    return;
                }
                script.add("back to savepoint " + open.indexOf(one));
                savepoint.rollback();
                totals.count("savepoint");
                // Of files alone.
                var kept = new TreeMap<>(one.changes);
                var files = kept.headMap("\\");
                one.touched.removeAll(files.keySet());
                one.undone.addAll(files.keySet());
                if (flaw == Flaw.SAVEPOINT_LEAVES_A_STEP && !files.isEmpty()) {
                    Files.writeString(site.files.fileSystem().getPath(files.firstKey()), "left");
                }
                files.clear();
                one.changesAtSavepoint.forEach((name, content) -> {
                    if (name.startsWith("/")) {
                        kept.put(name, content);
                        one.touched.add(name);
                    }
                });
                one.changes = kept;
            } finally {
                site.ktm.transactionManager().suspend();
            }
        }

        // What transactions do.

        private void change(Open one) throws Exception {
            var name = NAMES.get(random.nextInt(NAMES.size()));
            var seen = seenBy(one);
            int choice = random.nextInt(10);
            if (choice < 6) {
                var content = "content " + random.nextInt(1000)
                        + "x".repeat(name.startsWith("/") && random.nextInt(20) == 0 ? 70_000 : 0);
                if (attempt(one, "write", true, () -> write(one, name, content), name)) {
                    one.changes.put(name, Optional.of(content));
                }
            } else if (choice < 8) {
                if (attempt(one, "delete", seen.containsKey(name), () -> delete(one, name), name)) {
                    one.changes.put(name, Optional.empty());
                }
            } else {
                var to = NAMES.get(random.nextInt(3));
                if (name.startsWith("/") && !name.equals(to)) {
                    boolean possible = seen.containsKey(name);
                    if (attempt(one, "move", possible, () -> move(files(one), name, to), name, to)) {
                        one.changes.put(to, Optional.of(Objects.requireNonNull(seen.get(name))));
                        one.changes.put(name, Optional.empty());
                    }
                }
            }
        }

        private FileSystem files(Open one) {
            return site.files.fileSystem((KtmTransaction) one.ofFiles);
        }

        private RegistryKey key(Open one, String name) throws IOException {
            return site.registry.root((KtmTransaction) one.ofRegistry).openKey(name.substring(1, 2));
        }

        private void write(Open one, String name, String content) throws IOException {
            if (name.startsWith("/")) {
                Files.writeString(files(one).getPath(name), content);
            } else if (flaw != Flaw.LOSES_A_VALUE || random.nextInt(20) > 0) {
                key(one, name).setValue(RegistryValue.string(name.substring(3), content));
            }
        }

        private void delete(Open one, String name) throws IOException {
            if (name.startsWith("/")) {
                Files.delete(files(one).getPath(name));
            } else if (!key(one, name).deleteValue(name.substring(3))) {
                throw new NoSuchFileException(name);
            }
        }

        private void move(FileSystem view, String from, String to) throws IOException {
            Files.move(view.getPath(from), view.getPath(to), StandardCopyOption.REPLACE_EXISTING);
        }

        /** Something that may fail. */
        private interface Attempt {
            void run() throws IOException;
        }

        /** Succeeds if it is possible, and nobody else has touched one of the names. */
        private boolean attempt(Open one, String what, boolean possible, Attempt attempt, String... names)
                throws IOException {
            script.add(what + " " + open.indexOf(one) + " " + String.join(" ", names));
            boolean contested = isContested(one, each -> each.touched, names);
            try {
                attempt.run();
            } catch (TxfException | RegistryException e) {
                if (!contested && !isContested(one, each -> each.undone, names)) {
                    throw new AssertionError("expected that nobody else is at it, found a refusal", e);
                }
                if (e instanceof RegistryException refused) {
                    assertThat(refused.error()).isEqualTo(RegistryError.TRANSACTIONAL_CONFLICT);
                }
                script.add("  refused");
                one.undone.addAll(List.of(names));
                totals.count("conflict");
                if (flaw == Flaw.IGNORES_CONFLICTS && names[0].startsWith("\\")) {
                    site.registry.root().openKey(names[0].substring(1, 2)).setValue(RegistryValue.string("x", "y"));
                }
                return false;
            } catch (NoSuchFileException e) {
                if (possible) {
                    throw e;
                }
                return false;
            }
            if (contested || !possible) {
                throw new AssertionError("expected a refusal, found that it was done");
            }
            one.touched.addAll(List.of(names));
            totals.count(what);
            return true;
        }

        private boolean isContested(Open one, Function<Open, Set<String>> of, String... names) {
            return open.stream()
                    .filter(each -> each != one)
                    .anyMatch(each -> List.of(names).stream().anyMatch(of.apply(each)::contains));
        }

        void close() {
            site.close();
        }
    }

    private static void run(@Nullable Flaw flaw, long firstSeed, int histories, Totals totals) throws IOException {
        for (long begin = firstSeed; begin < firstSeed + histories; begin += HISTORIES_PER_SITE) {
            var run = new Run(flaw, totals);
            for (long seed = begin; seed < begin + HISTORIES_PER_SITE; seed++) {
                try {
                    run.history(seed);
                } catch (Exception | AssertionError e) {
                    throw new AssertionError(
                            "seed " + seed + " of those from " + begin + ": " + e.getMessage() + "\n"
                                    + String.join("\n", run.script),
                            e);
                }
            }
            run.close();
        }
    }

    @Test
    @Conforms("TXR-19")
    void randomHistoriesAgreeWithTheModel() throws IOException {
        var totals = new Totals();

        run(null, 1, HISTORIES, totals);

        // Every kind of thing has happened, or the histories prove little.
        assertThat(totals.counts.keySet())
                .contains(
                        "commit",
                        "rollback",
                        "crash",
                        "crash within a commit",
                        "commit undone by a crash",
                        "commit finished after a crash",
                        "conflict",
                        "write",
                        "delete",
                        "move",
                        "savepoint");
    }

    @Test
    @Tag("campaign")
    void manyRandomHistoriesAgreeWithTheModel() throws IOException {
        var totals = new Totals();

        run(null, System.nanoTime(), Integer.getInteger("ktm.histories", CAMPAIGN_HISTORIES), totals);

        System.getLogger(FilesAndRegistryTest.class.getName()).log(System.Logger.Level.INFO, totals.counts.toString());
        assertThat(totals.counts).containsKeys("crash within a commit", "commit undone by a crash");
    }

    /** How many operations of the tree, and of the disk with the registry's checkpoints, have been done. */
    private record Points(int tree, int hives) {}

    /** How many transactions were acknowledged. */
    private record Acknowledged(int transactions) {}

    /** Transactions over one hive and one file, and everything that was there after each. */
    private static List<Map<String, String>> fewTransactions(Both site) throws Exception {
        var committed = new ArrayList<Map<String, String>>();
        committed.add(site.shown(null));
        for (int i = 1; i <= 6; i++) {
            site.ktm.transactionManager().begin();
            var current = (KtmTransaction) site.ktm.transactionManager().getTransaction();
            // The hive prepares first, and the log is forced while the file does.
            site.registry
                    .root(Objects.requireNonNull(current))
                    .openKey("k")
                    .setValue(RegistryValue.string("a", i + "x".repeat(1500)));
            Files.writeString(site.files.fileSystem().getPath("/a"), i + "x".repeat(i % 2 == 0 ? 70_000 : 0));
            Files.writeString(site.files.fileSystem().getPath("/b" + i), "new");
            if (i > 2) {
                Files.delete(site.files.fileSystem().getPath("/b" + (i - 2)));
            }
            site.ktm.transactionManager().commit();
            committed.add(site.shown(null));
            site.disks.log().mark(new Acknowledged(i));
            if (i == 2) {
                site.files.settle();
            } else if (i == 4) {
                site.registry.checkpoint();
            }
        }
        return committed;
    }

    @Test
    @Conforms("TXR-19")
    void everyCrashLeavesAFileAndAHiveWithTheSameTransactions() throws Exception {
        var log = new SimulatedDevice();
        var hives = new SimulatedDevice();
        var points = new AtomicReference<>(new Points(0, 0));
        var tree = new SimulatedTree(count ->
                log.mark(Objects.requireNonNull(points.updateAndGet(before -> new Points(count, before.hives())))));
        List<Map<String, String>> committed;
        try (var site = Both.open(new Both.Disks(log, hives, tree))) {
            site.registry.root().createKey("k");
            site.registry.flush();
            tree.forgetHistory();
            hives.forgetHistory();
            log.forgetHistory();
            points.set(new Points(0, 0));
            hives.hook(new OperationHook() {
                @Override
                public void after(OperationKind kind, String name) {
                    int count = hives.point();
                    log.mark(Objects.requireNonNull(points.updateAndGet(before -> new Points(before.tree(), count))));
                }
            });
            committed = fewTransactions(site);
        }

        long logs = CrashStates.of(log.history()).atMostPerPoint(200).forEach(state -> {
            var at = state.lastMark(Points.class).orElse(new Points(0, 0));
            int acknowledged = state.lastMark(Acknowledged.class)
                    .map(Acknowledged::transactions)
                    .orElse(0);
            for (long seed : new long[] {0, state.image().hash()}) {
                var random = new SplittableRandom(seed);
                SimulatedTree.Choice choice = seed == 0 ? bound -> bound - 1 : random::nextInt;
                var left = new Both.Disks(
                        new SimulatedDevice(state.image()),
                        new SimulatedDevice(Both.oneOf(hives, at.hives(), random)),
                        tree.survivor(at.tree(), choice, count -> {}));
                try (var found = Both.open(left)) {
                    assertThat(committed.subList(acknowledged, committed.size()))
                            .as("seed %s, %s acknowledged", seed, acknowledged)
                            .contains(found.shown(null));
                    assertThat(left.tree().working()).isZero();
                }
            }
        });

        assertThat(logs).isGreaterThan(300);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsWrongIsFound(Flaw flaw) {
        assertThatThrownBy(() -> run(flaw, 1, HISTORIES, new Totals()))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("seed ")
                .hasMessageContaining("expected ");
    }
}
