package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.ktm.log.storage.SmallDisk;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.SimulatedDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories, sizes and names that make no sense, and disks that are too small, are refused and leave nothing behind. */
class BadInputTest {

    @TempDir
    private Path directory;

    private static LogOptions.Builder options() {
        return LogOptions.builder().kind(LogKind.DEDICATED).containers(0).idleFlush(Duration.ZERO);
    }

    private static ByteBuffer data(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void write(Path directory) throws LogException {
        try (var log = Log.open(directory, options().build())) {
            if (log.containers().isEmpty()) {
                log.addContainers(2, 1);
            }
            log.stream().appendForced(data("precious"));
        }
    }

    @Test
    void aPathThatIsAFileIsRefused() throws IOException {
        var file = Files.writeString(directory.resolve("file"), "x");

        assertUnusable(file, "NotDirectoryException");
        assertUnusable(file.resolve("under"), "file");
        assertThat(file).hasContent("x");
    }

    @Test
    void missingDirectoriesAreCreated() throws IOException {
        var log = directory.resolve("a/b/c");

        write(log);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(log)))
                .isEqualTo("rwx------");
        try (var files = Files.list(log)) {
            for (var file : files.toList()) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .isEqualTo("rw-------");
            }
        }
    }

    @Test
    void aDirectoryThatEveryUserMayWriteToIsRefused() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));

        assertUnusable(directory, "chmod go-w");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aLinkedDirectoryWillDo() throws IOException {
        var real = Files.createDirectory(directory.resolve("real"));
        var link = Files.createSymbolicLink(directory.resolve("link"), real);
        write(link);

        try (var log = Log.open(real, options().build())) {
            assertThatThrownBy(() -> Log.open(link, options().build())).isInstanceOf(LogInUseException.class);
            assertThat(log.stream().last()).isPositive();
        }
    }

    @Test
    void linkedFilesOfTheLogAreRefused() throws IOException {
        for (var name : List.of("ktm.blf", "ktm-1.log", "ktm.lock")) {
            var log = Files.createDirectory(directory.resolve("of-" + name));
            write(log);
            var elsewhere = directory.resolve("moved-" + name);
            Files.move(log.resolve(name), elsewhere);
            Files.createSymbolicLink(log.resolve(name), elsewhere);
            var before = Files.readAllBytes(elsewhere);

            assertUnusable(log, log.toString());

            assertThat(elsewhere).hasBinaryContent(before);
        }
    }

    @Test
    void aReadOnlyDiskIsRefused() throws Exception {
        try (var disk = SmallDisk.mount(directory.resolve("small"), "size=4m,ro")) {
            assumeThat(disk.isMounted()).isTrue();

            assertUnusable(disk.path(), "Read-only");
        }
    }

    @Test
    void aDiskThatIsTooSmallIsRefusedAndLeftEmpty() throws Exception {
        try (var disk = SmallDisk.mount(directory.resolve("small"), "size=3m")) {
            assumeThat(disk.isMounted()).isTrue();
            var log = Log.open(disk.path(), options().build());
            try (log) {
                assertThatThrownBy(() -> log.addContainers(8, 512 * 1024)).isInstanceOf(LogDeviceException.class);
                log.addContainers(2, 512 * 1024);
                log.stream().appendForced(data("fits"));
                assertThatThrownBy(() -> log.addContainers(8)).isInstanceOf(LogDeviceException.class);
                log.stream().appendForced(data("still fits"));
            }
            try (var again = Log.open(disk.path(), options().build())) {
                assertThat(again.containers()).hasSize(2);
                assertThat(again.stream().last()).isPositive();
            }
        }
    }

    @Test
    void aSimulatedDiskThatIsFullWhileGrowingHarmsNothing() throws LogException {
        var device = new SimulatedDevice();
        try (var log = Log.open(device, options().build())) {
            log.addContainers(2, 1);
            log.stream().appendForced(data("one"));
            device.injectFaults(FaultPlan.none().diskFullAfter(100_000));

            assertThatThrownBy(() -> log.addContainers(2))
                    .isInstanceOf(LogDeviceException.class)
                    .extracting(e -> ((LogException) e).error())
                    .isEqualTo(LogError.COULD_NOT_RESIZE);

            log.stream().appendForced(data("two"));
            assertThat(log.containers()).hasSize(2);
        }
        assertThat(device.raw().size("ktm-2.log")).isEqualTo(512 * 1024);
        try (var log = Log.open(device.copy(), options().build())) {
            assertThat(log.containers()).hasSize(2);
        }
    }

    @Test
    void aDiskThatIsFullAtCreationIsRefusedUntilThereIsRoom() throws LogException {
        for (long room : List.of(0L, 4096L, 100_000L, 270_000L)) {
            var device = new SimulatedDevice();
            device.injectFaults(FaultPlan.none().diskFullAfter(room));

            assertThatThrownBy(() ->
                            Log.open(device, options().containers(2).build()).close())
                    .as("room for %s bytes", room)
                    .isInstanceOf(LogException.class);

            device.injectFaults(FaultPlan.none());
            try (var log = Log.open(device, options().build())) {
                assertThat(log.streamNames()).isEmpty();
            }
        }
    }

    @Test
    void foreignFilesAreLeftAlone() throws IOException {
        Files.writeString(directory.resolve("notes.txt"), "mine");
        Files.createDirectories(directory.resolve("sub/dir"));
        Files.createSymbolicLink(directory.resolve("link"), directory.resolve("notes.txt"));
        Files.createSymbolicLink(directory.resolve("dangling"), directory.resolve("nowhere"));
        Files.write(directory.resolve("large"), new byte[10_000]);

        write(directory);
        write(directory);

        assertThat(directory.resolve("notes.txt")).hasContent("mine");
        assertThat(directory.resolve("sub/dir")).isDirectory();
        assertThat(directory.resolve("link")).isSymbolicLink();
        assertThat(directory.resolve("dangling")).isSymbolicLink();
        assertThat(directory.resolve("large")).hasSize(10_000);
    }

    @Test
    void aCopyOfAContainerThatSomebodyMadeIsLeftAlone() throws IOException {
        write(directory);
        Files.copy(directory.resolve("ktm-1.log"), directory.resolve("ktm-1.log.bak"));

        write(directory);

        assertThat(directory.resolve("ktm-1.log.bak")).exists();
    }

    @Test
    void whatACrashedCreationLeftIsRemoved() throws IOException {
        Files.write(directory.resolve("ktm.blf.ktm-new"), new byte[100]);
        write(directory);
        assertThat(directory.resolve("ktm.blf.ktm-new")).doesNotExist();

        var foreign = Files.createDirectory(directory.resolve("other"));
        try (var log = Log.open(foreign, options().build())) {
            log.addContainers(3, 1);
        }
        Files.write(directory.resolve("ktm-3.log.ktm-new"), new byte[100]);
        write(directory);
        assertThat(directory.resolve("ktm-3.log.ktm-new")).doesNotExist();
    }

    @Test
    void absurdOptionsAreRefused() {
        assertThatThrownBy(() -> options().containerBytes(0).build()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options().containerBytes(-1).build()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options().containerBytes(Long.MAX_VALUE).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options().containers(-1).build()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options().containers(1).build()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options().containers(1025).build()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options().idleFlush(Duration.ofSeconds(-1)).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        options().idleFlush(Duration.ofSeconds(Long.MAX_VALUE)).build())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void absurdSizesOfContainersAreRefused() throws LogException {
        try (var log = Log.open(new SimulatedDevice(), options().build())) {
            assertThatThrownBy(() -> log.addContainers(0)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> log.addContainers(Integer.MIN_VALUE)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> log.addContainers(2, Long.MAX_VALUE)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> log.addContainers(2, 0)).isInstanceOf(IllegalArgumentException.class);
            assertThat(catchThrowableOfType(LogRefusedException.class, () -> log.addContainers(Integer.MAX_VALUE, 1))
                            .error())
                    .isEqualTo(LogError.CONTAINER_LIMIT_EXCEEDED);
            log.addContainers(2, 1);
        }
    }

    @Test
    void absurdNamesOfStreamsAreRefused() throws LogException {
        try (var log = Log.open(
                new SimulatedDevice(), options().kind(LogKind.MULTIPLEXED).build())) {
            log.addContainers(2, 1);
            for (var name : List.of("a".repeat(128), "ü".repeat(64), "a\0b", "line\nbreak", "\u0085")) {
                assertThatThrownBy(() -> log.stream(name)).isInstanceOf(IllegalArgumentException.class);
            }
            for (var name : List.of("a".repeat(127), "../../etc/passwd", " ", "\u202Egnp.exe", "💾")) {
                log.stream(name).close();
            }
            assertThat(log.streamNames()).hasSize(5);
        }
    }

    @Test
    void absurdNamesOfContainersAreRefused() {
        for (var name : List.of("../x", "a/b", "a\\b", ".hidden", "", "a b", "x".repeat(64), "a\0", "ü", "a:b", "*")) {
            assertThatThrownBy(() -> dev.ktm.log.format.Names.checkFileName(name))
                    .as("'%s'", name)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (var prefix : List.of("../", "/tmp/", "x".repeat(100), "a\0")) {
            assertThatThrownBy(() -> create(new LogPolicy.ContainerPrefix(prefix)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static void create(LogPolicy policy) throws LogException {
        try (var log = Log.open(new SimulatedDevice(), options().policy(policy).build())) {
            log.addContainers(2, 1);
        }
    }

    private static void assertUnusable(Path path, String why) {
        assertThatThrownBy(() -> Log.open(path, options().build()).close())
                .isInstanceOf(LogDeviceException.class)
                .hasMessageContaining(why);
    }
}
