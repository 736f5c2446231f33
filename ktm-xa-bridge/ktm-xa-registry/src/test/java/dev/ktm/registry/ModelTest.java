package dev.ktm.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of transactions that one thread interleaves, of plain writes, checkpoints and crashes: whatever the registry
 * answers and shows is what the model says. A failure names the seed that repeats its history.
 */
@Tag("slow")
@Timeout(900)
class ModelTest {

    private static final int HISTORIES = 5_000;
    private static final int CAMPAIGN_HISTORIES = 200_000;
    private static final int ACTS = 20;
    private static final int MOST_TRANSACTIONS = 3;
    private static final int HISTORIES_PER_SITE = 100;

    /** What is tried out: the registry, or one in which something is wrong. */
    interface Subject extends AutoCloseable {

        String act(@Nullable Transaction transaction, Act act) throws Exception;

        /** Whether it was committed. */
        boolean commit(Transaction transaction) throws Exception;

        void rollback(Transaction transaction) throws Exception;

        Transaction begin() throws Exception;

        Map<String, String> shown(@Nullable Transaction transaction) throws Exception;

        void checkpoint() throws Exception;

        void crash() throws Exception;

        @Override
        void close();
    }

    /** The registry. */
    private record Real(Site site) implements Subject {

        @Override
        public String act(@Nullable Transaction transaction, Act act) {
            return act.on(site.registry(), (KtmTransaction) transaction);
        }

        @Override
        public Transaction begin() throws Exception {
            site.begin();
            return site.suspend();
        }

        @Override
        public boolean commit(Transaction transaction) throws Exception {
            site.resume(transaction);
            try {
                site.commit();
                return true;
            } catch (RollbackException e) {
                return false;
            }
        }

        @Override
        public void rollback(Transaction transaction) throws Exception {
            site.resume(transaction);
            site.rollback();
        }

        @Override
        public Map<String, String> shown(@Nullable Transaction transaction) throws Exception {
            var all = new TreeMap<String, String>();
            var root = transaction == null ? site.root() : site.registry().root((KtmTransaction) transaction);
            collect(root, "", all);
            return all;
        }

        private static void collect(RegistryKey key, String path, Map<String, String> all) throws Exception {
            all.put(path + "\\", "");
            for (var value : key.values()) {
                all.put(path + "\\" + value.name() + "=", value.asString().orElseThrow());
            }
            for (var name : key.subkeys()) {
                collect(key.openKey(name), path.isEmpty() ? name : path + "\\" + name, all);
            }
        }

        @Override
        public void checkpoint() throws Exception {
            site.registry().checkpoint();
        }

        @Override
        public void crash() throws Exception {
            site.crash();
        }

        @Override
        public void close() {
            site.close();
        }
    }

    /** What can be wrong. */
    private enum Bug {
        /** A transaction's value is seen by everybody at once. */
        SHOWS_BEFORE_COMMIT,
        /** A value that a transaction has set stays when it is rolled back. */
        FORGETS_AN_UNDO,
        /** A commit is acknowledged and did not happen. */
        LOSES_A_COMMIT,
        /** A crash takes what was committed last. */
        FORGETS_AT_A_CRASH,
        /** Who is refused for a conflict has written all the same. */
        IGNORES_CONFLICTS,
        /** Everybody reads what a transaction sees. */
        READS_WHAT_IS_NOT_COMMITTED,
        /** A plain write that meets a transaction is lost. */
        LOSES_PLAIN_WRITES,
        /** A renamed key keeps its old name for others. */
        FORGETS_RENAMES
    }

    /** The registry with something wrong. */
    private static final class Buggy implements Subject {
        private final Site site;
        private final Real real;
        private final Bug bug;
        private @Nullable Act last;
        private @Nullable Transaction lastOf;
        private @Nullable Runnable restore;

        Buggy(Site site, Bug bug) {
            this.site = site;
            this.real = new Real(site);
            this.bug = bug;
        }

