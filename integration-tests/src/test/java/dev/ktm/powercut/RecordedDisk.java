package dev.ktm.powercut;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** An image that a process of its own serves, which notes every write, every flush and every mark in their order. */
final class RecordedDisk implements AutoCloseable {

    private static final long MOST_START_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final Process process;
    private final Path served;

    private RecordedDisk(Process process, Path served) {
        this.process = process;
        this.served = served;
    }

    /** Compiles it. */
    static Path recorder(Path directory) throws IOException, InterruptedException {
        var source = directory.resolve("recorder.c");
        try (InputStream text = RecordedDisk.class.getResourceAsStream("/powercut/recorder.c")) {
            Files.copy(Objects.requireNonNull(text), source);
        }
        var program = directory.resolve("recorder");
        List<Object> command = new ArrayList<>(List.of("gcc", "-O2", source, "-o", program));
        command.addAll(
                List.of(Shell.run("pkg-config", "--cflags", "--libs", "fuse3").split(" +")));
        Shell.run(command.toArray());
        return program;
    }

    static RecordedDisk serve(Path recorder, Path image, Path log, Path served)
            throws IOException, InterruptedException {
        Files.createDirectories(served);
        var process = new ProcessBuilder(
                        recorder.toString(), image.toString(), log.toString(), "-f", "-s", served.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.resolveSibling("recorder.output").toFile())
                .start();
        var disk = new RecordedDisk(process, served);
        long start = System.nanoTime();
        while (!Files.exists(disk.image())) {
            if (!process.isAlive() || System.nanoTime() - start > MOST_START_NANOS) {
                process.destroyForcibly();
                throw new IOException("expected " + disk.image() + " within 20 s, found "
                        + Files.readString(log.resolveSibling("recorder.output")));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        return disk;
    }

    Path image() {
        return served.resolve("disk");
    }

    Path marks() {
        return served.resolve("mark");
    }

    @Override
    public void close() throws IOException, InterruptedException {
        Shell.run("fusermount3", "-u", served);
        process.waitFor();
    }
}
