package dev.ktm.file;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What of a file need not be copied, since nothing but zeros is there: what is not written of the copy needs no room, and is read as
 * zeros. Whether there is a hole in the original, or zeros that somebody has written, Java cannot tell.
 */
final class Holes {

    /** Whole blocks are left out, from the start of the file on. */
    static final int BLOCK_BYTES = 64 << 10;

    /** What has other bytes mostly has them at its beginning. */
    private static final int LOOK_BYTES = 4 << 10;

    private static final ByteBuffer ZEROS = ByteBuffer.allocate(BLOCK_BYTES).asReadOnlyBuffer();

    private final DiskFile file;
    private final long size;
    private final ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);

    Holes(DiskFile file, long size) {
        this.file = file;
        this.size = size;
    }

    /** Whether there are only zeros from here to the end of a block, or of the file. */
    boolean isAt(long at) throws IOException {
        return hasZeros(at, LOOK_BYTES) && hasZeros(at, BLOCK_BYTES);
    }

    private boolean hasZeros(long at, int most) throws IOException {
        int length = (int) Math.min(most, size - at);
        block.clear().limit(length);
        while (block.hasRemaining()) {
            if (file.read(block, at + block.position()) <= 0) {
                // Somebody has cut it: whoever copies it sees that.
                return false;
            }
        }
        return isZero(block.flip());
    }

    /** Whether there are only zeros in it. */
    static boolean isZero(ByteBuffer bytes) {
        for (int at = bytes.position(); at < bytes.limit(); at += BLOCK_BYTES) {
            int length = Math.min(BLOCK_BYTES, bytes.limit() - at);
            if (bytes.slice(at, length).mismatch(ZEROS.slice(0, length)) >= 0) {
                return false;
            }
        }
        return true;
    }
}
