package dev.ktm.benchmark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The plainest log with group commit, to compare with: callers copy their record into the open frame and park, one
 * thread writes the frame and wakes them. Frames are padded to 4 KiB, checksummed, and written past the page cache as
 * KTM's are. It cannot be read again.
 */
final class SimpleFlusher implements DurableLog {

    private static final long FILE_BYTES = 64L << 20;
    private static final int FRAME_BYTES = 256 << 10;
    private static final int HEADER_BYTES = 64;

    private final FileChannel channel;
    private final Thread flusher = new Thread(this::flushUntilClosed, "simple-flusher");
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final AtomicLong forces = new AtomicLong();
    private Frame open = new Frame();
    private volatile long durableFrame;
    private volatile boolean flusherParked;
    private volatile boolean closed;
    private volatile @Nullable IOException failure;
    private long openFrame = 1;
    private long position;

    private SimpleFlusher(FileChannel channel) {
        this.channel = channel;
    }

    static SimpleFlusher open(Path directory) throws IOException {
        var file = directory.resolve("flusher.log");
        DirectFile.createZeroed(file, FILE_BYTES);
        var log = new SimpleFlusher(DirectFile.openDurable(file));
        log.flusher.setDaemon(true);
        log.flusher.start();
        return log;
    }

    @Override
    public Appender appender() {
        var data = new byte[RECORD_BYTES];
        return () -> append(data);
    }

    @Override
    public long forces() {
        return forces.get();
    }

    @Override
    public void close() throws Exception {
        closed = true;
        LockSupport.unpark(flusher);
        flusher.join();
        channel.close();
    }

    private void append(byte[] data) throws IOException {
        long frame;
        lock.lock();
        try {
            while (!open.fits(data.length)) {
                room.awaitUninterruptibly();
            }
            open.add(data, Thread.currentThread());
            frame = openFrame;
        } finally {
            lock.unlock();
        }
        if (flusherParked) {
            LockSupport.unpark(flusher);
        }
        while (durableFrame < frame) {
            var cause = failure;
            if (cause != null) {
                throw new IOException("the flusher has failed", cause);
            }
            LockSupport.park(this);
        }
    }

    private void flushUntilClosed() {
        var spare = new Frame();
        long written = 0;
        while (!closed) {
            var full = swap(spare);
            if (full.count == 0) {
                spare = full;
                awaitRecords();
                continue;
            }
            try {
                write(full);
                durableFrame = ++written;
            } catch (IOException e) {
                failure = e;
            }
            full.wakeCallers();
            spare = full;
        }
    }

    /** Puts an empty frame in the place of the open one, unless that is empty too. */
    private Frame swap(Frame empty) {
        lock.lock();
        try {
            if (open.count == 0) {
                return empty;
            }
            var full = open;
            open = empty;
            openFrame++;
            room.signalAll();
            return full;
        } finally {
            lock.unlock();
        }
    }

    private void awaitRecords() {
        flusherParked = true;
        if (isEmpty() && !closed) {
            LockSupport.park(this);
        }
        flusherParked = false;
    }

    private boolean isEmpty() {
        lock.lock();
        try {
            return open.count == 0;
        } finally {
            lock.unlock();
        }
    }

    private void write(Frame frame) throws IOException {
        var bytes = frame.seal();
        if (position + bytes.remaining() > FILE_BYTES) {
            position = 0;
        }
        int length = bytes.remaining();
        DirectFile.writeFully(channel, bytes, position);
        position += length;
        forces.incrementAndGet();
    }

    /** Records that are written together, and who waits for them. Not thread-safe. */
    private static final class Frame {
        private final ByteBuffer buffer = DirectFile.buffer(FRAME_BYTES).position(HEADER_BYTES);
        private final @Nullable Thread[] waiters = new Thread[FRAME_BYTES / RECORD_BYTES];
        private final CRC32C checksum = new CRC32C();
        private int count;

        boolean fits(int bytes) {
            return bytes <= buffer.remaining();
        }

        void add(byte[] data, Thread waiter) {
            buffer.put(data);
            waiters[count++] = waiter;
        }

        /** Completes the frame: padding and checksum. */
        ByteBuffer seal() {
            int end = buffer.position();
            checksum.reset();
            checksum.update(buffer.flip().position(HEADER_BYTES));
            buffer.putInt(0, end).putLong(8, checksum.getValue());
            int blocks = (end + DirectFile.BLOCK_BYTES - 1) / DirectFile.BLOCK_BYTES;
            return buffer.position(0).limit(blocks * DirectFile.BLOCK_BYTES);
        }

        void wakeCallers() {
            buffer.clear().position(HEADER_BYTES);
            int waiting = count;
            count = 0;
            for (int i = 0; i < waiting; i++) {
                LockSupport.unpark(waiters[i]);
                waiters[i] = null;
            }
        }
    }
}