        @Override
        public String act(@Nullable Transaction transaction, Act act) {
            if (transaction != null) {
                last = act;
                lastOf = transaction;
            }
            boolean isSet = act.kind() == Act.Kind.SET;
            if (bug == Bug.SHOWS_BEFORE_COMMIT && isSet && transaction != null) {
                return real.act(null, act);
            }
            if (bug == Bug.LOSES_PLAIN_WRITES && isSet && transaction == null && lastOf != null) {
                return "done";
            }
            if (bug == Bug.FORGETS_RENAMES && act.kind() == Act.Kind.RENAME) {
                return "done";
            }
            var result = real.act(transaction, act);
            if (bug == Bug.IGNORES_CONFLICTS && result.equals(RegistryError.TRANSACTIONAL_CONFLICT.toString())) {
                real.act(null, act);
            }
            return result;
        }

        @Override
        public Transaction begin() throws Exception {
            return real.begin();
        }

        @Override
        public boolean commit(Transaction transaction) throws Exception {
            if (bug == Bug.FORGETS_AT_A_CRASH) {
                var log = site.log().copy();
                var files = site.files().copy();
                restore = () -> {
                    try {
                        site.reopen(log, files);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                };
            }
            if (bug == Bug.LOSES_A_COMMIT
                    && ((KtmTransaction) transaction).rollbackCause().isEmpty()) {
                real.rollback(transaction);
                return true;
            }
            return real.commit(transaction);
        }

        @Override
        public void rollback(Transaction transaction) throws Exception {
            real.rollback(transaction);
            var undone = last;
            if (bug == Bug.FORGETS_AN_UNDO && undone != null && transaction.equals(lastOf)) {
                real.act(null, undone);
            }
        }

        @Override
        public Map<String, String> shown(@Nullable Transaction transaction) throws Exception {
            var other = lastOf;
            boolean leaks = bug == Bug.READS_WHAT_IS_NOT_COMMITTED && transaction == null && other != null;
            try {
                return real.shown(leaks ? other : transaction);
            } catch (RegistryException e) {
                return real.shown(transaction);
            }
        }

        @Override
        public void checkpoint() throws Exception {
            real.checkpoint();
        }

        @Override
        public void crash() throws Exception {
            var earlier = restore;
            restore = null;
            if (earlier == null) {
                real.crash();
            } else {
                earlier.run();
            }
        }

        @Override
        public void close() {
            real.close();
        }
    }

    /** A transaction of both. */
    private record Pair(Transaction real, Model.Work work) {}

    /** One history, on what the one before has left. */
    private static final class History {
        private final Subject subject;
        private final Model model;
        private final SplittableRandom random;
        private final List<Pair> open = new ArrayList<>();
        private final List<String> transcript = new ArrayList<>();

        History(Subject subject, Model model, long seed) {
            this.subject = subject;
            this.model = model;
            this.random = new SplittableRandom(seed);
        }

        void run() throws Exception {
            for (int i = 0; i < ACTS; i++) {
                step();
            }
            while (!open.isEmpty()) {
                end();
            }
            compare(null);
        }

        private void step() throws Exception {
            int choice = random.nextInt(100);
            if (choice < 12 && open.size() < MOST_TRANSACTIONS) {
                open.add(new Pair(subject.begin(), model.begin()));
                transcript.add("begin");
            } else if (choice < 24 && !open.isEmpty()) {
                end();
            } else if (choice == 24 && random.nextInt(4) == 0) {
                subject.checkpoint();
                model.forced();
                transcript.add("checkpoint");
            } else if (choice == 25 && random.nextInt(4) == 0) {
                crash();
            } else {
                var in = open.isEmpty() || random.nextInt(4) == 0 ? null : open.get(random.nextInt(open.size()));
                act(in);
            }
        }

        private void act(@Nullable Pair in) throws Exception {
            var work = in == null ? null : in.work();
            var act = choose(model.seenBy(work != null && work.doomed ? null : work));
            var expected = model.act(work, act);
            var found = subject.act(in == null ? null : in.real(), act);
            transcript.add((in == null ? "plain " : "transaction " + open.indexOf(in) + " ") + act + " -> " + found);
            check(found.equals(expected), "expected " + expected);
            if (in == null || random.nextInt(3) == 0) {
                compare(in);
            }
        }

