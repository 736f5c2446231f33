package dev.ktm.log.testing;

import dev.ktm.log.storage.DeviceBusyException;
import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Plain memory in which everything is durable at once: shows what the log itself costs, or what it makes of a disk
 * whose forces take a given time.
 *
 * <p>A write is one copy; it takes no lock and allocates nothing unless the file grows. Safe for many threads.
 */
public final class MemoryDevice implements LogDevice {

    private static final long SPIN_NANOS = 60_000;

    private final ConcurrentSkipListMap<String, MemoryFile> files = new ConcurrentSkipListMap<>();
    private final AtomicReference<Object> owner = new AtomicReference<>(this);
    private final LongAdder writes = new LongAdder();
    private final LongAdder forces = new LongAdder();
    private final LongAdder directoryForces = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final long forceNanos;

    /** A device whose writes and forces return as fast as possible. */
    public MemoryDevice() {
        this(0);
    }

    /** A device whose writes and forces take this long. Several at the same time do not wait for each other. */
    public MemoryDevice(long forceNanos) {
        this.forceNanos = forceNanos;
    }

    /** How many times {@link DeviceFile#writeThrough} was called. */
    public long writes() {
        return writes.sum();
    }

    /** How many times {@link DeviceFile#force} was called. */
    public long forces() {
        return forces.sum();
    }

    /** How many times {@link #forceDirectory} was called. */
    public long directoryForces() {
        return directoryForces.sum();
    }

    /** How many bytes were written. */
    public long bytesWritten() {
        return bytes.sum();
    }

    @Override
    public String location() {
        return "memory";
    }

    @Override
    public Ownership acquire(String lockName) throws IOException {
        var taken = new MemoryOwnership();
        // The device itself stands for "nobody".
        if (!owner.compareAndSet(this, taken)) {
            throw new DeviceBusyException("memory is in use by this process already");
        }
        files.computeIfAbsent(lockName, name -> new MemoryFile(this, name, 0));
        return taken;
    }

    @Override
    public List<String> list() {
        return List.copyOf(files.keySet());
    }

    @Override
    public DeviceFile create(String name, long sizeBytes) throws IOException {
        var file = new MemoryFile(this, name, sizeBytes);
        if (files.putIfAbsent(name, file) != null) {
            throw new FileAlreadyExistsException(name);
        }
        return file;
    }

    @Override
    public DeviceFile open(String name, Access access) throws IOException {
        var file = files.get(name);
        if (file == null) {
            throw new NoSuchFileException(name);
        }
        return file;
    }

    @Override
    public void rename(String from, String to) throws IOException {
        var file = files.get(from);
        if (file == null) {
            throw new NoSuchFileException(from);
        }
        files.put(to, file);
        files.remove(from, file);
    }

    @Override
    public void delete(String name) throws IOException {
        if (files.remove(name) == null) {
            throw new NoSuchFileException(name);
        }
    }

    @Override
    public void forceDirectory() {
        directoryForces.increment();
        takeTime();
    }

    @Override
    public void close() {
        // There is nothing to give back.
    }

    void wrote(long count) {
        writes.increment();
        bytes.add(count);
        takeTime();
    }

    void forced() {
        forces.increment();
        takeTime();
    }

    /** Parks for most of the time and spins for the rest: a parked thread wakes up late. */
    private void takeTime() {
        if (forceNanos <= 0) {
            return;
        }
        var end = System.nanoTime() + forceNanos;
        for (var left = forceNanos; left > 0; left = end - System.nanoTime()) {
            if (left > SPIN_NANOS) {
                LockSupport.parkNanos(left - SPIN_NANOS);
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /** The right to the device, until it is closed. */
    private final class MemoryOwnership implements Ownership {

        @Override
        public void check() throws IOException {
            if (owner.get() != this) {
                throw new IOException("the lock on memory was given up");
            }
        }

        @Override
        public void close() {
            owner.compareAndSet(this, MemoryDevice.this);
        }
    }
}
