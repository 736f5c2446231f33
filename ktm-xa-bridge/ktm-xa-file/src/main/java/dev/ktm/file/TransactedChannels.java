package dev.ktm.file;

import dev.ktm.file.FileLocks.Hold;
import dev.ktm.file.FileLocks.Owner;
import dev.ktm.file.FileLocks.Use;
import dev.ktm.file.Node.FileNode;
import dev.ktm.file.Node.Origin;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.FileAttribute;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The handles of one transaction: they are of use until it ends, or returns to a savepoint. Safe for many threads. */
final class TransactedChannels {

    private static final long PIECE_BYTES = 8L << 20;

    private final ManagedRoot root;
    private final FileWork work;
    private final WrittenFiles written;
    private final Owner owner;

    /** Guarded by the lock of the transaction. */
    private int nextMiniversion = 1;

    /** What is open of what is committed. */
    private final Set<SnapshotSource> snapshots = ConcurrentHashMap.newKeySet();

    TransactedChannels(ManagedRoot root, FileWork work, WrittenFiles written, Owner owner) {
        this.root = root;
        this.work = work;
        this.written = written;
        this.owner = owner;
    }

    /** Opens what has this name in the transaction; under its lock. */
    FileChannel open(Overlay overlay, String name, OpenMode mode, FileAttribute<?>... attributes) throws IOException {
        var located = overlay.locate(name);
        var committed = located.committed();
        if (located.node() == null && committed != null && !mode.version().isMiniversion()) {
            return openCommitted(overlay, name, committed, mode, attributes);
        }
        var found = overlay.find(name);
        if (mode.version().isMiniversion()) {
            return toMiniversion(name, found, mode);
        }
        if (!mode.write()) {
            var present = found.orElseThrow(() -> new NoSuchFileException(name));
            Disk.requireFile(name, present.kind());
            return toRead(name, present, mode);
        }
        if (mode.createNew() && found.isPresent()) {
            throw new FileAlreadyExistsException(name);
        }
        if (found.isEmpty()) {
            return create(name, mode, overlay::put, attributes);
        }
        Disk.requireFile(name, found.get().kind());
        return openToWrite(name, overlay.otherNames(found.get()), mode, () -> writableNode(overlay, name));
    }

    private static FileNode writableNode(Overlay overlay, String name) throws IOException {
        if (overlay.touch(name) instanceof FileNode node) {
            return node;
        }
        throw new TxfException(
                TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                name,
                "expected a file that had this name before, found that the transaction has only just given it the name: write"
                        + " to the other name, or commit first");
    }

    /** What the transaction has not touched: with one look at the disk for all that has to be known of it. */
    private FileChannel openCommitted(
            Overlay overlay, String name, String committed, OpenMode mode, FileAttribute<?>... attributes)
            throws IOException {
        if (!mode.write()) {
            return toCommitted(name, committed, mode);
        }
        var found = root.disk().stat(committed);
        if (found.isEmpty()) {
            return create(name, mode, overlay::putNew, attributes);
        }
        if (mode.createNew()) {
            throw new FileAlreadyExistsException(name);
        }
        var stat = found.get();
        Disk.requireFile(name, stat.kind());
        return openToWrite(
                name, FileLocks.otherNames(stat), mode, () -> overlay.touchFile(name, new Origin(committed, stat)));
    }

    /** How a name gets its node. */
    private interface Naming {
        void put(String name, FileNode node) throws IOException;
    }

    private FileChannel create(String name, OpenMode mode, Naming naming, FileAttribute<?>... attributes)
            throws IOException {
        if (!mode.create() && !mode.createNew()) {
            throw new NoSuchFileException(name);
        }
        work.requireDirectory(name);
        var node = new FileNode(null);
        Attributes.setAll(root.disk(), name, node, attributes);
        root.locks().change(name, work.unitOfWork(), false, true);
        var hold = root.locks().open(name, owner, Use.WRITE, mode.denied());
        try {
            written.begin(node);
            naming.put(name, node);
            return over(name, node, hold, mode, false);
        } catch (IOException | RuntimeException | Error e) {
            hold.close();
            throw e;
        }
    }

