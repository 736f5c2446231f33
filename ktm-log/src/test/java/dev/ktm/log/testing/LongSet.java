package dev.ktm.log.testing;

import java.util.Arrays;

/** A growing set of hashes; eight to sixteen bytes for each. */
final class LongSet {

    private long[] slots = new long[1024];
    private int size;

    /** Returns false if it was in the set already. */
    boolean add(long hash) {
        var value = hash == 0 ? 1 : hash;
        if (!insert(slots, value)) {
            return false;
        }
        size++;
        if (size > slots.length / 2) {
            var larger = new long[slots.length * 2];
            Arrays.stream(slots).filter(slot -> slot != 0).forEach(slot -> insert(larger, slot));
            slots = larger;
        }
        return true;
    }

    private static boolean insert(long[] slots, long value) {
        var at = (int) Block.mix(value) & slots.length - 1;
        while (slots[at] != 0) {
            if (slots[at] == value) {
                return false;
            }
            at = at + 1 & slots.length - 1;
        }
        slots[at] = value;
        return true;
    }
}
