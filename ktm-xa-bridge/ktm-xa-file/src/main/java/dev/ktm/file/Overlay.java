package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import dev.ktm.file.Node.DirectoryNode;
import dev.ktm.file.Node.FileNode;
import dev.ktm.file.Node.Gone;
import dev.ktm.file.Node.Hidden;
import dev.ktm.file.Node.LinkNode;
import dev.ktm.file.Node.NameNode;
import dev.ktm.file.Node.Origin;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction has changed, laid over the committed state. Only changed names have nodes, and the directories on the way to
 * them; everything else is looked up where it lies. Guarded by the lock of its transaction.
 */
final class Overlay {

    private final Disk disk;
    private final Comparator<String> order;
    private final DirectoryNode root;
    private int changes;

    Overlay(Disk disk, NameRules rules, Disk.Stat root) {
        this(disk, rules.order(), new DirectoryNode(new Origin("", root), rules.order()), 0);
    }

    private Overlay(Disk disk, Comparator<String> order, DirectoryNode root, int changes) {
        this.disk = disk;
        this.order = order;
        this.root = root;
        this.changes = changes;
    }

    /** The same, to be changed apart from this one. */
    Overlay copy() {
        return new Overlay(disk, order, (DirectoryNode) root.copy(), changes);
    }

    boolean isEmpty() {
        return changes == 0;
    }

    /**
     * What a name stands for.
     *
     * @param node its node; none if the transaction has not touched it
     * @param committed the name under which it lies in the committed state; none if the transaction has made it
     */
    record Found(Kind kind, @Nullable Node node, @Nullable String committed) {}

    /** What a name stands for in the transaction; empty if for nothing. No link on the way is followed. */
    Optional<Found> find(String name) throws IOException {
        var located = locate(name);
        var where = located.committed();
        var node = located.node();
        if (node != null) {
            return Optional.of(new Found(node.kind(), node, where));
        }
        return where == null ? Optional.empty() : disk.kind(where).map(kind -> new Found(kind, null, where));
    }

    /** What stands for all names of something that is there already; none if it has only this one, or the transaction has made it. */
    @Nullable
    String otherNames(Found found) throws IOException {
        var node = found.node();
        var origin = node == null ? null : node.origin;
        if (origin != null) {
            return FileLocks.otherNames(origin.stat());
        }
        var committed = found.committed();
        return committed == null || found.kind() != Kind.FILE || disk.names(committed) == 1
                ? null
                : disk.stat(committed).map(FileLocks::otherNames).orElse(null);
    }

    /**
     * Where a name leads, as far as that is known without the disk.
     *
     * @param node its node; none if the transaction has not touched it
     * @param committed the name under which it lies in the committed state, if it does; with neither there is nothing
     */
    record Located(@Nullable Node node, @Nullable String committed) {
        private static final Located NOWHERE = new Located(null, null);
    }

    /** Where a name leads in the transaction. */
    Located locate(String name) {
        @Nullable DirectoryNode directory = root;
        @Nullable String committed = "";
        if (name.isEmpty()) {
            return new Located(root, "");
        }
        var parts = Names.parts(name);
        for (int i = 0; i < parts.size(); i++) {
            boolean last = i == parts.size() - 1;
            var node = directory == null ? null : directory.entries.get(parts.get(i));
            if (node != null) {
                if (node instanceof Gone) {
                    return Located.NOWHERE;
                }
                var origin = node.origin;
                committed = origin == null ? null : origin.name();
                if (last) {
                    return new Located(node, committed);
                }
                if (!(node instanceof DirectoryNode next)) {
                    return Located.NOWHERE;
                }
                directory = next;
            } else if (committed == null) {
                return Located.NOWHERE;
            } else {
                committed = Names.child(committed, parts.get(i));
                directory = null;
            }
        }
        if (committed == null || isHidden(committed)) {
            return Located.NOWHERE;
        }
        return new Located(null, committed);
    }

    private static boolean isHidden(String committed) {
        return Names.isWithin(committed, WorkArea.HIDDEN);
    }

    /** The names in a directory of the transaction. */
    Set<String> list(String name) throws IOException {
        var found = find(name).orElseThrow(() -> new java.nio.file.NoSuchFileException(name));
        if (found.kind() != Kind.DIRECTORY) {
            throw new java.nio.file.NotDirectoryException(name);
        }
        var names = new TreeSet<String>(order);
        var committed = found.committed();
        if (committed != null) {
            names.addAll(disk.list(committed));
            names.removeIf(each -> isHidden(Names.child(committed, each)));
        }
        if (found.node() instanceof DirectoryNode directory) {
            directory.entries.forEach((each, node) -> {
                if (node instanceof Gone) {
                    names.remove(each);
                } else {
                    names.add(each);
                }
            });
        }
        return names;
    }

