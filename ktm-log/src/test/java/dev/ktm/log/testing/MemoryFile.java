package dev.ktm.log.testing;

import dev.ktm.log.storage.DeviceFile;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A file of a {@link MemoryDevice}, in chunks: growing adds some and moves none, so writers need no lock. */
final class MemoryFile implements DeviceFile {

    private static final int CHUNK_BYTES = 1 << 20;

    private final MemoryDevice device;
    private final String name;
    private volatile ByteBuffer[] chunks;
    private volatile long size;

    MemoryFile(MemoryDevice device, String name, long sizeBytes) {
        this.device = device;
        this.name = name;
        this.chunks = new ByteBuffer[0];
        grow(sizeBytes);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long position, ByteBuffer target) throws EOFException {
        if (position + target.remaining() > size) {
            throw new EOFException(name + " ends at offset " + size + ", " + (position + target.remaining() - size)
                    + " bytes short of what was expected there");
        }
        var at = position;
        while (target.hasRemaining()) {
            var within = (int) (at % CHUNK_BYTES);
            var length = Math.min(target.remaining(), CHUNK_BYTES - within);
            target.put(target.position(), chunks[(int) (at / CHUNK_BYTES)], within, length);
            target.position(target.position() + length);
            at += length;
        }
    }

    @Override
    public void writeThrough(long position, ByteBuffer source) {
        SimulatedFile.checkBlocks(position, source);
        var count = source.remaining();
        if (position + count > size) {
            grow(position + count);
        }
        var at = position;
        while (source.hasRemaining()) {
            var within = (int) (at % CHUNK_BYTES);
            var length = Math.min(source.remaining(), CHUNK_BYTES - within);
            chunks[(int) (at / CHUNK_BYTES)].put(within, source, source.position(), length);
            source.position(source.position() + length);
            at += length;
        }
        device.wrote(count);
    }

    @Override
    public void force() {
        device.forced();
    }

    @Override
    public void close() {
        // There is nothing to give back.
    }

    private synchronized void grow(long newSize) {
        if (newSize <= size) {
            return;
        }
        var present = chunks;
        var larger = Arrays.copyOf(present, Math.toIntExact((newSize + CHUNK_BYTES - 1) / CHUNK_BYTES));
        for (var i = present.length; i < larger.length; i++) {
            larger[i] = ByteBuffer.allocate(CHUNK_BYTES);
        }
        chunks = larger;
        size = newSize;
    }
}
