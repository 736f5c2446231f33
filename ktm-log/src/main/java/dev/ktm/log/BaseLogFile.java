package dev.ktm.log;

import dev.ktm.log.format.DamageException;
import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The file with the log's metadata, in two copies. An update is durable in the first before it begins in the second,
 * so at any moment one of them is whole; and a damaged or older copy is mended from the other before anything else is
 * written.
 * For one thread at a time, but for
 * {@link #current} and {@link #newestIncarnation}.
 */
final class BaseLogFile implements Closeable {

    static final String NAME = "ktm.blf";
    static final String NEW_NAME = NAME + Containers.ASIDE;

    private static final int COPIES = 2;

    private final DeviceFile file;
    private final ByteBuffer buffer = AlignedBuffers.allocate(LogMetadata.COPY_BYTES);
    private volatile LogMetadata current;

    private BaseLogFile(DeviceFile file, LogMetadata current) {
        this.file = file;
        this.current = current;
    }

    /** What both copies say, or what is wrong with them. */
    record Copies(List<@Nullable LogMetadata> whole, List<@Nullable DamageException> damage) {

        /**
         * The newest whole copy.
         *
         * @throws LogCorruptException if there is none, or if one copy is of another version: it may be the newer one
         */
        LogMetadata newest() throws LogCorruptException {
            for (var copy : damage) {
                if (copy != null && copy.isOfOtherVersion()) {
                    throw new LogCorruptException(
                            LogError.BLOCK_VERSION, NAME, copy.offset(), copy.expected(), copy.found(), copy);
                }
            }
            LogMetadata newest = null;
            for (var copy : whole) {
                if (copy != null && (newest == null || copy.generation() > newest.generation())) {
                    newest = copy;
                }
            }
            if (newest == null) {
                var first = damage.get(0);
                if (first == null) {
                    throw new AssertionError("a copy is either whole or damaged");
                }
                throw new LogCorruptException(
                        LogError.METADATA_CORRUPT,
                        NAME,
                        first.offset(),
                        first.expected() + " (in one of two copies)",
                        first.found() + " (and the other copy is damaged too)",
                        first);
            }
            return newest;
        }

        boolean isDamaged() {
            return whole.contains(null);
        }
    }

    /** Creates it aside and gives it its name only when it is durable. */
    static BaseLogFile create(LogDevice device, LogMetadata first) throws IOException {
        var file = device.create(NEW_NAME, (long) COPIES * LogMetadata.COPY_BYTES);
        try {
            var created = new BaseLogFile(file, first);
            created.write(first.withHome(device.fileIdentity(NEW_NAME)));
            file.force();
            device.rename(NEW_NAME, NAME);
            device.forceDirectory();
            return created;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Opens it for writing. Nothing is written yet, not even to mend a damaged copy. */
    static BaseLogFile open(LogDevice device) throws IOException {
        var file = device.open(NAME, LogDevice.Access.WRITE);
        try {
            return new BaseLogFile(file, read(file).newest());
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    static Copies read(DeviceFile file) throws IOException {
        var whole = new ArrayList<@Nullable LogMetadata>();
        var damage = new ArrayList<@Nullable DamageException>();
        var buffer = AlignedBuffers.allocate(LogMetadata.COPY_BYTES);
        for (int copy = 0; copy < COPIES; copy++) {
            long start = (long) copy * LogMetadata.COPY_BYTES;
            try {
                buffer.clear();
                file.read(start, buffer);
                whole.add(LogMetadata.decode(buffer));
                damage.add(null);
            } catch (DamageException e) {
                whole.add(null);
                damage.add(e.within(start));
            } catch (EOFException e) {
                whole.add(null);
                damage.add(
                        new DamageException(start, COPIES * LogMetadata.COPY_BYTES + " bytes", file.size() + " bytes"));
            }
        }
        return new Copies(whole, damage);
    }

    Copies read() throws IOException {
        return read(file);
    }

    LogMetadata current() {
        return current;
    }

    /** The highest incarnation that a copy speaks of, read anew; cheap. For any thread. */
    long newestIncarnation() throws IOException {
        long newest = 0;
        var start = ByteBuffer.allocate(LogMetadata.PEEK_BYTES);
        for (int copy = 0; copy < COPIES; copy++) {
            file.read((long) copy * LogMetadata.COPY_BYTES, start.clear());
            newest = Math.max(newest, LogMetadata.peekIncarnation(start, current.logId()));
        }
        return newest;
    }

    /**
     * Makes both copies say what the newest whole one says, so that the next update, which begins with the first, can
     * rely on the second. Returns whether a copy was damaged; one that is only older was left so by a crash.
     */
    boolean mend() throws IOException {
        var copies = read(file);
        var newest = copies.newest();
        encode(newest);
        for (int copy = 0; copy < COPIES; copy++) {
            var present = copies.whole().get(copy);
            if (present == null || present.generation() < newest.generation()) {
                file.writeThrough((long) copy * LogMetadata.COPY_BYTES, buffer.rewind());
            }
        }
        return copies.isDamaged();
    }

    /** Returns once both copies are durable. */
    void write(LogMetadata metadata) throws IOException {
        encode(metadata);
        for (int copy = 0; copy < COPIES; copy++) {
            file.writeThrough((long) copy * LogMetadata.COPY_BYTES, buffer.rewind());
        }
        current = metadata;
    }

    private void encode(LogMetadata metadata) {
        buffer.clear();
        AlignedBuffers.zero(buffer);
        metadata.encode(buffer);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
