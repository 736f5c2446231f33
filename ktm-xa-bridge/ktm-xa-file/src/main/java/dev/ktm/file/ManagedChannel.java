package dev.ktm.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.locks.ReentrantLock;

/** An open file, as applications know it: a position and rights over a {@link Source}. Safe for many threads. */
final class ManagedChannel extends FileChannel {

    /** Where the bytes are. Safe for many threads. */
    interface Source {
        int read(ByteBuffer target, long position) throws IOException;

        int write(ByteBuffer source, long position) throws IOException;

        long size() throws IOException;

        void truncate(long size) throws IOException;

        void force() throws IOException;

        MappedByteBuffer map(MapMode mode, long position, long size) throws IOException;

        /** What is known of it. */
        OpenedFile opened();

        void close() throws IOException;
    }

    private static final int TRANSFER_BYTES = 64 << 10;

    private final Source source;
    private final OpenMode mode;

    /** Over the position. */
    private final ReentrantLock lock = new ReentrantLock();

    private long position;

    ManagedChannel(Source source, OpenMode mode) {
        this.source = source;
        this.mode = mode;
    }

    Source source() {
        return source;
    }

    private void requireReadable() throws IOException {
        requireOpen();
        if (!mode.read()) {
            throw new NonReadableChannelException();
        }
    }

    private void requireWritable() throws IOException {
        requireOpen();
        if (!mode.write()) {
            throw new NonWritableChannelException();
        }
    }

    private void requireOpen() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
    }

    private static void requireNotNegative(long value) {
        if (value < 0) {
            throw new IllegalArgumentException("expected 0 or more, found " + value);
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        requireReadable();
        lock.lock();
        try {
            int read = source.read(target, position);
            if (read > 0) {
                position += read;
            }
            return read;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            while (targets[i].hasRemaining()) {
                int read = read(targets[i]);
                if (read < 0) {
                    return total == 0 ? -1 : total;
                }
                total += read;
            }
        }
        return total;
    }

    @Override
    public int read(ByteBuffer target, long at) throws IOException {
        requireNotNegative(at);
        requireReadable();
        return source.read(target, at);
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
        requireWritable();
        lock.lock();
        try {
            if (mode.append()) {
                position = source.size();
            }
            int written = source.write(bytes, position);
            position += written;
            return written;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            while (sources[i].hasRemaining()) {
                total += write(sources[i]);
            }
        }
        return total;
    }

    @Override
    public int write(ByteBuffer bytes, long at) throws IOException {
        requireNotNegative(at);
        requireWritable();
        return source.write(bytes, at);
    }

    @Override
    public long position() throws IOException {
        requireOpen();
        lock.lock();
        try {
            return mode.append() ? source.size() : position;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public FileChannel position(long value) throws IOException {
        requireNotNegative(value);
        requireOpen();
        lock.lock();
        try {
            position = value;
            return this;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long size() throws IOException {
        requireOpen();
        return source.size();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        requireNotNegative(size);
        requireWritable();
        lock.lock();
        try {
            if (size < source.size()) {
                source.truncate(size);
            }
            position = Math.min(position, size);
            return this;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void force(boolean metaData) throws IOException {
        requireOpen();
        source.force();
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) throws IOException {
        requireNotNegative(from);
        requireNotNegative(count);
        requireReadable();
        long moved = 0;
        var buffer = ByteBuffer.allocate((int) Math.min(TRANSFER_BYTES, Math.max(1, count)));
        while (moved < count) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), count - moved));
            if (source.read(buffer, from + moved) <= 0) {
                return moved;
            }
            buffer.flip();
            int wanted = buffer.remaining();
            int written = target.write(buffer);
            moved += written;
            if (written < wanted) {
                return moved;
            }
        }
        return moved;
    }

    @Override
    public long transferFrom(ReadableByteChannel from, long at, long count) throws IOException {
        requireNotNegative(at);
        requireNotNegative(count);
        requireWritable();
        if (at > source.size()) {
            return 0;
        }
        long moved = 0;
        var buffer = ByteBuffer.allocate((int) Math.min(TRANSFER_BYTES, Math.max(1, count)));
        while (moved < count) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), count - moved));
            if (from.read(buffer) <= 0) {
                return moved;
            }
            buffer.flip();
            while (buffer.hasRemaining()) {
                moved += source.write(buffer, at + moved);
            }
        }
        return moved;
    }

    @Override
    public MappedByteBuffer map(MapMode mapMode, long at, long size) throws IOException {
        requireReadable();
        if (mapMode == MapMode.READ_WRITE) {
            requireWritable();
        }
        return source.map(mapMode, at, size);
    }

    @Override
    public FileLock lock(long at, long size, boolean shared) throws IOException {
        throw noByteRangeLocks();
    }

    @Override
    public FileLock tryLock(long at, long size, boolean shared) throws IOException {
        throw noByteRangeLocks();
    }

    private static TxfException noByteRangeLocks() {
        return new TxfException(
                TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                null,
                "expected no lock on a part of a file: whole files are locked, as they are opened");
    }

    @Override
    protected void implCloseChannel() throws IOException {
        source.close();
    }
}
