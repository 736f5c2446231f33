package dev.ktm.log.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A directory on a real disk keeps what {@link LogDevice} and {@link DeviceFile} promise. */
class FileDeviceTest {

    private static final int BLOCK = DeviceFile.BLOCK_BYTES;

    @TempDir
    private Path directory;

    private static ByteBuffer aligned(int size) {
        return ByteBuffer.allocateDirect(size + 2 * BLOCK).alignedSlice(BLOCK).slice(0, size);
    }

    private static ByteBuffer random(int size) {
        var bytes = new byte[size];
        new Random(1).nextBytes(bytes);
        return aligned(size).put(bytes).flip();
    }

    @Test
    void whatIsWrittenThroughIsRead() throws IOException {
        var device = FileDevice.open(directory);
        var data = random(8 * BLOCK);

        try (var file = device.create("a", 16L * BLOCK)) {
            file.writeThrough(3 * BLOCK, data.duplicate());
            file.force();

            var read = ByteBuffer.allocate(8 * BLOCK);
            file.read(3 * BLOCK, read);
            assertThat(read.flip()).isEqualTo(data);
            var zeros = ByteBuffer.allocate(3 * BLOCK);
            file.read(0, zeros);
            assertThat(zeros.flip()).isEqualTo(ByteBuffer.allocate(3 * BLOCK));
            assertThat(file.size()).isEqualTo(16 * BLOCK);
            assertThat(file.name()).isEqualTo("a");
        }
    }

    @Test
    void aReadBehindTheEndIsAnEndOfFile() throws IOException {
        var device = FileDevice.open(directory);
        try (var file = device.create("a", 100)) {
            assertThatThrownBy(() -> file.read(50, ByteBuffer.allocate(51)))
                    .isInstanceOf(EOFException.class)
                    .hasMessage("a ends at offset 100, 1 bytes short of what was expected there");
            assertThatThrownBy(() -> file.read(200, ByteBuffer.allocate(1))).isInstanceOf(EOFException.class);
        }
    }

