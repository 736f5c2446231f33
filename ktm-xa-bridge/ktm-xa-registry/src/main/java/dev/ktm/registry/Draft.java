package dev.ktm.registry;

import dev.ktm.registry.Locks.Kind;
import dev.ktm.registry.Node.Attributes;
import dev.ktm.registry.Node.Child;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is about to be changed in a hive: by a transaction, or by one plain write. Shows the hive as it stands, with these changes.
 *
 * <p>Each operation looks, takes its locks, and looks again: until it had them, somebody else may have committed. From then on
 * nobody can take away what the change needs, so that it can be applied to whatever tree there is in the end.
 *
 * <p>Used by one thread at a time.
 */
final class Draft {

    static final int MOST_DEPTH = 512;
    static final int MOST_NEW_LEVELS = 32;

    /** A change, in the order in which it was made. */
    record Step(RegistryChange.Kind kind, long key, long parent, String name) {}

    private final Hive hive;
    private final Locks.Owner owner;
    private final Map<Long, KeyChange> changes = new LinkedHashMap<>();
    private final List<Step> steps = new ArrayList<>();

    Draft(Hive hive, Locks.Owner owner) {
        this.hive = hive;
        this.owner = owner;
    }

    /** One whose changes are known already. */
    Draft(Hive hive, Locks.Owner owner, List<KeyChange> known) {
        this(hive, owner);
        known.forEach(change -> changes.put(change.id, change));
    }

    Locks.Owner owner() {
        return owner;
    }

    boolean isEmpty() {
        return changes.isEmpty();
    }

    Iterable<KeyChange> changes() {
        return changes.values();
    }

    List<Step> steps() {
        return steps;
    }

    /** Takes the locks that these changes need, which a former life had. */
    void takeLocks() throws RegistryException {
        for (var change : changes.values()) {
            if (change.isCreated()) {
                continue;
            }
            hive.locks().take(owner, change.id, change.deleted ? Kind.REMOVE : Kind.USE, "");
            for (var name : change.values.keySet()) {
                hive.locks().take(owner, change.id, Kind.VALUE, name);
            }
            for (var name : change.children.keySet()) {
                hive.locks().take(owner, change.id, Kind.CHILD, name);
            }
            if (change.attributes != null) {
                hive.locks().take(owner, change.id, Kind.ATTRIBUTES, "");
            }
        }
    }

    /** What known changes come down to, for those who watch: the order in which they were made is not in the log. */
    void retrace() {
        for (var change : changes.values()) {
            var before = base(change.id);
            if (change.isCreated()) {
                var name = change.name;
                if (!change.deleted && name != null) {
                    steps.add(new Step(RegistryChange.Kind.KEY_CREATED, change.id, change.parent, name));
                }
            } else if (before == null) {
                continue;
            } else if (change.deleted) {
                retrace(RegistryChange.Kind.KEY_DELETED, before, before.name());
            } else if (change.name != null) {
                retrace(RegistryChange.Kind.KEY_RENAMED, before, before.name());
            }
            if (before != null && change.attributes != null) {
                retrace(RegistryChange.Kind.SECURITY_SET, before, "");
            }
            long parent = before == null ? change.parent : before.parent();
            change.values.forEach((name, value) -> steps.add(new Step(
                    value.isPresent() ? RegistryChange.Kind.VALUE_SET : RegistryChange.Kind.VALUE_DELETED,
                    change.id,
                    parent,
                    name)));
        }
    }

    private void retrace(RegistryChange.Kind kind, Node before, String name) {
        steps.add(new Step(kind, before.id(), before.parent(), name));
    }

    // Reading.

    private @Nullable Node base(long id) {
        return hive.tree().get(id);
    }

    boolean exists(long id) {
        var change = changes.get(id);
        return change == null ? base(id) != null : !change.deleted && (change.isCreated() || base(id) != null);
    }

    void require(long id) throws RegistryException {
        if (!exists(id)) {
            throw Hive.deleted();
        }
    }

    /** The key as it would be now; null if it is not there. */
    @Nullable
    Node node(long id) {
        return node(hive.tree(), id);
    }

    /** The key as it would be if the hive were still this tree. */
    @Nullable
    Node node(Tree tree, long id) {
        var change = changes.get(id);
        return change == null ? tree.get(id) : change.applied(tree.get(id));
    }

