package dev.ktm.file;

import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a name stands for in a transaction that has changed it. Guarded by the lock of its transaction.
 *
 * <p>A node knows the committed object that it comes from, if any, by the name that this has in the committed state: so a directory
 * that was moved needs no nodes for what is in it.
 */
abstract sealed class Node {

    /** The committed object it comes from; none if the transaction has made it. */
    final @Nullable Origin origin;

    /** What the transaction has set. */
    Map<String, Object> attributes = new LinkedHashMap<>();

    /**
     * A committed object.
     *
     * @param name the name that it has in the committed state
     * @param stat what was known of it when the transaction touched it first
     */
    record Origin(String name, Disk.Stat stat) {}

    private Node(@Nullable Origin origin) {
        this.origin = origin;
    }

    abstract Disk.Kind kind();

    /** The same, to be changed apart from this one. */
    abstract Node copy();

    <N extends Node> N withAttributesOf(N copy) {
        copy.attributes = new LinkedHashMap<>(attributes);
        return copy;
    }

    /** A file. */
    static final class FileNode extends Node {
        /** What was written; none while it is what the origin has. */
        @Nullable
        Content content;

        /** When it was changed last, in nanoseconds since 1970. */
        long modifiedNanos;

        /** Which miniversions of it there are, by number. */
        final Map<Integer, Content> miniversions = new HashMap<>();

        FileNode(@Nullable Origin origin) {
            super(origin);
        }

        @Override
        Disk.Kind kind() {
            return Disk.Kind.FILE;
        }

        @Override
        Node copy() {
            var copy = withAttributesOf(new FileNode(origin));
            var shared = content;
            if (shared != null) {
                shared.freeze();
            }
            copy.content = shared;
            copy.modifiedNanos = modifiedNanos;
            copy.miniversions.putAll(miniversions);
            return copy;
        }
    }

    /** A symbolic link. */
    static final class LinkNode extends Node {
        final String target;

        LinkNode(@Nullable Origin origin, String target) {
            super(origin);
            this.target = target;
        }

        @Override
        Disk.Kind kind() {
            return Disk.Kind.LINK;
        }

        @Override
        Node copy() {
            return withAttributesOf(new LinkNode(origin, target));
        }
    }

    /** One more name of a file that has others. */
    static final class NameNode extends Node {

        NameNode(Origin origin) {
            super(origin);
        }

        @Override
        Disk.Kind kind() {
            return Disk.Kind.FILE;
        }

        @Override
        Node copy() {
            return this;
        }
    }

    /** Nothing any more. */
    static final class Gone extends Node {
        static final Gone INSTANCE = new Gone();

        private Gone() {
            super(null);
        }

        @Override
        Disk.Kind kind() {
            return Disk.Kind.OTHER;
        }

        @Override
        Node copy() {
            return this;
        }
    }

    /**
     * A committed object whose name stands for something else, or for nothing, in the transaction.
     *
     * @param stat what was known of it
     * @param former if it is a directory: what the transaction had done in it
     */
    record Hidden(Disk.Stat stat, @Nullable DirectoryNode former) {}

    /** A directory. */
    static final class DirectoryNode extends Node {
        private final Comparator<String> order;
        final TreeMap<String, Node> entries;
        final Map<String, Hidden> hidden;

        DirectoryNode(@Nullable Origin origin, Comparator<String> order) {
            super(origin);
            this.order = order;
            this.entries = new TreeMap<>(order);
            this.hidden = new TreeMap<>(order);
        }

        @Override
        Disk.Kind kind() {
            return Disk.Kind.DIRECTORY;
        }

        @Override
        Node copy() {
            var copy = withAttributesOf(new DirectoryNode(origin, order));
            entries.forEach((name, node) -> copy.entries.put(name, node.copy()));
            hidden.forEach((name, was) -> {
                var former = was.former();
                copy.hidden.put(name, new Hidden(was.stat(), former == null ? null : (DirectoryNode) former.copy()));
            });
            return copy;
        }
    }
}
