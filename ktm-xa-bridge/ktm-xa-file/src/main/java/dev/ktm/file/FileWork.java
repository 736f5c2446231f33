package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import dev.ktm.file.FileLocks.Hold;
import dev.ktm.file.FileLocks.Owner;
import dev.ktm.file.FileLocks.Use;
import dev.ktm.file.Node.DirectoryNode;
import dev.ktm.file.Node.FileNode;
import dev.ktm.file.Node.LinkNode;
import dev.ktm.file.Node.NameNode;
import dev.ktm.file.Node.Origin;
import dev.ktm.redo.RedoResourceManager;
import dev.ktm.redo.RedoWork;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.nio.channels.ReadableByteChannel;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One transaction in one root: what it sees, what it has changed, and how that is committed. Safe for many threads. */
final class FileWork implements RedoWork, Operations {

    private static final Set<StandardOpenOption> READ = Set.of(StandardOpenOption.READ);

    private static final long PIECE_BYTES = 8L << 20;

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
    private final Set<Content> contents = new LinkedHashSet<>();
    private final TreeMap<Long, Overlay> savepoints = new TreeMap<>();
    private long nextSavepoint = 1;
    private int nextMiniversion = 1;

    /** Grows with each return to a savepoint: handles of before are of no use. */
    private volatile int era;

    FileWork(ManagedRoot root, UUID unitOfWork) throws IOException {
        this.root = root;
        this.disk = root.disk();
        this.unitOfWork = unitOfWork;
        this.owner = new Owner(unitOfWork);
        this.overlay = new Overlay(disk);
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
                    || (step instanceof Step.Delete delete && delete.directory());
            root.locks()
                    .change(
                            step.name(),
                            unitOfWork,
                            wholly,
                            work.disk.stat(step.name()).isEmpty());
            if (step instanceof Step.Move move) {
                root.locks().change(move.from(), unitOfWork, true, false);
            }
        }
        return work;
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
    private interface Action<T> {
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
        return locked(name, () -> {
            var located = overlay.locate(name);
            if (!mode.write() && mode.version().equals(Version.DIRTY) && located.node() == null) {
                var committed = located.committed();
                if (committed == null) {
                    throw new NoSuchFileException(name);
                }
                return openCommitted(name, committed, mode);
            }
            var found = overlay.find(name);
            if (mode.version().isMiniversion()) {
                return miniversion(name, mode);
            }
            if (!mode.write()) {
                var present = found.orElseThrow(() -> new NoSuchFileException(name));
                Disk.requireFile(name, present.kind());
                return openToRead(name, present, mode);
            }
            if (mode.createNew() && found.isPresent()) {
                throw new FileAlreadyExistsException(name);
            }
            if (found.isEmpty()) {
                if (!mode.create() && !mode.createNew()) {
                    throw new NoSuchFileException(name);
                }
                return create(name, mode, attributes);
            }
            Disk.requireFile(name, found.get().kind());
            return openToWrite(name, mode);
        });
    }

    private FileChannel openToRead(String name, Overlay.Found found, OpenMode mode) throws IOException {
        boolean committedView = mode.version().equals(Version.COMMITTED);
        if (found.node() instanceof FileNode node && !committedView) {
            // Whoever opens what the transaction has changed sees what is changed from then on, too.
            var hold = root.locks().open(name, owner, Use.READ, mode.denied());
            return new ManagedChannel(new NodeSource(name, node, hold, mode), mode);
        }
        var committed = found.committed();
        if (committed == null) {
            throw new NoSuchFileException(name);
        }
        return openCommitted(name, committed, mode);
    }

    private FileChannel openCommitted(String name, String committed, OpenMode mode) throws IOException {
        var hold = root.locks().open(name, owner, Use.READ, mode.denied());
        try {
            return new ManagedChannel(new SnapshotSource(name, disk.openFile(committed), hold, era), mode);
        } catch (NoSuchFileException e) {
            hold.close();
            throw new NoSuchFileException(name);
        } catch (IOException | RuntimeException | Error e) {
            hold.close();
            throw e;
        }
    }

