package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import dev.ktm.file.FileLocks.Hold;
import dev.ktm.file.FileLocks.Owner;
import dev.ktm.file.FileLocks.Use;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is done outside of transactions: the committed state is seen, every change happens at once, on the disk itself, and is as durable
 * as the operating system makes it. Whoever is in a transaction is respected.
 */
final class PlainOperations implements Operations {

    private final ManagedRoot root;
    private final Disk disk;

    PlainOperations(ManagedRoot root) {
        this.root = root;
        this.disk = root.disk();
    }

    /** Something that is done while nobody commits more than one thing. */
    private interface Action<T> {
        T run() throws IOException;
    }

    private <T> T guarded(String name, Action<T> action) throws IOException {
        root.requireActive(name);
        root.tree().readLock().lock();
        try {
            // Whoever had the lock may have stopped everything.
            root.requireActive(name);
            return action.run();
        } finally {
            root.tree().readLock().unlock();
        }
    }

    private Optional<Disk.Stat> stat(String name) throws IOException {
        return Names.isWithin(name, WorkArea.HIDDEN) ? Optional.empty() : disk.stat(name);
    }

    private Disk.Stat require(String name) throws IOException {
        return stat(name).orElseThrow(() -> new NoSuchFileException(name));
    }

    private void requireDirectory(String name) throws IOException {
        var parent = Names.parent(name);
        if (!require(parent).isDirectory()) {
            throw new NotDirectoryException(parent);
        }
    }

    private void requireVisible(String name) throws NoSuchFileException {
        if (Names.isWithin(name, WorkArea.HIDDEN)) {
            throw new NoSuchFileException(name);
        }
    }

    @Override
    public Optional<Kind> kind(String name) throws IOException {
        return guarded(name, () -> Names.isWithin(name, WorkArea.HIDDEN) ? Optional.<Kind>empty() : disk.kind(name));
    }

    @Override
    public FileChannel open(String name, OpenMode mode, FileAttribute<?>... attributes) throws IOException {
        requireVisible(name);
        if (mode.version().isMiniversion()) {
            throw new TxfException(
                    TxfError.STREAM_MINIVERSION_NOT_FOUND,
                    name,
                    "expected the transaction that a miniversion belongs to, found none");
        }
        if (!mode.write()) {
            return guarded(name, () -> openToRead(name, mode));
        }
        var channel = guarded(name, () -> openToWrite(name, mode, attributes));
        root.shown();
        return channel;
    }

    private FileChannel openToRead(String name, OpenMode mode) throws IOException {
        var hold = root.locks().open(name, Owner.NOBODY, Use.READ, mode.denied());
        try {
            return new ManagedChannel(new ReadSource(name, hold), mode);
        } catch (IOException | RuntimeException | Error e) {
            hold.close();
            throw e;
        }
    }

    private FileChannel openToWrite(String name, OpenMode mode, FileAttribute<?>... attributes) throws IOException {
        var there = stat(name);
        if (there.isPresent() && mode.createNew()) {
            throw new FileAlreadyExistsException(name);
        }
        if (there.isPresent() && there.get().kind() != Kind.FILE) {
            throw new FileSystemException(
                    name, null, "expected a file, found " + there.get().kind());
        }
        if (there.isEmpty()) {
            requireDirectory(name);
        }
        var otherNames = there.map(FileLocks::otherNames).orElse(null);
        var hold = root.locks().open(name, otherNames, Owner.NOBODY, Use.WRITE, mode.denied());
        try {
            root.beforePlainChange(name);
            boolean creates = there.isEmpty();
            var file = disk.open(name, options(mode));
            for (var each : attributes) {
                if (creates) {
                    disk.setAttribute(name, each.name(), each.value());
                }
            }
            return new ManagedChannel(new WriteSource(name, file, hold, mode.deleteOnClose(), !creates), mode);
        } catch (IOException | RuntimeException | Error e) {
            hold.close();
            throw e;
        }
    }

