package dev.ktm.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A directory of the operating system. Where that has directories that others are opened in, whatever changes something, or reads a
 * file, is done in the directory that was meant, even if somebody puts a link in its place meanwhile. Elsewhere, and for what is
 * only looked up, and times and user attributes, every directory on the way is looked at right before.
 */
final class RealDisk implements Disk, Closeable {

    private static final Set<OpenOption> READ = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    private static final int FORCING_THREADS = 16;
    private static final int MODE_BITS = 0b111_111_111_111;
    private static final int EVERYBODY_ELSE = 0b000_111_111;
    private static final int OWNER_READS = 0b100_000_000;

    private final Path root;
    private final boolean unix;
    private final LongAdder forces = new LongAdder();
    private final @Nullable SafeDirectories directories;
    private final WorkArea area = new WorkArea(this);

    /** Over the mode of something that is opened although it may not be: two must not take each other's for what it was. */
    private final ReentrantLock opening = new ReentrantLock();

    RealDisk(Path root) {
        this(root, SafeDirectories.areSupported(root) ? new SafeDirectories(root) : null);
    }

    RealDisk(Path root, @Nullable SafeDirectories directories) {
        this.root = root;
        this.unix = root.getFileSystem().supportedFileAttributeViews().contains("unix");
        this.directories = directories;
    }

    @Override
    public void close() throws IOException {
        if (directories != null) {
            directories.close();
        }
    }

    @Override
    public Path path(String name) {
        return name.isEmpty() ? root : root.resolve(name);
    }

    /** A name whose directory is where it seems to be: below the root, with no link on the way. */
    private Path guarded(String name) throws IOException {
        var path = path(name);
        int slash = name.lastIndexOf('/');
        // What is in the work area nobody else knows the name of.
        if (slash > 0 && !(name.startsWith(WorkArea.WORK) && slash == WorkArea.WORK.length())) {
            requireNoLinks(name.substring(0, slash));
        }
        return path;
    }

    private void requireNoLinks(String directory) throws IOException {
        if (directory.isEmpty()) {
            return;
        }
        int end = directory.indexOf('/');
        while (true) {
            var part = end < 0 ? directory : directory.substring(0, end);
            var found = Files.readAttributes(path(part), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!found.isDirectory()) {
                throw new NotDirectoryException(path(part).toString());
            }
            if (end < 0) {
                return;
            }
            end = directory.indexOf('/', end + 1);
        }
    }

