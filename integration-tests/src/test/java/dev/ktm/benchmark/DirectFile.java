package dev.ktm.benchmark;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/** Files that bypass the page cache, and the buffers that this takes. */
final class DirectFile {

    /** Unit of positions, lengths and addresses, in bytes. */
    static final int BLOCK_BYTES = 4096;

    private static final int CHUNK_BYTES = 1 << 20;

    private DirectFile() {}

    /** Opens a file for writes that are durable when they return. */
    static FileChannel openDurable(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.DSYNC, ExtendedOpenOption.DIRECT);
    }

    /** Opens a file for reads from the device. */
    static FileChannel openForReading(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.READ, ExtendedOpenOption.DIRECT);
    }

    /** A direct buffer at an address that is a multiple of the block size. */
    static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes + BLOCK_BYTES)
                .alignedSlice(BLOCK_BYTES)
                .limit(bytes)
                .slice();
    }

    /** Creates a file of zeros, all of it allocated and forced. */
    static void createZeroed(Path file, long bytes) throws IOException {
        fill(file, bytes, ByteBuffer.allocateDirect(CHUNK_BYTES));
    }

    /** Creates a file of random bytes, all of it allocated and forced. */
    static void createRandom(Path file, long bytes) throws IOException {
        var chunk = new byte[CHUNK_BYTES];
        new Random(1).nextBytes(chunk);
        fill(file, bytes, ByteBuffer.wrap(chunk));
    }

    private static void fill(Path file, long bytes, ByteBuffer chunk) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            for (long position = 0; position < bytes; ) {
                chunk.clear().limit((int) Math.min(chunk.capacity(), bytes - position));
                position += channel.write(chunk, position);
            }
            channel.force(true);
        }
    }

    static void writeFully(FileChannel channel, ByteBuffer source, long position) throws IOException {
        int expected = source.remaining();
        int written = channel.write(source, position);
        if (written != expected) {
            throw new IOException(
                    "expected to write " + expected + " bytes at offset " + position + ", wrote " + written);
        }
    }
}
