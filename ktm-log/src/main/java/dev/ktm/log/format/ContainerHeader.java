package dev.ktm.log.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * The first block of a container: whose it is. Written once, when the container is created, never again; what part of
 * the log the container holds at present is the base log file's to say.
 *
 * <pre>
 *   0       4        8         12         16       32       36      40               48
 *   | magic | crc32c | version | reserved | log id | number | zeros | container size | zeros to the end of the block |
 * </pre>
 * The checksum covers everything behind it to the end of the block. It does in every version: first the checksum is
 * looked at, then the version.
 *
 * @param logId the log it belongs to
 * @param number its number among the log's containers, never reused
 * @param containerBytes its size in bytes, this block included
 */
public record ContainerHeader(UUID logId, int number, long containerBytes) {

    /** The size of the header, in bytes: where the first frame starts. */
    public static final int BYTES = FrameFormat.BLOCK_BYTES;

    static final int MAGIC = 'K' | 'T' << 8 | 'M' << 16 | 'C' << 24;
    static final int VERSION = 1;

    static final int CRC_OFFSET = Integer.BYTES;
    static final int VERSION_OFFSET = CRC_OFFSET + Integer.BYTES;
    static final int RESERVED_OFFSET = VERSION_OFFSET + Integer.BYTES;
    static final int LOG_ID_OFFSET = RESERVED_OFFSET + Integer.BYTES;
    static final int NUMBER_OFFSET = LOG_ID_OFFSET + 2 * Long.BYTES;
    static final int SIZE_OFFSET = NUMBER_OFFSET + 2 * Integer.BYTES;

    /** Writes the block into the first bytes of a buffer whose other bytes up to the block's end are zero. */
    public void encode(ByteBuffer block) {
        block.order(ByteOrder.LITTLE_ENDIAN);
        block.putInt(0, MAGIC);
        block.putInt(VERSION_OFFSET, VERSION);
        block.putLong(LOG_ID_OFFSET, logId.getMostSignificantBits());
        block.putLong(LOG_ID_OFFSET + Long.BYTES, logId.getLeastSignificantBits());
        block.putInt(NUMBER_OFFSET, number);
        block.putLong(SIZE_OFFSET, containerBytes);
        block.putInt(CRC_OFFSET, new Checksum().of(block, VERSION_OFFSET, BYTES));
    }

    /** Reads the block at the start of a buffer. */
    public static ContainerHeader decode(ByteBuffer block) throws DamageException {
        block.order(ByteOrder.LITTLE_ENDIAN);
        int magic = block.getInt(0);
        if (magic != MAGIC) {
            throw new DamageException(0, "container magic " + FrameFormat.hex(MAGIC), FrameFormat.hex(magic));
        }
        int stored = block.getInt(CRC_OFFSET);
        int actual = new Checksum().of(block, VERSION_OFFSET, BYTES);
        if (stored != actual) {
            throw new DamageException(CRC_OFFSET, "checksum " + FrameFormat.hex(stored), FrameFormat.hex(actual));
        }
        int version = block.getInt(VERSION_OFFSET);
        if (version != VERSION) {
            throw DamageException.ofOtherVersion(VERSION_OFFSET, "container version " + VERSION, version);
        }
        return new ContainerHeader(
                new UUID(block.getLong(LOG_ID_OFFSET), block.getLong(LOG_ID_OFFSET + Long.BYTES)),
                block.getInt(NUMBER_OFFSET),
                block.getLong(SIZE_OFFSET));
    }
}
