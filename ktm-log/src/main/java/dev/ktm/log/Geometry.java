package dev.ktm.log;

import dev.ktm.log.format.ContainerHeader;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.RecordFormat;

/**
 * Sizes that follow from the size of a container, and the arithmetic of addresses.
 *
 * <p>The address space is endless: the container in place {@code s} holds the addresses from {@code s * containerBytes}
 * on, of which the first block is its header. Places start at 1, so no record has address 0.
 */
record Geometry(long containerBytes) {

    /** Frames that may be in memory at a time: one being written, one taking records, and two in between. */
    static final int FRAMES_IN_MEMORY = 4;

    /** Whether containers can have this size: whole blocks, and not more than can be asked for. */
    static boolean isContainerSize(long bytes) {
        return bytes >= 2L * FrameFormat.BLOCK_BYTES
                && bytes <= LogOptions.MOST_CONTAINER_BYTES
                && bytes % FrameFormat.BLOCK_BYTES == 0;
    }

    /** A sixteenth of a container at most, so that what a frame wastes at the container's end stays small. */
    int frameBytes() {
        return (int) Math.min(FrameFormat.MOST_BYTES, containerBytes / 16);
    }

    /** Largest payload of a record, in bytes. */
    int maxPayloadBytes() {
        return frameBytes() - FrameFormat.HEADER_BYTES - RecordFormat.HEADER_BYTES;
    }

    /** Blocks of a container that frames can use. */
    long usableBlocks() {
        return (containerBytes - ContainerHeader.BYTES) / FrameFormat.BLOCK_BYTES;
    }

    /** No address further than this behind the durable end has ever been given out, in bytes. */
    long aheadBytes() {
        return (FRAMES_IN_MEMORY + 1L) * frameBytes();
    }

    /** Blocks that only restart areas and truncations may use: writing them is what frees space in a full log. */
    long spareBlocks() {
        return frameBytes() / FrameFormat.BLOCK_BYTES + 4L;
    }

    long sequence(long address) {
        return address / containerBytes;
    }

    long offset(long address) {
        return address % containerBytes;
    }

    /** Where the first frame of the container in this place starts. */
    long firstAddress(long sequence) {
        return sequence * containerBytes + ContainerHeader.BYTES;
    }

    /** Where the container that holds this address ends. */
    long containerEnd(long address) {
        return (sequence(address) + 1) * containerBytes;
    }

    static long blocks(long bytes) {
        return (bytes + FrameFormat.BLOCK_BYTES - 1) / FrameFormat.BLOCK_BYTES;
    }
}
