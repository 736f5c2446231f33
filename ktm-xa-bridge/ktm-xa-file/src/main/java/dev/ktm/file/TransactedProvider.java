package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Turns the calls of {@link Files} into {@link Operations}. Not installed: its file systems belong to managers. */
final class TransactedProvider extends FileSystemProvider {

    static final String SCHEME = "ktm-files";

    private static final int COPY_BYTES = 256 << 10;

    private static TransactedPath own(Path path) {
        if (path instanceof TransactedPath own) {
            return own;
        }
        throw new ProviderMismatchException();
    }

    private static boolean follows(LinkOption... options) {
        return !List.of(options).contains(LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public String getScheme() {
        return SCHEME;
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
        throw new UnsupportedOperationException("expected TransactedFiles.open to give a file system, found a URI");
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
        throw new UnsupportedOperationException("expected TransactedFiles.open to give a file system, found a URI");
    }

    @Override
    public Path getPath(URI uri) {
        throw new UnsupportedOperationException("expected a file system to give a path, found a URI");
    }

    // Opening.

    @Override
    public SeekableByteChannel newByteChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override
    public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        var own = own(path);
        var mode = OpenMode.of(options);
        var operations = own.fileSystem().operations();
        boolean follow = mode.followLinks() && !mode.createNew();
        var straight = own.straightName();
        if (straight.isEmpty()) {
            return operations.open(own.fileSystem().resolve(operations, own, follow), mode, attributes);
        }
        // Most paths have no link in them, and one that has is refused: only then it is worth a look.
        try {
            return operations.open(straight, mode, attributes);
        } catch (IOException e) {
            return openBehindLinks(operations, own, follow, straight, e, mode, attributes);
        }
    }

    private static FileChannel openBehindLinks(
            Operations operations,
            TransactedPath path,
            boolean follow,
            String straight,
            IOException refusal,
            OpenMode mode,
            FileAttribute<?>... attributes)
            throws IOException {
        var name = path.fileSystem().resolve(operations, path, follow);
        if (name.equals(straight)) {
            throw refusal;
        }
        return operations.open(name, mode, attributes);
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path directory, DirectoryStream.Filter<? super Path> filter)
            throws IOException {
        var own = own(directory);
        var operations = own.fileSystem().operations();
        var name = own.fileSystem().resolve(operations, own, true);
        if (operations.kind(name).filter(Kind.DIRECTORY::equals).isEmpty()) {
            if (operations.kind(name).isEmpty()) {
                throw new NoSuchFileException(directory.toString());
            }
            throw new NotDirectoryException(directory.toString());
        }
        var paths = new ArrayList<Path>();
        for (var each : operations.list(name)) {
            var path = directory.resolve(each);
            if (filter.accept(path)) {
                paths.add(path);
            }
        }
        return new Listing(paths);
    }

    /** What a directory held at one moment. */
    private static final class Listing implements DirectoryStream<Path> {
        private @Nullable Iterator<Path> paths;
        private boolean closed;

        Listing(List<Path> paths) {
            this.paths = paths.iterator();
        }

        @Override
        public Iterator<Path> iterator() {
            var all = paths;
            if (all == null || closed) {
                throw new IllegalStateException("expected a stream that is open and was not iterated, found another");
            }
            paths = null;
            return all;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    // Names.

    @Override
    public void createDirectory(Path directory, FileAttribute<?>... attributes) throws IOException {
        var own = own(directory);
        var operations = own.fileSystem().operations();
        var name = own.fileSystem().resolve(operations, own, false);
        if (operations.kind(name).isPresent()) {
            throw new FileAlreadyExistsException(directory.toString());
        }
        operations.createDirectory(name, attributes);
    }

    @Override
    public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attributes) throws IOException {
        var own = own(link);
        var operations = own.fileSystem().operations();
        operations.createLink(own.fileSystem().resolve(operations, own, false), target.toString());
    }

    @Override
    public void createLink(Path link, Path existing) throws IOException {
        var own = own(link);
        var operations = own.fileSystem().operations();
        requireSameRoot(own(existing), own);
        operations.addName(
                own.fileSystem().resolve(operations, own(existing), true),
                own.fileSystem().resolve(operations, own, false));
    }

    private static void requireSameRoot(TransactedPath one, TransactedPath other) throws TxfException {
        if (one.fileSystem().root() != other.fileSystem().root()) {
            throw new TxfException(
                    TxfError.CANT_CROSS_RM_BOUNDARY,
                    one.toString(),
                    "expected both below one root, found " + other + " below another");
        }
    }

    @Override
    public Path readSymbolicLink(Path link) throws IOException {
        var own = own(link);
        var operations = own.fileSystem().operations();
        return own.fileSystem().getPath(operations.readLink(own.fileSystem().resolve(operations, own, false)));
    }

    @Override
    public void delete(Path path) throws IOException {
        var own = own(path);
        var operations = own.fileSystem().operations();
        operations.delete(own.fileSystem().resolve(operations, own, false));
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) throws IOException {
        var from = own(source);
        var to = own(target);
        var wanted = List.of(options);
        boolean follow = !wanted.contains(LinkOption.NOFOLLOW_LINKS);
        var reading = from.fileSystem().operations();
        var writing = to.fileSystem().operations();
        var fromName = from.fileSystem().resolve(reading, from, follow);
        var toName = to.fileSystem().resolve(writing, to, false);
        var kind = reading.kind(fromName).orElseThrow(() -> new NoSuchFileException(source.toString()));
        if (from.fileSystem().root() == to.fileSystem().root() && fromName.equals(toName)) {
            return;
        }
        var there = writing.kind(toName);
        if (there.isPresent()) {
            if (!wanted.contains(StandardCopyOption.REPLACE_EXISTING)) {
                throw new FileAlreadyExistsException(target.toString());
            }
            requireReplaceable(writing, toName, there.get(), to.fileSystem().supportedFileAttributeViews());
            writing.delete(toName);
        }
        var progress = wanted.stream()
                .filter(CopyProgress.class::isInstance)
                .map(CopyProgress.class::cast)
                .findFirst()
                .orElse((copied, total) -> CopyProgress.Answer.CONTINUE);
        switch (kind) {
            case DIRECTORY -> writing.createDirectory(toName);
            case LINK -> writing.createLink(toName, reading.readLink(fromName));
            default -> copyContent(reading, fromName, writing, toName, progress);
        }
        if (wanted.contains(StandardCopyOption.COPY_ATTRIBUTES) && kind != Kind.LINK) {
            copyAttributes(reading, fromName, writing, toName, to.fileSystem().supportedFileAttributeViews());
        }
    }

    private static void requireReplaceable(Operations operations, String name, Kind kind, Set<String> views)
            throws IOException {
        if (kind == Kind.DIRECTORY && !operations.list(name).isEmpty()) {
            throw new DirectoryNotEmptyException(name);
        }
        if (kind == Kind.FILE && views.contains("dos")) {
            var protection = operations.readAttributes(name, "dos:hidden,readonly");
            if (protection.containsValue(true)) {
                throw new AccessDeniedException(
                        name, null, "expected a target that is neither hidden nor read-only, found " + protection);
            }
        }
    }

    private static void copyContent(
            Operations reading, String from, Operations writing, String to, CopyProgress progress) throws IOException {
        var read = OpenMode.of(Set.of(StandardOpenOption.READ));
        var write = OpenMode.of(Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
        var answer = CopyProgress.Answer.CONTINUE;
        try (var in = reading.open(from, read)) {
            try (var out = writing.open(to, write)) {
                var buffer = java.nio.ByteBuffer.allocate(COPY_BYTES);
                long total = in.size();
                long copied = 0;
                while (answer == CopyProgress.Answer.CONTINUE && in.read(buffer.clear()) >= 0) {
                    buffer.flip();
                    long rest = total - copied - buffer.remaining();
                    if (rest > 0 && buffer.remaining() >= Holes.BLOCK_BYTES && Holes.isZero(buffer)) {
                        copied += buffer.remaining();
                        out.position(copied);
                    } else {
                        while (buffer.hasRemaining()) {
                            copied += out.write(buffer);
                        }
                    }
                    answer = progress.copied(copied, total);
                }
                if (answer != CopyProgress.Answer.CONTINUE) {
                    throw new TxfException(
                            TxfError.REQUEST_ABORTED,
                            to,
                            "expected a copy of " + total + " bytes, found it ended by its listener after " + copied);
                }
            } catch (IOException e) {
                if (answer == CopyProgress.Answer.STOP) {
                    throw e;
                }
                // What is there of the target is not what was wanted.
                removePartial(writing, to, e);
                throw e;
            }
        }
    }

    private static void removePartial(Operations writing, String to, IOException why) {
        try {
            writing.delete(to);
        } catch (IOException e) {
            why.addSuppressed(e);
        }
    }

    private static void copyAttributes(
            Operations reading, String from, Operations writing, String to, Set<String> views) throws IOException {
        if (views.contains("posix")) {
            var permissions = reading.readAttributes(from, "posix:permissions").get("permissions");
            if (permissions != null) {
                writing.setAttribute(to, "posix:permissions", permissions);
            }
        }
        if (views.contains("user")) {
            for (var each : reading.readAttributes(from, "user:*").entrySet()) {
                writing.setAttribute(to, "user:" + each.getKey(), each.getValue());
            }
        }
        var modified = reading.readAttributes(from, "lastModifiedTime").get("lastModifiedTime");
        if (modified != null) {
            writing.setAttribute(to, "lastModifiedTime", modified);
        }
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        var from = own(source);
        var to = own(target);
        if (from.fileSystem().root() != to.fileSystem().root()) {
            moveToOtherRoot(from, to, List.of(options));
            return;
        }
        var operations = from.fileSystem().operations();
        boolean replace = List.of(options).contains(StandardCopyOption.REPLACE_EXISTING)
                || List.of(options).contains(StandardCopyOption.ATOMIC_MOVE);
        operations.move(
                from.fileSystem().resolve(operations, from, false),
                to.fileSystem().resolve(operations, to, false),
                replace);
    }

    /** A file is copied and then deleted; what is to be one operation, and directories, cannot cross. */
    private void moveToOtherRoot(TransactedPath from, TransactedPath to, List<CopyOption> options) throws IOException {
        if (options.contains(StandardCopyOption.ATOMIC_MOVE)) {
            throw new AtomicMoveNotSupportedException(
                    from.toString(),
                    to.toString(),
                    "expected both below one root: moving to another copies, and then deletes");
        }
        var operations = from.fileSystem().operations();
        if (operations
                .kind(from.fileSystem().resolve(operations, from, false))
                .filter(Kind.DIRECTORY::equals)
                .isPresent()) {
            throw new TxfException(
                    TxfError.CANT_CROSS_RM_BOUNDARY,
                    from.toString(),
                    "expected a file to be moved below another root, found a directory: copy what is in it, and delete it");
        }
        var all = new ArrayList<CopyOption>(options);
        all.add(StandardCopyOption.COPY_ATTRIBUTES);
        all.add(LinkOption.NOFOLLOW_LINKS);
        copy(from, to, all.toArray(CopyOption[]::new));
        try {
            delete(from);
        } catch (IOException e) {
            var writing = to.fileSystem().operations();
            removePartial(writing, to.fileSystem().resolve(writing, to, false), e);
            throw e;
        }
    }

    @Override
    public boolean isSameFile(Path path, Path other) throws IOException {
        if (path.equals(other)) {
            return true;
        }
        if (!(path instanceof TransactedPath one)
                || !(other instanceof TransactedPath two)
                || one.fileSystem().root() != two.fileSystem().root()) {
            return false;
        }
        var first = readAttributes(path, BasicFileAttributes.class);
        var second = readAttributes(other, BasicFileAttributes.class);
        var key = first.fileKey();
        return key != null ? key.equals(second.fileKey()) : one.toRealPath().equals(two.toRealPath());
    }

    @Override
    public boolean isHidden(Path path) {
        var name = path.getFileName();
        return name != null && name.toString().startsWith(".");
    }

    @Override
    public FileStore getFileStore(Path path) {
        return new RootStore(own(path).fileSystem().root());
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        var own = own(path);
        var operations = own.fileSystem().operations();
        var name = own.fileSystem().resolve(operations, own, true);
        if (operations.kind(name).isEmpty()) {
            throw new NoSuchFileException(path.toString());
        }
        var real = own.fileSystem().root().disk().path(name);
        if (real != null && modes.length > 0 && Files.exists(real, LinkOption.NOFOLLOW_LINKS)) {
            for (var mode : modes) {
                boolean allowed = switch (mode) {
                    case READ -> Files.isReadable(real);
                    case WRITE -> Files.isWritable(real);
                    case EXECUTE -> Files.isExecutable(real);
                };
                if (!allowed) {
                    throw new AccessDeniedException(path.toString());
                }
            }
        }
    }

    // Attributes.

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
        var own = own(path);
        var operations = own.fileSystem().operations();
        var name = own.fileSystem().resolve(operations, own, follows(options));
        return operations.readAttributes(name, attributes);
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) throws IOException {
        var own = own(path);
        var operations = own.fileSystem().operations();
        var name = own.fileSystem().resolve(operations, own, follows(options));
        operations.setAttribute(name, attribute, value);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
            throws IOException {
        var views = own(path).fileSystem().supportedFileAttributeViews();
        if (type == BasicFileAttributes.class) {
            return (A) new AttributeViews.Basic(readAttributes(path, "basic:*", options));
        }
        if (type == PosixFileAttributes.class && views.contains("posix")) {
            return (A) new AttributeViews.Posix(readAttributes(path, "posix:*", options));
        }
        throw new UnsupportedOperationException("expected basic or posix attributes, found " + type.getName());
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
            Path path, Class<V> type, LinkOption... options) {
        return AttributeViews.of(
                new AttributeViews.Target(this, path, List.of(options)),
                type,
                own(path).fileSystem().supportedFileAttributeViews());
    }
}
