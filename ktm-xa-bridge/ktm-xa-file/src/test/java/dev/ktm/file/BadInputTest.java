package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.SimulatedDevice;
import jakarta.transaction.RollbackException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names and files that nobody should give to the manager, and what others do to its root meanwhile. */
class BadInputTest {

    @TempDir
    Path directory;

    private Fixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        Files.writeString(fixture.plain("/a"), "old");
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private static void assertRefused(TxfError error, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(TxfException.class)
                .extracting(Fixture::errorOf)
                .isEqualTo(error);
    }

    /** The transaction has not been harmed by what was refused. */
    private void assertCommits(String content) throws Exception {
        Files.writeString(fixture.path("/a"), content);
        fixture.commit();
        assertThat(fixture.real("a")).hasContent(content);
        assertThat(fixture.working()).isZero();
    }

    // Names.

    @ParameterizedTest
    @ValueSource(strings = {"/..", "/../outside", "/d/../../outside", "/out", "/outdir/x", "/d/up"})
    void noOperationLeadsOutOfTheRoot(String name) throws Exception {
        var outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(outside.resolve("x"), "untouched");
        Files.createDirectory(fixture.plain("/d"));
        Files.createSymbolicLink(fixture.real("out"), outside.resolve("x"));
        Files.createSymbolicLink(fixture.real("outdir"), outside);
        Files.createSymbolicLink(fixture.real("d/up"), Path.of("../../outside/x"));
        fixture.begin();
        for (var files : new Path[] {fixture.path("/"), fixture.plain("/")}) {
            var path = files.resolve(name.substring(1));
            var child = files.resolve(name.substring(1) + "/x");
            var a = files.resolve("a");
            assertRefused(TxfError.DIRECTORY_NOT_RM, () -> Files.readString(path));
            assertRefused(TxfError.DIRECTORY_NOT_RM, () -> Files.writeString(path, "x"));
            assertRefused(
                    TxfError.DIRECTORY_NOT_RM,
                    () -> Files.setLastModifiedTime(path, java.nio.file.attribute.FileTime.fromMillis(0)));
            assertThatThrownBy(() -> Files.delete(child)).isInstanceOf(FileSystemException.class);
            assertThatThrownBy(() -> Files.createDirectory(child)).isInstanceOf(FileSystemException.class);
            assertThatThrownBy(() -> Files.createSymbolicLink(child, a)).isInstanceOf(FileSystemException.class);
            assertThatThrownBy(() -> Files.createLink(child, a)).isInstanceOf(FileSystemException.class);
            assertThatThrownBy(() -> Files.move(a, child)).isInstanceOf(FileSystemException.class);
            assertThatThrownBy(() -> Files.copy(a, child)).isInstanceOf(FileSystemException.class);
            assertThatThrownBy(() -> Files.list(child)).isInstanceOf(FileSystemException.class);
        }
        assertCommits("new");

        assertThat(Fixture.tree(outside)).containsExactly(entry("x", "untouched"));
    }

    private static String longest(String character) {
        int each = character.getBytes(StandardCharsets.UTF_8).length;
        return character.repeat(255 / each) + "x".repeat(255 % each);
    }

    @ParameterizedTest
    @ValueSource(strings = {"n", "ä", "語", "😀"})
    void aNameMayBeAsLongAsTheFileSystemHasIt(String character) throws Exception {
        var name = longest(character);
        var other = "o" + name.substring(character.length());
        fixture.begin();
        Files.createDirectory(fixture.path("/" + name));
        Files.writeString(fixture.path("/" + name + "/" + name), "small");
        Files.writeString(fixture.path("/" + name + "/" + other), "L".repeat(100_000));
        Files.createSymbolicLink(fixture.path("/" + other), fixture.path(name));
        fixture.commit();
        assertThat(fixture.real(name).resolve(name)).hasContent("small");
        assertThat(Files.size(fixture.real(other).resolve(other))).isEqualTo(100_000);

        fixture.begin();
        Files.writeString(fixture.path("/" + name + "/" + name), "replaced");
        Files.delete(fixture.path("/" + other));
        Files.move(fixture.path("/" + name), fixture.path("/" + other));
        fixture.commit();
        assertThat(fixture.real(other).resolve(name)).hasContent("replaced");

        fixture.begin();
        Files.delete(fixture.path("/" + other + "/" + name));
        Files.delete(fixture.path("/" + other + "/" + other));
        Files.delete(fixture.path("/" + other));
        fixture.commit();
        assertThat(fixture.tree()).containsOnlyKeys("a");
    }

    @Test
    void whatIsPutAsideKeepsAsMuchOfALongNameAsFits() throws Exception {
        var name = longest("ä");
        var disk = new RealDisk(fixture.rootDirectory);
        Files.writeString(fixture.real(name), "in the way");

        var applier = new Applier(disk, new WorkArea(disk), Applier.When.NOW);
        applier.putAside(name);

        try (var list = Files.list(fixture.real(WorkArea.ASIDE))) {
            var aside = list.toList();
            assertThat(aside).hasSize(1);
            assertThat(aside.get(0)).hasContent("in the way");
            assertThat(aside.get(0).getFileName().toString()).contains("-" + "ä".repeat(100));
        }
    }

