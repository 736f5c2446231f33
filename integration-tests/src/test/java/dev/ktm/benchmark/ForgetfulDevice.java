package dev.ktm.benchmark;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.log.testing.MemoryDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A device that keeps the base log file and the containers' headers and drops the frames: copying them would cost more
 * than all that the log does. What is left is the cost of the log itself.
 */
record ForgetfulDevice(MemoryDevice memory) implements LogDevice {

    @Override
    public String location() {
        return memory.location();
    }

    @Override
    public Ownership acquire(String lockName) throws IOException {
        return memory.acquire(lockName);
    }

    @Override
    public List<String> list() {
        return memory.list();
    }

    @Override
    public DeviceFile create(String name, long sizeBytes) throws IOException {
        var file = memory.create(name, sizeBytes);
        return name.contains(".blf") ? file : new Container(file);
    }

    @Override
    public DeviceFile open(String name, Access access) throws IOException {
        var file = memory.open(name, access);
        return name.contains(".blf") ? file : new Container(file);
    }

    @Override
    public void rename(String from, String to) throws IOException {
        memory.rename(from, to);
    }

    @Override
    public void delete(String name) throws IOException {
        memory.delete(name);
    }

    @Override
    public void forceDirectory() {
        memory.forceDirectory();
    }

    @Override
    public void close() {
        memory.close();
    }

    /** Keeps its first block. */
    private record Container(DeviceFile file) implements DeviceFile {

        @Override
        public String name() {
            return file.name();
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void read(long position, ByteBuffer target) throws IOException {
            file.read(position, target);
        }

        @Override
        public void writeThrough(long position, ByteBuffer source) throws IOException {
            if (position < BLOCK_BYTES) {
                file.writeThrough(position, source);
            }
            source.position(source.limit());
        }

        @Override
        public void force() throws IOException {
            file.force();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
