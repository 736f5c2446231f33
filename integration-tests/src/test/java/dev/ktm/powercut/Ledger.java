package dev.ktm.powercut;

import dev.ktm.Ktm;
import dev.ktm.file.TransactedFiles;
import dev.ktm.rm.KtmException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What was begun and what was acknowledged before a power cut, by lane: numbers of transactions.
 *
 * @param lanes how many lanes
 * @param begun the last one that was begun
 * @param committed the last one whose commit returned
 */
record Ledger(int lanes, Map<Integer, Integer> begun, Map<Integer, Integer> committed) {

    private static final long MOST_RECOVERY_NANOS = TimeUnit.SECONDS.toNanos(30);

    static Ledger of(int lanes, Stream<String> marks) {
        var ledger = new Ledger(lanes, new TreeMap<>(), new TreeMap<>());
        marks.filter(mark -> !mark.isBlank()).forEach(mark -> {
            var words = mark.strip().split(" ");
            var map = words[0].equals(Committer.BEGUN) ? ledger.begun : ledger.committed;
            map.merge(Integer.valueOf(words[1]), Integer.valueOf(words[2]), Math::max);
        });
        return ledger;
    }

    /** How many transactions each lane has, and what is wrong. */
    record Verdict(List<Integer> counts, List<String> violations) {}

    /**
     * Opens everything, as after a power cut, and compares: a lane has all of its transactions up to one, which is not before the last
     * that was acknowledged, and nothing of those behind it.
     *
     * @param known what earlier lives have committed
     */
    Verdict check(Path mounted, Map<Integer, Integer> known) {
        var violations = new ArrayList<String>();
        var counts = new ArrayList<Integer>();
        try (var site = Site.open(mounted)) {
            if (!recovered(site.ktm)) {
                violations.add("expected everything to be recovered within 30 s, found "
                        + site.ktm.manager().live());
            }
            for (int number = 0; number < lanes; number++) {
                var lane = new Lane(number);
                int least = Math.max(committed.getOrDefault(number, 0), known.getOrDefault(number, 0));
                int most = Math.max(begun.getOrDefault(number, 0), least);
                int count = lane.count(site.registry);
                counts.add(count);
                if (count < least || count > most) {
                    violations.add(lane + ": expected " + least + " to " + most + " transactions, found " + count);
                }
                compare(violations, lane + ", files", lane.files(count), lane.foundFiles(Site.root(mounted)));
                compare(violations, lane + ", registry", lane.values(count), lane.foundValues(site.registry));
                // It is at work again.
                goOn(site.files, site, lane, count + 1);
                compare(violations, lane + ", one more", lane.files(count + 1), lane.foundFiles(Site.root(mounted)));
            }
        } catch (Exception e) {
            violations.add("it does not open, or not go on: " + e);
        }
        return new Verdict(counts, violations);
    }

    /** Resource managers may be told on other threads what was decided. */
    private static boolean recovered(Ktm ktm) throws KtmException {
        long start = System.nanoTime();
        ktm.recoverNow();
        while (!ktm.manager().live().isEmpty()) {
            if (System.nanoTime() - start > MOST_RECOVERY_NANOS) {
                return false;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            ktm.recoverNow();
        }
        return true;
    }

    private static void goOn(TransactedFiles files, Site site, Lane lane, int transaction) throws Exception {
        var user = site.ktm.userTransaction();
        user.begin();
        lane.work(transaction, files.fileSystem(), site.registry.transactedRoot());
        user.commit();
    }

    private static void compare(
            List<String> violations, String what, Map<String, String> expected, Map<String, String> found) {
        if (expected.equals(found)) {
            return;
        }
        var names = new TreeSet<>(expected.keySet());
        names.addAll(found.keySet());
        for (var name : names) {
            var one = expected.get(name);
            var other = found.get(name);
            if (one == null || !one.equals(other)) {
                violations.add(what + ", " + name + ": expected " + brief(one) + ", found " + brief(other));
            }
        }
    }

    private static String brief(@Nullable String text) {
        return text == null
                ? "nothing"
                : text.length() + " \"" + text.lines().findFirst().orElse("") + "\"";
    }
}
