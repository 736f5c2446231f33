package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.MemoryDevice;
import dev.ktm.log.testing.Until;
import jakarta.transaction.RollbackException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A directory that may be written to when the transaction works, and not when it commits. */
class LostPermissionTest {

    /** Nothing in here may be changed, if that is so. */
    private static final class Protected extends ForwardingDisk {
        volatile boolean visibly;
        volatile boolean secretly;

        Protected(Disk disk) {
            super(disk);
        }

        private static boolean isInside(String name) {
            return Names.parent(name).equals("d");
        }

        @Override
        public boolean isWritable(String directory) {
            return !visibly || !directory.equals("d");
        }

        private void require(String name) throws AccessDeniedException {
            if ((visibly || secretly) && isInside(name)) {
                throw new AccessDeniedException(name);
            }
        }

        @Override
        public void rename(String from, String to) throws IOException {
            require(from);
            require(to);
            super.rename(from, to);
        }

        @Override
        public void delete(String name) throws IOException {
            require(name);
            super.delete(name);
        }
    }

    @TempDir
    Path directory;

    private Protected disk;
    private Ktm ktm;
    private TransactedFiles files;

    @BeforeEach
    void open() throws Exception {
        disk = new Protected(new RealDisk(directory));
        ktm = Ktm.open(KtmOptions.builder()
                .device(new MemoryDevice())
                .recoveryInterval(Duration.ofHours(1))
                .build());
        files = TransactedFiles.open(
                ktm, "test", () -> {}, ManagedRoot.Surroundings.real(disk), FileOptions.defaults());
        Files.createDirectory(path("/d"));
        Files.writeString(path("/d/a"), "old");
        Files.writeString(path("/b"), "old");
    }

    @AfterEach
    void close() {
        disk.visibly = false;
        disk.secretly = false;
        files.close();
        ktm.close();
    }

    private Path path(String name) {
        return files.fileSystem().getPath(name);
    }

    private void change() throws Exception {
        ktm.transactionManager().begin();
        Files.writeString(path("/d/a"), "new");
        Files.writeString(path("/b"), "new");
    }

    @Test
    @Conforms("TXF-DUR-09")
    void whatIsFoundAtTheVoteRollsBack() throws Exception {
        change();
        disk.visibly = true;

        assertThatThrownBy(() -> ktm.transactionManager().commit())
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("AccessDeniedException: d");

        assertThat(directory.resolve("d/a")).hasContent("old");
        assertThat(directory.resolve("b")).hasContent("old");
        disk.visibly = false;
        change();
        ktm.transactionManager().commit();
        assertThat(directory.resolve("d/a")).hasContent("new");
    }

    @Test
    @Conforms("TXF-DUR-09")
    void whatIsFoundAfterTheDecisionIsTriedAgainAndNobodySeesAPart() throws Exception {
        change();
        disk.secretly = true;
        var transaction = ktm.transactionManager().suspend();
        var failure = new AtomicReference<Throwable>();
        var committing = new Thread(() -> {
            try {
                ktm.transactionManager().resume(transaction);
                ktm.transactionManager().commit();
            } catch (Exception | Error e) {
                failure.set(e);
            }
        });
        committing.start();

        Until.holds(() -> isStopped() || failure.get() != null);
        assertThat(failure.get()).isNull();
        assertThatThrownBy(() -> Files.readString(path("/b")))
                .isInstanceOf(TxfException.class)
                .hasMessageContaining("cannot be made")
                .hasMessageContaining("tried again");
        disk.secretly = false;
        committing.join();

        assertThat(failure.get()).isNull();
        assertThat(Files.readString(path("/d/a"))).isEqualTo("new");
        assertThat(Files.readString(path("/b"))).isEqualTo("new");
    }

    private boolean isStopped() throws IOException {
        try {
            Files.readString(path("/b"));
            return false;
        } catch (TxfException e) {
            return e.error() == TxfError.RM_NOT_ACTIVE;
        }
    }

    @Test
    void whatTheSystemRefusesIsFoundAtTheVote() throws Exception {
        change();
        var real = directory.resolve("d");
        Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("r-xr-xr-x"));
        try {
            Assumptions.assumeFalse(Files.isWritable(real), "nothing is refused to the superuser");

            assertThatThrownBy(() -> ktm.transactionManager().commit()).isInstanceOf(RollbackException.class);

            assertThat(directory.resolve("b")).hasContent("old");
        } finally {
            Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }
}