    private FileChannel create(String name, OpenMode mode, FileAttribute<?>... attributes) throws IOException {
        requireDirectory(name);
        var node = new FileNode(null);
        root.locks().change(name, unitOfWork, false, true);
        var hold = root.locks().open(name, owner, Use.WRITE, mode.denied());
        node.content = newContent();
        set(node, attributes);
        touched(node);
        overlay.put(name, node);
        return new ManagedChannel(new NodeSource(name, node, hold, mode), mode);
    }

    private static void set(Node node, FileAttribute<?>... attributes) {
        for (var each : attributes) {
            node.attributes.put(each.name(), each.value());
        }
    }

    private FileChannel openToWrite(String name, OpenMode mode) throws IOException {
        var hold = root.locks().open(name, owner, Use.WRITE, mode.denied());
        try {
            var node = (FileNode) overlay.touch(name);
            var source = new NodeSource(name, node, hold, mode);
            if (mode.truncate()) {
                truncate(node, 0);
            }
            return new ManagedChannel(source, mode);
        } catch (IOException | RuntimeException | Error e) {
            hold.close();
            throw e;
        }
    }

    /** The directory that a new name is to lie in. */
    private void requireDirectory(String name) throws IOException {
        var parent = Names.parent(name);
        var found = overlay.find(parent).orElseThrow(() -> new NoSuchFileException(parent));
        if (found.kind() != Kind.DIRECTORY) {
            throw new NotDirectoryException(parent);
        }
    }

    private Content newContent() {
        var content = new Content(root.area());
        contents.add(content);
        return content;
    }

    private void touched(FileNode node) {
        node.modifiedNanos = root.nowNanos();
    }

    // The content of a file that the transaction has changed.

    private int read(FileNode node, ByteBuffer target, long position) throws IOException {
        var content = node.content;
        if (content != null) {
            return content.read(target, position);
        }
        try (var file = disk.open(originOf(node).name(), READ)) {
            return file.read(target, position);
        }
    }

    private static Origin originOf(Node node) {
        var origin = node.origin;
        if (origin == null) {
            throw new IllegalStateException("expected a file with content, found none");
        }
        return origin;
    }

    private long size(FileNode node) throws IOException {
        var content = node.content;
        return content != null ? content.size() : originOf(node).stat().size();
    }

    /** Content that may be written. */
    private Content writable(FileNode node, boolean keep) throws IOException {
        var content = node.content;
        if (content != null && !content.isFrozen()) {
            return content;
        }
        Content copy;
        if (!keep) {
            copy = new Content(root.area());
        } else if (content != null) {
            copy = content.copy();
        } else {
            try (var file = disk.open(originOf(node).name(), READ)) {
                copy = Content.copyOf(root.area(), file);
            }
        }
        contents.add(copy);
        node.content = copy;
        return copy;
    }

    private void truncate(FileNode node, long size) throws IOException {
        if (size == 0) {
            writable(node, false).resize(0);
        } else {
            writable(node, true).resize(size);
        }
        touched(node);
    }

    /** What both kinds of handles have in common: they are of use until the transaction ends. */
    private abstract class TransactedSource implements ManagedChannel.Source {
        final String name;
        private final Hold hold;
        private final int bornIn;

        TransactedSource(String name, Hold hold, int bornIn) {
            this.name = name;
            this.hold = hold;
            this.bornIn = bornIn;
        }

        <T> T use(Action<T> action) throws IOException {
            lock.lock();
            try {
                requireOfUse();
                return action.run();
            } finally {
                lock.unlock();
            }
        }

        final void requireOfUse() throws TxfException {
            if (stage != Stage.ACTIVE) {
                throw new TxfException(
                        root.isClosed() ? TxfError.EXPIRED_HANDLE : TxfError.HANDLE_NO_LONGER_VALID,
                        name,
                        "expected a handle of an active transaction, found it ended");
            }
            if (bornIn != era) {
                throw new TxfException(
                        TxfError.OBJECT_NO_LONGER_EXISTS,
                        name,
                        "expected a file of now, found one from before the return to a savepoint");
            }
        }

        @Override
        public void force() throws IOException {
            // The commit does.
            use(() -> true);
        }

        @Override
        public void close() throws IOException {
            hold.close();
        }
    }

