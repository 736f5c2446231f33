package dev.ktm.log;

import dev.ktm.log.format.ContainerEntry;
import dev.ktm.log.format.ContainerHeader;
import dev.ktm.log.format.DamageException;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The containers' files. Guarded by the administration lock, but for {@link #map}, which anybody may look at.
 *
 * <p>A container is created with its header, filled with zeros, forced together with the directory, and only then
 * named by the base log file: a file that the base log file does not name is left over from a crash.
 */
final class Containers implements Closeable {

    /** Fewest containers of a log that can be written to. */
    static final int FEWEST = 2;

    /** What names of files end with until they are whole. */
    static final String ASIDE = ".ktm-new";

    /** Filling goes on in such steps, in bytes. */
    static final int FILL_BYTES = 1 << 20;

    private final LogDevice device;
    private final UUID logId;
    private final List<Container> all = new ArrayList<>();
    /** Shared by whoever fills; each takes a slice. */
    private volatile @Nullable ByteBuffer zeros;

    private volatile ContainerMap map = ContainerMap.EMPTY;

    Containers(LogDevice device, UUID logId) {
        this.device = device;
        this.logId = logId;
    }

    ContainerMap map() {
        return map;
    }

    List<Container> all() {
        return all;
    }

    int count() {
        return all.size();
    }

    /** Whether all of them have all their space. For any thread. */
    boolean isFilled() {
        return map.bySequence().stream().allMatch(container -> container.filled);
    }

    /** How many have all their space. For any thread. */
    int filledCount() {
        return (int)
                map.bySequence().stream().filter(container -> container.filled).count();
    }

    /** Opens all containers that the base log file names and checks that they are what it says. */
    void open(LogMetadata metadata, LogDevice.Access access) throws IOException {
        for (var entry : metadata.containers()) {
            all.add(open(entry, metadata.containerBytes(), access));
        }
        map = new ContainerMap(all);
        var places = map.bySequence();
        if (places.size() < all.size() || (!all.isEmpty() && !Geometry.isContainerSize(metadata.containerBytes()))) {
            throw new LogCorruptException(
                    LogError.METADATA_INCONSISTENT,
                    BaseLogFile.NAME,
                    0,
                    all.size() + " containers of at most " + LogOptions.MOST_CONTAINER_BYTES
                            + " bytes, each in a place",
                    places.size() + " in places, of " + metadata.containerBytes() + " bytes",
                    null);
        }
        for (int i = 0; i < places.size(); i++) {
            if (places.get(i).sequence != map.firstSequence() + i) {
                throw new LogCorruptException(
                        LogError.METADATA_INCONSISTENT,
                        BaseLogFile.NAME,
                        0,
                        "a container in place " + (map.firstSequence() + i),
                        places.get(i).fileName + " in place " + places.get(i).sequence,
                        null);
            }
        }
    }

