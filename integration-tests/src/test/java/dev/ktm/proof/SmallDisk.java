package dev.ktm.proof;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A file system in memory for the log, files and registry, that can be full from one moment to the next. Needs root. */
final class SmallDisk implements AutoCloseable {

    private static final long BYTES = 1L << 30;

    private final Path directory;

    private SmallDisk(Path directory) {
        this.directory = directory;
    }

    /** Mounts it on this directory; empty if that is not allowed here. */
    static Optional<SmallDisk> mount(Path directory) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        if (!"root".equals(System.getProperty("user.name"))) {
            return Optional.empty();
        }
        var disk = new SmallDisk(directory);
        return disk.run("mount", "-t", "tmpfs", "-o", "size=" + BYTES, "ktm-proof", directory.toString()) == 0
                ? Optional.of(disk)
                : Optional.empty();
    }

    private int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    /** There is no room any more. */
    void fill() throws IOException, InterruptedException {
        FileStore store = Files.getFileStore(directory);
        long used = store.getTotalSpace() - store.getUnallocatedSpace();
        run("mount", "-o", "remount,size=" + Math.max(used, 1), directory.toString());
    }

    /** There is room again. */
    void relieve() throws IOException, InterruptedException {
        run("mount", "-o", "remount,size=" + BYTES, directory.toString());
    }

    /** What is on it, for whoever looks for the cause of something: it is gone when it is closed. */
    void copyTo(Path directory) throws IOException {
        try {
            run("cp", "-a", this.directory.toString(), directory.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        try {
            run("umount", directory.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
