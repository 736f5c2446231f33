package dev.ktm.comparison.fault;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** An ext4 file system of its own for a log, in a file, which can be full and can fail. Needs root. */
final class LogDisk implements AutoCloseable {

    private static final long SIZE_BYTES = 512L << 20;
    private static final String FILLER = "filler";
    /** The shutdown call of the file system, for machines without {@code xfs_io}. */
    private static final String SHUTDOWN =
            "import fcntl,os,struct,sys; fcntl.ioctl(os.open(sys.argv[1],os.O_RDONLY),0x8004587d,struct.pack('I',2))";

    private final Path image;
    private final Path directory;
    private String device = "";

    private LogDisk(Path image, Path directory) {
        this.image = image;
        this.directory = directory;
    }

    /** Why there can be none on this machine. */
    static Optional<String> missing() {
        if (!System.getProperty("user.name", "").equals("root")) {
            return Optional.of("it needs root, who may mount a file system");
        }
        if (!Files.exists(Path.of("/dev/loop-control"))) {
            return Optional.of("it needs loop devices");
        }
        for (var command : List.of("mkfs.ext4", "losetup", "mount", "umount", "fallocate")) {
            if (!has(command)) {
                return Optional.of("it needs " + command);
            }
        }
        return has("xfs_io") || has("python3") ? Optional.empty() : Optional.of("it needs xfs_io or python3");
    }

    private static boolean has(String command) {
        return Arrays.stream(System.getenv()
                        .getOrDefault("PATH", "")
                        .concat(":/usr/sbin:/sbin")
                        .split(":"))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, command)));
    }

    /** Makes a new one, mounted below a directory. */
    static LogDisk in(Path directory) throws IOException, InterruptedException {
        var disk = new LogDisk(directory.resolve("image"), Files.createDirectory(directory.resolve("disk")));
        try (var file = new RandomAccessFile(disk.image.toFile(), "rw")) {
            file.setLength(SIZE_BYTES);
        }
        run("mkfs.ext4", "-q", "-F", "-m", "0", disk.image);
        disk.mount();
        return disk;
    }

    private void mount() throws IOException, InterruptedException {
        device = run("losetup", "--find", "--show", image);
        try {
            run("mount", "-t", "ext4", device, directory);
        } catch (IOException e) {
            run("losetup", "--detach", device);
            device = "";
            throw e;
        }
    }

    private void unmount() throws IOException, InterruptedException {
        if (!device.isEmpty()) {
            run("umount", directory);
            run("losetup", "--detach", device);
            device = "";
        }
    }

    Path directory() {
        return directory;
    }

    /** Leaves no room. */
    void fill() throws IOException, InterruptedException {
        // In ever smaller pieces, until not even one block is left.
        int pieces = 0;
        for (long bytes = SIZE_BYTES; bytes >= 1024; bytes /= 2) {
            while (tryRun("fallocate", "-l", bytes, directory.resolve(FILLER + pieces))) {
                pieces++;
            }
            Files.deleteIfExists(directory.resolve(FILLER + pieces));
        }
    }

    /** Takes away what {@link #fill} has made. */
    void makeRoom() throws IOException {
        try (var files = Files.newDirectoryStream(directory, FILLER + "*")) {
            for (var file : files) {
                Files.delete(file);
            }
        }
    }

    /** From now on every access fails; what was not forced is gone. */
    void fail() throws IOException, InterruptedException {
        if (has("xfs_io")) {
            run("xfs_io", "-x", "-c", "shutdown", directory);
        } else {
            run("python3", "-c", SHUTDOWN, directory);
        }
    }

    /** The same file system, found again by a machine that was started anew. */
    void mountAgain() throws IOException, InterruptedException {
        unmount();
        mount();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        unmount();
    }

    private static boolean tryRun(Object... words) throws IOException, InterruptedException {
        return start(words).waitFor() == 0;
    }

    private static Process start(Object... words) throws IOException {
        var command = Arrays.stream(words).map(String::valueOf).toList();
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().merge("PATH", "/usr/sbin:/sbin", (path, more) -> path + ":" + more);
        return builder.start();
    }

    private static String run(Object... words) throws IOException, InterruptedException {
        var process = start(words);
        var printed = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException(Arrays.toString(words) + " ended with " + status + ": " + printed);
        }
        return printed;
    }
}