    /** A file that the transaction has changed. */
    private final class NodeSource extends TransactedSource {
        private final FileNode node;
        private final boolean deleteOnClose;

        NodeSource(String name, FileNode node, Hold hold, OpenMode mode) {
            super(name, hold, era);
            this.node = node;
            this.deleteOnClose = mode.deleteOnClose();
        }

        @Override
        public void close() throws IOException {
            super.close();
            if (deleteOnClose && isActive()) {
                delete(name);
            }
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return use(() -> FileWork.this.read(node, target, position));
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            return use(() -> {
                root.requireActive(name);
                int length = source.remaining();
                writable(node, true).write(source, position);
                touched(node);
                return length;
            });
        }

        @Override
        public OptionalLong transferFrom(ReadableByteChannel from, long position, long count) throws IOException {
            if (!(from instanceof FileChannel)
                    || from instanceof ManagedChannel
                    || count <= Content.MOST_MEMORY_BYTES) {
                return OptionalLong.empty();
            }
            long moved = 0;
            while (moved < count) {
                // In pieces, so that a rollback does not have to wait for all of it.
                long done = transferPiece(from, position + moved, Math.min(PIECE_BYTES, count - moved));
                if (done < 0) {
                    return OptionalLong.empty();
                }
                if (done == 0) {
                    break;
                }
                moved += done;
            }
            return OptionalLong.of(moved);
        }

        /** How much was moved; negative if there is no way. */
        private long transferPiece(ReadableByteChannel from, long position, long count) throws IOException {
            return use(() -> {
                root.requireActive(name);
                var channel = writable(node, true).spill().channel();
                if (channel == null) {
                    return -1L;
                }
                touched(node);
                return channel.transferFrom(from, position, count);
            });
        }

        @Override
        public long size() throws IOException {
            return use(() -> FileWork.this.size(node));
        }

        @Override
        public void truncate(long size) throws IOException {
            use(() -> {
                FileWork.this.truncate(node, size);
                return true;
            });
        }

        @Override
        public java.nio.MappedByteBuffer map(FileChannel.MapMode mode, long position, long size) throws IOException {
            return use(() -> {
                var channel = writable(node, true).spill().channel();
                if (channel == null) {
                    throw new TxfException(
                            TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                            name,
                            "expected a file that can be mapped");
                }
                touched(node);
                return channel.map(mode, position, size);
            });
        }

        int snapshot() throws IOException {
            return use(() -> {
                var content = writable(node, true);
                content.freeze();
                int number = nextMiniversion++;
                node.miniversions.put(number, content);
                return number;
            });
        }
    }

    /** What was committed when it was opened: a later commit puts another file in its place. */
    private final class SnapshotSource extends TransactedSource {
        private final DiskFile file;

        SnapshotSource(String name, DiskFile file, Hold hold, int bornIn) {
            super(name, hold, bornIn);
            this.file = file;
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            // What it reads never changes: nobody else needs to be kept waiting.
            requireOfUse();
            return file.read(target, position);
        }

        @Override
        public int write(ByteBuffer source, long position) {
            throw new java.nio.channels.NonWritableChannelException();
        }

        @Override
        public long size() throws IOException {
            requireOfUse();
            return file.size();
        }

        @Override
        public void truncate(long size) {
            throw new java.nio.channels.NonWritableChannelException();
        }

        @Override
        public java.nio.MappedByteBuffer map(FileChannel.MapMode mode, long position, long size) throws IOException {
            return use(() -> {
                var channel = file.channel();
                if (channel == null) {
                    throw new TxfException(
                            TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                            name,
                            "expected a file that can be mapped");
                }
                return channel.map(mode, position, size);
            });
        }

        @Override
        public void close() throws IOException {
            super.close();
            file.close();
        }
    }

    // Changing names.

    @Override
    public void createDirectory(String name, FileAttribute<?>... attributes) throws IOException {
        locked(name, () -> {
            if (overlay.find(name).isPresent()) {
                throw new FileAlreadyExistsException(name);
            }
            requireDirectory(name);
            root.locks().change(name, unitOfWork, true, true);
            var node = new DirectoryNode(null);
            set(node, attributes);
            overlay.put(name, node);
            return true;
        });
    }

