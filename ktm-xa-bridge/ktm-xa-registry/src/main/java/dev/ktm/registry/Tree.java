package dev.ktm.registry;

import org.jspecify.annotations.Nullable;

/**
 * All keys of a hive as they stand at one moment, by their ids. Immutable.
 *
 * @param durable those that a checkpoint keeps
 * @param fleeting the volatile ones, by their ids without sign
 */
record Tree(IdTrie durable, IdTrie fleeting) {

    /** A hive that has its root and nothing in it. */
    static Tree empty(long now) {
        var root = Node.empty(Node.ROOT, 0, "", Node.Attributes.NONE, now);
        return new Tree(IdTrie.EMPTY.with(Node.ROOT, root), IdTrie.EMPTY);
    }

    @Nullable
    Node get(long id) {
        return id < 0 ? fleeting.get(-id) : durable.get(id);
    }

    Tree with(Node node) {
        return node.isVolatile()
                ? new Tree(durable, fleeting.with(-node.id(), node))
                : new Tree(durable.with(node.id(), node), fleeting);
    }

    Tree without(long id) {
        return id < 0 ? new Tree(durable, fleeting.without(-id)) : new Tree(durable.without(id), fleeting);
    }
}