    /** The node of a directory, made if the transaction has not touched it. */
    DirectoryNode directory(String name) throws IOException {
        if (name.isEmpty()) {
            return root;
        }
        var parent = directory(Names.parent(name));
        var node = parent.entries.get(Names.last(name));
        if (node instanceof DirectoryNode directory) {
            return directory;
        }
        var origin = parent.origin;
        if (node != null || origin == null) {
            throw new java.nio.file.NoSuchFileException(name);
        }
        var committed = Names.child(origin.name(), Names.last(name));
        var stat = disk.stat(committed).orElseThrow(() -> new java.nio.file.NoSuchFileException(name));
        if (!stat.isDirectory()) {
            throw new java.nio.file.NotDirectoryException(name);
        }
        var made = new DirectoryNode(new Origin(committed, stat), order);
        parent.entries.put(Names.last(name), made);
        return made;
    }

    /** The node of what a name stands for, made if the transaction has not touched it. */
    Node touch(String name) throws IOException {
        changes++;
        var located = locate(name);
        var node = located.node();
        if (node != null) {
            return node;
        }
        var committed = located.committed();
        var stat = (committed == null ? Optional.<Disk.Stat>empty() : disk.stat(committed))
                .orElseThrow(() -> new java.nio.file.NoSuchFileException(name));
        if (stat.isDirectory()) {
            return directory(name);
        }
        var origin = new Origin(java.util.Objects.requireNonNull(committed), stat);
        var made = switch (stat.kind()) {
            case FILE -> new FileNode(origin);
            case LINK -> new LinkNode(origin, disk.readLink(origin.name()));
            default ->
                throw new TxfException(
                        TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                        name,
                        "expected a file, a directory or a link, found a special file");
        };
        directory(Names.parent(name)).entries.put(Names.last(name), made);
        return made;
    }

    /** A directory that the transaction makes. */
    DirectoryNode newDirectory() {
        return new DirectoryNode(null, order);
    }

    /** Has a name stand for something that stands for nothing, neither in the transaction nor in the committed state. */
    void putNew(String name, Node node) throws IOException {
        changes++;
        directory(Names.parent(name)).entries.put(Names.last(name), node);
    }

    /** The node of a file that the transaction has not touched, made from what is known of it. */
    FileNode touchFile(String name, Origin origin) throws IOException {
        changes++;
        var made = new FileNode(origin);
        directory(Names.parent(name)).entries.put(Names.last(name), made);
        return made;
    }

    /** Has a name stand for something else. */
    void put(String name, Node node) throws IOException {
        changes++;
        var parent = directory(Names.parent(name));
        hide(parent, Names.last(name));
        parent.entries.put(Names.last(name), node);
    }

    /** Has a name stand for nothing. */
    void remove(String name) throws IOException {
        changes++;
        var parent = directory(Names.parent(name));
        var last = Names.last(name);
        hide(parent, last);
        if (parent.hidden.containsKey(last)) {
            parent.entries.put(last, Gone.INSTANCE);
        } else {
            parent.entries.remove(last);
        }
    }

    /** Remembers the committed object of this name, if there is one. */
    private void hide(DirectoryNode parent, String last) throws IOException {
        var origin = parent.origin;
        if (origin == null) {
            rememberFormer(parent.entries.get(last));
            return;
        }
        var committed = Names.child(origin.name(), last);
        var node = parent.entries.get(last);
        if (!parent.hidden.containsKey(last)) {
            var stat = disk.stat(committed);
            if (stat.isPresent()) {
                var former = node instanceof DirectoryNode directory && isAt(directory, committed) ? directory : null;
                parent.hidden.put(last, new Hidden(stat.get(), former));
                return;
            }
        }
        rememberFormer(node);
    }

    /** A directory that was moved here and goes now: what was done in it belongs to the place that it has come from. */
    private void rememberFormer(@Nullable Node node) throws IOException {
        if (node instanceof DirectoryNode directory) {
            var origin = directory.origin;
            if (origin != null) {
                var home = homeOf(origin.name());
                var last = Names.last(origin.name());
                var was = home == null ? null : home.hidden.get(last);
                if (home != null && was != null) {
                    home.hidden.put(last, new Hidden(was.stat(), directory));
                }
            }
        }
    }

