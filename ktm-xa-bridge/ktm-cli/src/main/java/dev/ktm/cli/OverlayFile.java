package dev.ktm.cli;

import dev.ktm.log.storage.DeviceFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A file of an {@link OverlayDevice}: the blocks that were written, over a file that is only read. Safe for many threads. */
final class OverlayFile implements DeviceFile {

    /** Most of what is written to a log that is being opened is the filling of containers. */
    private static final byte[] ZEROS = new byte[BLOCK_BYTES];

    private final String name;
    private final @Nullable DeviceFile below;
    private final long belowBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Long, byte[]> written = new HashMap<>();
    private long size;

    private OverlayFile(String name, @Nullable DeviceFile below, long sizeBytes) {
        this.name = name;
        this.below = below;
        this.belowBytes = below == null ? 0 : sizeBytes;
        this.size = sizeBytes;
    }

    static OverlayFile empty(String name, long sizeBytes) {
        return new OverlayFile(name, null, sizeBytes);
    }

    static OverlayFile over(DeviceFile below) throws IOException {
        return new OverlayFile(below.name(), below, below.size());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() {
        lock.lock();
        try {
            return size;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void read(long position, ByteBuffer target) throws IOException {
        lock.lock();
        try {
            if (position + target.remaining() > size) {
                throw new EOFException(name + " ends at offset " + size + ", " + (position + target.remaining() - size)
                        + " bytes short of what was expected there");
            }
            long at = position;
            while (target.hasRemaining()) {
                int within = (int) (at % BLOCK_BYTES);
                int length = Math.min(target.remaining(), BLOCK_BYTES - within);
                var block = written.get(at / BLOCK_BYTES);
                if (block != null) {
                    target.put(block, within, length);
                } else {
                    readBelow(at, length, target);
                }
                at += length;
            }
        } finally {
            lock.unlock();
        }
    }

    private void readBelow(long at, int length, ByteBuffer target) throws IOException {
        int there = (int) Math.max(0, Math.min(length, belowBytes - at));
        if (below != null && there > 0) {
            int limit = target.limit();
            target.limit(target.position() + there);
            below.read(at, target);
            target.limit(limit);
        }
        target.put(ZEROS, 0, length - there);
    }

    @Override
    public void writeThrough(long position, ByteBuffer source) {
        lock.lock();
        try {
            long at = position;
            while (source.hasRemaining()) {
                var block = new byte[BLOCK_BYTES];
                source.get(block);
                written.put(at / BLOCK_BYTES, java.util.Arrays.equals(block, ZEROS) ? ZEROS : block);
                at += BLOCK_BYTES;
            }
            size = Math.max(size, at);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void force() {
        // Memory is as durable as it will ever be.
    }

    /** The device closes the file below: others may open this one again. */
    @Override
    public void close() {
        // See release.
    }

    void release() throws IOException {
        if (below != null) {
            below.close();
        }
    }
}
