package dev.ktm.proof;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The time of day of a process, which can be wrong from one moment to the next. Needs a compiler of C.
 *
 * @param library what is put before the system's own
 * @param file by how much it is wrong, in seconds
 */
record WrongClock(Path library, Path file) {

    private static final int SECONDS_PER_MINUTE = 60;

    /** Makes one below this directory; empty if that cannot be done here. */
    static Optional<WrongClock> make(Path directory) throws IOException, InterruptedException {
        var source = directory.resolve("clock.c");
        try (var text = Objects.requireNonNull(WrongClock.class.getResourceAsStream("/proof/clock.c"))) {
            Files.copy(text, source);
        }
        var clock = new WrongClock(directory.resolve("clock.so"), directory.resolve("clock"));
        clock.jump(0);
        try {
            int status = new ProcessBuilder(
                            "cc", "-O2", "-shared", "-fPIC", source.toString(), "-o", clock.library.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
            return status == 0 ? Optional.of(clock) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** From now on it is wrong by so much. */
    void jump(int minutes) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            var bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
            bytes.putLong((long) minutes * SECONDS_PER_MINUTE).flip();
            channel.write(bytes, 0);
        }
    }

    /** For a process that is to have it. */
    void putInto(Map<String, String> environment) {
        environment.put("LD_PRELOAD", library.toString());
        environment.put("KTM_PROOF_CLOCK", file.toString());
    }
}
