package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import dev.ktm.file.FileLocks.Owner;
import dev.ktm.file.Node.FileNode;
import dev.ktm.file.Node.LinkNode;
import dev.ktm.file.Node.NameNode;
import dev.ktm.file.Node.Origin;
import dev.ktm.redo.RedoResourceManager;
import dev.ktm.redo.RedoWork;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One transaction in one root: what it sees, what it has changed, and how that is committed. Safe for many threads. */
final class FileWork implements RedoWork, Operations {

    private enum Stage {
        ACTIVE,
        PREPARED,
        ENDED
    }

    private final ManagedRoot root;
    private final Disk disk;
    private final UUID unitOfWork;
    private final Owner owner;

    /** Over everything below; taken before the root's. */
    private final ReentrantLock lock = new ReentrantLock();

    private final long began = System.nanoTime();
    /** Changed under the lock; handles that only read look at it without. */
    private volatile Stage stage = Stage.ACTIVE;

    private Overlay overlay;
    private List<Step> steps = List.of();
    private boolean recovered;

    /** Whether it is done together with what was committed before the restart. */
    private volatile boolean replayed;

    private RedoResourceManager.@Nullable Part part;
    private final WrittenFiles written;
    private final TransactedChannels channels;
    private final Savepoints savepoints = new Savepoints();

    FileWork(ManagedRoot root, UUID unitOfWork) {
        this.root = root;
        this.disk = root.disk();
        this.unitOfWork = unitOfWork;
        this.owner = new Owner(unitOfWork);
        this.overlay = new Overlay(disk, root.names(), root.directory());
        this.written = new WrittenFiles(root);
        this.channels = new TransactedChannels(root, this, written, owner);
    }

    /** One that an earlier life has prepared: takes its locks again. */
    static FileWork prepared(ManagedRoot root, UUID unitOfWork, List<Step> steps) throws IOException {
        var work = new FileWork(root, unitOfWork);
        work.stage = Stage.PREPARED;
        work.steps = steps;
        work.recovered = true;
        for (var step : steps) {
            boolean wholly = step instanceof Step.Move
                    || step instanceof Step.MakeDirectory
                    || (step instanceof Step.Delete delete && delete.was().isDirectory());
            root.locks()
                    .change(
                            step.name(),
                            unitOfWork,
                            wholly,
                            work.ifReachable(step.name()).isEmpty());
            if (step instanceof Step.Move move) {
                root.locks().change(move.from(), unitOfWork, true, false);
            } else if (step instanceof Step.AddName added) {
                root.locks().change(added.existing(), unitOfWork, false, false);
                root.locks().change(FileLocks.allNames(added.was().key()), unitOfWork, false, false);
            } else if (step instanceof Step.Overwrite overwrite) {
                root.locks().change(FileLocks.allNames(overwrite.was().key()), unitOfWork, false, false);
            } else if (step instanceof Step.SetAttributes set) {
                work.lockAllNames(set.name(), set.was());
            } else if (step instanceof Step.Delete delete) {
                work.lockAllNames(delete.name(), delete.was());
            }
        }
        return work;
    }

    /** Under whichever name it is used; one with one name may have been made once more, and another may have its key. */
    private void lockAllNames(String name, Seen was) throws IOException {
        var allNames = FileLocks.allNames(was.key());
        if (ifReachable(name)
                .filter(stat -> allNames.equals(FileLocks.otherNames(stat)))
                .isPresent()) {
            root.locks().change(allNames, unitOfWork, false, false);
        }
    }

    /** What has this name, if a directory above it was not closed since. */
    private Optional<Disk.Stat> ifReachable(String name) throws IOException {
        try {
            return disk.stat(name);
        } catch (AccessDeniedException e) {
            return Optional.empty();
        }
    }

    void enlisted(RedoResourceManager.Part value) {
        part = value;
    }

    UUID unitOfWork() {
        return unitOfWork;
    }

    Set<String> workFiles() {
        return Replay.workFiles(steps);
    }

