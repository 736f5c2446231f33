package dev.ktm.log;

import java.util.List;
import java.util.TreeMap;

/** What was cut from the end of a dedicated log: ranges of LSNs that are void. Safe for many threads. */
final class VoidRanges {

    /** Last LSN kept, to the LSN of the truncation: what lies between is void, the truncation too. */
    private volatile TreeMap<Long, Long> ranges = new TreeMap<>();

    /** Everything after {@code kept} up to {@code truncation} is void. */
    void add(long kept, long truncation) {
        var changed = new TreeMap<>(ranges);
        changed.tailMap(kept, true).clear();
        changed.put(kept, truncation);
        ranges = changed;
    }

    /** All ranges, in order. */
    List<LogInspection.Range> all() {
        return ranges.entrySet().stream()
                .map(range -> new LogInspection.Range(range.getKey(), range.getValue()))
                .toList();
    }

    boolean contains(long lsn) {
        var range = ranges.lowerEntry(lsn);
        return range != null && lsn <= range.getValue();
    }
}
