package dev.ktm.registry;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.util.List;

/**
 * A part of a disk that several devices share, so that a power loss hits all of them at once: the files whose names begin with its
 * prefix.
 */
record OneDisk(LogDevice disk, String prefix) implements LogDevice {

    private static final String FILES = "registry-";

    /** The part that has the checkpoints. */
    static LogDevice files(LogDevice disk) {
        return new OneDisk(disk, FILES);
    }

    /** The rest, for the log, which owns the disk. */
    static LogDevice log(LogDevice disk) {
        return new OneDisk(disk, "");
    }

    private boolean isOurs(String name) {
        return prefix.isEmpty() ? !name.startsWith(FILES) : name.startsWith(prefix);
    }

    @Override
    public String location() {
        return disk.location();
    }

    @Override
    public Ownership acquire(String lockName) throws IOException {
        if (prefix.isEmpty()) {
            return disk.acquire(lockName);
        }
        return new Ownership() {
            @Override
            public void check() {}

            @Override
            public void close() {}
        };
    }

    @Override
    public List<String> list() throws IOException {
        return disk.list().stream()
                .filter(this::isOurs)
                .map(name -> name.substring(prefix.length()))
                .toList();
    }

    @Override
    public DeviceFile create(String name, long sizeBytes) throws IOException {
        return disk.create(prefix + name, sizeBytes);
    }

    @Override
    public DeviceFile open(String name, Access access) throws IOException {
        return disk.open(prefix + name, access);
    }

    @Override
    public void rename(String from, String to) throws IOException {
        disk.rename(prefix + from, prefix + to);
    }

    @Override
    public void delete(String name) throws IOException {
        disk.delete(prefix + name);
    }

    @Override
    public void forceDirectory() throws IOException {
        disk.forceDirectory();
    }

    @Override
    public void close() {}
}
