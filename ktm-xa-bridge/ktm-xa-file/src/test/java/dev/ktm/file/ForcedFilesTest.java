package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.MemoryDevice;
import jakarta.transaction.RollbackException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What happens while files are forced, and what is found in their places then. */
class ForcedFilesTest {

    /** Something that happens. */
    private interface Event {
        void happen() throws Exception;
    }

    /** A disk that something happens to. */
    private static final class Eventful extends ForwardingDisk {
        private Event beforeForcingNames = () -> {};
        private Event beforeReadingWork = () -> {};
        private Event beforeOpeningToWrite = () -> {};
        private String unwritable = "";

        Eventful(Disk disk) {
            super(disk);
        }

        private static void happen(Event event) throws IOException {
            try {
                event.happen();
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException(e);
            }
        }

        @Override
        public void forceDirectory(String name) throws IOException {
            var event = beforeForcingNames;
            beforeForcingNames = () -> {};
            happen(event);
            super.forceDirectory(name);
        }

        @Override
        public DiskFile open(String name, Set<? extends OpenOption> options) throws IOException {
            if (name.equals(unwritable)
                    && options.contains(StandardOpenOption.WRITE)
                    && !options.contains(StandardOpenOption.CREATE_NEW)) {
                throw new AccessDeniedException(name);
            }
            if (options.equals(Set.of(StandardOpenOption.WRITE))) {
                happen(beforeOpeningToWrite);
            }
            if (Names.isWithin(name, WorkArea.WORK) && options.equals(Set.of(StandardOpenOption.READ))) {
                happen(beforeReadingWork);
            }
            return super.open(name, options);
        }
    }

    @TempDir
    Path directory;

    private final MemoryDevice log = new MemoryDevice();
    private Eventful disk;
    private Ktm ktm;
    private TransactedFiles files;

    @BeforeEach
    void open() throws Exception {
        disk = new Eventful(new RealDisk(directory));
        ktm = Ktm.open(KtmOptions.builder()
                .device(log)
                .recoveryInterval(Duration.ofHours(1))
                .build());
        files = TransactedFiles.open(
                ktm, "test", () -> {}, ManagedRoot.Surroundings.real(disk), FileOptions.defaults());
    }

    @AfterEach
    void close() {
        files.close();
        ktm.close();
    }

    private Path path(String name) {
        return files.fileSystem().getPath(name);
    }

    private void commit(Event work) throws Exception {
        ktm.transactionManager().begin();
        work.happen();
        ktm.transactionManager().commit();
    }

    @Test
    void everythingStopsWhenAForceFailsBeforeAPlainChange() throws Exception {
        commit(() -> Files.writeString(path("a"), "committed"));
        // The next force would say that all is well.
        disk.beforeForcingNames = () -> {
            throw new IOException("Input/output error");
        };
        assertThatThrownBy(() -> Files.writeString(path("a"), "plain")).hasMessageContaining("Input/output error");

        assertThatThrownBy(() -> Files.readString(path("a")))
                .isInstanceOf(TxfException.class)
                .extracting(Fixture::errorOf)
                .isEqualTo(TxfError.RM_NOT_ACTIVE);
        assertThatThrownBy(() -> files.settle()).isInstanceOf(TxfException.class);
    }

