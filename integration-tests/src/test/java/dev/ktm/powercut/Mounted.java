package dev.ktm.powercut;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file system that is mounted through a loop device.
 *
 * @param directory where
 * @param device the loop device
 */
record Mounted(Path directory, String device) implements AutoCloseable {

    static Mounted of(FileSystemKind kind, Path image, Path directory) throws IOException, InterruptedException {
        var device = Shell.run("losetup", "--find", "--show", image);
        try {
            Shell.run("mount", "-t", kind.type(), "-o", kind.mountOptions(), device, directory);
        } catch (IOException | InterruptedException e) {
            Shell.run("losetup", "--detach", device);
            throw e;
        }
        return new Mounted(directory, device);
    }

    /** From now on nothing gets to the disk, and whatever was not forced is gone. */
    void cutOff() throws IOException, InterruptedException {
        Shell.run("xfs_io", "-x", "-c", "shutdown", directory);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        try {
            Shell.run("umount", directory);
        } finally {
            Shell.run("losetup", "--detach", device);
        }
    }
}
