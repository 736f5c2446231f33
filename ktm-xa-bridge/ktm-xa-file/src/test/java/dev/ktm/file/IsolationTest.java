package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.ktm.log.testing.Conforms;
import jakarta.transaction.RollbackException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who sees what, and who may touch what somebody else has touched. */
class IsolationTest {

    @TempDir
    Path directory;

    private Fixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        Files.writeString(fixture.plain("/a"), "old");
        Files.writeString(fixture.plain("/b"), "old b");
        Files.createDirectories(fixture.plain("/dir/sub"));
        Files.writeString(fixture.plain("/dir/sub/c"), "old c");
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private static String read(FileChannel channel) throws IOException {
        var buffer = ByteBuffer.allocate(100);
        channel.read(buffer, 0);
        return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
    }

    private static void write(FileChannel channel, String text) throws IOException {
        channel.write(StandardCharsets.UTF_8.encode(text), 0);
    }

    private static void assertRefused(TxfError error, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(TxfException.class)
                .extracting(Fixture::errorOf)
                .isEqualTo(error);
    }

    /** Between the question whether there is anything to commit and what follows from the answer. */
    @Test
    void aWriteBesideACommitIsCommittedOrRefused() throws Exception {
        fixture.begin();
        assertThat(Files.readString(fixture.path("/a"))).isEqualTo("old");
        var root = ((TransactedPath) fixture.path("/a")).fileSystem().root();
        var work = Objects.requireNonNull(root.works().get(fixture.current().unitOfWork()));

        assertThat(work.hasChanges()).isFalse();
        assertRefused(TxfError.TRANSACTION_NOT_ACTIVE, () -> Files.writeString(fixture.path("/a"), "lost"));
        fixture.rollback();

        assertThat(Files.readString(fixture.plain("/a"))).isEqualTo("old");
    }

    @Test
    @Conforms("TXF-ISO-01")
    void aWriterSeesItsChangesThroughEveryHandleOpenedAfterwards() throws Exception {
        fixture.begin();
        try (var writer = FileChannel.open(fixture.path("/a"), StandardOpenOption.WRITE)) {
            write(writer, "new");
            try (var reader = FileChannel.open(fixture.path("/a"))) {
                assertThat(read(reader)).isEqualTo("new");
                write(writer, "nex");
                assertThat(read(reader)).isEqualTo("nex");
            }
        }
        assertThat(Files.readString(fixture.path("/a"))).isEqualTo("nex");
        fixture.rollback();
    }

    @Test
    @Conforms({"TXF-ISO-02", "TXF-ISO-03"})
    void aReaderOfAnotherTransactionSeesWhatWasCommittedAtItsOpen() throws Exception {
        fixture.begin();
        try (var before = FileChannel.open(fixture.path("/a"))) {
            var reading = fixture.suspend();
            fixture.begin();
            Files.writeString(fixture.path("/a"), "new");
            assertInTransaction(reading, () -> assertThat(read(before)).isEqualTo("old"));
            fixture.commit();

            fixture.resume(reading);
            assertThat(read(before)).isEqualTo("old");
            assertThat(Files.readString(fixture.path("/a"))).isEqualTo("new");
        }
        fixture.commit();
    }

    private void assertInTransaction(jakarta.transaction.Transaction other, ThrowingCallable check) throws Exception {
        var mine = fixture.suspend();
        fixture.resume(other);
        assertThatCode(check).doesNotThrowAnyException();
        fixture.suspend();
        fixture.resume(mine);
    }

    @Test
    @Conforms("TXF-ISO-04")
    void aReaderOutsideSeesTheOldContentUntilTheCommitAndThenTheNewOneThroughTheSameHandle() throws Exception {
        try (var reader = FileChannel.open(fixture.plain("/a"))) {
            fixture.begin();
            Files.writeString(fixture.path("/a"), "new");
            assertThat(read(reader)).isEqualTo("old");
            fixture.commit();
            assertThat(read(reader)).isEqualTo("new");
        }
    }

