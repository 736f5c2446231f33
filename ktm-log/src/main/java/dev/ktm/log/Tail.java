package dev.ktm.log;

import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.RecordFormat;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The end of the log: the frames that are not yet durable, and the space behind them. Everything here is guarded by
 * the gate.
 *
 * <p>Space is counted in blocks. Of the blocks from the open frame to the end of the last container, some are promised
 * to reservations and some are the spare ones; the rest is {@code freeBlocks}. A record is charged for each block that
 * it is the first to touch and, where its frame has to start in the next container, for what it leaves behind in this
 * one. A reserved record is allotted the worst case beforehand and returns what it did not need.
 */
final class Tail {

    /** No record was appended: all frames in memory are waiting for the disk. Try again after a write. */
    static final long NO_FRAME = -1;
    /** No record was appended: no space. */
    static final long NO_SPACE = -2;

    private final Geometry geometry;
    private final ArrayDeque<FrameBuffer> sealed = new ArrayDeque<>(2 * Geometry.FRAMES_IN_MEMORY);
    private final ArrayDeque<FrameBuffer> idle = new ArrayDeque<>(2 * Geometry.FRAMES_IN_MEMORY);
    private @Nullable FrameBuffer writing;
    /** Changed under the gate, looked at by a leader that gathers. */
    private volatile FrameBuffer open;

    private long lastSequence;
    private long freeBlocks;
    private long reservedBlocks;

    /**
     * A tail that continues at an address.
     *
     * @param next where the next frame goes
     * @param lastSequence place of the last container that may be written
     * @param availableBlocks blocks from there to the end of that container, spare ones included
     */
    Tail(Geometry geometry, long next, long lastSequence, long availableBlocks) {
        this.geometry = geometry;
        this.lastSequence = lastSequence;
        this.freeBlocks = availableBlocks - geometry.spareBlocks();
        for (int i = 1; i < Geometry.FRAMES_IN_MEMORY; i++) {
            idle.add(new FrameBuffer(geometry.frameBytes()));
        }
        open = new FrameBuffer(geometry.frameBytes());
        open.open(next, capacityAt(next));
    }

    private int capacityAt(long address) {
        return (int) Math.min(geometry.frameBytes(), geometry.containerEnd(address - 1) - address);
    }

    /** Blocks to allot for a record, so that it can be appended wherever the tail stands. */
    int allotment(int payloadBytes) {
        int blocks = (int) Geometry.blocks(FrameFormat.HEADER_BYTES + (long) RecordFormat.sizeOf(payloadBytes));
        return 2 * blocks - 1;
    }

    boolean reserve(long blocks) {
        if (blocks > freeBlocks) {
            return false;
        }
        freeBlocks -= blocks;
        reservedBlocks += blocks;
        return true;
    }

    void unreserve(long blocks) {
        freeBlocks += blocks;
        reservedBlocks -= blocks;
    }

    /**
     * Appends a record to the open frame, or to the next one.
     *
     * @param allotted blocks set aside for it, or 0
     * @param spare whether it may use the spare blocks
     * @return its LSN, {@link #NO_FRAME} or {@link #NO_SPACE}; in the latter cases nothing has changed
     */
    long append(
            StreamState stream,
            int kind,
            long prefix,
            ByteBuffer payload,
            long previous,
            long undoNext,
            int allotted,
            boolean spare) {
        int size = RecordFormat.sizeOf((kind == RecordFormat.DATA ? 0 : Long.BYTES) + payload.remaining());
        var frame = open;
        if (frame.used + size <= frame.capacity && frame.records < Lsn.RECORDS_PER_FRAME) {
            int charge = FrameFormat.padded(frame.used + size) / FrameFormat.BLOCK_BYTES - frame.blocks;
            if (!charge(charge, allotted, spare)) {
                return NO_SPACE;
            }
            frame.blocks += charge;
        } else {
            long appended = openNext(size, allotted, spare);
            if (appended < 0) {
                return appended;
            }
            frame = open;
        }
        long lsn = Lsn.of(frame.address, frame.records);
        frame.add(stream.id, kind, prefix, payload, previous, undoNext);
        stream.beforeAppend(lsn);
        stream.last = lsn;
        return lsn;
    }

