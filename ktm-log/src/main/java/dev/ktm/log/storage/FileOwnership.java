package dev.ktm.log.storage;

import java.io.IOException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The right to a directory: a lock of the operating system on a file that nobody else opens, and an entry in a table
 * of this process.
 *
 * <p>The lock alone would not do. POSIX drops it when <em>any</em> code of the process closes <em>any</em> descriptor
 * of the file; a second opener in the same process must therefore be turned away before it opens the file. The table
 * is the system properties, because two copies of this class, loaded by two applications in one container, must see
 * the same one.
 */
final class FileOwnership implements LogDevice.Ownership {

    private static final String OWNED = "dev.ktm.log.owned.";

    private final Path lockFile;
    private final String key;
    private final AsynchronousFileChannel channel;
    private final FileLock lock;
    private final @Nullable Object identity;

    private FileOwnership(Path lockFile, String key, AsynchronousFileChannel channel, FileLock lock)
            throws IOException {
        this.lockFile = lockFile;
        this.key = key;
        this.channel = channel;
        this.lock = lock;
        this.identity = identityOf(lockFile);
    }

    static FileOwnership acquire(FileDevice device, Path directory, String lockName) throws IOException {
        var key = OWNED + Objects.requireNonNullElse(identityOf(directory), directory);
        var present = System.getProperties().putIfAbsent(key, directory.toString());
        if (present != null) {
            throw new DeviceBusyException(directory + " is in use by this process already");
        }
        AsynchronousFileChannel channel = null;
        try {
            var lockFile = directory.resolve(lockName);
            channel = device.channel(
                    lockFile, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
            var lock = channel.tryLock();
            if (lock == null) {
                throw new DeviceBusyException(directory + " is in use by another process");
            }
            return new FileOwnership(lockFile, key, channel, lock);
        } catch (IOException | RuntimeException | Error e) {
            System.getProperties().remove(key);
            if (channel != null) {
                channel.close();
            }
            throw e;
        }
    }

    @Override
    public void check() throws IOException {
        if (!lock.isValid()) {
            throw new IOException("the lock on " + lockFile + " was lost");
        }
        if (!Files.exists(lockFile, LinkOption.NOFOLLOW_LINKS) || !Objects.equals(identity, identityOf(lockFile))) {
            throw new IOException("the lock file " + lockFile + " was deleted or replaced");
        }
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            System.getProperties().remove(key);
        }
    }

    private static @Nullable Object identityOf(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }
}
