package dev.ktm.cli;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A log's directory as it would be after somebody has worked on it: what is written goes to memory and is gone with this device, the
 * files stay as they are. It takes no lock. So a log can be recovered just to see what the next start would find. Safe for many
 * threads.
 */
final class OverlayDevice implements LogDevice {

    private final LogDevice below;
    private final ReentrantLock lock = new ReentrantLock();
    /** By the name that it has now. A name that is below and not here is as it is below. */
    private final Map<String, OverlayFile> files = new HashMap<>();

    private final TreeSet<String> names;

    OverlayDevice(LogDevice below) throws IOException {
        this.below = below;
        this.names = new TreeSet<>(below.list());
    }

    @Override
    public String location() {
        return below.location();
    }

    @Override
    public Ownership acquire(String lockName) {
        return new Ownership() {
            @Override
            public void check() {
                // Nobody can take away what nobody else sees.
            }

            @Override
            public void close() {
                // There is nothing to give back.
            }
        };
    }

    @Override
    public List<String> list() {
        lock.lock();
        try {
            return new ArrayList<>(names);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public DeviceFile create(String name, long sizeBytes) throws IOException {
        lock.lock();
        try {
            if (!names.add(name)) {
                throw new FileAlreadyExistsException(name);
            }
            var file = OverlayFile.empty(name, sizeBytes);
            files.put(name, file);
            return file;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public DeviceFile open(String name, Access access) throws IOException {
        lock.lock();
        try {
            if (!names.contains(name)) {
                throw new NoSuchFileException(name);
            }
            var file = files.get(name);
            if (file == null) {
                file = OverlayFile.over(below.open(name, Access.READ));
                files.put(name, file);
            }
            return file;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void rename(String from, String to) throws IOException {
        lock.lock();
        try {
            files.put(to, (OverlayFile) open(from, Access.WRITE));
            files.remove(from);
            names.remove(from);
            names.add(to);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void delete(String name) throws IOException {
        lock.lock();
        try {
            if (!names.remove(name)) {
                throw new NoSuchFileException(name);
            }
            var file = files.remove(name);
            if (file != null) {
                file.release();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long fileIdentity(String name) throws IOException {
        // A copy is looked at like any other log.
        return 0;
    }

    @Override
    public void forceDirectory() {
        // Memory is as durable as it will ever be.
    }

    /** Closes the files below. Those who have opened one here must not use it any more. */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            for (var file : files.values()) {
                file.release();
            }
            files.clear();
        } finally {
            lock.unlock();
        }
        below.close();
    }
}
