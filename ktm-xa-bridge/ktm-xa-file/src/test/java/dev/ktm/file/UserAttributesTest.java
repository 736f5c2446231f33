package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** User attributes that are removed, in transactions and outside of them. */
class UserAttributesTest {

    @TempDir
    Path directory;

    private Fixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        Files.writeString(fixture.plain("/a"), "old");
        write(fixture.plain("/a"), "color", "blue");
        write(fixture.plain("/a"), "size", "large");
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private static UserDefinedFileAttributeView view(Path path) {
        return Objects.requireNonNull(Files.getFileAttributeView(path, UserDefinedFileAttributeView.class));
    }

    private static void write(Path path, String name, String value) throws IOException {
        view(path).write(name, ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void oneIsRemovedByATransaction() throws Exception {
        fixture.begin();
        view(fixture.path("/a")).delete("color");
        assertThat(view(fixture.path("/a")).list()).containsExactly("size");
        assertThat(view(fixture.plain("/a")).list()).containsExactlyInAnyOrder("color", "size");
        fixture.commit();

        assertThat(view(fixture.real("a")).list()).containsExactly("size");
        assertThat(Files.readString(fixture.path("/a"))).isEqualTo("old");
    }

    @Test
    void oneIsRemovedFromAFileThatIsReplaced() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        view(fixture.path("/a")).delete("color");
        fixture.commit();

        assertThat(view(fixture.real("a")).list()).containsExactly("size");
    }

    @Test
    void oneIsRemovedFromAFileThatHasTwoNames() throws Exception {
        Files.createLink(fixture.plain("/b"), fixture.plain("/a"));
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        view(fixture.path("/a")).delete("color");
        fixture.commit();

        assertThat(view(fixture.real("b")).list()).containsExactly("size");
        assertThat(fixture.real("b")).hasContent("new");
    }

    @Test
    void oneIsWrittenAgainAfterItWasRemoved() throws Exception {
        fixture.begin();
        view(fixture.path("/a")).delete("color");
        write(fixture.path("/a"), "color", "red");
        assertThat(view(fixture.path("/a")).size("color")).isEqualTo(3);
        fixture.commit();

        assertThat(view(fixture.real("a")).size("color")).isEqualTo(3);
    }

    @Test
    void oneThatWasRemovedIsBackAfterARollback() throws Exception {
        fixture.begin();
        view(fixture.path("/a")).delete("color");
        fixture.rollback();

        assertThat(view(fixture.path("/a")).list()).containsExactlyInAnyOrder("color", "size");
    }

    @Test
    void oneIsRemovedOutsideOfTransactions() throws Exception {
        view(fixture.path("/a")).delete("color");

        assertThat(view(fixture.real("a")).list()).containsExactly("size");
    }

    @Test
    void oneThatIsNotThereCannotBeRemoved() throws Exception {
        assertThatThrownBy(() -> view(fixture.path("/a")).delete("none")).isInstanceOf(FileSystemException.class);
        fixture.begin();
        view(fixture.path("/a")).delete("color");
        assertThatThrownBy(() -> view(fixture.path("/a")).delete("color")).isInstanceOf(FileSystemException.class);
        fixture.commit();
    }

    @Test
    void theRedoSaysThatOneWasRemoved() throws Exception {
        var removed = new Step.SetAttributes(
                "a", new Seen(Disk.Kind.FILE, "1", 2, 3, ""), Map.of("user:color", Attributes.Removed.REMOVED));

        assertThat(StepFormat.decode(List.of(StepFormat.encode(List.of(removed)))))
                .containsExactly(removed);
    }
}
