package dev.ktm.file;

import dev.ktm.log.Lsn;
import dev.ktm.redo.RedoResourceManager;
import dev.ktm.redo.RedoStore;
import dev.ktm.redo.RedoWork;
import dev.ktm.rm.KtmException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The files below one root, and everything that is known of them in this life.
 *
 * <p><b>Theory of operation.</b> What a transaction writes lies in memory or in the work area and is laid over the committed state for
 * itself alone. Its vote appends its steps to the log, with the content of small files; large ones are forced in the work area. Once
 * it is decided the steps are taken, mostly renames: under the lock over the tree if there are several, so that nobody sees only
 * some of them. Nothing of that is forced until the log wants to forget it: then a checkpoint forces what was touched since the
 * last one. A crash before that has the steps taken again from the log.
 *
 * <p>A step that cannot be taken, because the disk is full, stops the manager: nobody sees anything any more until it is done, which
 * is tried again and again.
 */
final class ManagedRoot implements RedoStore {

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long MOST_INLINE_BYTES = 16L << 20;
    /** The part of the log that the files of one transaction may take, so that there is room for others beside it. */
    private static final int INLINE_PER_LOG = 8;

    private final Disk disk;
    private final WorkArea area;
    private final FileOptions options;
    private final InstantSource clock;
    private final BiConsumer<String, Exception> onStop;
    private final FileLocks locks = new FileLocks();
    private final ReentrantReadWriteLock tree = new ReentrantReadWriteLock();
    /** Over directories that are opened for a while, and whatever else sets rights; taken after that over the tree. */
    private final ReentrantLock opening = new ReentrantLock();

    private final Forcing forcing;

    private final Map<UUID, FileWork> works = new ConcurrentHashMap<>();
    private final ReentrantLock joining = new ReentrantLock();

    private final RootIdentity identity;
    private volatile NameRules names = NameRules.EXACT;

    /** What the root's directory was when it was opened. */
    private volatile Disk.@Nullable Stat directory;

    private final SettingsFile settingsFile;
    private volatile FileSettings settings = FileSettings.defaults();

    private final Touched touched = new Touched();

    private final Set<TreeWatcher> watchers = ConcurrentHashMap.newKeySet();
    private final LongAdder onePhaseCommits = new LongAdder();
    private final LongAdder twoPhaseCommits = new LongAdder();
    private final LongAdder rollbacks = new LongAdder();
    private final Replay replay = new Replay();
    private @Nullable RedoResourceManager resourceManager;
    private volatile long mostInlineBytes;

    /** Why nothing can be done at the moment; empty if everything can. */
    private volatile String stopped = "it is not open yet";

    /** Whether it is being opened, and nothing is in its place yet. */
    private volatile boolean replaying = true;

    /** Those that have committed meanwhile. */
    private final Set<FileWork> finishing = ConcurrentHashMap.newKeySet();

    /** Whose committed changes cannot be made. */
    private final Set<FileWork> stuck = ConcurrentHashMap.newKeySet();

    /** Whether only opening it again helps. */
    private volatile boolean failed;

    private volatile boolean closed;

    /**
     * What a root lives in.
     *
     * @param onStop is told why everything has stopped, and what it was
     */
    record Surroundings(Disk disk, InstantSource clock, BiConsumer<String, Exception> onStop) {

        /** What there is outside of tests. */
        static Surroundings real(Disk disk) {
            return new Surroundings(
                    disk,
                    InstantSource.system(),
                    (why, failure) ->
                            System.getLogger(ManagedRoot.class.getName()).log(System.Logger.Level.ERROR, why, failure));
        }
    }

    ManagedRoot(Surroundings surroundings, FileOptions options) {
        this.disk = surroundings.disk();
        this.area = new WorkArea(disk);
        this.forcing = new Forcing(disk, opening);
        this.identity = new RootIdentity(area);
        this.settingsFile = new SettingsFile(area);
        this.options = options;
        this.clock = surroundings.clock();
        this.onStop = surroundings.onStop();
    }