    /** The node of the committed directory that a committed object lies in, wherever it is in the transaction. */
    private @Nullable DirectoryNode homeOf(String committed) {
        return find(root, Names.parent(committed));
    }

    private static @Nullable DirectoryNode find(DirectoryNode at, String committed) {
        if (isAt(at, committed)) {
            return at;
        }
        for (var node : at.entries.values()) {
            var found = node instanceof DirectoryNode directory ? find(directory, committed) : null;
            if (found != null) {
                return found;
            }
        }
        for (var was : at.hidden.values()) {
            var former = was.former();
            var found = former == null ? null : find(former, committed);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private static boolean isAt(Node node, String committed) {
        var origin = node.origin;
        return origin != null && origin.name().equals(committed);
    }

    // What it comes to.

    /** Turns a file into the step that brings it about. */
    interface FileSteps {
        /**
         * Adds the step.
         *
         * @param before what has the name now; empty if nothing has
         */
        void add(String name, FileNode file, Optional<Seen> before, List<Step> steps) throws IOException;
    }

    /** The steps that bring the whole about. */
    List<Step> steps(FileSteps files) throws IOException {
        var moved = new HashSet<String>();
        var places = new HashMap<String, String>();
        collectMoved(root, "", moved, places);
        moveLastNames(root, "", moved, places);
        var deletes = new ArrayList<Step>();
        var moves = new ArrayList<Step>();
        var others = new ArrayList<Step>();
        walk(root, "", moved, new Sink(deletes, moves, others, files, places));
        var origin = root.origin;
        if (origin != null && !root.attributes.isEmpty()) {
            others.add(new Step.SetAttributes("", seen(origin), root.attributes));
        }
        var all = new ArrayList<Step>(deletes);
        all.addAll(moves);
        all.addAll(others);
        return all;
    }

    /**
     * Where steps go.
     *
     * @param places where committed objects are in the transaction, by their committed names
     */
    private record Sink(
            List<Step> deletes, List<Step> moves, List<Step> others, FileSteps files, Map<String, String> places) {}

    /** The committed names of what only gets another name. */
    private static void collectMoved(
            DirectoryNode directory, String name, Set<String> moved, Map<String, String> places) {
        directory.entries.forEach((last, node) -> {
            var origin = node.origin;
            if (origin != null && !(node instanceof NameNode)) {
                places.put(origin.name(), Names.child(name, last));
            }
            if (origin != null && !isInPlace(directory, last, node) && isMovedAsItIs(node)) {
                moved.add(origin.name());
            }
            if (node instanceof DirectoryNode next) {
                collectMoved(next, Names.child(name, last), moved, places);
            }
        });
    }

    /** A name that was added to a file whose first name has gone since is its new place. */
    private void moveLastNames(DirectoryNode directory, String name, Set<String> moved, Map<String, String> places)
            throws IOException {
        for (var each : directory.entries.entrySet()) {
            var full = Names.child(name, each.getKey());
            if (each.getValue() instanceof NameNode node
                    && node.origin != null
                    && placeOf(node.origin.name(), places).isEmpty()) {
                moved.add(node.origin.name());
                places.put(node.origin.name(), full);
            } else if (each.getValue() instanceof DirectoryNode next) {
                moveLastNames(next, full, moved, places);
            }
        }
    }

    /** Where a committed object is in the transaction; empty if it has gone. */
    private Optional<String> placeOf(String committed, Map<String, String> places) throws IOException {
        var prefix = committed;
        while (true) {
            var place = prefix.isEmpty() ? "" : places.get(prefix);
            if (place != null) {
                var full = prefix.equals(committed)
                        ? place
                        : Names.child(place, committed.substring(prefix.isEmpty() ? 0 : prefix.length() + 1));
                return find(full)
                        .filter(found -> committed.equals(found.committed()))
                        .map(found -> full);
            }
            prefix = Names.parent(prefix);
        }
    }

    private static boolean isMovedAsItIs(Node node) {
        return !(node instanceof NameNode) && !(node instanceof FileNode file && file.content != null);
    }

    private static boolean isInPlace(DirectoryNode directory, String last, Node node) {
        var parent = directory.origin;
        return parent != null && isAt(node, Names.child(parent.name(), last));
    }

    private void walk(DirectoryNode directory, String name, Set<String> moved, Sink sink) throws IOException {
        for (var each : directory.entries.entrySet()) {
            var last = each.getKey();
            var node = each.getValue();
            var full = Names.child(name, last);
            var origin = node.origin;
            boolean inPlace = isInPlace(directory, last, node);
            var before =
                    inPlace && origin != null ? Optional.of(seen(origin)) : hidden(directory, last, node, moved, sink);
            if (node instanceof FileNode file && file.content != null) {
                sink.files.add(full, file, before, sink.others);
            } else if (node instanceof NameNode && origin != null) {
                var existing = placeOf(origin.name(), sink.places).orElseThrow();
                sink.others.add(
                        existing.equals(full)
                                ? new Step.Move(origin.name(), full, seen(origin), before)
                                : new Step.AddName(existing, full, seen(origin), before));
            } else if (origin != null) {
                if (!inPlace) {
                    sink.moves.add(new Step.Move(origin.name(), full, seen(origin), before));
                }
                if (!node.attributes.isEmpty()) {
                    sink.others.add(new Step.SetAttributes(full, seen(origin), node.attributes));
                }
            } else if (node instanceof DirectoryNode) {
                sink.others.add(new Step.MakeDirectory(full, node.attributes));
            } else if (node instanceof LinkNode link) {
                sink.others.add(new Step.MakeLink(full, before, link.target));
            }
            if (node instanceof DirectoryNode next) {
                walk(next, full, moved, sink);
            }
        }
        for (var each : directory.hidden.entrySet()) {
            if (!directory.entries.containsKey(each.getKey())) {
                throw new IllegalStateException("expected a node over the hidden " + each.getKey() + ", found none");
            }
        }
    }

    private Seen seen(Origin origin) throws IOException {
        return Seen.of(disk, origin.name(), origin.stat());
    }

    /** Deletes the committed object of a name that stands for something else, unless it is only replaced; then, what it is. */
    private Optional<Seen> hidden(DirectoryNode directory, String last, Node node, Set<String> moved, Sink sink)
            throws IOException {
        var was = directory.hidden.get(last);
        var parent = directory.origin;
        if (was == null || parent == null) {
            return Optional.empty();
        }
        var committed = Names.child(parent.name(), last);
        if (moved.contains(committed)) {
            // What was done inside is done where it is now.
            return Optional.empty();
        }
        boolean replaced = !was.stat().isDirectory() && (node.kind() == Kind.FILE || node.kind() == Kind.LINK);
        if (replaced && !(node instanceof Gone)) {
            return Optional.of(Seen.of(disk, committed, was.stat()));
        }
        delete(committed, was, moved, sink);
        return Optional.empty();
    }

    private void delete(String committed, Hidden was, Set<String> moved, Sink sink) throws IOException {
        var former = was.former();
        if (former != null) {
            for (var each : former.hidden.entrySet()) {
                var inside = Names.child(committed, each.getKey());
                if (!moved.contains(inside)) {
                    delete(inside, each.getValue(), moved, sink);
                }
            }
        }
        sink.deletes.add(new Step.Delete(committed, Seen.of(disk, committed, was.stat())));
    }

    /** The nodes of all files, also of those in directories that have gone. */
    List<FileNode> files() {
        var all = new ArrayList<FileNode>();
        collectFiles(root, all);
        return all;
    }

    private static void collectFiles(DirectoryNode directory, List<FileNode> all) {
        for (var node : directory.entries.values()) {
            if (node instanceof FileNode file) {
                all.add(file);
            } else if (node instanceof DirectoryNode next) {
                collectFiles(next, all);
            }
        }
        for (var was : directory.hidden.values()) {
            var former = was.former();
            if (former != null) {
                collectFiles(former, all);
            }
        }
    }

    /** The committed objects that the transaction relies on: what they were when it touched them. */
    Map<String, Disk.Stat> origins() {
        var all = new HashMap<String, Disk.Stat>();
        collect(root, all);
        return all;
    }

    private static void collect(DirectoryNode directory, Map<String, Disk.Stat> all) {
        var parent = directory.origin;
        directory.hidden.forEach((last, was) -> {
            if (parent != null) {
                all.put(Names.child(parent.name(), last), was.stat());
            }
            var former = was.former();
            if (former != null) {
                collect(former, all);
            }
        });
        for (var node : directory.entries.values()) {
            var origin = node.origin;
            if (origin != null) {
                all.putIfAbsent(origin.name(), origin.stat());
            }
            if (node instanceof DirectoryNode next) {
                collect(next, all);
            }
        }
    }
}