    @Test
    @Conforms("TXF-ISO-04")
    void aReaderOutsideSeesTheFileThatACommitHasMovedOverItsOwn() throws Exception {
        try (var reader = FileChannel.open(fixture.plain("/a"))) {
            fixture.begin();
            Files.move(fixture.path("/b"), fixture.path("/a"), StandardCopyOption.REPLACE_EXISTING);
            assertThat(read(reader)).isEqualTo("old");
            fixture.commit();
            assertThat(read(reader)).isEqualTo("old b");
        }
    }

    @Test
    @Conforms("TXF-ISO-04")
    void aReaderOutsideSeesTheFileThatACommitHasBroughtWithItsDirectory() throws Exception {
        Files.createDirectories(fixture.plain("/other/sub"));
        Files.writeString(fixture.plain("/other/sub/c"), "other c");
        try (var reader = FileChannel.open(fixture.plain("/dir/sub/c"))) {
            fixture.begin();
            Files.delete(fixture.path("/dir/sub/c"));
            Files.delete(fixture.path("/dir/sub"));
            Files.move(fixture.path("/other"), fixture.path("/dir"), StandardCopyOption.REPLACE_EXISTING);
            assertThat(read(reader)).isEqualTo("old c");
            fixture.commit();
            assertThat(read(reader)).isEqualTo("other c");
        }
    }

