package dev.ktm.lastresource;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.KtmOptions;
import dev.ktm.file.TransactedFiles;
import dev.ktm.lastresource.FilesCommitter.Change;
import dev.ktm.log.testing.JavaCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Files that were brought to their place because a last resource had decided: after a crash they are brought there a second time. The last
 * resource need not be asked, since what it has decided was forced before; if the log has lost that, they are in doubt again.
 */
@Tag("slow")
class FilesOfADeadProcessTest {

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void whatALastResourceHasDecidedIsKnownAfterACrash(Change change) throws Exception {
        var databases = Databases.in(directory);
        databases.create();

        crash(change, false);

        var root = FilesCommitter.root(directory);
        // The log has what the last resource had decided: it need not be asked, and may be gone.
        try (var ktm = databases.openWithOrders(KtmOptions.builder());
                var files = TransactedFiles.open(ktm, "files", root)) {
            assertThat(ktm.manager().waitingForLast()).isEmpty();
            assertThat(files.inDoubt()).isEmpty();
            assertDone(change, root);
        }
        assertAllIsDone(change, databases, root);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsInItsPlaceAlreadyIsNotTakenForSomebodyElses(Change change) throws Exception {
        var databases = Databases.in(directory);
        databases.create();

        crash(change, true);

        var root = FilesCommitter.root(directory);
        // At first the last resource is not asked, and a second crash leaves everything in doubt again.
        try (var ktm = databases.openWithOrders(KtmOptions.builder());
                var files = TransactedFiles.open(ktm, "files", root)) {
            assertThat(files.inDoubt()).hasSize(1);
        }
        assertAllIsDone(change, databases, root);
    }

    private static void assertAllIsDone(Change change, Databases databases, Path root) throws Exception {
        try (var ktm = databases.open(KtmOptions.builder(), databases.audit());
                var files = TransactedFiles.open(ktm, "files", root)) {
            for (int i = 0; i < 3; i++) {
                ktm.recoverNow();
            }
            assertThat(Databases.count(databases.orders(), "t")).isEqualTo(1);
            assertThat(files.inDoubt()).isEmpty();
            assertDone(change, root);
        }
        assertDone(change, root);
        assertThat(root.resolve(".ktm-files/set-aside")).isEmptyDirectory();
    }

    private static void assertDone(Change change, Path root) {
        var file = root.resolve(FilesCommitter.NAME);
        switch (change) {
            case MAKES_A_FILE, REPLACES_A_LONG_FILE -> assertThat(file).hasContent(FilesCommitter.TEXT);
            case DELETES_A_LONG_FILE -> assertThat(file).doesNotExist();
            case REPLACES_A_FILE_BY_A_LONG_ONE -> assertThat(file).hasContent(FilesCommitter.LONG_TEXT);
            case DELETES_A_FILE_WITH_ITS_DIRECTORY ->
                assertThat(root.resolve(FilesCommitter.DIRECTORY)).doesNotExist();
            case MAKES_A_DIRECTORY_OF_A_FILE -> assertThat(file).isDirectory();
            case MAKES_A_LINK_OF_A_FILE -> assertThat(file).isSymbolicLink();
        }
    }

    private void crash(Change change, boolean losing) throws Exception {
        var output = directory.resolve("output");
        var process = new ProcessBuilder(
                        JavaCommand.of(List.of(), FilesCommitter.class.getName(), directory, change, losing))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(output)).isEqualTo(Committer.KILLED);
    }
}
