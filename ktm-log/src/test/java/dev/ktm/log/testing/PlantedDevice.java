package dev.ktm.log.testing;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** A device between a log and a disk, with whatever is planted there: a bug, or a listener. */
public final class PlantedDevice implements LogDevice {

    /** What the device does wrong, or besides; where it says nothing, it does right. */
    public interface Bug {

        /** In place of a write-through; the whole buffer counts as written when it returns. */
        default void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
            file.writeThrough(position, source);
        }

        /** In place of a read. */
        default void read(DeviceFile file, long position, ByteBuffer target) throws IOException {
            file.read(position, target);
        }

        /** In place of a force of the directory. */
        default void forceDirectory(LogDevice device) throws IOException {
            device.forceDirectory();
        }
    }

    private final LogDevice disk;
    private final Bug bug;

    public PlantedDevice(LogDevice disk, Bug bug) {
        this.disk = disk;
        this.bug = bug;
    }

    public static boolean isContainer(DeviceFile file) {
        return file.name().startsWith("ktm-");
    }

    @Override
    public String location() {
        return disk.location();
    }

    @Override
    public Optional<String> caveat() {
        return disk.caveat();
    }

    @Override
    public long fileIdentity(String name) throws IOException {
        return disk.fileIdentity(name);
    }

    @Override
    public Ownership acquire(String lockName) throws IOException {
        return disk.acquire(lockName);
    }

    @Override
    public List<String> list() throws IOException {
        return disk.list();
    }

    @Override
    public DeviceFile create(String name, long sizeBytes) throws IOException {
        return new PlantedFile(disk.create(name, sizeBytes));
    }

    @Override
    public DeviceFile open(String name, Access access) throws IOException {
        return new PlantedFile(disk.open(name, access));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        disk.rename(from, to);
    }

    @Override
    public void delete(String name) throws IOException {
        disk.delete(name);
    }

    @Override
    public void forceDirectory() throws IOException {
        bug.forceDirectory(disk);
    }

    @Override
    public void close() throws IOException {
        disk.close();
    }

    private final class PlantedFile implements DeviceFile {

        private final DeviceFile file;

        PlantedFile(DeviceFile file) {
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
            bug.read(file, position, target);
        }

        @Override
        public void writeThrough(long position, ByteBuffer source) throws IOException {
            bug.write(file, position, source);
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