    @Test
    @Conforms({"TXF-ISO-05", "TXF-ISO-06", "TXF-ISO-10"})
    void whatATransactionHasChangedNobodyElseWritesToUntilItEnds() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(fixture.plain("/a"), "plain"));
        var first = fixture.suspend();
        fixture.begin();
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(fixture.path("/a"), "other"));
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.delete(fixture.path("/a")));
        fixture.rollback();
        fixture.resume(first);
        fixture.commit();

        Files.writeString(fixture.plain("/a"), "plain");
        assertThat(fixture.tree()).contains(entry("a", "plain"));
    }

    @Test
    @Conforms("TXF-ISO-07")
    void whatIsReadInATransactionIsNotWrittenOutsideOfAny() throws Exception {
        fixture.begin();
        try (var reader = FileChannel.open(fixture.path("/a"))) {
            assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(fixture.plain("/a"), "plain"));
            assertThat(read(reader)).isEqualTo("old");
        }
        Files.writeString(fixture.plain("/a"), "plain");
        fixture.commit();
    }

    @Test
    @Conforms("TXF-ISO-08")
    void whatIsWrittenOutsideIsNotOpenedInATransaction() throws Exception {
        try (var writer = FileChannel.open(fixture.plain("/a"), StandardOpenOption.WRITE)) {
            fixture.begin();
            assertRefused(TxfError.TRANSACTIONAL_CONFLICT, () -> Files.readString(fixture.path("/a")));
            assertRefused(TxfError.TRANSACTIONAL_CONFLICT, () -> Files.writeString(fixture.path("/a"), "new"));
            write(writer, "wri");
        }
        assertThat(Files.readString(fixture.path("/a"))).isEqualTo("wri");
        fixture.commit();
    }

    @Test
    @Conforms("TXF-ISO-09")
    void aReaderOutsideBothersNobody() throws Exception {
        try (var reader = FileChannel.open(fixture.plain("/a"))) {
            fixture.begin();
            assertThat(Files.readString(fixture.path("/a"))).isEqualTo("old");
            Files.writeString(fixture.path("/a"), "new");
            fixture.commit();
            assertThat(read(reader)).isEqualTo("new");
        }
    }

    @Test
    @Conforms("TXF-ISO-11")
    void whatIsOpenedWithoutSharingIsNotShared() throws Exception {
        fixture.begin();
        try (var writer = FileChannel.open(fixture.path("/a"), StandardOpenOption.WRITE, Deny.READ)) {
            assertRefused(TxfError.SHARING_VIOLATION, () -> Files.readString(fixture.plain("/a")));
            write(writer, "new");
        }
        assertThat(Files.readString(fixture.plain("/a"))).isEqualTo("old");
        fixture.commit();
    }

    @Test
    @Conforms({"TXF-ISO-13", "TXF-ISO-14"})
    void aNewNameIsReservedUntilTheTransactionEnds() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/new"), "x");
        assertThat(Files.exists(fixture.plain("/new"))).isFalse();
        assertRefused(TxfError.TRANSACTIONAL_CONFLICT, () -> Files.writeString(fixture.plain("/new"), "y"));
        assertRefused(TxfError.TRANSACTIONAL_CONFLICT, () -> Files.createDirectory(fixture.plain("/new")));
        var first = fixture.suspend();
        fixture.begin();
        assertRefused(TxfError.TRANSACTIONAL_CONFLICT, () -> Files.writeString(fixture.path("/new"), "z"));
        fixture.rollback();
        fixture.resume(first);
        fixture.rollback();

        Files.writeString(fixture.plain("/new"), "y");
        assertThat(fixture.tree()).contains(entry("new", "y"));
    }

    @Test
    @Conforms("TXF-ISO-15")
    void whatATransactionHasDeletedIsStillThereForOthers() throws Exception {
        fixture.begin();
        Files.delete(fixture.path("/a"));
        assertThat(Files.exists(fixture.path("/a"))).isFalse();
        assertThat(Files.readString(fixture.plain("/a"))).isEqualTo("old");
        assertThat(Fixture.tree(fixture.plain("/"))).containsKey("a");
        fixture.commit();

        assertThat(Files.exists(fixture.plain("/a"))).isFalse();
        assertThat(fixture.tree()).doesNotContainKey("a");
    }

    @Test
    @Conforms("TXF-ISO-16")
    void directoriesAreMadeAndDeletedLikewise() throws Exception {
        fixture.begin();
        Files.createDirectories(fixture.path("/new/deep"));
        Files.delete(fixture.path("/dir/sub/c"));
        Files.delete(fixture.path("/dir/sub"));
        assertThat(Fixture.tree(fixture.path("/"))).containsOnlyKeys("a", "b", "dir", "new", "new/deep");
        assertThat(Fixture.tree(fixture.plain("/"))).containsOnlyKeys("a", "b", "dir", "dir/sub", "dir/sub/c");
        fixture.commit();

        assertThat(fixture.tree()).containsOnlyKeys("a", "b", "dir", "new", "new/deep");
    }

    @Test
    @Conforms("TXF-ISO-17")
    void aRenameShowsTheNewNameInsideAndTheOldOneOutside() throws Exception {
        fixture.begin();
        Files.move(fixture.path("/a"), fixture.path("/dir/moved"));
        assertThat(Files.exists(fixture.path("/a"))).isFalse();
        assertThat(Files.readString(fixture.path("/dir/moved"))).isEqualTo("old");
        assertThat(Files.exists(fixture.plain("/dir/moved"))).isFalse();
        assertThat(Files.readString(fixture.plain("/a"))).isEqualTo("old");
        fixture.commit();

        assertThat(fixture.tree()).contains(entry("dir/moved", "old")).doesNotContainKey("a");
    }

    @Test
    @Conforms({"TXF-ISO-18", "TXF-ISO-19"})
    void aListingShowsTheTransactionsOwnAndWhatOthersHaveMadeMeanwhile() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/mine"), "x");
        Files.delete(fixture.path("/b"));
        Files.writeString(fixture.plain("/others"), "y");
        assertThat(Fixture.tree(fixture.path("/")))
                .containsKeys("a", "mine", "others")
                .doesNotContainKey("b");
        assertThat(Fixture.tree(fixture.plain("/")))
                .containsKeys("a", "b", "others")
                .doesNotContainKey("mine");
        fixture.rollback();

        assertThat(fixture.tree()).containsKeys("a", "b", "others").doesNotContainKey("mine");
    }

    @Test
    @Conforms("TXF-ISO-20")
    void aDirectoryAboveAChangeCannotBeRenamed() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/dir/sub/c"), "new");
        assertRefused(
                TxfError.CANT_BREAK_TRANSACTIONAL_DEPENDENCY,
                () -> Files.move(fixture.plain("/dir"), fixture.plain("/elsewhere")));
        var first = fixture.suspend();
        fixture.begin();
        assertRefused(
                TxfError.CANT_BREAK_TRANSACTIONAL_DEPENDENCY,
                () -> Files.move(fixture.path("/dir"), fixture.path("/elsewhere")));
        fixture.rollback();
        fixture.resume(first);
        fixture.commit();

        Files.move(fixture.plain("/dir"), fixture.plain("/elsewhere"));
        assertThat(fixture.tree()).contains(entry("elsewhere/sub/c", "new"));
    }

    @Test
    @Conforms({"TXF-ISO-21", "TXF-ISO-22"})
    void attributesTimesAndLengthsAreTheTransactionsOwn() throws Exception {
        var then = FileTime.fromMillis(1_000_000_000_000L);
        fixture.begin();
        Files.setLastModifiedTime(fixture.path("/b"), then);
        Files.setPosixFilePermissions(
                fixture.path("/b"), java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
        Files.writeString(fixture.path("/a"), "longer than before");
        assertThat(Files.size(fixture.path("/a"))).isEqualTo(18);
        assertThat(Files.size(fixture.plain("/a"))).isEqualTo(3);
        assertThat(Files.getLastModifiedTime(fixture.path("/b"))).isEqualTo(then);
        assertThat(Files.getLastModifiedTime(fixture.plain("/b"))).isNotEqualTo(then);
        assertThat(Files.getPosixFilePermissions(fixture.plain("/b"))).hasSize(4);
        fixture.commit();

        assertThat(Files.getLastModifiedTime(fixture.real("b"))).isEqualTo(then);
        assertThat(Files.getPosixFilePermissions(fixture.real("b"))).hasSize(3);
        assertThat(Files.size(fixture.real("a"))).isEqualTo(18);
    }

    @Test
    @Conforms("TXF-ISO-23")
    void twoThatLockTwoFilesInOppositeOrderFailAtOnce() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "1");
        var first = fixture.suspend();
        fixture.begin();
        Files.writeString(fixture.path("/b"), "2");
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(fixture.path("/a"), "2"));
        var second = fixture.suspend();
        fixture.resume(first);
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(fixture.path("/b"), "1"));
        fixture.rollback();
        fixture.resume(second);
        fixture.commit();

        assertThat(fixture.tree()).contains(entry("a", "old"), entry("b", "2"));
    }

    @Test
    @Conforms("TXF-ISO-24")
    void aChangeBehindTheManagersBackIsFoundAndNotOverwritten() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "ours");
        Files.writeString(fixture.real("a"), "somebody else's");

        assertThatThrownBy(fixture::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("CHANGED_OUTSIDE")
                .hasStackTraceContaining("goes past the file manager");

        assertThat(fixture.tree()).contains(entry("a", "somebody else's"));
    }

    @Test
    @Conforms("TXF-ISO-24")
    void aNameTakenBehindTheManagersBackIsFoundAndNotOverwritten() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/fresh"), "ours");
        Files.writeString(fixture.real("fresh"), "somebody else's");

        assertThatThrownBy(fixture::commit).isInstanceOf(RollbackException.class);

        assertThat(fixture.tree()).contains(entry("fresh", "somebody else's"));
    }

    @Test
    void whatIsLockedAsAWholeIsNotChangedInside() throws Exception {
        fixture.begin();
        Files.move(fixture.path("/dir"), fixture.path("/moved"));
        assertThat(Files.readString(fixture.path("/moved/sub/c"))).isEqualTo("old c");
        assertRefused(TxfError.TRANSACTIONAL_CONFLICT, () -> Files.writeString(fixture.plain("/dir/sub/x"), "y"));
        assertThatThrownBy(() -> Files.readString(fixture.path("/dir/sub/c"))).isInstanceOf(NoSuchFileException.class);
        fixture.commit();

        assertThat(fixture.tree()).contains(entry("moved/sub/c", "old c")).doesNotContainKey("dir");
    }
}
