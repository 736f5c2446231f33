package dev.ktm.servers;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * A device that says when the log is about to write, and has written.
 *
 * @param device the real one
 * @param halts who is told
 */
record HaltingDevice(LogDevice device, Halts halts) implements LogDevice {

    @Override
    public String location() {
        return device.location();
    }

    @Override
    public Optional<String> caveat() {
        return device.caveat();
    }

    @Override
    public Ownership acquire(String lockName) throws IOException {
        return device.acquire(lockName);
    }

    @Override
    public List<String> list() throws IOException {
        return device.list();
    }

    @Override
    public DeviceFile create(String name, long sizeBytes) throws IOException {
        return new HaltingFile(device.create(name, sizeBytes));
    }

    @Override
    public DeviceFile open(String name, Access access) throws IOException {
        return new HaltingFile(device.open(name, access));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        device.rename(from, to);
    }

    @Override
    public void delete(String name) throws IOException {
        device.delete(name);
    }

    @Override
    public long fileIdentity(String name) throws IOException {
        return device.fileIdentity(name);
    }

    @Override
    public void forceDirectory() throws IOException {
        device.forceDirectory();
    }

    @Override
    public void close() throws IOException {
        device.close();
    }

    private final class HaltingFile implements DeviceFile {
        private final DeviceFile file;

        HaltingFile(DeviceFile file) {
            this.file = file;
        }

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
            halts.reached("log before write");
            file.writeThrough(position, source);
            halts.reached("log after write");
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
