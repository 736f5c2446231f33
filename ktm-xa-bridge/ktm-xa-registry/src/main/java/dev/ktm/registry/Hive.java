package dev.ktm.registry;

import dev.ktm.log.LogException;
import dev.ktm.redo.RedoResourceManager;
import dev.ktm.redo.RedoStore;
import dev.ktm.redo.RedoWork;
import dev.ktm.rm.KtmException;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.TransactionOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One hive: a tree of keys, its stream of the log, and its checkpoints.
 *
 * <p><b>Theory of operation.</b> All that is committed is one immutable tree behind one volatile field: whoever reads takes it and
 * needs no lock. Transactions and plain writes collect what they change in a {@link Draft}, and take {@link Locks} meanwhile. When
 * it is decided, the changes are applied to whatever tree there is then, under the log's lock over the order of commits; the locks
 * have seen to it that this cannot fail. A plain write is the same in one step, logged as a note.
 *
 * <p>A checkpoint is written from a tree while the work goes on: the tree does not change. What a crash may have cut off is made up
 * for by the log, which keeps everything since the checkpoint before the last.
 *
 * <p>Locks are taken in this order: that of plain writes; that of a transaction's draft; the log's over the order of commits; the
 * latch of the locks.
 */
final class Hive implements RedoStore {

    static final int MOST_VALUE_BYTES = 16 << 20;
    static final int MOST_CLASS_CHARACTERS = 16_383;
    static final int MOST_SECURITY_BYTES = 32 << 10;

    /**
     * The version of what the log says of the files, big-endian.
     * <pre>
     *   0         1      17       25
     *   | version | hive | begins |
     * </pre>
     * The log has what came after the LSN {@code begins}; negative if it has everything, or if the hive was unloaded.
     */
    private static final byte RESTART_VERSION = 1;

    private static final int RESTART_BYTES = 1 + 3 * Long.BYTES;
    private static final long UNLOADED = -2;
    /** Two checkpoints at once if the log has to keep more than this part of what it holds. */
    private static final int LAG_PART = 4;

    private final Registry registry;
    private final String name;
    private final HiveFiles files;
    private final Locks locks;
    private final Watchers watchers;
    private final AtomicLong nextId = new AtomicLong(Node.ROOT + 1);
    private final AtomicLong nextVolatileId = new AtomicLong(1);
    private final Map<UUID, HiveWork> works = new ConcurrentHashMap<>();

    /** How often keys are open; kept only if that is limited. */
    private final Map<Long, Integer> handles = new ConcurrentHashMap<>();

    /** Nobody joins while it is unloaded. */
    private final ReentrantLock joining = new ReentrantLock();

    private volatile Tree tree;
    private volatile boolean settled;
    private volatile boolean unloading;
    private volatile boolean unloaded;
    private volatile @Nullable RedoResourceManager resourceManager;

    /** What is known of the last checkpoint. Written while it is opened, and by whoever makes a checkpoint. */
    private volatile @Nullable UUID identity;

    private volatile long sequence;
    private volatile long checkpointed = -1;
    private volatile long forgotten = -1;
    private volatile String repaired = "";

    /** Whether the checkpoint that it was loaded from says so. */
    private volatile boolean needsNoLog;

    /** Whether its content comes from a file that has nothing to do with this log. */
    private volatile boolean adopted;

    private Hive(Registry registry, String name, String prefix) {
        this.registry = registry;
        this.name = name;
        this.files = new HiveFiles(registry.device(), name);
        this.locks = new Locks(registry.options().isPlainWins());
        this.watchers = new Watchers(prefix, registry.dispatcher());
        this.tree = Tree.empty(0);
    }

    /**
     * Loads a hive, or makes it.
     *
     * @param prefix what its paths begin with
     */
    static Hive open(Registry registry, String name, String prefix) throws RegistryException {
        var hive = new Hive(registry, name, prefix);
        try {
            hive.resourceManager = RedoResourceManager.open(
                    registry.ktm().manager(), "registry", registry.name() + "/" + name.toLowerCase(Locale.ROOT), hive);
            hive.settle();
            hive.settled = true;
            hive.resourceManager().opened();
            return hive;
        } catch (RegistryException e) {
            hive.closeQuietly();
            throw e;
        } catch (KtmException | IOException e) {
            hive.closeQuietly();
            throw new RegistryException(
                    RegistryError.IO_FAILED, "hive \"" + name + "\" cannot be loaded: " + e.getMessage(), e);
        }
    }

