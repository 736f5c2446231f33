package dev.ktm.log;

import dev.ktm.log.format.Checksum;
import dev.ktm.log.format.DamageException;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.storage.DeviceFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads frames from containers, ahead of where it is asked for; the further the longer it goes on. Not thread-safe.
 *
 * <p>After {@link #load} the frame is in {@link #buffer} at {@link #offset}, checked as a whole.
 */
final class FrameCursor {

    /** The file of the container that is in a place. */
    interface Files {

        /** The file, or an exception if no container is there any more. */
        DeviceFile at(long sequence) throws IOException;
    }

    private static final int FIRST_AHEAD_BYTES = 4 * FrameFormat.BLOCK_BYTES;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    final FrameFormat.Header header = new FrameFormat.Header();

    private final Geometry geometry;
    private final long tag;
    private final Files files;
    private final int mostAheadBytes;
    private final Checksum checksum = new Checksum();
    private int aheadBytes;
    private ByteBuffer chunk = NOTHING;
    private long chunkStart;
    private long chunkEnd;
    private int frameOffset;

    /**
     * A cursor on these files.
     *
     * @param mostAheadBytes how much is read at a time at most, unless a frame is larger
     */
    FrameCursor(Geometry geometry, long tag, Files files, int mostAheadBytes) {
        this.geometry = geometry;
        this.tag = tag;
        this.files = files;
        this.mostAheadBytes = mostAheadBytes;
        this.aheadBytes = Math.min(mostAheadBytes, FIRST_AHEAD_BYTES);
    }

    ByteBuffer buffer() {
        return chunk;
    }

    int offset() {
        return frameOffset;
    }

    /** Where the frame's bytes in use end in the buffer. */
    int end() {
        return frameOffset + header.length;
    }

    /**
     * Reads the frame at this address and checks all of it.
     *
     * @param settled nothing at or behind this address may be kept from an earlier read
     * @throws DamageException if there is no valid frame; the offset is the one in the container
     */
    void load(long address, long settled) throws IOException, DamageException {
        long room = geometry.containerEnd(address) - address;
        if (address < chunkStart || address + FrameFormat.BLOCK_BYTES > chunkEnd) {
            fill(address, settled, FrameFormat.BLOCK_BYTES);
        }
        frameOffset = (int) (address - chunkStart);
        try {
            header.read(chunk, frameOffset, address, tag, room);
            int size = FrameFormat.padded(header.length);
            if (frameOffset + size > chunkEnd - chunkStart) {
                fill(address, settled, size);
                frameOffset = 0;
                header.read(chunk, 0, address, tag, room);
            }
            header.checkContent(chunk, frameOffset, checksum);
        } catch (DamageException e) {
            throw e.within(geometry.offset(address));
        }
    }

    /** Whether a valid frame of the log is at this address. */
    boolean isFrame(long address) throws IOException {
        if (!isClaimed(address)) {
            return false;
        }
        try {
            load(address, Lsn.INVALID);
            return true;
        } catch (DamageException e) {
            return false;
        }
    }

    /** Whether the first words at this address are those of a frame that belongs there, valid or not. */
    boolean isClaimed(long address) throws IOException {
        if (address < chunkStart || address + FrameFormat.BLOCK_BYTES > chunkEnd) {
            fill(address, Lsn.INVALID, FrameFormat.BLOCK_BYTES);
        }
        return FrameFormat.Header.claims(chunk, (int) (address - chunkStart), address);
    }

    private void fill(long address, long settled, int atLeast) throws IOException {
        long room = geometry.containerEnd(address) - address;
        if (chunkEnd > 0) {
            aheadBytes = Math.min(mostAheadBytes, 4 * aheadBytes);
        }
        // What is not settled would be thrown away.
        long useful = Math.max(atLeast, Math.min(aheadBytes, settled - address));
        int size = (int) Math.min(room, useful);
        if (chunk.capacity() < size) {
            chunk = AlignedBuffers.allocate(size);
        }
        chunkEnd = chunkStart;
        chunk.clear().limit(size);
        files.at(geometry.sequence(address)).read(geometry.offset(address), chunk);
        chunk.clear();
        chunkStart = address;
        chunkEnd = Math.max(address + atLeast, Math.min(address + size, settled));
    }
}
