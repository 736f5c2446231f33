package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is known of an open file, and what protects one. */
class OpenedFileTest {

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

    private boolean existed(String name, StandardOpenOption... options) throws Exception {
        try (var channel = FileChannel.open(fixture.path(name), options)) {
            return fixture.files.opened(channel).existed();
        }
    }

    @Test
    @Conforms("TXF-OP-02")
    void whatIsOpenedAlwaysSaysWhetherItWasThere() throws Exception {
        var openAlways = new StandardOpenOption[] {StandardOpenOption.WRITE, StandardOpenOption.CREATE};
        var createAlways = new StandardOpenOption[] {
            StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING
        };
        fixture.begin();
        assertThat(existed("/a", openAlways)).isTrue();
        assertThat(Files.readString(fixture.path("/a"))).isEqualTo("old");
        assertThat(existed("/a", createAlways)).isTrue();
        assertThat(Files.size(fixture.path("/a"))).isZero();
        assertThat(existed("/new", openAlways)).isFalse();
        assertThat(existed("/new", createAlways)).isTrue();
        assertThat(existed("/newer", createAlways)).isFalse();
        fixture.rollback();

        assertThat(existed("/a", openAlways)).isTrue();
        assertThat(existed("/a", StandardOpenOption.READ)).isTrue();
        assertThat(existed("/plain", createAlways)).isFalse();
        assertThat(existed("/plain", createAlways)).isTrue();
    }

    @Test
    @Conforms("TXF-SV-12")
    void aFileThatIsMovedOverAnotherIsAVersionOfIt() throws Exception {
        Files.writeString(fixture.plain("/other"), "other");
        fixture.begin();
        try (var reader = FileChannel.open(fixture.path("/a"))) {
            var first = fixture.files.opened(reader);
            var reading = fixture.suspend();
            fixture.begin();
            Files.move(fixture.path("/other"), fixture.path("/a"), StandardCopyOption.REPLACE_EXISTING);
            fixture.commit();

            assertThat(fixture.files.opened(reader).latestVersion())
                    .hasValue(first.baseVersion().getAsLong() + 1);
            fixture.resume(reading);
        }
        fixture.commit();
    }

    @Test
    @Conforms("TXF-SV-12")
    void aReaderKeepsItsVersionAndSeesHowManyCameAfterIt() throws Exception {
        fixture.begin();
        try (var reader = FileChannel.open(fixture.path("/a"))) {
            var first = fixture.files.opened(reader);
            assertThat(first.latestVersion()).isEqualTo(first.baseVersion());
            var reading = fixture.suspend();
            for (int commits = 1; commits <= 3; commits++) {
                fixture.begin();
                Files.writeString(fixture.path("/a"), "new " + commits);
                fixture.commit();
                var now = fixture.files.opened(reader);
                assertThat(now.baseVersion()).isEqualTo(first.baseVersion());
                assertThat(now.latestVersion()).hasValue(first.baseVersion().getAsLong() + commits);
            }
            fixture.resume(reading);
            try (var later = FileChannel.open(fixture.path("/a"));
                    var writer =
                            FileChannel.open(fixture.path("/b"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    var plain = FileChannel.open(fixture.plain("/a"))) {
                assertThat(fixture.files.opened(later).baseVersion())
                        .isEqualTo(fixture.files.opened(reader).latestVersion());
                assertThat(fixture.files.opened(writer).baseVersion()).isEmpty();
                assertThat(fixture.files.opened(plain).latestVersion()).isEmpty();
            }
        }
        fixture.commit();

        fixture.begin();
        try (var reader = FileChannel.open(fixture.path("/a"))) {
            assertThat(fixture.files.opened(reader).latestVersion()).hasValue(0);
        }
        fixture.rollback();
    }

    @Test
    void onlyAChannelOfTheManagerIsKnown() throws Exception {
        try (var foreign = FileChannel.open(fixture.real("a"))) {
            assertRefused(TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION, () -> fixture.files.opened(foreign));
        }
    }

    private static UserDefinedFileAttributeView streams(Path path) {
        return Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    @Conforms("TXF-ISO-12")
    void aChangedStreamLocksTheWholeFileForOtherWriters() throws Exception {
        fixture.begin();
        streams(fixture.path("/a")).write("color", bytes("blue"));

        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(fixture.plain("/a"), "x"));
        assertRefused(
                TxfError.SHARING_VIOLATION, () -> streams(fixture.plain("/a")).write("size", bytes("large")));
        assertThat(Files.readString(fixture.plain("/a"))).isEqualTo("old");
        assertThat(streams(fixture.plain("/a")).list()).isEmpty();
        var first = fixture.suspend();
        fixture.begin();
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(fixture.path("/a"), "x"));
        assertRefused(
                TxfError.SHARING_VIOLATION, () -> streams(fixture.path("/a")).write("size", bytes("large")));
        assertThat(Files.readString(fixture.path("/a"))).isEqualTo("old");
        fixture.rollback();
        fixture.resume(first);
        fixture.commit();

        assertThat(streams(fixture.real("a")).list()).containsExactly("color");
        Files.writeString(fixture.plain("/a"), "free");
    }

    @Test
    @Conforms("TXF-OP-06")
    void whatIsMissingOrReadOnlyIsNotDeletedAndTheTransactionGoesOn() throws Exception {
        Files.setAttribute(fixture.real("a"), "dos:readonly", true);
        Files.writeString(fixture.plain("/b"), "b");
        fixture.begin();
        assertThatThrownBy(() -> Files.delete(fixture.path("/none")))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("none");
        assertThatThrownBy(() -> Files.delete(fixture.path("/a")))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessageContaining("read-only");
        assertThat(Files.exists(fixture.path("/a"))).isTrue();
        Files.setAttribute(fixture.path("/b"), "dos:readonly", true);
        assertThatThrownBy(() -> Files.delete(fixture.path("/b"))).isInstanceOf(AccessDeniedException.class);
        Files.setAttribute(fixture.path("/a"), "dos:readonly", false);
        Files.delete(fixture.path("/a"));
        fixture.commit();

        assertThat(fixture.tree()).containsOnlyKeys("b");
        assertThat(Files.getAttribute(fixture.real("b"), "dos:readonly")).isEqualTo(true);
    }
}