    /** Makes the directories that it needs, and reads what is kept there. */
    void prepareDirectories() throws IOException {
        for (var each : List.of(WorkArea.HIDDEN, WorkArea.WORK, WorkArea.ASIDE)) {
            try {
                disk.createDirectory(each);
            } catch (FileAlreadyExistsException e) {
                if (disk.stat(each).filter(Disk.Stat::isDirectory).isEmpty()) {
                    throw new TxfException(
                            TxfError.RM_METADATA_CORRUPT,
                            each,
                            "expected a directory, found something else: remove it, or open the root with a reset of what"
                                    + " is damaged");
                }
            }
        }
        disk.forceDirectory(WorkArea.HIDDEN);
        disk.forceDirectory("");
        directory = disk.stat("").orElseThrow();
        identity.open();
        names = NameRules.of(area);
        locks.foldWith(names);
        settings = settingsFile.read();
    }

    /** The directory is the one that was opened: nobody has put another in its place. */
    void requireInPlace() throws IOException {
        var key = directory().key();
        var now = disk.stat("");
        if (now.isEmpty() || !now.get().key().equals(key)) {
            throw new TxfException(
                    TxfError.RM_NOT_ACTIVE,
                    String.valueOf(disk.path("")),
                    "expected the directory that was opened, with the key " + key + ", found "
                            + now.map(Disk.Stat::key).orElse("nothing") + ": somebody has moved it away; put it back");
        }
    }

    /** What the root's directory was when it was opened. */
    Disk.Stat directory() {
        return Objects.requireNonNull(directory);
    }

    /** Which names are the same here. */
    NameRules names() {
        return names;
    }

    FileSettings settings() {
        return settings;
    }

    /** Sets them for this life, or for all to come. */
    void change(FileSettings value, boolean kept) throws IOException {
        requireActive("");
        joining.lock();
        try {
            if (kept) {
                settingsFile.write(value);
            }
            settings = value;
        } finally {
            joining.unlock();
        }
    }

    @Override
    public boolean prefersAvailability() {
        return settings.whenLogIsFull() == WhenLogIsFull.PREFER_AVAILABILITY;
    }

    void opened(RedoResourceManager value) throws IOException {
        resourceManager = value;
        var log = value.logStats();
        mostInlineBytes = Math.min(MOST_INLINE_BYTES, log.containers() * log.containerBytes() / INLINE_PER_LOG);
    }

    /** How many bytes of a transaction's files may travel in the log. */
    long mostInlineBytes() {
        return mostInlineBytes;
    }

    private RedoResourceManager resourceManager() {
        var value = resourceManager;
        if (value == null) {
            throw new IllegalStateException("expected a manager that is open, found one that is being opened");
        }
        return value;
    }

    Disk disk() {
        return disk;
    }

    WorkArea area() {
        return area;
    }

    FileLocks locks() {
        return locks;
    }

    FileOptions options() {
        return options;
    }

    ReentrantReadWriteLock tree() {
        return tree;
    }

    /** Held by whoever sets rights outside of transactions. */
    ReentrantLock opening() {
        return opening;
    }

    /** Who wants to hear of changes. */
    Set<TreeWatcher> watchers() {
        return watchers;
    }

    /** Something is to be seen that was not before. */
    void shown() {
        watchers.forEach(TreeWatcher::look);
    }

    /** Something is to be seen in a transaction that was not before. */
    void shownTo(FileWork work) {
        watchers.forEach(watcher -> watcher.look(work));
    }

    long nowNanos() {
        var now = clock.instant();
        return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    }

    boolean isClosed() {
        return closed;
    }

    void requireActive(String name) throws TxfException {
        if (!stopped.isEmpty()) {
            throw new TxfException(
                    TxfError.RM_NOT_ACTIVE, name, "expected a file manager that is at work, found that " + stopped);
        }
    }

    // Transactions.

    /** The part of a transaction, which it takes with its first use. */
    FileWork work(UUID unitOfWork) throws IOException {
        var known = works.get(unitOfWork);
        if (known != null) {
            return known;
        }
        joining.lock();
        try {
            var other = works.get(unitOfWork);
            if (other != null) {
                return other;
            }
            requireActive("");
            var work = new FileWork(this, unitOfWork);
            works.put(unitOfWork, work);
            try {
                work.enlisted(resourceManager().enlist(unitOfWork, work));
            } catch (KtmException e) {
                works.remove(unitOfWork);
                throw new TxfException(
                        switch (e.error()) {
                            case TRANSACTION_NOT_FOUND -> TxfError.INVALID_TRANSACTION;
                            default -> TxfError.TRANSACTION_NOT_ACTIVE;
                        },
                        null,
                        "expected a transaction that takes new participants: " + e.getMessage(),
                        e);
            }
            return work;
        } finally {
            joining.unlock();
        }
    }

