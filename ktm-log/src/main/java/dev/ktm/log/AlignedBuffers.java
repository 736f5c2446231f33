package dev.ktm.log;

import dev.ktm.log.storage.DeviceFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Direct, little-endian buffers as a device wants them. */
final class AlignedBuffers {

    private static final byte[] ZEROS = new byte[DeviceFile.BLOCK_BYTES];

    private AlignedBuffers() {}

    /** A buffer of zeros at an address that is a multiple of the block size. */
    static ByteBuffer allocate(int size) {
        return ByteBuffer.allocateDirect(size + 2 * DeviceFile.BLOCK_BYTES)
                .alignedSlice(DeviceFile.BLOCK_BYTES)
                .slice(0, size)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Fills the buffer with zeros from its start to its limit. */
    static void zero(ByteBuffer buffer) {
        for (int i = 0; i < buffer.limit(); i += ZEROS.length) {
            buffer.put(i, ZEROS, 0, Math.min(ZEROS.length, buffer.limit() - i));
        }
    }
}
