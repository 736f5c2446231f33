package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.ktm.log.testing.Conforms;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Savepoints, miniversions, and the views of one file. */
class SavepointTest {

    @TempDir
    Path directory;

    private Fixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        Files.writeString(fixture.plain("/a"), "old");
        fixture.begin();
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

    private FileChannel writer() throws Exception {
        return FileChannel.open(fixture.path("/a"), StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private String read(Path path, OpenOption... options) throws Exception {
        try (var channel = FileChannel.open(path, Set.of(options))) {
            var buffer = ByteBuffer.allocate(100);
            channel.read(buffer);
            return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
        }
    }

    @Test
    @Conforms("TXF-SV-01")
    void whatCameAfterASavepointIsUndoneAndWhatWasBeforeIsCommitted() throws Exception {
        Files.writeString(fixture.path("/a"), "before");
        Files.writeString(fixture.path("/x"), "x before");
        var savepoint = fixture.files.setSavepoint();
        Files.writeString(fixture.path("/a"), "after");
        Files.writeString(fixture.path("/x"), " and after", StandardOpenOption.APPEND);
        Files.writeString(fixture.path("/y"), "y");
        Files.createDirectory(fixture.path("/d"));
        savepoint.rollback();
        assertThat(Fixture.tree(fixture.path("/"))).containsOnly(entry("a", "before"), entry("x", "x before"));
        fixture.commit();

        assertThat(fixture.tree()).containsOnly(entry("a", "before"), entry("x", "x before"));
    }

    @Test
    void itCanBeReturnedToMoreThanOnce() throws Exception {
        Files.writeString(fixture.path("/a"), "before");
        var savepoint = fixture.files.setSavepoint();
        for (int i = 0; i < 3; i++) {
            Files.writeString(fixture.path("/a"), "after " + i, StandardOpenOption.APPEND);
            savepoint.rollback();
            assertThat(Files.readString(fixture.path("/a"))).isEqualTo("before");
        }
        fixture.commit();

        assertThat(fixture.tree()).containsOnly(entry("a", "before"));
    }

    @Test
    @Conforms("TXF-SV-02")
    void noSavepointWhileAFileIsOpen() throws Exception {
        var savepoint = fixture.files.setSavepoint();
        try (var open = writer()) {
            assertThat(open.isOpen()).isTrue();
            assertRefused(TxfError.NO_SAVEPOINT_WITH_OPEN_FILES, () -> fixture.files.setSavepoint());
            assertRefused(TxfError.NO_SAVEPOINT_WITH_OPEN_FILES, savepoint::rollback);
            assertRefused(TxfError.NO_SAVEPOINT_WITH_OPEN_FILES, () -> fixture.files.clearSavepoint());
            assertRefused(TxfError.NO_SAVEPOINT_WITH_OPEN_FILES, () -> fixture.files.clearSavepoints());
        }
        fixture.rollback();
    }

    @Test
    @Conforms("TXF-SV-03")
    void whatIsClearedCannotBeReturnedTo() throws Exception {
        var first = fixture.files.setSavepoint();
        var second = fixture.files.setSavepoint();
        fixture.files.clearSavepoint();
        assertRefused(TxfError.OBJECT_NO_LONGER_EXISTS, second::rollback);
        first.rollback();
        fixture.files.setSavepoint();
        fixture.files.clearSavepoints();
        assertRefused(TxfError.OBJECT_NO_LONGER_EXISTS, first::rollback);
        fixture.rollback();
    }

    @Test
    @Conforms("TXF-SV-04")
    void aReturnToAnOuterSavepointDiscardsTheInnerOnes() throws Exception {
        var outer = fixture.files.setSavepoint();
        Files.writeString(fixture.path("/a"), "1");
        var inner = fixture.files.setSavepoint();
        Files.writeString(fixture.path("/a"), "2");
        outer.rollback();

        assertThat(Files.readString(fixture.path("/a"))).isEqualTo("old");
        assertRefused(TxfError.OBJECT_NO_LONGER_EXISTS, inner::rollback);
        fixture.rollback();
    }

    @Test
    @Conforms("TXF-SV-05")
    void otherRootsAreNotConcerned() throws Exception {
        var other = Files.createDirectory(directory.resolve("other"));
        try (var others = TransactedFiles.open(fixture.ktm, "other", other)) {
            var savepoint = fixture.files.setSavepoint();
            Files.writeString(fixture.path("/a"), "after");
            Files.writeString(others.fileSystem().getPath("/o"), "other");
            savepoint.rollback();
            fixture.commit();

            assertThat(fixture.tree()).containsOnly(entry("a", "old"));
            assertThat(other.resolve("o")).hasContent("other");
        }
    }

    @Test
    @Conforms("TXF-SV-06")
    void aMiniversionKeepsShowingWhatTheFileHeld() throws Exception {
        try (var writer = writer()) {
            writer.write(StandardCharsets.UTF_8.encode("one"), 0);
            var one = fixture.files.createMiniversion(writer);
            writer.write(StandardCharsets.UTF_8.encode("two"), 0);
            var two = fixture.files.createMiniversion(writer);
            writer.write(StandardCharsets.UTF_8.encode("end"), 0);

            assertThat(read(fixture.path("/a"), one)).isEqualTo("one");
            assertThat(read(fixture.path("/a"), two)).isEqualTo("two");
            assertThat(read(fixture.path("/a"))).isEqualTo("end");
        }
        fixture.commit();
        assertThat(fixture.tree()).containsOnly(entry("a", "end"));
    }

    @Test
    @Conforms("TXF-SV-07")
    void aMiniversionIsReadByItsTransactionAlone() throws Exception {
        Version one;
        try (var writer = writer()) {
            writer.write(StandardCharsets.UTF_8.encode("one"), 0);
            one = fixture.files.createMiniversion(writer);
        }
        assertRefused(
                TxfError.CANT_OPEN_MINIVERSION_WITH_MODIFY_INTENT,
                () -> FileChannel.open(fixture.path("/a"), StandardOpenOption.WRITE, one));
        var first = fixture.suspend();
        fixture.begin();
        assertRefused(
                TxfError.MINIVERSION_INACCESSIBLE_FROM_SPECIFIED_TRANSACTION, () -> read(fixture.path("/a"), one));
        fixture.rollback();
        fixture.resume(first);
        fixture.rollback();
    }

    @Test
    @Conforms("TXF-SV-08")
    void afterTheEndTheMiniversionIsNotFound() throws Exception {
        Version one;
        try (var writer = writer()) {
            writer.write(StandardCharsets.UTF_8.encode("one"), 0);
            one = fixture.files.createMiniversion(writer);
        }
        fixture.commit();
        fixture.begin();
        assertRefused(TxfError.STREAM_MINIVERSION_NOT_FOUND, () -> read(fixture.path("/a"), one));
        fixture.rollback();
        assertRefused(TxfError.STREAM_MINIVERSION_NOT_FOUND, () -> read(fixture.plain("/a"), one));
    }

    @Test
    @Conforms("TXF-SV-09")
    void aMiniversionFromAfterASavepointGoesWithTheReturnToIt() throws Exception {
        var savepoint = fixture.files.setSavepoint();
        Version one;
        try (var writer = writer()) {
            writer.write(StandardCharsets.UTF_8.encode("one"), 0);
            one = fixture.files.createMiniversion(writer);
        }
        savepoint.rollback();
        assertRefused(TxfError.STREAM_MINIVERSION_NOT_VALID, () -> read(fixture.path("/a"), one));
        fixture.rollback();
    }

    @Test
    @Conforms("TXF-SV-10")
    void theCommittedAndTheDirtyViewCanBeAskedFor() throws Exception {
        Files.writeString(fixture.path("/a"), "new");
        assertThat(read(fixture.path("/a"), Version.COMMITTED)).isEqualTo("old");
        assertThat(read(fixture.path("/a"), Version.DIRTY)).isEqualTo("new");
        assertThat(read(fixture.path("/a"))).isEqualTo("new");
        assertThat(read(fixture.plain("/a"))).isEqualTo("old");
        fixture.rollback();
    }

    @Test
    @Conforms("TXF-SV-11")
    void noMiniversionInATransactionThatHasEnded() throws Exception {
        var writer = writer();
        fixture.commit();
        assertRefused(TxfError.INVALID_TRANSACTION, () -> fixture.files.createMiniversion(writer));
        writer.close();
    }
}
