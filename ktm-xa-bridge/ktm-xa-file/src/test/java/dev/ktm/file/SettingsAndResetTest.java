package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.ktm.log.testing.Conforms;
import dev.ktm.redo.RedoResourceManager;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a root keeps about itself, and how it is made usable again if that is damaged. */
class SettingsAndResetTest {

    private static final FileSettings AVAILABLE =
            FileSettings.defaults().withWhenLogIsFull(WhenLogIsFull.PREFER_AVAILABILITY);
    private static final FileOptions RESET = FileOptions.defaults().withResetWhenDamaged(true);

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

    private void open(FileOptions options) throws Exception {
        fixture.files = TransactedFiles.open(fixture.ktm, "test", fixture.rootDirectory, options);
    }

    @Test
    @Conforms("TXF-RM-08")
    void settingsAreKeptUnlessTheyAreForThisLifeOnly() throws Exception {
        assertThat(fixture.files.settings()).isEqualTo(FileSettings.defaults());

        fixture.files.changeUntilClosed(AVAILABLE);
        assertThat(fixture.files.settings()).isEqualTo(AVAILABLE);
        fixture.reopen();
        assertThat(fixture.files.settings()).isEqualTo(FileSettings.defaults());

        fixture.files.change(AVAILABLE);
        assertThat(fixture.files.settings()).isEqualTo(AVAILABLE);
        fixture.reopen();
        assertThat(fixture.files.settings()).isEqualTo(AVAILABLE);

        fixture.files.changeUntilClosed(FileSettings.defaults());
        fixture.reopen();
        assertThat(fixture.files.settings()).isEqualTo(AVAILABLE);
        assertThat(fixture.working()).isZero();
    }

    /** A transaction of two roots, so that its redo is in the log as it was voted, and is not in its place. */
    private void commitAndLeaveToTheLog(String name, String content) throws Exception {
        fixture.begin();
        Files.writeString(fixture.path(name), content);
        fixture.commit();
    }

    /** Has the log say something about this root that means nothing. */
    private void damageLog() throws Exception {
        fixture.files.close();
        var garbage = ByteBuffer.wrap(new byte[] {127, 1, 2, 3, 4, 5, 6, 7});
        try (var log = RedoResourceManager.open(
                fixture.ktm.manager(), TransactedFiles.KIND, "test", new GarbageStore(garbage))) {
            var transaction = fixture.ktm.manager().createTransaction(dev.ktm.tm.TransactionOptions.DEFAULT);
            log.enlist(transaction.unitOfWork(), new GarbageStore.Work(garbage));
            transaction.commit();
        }
    }

    private void assertUsableAgain() throws Exception {
        commitAndLeaveToTheLog("/a", "after the reset");
        commitAndLeaveToTheLog("/b", "L".repeat(100_000));
        fixture.reopen();
        assertThat(fixture.tree()).contains(entry("a", "after the reset"), entry("b", "L".repeat(100_000)));
        assertThat(fixture.working()).isZero();
    }

    @Test
    @Conforms("TXF-RM-09")
    void aRootWhoseLogMeansNothingIsRefusedAndUsableAfterAReset() throws Exception {
        Files.createDirectories(fixture.plain("/d"));
        Files.writeString(fixture.plain("/d/x"), "x");
        var before = fixture.tree();
        damageLog();

        assertRefused(TxfError.RM_METADATA_CORRUPT, () -> open(FileOptions.defaults()));
        assertThat(fixture.tree()).isEqualTo(before);
        open(RESET);

        assertThat(fixture.tree()).isEqualTo(before);
        assertUsableAgain();
    }

    @Test
    @Conforms("TXF-RM-09")
    void aRootWhoseOwnRecordsAreDamagedIsUsableAfterAReset() throws Exception {
        var damages = Stream.<Damage>of(
                () -> Files.writeString(fixture.real(WorkArea.HIDDEN + "/owner"), "version="),
                () -> Files.write(fixture.real(WorkArea.HIDDEN + "/owner"), new byte[] {(byte) 0xFF, 0}),
                () -> Files.writeString(fixture.real(SettingsFile.NAME), "when-log-is-full=PERHAPS"),
                () -> {
                    Files.delete(fixture.real(WorkArea.WORK));
                    Files.writeString(fixture.real(WorkArea.WORK), "a file");
                },
                () -> {
                    Files.delete(fixture.real(WorkArea.ASIDE));
                    Files.writeString(fixture.real(WorkArea.ASIDE), "a file");
                });
        for (var damage : damages.toList()) {
            fixture.files.close();
            if (Files.isDirectory(fixture.real(WorkArea.ASIDE))) {
                removeAll(fixture.real(WorkArea.ASIDE));
            }
            damage.run();
            var before = fixture.tree();
            assertRefused(TxfError.RM_METADATA_CORRUPT, () -> open(FileOptions.defaults()));

            open(RESET);

            assertThat(fixture.tree()).isEqualTo(before);
            assertUsableAgain();
        }
    }

    private interface Damage {
        void run() throws Exception;
    }

    private static void removeAll(Path directory) throws Exception {
        try (var list = Files.list(directory)) {
            for (var each : (Iterable<Path>) list::iterator) {
                if (Files.isDirectory(each)) {
                    removeAll(each);
                }
                Files.deleteIfExists(each);
            }
        }
    }

    @Test
    void whatIsDamagedInALaterResetIsKeptAside() throws Exception {
        fixture.files.close();
        Files.writeString(fixture.real(WorkArea.WORK + "/content"), "of somebody");
        Files.writeString(fixture.real(SettingsFile.NAME), "when-log-is-full=PERHAPS");

        open(RESET);

        try (var walk = Files.walk(fixture.real(WorkArea.ASIDE))) {
            assertThat(walk.filter(Files::isRegularFile).map(SettingsAndResetTest::content))
                    .containsExactlyInAnyOrder("of somebody", "when-log-is-full=PERHAPS");
        }
    }

    private static String content(Path path) {
        try {
            return Files.readString(path, StandardCharsets.UTF_8);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void aRootOfAnotherNameIsNotDamagedAndNotReset() throws Exception {
        fixture.files.close();

        assertRefused(
                TxfError.RM_METADATA_CORRUPT,
                () -> TransactedFiles.open(fixture.ktm, "another", fixture.rootDirectory, RESET));

        open(RESET);
        assertThat(fixture.tree()).containsOnly(entry("a", "old"));
    }
}
