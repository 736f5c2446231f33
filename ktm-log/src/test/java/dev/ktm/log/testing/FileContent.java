package dev.ktm.log.testing;

import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The content of one file; it never changes. A changed copy shares all blocks but the changed ones.
 *
 * <p>Blocks hang in chunks, a tree of two levels, so that a small write copies a few references only. A block never
 * written is absent and reads as zeros.
 */
final class FileContent {

    static final FileContent EMPTY = new FileContent(0, new Block[0][], 0);

    private static final int CHUNK_BLOCKS = 64;
    private static final @Nullable Block[] HOLES = new Block[CHUNK_BLOCKS];
    private static final byte[] ZEROS = new byte[Block.BYTES];

    private final long size;
    private final @Nullable Block[][] chunks;
    private final long blockSum;

    private FileContent(long size, @Nullable Block[][] chunks, long blockSum) {
        this.size = size;
        this.chunks = chunks;
        this.blockSum = blockSum;
    }

    long size() {
        return size;
    }

    /** A hash of size and bytes. Equal content has equal hashes, whatever was written and what is a hole. */
    long hash() {
        return blockSum + Block.mix(size + 1);
    }

    /** Whether the block has ever been written. */
    boolean isWritten(long block) {
        return blockAt(block) != null;
    }

    /** The same file grown with zeros or cut off. */
    FileContent resized(long newSize) {
        if (newSize == size) {
            return this;
        }
        var edit = new Edit(newSize);
        if (newSize < size) {
            var within = (int) (newSize % Block.BYTES);
            var partial = within == 0 ? null : blockAt(newSize / Block.BYTES);
            for (var block = blocksFor(newSize); block < blocksFor(size); block++) {
                edit.forget(block);
            }
            if (partial != null) {
                var bytes = partial.toBytes();
                Arrays.fill(bytes, within, bytes.length, (byte) 0);
                edit.set(newSize / Block.BYTES, Block.of(bytes));
            }
        }
        return edit.done();
    }

    /** The same file, at least this large. */
    FileContent grownTo(long atLeast) {
        return atLeast > size ? resized(atLeast) : this;
    }

    /** The file after all of a write. */
    FileContent written(long position, List<Block> blocks) {
        var first = position / Block.BYTES;
        var edit = new Edit(Math.max(size, position + (long) blocks.size() * Block.BYTES));
        for (var i = 0; i < blocks.size(); i++) {
            edit.set(first + i, blocks.get(i));
        }
        return edit.done();
    }

    /** The file after a part of a write; sectors outside of {@code atRisk} stay as they are. */
    FileContent torn(long position, List<Block> blocks, Tear tear, byte[] atRisk) {
        var first = position / Block.BYTES;
        var end = tear.endSector(atRisk) * (long) Block.SECTOR_BYTES;
        if (end == 0) {
            return this;
        }
        var edit = new Edit(Math.max(size, position + end));
        for (var i = 0; i < blocks.size(); i++) {
            var kept = tear.kept(i) & atRisk[i];
            var zeroed = tear.zeroed(i) & atRisk[i];
            if (kept == Block.ALL_SECTORS) {
                edit.set(first + i, blocks.get(i));
            } else if ((kept | zeroed) != 0) {
                edit.set(first + i, blocks.get(i).tornOver(blockAt(first + i), kept, zeroed));
            }
        }
        return edit.done();
    }

    /** The file with one byte changed by {@code xor}. */
    FileContent damaged(long offset, int xor) {
        Objects.checkIndex(offset, size);
        var old = blockAt(offset / Block.BYTES);
        var bytes = old == null ? new byte[Block.BYTES] : old.toBytes();
        bytes[(int) (offset % Block.BYTES)] ^= (byte) xor;
        var edit = new Edit(size);
        edit.set(offset / Block.BYTES, Block.of(bytes));
        return edit.done();
    }

    /** The file with some bytes replaced, at any offset. */
    FileContent replaced(long offset, byte[] bytes) {
        var edit = new Edit(Math.max(size, offset + bytes.length));
        var done = 0;
        while (done < bytes.length) {
            var at = offset + done;
            var within = (int) (at % Block.BYTES);
            var length = Math.min(bytes.length - done, Block.BYTES - within);
            var old = blockAt(at / Block.BYTES);
            var content = old == null ? new byte[Block.BYTES] : old.toBytes();
            System.arraycopy(bytes, done, content, within, length);
            edit.set(at / Block.BYTES, Block.of(content));
            done += length;
        }
        return edit.done();
    }

    /** Fills the buffer from the position on. */
    void read(String name, long position, ByteBuffer target) throws EOFException {
        if (position < 0) {
            throw new IllegalArgumentException("negative position: " + position);
        }
        if (position + target.remaining() > size) {
            throw new EOFException(name + " ends at offset " + size + ", " + (position + target.remaining() - size)
                    + " bytes short of what was expected there");
        }
        var at = position;
        while (target.hasRemaining()) {
            var within = (int) (at % Block.BYTES);
            var length = Math.min(target.remaining(), Block.BYTES - within);
            var block = blockAt(at / Block.BYTES);
            if (block == null) {
                target.put(ZEROS, within, length);
            } else {
                block.copyTo(target, within, length);
            }
            at += length;
        }
    }

    private @Nullable Block blockAt(long block) {
        var chunk = (int) (block / CHUNK_BLOCKS);
        return chunk < chunks.length ? chunks[chunk][(int) (block % CHUNK_BLOCKS)] : null;
    }

    private static long blocksFor(long size) {
        return (size + Block.BYTES - 1) / Block.BYTES;
    }

    private static long hashAt(long index, @Nullable Block block) {
        return block == null || block.hash() == 0 ? 0 : Block.mix(block.hash() + index * 0xD1B54A32D192ED03L);
    }

    /** A changed copy in the making. */
    private final class Edit {

        private final long newSize;
        private final @Nullable Block[][] copy;
        private long sum = blockSum;

        Edit(long newSize) {
            this.newSize = newSize;
            var count = Math.toIntExact((blocksFor(newSize) + CHUNK_BLOCKS - 1) / CHUNK_BLOCKS);
            this.copy = Arrays.copyOf(chunks, count);
            Arrays.fill(copy, Math.min(chunks.length, count), count, HOLES);
        }

        void set(long index, @Nullable Block block) {
            var chunk = (int) (index / CHUNK_BLOCKS);
            if (copy[chunk] == (chunk < chunks.length ? chunks[chunk] : HOLES)) {
                copy[chunk] = copy[chunk].clone();
            }
            var within = (int) (index % CHUNK_BLOCKS);
            sum += hashAt(index, block) - hashAt(index, copy[chunk][within]);
            copy[chunk][within] = block;
        }

        void forget(long index) {
            if ((int) (index / CHUNK_BLOCKS) < copy.length) {
                set(index, null);
            } else {
                sum -= hashAt(index, blockAt(index));
            }
        }

        FileContent done() {
            return new FileContent(newSize, copy, sum);
        }
    }
}
