package dev.ktm.file;

import dev.ktm.Ktm;
import dev.ktm.rm.KtmException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/**
 * Says whose a root is, and keeps others away while it is open. The file {@code owner} in its hidden directory names the coordinator,
 * the manager and the directory itself: a copy of the directory is another one, and is refused.
 */
final class RootOwnership implements Closeable {

    /**
     * What this process owns is in the system properties, so that two copies of this class see it. A second opener must be turned
     * away before he opens the lock: POSIX drops that when he closes it.
     */
    private static final String OWNED = "dev.ktm.files.owned.";

    private static final Set<PosixFilePermission> OWNERS_ONLY =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);

    private static final Set<String> REMOTE = Set.of(
            "nfs",
            "nfs4",
            "cifs",
            "smb",
            "smbfs",
            "smb2",
            "smb3",
            "afs",
            "ncpfs",
            "9p",
            "fuse.sshfs",
            "davfs",
            "fat",
            "vfat",
            "msdos",
            "exfat");

    private final Path root;
    private final String key;
    private final FileChannel channel;

    private RootOwnership(Path root, String key, FileChannel channel) {
        this.root = root;
        this.key = key;
        this.channel = channel;
    }

    /** Takes a directory for a manager, or says why it cannot be had. */
    private static Path realPath(Path directory) throws IOException {
        try {
            return directory.toRealPath();
        } catch (NoSuchFileException e) {
            var failure = new NoSuchFileException(
                    directory.toAbsolutePath().toString(),
                    null,
                    "expected a directory for transactional files, found nothing: make it first, or mount what it lies on; it is"
                            + " not made here, or files that are elsewhere would seem to be gone");
            failure.initCause(e);
            throw failure;
        }
    }

    static RootOwnership take(Ktm ktm, String name, Path directory, boolean resetWhenDamaged) throws IOException {
        var root = realPath(directory);
        if (!Files.isDirectory(root)) {
            throw new java.nio.file.NotDirectoryException(directory.toString());
        }
        requireSuitable(root);
        var hidden = root.resolve(WorkArea.HIDDEN);
        if (!Files.exists(hidden, LinkOption.NOFOLLOW_LINKS)) {
            makeOwnersOnly(hidden);
        }
        if (!Files.isDirectory(hidden, LinkOption.NOFOLLOW_LINKS)) {
            throw new TxfException(
                    TxfError.RM_METADATA_CORRUPT,
                    hidden.toString(),
                    "expected a directory, found something else: remove it");
        }
        var key = OWNED + key(root);
        if (System.getProperties().putIfAbsent(key, root.toString()) != null) {
            throw taken(root, new IOException("this process has it open"));
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(
                    hidden.resolve("lock"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS);
            lock(channel, root);
            requireOwn(ktm, name, root, hidden, resetWhenDamaged);
            return new RootOwnership(root, key, channel);
        } catch (IOException | RuntimeException | Error e) {
            System.getProperties().remove(key);
            if (channel != null) {
                channel.close();
            }
            throw e;
        }
    }

    /** What is not committed yet lies below it, and may be meant for fewer eyes than the root. */
    private static void makeOwnersOnly(Path hidden) throws IOException {
        if (Files.getFileStore(Objects.requireNonNull(hidden.getParent()))
                .supportsFileAttributeView(PosixFileAttributeView.class)) {
            Files.createDirectory(hidden, PosixFilePermissions.asFileAttribute(OWNERS_ONLY));
        } else {
            Files.createDirectory(hidden);
        }
    }

    private static String key(Path root) throws IOException {
        var key = Files.readAttributes(root, BasicFileAttributes.class).fileKey();
        return String.valueOf(key == null ? root : key);
    }

    private static void requireSuitable(Path root) throws IOException {
        var store = Files.getFileStore(root);
        requireSuitable(root, store.type(), store.isReadOnly());
    }

    static void requireSuitable(Path root, String type, boolean readOnly) throws IOException {
        if (REMOTE.contains(type.toLowerCase(Locale.ROOT))) {
            throw new TxfException(
                    TxfError.TRANSACTIONS_UNSUPPORTED_REMOTE,
                    root.toString(),
                    "expected a file system of this machine with atomic and durable renames, found one of type "
                            + type);
        }
        if (readOnly || !Files.isWritable(root)) {
            throw new java.nio.file.AccessDeniedException(
                    root.toString(), null, "expected a root that may be written to, found one that may not");
        }
    }

    private static void lock(FileChannel channel, Path root) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            throw taken(root, e);
        }
        if (lock == null) {
            throw taken(root, new IOException("another process has locked it"));
        }
    }

    private static TxfException taken(Path root, Exception why) {
        return new TxfException(
                TxfError.RM_ALREADY_STARTED,
                root.toString(),
                "expected a root that nobody has open, found that another file manager has: close it first",
                why);
    }

    private static void requireOwn(Ktm ktm, String name, Path root, Path hidden, boolean resetWhenDamaged)
            throws IOException {
        var file = hidden.resolve("owner");
        var key = String.valueOf(
                Files.readAttributes(root, BasicFileAttributes.class).fileKey());
        var expected = List.of("version=1", "coordinator=" + identity(ktm), "name=" + name, "directory=" + key);
        List<String> found;
        try {
            found = Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            write(file, String.join("\n", expected) + "\n");
            return;
        } catch (java.nio.charset.CharacterCodingException e) {
            found = List.of();
        }
        if (!found.equals(expected)) {
            if (resetWhenDamaged && !saysWhose(found)) {
                write(file, String.join("\n", expected) + "\n");
                return;
            }
            throw new TxfException(
                    TxfError.RM_METADATA_CORRUPT,
                    file.toString(),
                    "expected a root of this coordinator and name, " + expected + ", found " + found
                            + ": it is another one's or a copy; if nothing of it is in doubt, remove " + hidden
                            + " and it is a new root");
        }
    }

    /** Whether it is whole: another one's, and not damaged. */
    private static boolean saysWhose(List<String> lines) {
        return lines.size() == 4
                && lines.get(1).startsWith("coordinator=")
                && lines.get(2).startsWith("name=")
                && lines.get(3).startsWith("directory=");
    }

    private static UUID identity(Ktm ktm) throws IOException {
        try {
            return ktm.manager().log().map(log -> log.identity()).orElseGet(() -> new UUID(0, 0));
        } catch (KtmException e) {
            throw new IOException(e);
        }
    }

    private static void write(Path file, String text) throws IOException {
        var aside = file.resolveSibling("owner.new");
        try (var channel = FileChannel.open(
                aside, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
    }

    Path root() {
        return root;
    }

    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            try {
                channel.close();
            } finally {
                System.getProperties().remove(key);
            }
        }
    }
}