    private Container open(ContainerEntry entry, long containerBytes, LogDevice.Access access) throws IOException {
        var name = entry.fileName();
        DeviceFile file;
        try {
            file = device.open(name, access);
        } catch (NoSuchFileException e) {
            throw new LogCorruptException(
                    LogError.CONTAINER_OPEN_FAILED, name, 0, "container " + entry.number(), "no such file", e);
        }
        try {
            checkHeader(file, entry, containerBytes);
            return new Container(entry, file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Checks that a file is the container that the base log file names. */
    void checkHeader(DeviceFile file, ContainerEntry entry, long containerBytes) throws IOException {
        if (file.size() != containerBytes) {
            throw corrupt(file, 0, "a container of " + containerBytes + " bytes", file.size() + " bytes", null);
        }
        var block = AlignedBuffers.allocate(ContainerHeader.BYTES);
        file.read(0, block);
        ContainerHeader header;
        try {
            header = ContainerHeader.decode(block);
        } catch (DamageException e) {
            var error = e.isOfOtherVersion() ? LogError.BLOCK_VERSION : LogError.BLOCK_INVALID;
            throw new LogCorruptException(error, file.name(), e.offset(), e.expected(), e.found(), e);
        }
        if (!header.logId().equals(logId)) {
            throw corrupt(file, 16, "a container of log " + logId, "one of log " + header.logId(), null);
        }
        if (header.number() != entry.number()) {
            throw corrupt(file, 32, "container " + entry.number(), "container " + header.number(), null);
        }
        if (header.containerBytes() != containerBytes) {
            throw corrupt(file, 40, containerBytes + " bytes", header.containerBytes() + " bytes", null);
        }
    }

    private static LogCorruptException corrupt(
            DeviceFile file, long offset, String expected, String found, @Nullable Throwable cause) {
        return new LogCorruptException(LogError.METADATA_INCONSISTENT, file.name(), offset, expected, found, cause);
    }

    /** Has everything that was ever written made durable, before it is believed. */
    void force() throws IOException {
        for (var container : all) {
            container.file.force();
        }
        device.forceDirectory();
    }

    /** Creates a container aside, sparse but for its header. Not yet one of {@link #all}. */
    Container create(int number, String fileName, long containerBytes) throws IOException {
        var file = createAside(fileName + ASIDE, containerBytes);
        try {
            var block = AlignedBuffers.allocate(ContainerHeader.BYTES);
            new ContainerHeader(logId, number, containerBytes).encode(block);
            file.writeThrough(0, block.rewind());
            return new Container(number, fileName, file);
        } catch (IOException | RuntimeException e) {
            file.close();
            device.delete(fileName + ASIDE);
            throw e;
        }
    }

    /** A full disk may leave an empty file behind, which must not be in the way of the next attempt. */
    private DeviceFile createAside(String name, long containerBytes) throws IOException {
        try {
            return device.create(name, containerBytes);
        } catch (IOException e) {
            try {
                if (device.list().contains(name)) {
                    device.delete(name);
                }
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** Names that a new container must not have: a file that is renamed onto another one replaces it. */
    Set<String> takenNames() throws IOException {
        var taken = new HashSet<String>();
        for (var name : device.list()) {
            taken.add(name.endsWith(ASIDE) ? name.substring(0, name.length() - ASIDE.length()) : name);
        }
        return taken;
    }

    /** Writes zeros from the offset on, one step at most, and returns where it ended. */
    long fill(Container container, long offset, long containerBytes) throws IOException {
        var source = zeros;
        if (source == null) {
            source = AlignedBuffers.allocate(FILL_BYTES);
            zeros = source;
        }
        int size = (int) Math.min(FILL_BYTES, containerBytes - offset);
        container.file.writeThrough(offset, source.slice(0, size));
        return offset + size;
    }

    /** Gives created containers their names. They are durable when this returns. */
    void giveNames(List<Container> created) throws IOException {
        for (var container : created) {
            container.file.force();
            device.rename(container.fileName + ASIDE, container.fileName);
        }
        device.forceDirectory();
    }

    /** Deletes containers that were created but are not taken up. */
    void discard(List<Container> created) throws IOException {
        for (var container : created) {
            container.file.close();
            for (var name : List.of(container.fileName + ASIDE, container.fileName)) {
                if (device.list().contains(name)) {
                    device.delete(name);
                }
            }
        }
    }

    /** Fills a container from the offset to its end. */
    void fillUp(Container container, long from, long containerBytes) throws IOException {
        long offset = Math.max(from, FrameFormat.BLOCK_BYTES);
        while (offset < containerBytes) {
            offset = fill(container, offset, containerBytes);
        }
        container.filled = true;
    }

    /** Takes up containers that the base log file names now. */
    void add(List<Container> added) {
        all.addAll(added);
        map = new ContainerMap(all);
    }

    /** Publishes the present places of the containers. */
    void publish() {
        map = new ContainerMap(all);
    }

    /**
     * Deletes containers that the base log file does not name any more. What cannot be deleted is left to the next
     * open: whoever wanted space has got it.
     */
    void dropAll(List<Container> leaving) {
        all.removeAll(leaving);
        publish();
        for (var container : leaving) {
            try {
                container.file.close();
                device.delete(container.fileName);
                device.forceDirectory();
            } catch (IOException e) {
                System.getLogger(Containers.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "cannot delete container " + container.fileName
                                        + ", which belongs to the log no more; the next open tries again: "
                                        + e.getMessage(),
                                e);
            }
        }
    }

    /** Deletes the files of this log that the base log file does not name: left over from a crash. */
    void deleteLeftovers() throws IOException {
        var named = all.stream().map(container -> container.fileName).toList();
        boolean deleted = false;
        for (var name : device.list()) {
            if (name.endsWith(ASIDE) || (!named.contains(name) && isOurs(name))) {
                device.delete(name);
                deleted = true;
            }
        }
        if (deleted) {
            device.forceDirectory();
        }
    }

    private boolean isOurs(String name) throws IOException {
        var header = headerOf(device, name);
        return header != null
                && header.logId().equals(logId)
                // What has the number of a container in use is a copy that somebody made of it, and not left over.
                && all.stream().noneMatch(container -> container.number == header.number());
    }

    /** The container header at the start of any file, or null if there is none. */
    static @Nullable ContainerHeader headerOf(LogDevice device, String name) throws IOException {
        if (name.equals(BaseLogFile.NAME) || name.equals(LogEngine.LOCK_NAME)) {
            return null;
        }
        try (var file = device.open(name, LogDevice.Access.READ)) {
            if (file.size() < ContainerHeader.BYTES) {
                return null;
            }
            var block = AlignedBuffers.allocate(ContainerHeader.BYTES);
            file.read(0, block);
            return ContainerHeader.decode(block);
        } catch (DamageException | FileSystemException e) {
            return null;
        }
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (var container : all) {
            try {
                container.file.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