    private static Set<OpenOption> options(OpenMode mode) {
        var options = new HashSet<OpenOption>(Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
        if (mode.createNew()) {
            options.add(StandardOpenOption.CREATE_NEW);
        } else if (mode.create()) {
            options.add(StandardOpenOption.CREATE);
        }
        if (mode.sync()) {
            options.add(StandardOpenOption.SYNC);
        }
        if (mode.truncate()) {
            options.add(StandardOpenOption.TRUNCATE_EXISTING);
        }
        return options;
    }

    /** The committed state, whichever it is. */
    private final class ReadSource implements ManagedChannel.Source {
        private final String name;
        private final Hold hold;
        private volatile Opened opened;

        /** The file of one version. One with other names is written to where it is by a commit, which nobody is to see half done. */
        private record Opened(long version, DiskFile file, boolean hasOtherNames) {}

        ReadSource(String name, Hold hold) throws IOException {
            this.name = name;
            this.hold = hold;
            this.opened = openNow();
        }

        private Opened openNow() throws IOException {
            return new Opened(hold.version(), disk.openFile(name), disk.names(name) > 1);
        }

        /** Something that is done with the file. */
        private interface Reading<T> {
            T run(DiskFile file) throws IOException;
        }

        private <T> T use(Reading<T> reading) throws IOException {
            if (opened.hasOtherNames()) {
                return guarded(name, () -> reading.run(file()));
            }
            return reading.run(file());
        }

        private DiskFile file() throws IOException {
            var now = opened;
            if (now.version() == hold.version()) {
                return now.file();
            }
            return reopen();
        }

        private DiskFile reopen() throws IOException {
            return guarded(name, () -> {
                long version = hold.version();
                var before = opened;
                if (before.version() != version) {
                    opened = openNow();
                    before.file().close();
                }
                return opened.file();
            });
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return use(file -> file.read(target, position));
        }

        @Override
        public int write(ByteBuffer source, long position) {
            throw new NonWritableChannelException();
        }

        @Override
        public long size() throws IOException {
            return use(DiskFile::size);
        }

        @Override
        public void truncate(long size) {
            throw new NonWritableChannelException();
        }

        @Override
        public void force() throws IOException {
            file().force();
        }

        @Override
        public java.nio.MappedByteBuffer map(FileChannel.MapMode mode, long position, long size) throws IOException {
            return mapped(name, file(), mode, position, size);
        }

        @Override
        public OpenedFile opened() {
            return OpenedFile.withoutVersions(true);
        }

        @Override
        public void close() throws IOException {
            hold.close();
            opened.file().close();
        }
    }

    private static java.nio.MappedByteBuffer mapped(
            String name, DiskFile file, FileChannel.MapMode mode, long position, long size) throws IOException {
        var channel = file.channel();
        if (channel == null) {
            throw new TxfException(
                    TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION, name, "expected a file that can be mapped");
        }
        return channel.map(mode, position, size);
    }

    /** The file itself. */
    private final class WriteSource implements ManagedChannel.Source {
        private final String name;
        private final DiskFile file;
        private final Hold hold;
        private final boolean deleteOnClose;
        private final boolean existed;

        WriteSource(String name, DiskFile file, Hold hold, boolean deleteOnClose, boolean existed) {
            this.name = name;
            this.file = file;
            this.hold = hold;
            this.deleteOnClose = deleteOnClose;
            this.existed = existed;
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return file.read(target, position);
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            int length = source.remaining();
            file.write(source, position);
            return length;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void truncate(long size) throws IOException {
            file.resize(size);
        }

        @Override
        public void force() throws IOException {
            file.force();
        }

        @Override
        public java.nio.MappedByteBuffer map(FileChannel.MapMode mode, long position, long size) throws IOException {
            return mapped(name, file, mode, position, size);
        }

        @Override
        public OpenedFile opened() {
            return OpenedFile.withoutVersions(existed);
        }

        @Override
        public void close() throws IOException {
            hold.close();
            file.close();
            if (deleteOnClose) {
                delete(name);
            } else {
                root.shown();
            }
        }
    }

    @Override
    public Set<String> list(String directory) throws IOException {
        return guarded(directory, () -> {
            requireVisible(directory);
            var names = new TreeSet<>(disk.list(directory));
            names.removeIf(each -> Names.isWithin(Names.child(directory, each), WorkArea.HIDDEN));
            return names;
        });
    }

    @Override
    public String readLink(String name) throws IOException {
        requireVisible(name);
        return guarded(name, () -> disk.readLink(name));
    }

    @Override
    public void createDirectory(String name, FileAttribute<?>... attributes) throws IOException {
        change(name, null, () -> {
            disk.createDirectory(name);
            for (var each : attributes) {
                disk.setAttribute(name, each.name(), each.value());
            }
        });
    }

    /** A change of the disk. */
    private interface Change {
        void run() throws IOException;
    }

    /** Changes one or two names at once, if nobody minds. */
    private void change(String name, @Nullable String other, Change change) throws IOException {
        requireVisible(name);
        root.requireActive(name);
        if (other != null) {
            requireVisible(other);
        }
        // Nobody commits meanwhile, nor looks.
        root.tree().writeLock().lock();
        try {
            root.requireActive(name);
            root.requireInPlace();
            requireFree(name);
            if (other != null) {
                requireFree(other);
            }
            change.run();
        } finally {
            root.tree().writeLock().unlock();
        }
        root.shown();
    }

    private void requireFree(String name) throws IOException {
        var there = stat(name);
        root.locks().requireFree(name, there.filter(Disk.Stat::isDirectory).isPresent());
        var otherNames = there.map(FileLocks::otherNames).orElse(null);
        if (otherNames != null) {
            root.locks().requireFree(otherNames, false);
        }
        root.beforePlainChange(name);
    }

    @Override
    public void createLink(String name, String target) throws IOException {
        change(name, null, () -> disk.createLink(name, target));
    }

    @Override
    public void addName(String existing, String added) throws IOException {
        change(added, existing, () -> {
            disk.addName(existing, added);
            root.locks().changedByCommit(Set.of(existing));
        });
    }

    @Override
    public void delete(String name) throws IOException {
        change(name, null, () -> {
            require(name);
            disk.delete(name);
        });
    }

    @Override
    public void move(String from, String to, boolean replace) throws IOException {
        change(from, to, () -> {
            var source = require(from);
            var target = stat(to);
            if (target.isPresent() && !replace) {
                throw new FileAlreadyExistsException(to);
            }
            if (Names.isWithin(to, from) && !to.equals(from)) {
                throw new FileSystemException(from, to, "expected a target outside of it");
            }
            if (target.isPresent() && (target.get().isDirectory() || source.isDirectory())) {
                if (target.get().isDirectory() && !disk.list(to).isEmpty()) {
                    throw new DirectoryNotEmptyException(to);
                }
                disk.delete(to);
            }
            disk.rename(from, to);
        });
    }

    @Override
    public Map<String, Object> readAttributes(String name, String attributes) throws IOException {
        requireVisible(name);
        return guarded(name, () -> disk.readAttributes(name, attributes));
    }

    @Override
    public void setAttribute(String name, String attribute, Object value) throws IOException {
        change(name, null, () -> {
            // Whoever has opened a directory for a while closes it again.
            root.opening().lock();
            try {
                disk.setAttribute(name, attribute, value);
            } finally {
                root.opening().unlock();
            }
        });
    }
}
