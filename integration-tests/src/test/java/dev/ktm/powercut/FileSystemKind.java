package dev.ktm.powercut;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A file system that is made in a file, mounted through a loop device, and cut off. */
enum FileSystemKind {
    EXT4(64L << 20, "mkfs.ext4 -q -F -E nodiscard,lazy_itable_init=0,lazy_journal_init=0", "rw"),
    /** Copies of one file system are mounted: its identifier does not count. */
    XFS(320L << 20, "mkfs.xfs -q -f -K", "nouuid");

    private final long sizeBytes;
    private final String maker;
    private final String mountOptions;

    FileSystemKind(long sizeBytes, String maker, String mountOptions) {
        this.sizeBytes = sizeBytes;
        this.maker = maker;
        this.mountOptions = mountOptions;
    }

    /** Why it cannot be tested on this machine. */
    Optional<String> missing() throws IOException, InterruptedException {
        if (!System.getProperty("user.name", "").equals("root")) {
            return Optional.of("expected root, who may mount, found " + System.getProperty("user.name"));
        }
        for (var device : List.of("/dev/loop-control", "/dev/fuse")) {
            if (!Files.exists(Path.of(device))) {
                return Optional.of("expected " + device + ", found none");
            }
        }
        if (!Files.readString(Path.of("/proc/filesystems")).contains("\t" + type() + "\n")) {
            return Optional.of("expected " + type() + " in /proc/filesystems, found none");
        }
        for (var command :
                List.of(maker.split(" ")[0], "losetup", "mount", "xfs_io", "fusermount3", "gcc", "pkg-config")) {
            if (!Shell.has(command)) {
                return Optional.of("expected the command " + command
                        + ", found none: apt-get install e2fsprogs xfsprogs fuse3 libfuse3-dev gcc pkg-config");
            }
        }
        return Optional.empty();
    }

    String type() {
        return name().toLowerCase(Locale.ROOT);
    }

    String mountOptions() {
        return mountOptions;
    }

    /** A new one in this file. */
    void make(Path image) throws IOException, InterruptedException {
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(sizeBytes);
        }
        var command = new ArrayList<Object>(List.of(maker.split(" ")));
        command.add(image);
        Shell.run(command.toArray());
    }
}
