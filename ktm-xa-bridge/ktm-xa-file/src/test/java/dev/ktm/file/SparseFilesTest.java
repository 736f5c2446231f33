package dev.ktm.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A file with holes needs no more room after a transaction than before. */
@EnabledOnOs(OS.LINUX)
class SparseFilesTest {

    private static final long SIZE = 40_000_000;
    private static final long MUCH = 4_000_000;

    @TempDir
    Path directory;

    private Fixture fixture;
    private Path expected;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        expected = directory.resolve("expected");
        makeImage(expected);
        makeImage(fixture.real("image"));
        Assumptions.assumeTrue(allocated(expected) < MUCH, "the file system has no holes");
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    /** Data at the start, not where a block begins, at the end of a block, and a hole at the end. */
    private static void makeImage(Path path) throws IOException {
        try (var channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap("head".getBytes(UTF_8)), 0);
            channel.write(ByteBuffer.wrap("in the middle".getBytes(UTF_8)), SIZE / 2 + 12_345);
            channel.write(ByteBuffer.wrap(new byte[] {1}), 100L * Holes.BLOCK_BYTES - 1);
            channel.write(ByteBuffer.wrap(new byte[] {0}), SIZE - 1);
        }
    }

    private static long allocated(Path path) throws IOException, InterruptedException {
        var process = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
        var blocks = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        assertThat(process.waitFor()).isZero();
        return 512 * Long.parseLong(blocks);
    }

    private void assertAsExpected(String name) throws Exception {
        var path = fixture.real(name);
        assertThat(Files.mismatch(path, expected)).isEqualTo(-1);
        assertThat(allocated(path)).isLessThan(MUCH);
    }

    @Test
    void whatIsAppendedToItNeedsNoRoomForItsHoles() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/image"), "tail", StandardOpenOption.APPEND);
        fixture.commit();

        Files.writeString(expected, "tail", StandardOpenOption.APPEND);
        assertAsExpected("image");
    }

    @Test
    void whatIsWrittenIntoAHoleIsThereAndTheRestStaysAHole() throws Exception {
        fixture.begin();
        try (var channel = Files.newByteChannel(fixture.path("/image"), StandardOpenOption.WRITE)) {
            channel.position(SIZE / 4).write(ByteBuffer.wrap("quarter".getBytes(UTF_8)));
        }
        fixture.commit();

        try (var channel = FileChannel.open(expected, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap("quarter".getBytes(UTF_8)), SIZE / 4);
        }
        assertAsExpected("image");
    }

    @Test
    void aCopyHasHolesAsWell() throws Exception {
        fixture.begin();
        Files.copy(fixture.path("/image"), fixture.path("/copy"));
        fixture.commit();
        assertAsExpected("copy");

        Files.copy(fixture.plain("/image"), fixture.plain("/copy"), StandardCopyOption.REPLACE_EXISTING);
        assertAsExpected("copy");
    }

    @Test
    void aHoleThatIsMadeInATransactionIsOneAfterwards() throws Exception {
        fixture.begin();
        try (var channel =
                Files.newByteChannel(fixture.path("/new"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap("head".getBytes(UTF_8)));
            channel.position(SIZE - 1).write(ByteBuffer.wrap(new byte[] {7}));
        }
        fixture.commit();

        assertThat(Files.size(fixture.real("new"))).isEqualTo(SIZE);
        assertThat(allocated(fixture.real("new"))).isLessThan(MUCH);
    }
}