    private void closeQuietly() {
        var opened = resourceManager;
        if (opened != null) {
            opened.close();
        }
    }

    // What everybody asks.

    String name() {
        return name;
    }

    Tree tree() {
        return tree;
    }

    Locks locks() {
        return locks;
    }

    Watchers watchers() {
        return watchers;
    }

    private RedoResourceManager resourceManager() {
        return Objects.requireNonNull(resourceManager);
    }

    long nextId(boolean isVolatile) {
        return isVolatile ? -nextVolatileId.getAndIncrement() : nextId.getAndIncrement();
    }

    /** In microseconds since 1970. */
    long now() {
        return ChronoUnit.MICROS.between(
                Instant.EPOCH, registry.options().clock().instant());
    }

    static RegistryException deleted() {
        return new RegistryException(
                RegistryError.KEY_DELETED, "expected a key that exists, found that it has been deleted");
    }

    static void requireSize(RegistryValue value) throws RegistryException {
        if (value.bytes().length > MOST_VALUE_BYTES) {
            throw new RegistryException(
                    RegistryError.VALUE_TOO_LARGE,
                    "expected a value of at most " + MOST_VALUE_BYTES + " bytes, found " + value.bytes().length);
        }
    }

    static void requireClass(String className) throws RegistryException {
        if (className.length() > MOST_CLASS_CHARACTERS) {
            throw new RegistryException(
                    RegistryError.VALUE_TOO_LARGE,
                    "expected a class of at most " + MOST_CLASS_CHARACTERS + " characters, found "
                            + className.length());
        }
    }

    static void requireSize(KeySecurity security) throws RegistryException {
        int bytes = Encoding.bytes(security);
        if (bytes > MOST_SECURITY_BYTES) {
            throw new RegistryException(
                    RegistryError.VALUE_TOO_LARGE,
                    "expected a security of at most " + MOST_SECURITY_BYTES + " bytes, found one of " + bytes + " for "
                            + security.grants().size() + " principals: grant to groups instead");
        }
    }

    void requirePermission(@Nullable Node node, KeyRight right) throws RegistryException {
        if (node == null) {
            throw deleted();
        }
        var security = node.attributes().security();
        if (!security.permitted(registry.options().principals().get()).contains(right)) {
            throw new RegistryException(
                    RegistryError.ACCESS_DENIED,
                    "expected the right " + right + " on key \"" + Names.shortened(node.name())
                            + "\", found that its security does not grant it");
        }
    }

    static RegistryException alreadyThere(String name) {
        return new RegistryException(
                RegistryError.ALREADY_EXISTS,
                "expected no key \"" + Names.shortened(name) + "\" in the root, found one, or a hive");
    }

    /** Refuses if a hive has this name, which a subkey of this key is to get. */
    void requireNoHive(long key, String subkey) throws RegistryException {
        if (key == Node.ROOT && name.equals(Registry.MAIN) && registry.mounted(subkey) != null) {
            throw alreadyThere(subkey);
        }
    }

    /** What is done while nobody makes a certain key. */
    interface Loading {
        void run() throws RegistryException;
    }

    /** Loads a hive in a place of the root where no key is, and none comes meanwhile. */
    void keepingFree(String subkey, Loading loading) throws RegistryException {
        var owner = new Locks.Owner(false);
        try {
            locks.take(owner, Node.ROOT, Locks.Kind.CHILD, subkey);
            // Plain writes do not take it away from here on.
            locks.seal(owner);
            var root = tree.get(Node.ROOT);
            if (root != null && root.children().get(subkey) != null) {
                throw alreadyThere(subkey);
            }
            loading.run();
        } finally {
            locks.end(owner);
        }
    }

    void requireLoaded() throws RegistryException {
        if (unloaded) {
            throw new RegistryException(
                    RegistryError.HIVE_NOT_LOADED, "expected hive \"" + name + "\" to be loaded, found it unloaded");
        }
    }

