package dev.ktm.proof;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What is there, once everything has come to rest, however it got there. */
final class Evidence {

    /** Each key that a participant has, and how often. */
    final Map<Part, Map<String, Integer>> rows = new EnumMap<>(Part.class);

    /** The file of a thread: its place, a colon, its content. Who has none is not here. */
    final Map<Integer, String> files = new TreeMap<>();

    /** The value of a thread. Who has none is not here. */
    final Map<Integer, String> values = new TreeMap<>();

    /** Every message that was ever put into a queue to be taken from there. */
    final Set<String> fed = new TreeSet<>();

    /** Those that are still there, and how often. */
    final Map<String, Integer> waiting = new LinkedHashMap<>();

    /** Prepared branches that nobody but the coordinator can have left. */
    final List<String> inDoubt = new ArrayList<>();

    /** Branches of others that are not there any more. */
    final List<String> foreignGone = new ArrayList<>();

    /** Whole files that were put aside, although nobody but the coordinator has changed anything, each with the key that it has in it. */
    final Map<String, String> putAside = new TreeMap<>();

    /** What is there that should have been cleared away: files of the work area, transactions that have not ended. */
    final List<String> leftovers = new ArrayList<>();

    /** What participants have lost that they had promised to keep, as is known without the coordinator. */
    final Map<Part, List<Loss>> losses = new EnumMap<>(Part.class);

    /**
     * A participant came back as it was before.
     *
     * @param first the first life of which it may lack something
     * @param last the last one
     */
    record Loss(int first, int last) {}

    /** One more key of a participant. */
    void found(Part part, String key) {
        rows.computeIfAbsent(part, same -> new TreeMap<>()).merge(key, 1, Integer::sum);
    }

    int count(Part part, String key) {
        return rows.getOrDefault(part, Map.of()).getOrDefault(key, 0);
    }

    /** Whether a participant is excused for what it lacks of this. */
    boolean isLost(Part part, Attempt attempt) {
        return losses.getOrDefault(part, List.of()).stream().anyMatch(attempt::isOf);
    }
}
