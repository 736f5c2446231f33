package dev.ktm.registry;

import dev.ktm.log.storage.DeviceFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The file of a checkpoint, big-endian.
 * <pre>
 *   0       8         12       16         24         32        40     56        64     72     80         84      4096
 *   | magic | version | crc32c | sequence | sequence | covered | hive | next id | keys | body | unloaded | zeros | frames - - -
 *   a frame:  | length 4 | crc32c 4 | records - - - |
 *   a key:    | 1 | id 8 | parent 8 | name | attributes | written 8 |
 *   a value:  | 2 | name | type 1 | bytes |      of the key before it
 * </pre>
 * The first sequence number is written before the body and the second when all else is durable: they differ in a file that is not
 * whole. The checksum of the header covers its whole block, that of a frame its records. Keys stand in the order of their ids;
 * values in any, as that of names depends on the JDK. {@code unloaded} is 1 if the hive was unloaded with it, so that it needs no log, and otherwise 0.
 * {@code body} is the length of all frames together; zeros follow up to the end of the block.
 */
final class CheckpointFormat {

    static final long MAGIC = 0x4b544d2048495645L;
    static final int VERSION = 1;

    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = MAGIC_OFFSET + Long.BYTES;
    static final int CRC_OFFSET = VERSION_OFFSET + Integer.BYTES;
    static final int FIRST_SEQUENCE_OFFSET = CRC_OFFSET + Integer.BYTES;
    static final int SECOND_SEQUENCE_OFFSET = FIRST_SEQUENCE_OFFSET + Long.BYTES;
    static final int COVERED_OFFSET = SECOND_SEQUENCE_OFFSET + Long.BYTES;
    static final int HIVE_OFFSET = COVERED_OFFSET + Long.BYTES;
    static final int NEXT_ID_OFFSET = HIVE_OFFSET + 2 * Long.BYTES;
    static final int KEYS_OFFSET = NEXT_ID_OFFSET + Long.BYTES;
    static final int BODY_OFFSET = KEYS_OFFSET + Long.BYTES;
    static final int UNLOADED_OFFSET = BODY_OFFSET + Long.BYTES;
    static final int HEADER_BYTES = DeviceFile.BLOCK_BYTES;

    static final int FRAME_HEADER_BYTES = 2 * Integer.BYTES;
    static final int KEY = 1;
    static final int VALUE = 2;

    /** A frame is ended when it has this many bytes; with the last record it may become larger by that. */
    static final int FRAME_BYTES = 1 << 16;

    /** The largest record is a value of the greatest length with a name of the greatest length; a key has limits of its own. */
    static final int MOST_FRAME_BYTES = FRAME_BYTES + Hive.MOST_VALUE_BYTES + (1 << 17);

    private CheckpointFormat() {}

    /** A buffer as a device wants it. */
    static ByteBuffer aligned(int bytes) {
        return ByteBuffer.allocateDirect(bytes + DeviceFile.BLOCK_BYTES)
                .alignedSlice(DeviceFile.BLOCK_BYTES)
                .slice(0, bytes)
                .order(ByteOrder.BIG_ENDIAN);
    }

    static int checksum(ByteBuffer header) {
        var copy = new byte[HEADER_BYTES];
        header.duplicate().position(0).limit(HEADER_BYTES).get(copy);
        ByteBuffer.wrap(copy).putInt(CRC_OFFSET, 0);
        return checksum(copy, HEADER_BYTES);
    }

    static int checksum(byte[] bytes, int count) {
        var crc = new CRC32C();
        crc.update(bytes, 0, count);
        return (int) crc.getValue();
    }
}