    private void requireActive(String name) throws TxfException {
        if (stage != Stage.ACTIVE) {
            throw new TxfException(
                    TxfError.TRANSACTION_NOT_ACTIVE,
                    name,
                    "expected an active transaction, found one that is " + stage);
        }
        root.requireActive(name);
    }

    /** Something that is done under the locks. */
    interface Action<T> {
        T run() throws IOException;
    }

    private <T> T locked(String name, Action<T> action) throws IOException {
        if (Names.isWithin(name, WorkArea.HIDDEN)) {
            throw new NoSuchFileException(name);
        }
        lock.lock();
        try {
            requireActive(name);
            root.tree().readLock().lock();
            try {
                // Whoever had the lock may have stopped everything.
                root.requireActive(name);
                return action.run();
            } finally {
                root.tree().readLock().unlock();
            }
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #locked}, and has whoever watches look. */
    private <T> T changing(String name, Action<T> action) throws IOException {
        var result = locked(name, action);
        shown();
        return result;
    }

    /** It sees something that it did not before. Not under the lock: whoever looks takes it. */
    void shown() {
        root.shownTo(this);
    }

    // Looking.

    @Override
    public Optional<Kind> kind(String name) throws IOException {
        return locked(name, () -> overlay.find(name).map(Overlay.Found::kind));
    }

    @Override
    public Set<String> list(String directory) throws IOException {
        return locked(directory, () -> overlay.list(directory));
    }

    @Override
    public String readLink(String name) throws IOException {
        return locked(name, () -> {
            var found = require(name);
            if (found.kind() != Kind.LINK) {
                throw new java.nio.file.NotLinkException(name);
            }
            return found.node() instanceof LinkNode link
                    ? link.target
                    : disk.readLink(Objects.requireNonNull(found.committed()));
        });
    }

    private Overlay.Found require(String name) throws IOException {
        return overlay.find(name).orElseThrow(() -> new NoSuchFileException(name));
    }

    // Opening.

    @Override
    public FileChannel open(String name, OpenMode mode, FileAttribute<?>... attributes) throws IOException {
        if (mode.write()) {
            return changing(name, () -> channels.open(overlay, name, mode, attributes));
        }
        return locked(name, () -> channels.open(overlay, name, mode, attributes));
    }

    /** Has a change of something belong to the transaction, whichever of its names is used. */
    private void change(String name, Overlay.Found found, boolean wholly) throws IOException {
        var otherNames = overlay.otherNames(found);
        root.locks().change(name, unitOfWork, wholly, false);
        if (otherNames != null) {
            root.locks().change(otherNames, unitOfWork, false, false);
        }
    }

    /** The directory that a new name is to lie in. */
    void requireDirectory(String name) throws IOException {
        var parent = Names.parent(name);
        var found = overlay.find(parent).orElseThrow(() -> new NoSuchFileException(parent));
        if (found.kind() != Kind.DIRECTORY) {
            throw new NotDirectoryException(parent);
        }
        if (found.committed() == null) {
            // Nobody has asked the disk for it.
            disk.requirePossible(name);
        }
    }

    /** The present one of the times between two returns to a savepoint. */
    int era() {
        return savepoints.era();
    }

    /** Does something with a handle that was opened in an era, if it is of use still. */
    <T> T withHandle(String name, int bornIn, Action<T> action) throws IOException {
        lock.lock();
        try {
            requireOfUse(name, bornIn);
            return action.run();
        } finally {
            lock.unlock();
        }
    }

    /** Refuses a handle that was opened in an era if it is of no use any more. Needs no lock. */
    void requireOfUse(String name, int bornIn) throws TxfException {
        if (stage != Stage.ACTIVE) {
            throw new TxfException(
                    root.isClosed() ? TxfError.EXPIRED_HANDLE : TxfError.HANDLE_NO_LONGER_VALID,
                    name,
                    "expected a handle of an active transaction, found it ended");
        }
        if (bornIn != era()) {
            throw new TxfException(
                    TxfError.OBJECT_NO_LONGER_EXISTS,
                    name,
                    "expected a file of now, found one from before the return to a savepoint");
        }
    }

    // Changing names.

    @Override
    public void createDirectory(String name, FileAttribute<?>... attributes) throws IOException {
        changing(name, () -> {
            if (overlay.find(name).isPresent()) {
                throw new FileAlreadyExistsException(name);
            }
            requireDirectory(name);
            var node = overlay.newDirectory();
            Attributes.setAll(disk, name, node, attributes);
            root.locks().change(name, unitOfWork, true, true);
            overlay.put(name, node);
            return true;
        });
    }

    @Override
    public void createLink(String name, String target) throws IOException {
        changing(name, () -> {
            if (overlay.find(name).isPresent()) {
                throw new FileAlreadyExistsException(name);
            }
            requireDirectory(name);
            root.locks().change(name, unitOfWork, false, true);
            overlay.put(name, new LinkNode(null, target));
            return true;
        });
    }

    @Override
    public void addName(String existing, String added) throws IOException {
        changing(added, () -> {
            var found = require(existing);
            Disk.requireFile(existing, found.kind());
            if (overlay.find(added).isPresent()) {
                throw new FileAlreadyExistsException(added);
            }
            requireDirectory(added);
            var committed = found.committed();
            if (committed == null || (found.node() instanceof FileNode node && node.content != null)) {
                throw new TxfException(
                        TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                        existing,
                        "expected a file that the transaction has not written to, found one that it has");
            }
            root.locks().requireNotRead(existing, unitOfWork);
            root.locks().change(existing, unitOfWork, false, false);
            root.locks().change(added, unitOfWork, false, true);
            var stat = disk.stat(committed).orElseThrow(() -> new NoSuchFileException(existing));
            root.locks().change(FileLocks.allNames(stat), unitOfWork, false, false);
            overlay.put(added, new NameNode(new Origin(committed, stat)));
            return true;
        });
    }

    @Override
    public void delete(String name) throws IOException {
        changing(name, () -> {
            var found = require(name);
            boolean directory = found.kind() == Kind.DIRECTORY;
            if (directory && !overlay.list(name).isEmpty()) {
                throw new DirectoryNotEmptyException(name);
            }
            requireDeletable(name, found);
            change(name, found, directory);
            if (directory) {
                // What is in it is known only to a node.
                overlay.directory(name);
            }
            overlay.remove(name);
            return true;
        });
    }

    /** As in TxF, a read-only file is not deleted. Where that is the directory's business, the directory decides. */
    private void requireDeletable(String name, Overlay.Found found) throws IOException {
        if (found.kind() == Kind.FILE && disk.attributeViews().contains("dos")) {
            var attributes = Attributes.read(disk, found, "dos:readonly", this::facts);
            if (Boolean.TRUE.equals(attributes.get("readonly"))) {
                throw new java.nio.file.AccessDeniedException(
                        name,
                        null,
                        "expected a file that may be deleted, found a read-only one: make it writable first");
            }
        }
    }

    @Override
    public void move(String from, String to, boolean replace) throws IOException {
        changing(from, () -> {
            var found = require(from);
            if (from.equals(to)) {
                return true;
            }
            if (Names.isWithin(to, from)) {
                throw new FileSystemException(from, to, "expected a target outside of it");
            }
            requireDirectory(to);
            var target = overlay.find(to);
            if (target.isPresent()) {
                if (!replace) {
                    throw new FileAlreadyExistsException(to);
                }
                if (target.get().kind() == Kind.DIRECTORY && !overlay.list(to).isEmpty()) {
                    throw new DirectoryNotEmptyException(to);
                }
                requireDeletable(to, target.get());
            }
            boolean directory = found.kind() == Kind.DIRECTORY;
            boolean overDirectory = target.isPresent() && target.get().kind() == Kind.DIRECTORY;
            if (Names.isWithin(to, WorkArea.HIDDEN)) {
                throw new NoSuchFileException(to);
            }
            root.locks().change(from, unitOfWork, directory, false);
            if (target.isPresent()) {
                change(to, target.get(), directory || overDirectory);
            } else {
                root.locks().change(to, unitOfWork, directory, true);
            }
            var node = overlay.touch(from);
            if (overDirectory) {
                overlay.directory(to);
            }
            if (target.isPresent()) {
                overlay.remove(to);
            }
            overlay.remove(from);
            overlay.put(to, node);
            return true;
        });
    }

    // Attributes.

    @Override
    public Map<String, Object> readAttributes(String name, String attributes) throws IOException {
        return locked(name, () -> Attributes.read(disk, require(name), attributes, this::facts));
    }

    private Attributes.Facts facts(Node node) throws IOException {
        return node instanceof FileNode file && file.content != null
                ? new Attributes.Facts(written.size(file), FileTime.from(file.modifiedNanos, TimeUnit.NANOSECONDS))
                : Attributes.Facts.NONE;
    }

    @Override
    public void setAttribute(String name, String attribute, Object value) throws IOException {
        changing(name, () -> {
            var found = require(name);
            var kept = Attributes.requireSettable(disk, name, attribute, value);
            requireAttributes(name, found);
            change(name, found, false);
            Attributes.setLater(overlay.touch(name).attributes, Map.of(Attributes.qualified(attribute), kept));
            return true;
        });
    }

    private static void requireAttributes(String name, Overlay.Found found) throws TxfException {
        if (found.node() instanceof NameNode || (found.kind() == Kind.LINK && found.committed() == null)) {
            throw new TxfException(
                    TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                    name,
                    "expected a file, a directory, or a link that was there before, found a "
                            + (found.kind() == Kind.LINK ? "link" : "further name")
                            + " that the transaction has made: set its attributes after the commit");
        }
    }

    // For those who ask.

    boolean isActive() {
        lock.lock();
        try {
            return stage == Stage.ACTIVE;
        } finally {
            lock.unlock();
        }
    }

    boolean isPrepared() {
        lock.lock();
        try {
            return stage == Stage.PREPARED;
        } finally {
            lock.unlock();
        }
    }

    long beganNanos() {
        return began;
    }

    /** What belongs to it. */
    List<LockedFile> locked() throws IOException {
        lock.lock();
        try {
            var all = new ArrayList<LockedFile>();
            for (var name : root.locks().changedBy(unitOfWork)) {
                boolean outside = disk.stat(name).isPresent();
                boolean inside =
                        recovered ? leaves(name, outside) : overlay.find(name).isPresent();
                all.add(new LockedFile(outside || inside ? name : "", !outside, !inside));
            }
            return all;
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is something of this name once the steps are taken. */
    private boolean leaves(String name, boolean before) {
        boolean there = before;
        for (var step : steps) {
            if (step instanceof Step.Move move && move.from().equals(name)) {
                there = false;
            }
            if (step.name().equals(name)) {
                there = !(step instanceof Step.Delete);
            }
        }
        return there;
    }

    // Savepoints and miniversions.

    long setSavepoint() throws IOException {
        return locked("", () -> {
            requireNothingOpen();
            var mapped = written.leaveMappings(overlay);
            long savepoint = savepoints.set(overlay);
            // Mappings go on where they were.
            mapped.forEach((node, content) -> node.content = content);
            return savepoint;
        });
    }

    private void requireNothingOpen() throws TxfException {
        if (root.locks().hasOpen(unitOfWork)) {
            throw new TxfException(
                    TxfError.NO_SAVEPOINT_WITH_OPEN_FILES,
                    null,
                    "expected that the transaction has no file open, found one: close it first");
        }
    }

    void rollbackTo(long savepoint) throws IOException {
        changing("", () -> {
            requireNothingOpen();
            overlay = savepoints.returnTo(savepoint);
            return true;
        });
    }

    void clearSavepoint() throws IOException {
        locked("", () -> {
            requireNothingOpen();
            savepoints.clearLatest();
            return true;
        });
    }

    void clearSavepoints() throws IOException {
        locked("", () -> {
            requireNothingOpen();
            savepoints.clear();
            return true;
        });
    }

    int createMiniversion(ManagedChannel channel) throws IOException {
        return channels.createMiniversion(channel);
    }

    // The transaction's end.

    @Override
    public boolean hasChanges() {
        lock.lock();
        try {
            if (!steps.isEmpty()
                    || (!overlay.isEmpty()
                            && !overlay.steps(FileWork::wouldChange).isEmpty())) {
                return true;
            }
            // What comes now would be lost.
            stage = Stage.PREPARED;
            return false;
        } catch (IOException e) {
            // The vote will say what it is.
            return true;
        } finally {
            lock.unlock();
        }
    }

    private static void wouldChange(String name, FileNode file, Optional<Seen> before, List<Step> steps) {
        steps.add(new Step.MakeDirectory(name, Map.of()));
    }

    @Override
    public List<ByteBuffer> prepare() throws IOException {
        lock.lock();
        try {
            requireActive("");
            root.tree().readLock().lock();
            try {
                written.leaveMappings(overlay);
                steps = new Vote(root, overlay).prepare(unitOfWork);
            } finally {
                root.tree().readLock().unlock();
            }
            stage = Stage.PREPARED;
        } finally {
            lock.unlock();
        }
        if (isStructural()) {
            // What is about two names is alone in the log with them.
            root.settle(steps, () -> stage == Stage.PREPARED);
        }
        return List.of(StepFormat.encode(steps));
    }

    private boolean isStructural() {
        return steps.stream().anyMatch(Step::isStructural);
    }

    @Override
    public void committed(long lsn) {
        // Shown when it is applied.
        var mine = part;
        root.countCommit(mine == null || !mine.isAlone());
    }

    @Override
    public void decided() {
        // It may be told again, when it is too late: what was done stays done.
        replayed = replayed || root.replayAlso(this, steps);
    }

    /**
     * Before what was committed earlier is done again. It may have been decided before the crash by somebody who cannot say so yet, a last
     * resource, and be in its place: then it is committed, and what it has replaced does not come back.
     */
    void restored(Replay replay, Applier applier) throws IOException {
        if (stage != Stage.PREPARED || replayed) {
            return;
        }
        if (applier.hasBegun(steps, replay)) {
            decided();
        } else {
            applier.doubt(steps);
        }
    }

    @Override
    public void apply(long lsn) {
        if (!replayed) {
            root.apply(this, steps, recovered ? Applier.When.AFTER_RESTART : Applier.When.NOW, lsn);
        } else {
            root.touchReplayed(steps, lsn);
        }
    }

    @Override
    public void finished(long lsn) {
        if (!replayed) {
            root.finish(this, isStructural());
        } else {
            root.finishReplayed(this, isStructural());
        }
    }

    @Override
    public void released() {
        end(Set.of());
    }

    @Override
    public void rolledBack() {
        root.countRollback();
        end(Set.of());
    }

    /** Its locks go, and what it has in the work area and is not in its place. */
    void end(Set<String> inPlace) {
        lock.lock();
        try {
            if (stage == Stage.ENDED) {
                return;
            }
            stage = Stage.ENDED;
            channels.closeFiles();
            written.discardUnless(inPlace);
            if (recovered) {
                workFiles().stream().filter(each -> !inPlace.contains(each)).forEach(root.area()::discard);
            }
        } finally {
            lock.unlock();
        }
        root.ended(this);
    }

    /** Its steps are taken. */
    void end() {
        var inPlace = new LinkedHashSet<String>();
        for (var step : steps) {
            if (step instanceof Step.Put put) {
                inPlace.add(put.work());
            }
        }
        end(inPlace);
    }
}