    private FileChannel openToWrite(
            String name, @Nullable String otherNames, OpenMode mode, FileWork.Action<FileNode> touch)
            throws IOException {
        var hold = root.locks().open(name, otherNames, owner, Use.WRITE, mode.denied());
        try {
            var node = touch.run();
            if (mode.truncate()) {
                written.truncate(node, 0);
            }
            return over(name, node, hold, mode, true);
        } catch (IOException | RuntimeException | Error e) {
            hold.close();
            throw e;
        }
    }

    private FileChannel toRead(String name, Overlay.Found found, OpenMode mode) throws IOException {
        boolean committedView = mode.version().equals(Version.COMMITTED);
        if (found.node() instanceof FileNode node && !committedView) {
            // Whoever opens what the transaction has changed sees what is changed from then on, too.
            var hold = root.locks().open(name, owner, Use.READ, mode.denied());
            return over(name, node, hold, mode, true);
        }
        var committed = found.committed();
        if (committed == null) {
            throw new NoSuchFileException(name);
        }
        return toCommitted(name, committed, mode);
    }

    private FileChannel toCommitted(String name, String committed, OpenMode mode) throws IOException {
        var otherNames = otherNames(name, committed);
        var hold = root.locks().open(name, otherNames, owner, Use.READ, mode.denied());
        try {
            var file = root.disk().openFile(committed);
            // One with other names is written to where it is.
            return new ManagedChannel(
                    new SnapshotSource(name, otherNames == null ? file : CopiedFile.of(root.area(), file), hold), mode);
        } catch (NoSuchFileException e) {
            hold.close();
            throw new NoSuchFileException(name);
        } catch (IOException | RuntimeException | Error e) {
            hold.close();
            throw e;
        }
    }

    /** What stands for all names of a file; none if it has only this one, and nobody is about to give it another. */
    private @Nullable String otherNames(String name, String committed) throws IOException {
        var locks = root.locks();
        if (root.disk().names(committed) == 1 && locks.changedBy(name) == null) {
            return null;
        }
        var stat = root.disk().stat(committed);
        if (stat.isEmpty() || stat.get().kind() != Disk.Kind.FILE) {
            return null;
        }
        var all = FileLocks.allNames(stat.get());
        return stat.get().names() > 1 || locks.changedBy(all) != null ? all : null;
    }

    /** The transaction has ended: what the application has not closed is of no use any more. */
    void closeFiles() {
        for (var each : snapshots) {
            try {
                each.closeFile();
            } catch (IOException e) {
                WorkArea.log("a file that a transaction has left open could not be closed", e);
            }
        }
    }

    /** A handle of a file that the transaction has changed, or is about to. */
    private FileChannel over(String name, FileNode node, Hold hold, OpenMode mode, boolean existed) {
        return new ManagedChannel(new NodeSource(name, node, hold, mode, existed), mode);
    }

    // Miniversions.

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

    private FileChannel toMiniversion(String name, Optional<Overlay.Found> found, OpenMode mode) throws IOException {
        int number = mode.version().number();
        if (mode.write()) {
            throw new TxfException(
                    TxfError.CANT_OPEN_MINIVERSION_WITH_MODIFY_INTENT,
                    name,
                    "expected a miniversion to be opened for reading, found options for writing");
        }
        var content = found.map(Overlay.Found::node)
                .filter(FileNode.class::isInstance)
                .map(node -> ((FileNode) node).miniversions.get(number));
        if (content.isPresent()) {
            var node = new FileNode(null);
            node.content = content.get();
            return over(name, node, root.locks().open(name, owner, Use.READ, mode.denied()), mode, true);
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
                by != null && !by.equals(owner.transaction())
                        ? TxfError.MINIVERSION_INACCESSIBLE_FROM_SPECIFIED_TRANSACTION
                        : TxfError.STREAM_MINIVERSION_NOT_FOUND,
                name,
                "expected a miniversion of this transaction, found none of number " + number);
    }

    // Where the bytes are.

    /** What both kinds of handles have in common. */
    private abstract class Source implements ManagedChannel.Source {
        final String name;
        private final Hold hold;
        private final int bornIn = work.era();

        Source(String name, Hold hold) {
            this.name = name;
            this.hold = hold;
        }

