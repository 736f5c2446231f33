package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.SimulatedDevice;
import jakarta.transaction.Transaction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random transactions, several at a time, with crashes, against a model that is obviously right: a map of names, and for each
 * transaction a map of what it has changed.
 */
@Tag("slow")
class RandomHistoriesTest {

    private static final int STEPS = 60;
    private static final int TRANSACTIONS = 3;
    private static final String DIRECTORY = "/";
    private static final List<String> NAMES =
            List.of("/a", "/b", "/d", "/d/x", "/d/y", "/e", "/e/x", "/e/d", "/e/d/x", "/f");
    private static final LogOptions QUIET = LogOptions.builder()
            .containerBytes(1 << 20)
            .containers(4)
            .idleFlush(Duration.ZERO)
            .build();

    @Test
    void randomHistoriesAgreeWithTheModel() throws Exception {
        run(1, 250);
    }

    @Test
    @Tag("campaign")
    void manyRandomHistoriesAgreeWithTheModel() throws Exception {
        run(1_000_000, 1_000_000);
    }

    private static void run(long firstSeed, int histories) throws Exception {
        var totals = new HashMap<String, Integer>();
        for (long seed = firstSeed; seed < firstSeed + histories; seed++) {
            try {
                new History(seed, totals).run();
            } catch (Exception | AssertionError e) {
                throw new AssertionError("history of seed " + seed, e);
            }
        }
        // Every kind of thing has happened, or the histories prove little.
        assertThat(totals.keySet())
                .contains("commit", "rollback", "crash", "conflict", "write", "delete", "move", "savepoint", "plain");
        assertThat(totals.get("commit")).isGreaterThan(histories);
    }

    /** A transaction and what the model thinks it has done. */
    private static final class Open {
        final Transaction transaction;
        final FileSystem view;
        Map<String, Optional<String>> changes = new TreeMap<>();
        /** Every name that it has had to do with: what others may be refused for. */
        final Set<String> touched = new HashSet<>();

        TransactedFiles.@Nullable Savepoint savepoint;
        Map<String, Optional<String>> changesAtSavepoint = Map.of();

        Open(Transaction transaction, FileSystem view) {
            this.transaction = transaction;
            this.view = view;
        }
    }

    /** One run. */
    private static final class History {
        private final SplittableRandom random;
        private final Map<String, Integer> totals;
        private final List<String> script = new ArrayList<>();
        private final boolean powerCuts;
        private final AtomicInteger clock = new AtomicInteger();
        private Map<String, String> committed = new TreeMap<>();
        private List<Open> open = new ArrayList<>();
        private SimulatedDevice device = new SimulatedDevice();
        private SimulatedTree tree = new SimulatedTree(count -> {});
        private Ktm ktm;
        private TransactedFiles files;

        History(long seed, Map<String, Integer> totals) throws Exception {
            this.random = new SplittableRandom(seed);
            this.totals = totals;
            // What is done outside of transactions is not forced: a power cut may lose it.
            this.powerCuts = random.nextBoolean();
            this.ktm = openCoordinator();
            this.files = openFiles();
        }

        private Ktm openCoordinator() {
            return Ktm.open(KtmOptions.builder()
                    .device(device)
                    .logOptions(QUIET)
                    .recoveryInterval(Duration.ofHours(1))
                    .build());
        }

        private TransactedFiles openFiles() throws IOException {
            InstantSource ticks = () -> Instant.ofEpochSecond(1_000_000 + clock.incrementAndGet());
            return TransactedFiles.open(
                    ktm,
                    "test",
                    () -> {},
                    new ManagedRoot.Surroundings(tree, ticks, (why, failure) -> {
                        throw new AssertionError(why, failure);
                    }),
                    FileOptions.defaults());
        }

        void run() throws Exception {
            try {
                for (int i = 0; i < STEPS; i++) {
                    step();
                }
                crash();
            } catch (Exception | AssertionError e) {
                throw new AssertionError(String.join("\n", script), e);
            } finally {
                files.close();
                ktm.close();
            }
        }

        private void count(String what) {
            totals.merge(what, 1, Integer::sum);
        }

        private void step() throws Exception {
            int choice = random.nextInt(100);
            if (open.size() < TRANSACTIONS && (open.isEmpty() || choice < 10)) {
                begin();
            } else if (choice < 20) {
                commit(open.get(random.nextInt(open.size())));
            } else if (choice < 24) {
                rollback(open.get(random.nextInt(open.size())));
            } else if (choice < 27) {
                crash();
            } else if (choice < 30) {
                script.add("settle");
                files.settle();
            } else if (choice < 36 && !powerCuts) {
                plain();
            } else if (choice < 42) {
                savepoint(open.get(random.nextInt(open.size())));
            } else if (choice < 50) {
                look();
            } else {
                change(open.get(random.nextInt(open.size())));
            }
        }

