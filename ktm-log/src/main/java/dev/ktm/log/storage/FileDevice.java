package dev.ktm.log.storage;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;

/**
 * A directory on a real disk.
 *
 * <p>Files are reached through {@link AsynchronousFileChannel}s whose executor is the calling thread: the same system
 * calls as a {@code FileChannel} makes, on the same thread, but an interrupt cannot close the channel. Write-through
 * uses {@code O_DIRECT} and {@code O_DSYNC} where the file system has them: one system call, one device write, and an
 * error that belongs to exactly this write. Without {@code O_DIRECT} it falls back to {@code O_DSYNC}.
 *
 * <p>Files are created for the owner only, and symbolic links are never followed inside the directory.
 */
public final class FileDevice implements LogDevice {

    private static final String NETWORK = "locks and forces over a network keep less than they promise";
    private static final String COPY_ON_WRITE =
            "it never writes in place, so preallocated space is not certain and forces are slow";
    private static final Map<String, String> CAVEATS = Map.of(
            "nfs", NETWORK,
            "nfs4", NETWORK,
            "cifs", NETWORK,
            "smb3", NETWORK,
            "9p", NETWORK,
            "fuse", "what a force means is up to the program that serves it",
            "btrfs", COPY_ON_WRITE,
            "zfs", COPY_ON_WRITE,
            "overlay", "it is often discarded with its container",
            "tmpfs", "it is memory: nothing survives a restart of the system");

    private static final byte[] ZERO = new byte[] {0};

    private final Path directory;
    private final boolean posix;
    private final ExecutorService callerRuns = new CallerRunsExecutor();

    private FileDevice(Path directory) {
        this.directory = directory;
        this.posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /**
     * A device on this directory, which is created for its owner only if it is missing.
     *
     * @throws NotDirectoryException if the path is something else
     * @throws AccessDeniedException if other users may write to it: they could replace the log
     */
    public static FileDevice openOrCreate(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            createDirectories(directory.toAbsolutePath());
        }
        return open(directory);
    }

    /** Creates a directory and those above it that are missing; they survive a crash when this returns. */
    private static void createDirectories(Path directory) throws IOException {
        var parent = parentOf(directory);
        if (!Files.exists(parent)) {
            createDirectories(parent);
        }
        FileAttribute<?>[] ownerOnly =
                directory.getFileSystem().supportedFileAttributeViews().contains("posix")
                        ? attributes("rwx------")
                        : attributes("");
        Files.createDirectories(directory, ownerOnly);
        forceDirectory(parent, new CallerRunsExecutor());
    }

    /**
     * A device on an existing directory.
     *
     * @throws NoSuchFileException if there is none
     * @throws NotDirectoryException if the path is something else
     * @throws AccessDeniedException if other users may write to it: they could replace the log
     */
    public static FileDevice open(Path directory) throws IOException {
        var device = openToLook(directory);
        if (device.posix) {
            var permissions = Files.getPosixFilePermissions(device.directory);
            if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw new AccessDeniedException(
                        device.directory.toString(),
                        null,
                        "expected a directory that only its owner may write to, found "
                                + PosixFilePermissions.toString(permissions)
                                + ": others could replace the log; take that permission away (chmod go-w)");
            }
        }
        return device;
    }

    /**
     * A device on an existing directory, for somebody who only reads: who may write to it does not matter.
     *
     * @throws NoSuchFileException if there is none
     * @throws NotDirectoryException if the path is something else
     */
    public static FileDevice openToLook(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            throw new NoSuchFileException(directory.toString());
        }
        if (!Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory.toString());
        }
        return new FileDevice(directory.toRealPath());
    }

    @Override
    public String location() {
        return directory.toString();
    }

    @Override
    public Optional<String> caveat() {
        try {
            var type = Files.getFileStore(directory).type();
            return Optional.ofNullable(CAVEATS.get(type.startsWith("fuse") ? "fuse" : type))
                    .map(reason -> "file system " + type + ": " + reason);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public Ownership acquire(String lockName) throws IOException {
        return FileOwnership.acquire(this, directory, lockName);
    }

    @Override
    public List<String> list() throws IOException {
        try (var paths = Files.list(directory)) {
            return paths.map(path -> String.valueOf(path.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    @Override
    public DeviceFile create(String name, long sizeBytes) throws IOException {
        var path = path(name);
        var plain = channel(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        try {
            if (sizeBytes > 0) {
                FileDeviceFile.writeFully(plain, name, sizeBytes - 1, ByteBuffer.wrap(ZERO));
            }
            return new FileDeviceFile(name, plain, throughChannel(path));
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
    }

    @Override
    public DeviceFile open(String name, Access access) throws IOException {
        var path = path(name);
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new NoSuchFileException(path.toString());
        }
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileSystemException(
                    path.toString(), null, "expected a regular file, found a link, a directory or a device");
        }
        if (access == Access.READ) {
            return new FileDeviceFile(name, channel(path, StandardOpenOption.READ), null);
        }
        var plain = channel(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            return new FileDeviceFile(name, plain, throughChannel(path));
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Files.move(path(from), path(to), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public long fileIdentity(String name) throws IOException {
        return directory.getFileSystem().supportedFileAttributeViews().contains("unix")
                ? (Long) Files.getAttribute(path(name), "unix:ino", LinkOption.NOFOLLOW_LINKS)
                : 0;
    }

    @Override
    public void delete(String name) throws IOException {
        Files.delete(path(name));
    }

    @Override
    public void forceDirectory() throws IOException {
        forceDirectory(directory, callerRuns);
    }

    @Override
    public void close() {
        // Files and ownership are closed by those who opened them.
    }

    @Override
    public String toString() {
        return "FileDevice[" + directory + "]";
    }

    AsynchronousFileChannel channel(Path path, OpenOption... options) throws IOException {
        var all = new HashSet<OpenOption>(List.of(options));
        all.add(LinkOption.NOFOLLOW_LINKS);
        return AsynchronousFileChannel.open(path, all, callerRuns, posix ? attributes("rw-------") : attributes(""));
    }

    private AsynchronousFileChannel throughChannel(Path path) throws IOException {
        try {
            return channel(path, StandardOpenOption.WRITE, StandardOpenOption.DSYNC, ExtendedOpenOption.DIRECT);
        } catch (UnsupportedOperationException | FileSystemException e) {
            // A file system without O_DIRECT says EINVAL. The error of the plainer attempt is the one to report.
            return channel(path, StandardOpenOption.WRITE, StandardOpenOption.DSYNC);
        }
    }

    private Path path(String name) {
        var path = directory.resolve(name);
        if (!directory.equals(path.getParent()) || name.equals("..") || name.equals(".")) {
            throw new IllegalArgumentException("expected a plain file name, found " + name);
        }
        return path;
    }

    private static Path parentOf(Path path) {
        var parent = path.getParent();
        return parent == null ? path : parent;
    }

    private static void forceDirectory(Path directory, ExecutorService callerRuns) throws IOException {
        try (var channel = AsynchronousFileChannel.open(directory, Set.of(StandardOpenOption.READ), callerRuns)) {
            channel.force(true);
        }
    }

    private static FileAttribute<?>[] attributes(String permissions) {
        return permissions.isEmpty()
                ? new FileAttribute<?>[0]
                : new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                };
    }
}