    /**
     * Takes the steps of what is committed. If they cannot be taken everything stops until they can: the decision stands. Nobody sees
     * anything meanwhile, but whoever asks is told. An interrupt is for the caller, and changes nothing about what is decided.
     */
    void apply(FileWork work, List<Step> steps, Applier.When when, long lsn) {
        var lock = isAtomic(steps) ? tree.readLock() : tree.writeLock();
        var applier = new Applier(disk, area, when);
        boolean interrupted = Thread.interrupted();
        long pause = RETRY_NANOS;
        try {
            while (true) {
                lock.lock();
                try {
                    requireInPlace();
                    run(applier, steps);
                    touch(applier, lsn);
                    if (stuck.remove(work) && stuck.isEmpty() && !failed && !closed) {
                        stopped = "";
                    }
                    return;
                } catch (IOException | RuntimeException e) {
                    if (Thread.interrupted()) {
                        // It may have closed what was being written.
                        interrupted = true;
                        continue;
                    }
                    stuck.add(work);
                    applier.lookForClosed();
                    stopped = "the changes of transaction " + work.unitOfWork() + " are committed and cannot be made: "
                            + e.getMessage() + "; it is tried again, and ends once the cause is gone";
                    onStop.accept(stopped, e);
                } finally {
                    lock.unlock();
                }
                if (closed) {
                    // The next start does it: the log has what it takes.
                    failed = true;
                    return;
                }
                LockSupport.parkNanos(pause);
                interrupted |= Thread.interrupted();
                pause = Math.min(2 * pause, TimeUnit.SECONDS.toNanos(10));
            }
        } finally {
            report(applier);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void run(Applier applier, List<Step> steps) throws IOException {
        if (isAtomic(steps) && !applier.looksForClosed()) {
            applier.run(steps);
            return;
        }
        opening.lock();
        try {
            applier.run(steps);
        } finally {
            try {
                applier.closeAgain();
            } finally {
                opening.unlock();
            }
        }
    }

    /** Whether nobody can see it half done. */
    private static boolean isAtomic(List<Step> steps) {
        return steps.size() == 1 && (steps.get(0) instanceof Step.Put || steps.get(0) instanceof Step.Delete);
    }

    private void touch(Applier applier, long lsn) {
        touched.add(applier.files(), applier.directories(), lsn);
        locks.changedByCommit(applier.shown());
    }

    /** What is done together with what was committed before the restart is in the log once more. */
    void touchReplayed(List<Step> steps, long lsn) {
        var names = steps.stream().map(Step::name).toList();
        touched.add(names, names.stream().map(Names::parent).toList(), lsn);
    }

    private static void report(Applier applier) {
        for (var each : applier.setAside()) {
            warn("something that was not made through the file manager was in the way of a committed change and was put"
                    + " aside: " + each);
        }
        for (var each : applier.passedOver()) {
            warn("a committed change was left out, because somebody has gone past the file manager: " + each);
        }
    }

    private static void warn(String what) {
        System.getLogger(ManagedRoot.class.getName()).log(System.Logger.Level.WARNING, what);
    }

    /** A commit is in its place, and a checkpoint may say so. */
    void finish(FileWork work, boolean settle) {
        if (failed) {
            // Its locks stay: the next start does what is left.
            return;
        }
        if (settle && !closed) {
            boolean interrupted = Thread.interrupted();
            try {
                settle();
            } catch (IOException | RuntimeException e) {
                // Its locks stay: nobody may touch what a restart will do again.
                failed = true;
                stopped = "what transaction " + work.unitOfWork() + " has committed cannot be made durable: "
                        + e.getMessage() + "; open the file manager again";
                onStop.accept(stopped, e);
                return;
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
        work.end();
        shown();
    }

    void ended(FileWork work) {
        works.remove(work.unitOfWork(), work);
        locks.release(work.unitOfWork());
        watchers.forEach(watcher -> watcher.ended(work));
    }

    /** Has everything that is committed in files of its own. */
    void settle() throws IOException {
        resourceManager().tidy();
    }

    /**
     * Has everything that was committed about these names durable in its place, and nothing of it done again by a restart. Waits for
     * commits that are before it in the log, and are not in their places yet; not for what is committed meanwhile, which is about
     * other names, because these are locked.
     *
     * @param isWanted whether it is of use still
     */
    void settle(List<Step> steps, BooleanSupplier isWanted) throws IOException {
        long last = Lsn.NULL;
        for (var step : steps) {
            last = Math.max(last, lastTouched(step));
        }
        boolean interrupted = false;
        try {
            long shown;
            do {
                interrupted |= Thread.interrupted();
                shown = resourceManager().at(lsn -> lsn);
                settle();
            } while (shown < last && awaitShown(last, isWanted));
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private long lastTouched(Step step) throws IOException {
        long last = lastTouched(step.name());
        if (step instanceof Step.Move move) {
            return Math.max(last, lastTouched(move.from()));
        }
        return step instanceof Step.AddName added ? Math.max(last, lastTouched(added.existing())) : last;
    }

    private long lastTouched(String name) throws IOException {
        return touchedNames(name).stream().mapToLong(touched::last).max().orElse(Lsn.NULL);
    }

    /** Waits until everything up to an LSN is in its place; false if nobody wants that any more. */
    private boolean awaitShown(long last, BooleanSupplier isWanted) throws TxfException {
        boolean interrupted = false;
        try {
            while (resourceManager().at(lsn -> lsn) < last) {
                requireActive("");
                if (!isWanted.getAsBoolean()) {
                    return false;
                }
                LockSupport.parkNanos(WAIT_NANOS);
                interrupted |= Thread.interrupted();
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Whether everything that is committed is durable in its place. */
    boolean isSettled() {
        return !failed && touched.isEmpty();
    }

    // Outside of transactions.

    /** Before something is changed outside of transactions: what a restart would do again must not undo it. */
    void beforePlainChange(String name) throws IOException {
        for (var each : touchedNames(name)) {
            try {
                forcing.force(touched.allFor(each));
            } catch (IOException | RuntimeException | Error e) {
                if (!Forcing.isOnlyUnreached(e)) {
                    stopUnforced(e);
                }
                throw e;
            }
            resourceManager().noteForced(ByteBuffer.wrap(each.getBytes(StandardCharsets.UTF_8)), lsn -> {});
        }
    }

    /** The names by which commits may have changed what has this name: it may be a file that has others. */
    private Set<String> touchedNames(String name) throws IOException {
        var all = new LinkedHashSet<String>();
        if (touched.isEmpty()) {
            return all;
        }
        if (touched.has(name)) {
            all.add(name);
        }
        var file = disk.names(name) == 1
                ? Optional.<Disk.Stat>empty()
                : disk.stat(name).filter(stat -> stat.kind() == Disk.Kind.FILE);
        if (file.isPresent()) {
            for (var each : touched.all().files()) {
                if (mayBe(each, file.get())) {
                    all.add(each);
                }
            }
        }
        return all;
    }

    /** Whether a name may be one of this file: who closes a directory above it may have left it there. */
    private boolean mayBe(String name, Disk.Stat file) throws IOException {
        try {
            return disk.stat(name).filter(stat -> stat.key().equals(file.key())).isPresent();
        } catch (AccessDeniedException e) {
            return true;
        }
    }

    /** What a failed force has left is not known, and the next one would not say: only a restart can do it again. */
    private void stopUnforced(Throwable e) {
        failed = true;
        stopped = "committed files cannot be forced: " + e.getMessage() + "; open the file manager again";
    }

    // The log.

    @Override
    public void tidy() throws IOException {
        requireActive("");
        requireInPlace();
        // First what it covers: whatever that is has been touched by then.
        long covered = resourceManager().at(lsn -> lsn);
        var now = touched.all();
        try {
            forcing.force(now);
        } catch (IOException | RuntimeException | Error e) {
            stopUnforced(e);
            throw e;
        }
        resourceManager().checkpoint(covered, identity.bytes());
        touched.covered(covered);
    }

    @Override
    public void restore(ByteBuffer checkpoint) {
        // Everything else is in the files themselves.
        identity.expect(checkpoint);
    }

    @Override
    public void redo(long lsn, List<ByteBuffer> redo) throws IOException {
        identity.require();
        replay.committed(decode(redo, "at " + Lsn.toString(lsn)));
    }

    @Override
    public void note(long lsn, ByteBuffer note) {
        replay.forget(StandardCharsets.UTF_8.decode(note).toString());
    }

    @Override
    public RedoWork prepared(UUID unitOfWork, List<ByteBuffer> redo) throws IOException {
        identity.require();
        var work = FileWork.prepared(this, unitOfWork, decode(redo, "of transaction " + unitOfWork));
        works.put(unitOfWork, work);
        return work;
    }

    private static List<Step> decode(List<ByteBuffer> redo, String which) throws TxfException {
        try {
            return StepFormat.decode(redo);
        } catch (IOException | RuntimeException e) {
            throw new TxfException(
                    TxfError.RM_METADATA_CORRUPT,
                    null,
                    "expected steps of a transaction in the log, found a record " + which + " that says none: "
                            + e.getMessage() + "; open the root with a reset of what is damaged",
                    e);
        }
    }

    /**
     * A transaction that was decided before the restart, though its commit is not in this log: its changes may be in their places, and
     * what was committed before must not be put over them. False if it is too late to have them done together.
     */
    boolean replayAlso(FileWork work, List<Step> steps) {
        if (!replaying) {
            return false;
        }
        replay.committed(steps);
        return true;
    }

    /** It has committed: ends as soon as its changes are in their places. */
    void finishReplayed(FileWork work, boolean settle) {
        if (replaying) {
            finishing.add(work);
        } else {
            finish(work, settle);
        }
    }

    private void runReplay() throws IOException {
        if (replay.isEmpty() && works.isEmpty()) {
            return;
        }
        var applier = new Applier(disk, area, Applier.When.AGAIN);
        try {
            for (var work : works.values()) {
                work.restored(replay, applier);
            }
            replay.run(applier);
        } catch (TxfException e) {
            throw e;
        } catch (IOException e) {
            throw new TxfException(
                    TxfError.RM_NOT_ACTIVE,
                    null,
                    "expected that what was committed before the restart can be brought to its place, found that it cannot: "
                            + e + ": it stays in the log, so mend this, make room say, and open the root again",
                    e);
        } finally {
            report(applier);
            applier.closeAgain();
        }
        touch(applier, Lsn.NULL);
        replay.clear();
    }

    @Override
    public void restored() throws IOException {
        runReplay();
        replaying = false;
        finishing.forEach(FileWork::end);
        finishing.clear();
        var needed = new HashSet<String>();
        works.values().forEach(work -> needed.addAll(work.workFiles()));
        for (var each : disk.list(WorkArea.WORK)) {
            var name = Names.child(WorkArea.WORK, each);
            if (!needed.contains(name)) {
                area.discard(name);
            }
        }
        stopped = "";
    }

    // For those who ask.

    void countCommit(boolean decidedElsewhere) {
        (decidedElsewhere ? twoPhaseCommits : onePhaseCommits).increment();
    }

    void countRollback() {
        rollbacks.increment();
    }

    FileStatistics statistics() throws IOException {
        var all = List.copyOf(works.values());
        long now = System.nanoTime();
        return new FileStatistics(
                onePhaseCommits.sum(),
                twoPhaseCommits.sum(),
                rollbacks.sum(),
                all.size(),
                (int) all.stream().filter(FileWork::isPrepared).count(),
                all.stream()
                        .map(work -> Duration.ofNanos(now - work.beganNanos()))
                        .max(Comparator.naturalOrder()),
                touched.fileCount(),
                disk.forces(),
                resourceManager().fullConditions(),
                resourceManager().logStats());
    }

    /** The transactions that have to do with this root, and have not ended. */
    Map<UUID, FileWork> works() {
        return new HashMap<>(works);
    }

    /** Refuses everything from now on. */
    void close() {
        closed = true;
        stopped = "it is closed";
        // They see that it is.
        shown();
    }
}