        private void begin() throws Exception {
            script.add("begin " + open.size());
            ktm.transactionManager().begin();
            var current = (dev.ktm.tm.KtmTransaction) ktm.transactionManager().getTransaction();
            var view = files.fileSystem(java.util.Objects.requireNonNull(current));
            open.add(new Open(
                    java.util.Objects.requireNonNull(ktm.transactionManager().suspend()), view));
        }

        private void commit(Open one) throws Exception {
            script.add("commit " + open.indexOf(one));
            ktm.transactionManager().resume(one.transaction);
            ktm.transactionManager().commit();
            committed = view(one);
            open.remove(one);
            count("commit");
            assertThat(tree.tree()).isEqualTo(hashed(committed));
        }

        private void rollback(Open one) throws Exception {
            script.add("rollback " + open.indexOf(one));
            ktm.transactionManager().resume(one.transaction);
            ktm.transactionManager().rollback();
            open.remove(one);
            count("rollback");
            assertThat(tree.tree()).isEqualTo(hashed(committed));
        }

        /** What the model thinks a transaction sees. */
        private Map<String, String> view(Open one) {
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

        /** As the simulated tree describes itself. */
        private static Map<String, String> hashed(Map<String, String> content) {
            var all = new TreeMap<String, String>();
            content.forEach((name, text) -> {
                var bytes = text.getBytes(StandardCharsets.UTF_8);
                all.put(name.substring(1), text.equals(DIRECTORY) ? "/" : SimulatedTree.describe(bytes));
            });
            return all;
        }

        private static Map<String, String> read(FileSystem view) throws IOException {
            var all = new TreeMap<String, String>();
            try (var walk = Files.walk(view.getPath("/"))) {
                for (var path : (Iterable<Path>) walk::iterator) {
                    if (path.getNameCount() > 0) {
                        all.put(path.toString(), Files.isDirectory(path) ? DIRECTORY : Files.readString(path));
                    }
                }
            }
            return all;
        }

        private void look() throws Exception {
            assertThat(read(files.plainFileSystem())).isEqualTo(committed);
            for (var one : open) {
                assertThat(read(one.view)).isEqualTo(view(one));
            }
        }

        private void savepoint(Open one) throws Exception {
            ktm.transactionManager().resume(one.transaction);
            try {
                var savepoint = one.savepoint;
                if (savepoint == null) {
                    script.add("savepoint " + open.indexOf(one));
                    one.savepoint = files.setSavepoint();
                    one.changesAtSavepoint = new TreeMap<>(one.changes);
                } else {
                    script.add("back to savepoint " + open.indexOf(one));
                    savepoint.rollback();
                    one.changes = new TreeMap<>(one.changesAtSavepoint);
                    count("savepoint");
                }
            } finally {
                ktm.transactionManager().suspend();
            }
        }

        private String name() {
            return NAMES.get(random.nextInt(NAMES.size()));
        }

        private String content() {
            return "content " + random.nextInt(1000)
                    + "x".repeat(random.nextInt(20) == 0 ? 70_000 : random.nextInt(50));
        }

        /** Something that either the implementation and the model do, or neither. */
        private void change(Open one) throws Exception {
            var seen = view(one);
            var name = name();
            int choice = random.nextInt(10);
            if (choice < 5) {
                var content = content();
                boolean possible = isDirectory(seen, parent(name)) && !isDirectory(seen, name);
                attempt(one, "write", name, name, possible, () -> Files.writeString(one.view.getPath(name), content));
                if (succeeded) {
                    one.changes.put(name, Optional.of(content));
                }
            } else if (choice < 6) {
                boolean possible = isDirectory(seen, parent(name)) && !seen.containsKey(name);
                attempt(one, "mkdir", name, name, possible, () -> Files.createDirectory(one.view.getPath(name)));
                if (succeeded) {
                    one.changes.put(name, Optional.of(DIRECTORY));
                }
            } else if (choice < 8) {
                boolean possible = seen.containsKey(name) && below(seen, name).size() == 1;
                attempt(one, "delete", name, name, possible, () -> Files.delete(one.view.getPath(name)));
                if (succeeded) {
                    one.changes.put(name, Optional.empty());
                }
            } else {
                move(one, seen, name, name());
            }
        }

        private void move(Open one, Map<String, String> seen, String from, String to) throws Exception {
            boolean possible = seen.containsKey(from)
                    && isDirectory(seen, parent(to))
                    && (from.equals(to) || !Names.isWithin(to, from))
                    && (!seen.containsKey(to)
                            || from.equals(to)
                            || below(seen, to).size() == 1);
            attempt(
                    one,
                    "move",
                    from,
                    to,
                    possible,
                    () -> Files.move(
                            one.view.getPath(from), one.view.getPath(to), StandardCopyOption.REPLACE_EXISTING));
            if (succeeded && !from.equals(to)) {
                var moved = below(seen, from);
                moved.keySet().forEach(each -> one.changes.put(each, Optional.empty()));
                moved.forEach(
                        (each, content) -> one.changes.put(to + each.substring(from.length()), Optional.of(content)));
            }
        }

        private static Map<String, String> below(Map<String, String> seen, String name) {
            var all = new TreeMap<String, String>();
            seen.forEach((each, content) -> {
                if (Names.isWithin(each, name)) {
                    all.put(each, content);
                }
            });
            return all;
        }

        private static String parent(String name) {
            return name.substring(0, name.lastIndexOf('/'));
        }

        private static boolean isDirectory(Map<String, String> seen, String name) {
            return name.isEmpty() || DIRECTORY.equals(seen.get(name));
        }

        /** Something that may fail. */
        private interface Attempt {
            void run() throws IOException;
        }

        private boolean succeeded;

        private void attempt(Open one, String what, String name, String other, boolean possible, Attempt attempt)
                throws Exception {
            script.add(what + " " + open.indexOf(one) + " " + name + (other.equals(name) ? "" : " " + other));
            succeeded = false;
            one.touched.add(name);
            one.touched.add(other);
            try {
                attempt.run();
                succeeded = true;
                assertThat(possible).as("it was possible").isTrue();
                count(what);
            } catch (TxfException e) {
                assertThat(e.error())
                        .isIn(
                                TxfError.SHARING_VIOLATION,
                                TxfError.TRANSACTIONAL_CONFLICT,
                                TxfError.CANT_BREAK_TRANSACTIONAL_DEPENDENCY);
                assertThat(isContested(one, name, other))
                        .as("somebody else is at it: " + e)
                        .isTrue();
                script.add("  refused: " + e.error());
                count("conflict");
            } catch (FileSystemException e) {
                assertThat(possible).as("it was possible: " + e).isFalse();
            }
        }

        /** Whether another transaction has to do with a name above, at or below one of these. */
        private boolean isContested(@Nullable Open one, String name, String other) {
            return open.stream()
                    .filter(each -> each != one)
                    .flatMap(each -> each.touched.stream())
                    .anyMatch(each -> isRelated(each, name) || isRelated(each, other));
        }

        private static boolean isRelated(String one, String other) {
            return Names.isWithin(one, other) || Names.isWithin(other, one);
        }

        private void plain() throws Exception {
            var name = name();
            var content = content();
            boolean possible = isDirectory(committed, parent(name)) && !isDirectory(committed, name);
            script.add("plain write " + name + " " + content.length() + " " + content.hashCode());
            try {
                Files.writeString(files.plainFileSystem().getPath(name), content);
                assertThat(possible).isTrue();
                committed.put(name, content);
                count("plain");
            } catch (TxfException e) {
                assertThat(isContested(null, name, name))
                        .as("somebody is at it: " + e)
                        .isTrue();
            } catch (FileSystemException e) {
                assertThat(possible).as("it was possible: " + e).isFalse();
            }
        }

        /** The process ends, or the power; what was not committed is gone. */
        private void crash() throws Exception {
            script.add(powerCuts ? "power cut" : "kill");
            // The log first: a checkpoint that is being made forces the tree before it says so in the log.
            var found = new SimulatedDevice[1];
            if (powerCuts) {
                int at = device.point();
                CrashStates.of(device.history())
                        .from(at)
                        .upTo(at)
                        .sample(random.nextLong(), 1, state -> found[0] = new SimulatedDevice(state.image()));
            } else {
                found[0] = device.copy();
            }
            var left = tree.survivor(tree.point(), powerCuts ? random::nextInt : bound -> bound - 1, count -> {});
            open = new ArrayList<>();
            files.close();
            ktm.close();
            device = java.util.Objects.requireNonNull(found[0]);
            tree = left;
            ktm = openCoordinator();
            files = openFiles();
            count("crash");
            assertThat(tree.tree()).isEqualTo(hashed(committed));
            assertThat(tree.working()).isZero();
        }
    }
}
