package dev.ktm.registry;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Nodes by their ids, which are positive. Immutable: a changed copy shares what has not changed. */
final class IdTrie {

    static final IdTrie EMPTY = new IdTrie(1, new Object[IdTrie.SLOTS], 0);

    private static final int BITS = 5;
    private static final int SLOTS = 1 << BITS;
    private static final int MASK = SLOTS - 1;

    private final int levels;
    private final Object[] root;
    private final int size;

    private IdTrie(int levels, Object[] root, int size) {
        this.levels = levels;
        this.root = root;
        this.size = size;
    }

    int size() {
        return size;
    }

    @Nullable
    Node get(long id) {
        if (!isWithin(id, levels)) {
            return null;
        }
        Object at = root;
        for (int shift = (levels - 1) * BITS; shift >= 0; shift -= BITS) {
            at = ((Object[]) at)[slot(id, shift)];
            if (at == null) {
                return null;
            }
        }
        return (Node) at;
    }

    private static boolean isWithin(long id, int levels) {
        return id >= 0 && (levels * BITS >= Long.SIZE - 1 || id >>> (levels * BITS) == 0);
    }

    private static int slot(long id, int shift) {
        return (int) (id >>> shift) & MASK;
    }

    IdTrie with(long id, Node node) {
        int height = levels;
        var top = root;
        while (!isWithin(id, height)) {
            var higher = new Object[SLOTS];
            higher[0] = top;
            top = higher;
            height++;
        }
        boolean isNew = get(id) == null;
        return new IdTrie(height, put(top, (height - 1) * BITS, id, node), isNew ? size + 1 : size);
    }

    private static Object[] put(@Nullable Object @Nullable [] old, int shift, long id, Node node) {
        var copy = old == null ? new Object[SLOTS] : old.clone();
        int slot = slot(id, shift);
        copy[slot] = shift == 0 ? node : put((Object[]) copy[slot], shift - BITS, id, node);
        return copy;
    }

    IdTrie without(long id) {
        if (get(id) == null) {
            return this;
        }
        var less = remove(root, (levels - 1) * BITS, id);
        return less == null ? EMPTY : new IdTrie(levels, less, size - 1);
    }

    private static Object @Nullable [] remove(Object[] old, int shift, long id) {
        var copy = old.clone();
        int slot = slot(id, shift);
        copy[slot] = shift == 0 ? null : remove((Object[]) old[slot], shift - BITS, id);
        for (var each : copy) {
            if (each != null) {
                return copy;
            }
        }
        return null;
    }

    /** In the order of the ids. */
    void forEach(Consumer<Node> consumer) {
        visit(root, levels - 1, consumer);
    }

    private static void visit(Object[] slots, int level, Consumer<Node> consumer) {
        for (var each : slots) {
            if (each == null) {
                continue;
            }
            if (level == 0) {
                consumer.accept((Node) each);
            } else {
                visit((Object[]) each, level - 1, consumer);
            }
        }
    }
}
