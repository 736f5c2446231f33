package dev.ktm.deployment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What the parent knows of every release: what it was told before the process that deployed it died. */
final class Ledger {

    /** What was said about a release. */
    enum Said {
        /** It was begun, and nothing was heard of it any more. */
        NOTHING,
        COMMITTED,
        ROLLED_BACK
    }

    /**
     * A death.
     *
     * @param release what was being deployed; 0 if nothing was
     * @param point where; null if it was killed at a moment that nobody chose
     */
    record Death(int release, @Nullable CrashPoint point) {
        String text() {
            return point == null ? "SIGKILL at any moment" : point.toString();
        }
    }

    private final Map<Integer, Said> said = new TreeMap<>();
    private final List<Death> deaths = new ArrayList<>();
    private final Set<Integer> comparedAfter = new TreeSet<>();

    void note(int release, Said what) {
        said.put(release, what);
    }

    void died(Death death) {
        deaths.add(death);
    }

    /** Everything was compared before anything else was done. */
    void compared() {
        comparedAfter.add(deaths.size());
    }

    /** After how many deaths everything was compared. */
    long comparedDeaths() {
        return comparedAfter.stream().filter(crashes -> crashes > 0).count();
    }

    Map<Integer, Said> said() {
        return said;
    }

    List<Death> deaths() {
        return deaths;
    }

    long count(Said what) {
        return said.values().stream().filter(what::equals).count();
    }

    /** Deaths by where they were, in the order of the points. */
    Map<String, List<Death>> deathsByPoint() {
        var all = new LinkedHashMap<String, List<Death>>();
        for (var point : CrashPoint.values()) {
            all.put(point.toString(), new ArrayList<>());
        }
        for (var death : deaths) {
            all.computeIfAbsent(death.text(), text -> new ArrayList<>()).add(death);
        }
        all.values().removeIf(List::isEmpty);
        return all;
    }
}
