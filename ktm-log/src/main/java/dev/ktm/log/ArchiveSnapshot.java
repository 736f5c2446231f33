package dev.ktm.log;

import dev.ktm.log.storage.DeviceFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A part of the log that stays where it is until this is closed, to be copied by an archiver. What it covers is
 * durable. Made by {@link LogStream#prepareArchive}. Safe for many threads.
 */
public final class ArchiveSnapshot implements AutoCloseable {

    private final Archiving archiving;
    private final long low;
    private final long high;
    private final List<Part> parts;

    ArchiveSnapshot(Archiving archiving, long low, long high, List<Part> parts) {
        this.archiving = archiving;
        this.low = low;
        this.high = high;
        this.parts = List.copyOf(parts);
    }

    /**
     * An extent of a container file.
     *
     * @param fileName the container
     * @param offset where the extent starts, in bytes
     * @param length its size, in bytes
     */
    public record Extent(String fileName, long offset, long length) {}

    /** An extent and the file that it is in. */
    record Part(Extent extent, DeviceFile file) {}

    /** The first address that is covered. */
    public long low() {
        return low;
    }

    /** The first address behind what is covered: the low end of the next archive. */
    public long high() {
        return high;
    }

    /** What to copy, in order. */
    public List<Extent> extents() {
        return parts.stream().map(Part::extent).toList();
    }

    /**
     * Reads from an extent.
     *
     * @param offset from the start of the extent, in bytes
     * @throws LogRefusedException with {@link LogError#ARCHIVE_NOT_IN_PROGRESS} if this is closed
     */
    public void read(Extent extent, long offset, ByteBuffer target) throws LogException {
        archiving.require(this);
        var part = parts.stream()
                .filter(candidate -> candidate.extent().equals(extent))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("expected an extent of this snapshot, found " + extent));
        if (offset < 0 || offset + target.remaining() > extent.length()) {
            throw new IllegalArgumentException("expected a range within " + extent.length() + " bytes, found "
                    + target.remaining() + " bytes at " + offset);
        }
        try {
            part.file().read(extent.offset() + offset, target);
        } catch (IOException e) {
            throw new LogDeviceException(
                    LogError.CONTAINER_READ_FAILED, "cannot read " + extent.fileName() + ": " + e.getMessage(), e);
        }
    }

    /** Ends the archive: the containers may be recycled again. Closing twice is harmless. */
    @Override
    public void close() throws LogException {
        archiving.end(this);
    }
}
