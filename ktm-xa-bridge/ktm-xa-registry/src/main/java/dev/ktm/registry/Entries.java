package dev.ktm.registry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Things by their names, sorted, without regard to case. Immutable: a changed copy shares the parts that have not changed. Two
 * levels: an array of leaves, and leaves of at most {@link #MOST} things.
 */
final class Entries<E extends Entries.Named> {

    /** Something that has a name. */
    interface Named {
        /** The name. */
        String name();
    }

    private static final int MOST = 64;
    private static final Entries<?> EMPTY = new Entries<>(new Object[0][], 0);

    private final Object[][] leaves;
    private final int size;

    private Entries(Object[][] leaves, int size) {
        this.leaves = leaves;
        this.size = size;
    }

    @SuppressWarnings("unchecked")
    static <E extends Named> Entries<E> empty() {
        return (Entries<E>) EMPTY;
    }

    /** All of these, which are sorted, and no two of which have equal names. */
    static <E extends Named> Entries<E> ofSorted(List<E> sorted) {
        if (sorted.isEmpty()) {
            return empty();
        }
        var leaves = new ArrayList<Object[]>();
        split(sorted.toArray(), leaves);
        return new Entries<>(leaves.toArray(new Object[0][]), sorted.size());
    }

    private static void split(Object[] things, List<Object[]> leaves) {
        int parts = (things.length + MOST - 1) / MOST;
        for (int i = 0; i < parts; i++) {
            int from = (int) ((long) things.length * i / parts);
            int to = (int) ((long) things.length * (i + 1) / parts);
            leaves.add(Arrays.copyOfRange(things, from, to));
        }
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Only such things are put in.
    private static <E extends Named> E cast(Object thing) {
        return (E) thing;
    }

    @Nullable
    E get(String name) {
        if (size == 0) {
            return null;
        }
        var leaf = leaves[leafOf(name, 0)];
        int low = 0;
        int high = leaf.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            E found = cast(leaf[middle]);
            int comparison = Names.compare(found.name(), name);
            if (comparison == 0) {
                return found;
            }
            if (comparison < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return null;
    }

    /** The last leaf from this one on whose first name is not behind the name; the first of them if there is none. */
    private int leafOf(String name, int from) {
        int low = from + 1;
        int high = leaves.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (Names.compare(firstOf(middle), name) <= 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high < from ? from : high;
    }

    private String firstOf(int leaf) {
        E first = cast(leaves[leaf][0]);
        return first.name();
    }

    void forEach(Consumer<? super E> consumer) {
        for (var leaf : leaves) {
            for (var thing : leaf) {
                E each = cast(thing);
                consumer.accept(each);
            }
        }
    }

    List<E> list() {
        var all = new ArrayList<E>(size);
        forEach(all::add);
        return all;
    }

    /** With these put in place of what has the same name, and without those that are empty. */
    Entries<E> with(SortedMap<String, Optional<E>> changes) {
        if (changes.isEmpty()) {
            return this;
        }
        var result = new ArrayList<Object[]>(leaves.length + 1);
        var pending = new ArrayList<>(changes.entrySet());
        int total = size;
        int next = 0;
        int change = 0;
        while (change < pending.size()) {
            int leaf = leaves.length == 0 ? 0 : leafOf(pending.get(change).getKey(), next);
            result.addAll(Arrays.asList(leaves).subList(next, leaf));
            int end = change + 1;
            while (end < pending.size()
                    && (leaf + 1 >= leaves.length
                            || Names.compare(pending.get(end).getKey(), firstOf(leaf + 1)) < 0)) {
                end++;
            }
            var before = leaves.length == 0 ? new Object[0] : leaves[leaf];
            var after = merged(before, pending.subList(change, end));
            total += after.length - before.length;
            split(after, result);
            change = end;
            next = Math.min(leaf + 1, leaves.length);
        }
        result.addAll(Arrays.asList(leaves).subList(next, leaves.length));
        return total == 0 ? empty() : new Entries<>(result.toArray(new Object[0][]), total);
    }

    private Object[] merged(Object[] leaf, List<Map.Entry<String, Optional<E>>> changes) {
        var result = new ArrayList<Object>(leaf.length + changes.size());
        int at = 0;
        for (var change : changes) {
            int comparison = 1;
            while (at < leaf.length) {
                E present = cast(leaf[at]);
                comparison = Names.compare(present.name(), change.getKey());
                if (comparison >= 0) {
                    break;
                }
                result.add(present);
                at++;
            }
            change.getValue().ifPresent(result::add);
            if (at < leaf.length && comparison == 0) {
                at++;
            }
        }
        result.addAll(Arrays.asList(leaf).subList(at, leaf.length));
        return result.toArray();
    }
}