    @Test
    void anInterruptHarmsNoOperation() throws IOException {
        var device = FileDevice.open(directory);
        var block = random(BLOCK);
        Thread.currentThread().interrupt();
        try (var ownership = device.acquire("lock")) {
            try (var file = device.create("a", 2 * BLOCK)) {
                for (int i = 0; i < 100; i++) {
                    file.writeThrough(0, block.duplicate());
                    file.force();
                    file.read(0, ByteBuffer.allocate(BLOCK));
                    assertThat(file.size()).isEqualTo(2 * BLOCK);
                    assertThat(Thread.currentThread().isInterrupted()).isTrue();
                }
            }
            device.rename("a", "b");
            device.forceDirectory();
            try (var file = device.open("b", LogDevice.Access.WRITE)) {
                file.writeThrough(BLOCK, block.duplicate());
            }
            try (var file = device.open("b", LogDevice.Access.READ)) {
                file.read(BLOCK, ByteBuffer.allocate(BLOCK));
            }
            assertThat(device.list()).containsExactly("b", "lock");
            ownership.check();
            device.delete("b");
            FileDevice.openOrCreate(directory.resolve("x/y")).close();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void filesAndDirectoriesAreForTheOwnerOnly() throws IOException {
        var made = directory.resolve("one/two/three");
        var device = FileDevice.openOrCreate(made);
        try (var ownership = device.acquire("lock");
                var file = device.create("a", 0)) {
            for (var path : List.of(made, directory.resolve("one/two"), directory.resolve("one"))) {
                assertThat(permissions(path)).isEqualTo("rwx------");
            }
            assertThat(permissions(made.resolve("a"))).isEqualTo("rw-------");
            assertThat(permissions(made.resolve("lock"))).isEqualTo("rw-------");
            ownership.check();
            assertThat(file.size()).isZero();
        }
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void aPathThatIsNoDirectoryIsRefused() throws IOException {
        var file = Files.writeString(directory.resolve("file"), "x");
        var missing = directory.resolve("missing");
        var dangling = Files.createSymbolicLink(directory.resolve("dangling"), missing);

        assertThatThrownBy(() -> FileDevice.open(file)).isInstanceOf(NotDirectoryException.class);
        assertThatThrownBy(() -> FileDevice.openOrCreate(file)).isInstanceOf(NotDirectoryException.class);
        assertThatThrownBy(() -> FileDevice.openOrCreate(file.resolve("under")))
                .isInstanceOf(FileSystemException.class);
        assertThatThrownBy(() -> FileDevice.open(missing)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> FileDevice.openToLook(missing)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> FileDevice.openOrCreate(dangling)).isInstanceOf(FileSystemException.class);
        assertThat(missing).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwxrwx", "rwxrwx---", "rwx----w-"})
    void aDirectoryThatOthersMayWriteToIsRefused(String permissions) throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(permissions));

        assertThatThrownBy(() -> FileDevice.open(directory))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessageContaining("chmod go-w");
        assertThatThrownBy(() -> FileDevice.openOrCreate(directory)).isInstanceOf(AccessDeniedException.class);
        FileDevice.openToLook(directory).close();
    }

    @Test
    void aLinkedDirectoryIsTheDirectory() throws IOException {
        var real = Files.createDirectory(directory.resolve("real"));
        var link = Files.createSymbolicLink(directory.resolve("link"), real);
        var device = FileDevice.open(link);

        try (var ownership = device.acquire("lock")) {
            assertThat(real.resolve("lock")).exists();
            assertThatThrownBy(() -> FileDevice.open(real).acquire("lock")).isInstanceOf(DeviceBusyException.class);
            ownership.check();
        }
    }

    @Test
    void linksAreNotFollowedInTheDirectory() throws IOException {
        var elsewhere = Files.writeString(directory.resolve("elsewhere"), "precious");
        var log = Files.createDirectory(directory.resolve("log"));
        Files.createSymbolicLink(log.resolve("link"), elsewhere);
        var device = FileDevice.open(log);

        for (var access : LogDevice.Access.values()) {
            assertThatThrownBy(() -> device.open("link", access))
                    .isInstanceOf(FileSystemException.class)
                    .hasMessageContaining("regular file");
        }
        assertThatThrownBy(() -> device.acquire("link")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> device.create("link", 10)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(elsewhere).hasContent("precious");
        device.acquire("lock").close();
    }

    @Test
    void namesThatLeadElsewhereAreRefused() throws IOException {
        var device = FileDevice.open(directory);

        for (var name : new String[] {"", ".", "..", "../a", "a/b", "/etc/passwd", "\0"}) {
            assertThatThrownBy(() -> device.open(name, LogDevice.Access.READ))
                    .as("'%s'", name)
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> device.create(name, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> device.delete(name)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> device.rename("a", name)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aFileOpenForReadingIsNotWritten() throws IOException {
        var device = FileDevice.open(directory);
        device.create("a", BLOCK).close();

        try (var file = device.open("a", LogDevice.Access.READ)) {
            assertThatThrownBy(() -> file.writeThrough(0, random(BLOCK))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void theDeviceHasOneOwnerWhoNoticesThatTheLockFileIsGone() throws IOException {
        var device = FileDevice.open(directory);
        try (var ownership = device.acquire("lock")) {
            assertThatThrownBy(() -> device.acquire("lock")).isInstanceOf(DeviceBusyException.class);

            Files.delete(directory.resolve("lock"));

            assertThatThrownBy(ownership::check).isInstanceOf(IOException.class).hasMessageContaining("replaced");
            Files.writeString(directory.resolve("lock"), "");
            assertThatThrownBy(ownership::check).isInstanceOf(IOException.class).hasMessageContaining("replaced");
        }
        device.acquire("lock").close();
    }

    @Test
    void aFullDiskIsAnErrorOfTheWriteThatNeedsTheSpace() throws Exception {
        try (var disk = SmallDisk.mount(directory.resolve("small"), "size=1m")) {
            assumeThat(disk.isMounted()).isTrue();
            var device = FileDevice.open(disk.path());
            try (var file = device.create("a", 4L << 20)) {
                file.writeThrough(0, random(256 * 1024));
                assertThatThrownBy(() -> {
                            for (int i = 1; i < 16; i++) {
                                file.writeThrough(i * 256L * 1024, random(256 * 1024));
                            }
                        })
                        .isInstanceOf(IOException.class);
                file.writeThrough(0, random(256 * 1024));
            }
        }
    }

    @Test
    void aReadOnlyDirectoryIsAnError() throws Exception {
        try (var disk = SmallDisk.mount(directory.resolve("small"), "size=1m,ro")) {
            assumeThat(disk.isMounted()).isTrue();
            var device = FileDevice.open(disk.path());

            assertThatThrownBy(() -> device.acquire("lock")).isInstanceOf(FileSystemException.class);
            assertThatThrownBy(() -> device.create("a", 1)).isInstanceOf(FileSystemException.class);
            assertThat(device.list()).isEmpty();
        }
    }
}