        <T> T use(FileWork.Action<T> action) throws IOException {
            return work.withHandle(name, bornIn, action);
        }

        final void requireOfUse() throws TxfException {
            work.requireOfUse(name, bornIn);
        }

        final MappedByteBuffer map(DiskFile file, FileChannel.MapMode mode, long position, long size)
                throws IOException {
            var channel = file.channel();
            if (channel == null) {
                throw new TxfException(
                        TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION, name, "expected a file that can be mapped");
            }
            return channel.map(mode, position, size);
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
    private final class NodeSource extends Source {
        private final FileNode node;
        private final boolean deleteOnClose;
        private final boolean existed;

        NodeSource(String name, FileNode node, Hold hold, OpenMode mode, boolean existed) {
            super(name, hold);
            this.node = node;
            this.deleteOnClose = mode.deleteOnClose();
            this.existed = existed;
        }

        @Override
        public OpenedFile opened() {
            return OpenedFile.withoutVersions(existed);
        }

        @Override
        public void close() throws IOException {
            super.close();
            if (deleteOnClose && work.isActive()) {
                work.delete(name);
            }
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return use(() -> written.read(node, target, position));
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            int length = use(() -> {
                root.requireActive(name);
                int remaining = source.remaining();
                written.writable(node, true).write(source, position);
                written.touched(node);
                return remaining;
            });
            work.shown();
            return length;
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
            work.shown();
            return OptionalLong.of(moved);
        }

        /** How much was moved; negative if there is no way. */
        private long transferPiece(ReadableByteChannel from, long position, long count) throws IOException {
            return use(() -> {
                root.requireActive(name);
                var channel = written.writable(node, true).spill().channel();
                if (channel == null) {
                    return -1L;
                }
                written.touched(node);
                return channel.transferFrom(from, position, count);
            });
        }

        @Override
        public long size() throws IOException {
            return use(() -> written.size(node));
        }

        @Override
        public void truncate(long size) throws IOException {
            use(() -> {
                written.truncate(node, size);
                return true;
            });
            work.shown();
        }

        @Override
        public MappedByteBuffer map(FileChannel.MapMode mode, long position, long size) throws IOException {
            return use(() -> {
                if (mode == FileChannel.MapMode.READ_WRITE) {
                    return map(written.toMap(node), mode, position, size);
                }
                return map(written.writable(node, true).spill(), mode, position, size);
            });
        }

        int snapshot() throws IOException {
            return use(() -> {
                int number = nextMiniversion++;
                node.miniversions.put(number, written.kept(node));
                return number;
            });
        }
    }

    /** What was committed when it was opened: a later commit puts another file in its place. */
    private final class SnapshotSource extends Source {
        private final DiskFile file;
        private final Hold hold;
        private final long baseVersion;

        SnapshotSource(String name, DiskFile file, Hold hold) {
            super(name, hold);
            this.file = file;
            this.hold = hold;
            this.baseVersion = hold.version();
            snapshots.add(this);
        }

        @Override
        public OpenedFile opened() {
            return new OpenedFile(true, OptionalLong.of(baseVersion), OptionalLong.of(hold.version()));
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            // What it reads never changes: nobody else needs to be kept waiting.
            return ofUse(() -> file.read(target, position));
        }

        private <T> T ofUse(FileWork.Action<T> action) throws IOException {
            requireOfUse();
            try {
                return action.run();
            } catch (ClosedChannelException e) {
                // With the transaction, if that has ended meanwhile.
                requireOfUse();
                throw e;
            }
        }

        @Override
        public int write(ByteBuffer source, long position) {
            throw new NonWritableChannelException();
        }

        @Override
        public long size() throws IOException {
            return ofUse(file::size);
        }

        @Override
        public void truncate(long size) {
            throw new NonWritableChannelException();
        }

        @Override
        public MappedByteBuffer map(FileChannel.MapMode mode, long position, long size) throws IOException {
            return use(() -> map(file, mode, position, size));
        }

        @Override
        public void close() throws IOException {
            super.close();
            closeFile();
        }

        void closeFile() throws IOException {
            snapshots.remove(this);
            file.close();
        }
    }
}