    HiveStatus status() {
        var now = tree;
        return new HiveStatus(
                name, sequence, now.durable().size() + now.fleeting().size(), works.size(), repaired);
    }

    // Handles.

    /** One more handle of a key, if there is a limit. */
    void opened(long key) throws RegistryException {
        int most = registry.options().mostHandles();
        if (most > 0 && handles.merge(key, 1, Integer::sum) > most) {
            closed(key);
            throw new RegistryException(
                    RegistryError.TOO_MANY_HANDLES, "expected at most " + most + " open handles of a key, found them");
        }
    }

    void closed(long key) {
        handles.computeIfPresent(key, (same, count) -> count == 1 ? null : count - 1);
    }

    // Transactions.

    /** What this transaction has done here so far; null if that is nothing. */
    @Nullable
    HiveWork work(UUID unitOfWork) {
        return works.get(unitOfWork);
    }

    /** Has the transaction take part. */
    HiveWork join(KtmTransaction transaction) throws RegistryException, KtmException {
        var unitOfWork = transaction.unitOfWork();
        var known = works.get(unitOfWork);
        if (known != null) {
            return known;
        }
        joining.lock();
        try {
            requireLoaded();
            var meanwhile = works.get(unitOfWork);
            if (meanwhile != null) {
                return meanwhile;
            }
            return enlisted(unitOfWork, new Draft(this, new Locks.Owner(false)));
        } finally {
            joining.unlock();
        }
    }

    private HiveWork enlisted(UUID unitOfWork, Draft draft) throws KtmException {
        var work = new HiveWork(this, unitOfWork, draft);
        // Before it is enlisted: its rollback may come at any time from then on.
        works.put(unitOfWork, work);
        try {
            work.belongsTo(resourceManager().enlist(unitOfWork, work));
            return work;
        } catch (KtmException | RuntimeException e) {
            works.remove(unitOfWork, work);
            throw e;
        }
    }

    void ended(UUID unitOfWork, HiveWork work) {
        works.remove(unitOfWork, work);
        watchers.ended(work.draft());
    }

    /** Everybody sees these changes from now on. Called under the lock that orders commits. */
    void show(Draft draft) {
        var before = tree;
        var after = KeyChange.apply(draft.changes(), before);
        tree = after;
        watchers.shown(before, after, draft.steps());
    }

    // Plain writes.

    /** Changes something outside of transactions: at once for everybody, and durable with whatever is forced next. */
    <T> T plain(HiveWork.Access<T> access) throws RegistryException {
        var owner = locks.beginPlain();
        try {
            requireLoaded();
            var draft = new Draft(this, owner);
            T result = access.in(draft);
            if (!draft.isEmpty()) {
                write(draft);
            }
            return result;
        } finally {
            locks.endPlain(owner);
        }
    }

    private void write(Draft draft) throws RegistryException {
        try {
            var note = Encoding.encode(draft.changes());
            if (note.isEmpty()) {
                locks.seal(draft.owner());
                resourceManager().at(lsn -> {
                    show(draft);
                    return lsn;
                });
            } else if (note.get().remaining() > resourceManager().maxNoteBytes()) {
                locks.seal(draft.owner());
                commit(draft);
            } else if (locks.isUnopposed(draft.owner())) {
                resourceManager().note(note.get(), lsn -> show(draft));
            } else {
                // Nobody is rolled back for something that finds no room.
                try (var space = resourceManager().reserve(note.get())) {
                    locks.seal(draft.owner());
                    resourceManager().note(space, note.get(), lsn -> show(draft));
                }
            }
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw new RegistryException(RegistryError.IO_FAILED, "the change cannot be logged: " + e.getMessage(), e);
        }
    }

    /** What is too large for a note is a transaction of its own. */
    private void commit(Draft draft) throws RegistryException {
        try (var transaction = registry.ktm()
                .manager()
                .createTransaction(TransactionOptions.DEFAULT.withDescription("a plain write to the registry"))) {
            enlisted(transaction.unitOfWork(), draft);
            transaction.commit();
        } catch (KtmException e) {
            throw new RegistryException(RegistryError.IO_FAILED, "the change cannot be logged: " + e.getMessage(), e);
        }
    }

    // What an earlier life has left.