    /** Opens a frame with room for the record and charges it. Changes nothing unless it returns 0. */
    private long openNext(int size, int allotted, boolean spare) {
        long next = open.end();
        if (open.records > 0 && idle.isEmpty()) {
            return NO_FRAME;
        }
        int blocks = (int) Geometry.blocks(FrameFormat.HEADER_BYTES + (long) size);
        long room = geometry.containerEnd(next - 1) - next;
        long waste = 0;
        if ((long) blocks * FrameFormat.BLOCK_BYTES > room) {
            if (geometry.sequence(next - 1) >= lastSequence) {
                return NO_SPACE;
            }
            waste = room / FrameFormat.BLOCK_BYTES;
            next = geometry.firstAddress(geometry.sequence(next - 1) + 1);
        }
        if (!charge(blocks + (int) waste, allotted, spare)) {
            return NO_SPACE;
        }
        if (open.records > 0) {
            sealed.add(open);
            open = idle.remove();
        }
        open.open(next, capacityAt(next));
        open.blocks = blocks;
        return 0;
    }

    private boolean charge(int blocks, int allotted, boolean spare) {
        if (allotted > 0) {
            if (blocks > allotted) {
                throw new IllegalStateException("allotted " + allotted + " blocks, needed " + blocks);
            }
            reservedBlocks -= allotted;
            freeBlocks += allotted - blocks;
            return true;
        }
        if (blocks > freeBlocks + (spare ? geometry.spareBlocks() : 0)) {
            return false;
        }
        freeBlocks -= blocks;
        return true;
    }

    /** Takes the oldest frame that is not being written, sealing the open one if it has to; null if there is none. */
    @Nullable
    FrameBuffer takeForWriting() {
        var frame = sealed.poll();
        if (frame != null) {
            writing = frame;
        } else if (open.records > 0) {
            frame = open;
            writing = frame;
            open = idle.remove();
            open.open(frame.end(), capacityAt(frame.end()));
        }
        return frame;
    }

    /** The frame that was taken is durable; its buffer can be used again. */
    void written(FrameBuffer frame) {
        writing = null;
        idle.add(frame);
    }

    boolean isWriting() {
        return writing != null;
    }

    boolean hasSealed() {
        return !sealed.isEmpty();
    }

    FrameBuffer open() {
        return open;
    }

    /** The frame in memory that has this address, or null if it is durable already or does not exist. */
    @Nullable
    FrameBuffer find(long address) {
        if (open.address == address && open.records > 0) {
            return open;
        }
        for (var frame : sealed) {
            if (frame.address == address) {
                return frame;
            }
        }
        return writing != null && writing.address == address ? writing : null;
    }

    /** The address of the frame that holds this LSN or anything before it that is not durable. */
    long addressOf(long lsn) {
        long found = oldest();
        for (var frame : sealed) {
            if (frame.address <= lsn) {
                found = frame.address;
            }
        }
        return open.address <= lsn && open.records > 0 ? open.address : found;
    }

    /** An address in the oldest frame that is not durable; the next address if there is none. */
    long oldest() {
        if (writing != null) {
            return writing.address;
        }
        var first = sealed.peek();
        return first == null ? open.address : first.address;
    }

    /** Wakes everybody who waits for any frame. */
    void releaseAll() {
        open.waiters.release();
        sealed.forEach(frame -> frame.waiters.release());
        if (writing != null) {
            writing.waiters.release();
        }
    }

    /** Where the next frame would start if the open one were sealed now. */
    long next() {
        return open.records == 0 ? open.address : open.end();
    }

    boolean hasUnwritten() {
        return open.records > 0 || !sealed.isEmpty();
    }

    /** The LSN that the next record gets, or a smaller one that nobody has. */
    long nextLsn() {
        return open.records < Lsn.RECORDS_PER_FRAME ? Lsn.of(open.address, open.records) : open.end();
    }

    /** Containers up to this place may be written now, and so many blocks more are there. */
    void extend(long newLastSequence, long blocks) {
        lastSequence = newLastSequence;
        freeBlocks += blocks;
    }

    /** Whether the spare blocks are in use, so that there is less behind the end than what a crash skips. */
    boolean isOnSpareBlocks() {
        return freeBlocks + reservedBlocks < 0;
    }

    long lastSequence() {
        return lastSequence;
    }

    long freeBlocks() {
        return freeBlocks;
    }

    long reservedBlocks() {
        return reservedBlocks;
    }

    /** The place of the container in which the next frame starts. */
    long tailSequence() {
        return geometry.sequence(open.address - 1);
    }
}
