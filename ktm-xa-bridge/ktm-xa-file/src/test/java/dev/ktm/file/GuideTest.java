package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the guide are this code, and they work. */
class GuideTest {

    private static final Path SOURCE = Path.of("src/test/java/dev/ktm/file/GuideTest.java");
    private static final Path GUIDE = Path.of("../docs/files.md");
    private static final Pattern EXAMPLE =
            Pattern.compile("\\n +// guide\\n(.*?)\\n +// end of guide\\n", Pattern.DOTALL);

    @TempDir
    Path directory;

    @Test
    void theGuideHasTheseExamples() throws Exception {
        var guide = Files.readString(GUIDE);

        var examples = EXAMPLE.matcher(Files.readString(SOURCE)).results().toList();

        assertThat(examples).hasSize(5);
        assertThat(examples).allSatisfy(example -> {
            var code = example.group(1).stripIndent();
            assertThat(guide).contains("```java\n" + code + "\n```");
        });
    }

    private static void first(Ktm ktm, Path root) throws Exception {
        // guide
        try (var files = TransactedFiles.open(ktm, "settings", root)) {
            var settings = files.fileSystem().getPath("/app.conf");
            ktm.userTransaction().begin();
            Files.writeString(settings, "level=debug");
            Files.deleteIfExists(settings.resolveSibling("app.conf.old"));
            ktm.userTransaction().commit(); // from here on everybody sees both, after any crash
        }
        // end of guide
    }

    private static String savepoint(Ktm ktm, TransactedFiles files) throws Exception {
        var settings = files.fileSystem().getPath("/app.conf");
        // guide
        ktm.userTransaction().begin();
        Files.writeString(settings, "level=info");
        var savepoint = files.setSavepoint();
        Files.writeString(settings, "level=everything");
        savepoint.rollback();
        ktm.userTransaction().commit(); // level=info
        // end of guide
        return Files.readString(settings);
    }

    private static long versions(Ktm ktm, TransactedFiles files) throws Exception {
        var settings = files.fileSystem().getPath("/app.conf");
        // guide
        ktm.userTransaction().begin();
        Version before;
        try (var channel = FileChannel.open(settings, StandardOpenOption.WRITE)) {
            before = files.createMiniversion(channel);
        }
        Files.writeString(settings, "level=none");
        try (var old = FileChannel.open(settings, StandardOpenOption.READ, before)) {
            long size = old.size(); // of what it held when the miniversion was made
            // end of guide
            return size;
        } finally {
            ktm.userTransaction().rollback();
        }
    }

    private static void availability(TransactedFiles files) throws Exception {
        // guide
        files.change(files.settings().withWhenLogIsFull(WhenLogIsFull.PREFER_AVAILABILITY));
        // end of guide
    }

    private static void snapshot(Ktm ktm, Runnable takeSnapshot) throws Exception {
        // guide
        ktm.manager().freeze(Duration.ofSeconds(10), Duration.ofMinutes(1));
        takeSnapshot.run();
        ktm.manager().thaw(); // fails if the minute was over before: then the copy is of no use
        // end of guide
    }

    @Test
    void theExamplesDoWhatTheGuideSays() throws Exception {
        var root = Files.createDirectory(directory.resolve("root"));
        Files.writeString(root.resolve("app.conf.old"), "old");
        try (var ktm = Ktm.open(
                KtmOptions.builder().logDirectory(directory.resolve("log")).build())) {
            first(ktm, root);
            assertThat(Fixture.tree(root)).hasToString("{app.conf=level=debug}");
            try (var files = TransactedFiles.open(ktm, "settings", root)) {
                assertThat(savepoint(ktm, files)).isEqualTo("level=info");
                assertThat(versions(ktm, files)).isEqualTo("level=info".length());
                availability(files);
                assertThat(files.settings().whenLogIsFull()).isEqualTo(WhenLogIsFull.PREFER_AVAILABILITY);
                var copied = new boolean[1];
                snapshot(ktm, () -> copied[0] = true);
                assertThat(copied).containsExactly(true);
            }
        }
    }
}