    @Override
    public void createLink(String name, String target) throws IOException {
        locked(name, () -> {
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
        locked(added, () -> {
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
            root.locks().change(existing, unitOfWork, false, false);
            root.locks().change(added, unitOfWork, false, true);
            overlay.put(
                    added,
                    new NameNode(new Origin(committed, disk.stat(committed).orElseThrow())));
            return true;
        });
    }

    @Override
    public void delete(String name) throws IOException {
        locked(name, () -> {
            var found = require(name);
            boolean directory = found.kind() == Kind.DIRECTORY;
            if (directory && !overlay.list(name).isEmpty()) {
                throw new DirectoryNotEmptyException(name);
            }
            requireDeletable(name, found);
            root.locks().change(name, unitOfWork, directory, false);
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
        var committed = found.committed();
        if (committed != null
                && found.kind() == Kind.FILE
                && disk.attributeViews().contains("dos")
                && Boolean.TRUE.equals(
                        disk.readAttributes(committed, "dos:readonly").get("readonly"))) {
            throw new java.nio.file.AccessDeniedException(name, null, "it is read-only");
        }
    }

    @Override
    public void move(String from, String to, boolean replace) throws IOException {
        locked(from, () -> {
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
            root.locks().change(to, unitOfWork, directory || overDirectory, target.isEmpty());
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
                ? new Attributes.Facts(size(file), FileTime.from(file.modifiedNanos, TimeUnit.NANOSECONDS))
                : Attributes.Facts.NONE;
    }

    @Override
    public void setAttribute(String name, String attribute, Object value) throws IOException {
        locked(name, () -> {
            require(name);
            Attributes.requireSettable(disk, name, attribute, value);
            root.locks().change(name, unitOfWork, false, false);
            overlay.touch(name).attributes.put(Attributes.qualified(attribute), value);
            return true;
        });
    }

    // For those who ask.

    private boolean isActive() {
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
            long id = nextSavepoint++;
            savepoints.put(id, overlay.copy());
            return id;
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
        locked("", () -> {
            requireNothingOpen();
            var then = savepoints.get(savepoint);
            if (then == null) {
                throw noSavepoint(savepoint);
            }
            // It can be returned to once more.
            overlay = then.copy();
            savepoints.tailMap(savepoint, false).clear();
            era++;
            return true;
        });
    }

    private static TxfException noSavepoint(long savepoint) {
        return new TxfException(
                TxfError.OBJECT_NO_LONGER_EXISTS,
                null,
                "expected a savepoint that was set, found none of id " + savepoint);
    }

    void clearSavepoint() throws IOException {
        locked("", () -> {
            requireNothingOpen();
            if (savepoints.pollLastEntry() == null) {
                throw noSavepoint(0);
            }
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

    /** Keeps what a file holds now; the number to open it by. */
    int createMiniversion(ManagedChannel channel) throws IOException {
        if (!(channel.source() instanceof NodeSource source)) {
            throw new TxfException(
                    TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                    null,
                    "expected a handle that the transaction writes with, found one that only reads");
        }
        return source.snapshot();
    }

    private FileChannel miniversion(String name, OpenMode mode) throws IOException {
        int number = mode.version().number();
        if (mode.write()) {
            throw new TxfException(
                    TxfError.CANT_OPEN_MINIVERSION_WITH_MODIFY_INTENT,
                    name,
                    "expected a miniversion to be opened for reading, found options for writing");
        }
        var content = overlay.find(name)
                .map(Overlay.Found::node)
                .filter(FileNode.class::isInstance)
                .map(node -> ((FileNode) node).miniversions.get(number));
        if (content.isPresent()) {
            var node = new FileNode(null);
            node.content = content.get();
            var hold = root.locks().open(name, owner, Use.READ, mode.denied());
            return new ManagedChannel(new NodeSource(name, node, hold, mode), mode);
        }
        if (number < nextMiniversion) {
            throw new TxfException(
                    TxfError.STREAM_MINIVERSION_NOT_VALID,
                    name,
                    "expected a miniversion of now, found that number " + number
                            + " went with the return to a savepoint, or is another file's");
        }
        var by = root.locks().changedBy(name);
        throw new TxfException(
                by != null && !by.equals(unitOfWork)
                        ? TxfError.MINIVERSION_INACCESSIBLE_FROM_SPECIFIED_TRANSACTION
                        : TxfError.STREAM_MINIVERSION_NOT_FOUND,
                name,
                "expected a miniversion of this transaction, found none of number " + number);
    }

    // The transaction's end.

    @Override
    public boolean hasChanges() {
        lock.lock();
        try {
            return !steps.isEmpty()
                    || (!overlay.isEmpty()
                            && !overlay.steps(FileWork::wouldChange).isEmpty());
        } catch (IOException e) {
            // The vote will say what it is.
            return true;
        } finally {
            lock.unlock();
        }
    }

    private static void wouldChange(String name, FileNode file, String before, List<Step> steps) {
        steps.add(new Step.Delete(name, before, false));
    }

    @Override
    public List<ByteBuffer> prepare() throws IOException {
        lock.lock();
        try {
            requireActive("");
            root.tree().readLock().lock();
            try {
                requireUntouched();
                var stager = new Stager(root.area());
                steps = overlay.steps(stager::stage);
                if (root.options().deletesNeedClosedHandles()) {
                    steps.removeIf(
                            step -> step instanceof Step.Delete && root.locks().hasOpen(unitOfWork, step.name()));
                }
                stager.finish();
                requireRoom();
            } finally {
                root.tree().readLock().unlock();
            }
            stage = Stage.PREPARED;
        } finally {
            lock.unlock();
        }
        if (isStructural()) {
            // What is about two names is alone in the log with them.
            root.settle();
        }
        return List.of(StepFormat.encode(steps));
    }

    private boolean isStructural() {
        return steps.stream().anyMatch(Step::isStructural);
    }

    /** Nobody has changed behind our back what the transaction has seen and changed. */
    private void requireUntouched() throws IOException {
        for (var each : overlay.origins().entrySet()) {
            var now = disk.stat(each.getKey());
            if (now.isEmpty() || !now.get().looksLike(each.getValue())) {
                throw new TxfException(
                        TxfError.CHANGED_OUTSIDE,
                        each.getKey(),
                        "expected it as the transaction has found it, found it " + (now.isEmpty() ? "gone" : "changed")
                                + " by somebody who goes past the file manager");
            }
        }
    }

    /** Nobody has taken a name behind our back, and every directory lets us work in it. */
    private void requireRoom() throws IOException {
        var origins = overlay.origins();
        var gone = new ArrayList<String>();
        for (var step : steps) {
            if (step instanceof Step.Delete) {
                gone.add(step.name());
            } else if (step instanceof Step.Move move) {
                gone.add(move.from());
            }
        }
        var parents = new HashSet<String>();
        for (var step : steps) {
            var parent = Names.parent(step.name());
            if (!(step instanceof Step.SetAttributes)
                    && parents.add(parent)
                    && disk.kind(parent).isPresent()
                    && !disk.isWritable(parent)) {
                throw new java.nio.file.AccessDeniedException(
                        parent, null, "expected a directory that may be changed at commit, found that it may not");
            }
            boolean isNew = !origins.containsKey(step.name())
                    && !(step instanceof Step.SetAttributes)
                    && gone.stream().noneMatch(each -> Names.isWithin(step.name(), each));
            if (isNew && disk.kind(step.name()).isPresent()) {
                throw new TxfException(
                        TxfError.CHANGED_OUTSIDE,
                        step.name(),
                        "expected the name to be free, found that somebody who goes past the file manager has taken it");
            }
        }
    }

    @Override
    public void committed(long lsn) {
        // Shown when it is applied.
        var mine = part;
        root.countCommit(mine == null || !mine.isAlone());
    }

    @Override
    public void decided() {
        replayed = root.replayAlso(this, steps);
    }

    @Override
    public void apply(long lsn) {
        if (!replayed) {
            root.apply(this, steps, !recovered);
        }
    }

    @Override
    public void finished(long lsn) {
        if (!replayed) {
            root.finish(this, isStructural());
        } else {
            root.finishReplayed(this);
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
            for (var content : contents) {
                content.discardUnless(inPlace);
            }
            contents.clear();
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
