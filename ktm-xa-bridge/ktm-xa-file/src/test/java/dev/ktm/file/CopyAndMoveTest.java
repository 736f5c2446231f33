package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.ktm.log.testing.Conforms;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is copied, and what moves from one root to another. */
class CopyAndMoveTest {

    private static final int LARGE = 1_000_000;

    @TempDir
    Path directory;

    private Fixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        Files.writeString(fixture.plain("/a"), "a");
        Files.writeString(fixture.plain("/large"), "L".repeat(LARGE));
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

    @Test
    @Conforms("TXF-OP-10")
    void aFileMovesToAnotherRootByACopyUnlessItIsToBeOneOperationAndADirectoryNever() throws Exception {
        Files.createDirectories(fixture.plain("/empty"));
        Files.setPosixFilePermissions(fixture.real("a"), PosixFilePermissions.fromString("rw-r-----"));
        try (var others = TransactedFiles.open(fixture.ktm, "other", Files.createDirectory(directory.resolve("other")))) {
            var target = others.fileSystem().getPath("/a");
            fixture.begin();
            assertThatThrownBy(() -> Files.move(fixture.path("/a"), target, StandardCopyOption.ATOMIC_MOVE))
                    .isInstanceOf(AtomicMoveNotSupportedException.class)
                    .hasMessageContaining("one root");
            assertRefused(TxfError.CANT_CROSS_RM_BOUNDARY, () -> Files.move(fixture.path("/empty"), target));
            assertThat(Files.exists(target)).isFalse();
            Files.move(fixture.path("/a"), target);
            assertThat(Files.exists(fixture.path("/a"))).isFalse();
            fixture.rollback();
            assertThat(Files.readString(fixture.path("/a"))).isEqualTo("a");
            assertThat(Files.exists(target)).isFalse();

            fixture.begin();
            Files.move(fixture.path("/a"), target);
            fixture.commit();

            assertThat(Fixture.tree(directory.resolve("other"))).containsExactly(entry("a", "a"));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("other/a"))))
                    .isEqualTo("rw-r-----");
            assertThat(fixture.tree()).doesNotContainKey("a").containsKey("empty");
        }
    }

    @Test
    void aMoveToAnotherRootThatCannotDeleteLeavesNoCopy() throws Exception {
        try (var others = TransactedFiles.open(fixture.ktm, "other", Files.createDirectory(directory.resolve("other")))) {
            fixture.begin();
            Files.writeString(fixture.path("/a"), "changed");
            var first = fixture.suspend();
            fixture.begin();
            assertRefused(
                    TxfError.SHARING_VIOLATION,
                    () -> Files.move(fixture.path("/a"), others.fileSystem().getPath("/a")));
            fixture.commit();
            fixture.resume(first);
            fixture.commit();

            assertThat(Fixture.tree(directory.resolve("other"))).isEmpty();
            assertThat(fixture.tree()).contains(entry("a", "changed"));
        }
    }

    @Test
    @Conforms("TXF-OP-11")
    void aHiddenOrReadOnlyFileIsNotReplacedByACopy() throws Exception {
        for (var protection : new String[] {"dos:hidden", "dos:readonly"}) {
            Files.writeString(fixture.plain("/target"), "kept");
            Files.setAttribute(fixture.real("target"), protection, true);
            fixture.begin();

            assertThatThrownBy(() -> Files.copy(
                            fixture.path("/a"), fixture.path("/target"), StandardCopyOption.REPLACE_EXISTING))
                    .isInstanceOf(AccessDeniedException.class)
                    .hasMessageContaining(protection.substring("dos:".length()) + "=true");

            Files.setAttribute(fixture.path("/target"), protection, false);
            assertThat(Files.readString(fixture.path("/target"))).isEqualTo("kept");
            Files.copy(fixture.path("/a"), fixture.path("/target"), StandardCopyOption.REPLACE_EXISTING);
            fixture.commit();
            assertThat(fixture.tree()).contains(entry("target", "a"));
            Files.delete(fixture.plain("/target"));
        }
    }

    @Test
    @Conforms("TXF-OP-12")
    void aCancelledCopyIsRemovedAStoppedOneStaysAndTheRollbackRemovesBoth() throws Exception {
        var heard = new ArrayList<Long>();
        fixture.begin();
        assertRefused(
                TxfError.REQUEST_ABORTED, () -> Files.copy(fixture.path("/large"), fixture.path("/cancelled"), (CopyProgress)
                        (copied, total) -> {
                            assertThat(total).isEqualTo(LARGE);
                            heard.add(copied);
                            return heard.size() == 2 ? CopyProgress.Answer.CANCEL : CopyProgress.Answer.CONTINUE;
                        }));
        assertThat(Files.exists(fixture.path("/cancelled"))).isFalse();
        assertRefused(
                TxfError.REQUEST_ABORTED, () -> Files.copy(fixture.path("/large"), fixture.path("/stopped"), (CopyProgress)
                        (copied, total) -> CopyProgress.Answer.STOP));
        assertThat(Files.size(fixture.path("/stopped"))).isEqualTo(heard.get(0));
        fixture.rollback();

        assertThat(fixture.tree()).containsOnlyKeys("a", "large");
        assertThat(fixture.working()).isZero();
        assertThat(heard).hasSize(2).isSorted();
        Files.copy(fixture.path("/large"), fixture.path("/whole"), (CopyProgress)
                (copied, total) -> CopyProgress.Answer.CONTINUE);
        assertThat(Files.mismatch(fixture.real("large"), fixture.real("whole"))).isEqualTo(-1);
    }
}
