package dev.ktm.registry;

import dev.ktm.registry.Draft.Made;
import dev.ktm.registry.Node.Attributes;
import dev.ktm.registry.Node.Child;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.TransactionState;
import dev.ktm.tm.KtmTransaction;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A handle of a key, with fixed rights; plain, or in a transaction. Follows its key when it is renamed, and refuses when it is
 * deleted. Safe for many threads.
 *
 * <p>In a transaction it shows the transaction's own changes, and what others have committed. After a commit it reads on, plainly;
 * to write, the key has to be opened again. After a rollback it refuses everything, and says why.
 *
 * <p>Paths are relative to the key, with backslashes between names. Every method throws {@link RegistryException}, whose {@link
 * RegistryException#error} says what to make of it; what is refused has changed nothing. {@link #close} matters only where the
 * number of handles is limited.
 */
public final class RegistryKey implements AutoCloseable {

    private final Registry registry;
    private final Hive hive;
    private final long id;
    private final Set<KeyRight> rights;
    private final @Nullable KtmTransaction transaction;
    private final boolean created;
    private volatile boolean closed;

    RegistryKey(
            Registry registry,
            Hive hive,
            long id,
            Set<KeyRight> rights,
            @Nullable KtmTransaction transaction,
            boolean created) {
        this.registry = registry;
        this.hive = hive;
        this.id = id;
        this.rights = rights;
        this.transaction = transaction;
        this.created = created;
    }

    // How it is reached.

    /** A hive, a key in it, and the names that are still to be followed from there. */
    private record Place(Hive hive, long id, List<String> names) {}

    private Place place(String path) throws RegistryException {
        requireOpen();
        var names = Names.path(path);
        if (hive == registry.main() && id == Node.ROOT && !names.isEmpty()) {
            var mount = registry.mounted(names.get(0));
            if (mount != null) {
                return new Place(mount, Node.ROOT, names.subList(1, names.size()));
            }
        }
        return new Place(hive, id, names);
    }

    private void requireOpen() throws RegistryException {
        if (closed) {
            throw new RegistryException(RegistryError.INVALID_HANDLE, "expected an open handle, found it closed");
        }
        hive.requireLoaded();
    }

    private void require(KeyRight right) throws RegistryException {
        requireOpen();
        if (!rights.contains(right)) {
            throw new RegistryException(
                    RegistryError.ACCESS_DENIED, "expected a handle with the right " + right + ", found " + rights);
        }
    }

    /** What is read: as the transaction sees it, or everybody. */
    private static <T> T read(
            Hive hive, @Nullable KtmTransaction transaction, HiveWork.Access<T> drafted, Plain<T> plain)
            throws RegistryException {
        if (transaction != null) {
            var work = hive.work(transaction.unitOfWork());
            if (work != null) {
                return work.read(drafted);
            }
            requireNotAborted(transaction, null);
        }
        return plain.in(hive.tree());
    }

    /** What is read of a tree. */
    private interface Plain<T> {
        T in(Tree tree) throws RegistryException;
    }

    private static <T> T write(Hive hive, @Nullable KtmTransaction transaction, HiveWork.Access<T> access)
            throws RegistryException {
        if (transaction == null) {
            return hive.plain(access);
        }
        try {
            if (hive.work(transaction.unitOfWork()) == null) {
                requireActive(transaction);
            }
            return hive.join(transaction).write(access);
        } catch (KtmException e) {
            requireNotAborted(transaction, e);
            throw new RegistryException(
                    RegistryError.TRANSACTION_NOT_ACTIVE,
                    "the transaction takes no more participants: " + e.getMessage(),
                    e);
        }
    }

    private static void requireActive(KtmTransaction transaction) throws RegistryException {
        requireNotAborted(transaction, null);
        var state = transaction.state();
        if (state != TransactionState.ACTIVE && state != TransactionState.PRE_PREPARING) {
            throw new RegistryException(
                    RegistryError.TRANSACTION_NOT_ACTIVE,
                    "expected an active transaction, found one that is " + state + ": reopen the key in another");
        }
    }

    private static void requireNotAborted(KtmTransaction transaction, @Nullable Throwable cause)
            throws RegistryException {
        if (transaction.outcome() == Outcome.ABORTED) {
            throw new RegistryException(
                    RegistryError.TRANSACTION_ALREADY_ABORTED,
                    "expected an active transaction, found one that was rolled back: "
                            + transaction.rollbackCause().orElse("no reason is known"),
                    cause);
        }
    }

    private static Optional<Node> node(Hive hive, @Nullable KtmTransaction in, long id) throws RegistryException {
        return read(hive, in, draft -> Optional.ofNullable(draft.node(id)), tree -> Optional.ofNullable(tree.get(id)));
    }

    private Node node(KeyRight right) throws RegistryException {
        require(right);
        return node();
    }

    private Node node() throws RegistryException {
        requireOpen();
        return node(hive, transaction, id).orElseThrow(Hive::deleted);
    }

    private static long follow(Hive hive, long start, List<String> names, Children children) throws RegistryException {
        long at = start;
        for (var name : names) {
            var child = children.child(at, name);
            if (child == null) {
                throw new RegistryException(
                        RegistryError.KEY_NOT_FOUND,
                        "expected a key \"" + Names.shortened(name) + "\" in hive \"" + hive.name() + "\", found none");
            }
            at = child.id();
        }
        return at;
    }

    /** Where subkeys are found. */
    private interface Children {
        @Nullable
        Child child(long id, String name);
    }

    private static @Nullable Child child(Tree tree, long id, String name) {
        var node = tree.get(id);
        return node == null ? null : node.children().get(name);
    }

    // What it is.

    /** Its name; empty for the root. */
    public String name() throws RegistryException {
        var name = node().name();
        return name.isEmpty() && hive != registry.main() ? hive.name() : name;
    }

    /** Its path from the root of the registry; empty for that. */
    public String path() throws RegistryException {
        requireOpen();
        var names = new ArrayList<String>();
        for (long at = id; at != Node.ROOT; ) {
            var node = node(hive, transaction, at).orElseThrow(Hive::deleted);
            names.add(node.name());
            at = node.parent();
        }
        node();
        if (hive != registry.main()) {
            names.add(hive.name());
        }
        Collections.reverse(names);
        return String.join("\\", names);
    }

    /** The text that goes with it; empty if there is none. */
    public String className() throws RegistryException {
        return node(KeyRight.QUERY_VALUE).attributes().className();
    }

    /** When it, its values or the list of its subkeys was last changed. */
    public Instant lastWriteTime() throws RegistryException {
        return Instant.EPOCH.plus(node(KeyRight.QUERY_VALUE).written(), ChronoUnit.MICROS);
    }

    /** Whether it is in memory only. */
    public boolean isVolatile() {
        return Node.isVolatile(id);
    }

    /** Whether the call that gave this handle has made the key; otherwise it was there. */
    public boolean isCreated() {
        return created;
    }

    /** What this handle may do. */
    public Set<KeyRight> rights() {
        return rights;
    }

    /** The id of the transaction that this handle belongs to; empty if it is plain, or the transaction has ended. */
    public Optional<UUID> transaction() {
        var bound = transaction;
        return bound == null || bound.outcome() != Outcome.UNDETERMINED
                ? Optional.empty()
                : Optional.of(bound.unitOfWork());
    }

    // Handles.

    /** The same key, outside of transactions. */
    public RegistryKey plain() throws RegistryException {
        return open(new Place(hive, id, List.of()), null);
    }

    /** The same key in this transaction. */
    public RegistryKey in(KtmTransaction other) throws RegistryException {
        return open(new Place(hive, id, List.of()), other);
    }

    private @Nullable KtmTransaction inherited() {
        return registry.options().isInheriting() ? transaction : null;
    }

    private KtmTransaction ownOrCurrent() throws RegistryException {
        var own = transaction;
        return own == null ? registry.requireCurrent() : own;
    }

    /**
     * Opens a key: in the transaction of this handle, or, if {@linkplain RegistryOptions#isInheriting nothing is inherited}, outside
     * of transactions.
     *
     * @param wanted the rights; none for all that are granted
     */
    public RegistryKey openKey(String path, KeyRight... wanted) throws RegistryException {
        return open(place(path), inherited(), wanted);
    }

    /** Opens a key in the transaction of this handle, or, if it is plain, in that of the thread. */
    public RegistryKey openTransacted(String path, KeyRight... wanted) throws RegistryException {
        return open(place(path), ownOrCurrent(), wanted);
    }

    private RegistryKey open(Place place, @Nullable KtmTransaction in, KeyRight... wanted) throws RegistryException {
        place.hive.requireLoaded();
        long found = read(
                place.hive,
                in,
                draft -> {
                    draft.require(place.id);
                    return follow(place.hive, place.id, place.names, draft::child);
                },
                tree -> {
                    if (tree.get(place.id) == null) {
                        throw Hive.deleted();
                    }
                    return follow(place.hive, place.id, place.names, (key, name) -> child(tree, key, name));
                });
        return handle(place.hive, found, in, false, wanted);
    }

    private RegistryKey handle(Hive where, long key, @Nullable KtmTransaction in, boolean isNew, KeyRight... wanted)
            throws RegistryException {
        var node = node(where, in, key).orElseThrow(Hive::deleted);
        var permitted = node.attributes()
                .security()
                .permitted(registry.options().principals().get());
        var granted = wanted.length == 0 ? permitted : EnumSet.copyOf(List.of(wanted));
        if (granted.isEmpty() || !permitted.containsAll(granted)) {
            throw new RegistryException(
                    RegistryError.ACCESS_DENIED,
                    "expected the rights " + granted + " on key \"" + Names.shortened(node.name())
                            + "\", found that its security grants " + permitted);
        }
        where.opened(key);
        return new RegistryKey(registry, where, key, Collections.unmodifiableSet(granted), in, isNew);
    }

    /** As {@link #createKey(String, KeyCreation)}, for a durable key. */
    public RegistryKey createKey(String path) throws RegistryException {
        return createKey(path, KeyCreation.DEFAULT);
    }

    /**
     * Opens a key, or makes it, with those that are missing on the way. In the transaction of this handle, or, if nothing is
     * inherited, outside of transactions. {@link #isCreated} of the result says which.
     */
    public RegistryKey createKey(String path, KeyCreation how) throws RegistryException {
        return create(place(path), inherited(), how);
    }

    /** As {@link #createKey}, in the transaction of this handle, or, if it is plain, in that of the thread. */
    public RegistryKey createTransacted(String path, KeyCreation how) throws RegistryException {
        return create(place(path), ownOrCurrent(), how);
    }

    private RegistryKey create(Place place, @Nullable KtmTransaction in, KeyCreation how) throws RegistryException {
        require(KeyRight.CREATE_SUB_KEY);
        Made made = write(place.hive, in, draft -> draft.create(place.id, place.names, how));
        return handle(place.hive, made.id(), in, made.isNew());
    }

    /** Deletes a key without subkeys: in the transaction of this handle, or, if nothing is inherited, outside of transactions. */
    public void deleteKey(String path) throws RegistryException {
        change(place(path), inherited(), KeyRight.DELETE, Draft::delete);
    }

    /** As {@link #deleteKey}, in the transaction of this handle, or, if it is plain, in that of the thread. */
    public void deleteTransacted(String path) throws RegistryException {
        change(place(path), ownOrCurrent(), KeyRight.DELETE, Draft::delete);
    }

    /** Deletes a key and all below it, in the transaction of this handle if it has one: all or nothing. */
    public void deleteTree(String path) throws RegistryException {
        change(place(path), transaction, KeyRight.DELETE, Draft::deleteTree);
    }

    /** Renames a key, in the transaction of this handle if it has one. Everything below it, and every handle, goes with it. */
    public void renameKey(String path, String newName) throws RegistryException {
        change(place(path), transaction, KeyRight.DELETE, (draft, key) -> draft.rename(key, newName));
    }

    /** What is done with a key. */
    private interface Change {
        void apply(Draft draft, long key) throws RegistryException;
    }

    private static void change(Place place, @Nullable KtmTransaction in, KeyRight right, Change change)
            throws RegistryException {
        place.hive.requireLoaded();
        write(place.hive, in, draft -> {
            draft.require(place.id);
            long key = follow(place.hive, place.id, place.names, draft::child);
            place.hive.requirePermission(draft.node(key), right);
            change.apply(draft, key);
            return key;
        });
    }

    // What is in it.

    /** The names of its subkeys, sorted. */
    public List<String> subkeys() throws RegistryException {
        var names = new ArrayList<String>();
        node(KeyRight.ENUMERATE_SUB_KEYS).children().forEach(child -> names.add(child.name()));
        if (hive == registry.main() && id == Node.ROOT) {
            registry.mounts().forEach(mount -> names.add(mount.name()));
            names.sort(Names.ORDER);
        }
        return names;
    }

    /** Its values, sorted by their names. */
    public List<RegistryValue> values() throws RegistryException {
        return node(KeyRight.QUERY_VALUE).values().list();
    }

    /** A value; empty if there is none of this name. */
    public Optional<RegistryValue> find(String name) throws RegistryException {
        require(KeyRight.QUERY_VALUE);
        return read(
                hive,
                transaction,
                draft -> {
                    draft.require(id);
                    return Optional.ofNullable(draft.value(id, name));
                },
                tree -> {
                    var node = tree.get(id);
                    if (node == null) {
                        throw Hive.deleted();
                    }
                    return Optional.ofNullable(node.values().get(name));
                });
    }

    /**
     * A value.
     *
     * @throws RegistryException with {@link RegistryError#VALUE_NOT_FOUND} if there is none of this name
     */
    public RegistryValue value(String name) throws RegistryException {
        var found = find(name);
        if (found.isEmpty()) {
            throw new RegistryException(
                    RegistryError.VALUE_NOT_FOUND,
                    "expected a value \"" + Names.shortened(name) + "\" of key \"" + node().name() + "\", found none");
        }
        return found.get();
    }

    /** Sets a value. One that is there already keeps the case of its name. */
    public void setValue(RegistryValue value) throws RegistryException {
        require(KeyRight.SET_VALUE);
        write(hive, transaction, draft -> {
            draft.set(id, value);
            return value;
        });
    }

    /** Deletes a value, and says whether there was one. */
    public boolean deleteValue(String name) throws RegistryException {
        require(KeyRight.SET_VALUE);
        return write(hive, transaction, draft -> draft.unset(id, name));
    }

    /** Who may do what with it. */
    public KeySecurity security() throws RegistryException {
        return node(KeyRight.READ_SECURITY).attributes().security();
    }

    /** Says who may do what with it. Handles that are open keep their rights. */
    public void setSecurity(KeySecurity security) throws RegistryException {
        require(KeyRight.WRITE_SECURITY);
        write(hive, transaction, draft -> {
            draft.require(id);
            var node = draft.node(id);
            var className = node == null ? "" : node.attributes().className();
            draft.attributes(id, new Attributes(className, security));
            return security;
        });
    }

    /**
     * Has a listener told what changes in this key; and below it, if it says so. Of a plain handle: of everything that is committed,
     * one batch for each commit and each plain write. Of a transacted handle: of the transaction's own changes, at once, until it
     * ends. Other hives that appear in the root have to be watched on their own.
     *
     * @return ends it when it is closed
     */
    public RegistryWatch watch(boolean subtree, RegistryListener listener) throws RegistryException {
        return watchValues(
                subtree,
                batch -> listener.changed(
                        batch.stream().map(Watchers.Change::told).toList()));
    }

    /** As {@link #watch}, with the values. */
    RegistryWatch watchValues(boolean subtree, Watchers.Listener listener) throws RegistryException {
        var node = node(KeyRight.NOTIFY);
        var bound = transaction;
        Draft own = null;
        if (bound != null) {
            own = write(hive, bound, draft -> draft);
        }
        return hive.watchers().add(node.id(), subtree, own, listener)::run;
    }

    // Files of text.

    /**
     * Takes a file in the format of Windows' registry editor in: all of it or nothing. Paths in the file are relative to this key. In
     * the transaction of this handle, which is rolled back if it fails; if it is plain, in one of its own.
     *
     * @param prefix what each path in the file begins with and is left out, such as {@code HKEY_CURRENT_USER}; may be empty
     * @throws RegistryException with {@link RegistryError#NOT_REGISTRY_FILE} and the line, if it is not of that format
     */
    public void importFile(InputStream in, String prefix) throws IOException {
        new RegImport(registry, this, prefix).apply(RegParser.parse(in.readAllBytes()));
    }

    /**
     * Writes this key and all below it in the format of Windows' registry editor.
     *
     * @param prefix what each path begins with, such as {@code HKEY_CURRENT_USER\Software}: this key itself
     */
    public void exportFile(OutputStream out, RegFormat format, String prefix) throws IOException {
        new RegExport(format).write(this, prefix, out);
    }

    /** What is shown of a hive, from a key on. */
    interface Shown {
        void append(Tree tree, @Nullable Draft draft, long id, String path) throws RegistryException;
    }

    /** Shows this key as it is at one moment, and, if it is the root, every other hive. */
    void reading(Shown shown, String path) throws RegistryException {
        require(KeyRight.QUERY_VALUE);
        require(KeyRight.ENUMERATE_SUB_KEYS);
        show(hive, id, path, shown);
        if (hive == registry.main() && id == Node.ROOT) {
            for (var mount : registry.mounts()) {
                show(mount, Node.ROOT, path + "\\" + mount.name(), shown);
            }
        }
    }

    private void show(Hive where, long key, String path, Shown shown) throws RegistryException {
        read(
                where,
                transaction,
                draft -> {
                    shown.append(where.tree(), draft, key, path);
                    return key;
                },
                tree -> {
                    shown.append(tree, null, key, path);
                    return key;
                });
    }

    /** The transaction that it was opened in, whether it has ended or not; null if it is plain. */
    @Nullable
    KtmTransaction bound() {
        return transaction;
    }

    /** Has the transaction of this handle rolled back, so that nothing of what it has begun is committed. */
    void doom(RegistryException why) throws RegistryException {
        var bound = transaction;
        if (bound != null) {
            write(hive, bound, draft -> draft);
            var work = hive.work(bound.unitOfWork());
            if (work != null) {
                work.doom(why);
            }
        }
    }

    /** Gives the handle back. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            hive.closed(id);
        }
    }
}