    @Override
    public Optional<Stat> stat(String name) throws IOException {
        Path path;
        try {
            path = guarded(name);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        }
        try {
            if (unix) {
                var found = Files.readAttributes(
                        path,
                        "unix:isRegularFile,isDirectory,isSymbolicLink,size,lastModifiedTime,ino,nlink,mode,uid,gid",
                        LinkOption.NOFOLLOW_LINKS);
                return Optional.of(new Stat(
                        kind(is(found, "isRegularFile"), is(found, "isDirectory"), is(found, "isSymbolicLink")),
                        String.valueOf(found.get("ino")),
                        Attributes.value(found, "size", Long.class),
                        Attributes.value(found, "lastModifiedTime", FileTime.class)
                                .to(TimeUnit.NANOSECONDS),
                        Attributes.value(found, "nlink", Integer.class),
                        Optional.of(new Owned(
                                Attributes.value(found, "uid", Integer.class),
                                Attributes.value(found, "gid", Integer.class),
                                Attributes.value(found, "mode", Integer.class) & MODE_BITS))));
            }
            var found = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return Optional.of(new Stat(
                    kind(found.isRegularFile(), found.isDirectory(), found.isSymbolicLink()),
                    // Without a key, when it was made has to do.
                    Objects.requireNonNullElse(found.fileKey(), found.creationTime())
                            .toString(),
                    found.size(),
                    found.lastModifiedTime().to(TimeUnit.NANOSECONDS),
                    1,
                    Optional.empty()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<Kind> kind(String name) throws IOException {
        try {
            var found = Files.readAttributes(guarded(name), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return Optional.of(kind(found.isRegularFile(), found.isDirectory(), found.isSymbolicLink()));
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        }
    }

    @Override
    public int names(String name) throws IOException {
        if (!unix) {
            return 1;
        }
        try {
            return (Integer) Files.getAttribute(path(name), "unix:nlink", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return 1;
        } catch (FileSystemException e) {
            if (!hasFileOnTheWay(name)) {
                throw e;
            }
            return 1;
        }
    }

    private static boolean is(Map<String, Object> attributes, String name) {
        return Attributes.value(attributes, name, Boolean.class);
    }

    private static Kind kind(boolean file, boolean directory, boolean link) {
        return file ? Kind.FILE : directory ? Kind.DIRECTORY : link ? Kind.LINK : Kind.OTHER;
    }

    @Override
    public List<String> list(String directory) throws IOException {
        if (directory.isEmpty() || directories == null || directory.equals(WorkArea.WORK)) {
            if (!directory.isEmpty()) {
                requireNoLinks(directory);
            }
            try (var stream = Files.newDirectoryStream(path(directory))) {
                return namesIn(stream);
            }
        }
        return directories.inNew(directory, RealDisk::namesIn);
    }

    private static List<String> namesIn(DirectoryStream<Path> stream) throws IOException {
        var names = new ArrayList<String>();
        try {
            for (var each : stream) {
                names.add(Objects.requireNonNull(each.getFileName()).toString());
            }
        } catch (java.nio.file.DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }

    private Path last(String name) {
        return root.getFileSystem().getPath(Names.last(name));
    }

    @Override
    public DiskFile open(String name, Set<? extends OpenOption> options) throws IOException {
        var all = new HashSet<OpenOption>(options);
        all.add(LinkOption.NOFOLLOW_LINKS);
        if (directories != null) {
            return new RealFile(
                    (FileChannel) directories.in(Names.parent(name), parent -> parent.newByteChannel(last(name), all)),
                    forces);
        }
        if (options.contains(StandardOpenOption.CREATE_NEW)) {
            requireNoLinks(Names.parent(name));
        }
        return new RealFile(FileChannel.open(guarded(name), all), forces);
    }

    @Override
    public DiskFile openFile(String name) throws IOException {
        if (directories != null) {
            return directories.in(Names.parent(name), parent -> {
                var last = last(name);
                requireFile(
                        name,
                        parent.getFileAttributeView(last, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                                .readAttributes());
                return new RealFile((FileChannel) parent.newByteChannel(last, READ), forces);
            });
        }
        // One look at what is on the way, for both.
        var path = guarded(name);
        requireFile(name, Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
        return new RealFile(FileChannel.open(path, READ), forces);
    }

    private static void requireFile(String name, BasicFileAttributes found) throws IOException {
        Disk.requireFile(name, kind(found.isRegularFile(), found.isDirectory(), found.isSymbolicLink()));
    }

    @Override
    public void createDirectory(String name) throws IOException {
        make(name, Files::createDirectory);
    }

    @Override
    public void createLink(String name, String target) throws IOException {
        make(name, path -> Files.createSymbolicLink(path, root.getFileSystem().getPath(target)));
    }

    /** Makes something of a path. */
    private interface Maker {
        void make(Path path) throws IOException;
    }

    /** What can only be made by a path is made in the work area, and then moved to its place, which nobody can exchange. */
    private void make(String name, Maker maker) throws IOException {
        if (directories == null || name.indexOf('/') < 0 || Names.isWithin(name, WorkArea.HIDDEN)) {
            maker.make(guarded(name));
            return;
        }
        if (stat(name).isPresent()) {
            throw new FileAlreadyExistsException(name);
        }
        var work = area.newName();
        maker.make(guarded(work));
        try {
            rename(work, name);
        } catch (IOException e) {
            area.discard(work);
            throw e;
        }
    }

    @Override
    public String readLink(String name) throws IOException {
        return Files.readSymbolicLink(guarded(name)).toString();
    }

    @Override
    public void addName(String existing, String added) throws IOException {
        var meant = stat(existing).orElseThrow(() -> new NoSuchFileException(existing));
        make(added, path -> {
            Files.createLink(path, guarded(existing));
            var made = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (unix
                    && !meant.key()
                            .equals(String.valueOf(Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS)))) {
                Files.delete(path);
                throw new FileSystemException(
                        existing, added, "expected the file that was there before, found another: " + made.fileKey());
            }
        });
    }

    @Override
    public void delete(String name) throws IOException {
        if (directories == null) {
            Files.delete(guarded(name));
            return;
        }
        var last = last(name);
        var unused = directories.in(Names.parent(name), parent -> {
            boolean directory = parent.getFileAttributeView(
                            last, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .readAttributes()
                    .isDirectory();
            try {
                if (directory) {
                    parent.deleteDirectory(last);
                } else {
                    parent.deleteFile(last);
                }
            } catch (DirectoryNotEmptyException e) {
                throw new DirectoryNotEmptyException(path(name).toString());
            }
            return last;
        });
    }

    @Override
    public void rename(String from, String to) throws IOException {
        try {
            if (directories == null) {
                Files.move(guarded(from), guarded(to), StandardCopyOption.ATOMIC_MOVE);
                return;
            }
            if (Names.isWithin(WorkArea.WORK, from)) {
                directories.forgetWork();
            }
            var unused = directories.in(
                    Names.parent(from),
                    source -> Names.parent(from).equals(Names.parent(to))
                            ? moved(source, from, source, to)
                            : directories.in(Names.parent(to), target -> moved(source, from, target, to)));
        } catch (AtomicMoveNotSupportedException e) {
            throw new TxfException(
                    TxfError.TRANSACTIONS_UNSUPPORTED_REMOTE,
                    path(to).toString(),
                    "expected everything below the root on one device with atomic renames, found another at " + from,
                    e);
        }
    }

    private String moved(SecureDirectoryStream<Path> source, String from, SecureDirectoryStream<Path> target, String to)
            throws IOException {
        source.move(last(from), target, last(to));
        return to;
    }

    @Override
    public void forceDirectory(String name) throws IOException {
        if (!unix) {
            // Elsewhere a directory cannot be opened, and its names are durable without.
            return;
        }
        try (var channel = FileChannel.open(path(name), READ)) {
            channel.force(true);
            forces.increment();
        }
    }

    @Override
    public DiskFile openAsOwner(String name) throws IOException {
        opening.lock();
        try {
            int mode = letOnlyOwnerRead(name);
            try {
                return new RealFile(FileChannel.open(path(name), READ), forces);
            } finally {
                setMode(name, mode);
            }
        } finally {
            opening.unlock();
        }
    }

    /** Under the lock over such modes; the mode that it had. */
    private int letOnlyOwnerRead(String name) throws IOException {
        int mode = stat(name).flatMap(Stat::owned).map(Owned::mode).orElseThrow(() -> new AccessDeniedException(name));
        // A link is followed. Whatever somebody has put there meanwhile: nobody may do more with it than before.
        Files.setAttribute(path(name), "unix:mode", (mode & ~EVERYBODY_ELSE) | OWNER_READS);
        return mode;
    }

    private void setMode(String name, int mode) throws IOException {
        Files.setAttribute(path(name), "unix:mode", mode, LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public void forceWork(Collection<String> files) throws IOException {
        if (files.size() == 1) {
            Disk.super.forceWork(files);
            return;
        }
        force(files, List.of(WorkArea.WORK), this::forceFile, this::forceDirectory);
    }

    /** On many threads: what is forced at the same time is written together. */
    @Override
    public void forceAll(Collection<String> files, Collection<String> directories) throws IOException {
        force(files, directories, this::forceFileIfThere, this::forceDirectoryIfThere);
    }

    /** Files, and then directories, each on many threads. */
    static void force(Collection<String> files, Collection<String> directories, ByName forceFile, ByName forceDirectory)
            throws IOException {
        var threads = Executors.newFixedThreadPool(Math.max(1, Math.min(FORCING_THREADS, files.size())), task -> {
            var thread = new Thread(task, "ktm files forced");
            thread.setDaemon(true);
            return thread;
        });
        try {
            forceEach(threads, files, forceFile);
            forceEach(threads, directories, forceDirectory);
        } finally {
            threads.shutdown();
        }
    }

    /** Something that is done to a name. */
    interface ByName {
        void run(String name) throws IOException;
    }

    /** Returns once all of them were tried. An interrupt does not end it: then nobody would know what is durable. */
    private static void forceEach(ExecutorService threads, Collection<String> names, ByName force) throws IOException {
        var running = new ArrayList<Future<Boolean>>();
        for (var name : names) {
            running.add(threads.submit(() -> {
                force.run(name);
                return true;
            }));
        }
        boolean interrupted = false;
        @Nullable IOException failure = null;
        for (var each : running) {
            while (true) {
                try {
                    each.get();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    failure = failed(failure, e);
                    break;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static IOException failed(@Nullable IOException first, ExecutionException e) {
        if (first == null) {
            return e.getCause() instanceof IOException failure
                    ? failure
                    : new IOException(String.valueOf(e.getCause()), e.getCause());
        }
        // Whoever looks at them wants to know what they are.
        first.addSuppressed(e.getCause());
        return first;
    }

    @Override
    public long forces() {
        return forces.sum();
    }

    @Override
    public Map<String, Object> readAttributes(String name, String attributes) throws IOException {
        return Files.readAttributes(guarded(name), attributes, LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public void setAttribute(String name, String attribute, Object value) throws IOException {
        var path = guarded(name);
        if (value == Attributes.Removed.REMOVED) {
            remove(path, attribute.substring(attribute.indexOf(':') + 1));
            return;
        }
        var known = principal(path, attribute, value);
        try {
            set(name, path, attribute, known);
        } catch (AccessDeniedException e) {
            if (!attribute.endsWith(":mode") && !attribute.endsWith(":permissions")) {
                throw e;
            }
            setUnread(name, path, attribute, known);
        }
    }

    private static void remove(Path path, String userAttribute) throws IOException {
        var view = Files.getFileAttributeView(path, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        if (view != null && view.list().contains(userAttribute)) {
            view.delete(userAttribute);
        }
    }

    /** What cannot be read cannot be opened, not even to set its rights. */
    private void setUnread(String name, Path path, String attribute, Object value) throws IOException {
        opening.lock();
        try {
            int mode = letOnlyOwnerRead(name);
            try {
                set(name, path, attribute, value);
            } catch (IOException | RuntimeException e) {
                setMode(name, mode);
                throw e;
            }
        } finally {
            opening.unlock();
        }
    }

    private void set(String name, Path path, String attribute, Object known) throws IOException {
        if (directories != null && !name.isEmpty() && isAboutRights(attribute)) {
            var unused = directories.in(Names.parent(name), parent -> {
                setRights(
                        parent.getFileAttributeView(
                                last(name), PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS),
                        attribute,
                        known);
                return known;
            });
            return;
        }
        Files.setAttribute(path, attribute, known, LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isAboutRights(String attribute) {
        return attribute.equals("posix:permissions")
                || attribute.equals("posix:owner")
                || attribute.equals("posix:group")
                || attribute.equals("owner:owner");
    }

    @SuppressWarnings("unchecked")
    private static void setRights(PosixFileAttributeView view, String attribute, Object value) throws IOException {
        if (value instanceof Set<?>) {
            view.setPermissions((Set<PosixFilePermission>) value);
        } else if (attribute.endsWith(":group")) {
            view.setGroup((GroupPrincipal) value);
        } else {
            view.setOwner((UserPrincipal) value);
        }
    }

    /** Owners and groups are logged by their names. */
    private static Object principal(Path path, String attribute, Object value) throws IOException {
        if (!(value instanceof String text)) {
            return value;
        }
        var lookup = path.getFileSystem().getUserPrincipalLookupService();
        return attribute.endsWith(":group")
                ? lookup.lookupPrincipalByGroupName(text)
                : lookup.lookupPrincipalByName(text);
    }

    @Override
    public boolean isWritable(String directory) {
        return Files.isWritable(path(directory));
    }

    @Override
    public boolean isReadable(String directory) {
        var path = path(directory);
        return Files.isReadable(path) && Files.isExecutable(path);
    }

    @Override
    public boolean isOnDevice(String name) throws IOException {
        return !unix
                || name.isEmpty()
                || Files.getAttribute(path(name), "unix:dev", LinkOption.NOFOLLOW_LINKS)
                        .equals(Files.getAttribute(root, "unix:dev"));
    }

    @Override
    public void requirePossible(String name) throws IOException {
        requirePossible(path(Names.child(WorkArea.WORK, Names.last(name))));
        try {
            requirePossible(path(name));
        } catch (FileSystemException e) {
            // What is a file now may be a directory when the name is used.
            if (!hasFileOnTheWay(name)) {
                throw e;
            }
        }
    }

    /** The system says whether it could be before it looks for the directories that are not there yet. */
    private static void requirePossible(Path path) throws IOException {
        try {
            var unused = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            // It could be.
        }
    }

    private boolean hasFileOnTheWay(String name) throws IOException {
        for (var parent = Names.parent(name); !parent.isEmpty(); parent = Names.parent(parent)) {
            if (Files.exists(path(parent), LinkOption.NOFOLLOW_LINKS)) {
                return !Files.isDirectory(path(parent), LinkOption.NOFOLLOW_LINKS);
            }
        }
        return false;
    }

    @Override
    public Set<String> attributeViews() {
        return root.getFileSystem().supportedFileAttributeViews();
    }

    /** An open file of the operating system. */
    private static final class RealFile implements DiskFile {
        private final FileChannel channel;
        private final LongAdder forces;

        RealFile(FileChannel channel, LongAdder forces) {
            this.channel = channel;
            this.forces = forces;
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return channel.read(target, position);
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            long at = position;
            while (source.hasRemaining()) {
                at += channel.write(source, at);
            }
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public void resize(long size) throws IOException {
            if (size < channel.size()) {
                channel.truncate(size);
            } else if (size > channel.size()) {
                channel.write(ByteBuffer.wrap(new byte[1]), size - 1);
            }
        }

        @Override
        public void force() throws IOException {
            try {
                channel.force(true);
                forces.increment();
            } catch (ClosedByInterruptException e) {
                throw new IOException("the thread was interrupted while it forced a file", e);
            }
        }

        @Override
        public FileChannel channel() {
            return channel;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
