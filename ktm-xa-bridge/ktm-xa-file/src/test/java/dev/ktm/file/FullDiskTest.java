package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.MemoryDevice;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.log.testing.Until;
import jakarta.transaction.RollbackException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A disk that is full before the vote, at the vote, and after the decision. */
class FullDiskTest {

    private final MemoryDevice device = new MemoryDevice();
    private final SimulatedTree tree = new SimulatedTree(count -> {});
    private Ktm ktm;
    private TransactedFiles files;

    @BeforeEach
    void open() throws Exception {
        ktm = Ktm.open(KtmOptions.builder()
                .device(device)
                .recoveryInterval(Duration.ofHours(1))
                .build());
        files = TransactedFiles.open(
                ktm, "test", () -> {}, ManagedRoot.Surroundings.real(tree), FileOptions.defaults());
        Files.writeString(path("/a"), "old");
    }

    @AfterEach
    void close() {
        tree.setFull(false);
        tree.setFullForDirectories(false);
        files.close();
        ktm.close();
    }

    private Path path(String name) {
        return files.fileSystem().getPath(name);
    }

    private void begin() throws Exception {
        ktm.transactionManager().begin();
    }

    private void commit() throws Exception {
        ktm.transactionManager().commit();
    }

    @Test
    @Conforms({"TXF-DUR-06", "TXF-OP-21"})
    void aWriteThatFindsNoRoomFailsAndTheRollbackNeedsNone() throws Exception {
        begin();
        Files.writeString(path("/b"), "x".repeat(100_000));
        tree.setFull(true);
        assertThatThrownBy(() -> Files.writeString(path("/c"), "x".repeat(100_000)))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("No space");
        Files.writeString(path("/small"), "small ones lie in memory");
        ktm.transactionManager().rollback();

        assertThat(tree.tree()).containsOnlyKeys("a");
        assertThat(tree.working()).isZero();
    }

    @Test
    @Conforms("TXF-DUR-07")
    void aVoteThatFindsNoRoomIsNo() throws Exception {
        begin();
        Files.writeString(path("/a"), "new");
        tree.setFull(true);

        assertThatThrownBy(this::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("No space left on device");

        assertThat(Files.readString(path("/a"))).isEqualTo("old");
        assertThat(tree.working()).isZero();
        tree.setFull(false);
        begin();
        Files.writeString(path("/a"), "new");
        commit();
        assertThat(Files.readString(path("/a"))).isEqualTo("new");
    }

    @Test
    @Conforms("TXF-DUR-08")
    void aDecisionThatFindsNoRoomIsCarriedOutOnceThereIsSome() throws Exception {
        begin();
        Files.createDirectory(path("/d"));
        Files.writeString(path("/d/x"), "new");
        Files.writeString(path("/a"), "new");

        commitThoughItStops();

        assertThat(Files.readString(path("/a"))).isEqualTo("new");
        assertThat(Files.readString(path("/d/x"))).isEqualTo("new");
        assertThat(tree.working()).isZero();
    }

    @Test
    void whatTheFirstAttemptHasMadeIsNotTakenForSomebodyElses() throws Exception {
        begin();
        Files.createSymbolicLink(path("/c"), path("/a"));
        Files.createDirectory(path("/d"));

        commitThoughItStops();

        assertThat(tree.tree()).containsKeys("c", "d");
        assertThat(tree.setAside()).isEmpty();
        assertThat(tree.working()).isZero();
    }

    @Test
    @Conforms("TXF-DUR-08")
    void aRestartThatFindsNoRoomSaysSoAndLosesNothing() throws Exception {
        try (var machine = new SimulatedMachine(new SimulatedDevice(), new SimulatedTree(count -> {}))) {
            machine.ktm.transactionManager().begin();
            Files.writeString(machine.files.fileSystem().getPath("/a"), "new");
            machine.ktm.transactionManager().commit();
            var killed = machine.kill();

            assertThatThrownBy(() -> new SimulatedMachine(killed.device(), killed.tree(), full(killed.tree())))
                    .isInstanceOf(TxfException.class)
                    .hasMessageContaining("make room")
                    .hasStackTraceContaining("No space left on device")
                    .extracting(Fixture::errorOf)
                    .isEqualTo(TxfError.RM_NOT_ACTIVE);

            try (var again = new SimulatedMachine(killed.device(), killed.tree())) {
                assertThat(Files.readString(again.files.fileSystem().getPath("/a")))
                        .isEqualTo("new");
            }
        }
    }

    /** Empty files have room on it, content has not. */
    private static Disk full(SimulatedTree tree) {
        return new ForwardingDisk(tree) {
            @Override
            public DiskFile open(String name, Set<? extends OpenOption> options) throws IOException {
                if (options.equals(Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
                    throw new IOException("No space left on device");
                }
                return super.open(name, options);
            }
        };
    }

    private void commitThoughItStops() throws Exception {
        // The vote makes files; the directory is made after the decision.
        tree.setFullForDirectories(true);
        var transaction = ktm.transactionManager().suspend();
        var failure = new AtomicReference<Throwable>();
        var committing = new Thread(() -> {
            try {
                ktm.transactionManager().resume(transaction);
                commit();
            } catch (Exception | Error e) {
                failure.set(e);
            }
        });
        committing.start();

        Until.holds(() -> isStopped() || failure.get() != null);
        assertThat(failure.get()).isNull();
        assertThatThrownBy(() -> Files.readString(path("/a")))
                .isInstanceOf(TxfException.class)
                .extracting(Fixture::errorOf)
                .isEqualTo(TxfError.RM_NOT_ACTIVE);
        tree.setFullForDirectories(false);
        committing.join();
        assertThat(failure.get()).isNull();
    }

    private boolean isStopped() throws IOException {
        try {
            Files.readString(path("/a"));
            return false;
        } catch (TxfException e) {
            return e.error() == TxfError.RM_NOT_ACTIVE;
        }
    }
}