    @Nullable
    Child child(long id, String name) {
        var change = changes.get(id);
        var changed = change == null ? null : change.children.get(name);
        if (changed != null) {
            return changed.orElse(null);
        }
        var node = base(id);
        return node == null ? null : node.children().get(name);
    }

    @Nullable
    RegistryValue value(long id, String name) {
        var change = changes.get(id);
        var changed = change == null ? null : change.values.get(name);
        if (changed != null) {
            return changed.orElse(null);
        }
        var node = base(id);
        return node == null ? null : node.values().get(name);
    }

    private long parentOf(long id) {
        var change = changes.get(id);
        if (change != null && change.isCreated()) {
            return change.parent;
        }
        var node = base(id);
        return node == null ? 0 : node.parent();
    }

    private String nameOf(long id) {
        var change = changes.get(id);
        var changed = change == null ? null : change.name;
        if (changed != null) {
            return changed;
        }
        var node = base(id);
        return node == null ? "" : node.name();
    }

    private int depthOf(long id) {
        int depth = 0;
        for (long at = id; at != 0; at = parentOf(at)) {
            depth++;
        }
        return depth;
    }

    // Writing.

    private KeyChange changed(long id) {
        var change = changes.computeIfAbsent(id, KeyChange::new);
        change.written = hive.now();
        return change;
    }

    private void lock(long id, Kind kind, String name) throws RegistryException {
        var change = changes.get(id);
        if (change == null || !change.isCreated()) {
            hive.locks().take(owner, id, kind, name);
        } else {
            // Nobody else sees it; but this one may have lost what it had.
            hive.locks().check(owner);
        }
    }

    private void step(RegistryChange.Kind kind, long key, String name) {
        var step = new Step(kind, key, parentOf(key), name);
        steps.add(step);
        hive.watchers().made(this, step);
    }

    /** A key that was made, or was there. */
    record Made(long id, boolean isNew) {}

    /** Makes the last of these keys, each of which lies in the one before it, and those that are missing on the way. */
    Made create(long start, List<String> names, KeyCreation how) throws RegistryException {
        require(start);
        long at = start;
        int known = 0;
        while (known < names.size()) {
            var present = child(at, names.get(known));
            if (present == null) {
                break;
            }
            at = present.id();
            known++;
        }
        var made = new Made(at, false);
        if (known < names.size()) {
            hive.requirePermission(node(at), KeyRight.CREATE_SUB_KEY);
            requireRoom(depthOf(at), names.size() - known);
            Hive.requireClass(how.className());
        }
        for (int i = known; i < names.size(); i++) {
            var isLast = i == names.size() - 1;
            made = create(made.id(), names.get(i), how.isVolatile(), isLast ? how.className() : "");
        }
        return made;
    }

    private Made create(long parent, String name, boolean isVolatile, String className) throws RegistryException {
        require(parent);
        var present = child(parent, name);
        if (present == null) {
            if (Node.isVolatile(parent) && !isVolatile) {
                throw new RegistryException(
                        RegistryError.CHILD_MUST_BE_VOLATILE,
                        "expected a volatile key \"" + Names.shortened(name)
                                + "\" in a volatile one, found one that is none");
            }
            lock(parent, Kind.CHILD, name);
            require(parent);
            present = child(parent, name);
        }
        if (present != null) {
            return new Made(present.id(), false);
        }
        hive.requireNoHive(parent, name);
        var above = node(parent);
        long id = hive.nextId(isVolatile);
        var change = changed(id);
        change.parent = parent;
        change.name = name;
        var security = above == null ? KeySecurity.OPEN : above.attributes().security();
        change.attributes = above != null && above.attributes().className().equals(className)
                ? above.attributes()
                : new Attributes(className, security);
        changed(parent).children.put(name, Optional.of(new Child(name, id)));
        step(RegistryChange.Kind.KEY_CREATED, id, name);
        return new Made(id, true);
    }

    private static void requireRoom(int depth, int levels) throws RegistryException {
        if (levels > MOST_NEW_LEVELS) {
            throw new RegistryException(
                    RegistryError.TOO_DEEP,
                    "expected at most " + MOST_NEW_LEVELS + " new levels in one call, found " + levels);
        }
        if (depth + levels > MOST_DEPTH) {
            throw new RegistryException(
                    RegistryError.TOO_DEEP,
                    "expected a key of a depth of at most " + MOST_DEPTH + ", found one of " + (depth + levels));
        }
    }