    @Test
    void whatIsCommittedWhileItIsBeingClosedIsNotForgotten() throws Exception {
        commit(() -> Files.writeString(path("early"), "1"));
        disk.beforeForcingNames = () -> {
            var late = new Thread(() -> {
                try {
                    commit(() -> Files.writeString(path("late"), "2"));
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            late.start();
            late.join();
        };
        files.close();
        assertThat(directory.resolve("late")).exists();

        // The power goes: it was not forced.
        Files.delete(directory.resolve("late"));
        open(ktm);

        assertThat(directory.resolve("late")).hasContent("2");
    }

    private void open(Ktm coordinator) throws Exception {
        files = TransactedFiles.open(
                coordinator, "test", () -> {}, ManagedRoot.Surroundings.real(disk), FileOptions.defaults());
    }

    @Test
    void aFileInTheRoomOfADirectoryIsNotForcedAsOne() throws Exception {
        commit(() -> {
            Files.createDirectories(path("a/b"));
            Files.writeString(path("a/b/f"), "1");
        });
        commit(() -> {
            Files.delete(path("a/b/f"));
            Files.delete(path("a/b"));
            Files.delete(path("a"));
            Files.writeString(path("a"), "2");
        });

        files.settle();

        commit(() -> Files.writeString(path("c"), "3"));
        assertThat(directory.resolve("a")).hasContent("2");
        assertThat(directory.resolve("c")).hasContent("3");
    }

    @Test
    void whoHasLostAWorkFileBeforeTheVoteSaysNo() throws Exception {
        disk.beforeReadingWork = () -> {
            try (var all = Files.newDirectoryStream(directory.resolve(WorkArea.WORK))) {
                for (var each : all) {
                    Files.delete(each);
                }
            }
        };
        ktm.transactionManager().begin();
        Files.write(path("large"), new byte[2 * Content.MOST_MEMORY_BYTES]);

        assertThatThrownBy(() -> ktm.transactionManager().commit()).isInstanceOf(RollbackException.class);

        disk.beforeReadingWork = () -> {};
        commit(() -> Files.writeString(path("next"), "1"));
        assertThat(directory.resolve("large")).doesNotExist();
        assertThat(directory.resolve("next")).hasContent("1");
    }

    @Test
    void aWorkFileThatNobodyMayWriteToIsMadeAgain() throws Exception {
        var area = new WorkArea(disk);
        var work = area.newName();
        area.create(work).close();
        disk.unwritable = work;

        var made = new Seen(Disk.Kind.FILE, "?", 1, 0, "");
        new Applier(disk, area, Applier.When.AGAIN)
                .run(List.of(new Step.Put("a", Optional.empty(), work, made, Optional.of(new byte[] {'1'}), Map.of())));

        assertThat(directory.resolve("a")).hasContent("1");
    }

    @Test
    void whoMayNotWriteToAFileOfSeveralNamesIsToldAtTheVote() throws Exception {
        Files.writeString(directory.resolve("a"), "1");
        Files.createLink(directory.resolve("b"), directory.resolve("a"));
        disk.unwritable = "a";
        ktm.transactionManager().begin();
        Files.writeString(path("a"), "2");

        assertThatThrownBy(() -> ktm.transactionManager().commit()).isInstanceOf(RollbackException.class);

        disk.unwritable = "";
        commit(() -> Files.writeString(path("a"), "3"));
        assertThat(directory.resolve("b")).hasContent("3");
    }

    @Test
    @Timeout(60)
    void whoIsInterruptedWhileHisCommitIsMadeHasItMadeAllTheSame() throws Exception {
        Files.writeString(directory.resolve("a"), "1");
        Files.createLink(directory.resolve("b"), directory.resolve("a"));
        ktm.transactionManager().begin();
        Files.writeString(path("a"), "2");
        var opened = new AtomicInteger();
        // First by the vote, which tries it, and then by the commit.
        disk.beforeOpeningToWrite = () -> {
            if (opened.incrementAndGet() == 2) {
                Thread.currentThread().interrupt();
            }
        };

        ktm.transactionManager().commit();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(opened).hasValueGreaterThan(2);
        assertThat(directory.resolve("b")).hasContent("2");
        disk.beforeOpeningToWrite = () -> {};
        commit(() -> Files.writeString(path("next"), "1"));
    }

    @Test
    void theOwnerIsKeptWhoeverTheRootAndTheProcessBelongTo() throws Exception {
        var somebody = 1;
        var file = Files.writeString(directory.resolve("a"), "1");
        try {
            Files.setAttribute(directory, "unix:uid", somebody);
            Files.setAttribute(directory, "unix:gid", somebody);
            Files.setAttribute(file, "unix:uid", somebody);
            Files.setAttribute(file, "unix:gid", somebody);
        } catch (IOException | UnsupportedOperationException e) {
            Assumptions.abort("only root gives files away: " + e);
        }

        commit(() -> Files.writeString(path("a"), "2"));

        assertThat(file).hasContent("2");
        assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(somebody);
        assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(somebody);
    }
}
