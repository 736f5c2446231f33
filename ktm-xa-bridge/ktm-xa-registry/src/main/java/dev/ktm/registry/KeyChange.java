package dev.ktm.registry;

import dev.ktm.registry.Node.Attributes;
import dev.ktm.registry.Node.Child;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is to become of one key. Says what shall be there in the end and not how, so that it can be applied again to a tree which
 * has it already, in whole or in part. Guarded by whoever owns it.
 */
final class KeyChange {

    final long id;

    /** The key that it is made in; 0 if it is there already. */
    long parent;

    boolean deleted;

    /** Its new name, or null. */
    @Nullable
    String name;

    /** Its new attributes, or null. */
    @Nullable
    Attributes attributes;

    long written;

    /** By name; empty for those that go. */
    final TreeMap<String, Optional<RegistryValue>> values = new TreeMap<>(Names.ORDER);

    /** By name; empty for those that go. */
    final TreeMap<String, Optional<Child>> children = new TreeMap<>(Names.ORDER);

    KeyChange(long id) {
        this.id = id;
    }

    boolean isCreated() {
        return parent != 0;
    }

    /** The key after the change; null if it is gone then, or was never there. */
    @Nullable
    Node applied(@Nullable Node before) {
        var newName = name;
        var newAttributes = attributes;
        if (deleted) {
            return null;
        }
        Node from;
        if (before != null) {
            from = before;
        } else if (isCreated() && newName != null) {
            from = Node.empty(id, parent, newName, newAttributes == null ? Attributes.NONE : newAttributes, written);
        } else {
            return null;
        }
        return new Node(
                id,
                from.parent(),
                newName == null ? from.name() : newName,
                newAttributes == null ? from.attributes() : newAttributes,
                Math.max(written, from.written()),
                from.children().with(children),
                from.values().with(values));
    }

    static Tree apply(Iterable<KeyChange> changes, Tree before) {
        var tree = before;
        for (var change : changes) {
            var node = change.applied(tree.get(change.id));
            tree = node == null ? tree.without(change.id) : tree.with(node);
        }
        return tree;
    }
}
