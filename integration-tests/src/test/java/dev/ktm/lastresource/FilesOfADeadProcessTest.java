package dev.ktm.lastresource;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.KtmOptions;
import dev.ktm.file.TransactedFiles;
import dev.ktm.log.testing.JavaCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files that were brought to their place because a last resource had decided: after a crash they are in doubt again, since what the
 * coordinator has heard was not forced, and are brought there a second time.
 */
@Tag("slow")
class FilesOfADeadProcessTest {

    @TempDir
    Path directory;

    @Test
    void whatIsInItsPlaceAlreadyIsNotTakenForSomebodyElses() throws Exception {
        Databases.in(directory).create();

        crash();

        var databases = Databases.in(directory);
        var root = FilesCommitter.root(directory);
        try (var ktm = databases.open(KtmOptions.builder(), databases.audit());
                var files = TransactedFiles.open(ktm, "files", root)) {
            for (int i = 0; i < 3; i++) {
                ktm.recoverNow();
            }
            assertThat(Databases.count(databases.orders(), "t")).isEqualTo(1);
            assertThat(root.resolve(FilesCommitter.NAME)).hasContent(FilesCommitter.TEXT);
            assertThat(files.inDoubt()).isEmpty();
        }
        assertThat(root.resolve(".ktm-files/set-aside")).isEmptyDirectory();
    }

    private void crash() throws Exception {
        var output = directory.resolve("output");
        var process = new ProcessBuilder(JavaCommand.of(List.of(), FilesCommitter.class.getName(), directory))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(output)).isEqualTo(Committer.KILLED);
    }
}
