package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.ktm.log.testing.Conforms;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be done with files in a transaction, and what becomes of it. */
class FileOperationsTest {

    @TempDir
    Path directory;

    private Fixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        Files.writeString(fixture.plain("/a"), "old a");
        Files.writeString(fixture.plain("/b"), "old b");
        Files.createDirectories(fixture.plain("/dir/sub"));
        Files.writeString(fixture.plain("/dir/sub/c"), "old c");
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

    /** Whatever the operating system knows of the tree. */
    private Map<String, String> everything() throws Exception {
        var all = new TreeMap<String, String>();
        try (var walk = Files.walk(fixture.rootDirectory)) {
            for (var path : (Iterable<Path>) walk::iterator) {
                var name = fixture.rootDirectory.relativize(path).toString();
                if (!name.isEmpty() && !name.startsWith(WorkArea.HIDDEN)) {
                    var attributes = new TreeMap<>(Files.readAttributes(
                            path,
                            "unix:mode,uid,gid,size,lastModifiedTime,nlink",
                            java.nio.file.LinkOption.NOFOLLOW_LINKS));
                    all.put(name, attributes + (Files.isRegularFile(path) ? Files.readString(path) : ""));
                }
            }
        }
        return all;
    }

    @Test
    @Conforms("TXF-OP-01")
    void whatIsNewMustNotBeThereAndWhatExistsMustBe() throws Exception {
        fixture.begin();
        assertThatThrownBy(() -> Files.writeString(fixture.path("/a"), "x", StandardOpenOption.CREATE_NEW))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> FileChannel.open(fixture.path("/none"), StandardOpenOption.WRITE))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> FileChannel.open(
                        fixture.path("/none"), StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.readString(fixture.path("/none"))).isInstanceOf(NoSuchFileException.class);
        fixture.commit();
    }

    @Test
    @Conforms("TXF-OP-03")
    void aFileDeletedAndMadeAgainIsReplacedOrAsBefore() throws Exception {
        var before = everything();
        fixture.begin();
        Files.delete(fixture.path("/a"));
        Files.writeString(fixture.path("/a"), "new a", StandardOpenOption.CREATE_NEW);
        fixture.rollback();
        assertThat(everything()).isEqualTo(before);

        fixture.begin();
        Files.delete(fixture.path("/a"));
        Files.writeString(fixture.path("/a"), "new a", StandardOpenOption.CREATE_NEW);
        fixture.commit();
        assertThat(fixture.tree()).contains(entry("a", "new a"));
    }

    @Test
    @Conforms("TXF-OP-04")
    void aFileMadeAndDeletedLeavesNothing() throws Exception {
        var before = everything();
        fixture.begin();
        Files.writeString(fixture.path("/x"), "x".repeat(100_000));
        Files.createDirectory(fixture.path("/y"));
        Files.delete(fixture.path("/x"));
        Files.delete(fixture.path("/y"));
        fixture.commit();

        assertThat(everything()).isEqualTo(before);
        assertThat(fixture.working()).isZero();
    }

    @Test
    @Conforms("TXF-OP-05")
    void asInTxfADeleteWhoseFileIsOpenAtTheEndDoesNotHappen() throws Exception {
        fixture.reopen(FileOptions.defaults().withDeletesNeedClosedHandles(true));
        fixture.begin();
        var reader = FileChannel.open(fixture.path("/a"));
        Files.delete(fixture.path("/a"));
        fixture.commit();
        reader.close();
        assertThat(fixture.tree()).containsKey("a");

        fixture.begin();
        FileChannel.open(fixture.path("/a")).close();
        Files.delete(fixture.path("/a"));
        fixture.commit();
        assertThat(fixture.tree()).doesNotContainKey("a");
    }

    @Test
    void byDefaultADeleteCountsAsSoonAsItWasAskedFor() throws Exception {
        fixture.begin();
        var reader = FileChannel.open(fixture.path("/a"));
        Files.delete(fixture.path("/a"));
        fixture.commit();
        reader.close();

        assertThat(fixture.tree()).doesNotContainKey("a");
    }

    @Test
    void whatIsMissingCannotBeDeleted() throws Exception {
        fixture.begin();
        assertThatThrownBy(() -> Files.delete(fixture.path("/none"))).isInstanceOf(NoSuchFileException.class);
        Files.delete(fixture.path("/a"));
        assertThatThrownBy(() -> Files.delete(fixture.path("/a"))).isInstanceOf(NoSuchFileException.class);
        fixture.commit();
    }

    @Test
    @Conforms("TXF-OP-07")
    void aDirectoryIsRemovedWhenItIsEmptyInTheTransaction() throws Exception {
        fixture.begin();
        assertThatThrownBy(() -> Files.delete(fixture.path("/dir"))).isInstanceOf(DirectoryNotEmptyException.class);
        Files.delete(fixture.path("/dir/sub/c"));
        Files.delete(fixture.path("/dir/sub"));
        Files.delete(fixture.path("/dir"));
        fixture.commit();

        assertThat(fixture.tree()).containsOnlyKeys("a", "b");
    }

    @Test
    @Conforms("TXF-OP-08")
    void aMoveOverAnotherFileIsUndoneWithBoth() throws Exception {
        var before = everything();
        fixture.begin();
        assertThatThrownBy(() -> Files.move(fixture.path("/a"), fixture.path("/b")))
                .isInstanceOf(FileAlreadyExistsException.class);
        Files.move(fixture.path("/a"), fixture.path("/b"), StandardCopyOption.REPLACE_EXISTING);
        assertThat(Files.readString(fixture.path("/b"))).isEqualTo("old a");
        fixture.rollback();
        assertThat(everything()).isEqualTo(before);

        fixture.begin();
        Files.move(fixture.path("/a"), fixture.path("/b"), StandardCopyOption.REPLACE_EXISTING);
        fixture.commit();
        assertThat(fixture.tree()).contains(entry("b", "old a")).doesNotContainKey("a");
    }

    @Test
    @Conforms("TXF-OP-09")
    void aDirectoryMovesAsAWhole() throws Exception {
        fixture.begin();
        Files.move(fixture.path("/dir"), fixture.path("/moved"));
        Files.writeString(fixture.path("/moved/sub/d"), "new d");
        Files.delete(fixture.path("/moved/sub/c"));
        assertThat(Fixture.tree(fixture.plain("/"))).containsKeys("dir/sub/c").doesNotContainKey("moved");
        fixture.commit();

        assertThat(fixture.tree()).containsOnlyKeys("a", "b", "moved", "moved/sub", "moved/sub/d");
    }

    @Test
    void twoFilesAndTwoDirectoriesChangePlaces() throws Exception {
        Files.createDirectory(fixture.plain("/other"));
        Files.writeString(fixture.plain("/other/o"), "o");
        fixture.begin();
        Files.move(fixture.path("/a"), fixture.path("/t"));
        Files.move(fixture.path("/b"), fixture.path("/a"));
        Files.move(fixture.path("/t"), fixture.path("/b"));
        Files.move(fixture.path("/dir"), fixture.path("/u"));
        Files.move(fixture.path("/other"), fixture.path("/dir"));
        Files.move(fixture.path("/u"), fixture.path("/other"));
        var wanted = Fixture.tree(fixture.path("/"));
        fixture.commit();

        assertThat(fixture.tree())
                .isEqualTo(wanted)
                .contains(entry("a", "old b"), entry("b", "old a"), entry("dir/o", "o"), entry("other/sub/c", "old c"));
    }

    @Test
    void aDirectoryIsReplacedByOneOfTheSameNameWithOtherThingsInIt() throws Exception {
        fixture.begin();
        Files.delete(fixture.path("/dir/sub/c"));
        Files.delete(fixture.path("/dir/sub"));
        Files.delete(fixture.path("/dir"));
        Files.createDirectory(fixture.path("/dir"));
        Files.writeString(fixture.path("/dir/sub"), "a file now");
        Files.delete(fixture.path("/a"));
        Files.createDirectory(fixture.path("/a"));
        Files.writeString(fixture.path("/a/x"), "x");
        var wanted = Fixture.tree(fixture.path("/"));
        fixture.commit();

        assertThat(fixture.tree()).isEqualTo(wanted).containsOnlyKeys("a", "a/x", "b", "dir", "dir/sub");
    }

    @Test
    void whatIsMovedOutOfADirectoryThatGoesIsKept() throws Exception {
        fixture.begin();
        Files.move(fixture.path("/dir/sub/c"), fixture.path("/kept"));
        Files.move(fixture.path("/dir"), fixture.path("/x"));
        Files.delete(fixture.path("/x/sub"));
        Files.delete(fixture.path("/x"));
        fixture.commit();

        assertThat(fixture.tree()).containsOnlyKeys("a", "b", "kept").contains(entry("kept", "old c"));
    }

    @Test
    void aCopyGoesWithTheRollbackAndOneOfNothingMakesNothing() throws Exception {
        fixture.begin();
        Files.copy(fixture.path("/a"), fixture.path("/copy"));
        assertThat(Files.readString(fixture.path("/copy"))).isEqualTo("old a");
        assertThatThrownBy(() -> Files.copy(fixture.path("/none"), fixture.path("/other")))
                .isInstanceOf(NoSuchFileException.class);
        assertThat(Files.exists(fixture.path("/other"))).isFalse();
        fixture.rollback();

        assertThat(fixture.tree()).doesNotContainKeys("copy", "other");
    }

    @Test
    @Conforms("TXF-OP-13")
    void anotherNameOfAFileIsOneOfItsNames() throws Exception {
        var before = everything();
        fixture.begin();
        Files.createLink(fixture.path("/dir/again"), fixture.path("/a"));
        assertThat(Files.readString(fixture.path("/dir/again"))).isEqualTo("old a");
        fixture.rollback();
        assertThat(everything()).isEqualTo(before);

        fixture.begin();
        Files.createLink(fixture.path("/dir/again"), fixture.path("/a"));
        fixture.commit();
        assertThat(Files.getAttribute(fixture.real("a"), "unix:nlink")).isEqualTo(2);

        fixture.begin();
        Files.writeString(fixture.path("/dir/again"), "through one name");
        fixture.commit();
        assertThat(fixture.tree()).contains(entry("a", "through one name"), entry("dir/again", "through one name"));
        assertThat(Files.getAttribute(fixture.real("a"), "unix:nlink")).isEqualTo(2);

        fixture.begin();
        Files.delete(fixture.path("/a"));
        fixture.commit();
        assertThat(Files.getAttribute(fixture.real("dir/again"), "unix:nlink")).isEqualTo(1);
    }

    @Test
    void throughANameThatIsNewItselfNothingIsWrittenInTheSameTransaction() throws Exception {
        fixture.begin();
        Files.createLink(fixture.path("/again"), fixture.path("/a"));
        assertRefused(
                TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                () -> Files.writeString(fixture.path("/again"), "new"));
        Files.writeString(fixture.path("/a"), "new");
        fixture.commit();

        assertThat(fixture.tree()).contains(entry("a", "new"), entry("again", "new"));
    }

    @Test
    void aFileIsKeptByTheNameThatItWasGivenBeforeItsFirstOneWent() throws Exception {
        fixture.begin();
        Files.createLink(fixture.path("/dir/again"), fixture.path("/dir/sub/c"));
        Files.createLink(fixture.path("/oncemore"), fixture.path("/dir/sub/c"));
        Files.delete(fixture.path("/dir/sub/c"));
        Files.move(fixture.path("/dir"), fixture.path("/moved"));
        fixture.commit();

        assertThat(fixture.tree())
                .contains(entry("moved/again", "old c"), entry("oncemore", "old c"))
                .doesNotContainKeys("moved/sub/c", "dir");
        assertThat(Files.isSameFile(fixture.real("oncemore"), fixture.real("moved/again")))
                .isTrue();
    }

    @Test
    @Conforms("TXF-OP-14")
    void aLinkIsDeletedWithoutItsTarget() throws Exception {
        fixture.begin();
        Files.createSymbolicLink(fixture.path("/link"), fixture.path("dir/sub/c"));
        assertThat(Files.readString(fixture.path("/link"))).isEqualTo("old c");
        fixture.commit();
        assertThat(fixture.tree()).contains(entry("link", "-> dir/sub/c"));

        fixture.begin();
        Files.writeString(fixture.path("/link"), "through the link");
        fixture.commit();
        assertThat(fixture.tree()).contains(entry("link", "-> dir/sub/c"), entry("dir/sub/c", "through the link"));

        fixture.begin();
        Files.delete(fixture.path("/link"));
        fixture.commit();
        assertThat(fixture.tree()).containsKey("dir/sub/c").doesNotContainKey("link");
    }

    @Test
    @Conforms({"TXF-OP-15", "TXF-DUR-11"})
    void whatIsWrittenCutAndAppendedIsUndoneToTheByte() throws Exception {
        var large = new byte[1_500_000];
        Arrays.fill(large, (byte) 7);
        Files.write(fixture.plain("/large"), large);
        Files.setLastModifiedTime(fixture.real("a"), FileTime.fromMillis(12_345_678));
        var before = everything();

        fixture.begin();
        try (var channel = FileChannel.open(fixture.path("/large"), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[1_000_000]), 100_000);
            channel.truncate(1_200_000);
        }
        Files.writeString(fixture.path("/large"), "at the end", StandardOpenOption.APPEND);
        Files.writeString(fixture.path("/a"), "more", StandardOpenOption.APPEND);
        assertThat(Files.size(fixture.path("/large"))).isEqualTo(1_200_010);
        fixture.rollback();

        assertThat(everything()).isEqualTo(before);
        assertThat(fixture.working()).isZero();
    }

    @Test
    @Conforms("TXF-OP-15")
    void whatIsWrittenCutAndAppendedIsCommittedToTheByte() throws Exception {
        var expected = new byte[300_000];
        Arrays.fill(expected, (byte) 7);
        Files.write(fixture.plain("/large"), expected);

        fixture.begin();
        try (var channel =
                FileChannel.open(fixture.path("/large"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 150_000);
            channel.truncate(200_000);
            channel.write(ByteBuffer.wrap(new byte[] {4}), 250_000);
        }
        fixture.commit();

        var wanted = Arrays.copyOf(Arrays.copyOf(expected, 200_000), 250_001);
        wanted[150_000] = 1;
        wanted[150_001] = 2;
        wanted[150_002] = 3;
        wanted[250_000] = 4;
        assertThat(Files.readAllBytes(fixture.real("large"))).isEqualTo(wanted);
        assertThat(fixture.working()).isZero();
    }

    @Test
    @Conforms("TXF-OP-16")
    void tenThousandFilesAppearAtOnce() throws Exception {
        int count = 10_000;
        Files.createDirectory(fixture.plain("/many"));
        var seen = new java.util.concurrent.ConcurrentSkipListSet<Integer>();
        var done = new java.util.concurrent.atomic.AtomicBoolean();
        var observer = new Thread(() -> {
            while (!done.get()) {
                try (var list = Files.list(fixture.plain("/many"))) {
                    seen.add((int) list.count());
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }
        });
        fixture.begin();
        for (int i = 0; i < count; i++) {
            Files.writeString(fixture.path("/many/" + i), "content " + i);
        }
        observer.start();
        long frames = fixture.ktm.manager().log().orElseThrow().stats().frames();
        fixture.commit();
        done.set(true);
        observer.join();

        assertThat(seen).isSubsetOf(0, count);
        assertThat(fixture.tree()).contains(entry("many/9999", "content 9999")).hasSize(count + 6);
        assertThat(fixture.ktm.manager().log().orElseThrow().stats().frames() - frames)
                .as("one force for all, in as few frames as hold them")
                .isLessThan(40);
    }

    @Test
    @Conforms("TXF-OP-17")
    void aHandleOfATransactionThatHasEndedCanOnlyBeClosed() throws Exception {
        fixture.begin();
        var writer = FileChannel.open(fixture.path("/a"), StandardOpenOption.WRITE);
        var reader = FileChannel.open(fixture.path("/b"));
        fixture.commit();

        assertRefused(TxfError.HANDLE_NO_LONGER_VALID, () -> writer.write(ByteBuffer.allocate(1)));
        assertRefused(TxfError.HANDLE_NO_LONGER_VALID, () -> reader.read(ByteBuffer.allocate(1)));
        assertRefused(TxfError.HANDLE_NO_LONGER_VALID, reader::size);
        assertThatCode(writer::close).doesNotThrowAnyException();
        assertThatCode(reader::close).doesNotThrowAnyException();
        Files.writeString(fixture.plain("/a"), "free again");
    }

    @Test
    @Conforms("TXF-OP-18")
    void aTransactionThatHasEndedDoesNothingMore() throws Exception {
        fixture.begin();
        var view = fixture.files.fileSystem(fixture.current());
        Files.writeString(view.getPath("/a"), "new");
        fixture.commit();

        assertThatThrownBy(() -> Files.readString(view.getPath("/a")))
                .isInstanceOf(TxfException.class)
                .extracting(Fixture::errorOf)
                .isIn(TxfError.TRANSACTION_NOT_ACTIVE, TxfError.INVALID_TRANSACTION);
    }

    @Test
    @Conforms("TXF-OP-19")
    void nothingOutsideOfTheRootIsReached() throws Exception {
        Files.writeString(directory.resolve("secret"), "secret");
        Files.createSymbolicLink(fixture.real("out"), directory.resolve("secret"));
        Files.createSymbolicLink(fixture.real("up"), Path.of("../secret"));
        Files.createSymbolicLink(fixture.real("outdir"), directory);
        fixture.begin();
        assertRefused(TxfError.DIRECTORY_NOT_RM, () -> Files.readString(fixture.path("/../secret")));
        assertRefused(TxfError.DIRECTORY_NOT_RM, () -> Files.writeString(fixture.path("/dir/../../secret"), "x"));
        assertRefused(TxfError.DIRECTORY_NOT_RM, () -> Files.readString(fixture.path("/out")));
        assertRefused(TxfError.DIRECTORY_NOT_RM, () -> Files.readString(fixture.path("/up")));
        assertRefused(TxfError.DIRECTORY_NOT_RM, () -> Files.writeString(fixture.path("/outdir/secret"), "x"));
        assertRefused(TxfError.DIRECTORY_NOT_RM, () -> Files.delete(fixture.path("/outdir/secret")));
        fixture.commit();
        assertRefused(TxfError.DIRECTORY_NOT_RM, () -> Files.writeString(fixture.plain("/outdir/secret"), "x"));

        assertThat(directory.resolve("secret")).hasContent("secret");
    }

    @Test
    @Conforms("TXF-OP-20")
    void whatIsNotSupportedIsRefusedAndTheTransactionGoesOn() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        try (var channel = FileChannel.open(fixture.path("/a"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            assertRefused(TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION, channel::lock);
        }
        assertRefused(
                TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                () -> Files.createLink(fixture.path("/again"), fixture.path("/a")));
        fixture.commit();

        assertThat(fixture.tree()).contains(entry("a", "new"));
    }

    @Test
    @Conforms("TXF-OP-21")
    void anOperationThatFailsDoesNotRollBack() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        assertThatThrownBy(() -> Files.readString(fixture.path("/none"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.createDirectory(fixture.path("/dir")))
                .isInstanceOf(FileAlreadyExistsException.class);
        fixture.commit();

        assertThat(fixture.tree()).contains(entry("a", "new"));
    }

    @Test
    @Conforms("TXF-OP-22")
    void aRootSaysWhetherItSupportsTransactions() throws Exception {
        var store = Files.getFileStore(fixture.path("/a"));
        assertThat(store.getAttribute("ktm:supportsTransactions")).isEqualTo(true);
        fixture.files.close();
        assertThat(store.getAttribute("ktm:supportsTransactions")).isEqualTo(false);
    }

    @Test
    @Conforms("TXF-OP-23")
    void watchersSeeWhatTheirViewShowsAndOneBatchForEachCommit() throws Exception {
        try (var watcher = fixture.files.plainFileSystem().newWatchService()) {
            var key = fixture.plain("/")
                    .register(
                            watcher,
                            StandardWatchEventKinds.ENTRY_CREATE,
                            StandardWatchEventKinds.ENTRY_DELETE,
                            StandardWatchEventKinds.ENTRY_MODIFY);
            fixture.begin();
            Files.writeString(fixture.path("/x"), "x");
            Files.delete(fixture.path("/a"));
            Files.writeString(fixture.path("/b"), "changed");
            assertThat(watcher.poll()).isNull();
            fixture.commit();

            assertThat(watcher.poll()).isSameAs(key);
            assertThat(key.pollEvents().stream().map(event -> describe(event)))
                    .containsExactlyInAnyOrder("ENTRY_CREATE x", "ENTRY_DELETE a", "ENTRY_MODIFY b");
            assertThat(key.reset()).isTrue();

            fixture.begin();
            Files.writeString(fixture.path("/y"), "y");
            fixture.rollback();
            assertThat(watcher.poll()).isNull();
        }
    }

    private static String describe(WatchEvent<?> event) {
        return event.kind() + " " + event.context();
    }

    @Test
    @Conforms("TXF-OP-24")
    void whatIsWrittenThroughAMappingBelongsToTheTransaction() throws Exception {
        fixture.begin();
        try (var channel = FileChannel.open(fixture.path("/a"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            var mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 5);
            mapped.put(0, (byte) 'X');
            mapped.force();
        }
        assertThat(Files.readString(fixture.plain("/a"))).isEqualTo("old a");
        fixture.commit();

        assertThat(fixture.tree()).contains(entry("a", "Xld a"));
    }

    @Test
    void ownerPermissionsAndUserAttributesSurviveAReplacement() throws Exception {
        Files.setPosixFilePermissions(fixture.real("a"), PosixFilePermissions.fromString("rw-r-----"));
        var view = Files.getFileAttributeView(
                fixture.real("a"), java.nio.file.attribute.UserDefinedFileAttributeView.class);
        view.write("color", ByteBuffer.wrap("blue".getBytes(StandardCharsets.UTF_8)));
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        fixture.commit();

        assertThat(Files.getPosixFilePermissions(fixture.real("a")))
                .isEqualTo(PosixFilePermissions.fromString("rw-r-----"));
        var value = ByteBuffer.allocate(10);
        Files.getFileAttributeView(fixture.real("a"), java.nio.file.attribute.UserDefinedFileAttributeView.class)
                .read("color", value);
        assertThat(StandardCharsets.UTF_8.decode(value.flip()).toString()).isEqualTo("blue");
    }

    @Test
    void existingCodeThatWalksCopiesAndReadsWorks() throws Exception {
        fixture.begin();
        try (var walk = Files.walk(fixture.path("/dir"))) {
            assertThat(walk.map(Path::toString)).containsExactly("/dir", "/dir/sub", "/dir/sub/c");
        }
        try (var out = Files.newBufferedWriter(fixture.path("/text"))) {
            out.write("one\ntwo\n");
        }
        try (var lines = Files.lines(fixture.path("/text"))) {
            assertThat(lines).containsExactly("one", "two");
        }
        Files.copy(fixture.path("/dir/sub/c"), fixture.path("/c2"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.copy(directory.resolve("log"), Files.createTempDirectory("x").resolve("y"));
        assertThat(Files.mismatch(fixture.path("/dir/sub/c"), fixture.path("/c2")))
                .isEqualTo(-1);
        assertThat(Files.isSameFile(fixture.path("/c2"), fixture.path("/dir/../c2")))
                .isTrue();
        var attributes = Files.readAttributes(fixture.path("/text"), BasicFileAttributes.class);
        assertThat(attributes.isRegularFile()).isTrue();
        assertThat(attributes.size()).isEqualTo(8);
        try (var stream = Files.newDirectoryStream(fixture.path("/"), "c*")) {
            assertThat(stream).extracting(Path::toString).containsExactly("/c2");
        }
        fixture.commit();
        assertThat(fixture.tree()).contains(entry("text", "one\ntwo\n"), entry("c2", "old c"));
    }

    @Test
    void aFileThatIsToBeDeletedWhenItIsClosedGoesWithTheTransaction() throws Exception {
        fixture.begin();
        FileChannel.open(fixture.path("/a"), StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)
                .close();
        assertThat(Files.exists(fixture.path("/a"))).isFalse();
        assertThat(Files.exists(fixture.plain("/a"))).isTrue();
        fixture.commit();

        assertThat(fixture.tree()).doesNotContainKey("a");
    }

    @Test
    void pathsOfOneViewAreEqual() throws Exception {
        assertThat(fixture.path("/a")).isEqualTo(fixture.path("/a")).isNotEqualTo(fixture.plain("/a"));
        assertThat(fixture.path("/dir").resolve("sub")).isEqualTo(fixture.path("/dir/sub"));
    }

    @Test
    void nobodyButItsOwnerEntersTheManagersOwnDirectory() throws Exception {
        var hidden = fixture.rootDirectory.resolve(WorkArea.HIDDEN);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(hidden)))
                .isEqualTo("rwx------");
    }

    @Test
    void thePathsOfTheManagersOwnDirectoryAreNotThere() throws Exception {
        assertThat(Files.exists(fixture.path("/" + WorkArea.HIDDEN))).isFalse();
        assertThatThrownBy(() -> Files.readString(fixture.path("/" + WorkArea.HIDDEN + "/owner")))
                .isInstanceOf(NoSuchFileException.class);
        fixture.begin();
        assertThatThrownBy(() -> Files.readString(fixture.path("/" + WorkArea.HIDDEN + "/owner")))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.writeString(fixture.path("/" + WorkArea.HIDDEN + "/x"), "y"))
                .isInstanceOf(java.io.IOException.class);
        assertThatThrownBy(() -> Files.writeString(fixture.path("/" + WorkArea.HIDDEN), "y"))
                .isInstanceOf(java.io.IOException.class);
        fixture.rollback();
    }
}