    @Test
    void aNameThatCannotBeIsRefusedAtOnceAlsoInADirectoryThatIsNew() throws Exception {
        var tooLong = longest("ä") + "y";
        var tooDeep = "/new" + ("/" + "d".repeat(200)).repeat(25);
        fixture.begin();
        Files.createDirectory(fixture.path("/new"));
        assertThatThrownBy(() -> Files.writeString(fixture.path("/" + tooLong), "x"))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("too long");
        assertThatThrownBy(() -> Files.writeString(fixture.path("/new/" + tooLong), "x"))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("too long");
        assertThatThrownBy(() -> Files.move(fixture.path("/a"), fixture.path("/new/" + tooLong)))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("too long");
        assertThatThrownBy(() -> Files.createDirectories(fixture.path(tooDeep)))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("too long");
        assertThatThrownBy(() -> Files.writeString(fixture.path("/new/nul\0"), "x"))
                .isInstanceOf(java.nio.file.InvalidPathException.class);
        assertCommits("new");
    }

    // Special files.

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void pipesSocketsAndDevicesAreSeenAndNeverOpened() throws Exception {
        Assumptions.assumeTrue(succeeds("mkfifo", fixture.real("pipe").toString()), "there are pipes");
        boolean device = succeeds("mknod", fixture.real("device").toString(), "c", "1", "3");
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(fixture.real("socket")));
            fixture.begin();
            for (var inside : new Path[] {fixture.path("/pipe/x"), fixture.plain("/pipe/x")}) {
                assertThatThrownBy(() -> Files.readString(inside)).isInstanceOf(FileSystemException.class);
                assertThatThrownBy(() -> Files.writeString(inside, "x")).isInstanceOf(FileSystemException.class);
            }
            for (var special : device ? new String[] {"pipe", "socket", "device"} : new String[] {"pipe", "socket"}) {
                for (var path : new Path[] {fixture.path("/" + special), fixture.plain("/" + special)}) {
                    assertThat(Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes.class)
                                    .isOther())
                            .isTrue();
                    assertThatThrownBy(() -> Files.readString(path))
                            .isInstanceOf(FileSystemException.class)
                            .hasMessageContaining("expected a file");
                    assertThatThrownBy(() -> Files.writeString(path, "x"))
                            .isInstanceOf(FileSystemException.class)
                            .hasMessageContaining("expected a file");
                    assertThatThrownBy(() -> Files.copy(path, path.resolveSibling("copy")))
                            .isInstanceOf(FileSystemException.class);
                }
                assertRefused(
                        TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                        () -> Files.move(fixture.path("/" + special), fixture.path("/moved")));
            }
            Files.delete(fixture.path("/pipe"));
            assertCommits("new");
            assertThat(fixture.real("pipe")).doesNotExist();
            assertThat(fixture.real("copy")).doesNotExist();
        }
    }

    private static boolean succeeds(String... command) throws Exception {
        try {
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (java.io.IOException e) {
            return false;
        }
    }

    // What others do meanwhile.

    @Test
    void aDirectoryThatSomebodyHasMadeInTheWayIsFoundByTheVote() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/new"), "x");
        Files.createDirectory(fixture.real("new"));

        assertThatThrownBy(fixture::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("CHANGED_OUTSIDE");

        assertThat(fixture.tree()).containsOnly(entry("a", "old"), entry("new", "/"));
    }

    @Test
    void aFileThatAnotherProgramHasOpenIsReplacedAndItKeepsWhatItHas() throws Exception {
        try (var open = FileChannel.open(fixture.real("a"), StandardOpenOption.READ)) {
            fixture.begin();
            Files.writeString(fixture.path("/a"), "new");
            fixture.commit();

            var found = ByteBuffer.allocate(10);
            open.read(found);
            assertThat(StandardCharsets.UTF_8.decode(found.flip()).toString()).isEqualTo("old");
            assertThat(fixture.real("a")).hasContent("new");
        }
    }

    @Test
    void whatAnotherProgramWritesMeanwhileIsFoundByTheVoteAndKept() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        Files.writeString(fixture.real("a"), "somebody else's");

        assertThatThrownBy(fixture::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("CHANGED_OUTSIDE")
                .hasStackTraceContaining("a: expected it as the transaction has found it");

        assertThat(fixture.tree()).containsOnly(entry("a", "somebody else's"));
    }

    @Test
    void aRootThatIsSwappedWhileItIsOpenIsNotWrittenTo() throws Exception {
        var away = directory.resolve("away");
        var other = Files.createDirectory(directory.resolve("other"));
        Files.createDirectories(other.resolve(WorkArea.WORK));
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        Files.move(fixture.rootDirectory, away);
        Files.move(other, fixture.rootDirectory);

        assertThatThrownBy(fixture::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("put it back");
        assertRefused(TxfError.RM_NOT_ACTIVE, () -> Files.createDirectory(fixture.plain("/d")));

        assertThat(fixture.tree()).isEmpty();
        assertThat(Fixture.tree(away)).containsOnly(entry("a", "old"));
        Files.move(fixture.rootDirectory, other);
        Files.move(away, fixture.rootDirectory);
        fixture.begin();
        assertCommits("newer");
    }

    private static Ktm openCoordinator(SimulatedDevice device) {
        return Ktm.open(KtmOptions.builder()
                .device(device)
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    @Test
    void whatTheLogHasForOneDirectoryIsNotDoneInAnother() throws Exception {
        var device = new SimulatedDevice();
        var root = Files.createDirectory(directory.resolve("another"));
        SimulatedDevice crashed;
        try (var ktm = openCoordinator(device);
                var files = TransactedFiles.open(ktm, "another", root)) {
            ktm.transactionManager().begin();
            Files.writeString(files.fileSystem().getPath("/a"), "new");
            ktm.transactionManager().commit();
            crashed = device.copy();
        }
        var away = directory.resolve("away");
        Files.move(root, away);
        Files.createDirectory(root);

        try (var ktm = openCoordinator(crashed)) {
            assertThatThrownBy(() -> TransactedFiles.open(ktm, "another", root))
                    .isInstanceOf(TxfException.class)
                    .hasMessageContaining("put the directory back")
                    .extracting(Fixture::errorOf)
                    .isEqualTo(TxfError.RM_METADATA_CORRUPT);

            assertThat(Fixture.tree(root)).isEmpty();
            Files.move(root, directory.resolve("wrong"));
            Files.move(away, root);
            TransactedFiles.open(ktm, "another", root).close();
            assertThat(Fixture.tree(root)).containsOnly(entry("a", "new"));
        }
    }

    private static void removeAll(Path top) throws Exception {
        try (var walk = Files.walk(top)) {
            walk.sorted(java.util.Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        }
    }

    @Test
    void aNewDirectoryInTheOldPlaceIsANewRootIfTheLogHasNothingForIt() throws Exception {
        fixture.close();
        Files.move(fixture.rootDirectory, directory.resolve("away"));
        Files.createDirectory(fixture.rootDirectory);
        fixture.reopen();

        fixture.begin();
        assertCommits("new");
    }

    // Where a root cannot be.

    @Test
    void aRootThatIsNotThereOrIsAFileIsSaidSo() {
        assertThatThrownBy(() -> TransactedFiles.open(fixture.ktm, "x", directory.resolve("none")))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("none")
                .hasMessageContaining("make it first");
        assertThatThrownBy(() -> TransactedFiles.open(fixture.ktm, "x", fixture.real("a")))
                .isInstanceOf(NotDirectoryException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nfs4", "CIFS", "fuse.sshfs", "9p", "vfat"})
    void aFileSystemWithoutDurableRenamesIsRefusedWithTheReason(String type) {
        assertThatThrownBy(() -> RootOwnership.requireSuitable(directory, type, false))
                .isInstanceOf(TxfException.class)
                .hasMessageContaining("found one of type " + type)
                .extracting(Fixture::errorOf)
                .isEqualTo(TxfError.TRANSACTIONS_UNSUPPORTED_REMOTE);
    }

    @Test
    void aRootThatMayNotBeWrittenToIsRefused() {
        assertThatThrownBy(() -> RootOwnership.requireSuitable(directory, "ext4", true))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessageContaining("expected a root that may be written to");
    }

    // Much of it.

    @Test
    void aDirectoryOfAHundredThousandFilesIsListedAsTheTransactionSeesIt() throws Exception {
        int count = 100_000;
        var memory = Path.of("/dev/shm");
        var root = Files.isWritable(memory)
                ? Files.createTempDirectory(memory, "ktm-files")
                : Files.createDirectory(directory.resolve("full"));
        try (var files = TransactedFiles.open(fixture.ktm, "full", root)) {
            for (int i = 0; i < count; i++) {
                Files.createFile(root.resolve("f" + i));
            }
            var top = files.fileSystem().getPath("/");
            fixture.begin();
            Files.writeString(top.resolve("new"), "new");
            Files.delete(top.resolve("f7"));
            Files.move(top.resolve("f8"), top.resolve("g8"));
            try (var list = Files.list(top)) {
                var names = list.map(each -> each.getFileName().toString()).toList();
                assertThat(names).hasSize(count).contains("new", "g8", "f99999").doesNotContain("f7", "f8");
            }
            fixture.commit();

            try (var list = Files.list(files.plainFileSystem().getPath("/"))) {
                assertThat(list.count()).isEqualTo(count);
            }
        } finally {
            removeAll(root);
        }
    }
}
