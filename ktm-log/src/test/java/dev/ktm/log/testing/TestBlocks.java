package dev.ktm.log.testing;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Aligned buffers full of one byte. */
final class TestBlocks {

    private TestBlocks() {}

    /** An aligned direct buffer of so many blocks, each byte of it having this value. */
    static ByteBuffer filled(int blocks, int value) {
        var buffer = empty(blocks);
        while (buffer.hasRemaining()) {
            buffer.put((byte) value);
        }
        return buffer.flip();
    }

    /** An aligned direct buffer of so many blocks of zeros. */
    static ByteBuffer empty(int blocks) {
        return ByteBuffer.allocateDirect((blocks + 1) * Block.BYTES)
                .alignedSlice(Block.BYTES)
                .limit(blocks * Block.BYTES);
    }

    /** So many bytes of this value. */
    static byte[] bytes(int count, int value) {
        var bytes = new byte[count];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    /** The first byte of each sector. */
    static String sectors(byte[] bytes) {
        var text = new StringBuilder();
        for (var at = 0; at < bytes.length; at += Block.SECTOR_BYTES) {
            text.append(bytes[at]);
        }
        return text.toString();
    }
}
