package dev.ktm.log.testing;

import dev.ktm.log.storage.DeviceFile;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The content of one block; it never changes, so that any number of disk images share it.
 *
 * <p>Its hash is the sum of its sectors' hashes, so a torn block costs no hashing. A sector of zeros hashes to zero:
 * a hole and a written zero are the same to a reader.
 */
final class Block {

    static final int BYTES = DeviceFile.BLOCK_BYTES;
    static final int SECTOR_BYTES = 512;
    static final int SECTORS = BYTES / SECTOR_BYTES;
    static final int ALL_SECTORS = (1 << SECTORS) - 1;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ODD = 0x9E3779B97F4A7C15L;
    private static final Block ZERO = new Block(new byte[BYTES]);
    private static final ByteBuffer ZEROS = ByteBuffer.wrap(ZERO.bytes).asReadOnlyBuffer();

    private final byte[] bytes;
    private final long[] sectorHashes;
    private final long hash;

    private Block(byte[] bytes, long[] sectorHashes) {
        this.bytes = bytes;
        this.sectorHashes = sectorHashes;
        var sum = 0L;
        for (var sector = 0; sector < SECTORS; sector++) {
            if (sectorHashes[sector] != 0) {
                sum += mix(sectorHashes[sector] + sector * ODD);
            }
        }
        this.hash = sum;
    }

    private Block(byte[] bytes) {
        this(bytes, hashesOf(bytes));
    }

    /** The block with these bytes, which are handed over: nobody may change them afterwards. */
    static Block of(byte[] bytes) {
        return new Block(bytes);
    }

    /** The remaining bytes of the buffer, a multiple of the block size, cut into blocks. */
    static List<Block> split(ByteBuffer source) {
        var from = source.duplicate();
        var blocks = new ArrayList<Block>(from.remaining() / BYTES);
        while (from.hasRemaining()) {
            var next = from.slice(from.position(), BYTES);
            from.position(from.position() + BYTES);
            blocks.add(next.mismatch(ZEROS.duplicate()) < 0 ? ZERO : copyOf(next));
        }
        return blocks;
    }

    private static Block copyOf(ByteBuffer source) {
        var bytes = new byte[BYTES];
        source.get(bytes);
        return new Block(bytes);
    }

    /** This block after a torn write of it: {@code kept} and {@code zeroed} have a bit for each sector. */
    Block tornOver(@Nullable Block old, int kept, int zeroed) {
        var below = old == null ? ZERO : old;
        var torn = below.bytes.clone();
        var hashes = below.sectorHashes.clone();
        for (var sector = 0; sector < SECTORS; sector++) {
            if ((kept >> sector & 1) != 0) {
                System.arraycopy(bytes, sector * SECTOR_BYTES, torn, sector * SECTOR_BYTES, SECTOR_BYTES);
                hashes[sector] = sectorHashes[sector];
            } else if ((zeroed >> sector & 1) != 0) {
                System.arraycopy(ZERO.bytes, 0, torn, sector * SECTOR_BYTES, SECTOR_BYTES);
                hashes[sector] = 0;
            }
        }
        return new Block(torn, hashes);
    }

    /** A hash of the content, zero for zeros. */
    long hash() {
        return hash;
    }

    /** A private copy of the content. */
    byte[] toBytes() {
        return bytes.clone();
    }

    /** Copies a part of the content into the buffer. */
    void copyTo(ByteBuffer target, int offset, int length) {
        target.put(bytes, offset, length);
    }

    /** Spreads the bits of a number over all bits of the result. */
    static long mix(long value) {
        var a = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
        var b = (a ^ a >>> 27) * 0x94D049BB133111EBL;
        return b ^ b >>> 31;
    }

    private static long[] hashesOf(byte[] bytes) {
        var hashes = new long[SECTORS];
        for (var sector = 0; sector < SECTORS; sector++) {
            hashes[sector] = hashOf(bytes, sector * SECTOR_BYTES);
        }
        return hashes;
    }

    private static long hashOf(byte[] bytes, int start) {
        var even = ODD;
        var odd = -ODD;
        var any = 0L;
        for (var at = start; at < start + SECTOR_BYTES; at += 2 * Long.BYTES) {
            var first = (long) LONGS.get(bytes, at);
            var second = (long) LONGS.get(bytes, at + Long.BYTES);
            any |= first | second;
            even = Long.rotateLeft((even ^ first) * ODD, 31);
            odd = Long.rotateLeft((odd ^ second) * ODD, 29);
        }
        return any == 0 ? 0 : mix(even + mix(odd)) | 1;
    }
}