    @Override
    public void restore(ByteBuffer checkpoint) throws IOException {
        if (checkpoint.remaining() != RESTART_BYTES || checkpoint.get() != RESTART_VERSION) {
            throw new RegistryException(
                    RegistryError.HIVE_CORRUPT,
                    "expected a restart area of hive \"" + name + "\" of version " + RESTART_VERSION
                            + ", found another: use a newer version");
        }
        var hive = new UUID(checkpoint.getLong(), checkpoint.getLong());
        long begins = checkpoint.getLong();
        if (begins == UNLOADED) {
            // As if there were nothing in the log.
            return;
        }
        files.logBegins(begins);
        forgotten = begins;
        var newest = files.newest(Optional.of(hive));
        if (newest.isEmpty() ? begins >= 0 : newest.get().covered() < begins) {
            if (registry.options().isAdopting() && newest.isEmpty()) {
                adopt();
                return;
            }
            throw new RegistryException(
                    RegistryError.HIVE_CORRUPT,
                    "expected a checkpoint of hive \"" + name + "\" that has everything up to LSN " + begins + " at "
                            + files.location() + ", found "
                            + newest.map(found -> "one up to LSN " + found.covered())
                                    .orElse("none that is whole")
                            + files.damage() + ": put a copy of the file there, or adopt what there is");
        }
        identity = hive;
        newest.ifPresent(this::take);
    }

    private void take(HiveFiles.Found found) {
        tree = found.tree();
        nextId.set(found.nextId());
        sequence = found.sequence();
        checkpointed = found.covered();
        needsNoLog = found.isUnloaded();
    }

    private void adopt() throws IOException {
        var found = files.newest(Optional.empty());
        if (found.isEmpty()) {
            throw new RegistryException(
                    RegistryError.HIVE_CORRUPT,
                    "expected a checkpoint of hive \"" + name + "\" to be adopted at " + files.location()
                            + ", found none that is whole" + files.damage());
        }
        take(found.get());
        checkpointed = -1;
        adopted = true;
    }

    @Override
    public void redo(long lsn, List<ByteBuffer> redo) throws IOException {
        apply(lsn, Encoding.decode(redo));
    }

    @Override
    public void note(long lsn, ByteBuffer note) throws IOException {
        apply(lsn, Encoding.decode(List.of(note)));
    }

    private void apply(long lsn, List<KeyChange> changes) {
        know(changes);
        // An adopted hive has nothing to do with what the log says.
        if (lsn > checkpointed && !adopted) {
            tree = KeyChange.apply(changes, tree);
        }
    }

    private void know(List<KeyChange> changes) {
        for (var change : changes) {
            nextId.accumulateAndGet(change.id + 1, Math::max);
        }
    }

    @Override
    public RedoWork prepared(UUID unitOfWork, List<ByteBuffer> redo) throws IOException {
        var changes = Encoding.decode(redo);
        know(changes);
        if (adopted) {
            System.getLogger(Hive.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "hive \"" + name + "\" is adopted: what transaction " + unitOfWork
                                    + " has prepared in the one before it is dropped");
            changes = List.of();
        }
        var draft = new Draft(this, new Locks.Owner(false), changes);
        draft.takeLocks();
        draft.retrace();
        locks.seal(draft.owner());
        var work = new HiveWork(this, unitOfWork, draft);
        works.put(unitOfWork, work);
        return work;
    }

    @Override
    public void restored() throws IOException {
        if (identity == null && !adopted && files.exist()) {
            if (files.unloaded().isEmpty() && !registry.options().isAdopting()) {
                throw new RegistryException(
                        RegistryError.HIVE_CORRUPT,
                        "expected a new hive \"" + name + "\", as this log knows of none, found " + files.location()
                                + ": bring the log back that belongs to it, or adopt it as it is");
            }
            adopt();
        }
    }

