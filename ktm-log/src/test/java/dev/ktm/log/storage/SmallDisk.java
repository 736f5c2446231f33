package dev.ktm.log.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A small disk of its own, if this process may mount one. */
public final class SmallDisk implements AutoCloseable {

    private final Path path;
    private final boolean mounted;

    private SmallDisk(Path path, boolean mounted) {
        this.path = path;
        this.mounted = mounted;
    }

    /** Tries to mount one on a new directory; these are the options of tmpfs. */
    public static SmallDisk mount(Path path, String options) throws IOException, InterruptedException {
        Files.createDirectory(path);
        return new SmallDisk(path, run("mount", "-t", "tmpfs", "-o", options + ",mode=700", "tmpfs", path.toString()));
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /** Whether there is one; a test without it is skipped. */
    public boolean isMounted() {
        return mounted;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (mounted) {
            run("umount", "-l", path.toString());
        }
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        try {
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            // There is no such command.
            return false;
        }
    }
}
