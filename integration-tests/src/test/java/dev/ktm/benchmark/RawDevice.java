package dev.ktm.benchmark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * What the device does for one writer without any log: blocks of 4 KiB, one at a time, each durable before the next,
 * round and round a file that is allocated in full. Not thread-safe.
 */
final class RawDevice implements Reference, AutoCloseable {

    private static final long FILE_BYTES = 16L << 20;

    private final FileChannel channel;
    private final ByteBuffer block = DirectFile.buffer(DirectFile.BLOCK_BYTES);
    private long position;

    private RawDevice(FileChannel channel) {
        this.channel = channel;
    }

    /** Creates the file in a directory on the device. */
    static RawDevice in(Path directory) throws IOException {
        var file = directory.resolve("raw");
        DirectFile.createZeroed(file, FILE_BYTES);
        return new RawDevice(DirectFile.openDurable(file));
    }

    @Override
    public Rate measure(Scenario beside, long nanos) throws IOException {
        var latencies = new Latencies();
        long start = System.nanoTime();
        long now = start;
        while (now - start < nanos) {
            DirectFile.writeFully(channel, block.clear(), position);
            position = (position + DirectFile.BLOCK_BYTES) % FILE_BYTES;
            long done = System.nanoTime();
            latencies.record(done - now);
            now = done;
        }
        return new Rate(latencies.count() * 1e9 / (now - start), latencies.micros(0.5), latencies.micros(0.99));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
