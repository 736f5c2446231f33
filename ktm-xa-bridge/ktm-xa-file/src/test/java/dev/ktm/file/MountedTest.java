package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.transaction.RollbackException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small real file systems; runs where whoever runs it may mount them. */
class MountedTest {

    private static final int MEGABYTE = 1 << 20;

    @TempDir
    Path directory;

    private final List<Path> mounted = new ArrayList<>();
    private Fixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        Files.writeString(fixture.plain("/a"), "old");
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
        for (var each : mounted) {
            assertThat(run("umount", each.toString())).isTrue();
        }
    }

    private static boolean run(String... command) throws Exception {
        try {
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private Path mount(Path where, String options) throws Exception {
        Files.createDirectories(where);
        Assumptions.assumeTrue(
                run("mount", "-t", "tmpfs", "-o", options, "tmpfs", where.toString()), "nothing can be mounted here");
        mounted.add(where);
        return where;
    }

    @Test
    void aFullFileSystemFailsTheWriteOrTheVoteAndTheTransactionBeforeIsKept() throws Exception {
        var small = mount(directory.resolve("small"), "size=1m");
        try (var files = TransactedFiles.open(fixture.ktm, "small", small)) {
            var top = files.fileSystem().getPath("/");
            fixture.begin();
            Files.writeString(top.resolve("kept"), "k".repeat(300_000));
            fixture.commit();

            fixture.begin();
            assertThatThrownBy(() -> Files.write(top.resolve("kept"), new byte[MEGABYTE]))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("No space");
            Files.writeString(top.resolve("small"), "still fits in memory");
            fixture.rollback();
            assertThat(small.resolve("kept")).hasContent("k".repeat(300_000));

            fixture.begin();
            for (int i = 0; i < 20; i++) {
                // Each of them lies in memory until the vote.
                Files.write(top.resolve("s" + i), new byte[60_000]);
            }
            assertThatThrownBy(fixture::commit)
                    .isInstanceOf(RollbackException.class)
                    .hasStackTraceContaining("No space");
            assertThat(Fixture.tree(small)).containsOnlyKeys("kept");

            fixture.begin();
            Files.writeString(top.resolve("kept"), "n".repeat(300_000));
            fixture.commit();
            assertThat(small.resolve("kept")).hasContent("n".repeat(300_000));
            try (var working = Files.list(small.resolve(WorkArea.WORK))) {
                assertThat(working).isEmpty();
            }
        }
    }

    @Test
    void aReadOnlyFileSystemIsRefused() throws Exception {
        var readOnly = mount(directory.resolve("readOnly"), "size=1m,ro");

        assertThatThrownBy(() -> TransactedFiles.open(fixture.ktm, "readOnly", readOnly))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessageContaining("expected a root that may be written to");
    }

    @Test
    void whatIsMountedBelowTheRootIsFoundByTheVote() throws Exception {
        mount(fixture.rootDirectory.resolve("mounted"), "size=1m");
        fixture.begin();
        Files.writeString(fixture.path("/mounted/x"), "x");
        Files.writeString(fixture.path("/a"), "new");

        assertThatThrownBy(fixture::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("another mounted here");

        assertThat(fixture.real("a")).hasContent("old");
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        fixture.commit();
        assertThat(fixture.real("a")).hasContent("new");
    }

    @Test
    void aFileThatIsMountedIsNotReplaced() throws Exception {
        var other = mount(directory.resolve("other"), "size=1m").resolve("file");
        Files.writeString(other, "mounted");
        var place = fixture.rootDirectory.resolve("a");
        Assumptions.assumeTrue(
                run("mount", "--bind", other.toString(), place.toString()), "nothing can be mounted here");
        mounted.add(place);
        try {
            fixture.begin();
            Files.writeString(fixture.path("/a"), "new");
            assertThatThrownBy(fixture::commit)
                    .isInstanceOf(RollbackException.class)
                    .hasStackTraceContaining("another mounted here");
            fixture.begin();
            Files.delete(fixture.path("/a"));
            assertThatThrownBy(fixture::commit)
                    .isInstanceOf(RollbackException.class)
                    .hasStackTraceContaining("another mounted here");
        } finally {
            // It is mounted from there.
            assertThat(run("umount", place.toString())).isTrue();
            mounted.remove(place);
        }
        assertThat(place).hasContent("old");
    }

    @Test
    void aDirectoryOnWhichSomethingIsMountedSinceStays() throws Exception {
        var made = Files.createDirectory(fixture.rootDirectory.resolve("made"));
        mount(made, "size=1m");
        Files.setAttribute(made, "unix:mode", 0750);
        try (var disk = new RealDisk(fixture.rootDirectory)) {
            new Applier(disk, new WorkArea(disk), Applier.When.AGAIN)
                    .run(List.of(new Step.MakeDirectory("made", Map.of("unix:mode", 0700))));
        }

        assertThat(Files.getAttribute(made, "unix:mode", LinkOption.NOFOLLOW_LINKS))
                .isEqualTo(040700);
    }

    @Test
    void whatIsMountedIsNeitherMovedNorDeleted() throws Exception {
        mount(fixture.rootDirectory.resolve("mounted"), "size=1m");
        fixture.begin();
        Files.move(fixture.path("/mounted"), fixture.path("/moved"));
        assertThatThrownBy(fixture::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("another mounted here");

        fixture.begin();
        Files.delete(fixture.path("/mounted"));
        assertThatThrownBy(fixture::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("another mounted here");
    }

    @Test
    void aRootOnAnotherDeviceThanTheLogIsARootAsAnyOther() throws Exception {
        var other = mount(directory.resolve("other"), "size=4m");
        try (var files = TransactedFiles.open(fixture.ktm, "other", other)) {
            fixture.begin();
            Files.writeString(fixture.path("/a"), "new");
            Files.write(files.fileSystem().getPath("/large"), new byte[MEGABYTE]);
            fixture.commit();
        }
        assertThat(other.resolve("large")).hasSize(MEGABYTE);
    }
}