    /** After it was loaded, before anybody works in it. */
    private void settle() throws IOException, KtmException {
        if (adopted) {
            identity = UUID.randomUUID();
            // Until the log knows of it, it needs none: a crash in between leaves what can be adopted again.
            unloading = true;
            try {
                checkpoint();
                files.deleteBefore();
                forgotten = checkpointed;
                files.logBegins(forgotten);
                resourceManager().dropRedo();
                resourceManager().checkpoint(forgotten, restartArea());
            } finally {
                unloading = false;
            }
            checkpoint();
        } else if (identity == null) {
            identity = UUID.randomUUID();
            tree = Tree.empty(now());
            resourceManager().checkpoint(0, restartArea());
        } else if (!files.damage().isEmpty()) {
            repaired = String.join("; ", files.damage());
            System.getLogger(Hive.class.getName())
                    .log(System.Logger.Level.WARNING, "hive \"" + name + "\" is repaired from the log: " + repaired);
            checkpoint();
        } else if (needsNoLog) {
            // It does from here on.
            checkpoint();
        }
    }

    // Checkpoints.

    private ByteBuffer restartArea() {
        return restartArea(forgotten);
    }

    private ByteBuffer restartArea(long begins) {
        var hive = Objects.requireNonNull(identity);
        return ByteBuffer.allocate(RESTART_BYTES)
                .put(RESTART_VERSION)
                .putLong(hive.getMostSignificantBits())
                .putLong(hive.getLeastSignificantBits())
                .putLong(begins)
                .flip();
    }

    private record Seen(Tree tree, long covered, long nextId) {}

    private Seen seen() {
        return resourceManager().at(lsn -> new Seen(tree, lsn, nextId.get()));
    }

    @Override
    public void tidy() throws IOException {
        if (resourceManager == null || !settled || unloaded) {
            // It is being loaded, or its file is for others from here on.
            return;
        }
        try {
            if (unloading || seen().covered() != checkpointed || forgotten != checkpointed) {
                checkpoint();
                if (lags()) {
                    // The log may be full of what this one has, too.
                    checkpoint();
                }
            }
        } catch (KtmException e) {
            throw new RegistryException(RegistryError.IO_FAILED, String.valueOf(e.getMessage()), e);
        }
    }

    private boolean lags() throws KtmException, IOException {
        var stats = registry.ktm().manager().log().orElseThrow().stats();
        return forgotten >= 0 && checkpointed - forgotten > stats.containers() * stats.containerBytes() / LAG_PART;
    }

    private void checkpoint() throws IOException, KtmException {
        var seen = seen();
        // What is in the file shall not be ahead of the log.
        registry.ktm().manager().forceLog();
        long next = sequence + 1;
        long safe = files.write(new HiveFiles.Checkpoint(
                Objects.requireNonNull(identity), next, seen.covered(), seen.tree(), seen.nextId(), unloading));
        sequence = next;
        checkpointed = seen.covered();
        if (safe > forgotten) {
            forgotten = safe;
            resourceManager().checkpoint(safe, restartArea());
        }
    }

    /** Makes a checkpoint now. */
    void tidyNow() throws RegistryException {
        try {
            resourceManager().tidy();
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw new RegistryException(
                    RegistryError.IO_FAILED,
                    "no checkpoint of hive \"" + name + "\" can be made: " + e.getMessage(),
                    e);
        }
    }

    // The end.

    /** Takes nothing more, and lets go of its files and of its stream, which need nothing of each other then. */
    void unload() throws RegistryException {
        var owner = locks.beginPlain();
        joining.lock();
        try {
            requireLoaded();
            if (!works.isEmpty()) {
                throw new RegistryException(
                        RegistryError.TRANSACTIONS_PENDING,
                        "expected that no transaction has work in hive \"" + name + "\", found " + works.keySet()
                                + ": end them first");
            }
            // Whoever only has an empty stream would hold up the whole log by it, and could not be asked to move on.
            unloading = true;
            tidyNow();
            unloaded = true;
            // That the stream is empty is not durable at once, and the file may be moved, or loaded again, from here
            // on.
            resourceManager().checkpoint(checkpointed, restartArea(UNLOADED));
            resourceManager().forget();
        } catch (LogException e) {
            throw new RegistryException(
                    RegistryError.IO_FAILED, "hive \"" + name + "\" cannot be unloaded: " + e.getMessage(), e);
        } finally {
            unloading = false;
            joining.unlock();
            locks.endPlain(owner);
        }
        resourceManager().close();
    }

    /** Rolls back what is active. What is prepared is taken up when it is loaded again. */
    void close() {
        joining.lock();
        try {
            unloaded = true;
        } finally {
            joining.unlock();
        }
        resourceManager().close();
    }
}