        private Act choose(Model.State seen) {
            var keys = seen.keys.keySet().stream().sorted().toList();
            long key = keys.get(random.nextInt(keys.size()));
            var kinds = key == Model.ROOT
                    ? List.of(Act.Kind.SET, Act.Kind.UNSET, Act.Kind.CREATE, Act.Kind.CREATE, Act.Kind.CREATE_VOLATILE)
                    : List.of(
                            Act.Kind.SET,
                            Act.Kind.SET,
                            Act.Kind.UNSET,
                            Act.Kind.CREATE,
                            Act.Kind.CREATE,
                            Act.Kind.CREATE_VOLATILE,
                            Act.Kind.DELETE,
                            Act.Kind.DELETE_TREE,
                            Act.Kind.RENAME);
            var kind = kinds.get(random.nextInt(kinds.size()));
            var names = List.of("a", "b", "c", "A", "B");
            var name = names.get(random.nextInt(names.size()));
            return new Act(kind, seen.path(key), name, "text " + random.nextInt(1000));
        }

        private void end() throws Exception {
            var pair = open.remove(random.nextInt(open.size()));
            if (random.nextInt(3) == 0) {
                transcript.add("rollback");
                subject.rollback(pair.real());
                model.rollback(pair.work());
            } else {
                boolean expected = model.commit(pair.work());
                boolean found = subject.commit(pair.real());
                transcript.add("commit -> " + found);
                check(found == expected, "expected " + expected);
            }
            compare(null);
        }

        private void crash() throws Exception {
            subject.crash();
            transcript.add("crash");
            open.clear();
            var found = subject.shown(null);
            var recovered = model.possible.stream()
                    .map(Model.State::durable)
                    .filter(state -> state.shown().equals(found))
                    .findFirst();
            check(recovered.isPresent(), "found " + found);
            model.recovered(recovered.orElseThrow());
        }

        private void compare(@Nullable Pair in) throws Exception {
            if (in != null && in.work().doomed) {
                return;
            }
            var expected = model.seenBy(in == null ? null : in.work()).shown();
            var found = subject.shown(in == null ? null : in.real());
            check(found.equals(expected), "expected " + expected + ", found " + found);
        }

        private void check(boolean holds, String what) {
            if (!holds) {
                fail(what + "\n" + String.join("\n", transcript));
            }
        }
    }

    /** Opens what is to be tried out. */
    private interface Opener {
        Subject open() throws Exception;
    }

    private static void run(Opener opener, long firstSeed, int histories) throws Exception {
        for (int begin = 0; begin < histories; begin += HISTORIES_PER_SITE) {
            try (var subject = opener.open()) {
                var model = new Model();
                for (long seed = firstSeed + begin; seed < firstSeed + begin + HISTORIES_PER_SITE; seed++) {
                    try {
                        new History(subject, model, seed).run();
                    } catch (Exception | AssertionError e) {
                        throw new AssertionError("seed " + seed + " of those from " + (firstSeed + begin), e);
                    }
                }
            }
        }
    }

    @Test
    void whateverHappensItIsWhatTheModelSays() throws Exception {
        run(() -> new Real(new Site()), 1, HISTORIES);
    }

    @Test
    @Tag("campaign")
    void itIsWhatTheModelSaysForALongTime() throws Exception {
        long seed = System.nanoTime();
        run(() -> new Real(new Site()), seed, CAMPAIGN_HISTORIES);
    }

    static Stream<Bug> bugs() {
        return Stream.of(Bug.values());
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void whatIsWrongIsFound(Bug bug) {
        assertThatThrownBy(() -> run(() -> new Buggy(new Site(), bug), 1, HISTORIES))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("seed ");
    }

    @Test
    void theModelIsNoRegistryWithoutConflicts() {
        var model = new Model();
        model.act(null, new Act(Act.Kind.CREATE, "", "a", ""));
        var one = model.begin();
        var other = model.begin();
        assertThat(model.act(one, new Act(Act.Kind.SET, "a", "v", "1"))).isEqualTo("done");
        assertThat(model.act(other, new Act(Act.Kind.DELETE, "A", "", ""))).isEqualTo("TRANSACTIONAL_CONFLICT");
        assertThat(model.act(null, new Act(Act.Kind.SET, "a", "V", "2"))).isEqualTo("done");
        assertThat(model.commit(one)).isFalse();
        assertThat(model.committed.shown()).containsEntry("a\\V=", "2");
    }
}
