package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.MemoryDevice;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file system that takes names for the same which differ in case or in the form of their characters. */
class NameRulesTest {

    private static final String COMPOSED = "caf\u00e9";
    private static final String DECOMPOSED = "cafe\u0301";

    private final SimulatedTree tree = new SimulatedTree(count -> {});
    private Ktm ktm;
    private TransactedFiles files;

    @BeforeEach
    void open() throws Exception {
        ktm = Ktm.open(KtmOptions.builder()
                .device(new MemoryDevice())
                .recoveryInterval(Duration.ofHours(1))
                .build());
        openFiles();
        Files.createDirectory(path("/Docs"));
        Files.writeString(path("/Docs/Read.Me"), "old");
    }

    private void openFiles() throws Exception {
        files = TransactedFiles.open(
                ktm, "test", () -> {}, ManagedRoot.Surroundings.real(new FoldingDisk(tree)), FileOptions.defaults());
    }

    @AfterEach
    void close() {
        files.close();
        ktm.close();
    }

    private Path path(String name) {
        return files.fileSystem().getPath(name);
    }

    private static void assertRefused(TxfError error, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(TxfException.class)
                .extracting(Fixture::errorOf)
                .isEqualTo(error);
    }

    @Test
    void whatAFileSystemDoesIsFoundOut(@TempDir Path directory) throws Exception {
        Files.createDirectories(directory.resolve(WorkArea.WORK));

        assertThat(NameRules.of(new WorkArea(new FoldingDisk(tree)))).isEqualTo(new NameRules(true, true));
        assertThat(NameRules.of(new WorkArea(tree))).isEqualTo(NameRules.EXACT);
        var real = NameRules.of(new WorkArea(new RealDisk(directory)));
        Files.createFile(directory.resolve("Probe"));
        assertThat(real.ignoresCase()).isEqualTo(Files.exists(directory.resolve("PROBE")));
        assertThat(Files.list(directory.resolve(WorkArea.WORK))).isEmpty();
    }

    @Test
    void oneFileIsOneFileHoweverItIsSpelledAndKeepsItsSpelling() throws Exception {
        ktm.transactionManager().begin();
        Files.writeString(path("/docs/READ.ME"), " and one", StandardOpenOption.APPEND);
        Files.writeString(path("/DOCS/read.me"), " and two", StandardOpenOption.APPEND);
        Files.writeString(path("/docs/" + COMPOSED), "one");
        Files.writeString(path("/docs/" + DECOMPOSED.toUpperCase(java.util.Locale.ROOT)), "two");
        assertThat(Files.readString(path("/dOCS/rEAD.mE"))).isEqualTo("old and one and two");
        assertThatThrownBy(() -> Files.createDirectory(path("/docs/Read.me")))
                .isInstanceOf(FileAlreadyExistsException.class);
        try (var list = Files.list(path("/docs"))) {
            assertThat(list.map(each -> each.getFileName().toString())).containsExactly(COMPOSED, "Read.Me");
        }
        ktm.transactionManager().commit();

        assertThat(tree.tree()).containsOnlyKeys("Docs", "Docs/Read.Me", "Docs/" + COMPOSED);
        assertThat(Files.readString(path("/docs/" + DECOMPOSED))).isEqualTo("two");
    }

    @Test
    void whatIsDeletedIsDeletedUnderAllItsNames() throws Exception {
        ktm.transactionManager().begin();
        Files.delete(path("/docs/READ.ME"));
        assertThat(Files.exists(path("/Docs/Read.Me"))).isFalse();
        assertThat(Files.exists(path("/Docs/read.me"))).isFalse();
        Files.delete(path("/docs"));
        assertThat(Files.exists(path("/DOCS"))).isFalse();
        Files.writeString(path("/docs"), "a file now");
        ktm.transactionManager().commit();

        assertThat(tree.tree()).hasSize(1);
        assertThat(Files.readString(path("/DOCS"))).isEqualTo("a file now");
    }

    @Test
    void aConflictIsOneHoweverTheNameIsSpelled() throws Exception {
        ktm.transactionManager().begin();
        Files.writeString(path("/docs/read.me"), "mine");
        Files.writeString(path("/docs/" + COMPOSED), "mine");
        var first = ktm.transactionManager().suspend();
        ktm.transactionManager().begin();
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(path("/DOCS/READ.ME"), "x"));
        assertRefused(TxfError.TRANSACTIONAL_CONFLICT, () -> Files.writeString(path("/Docs/" + DECOMPOSED), "x"));
        assertRefused(
                TxfError.CANT_BREAK_TRANSACTIONAL_DEPENDENCY,
                () -> Files.move(path("/DOCS"), path("/moved")));
        ktm.transactionManager().rollback();
        ktm.transactionManager().resume(first);
        ktm.transactionManager().commit();

        assertThat(Files.readString(path("/Docs/Read.Me"))).isEqualTo("mine");
    }

    @Test
    void aMoveOverAnotherSpellingReplacesAndOneToItsOwnChangesNothing() throws Exception {
        Files.writeString(path("/new"), "new");
        ktm.transactionManager().begin();
        Files.move(path("/NEW"), path("/docs/read.ME"), StandardCopyOption.REPLACE_EXISTING);
        Files.move(path("/Docs"), path("/DOCS"));
        ktm.transactionManager().commit();

        assertThat(tree.tree()).containsOnlyKeys("Docs", "Docs/Read.Me");
        assertThat(Files.readString(path("/docs/read.me"))).isEqualTo("new");
    }

    @Test
    void whatWasCommittedUnderOneSpellingIsThereAfterARestart() throws Exception {
        ktm.transactionManager().begin();
        Files.writeString(path("/docs/READ.ME"), "one");
        ktm.transactionManager().commit();
        ktm.transactionManager().begin();
        Files.writeString(path("/DOCS/read.me"), "two");
        ktm.transactionManager().commit();
        files.close();
        openFiles();

        assertThat(tree.tree()).containsOnlyKeys("Docs", "Docs/Read.Me");
        assertThat(Files.readString(path("/Docs/Read.Me"))).isEqualTo("two");
    }
}
