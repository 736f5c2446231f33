package dev.ktm.log;

import dev.ktm.log.format.Checksum;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.LogMetadata;
import java.io.IOException;

/**
 * After a crash, skips the addresses that may have been given to records that did not become durable, so that no LSN is
 * ever given out twice: writes frames without records that span them.
 *
 * <p>How far addresses can have been given out is bounded by the frames in memory, and by the space that appends could
 * take: the spare blocks, which only forced records use, are not skipped, and so a crash never fills the log.
 */
final class AddressSkip {

    private final Geometry geometry;
    private final ContainerMap containers;
    private final LogMetadata metadata;
    private final Checksum checksum = new Checksum();
    private long skippedBlocks;

    AddressSkip(Geometry geometry, ContainerMap containers, LogMetadata metadata) {
        this.geometry = geometry;
        this.containers = containers;
        this.metadata = metadata;
    }

    /** Returns the new end of the log. */
    Recovery.End run(Recovery.End end, long availableBlocks) throws IOException {
        long left = Math.min(geometry.aheadBytes() / FrameFormat.BLOCK_BYTES, availableBlocks - geometry.spareBlocks());
        var at = end;
        while (left > 0) {
            long address = at.address();
            long room = (geometry.containerEnd(address - 1) - address) / FrameFormat.BLOCK_BYTES;
            if (room == 0) {
                address = geometry.firstAddress(geometry.sequence(address - 1) + 1);
                room = geometry.usableBlocks();
            }
            long span = Math.min(room, left);
            int crc = write(address, span, at.chain());
            left -= span;
            skippedBlocks += span;
            at = new Recovery.End(address + span * FrameFormat.BLOCK_BYTES, new GroupCommit.Chain(address, crc));
        }
        return at;
    }

    long skippedBlocks() {
        return skippedBlocks;
    }

    private int write(long address, long spanBlocks, GroupCommit.Chain previous) throws IOException {
        var header = new FrameFormat.Header();
        header.address = address;
        header.length = FrameFormat.HEADER_BYTES;
        header.span = (int) (spanBlocks * FrameFormat.BLOCK_BYTES);
        header.previousAddress = previous.address();
        header.previousCrc = previous.crc();
        header.incarnation = (int) metadata.incarnation();
        header.tag = FrameFormat.tagOf(metadata.logId());
        var block = AlignedBuffers.allocate(FrameFormat.BLOCK_BYTES);
        int crc = FrameFormat.seal(block, header, checksum);
        containers.at(geometry.sequence(address)).file.writeThrough(geometry.offset(address), block.rewind());
        return crc;
    }
}