    void set(long id, RegistryValue value) throws RegistryException {
        Names.requireValue(value.name());
        Hive.requireSize(value);
        require(id);
        lock(id, Kind.VALUE, value.name());
        require(id);
        var present = value(id, value.name());
        changed(id).values.put(value.name(), Optional.of(present == null ? value : value.named(present.name())));
        step(RegistryChange.Kind.VALUE_SET, id, value.name());
    }

    /** Deletes a value, and says whether there was one. */
    boolean unset(long id, String name) throws RegistryException {
        require(id);
        if (value(id, name) == null) {
            return false;
        }
        lock(id, Kind.VALUE, name);
        require(id);
        if (value(id, name) == null) {
            return false;
        }
        changed(id).values.put(name, Optional.empty());
        step(RegistryChange.Kind.VALUE_DELETED, id, name);
        return true;
    }

    /** Deletes a key that has no subkeys. */
    void delete(long id) throws RegistryException {
        requireDeletable(id);
        requireNoChildren(id);
        long parent = parentOf(id);
        lock(parent, Kind.CHILD, nameOf(id));
        lock(id, Kind.REMOVE, "");
        // A rename may have come before.
        lock(parent, Kind.CHILD, nameOf(id));
        require(id);
        requireNoChildren(id);
        remove(id, parent);
    }

    private void requireNoChildren(long id) throws RegistryException {
        var node = node(id);
        if (node != null && !node.children().isEmpty()) {
            throw new RegistryException(
                    RegistryError.KEY_HAS_CHILDREN,
                    "expected a key without subkeys, found " + node.children().size()
                            + ": delete them first, or the tree");
        }
    }

    private void requireDeletable(long id) throws RegistryException {
        require(id);
        if (id == Node.ROOT) {
            throw new RegistryException(
                    RegistryError.ACCESS_DENIED, "expected another key than the root of a hive, found that");
        }
    }

    private void remove(long id, long parent) {
        var name = nameOf(id);
        step(RegistryChange.Kind.KEY_DELETED, id, name);
        changed(parent).children.put(name, Optional.empty());
        var change = changed(id);
        change.values.clear();
        change.children.clear();
        change.deleted = true;
    }

    /** Deletes a key and everything below it. */
    void deleteTree(long id) throws RegistryException {
        requireDeletable(id);
        long parent = parentOf(id);
        lock(parent, Kind.CHILD, nameOf(id));
        var below = new ArrayList<Long>();
        below.add(id);
        // Locks come first: below a locked key nothing is added any more.
        for (int i = 0; i < below.size(); i++) {
            lock(below.get(i), Kind.REMOVE, "");
            var node = node(below.get(i));
            if (node != null) {
                node.children().forEach(child -> below.add(child.id()));
            }
        }
        lock(parent, Kind.CHILD, nameOf(id));
        require(id);
        for (int i = below.size() - 1; i >= 0; i--) {
            if (exists(below.get(i))) {
                remove(below.get(i), parentOf(below.get(i)));
            }
        }
    }

    void rename(long id, String newName) throws RegistryException {
        Names.requireKey(newName);
        requireDeletable(id);
        long parent = parentOf(id);
        requireFree(id, parent, newName);
        lock(parent, Kind.CHILD, nameOf(id));
        lock(parent, Kind.CHILD, newName);
        lock(id, Kind.USE, "");
        lock(parent, Kind.CHILD, nameOf(id));
        require(id);
        requireFree(id, parent, newName);
        hive.requireNoHive(parent, newName);
        var oldName = nameOf(id);
        var links = changed(parent).children;
        links.put(oldName, Optional.empty());
        links.put(newName, Optional.of(new Child(newName, id)));
        changed(id).name = newName;
        step(RegistryChange.Kind.KEY_RENAMED, id, oldName);
    }

    private void requireFree(long id, long parent, String name) throws RegistryException {
        var present = child(parent, name);
        if (present != null && present.id() != id) {
            throw new RegistryException(
                    RegistryError.ALREADY_EXISTS,
                    "expected no key \"" + Names.shortened(name) + "\" beside the one to be renamed, found one");
        }
    }

    void attributes(long id, Attributes attributes) throws RegistryException {
        Hive.requireSize(attributes.security());
        require(id);
        lock(id, Kind.ATTRIBUTES, "");
        require(id);
        changed(id).attributes = attributes;
        step(RegistryChange.Kind.SECURITY_SET, id, "");
    }
}
