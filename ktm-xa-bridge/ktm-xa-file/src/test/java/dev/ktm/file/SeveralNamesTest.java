package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.MemoryDevice;
import dev.ktm.log.testing.Until;
import jakarta.transaction.Transaction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A file with two names is one file, whichever of them is used. */
@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SeveralNamesTest {

    /** Has something happen when a commit is about to write into a file. */
    private static final class Watched extends ForwardingDisk {
        volatile Hook onWriting = () -> {};

        interface Hook {
            void run() throws Exception;
        }

        Watched(Disk disk) {
            super(disk);
        }

        @Override
        public DiskFile open(String name, Set<? extends OpenOption> options) throws IOException {
            var file = super.open(name, options);
            if (name.equals("b") && options.equals(Set.of(StandardOpenOption.WRITE)) && isCommitting()) {
                file.resize(1);
                try {
                    onWriting.run();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
            return file;
        }

        private static boolean isCommitting() {
            return StackWalker.getInstance()
                    .walk(frames ->
                            frames.anyMatch(frame -> frame.getClassName().endsWith("Applier")));
        }
    }

    @TempDir
    Path directory;

    private Watched disk;
    private Ktm ktm;
    private TransactedFiles files;

    @BeforeEach
    void open() throws Exception {
        disk = new Watched(new RealDisk(directory));
        ktm = Ktm.open(KtmOptions.builder()
                .device(new MemoryDevice())
                .recoveryInterval(Duration.ofHours(1))
                .build());
        files = TransactedFiles.open(
                ktm, "test", () -> {}, ManagedRoot.Surroundings.real(disk), FileOptions.defaults());
        Files.writeString(plain("/a"), "old");
        Files.createLink(plain("/b"), plain("/a"));
    }

    @AfterEach
    void close() {
        files.close();
        ktm.close();
    }

    private Path path(String name) {
        return files.fileSystem().getPath(name);
    }

    private Path plain(String name) {
        return files.plainFileSystem().getPath(name);
    }

    private void begin() throws Exception {
        ktm.transactionManager().begin();
    }

    private void commit() throws Exception {
        ktm.transactionManager().commit();
    }

    private void rollback() throws Exception {
        ktm.transactionManager().rollback();
    }

    private Transaction suspend() throws Exception {
        return Objects.requireNonNull(ktm.transactionManager().suspend());
    }

    private void resume(Transaction transaction) throws Exception {
        ktm.transactionManager().resume(transaction);
    }

    private static void assertRefused(TxfError error, ThrowingCallable call) {
        assertThatThrownBy(call).extracting(Fixture::errorOf).isEqualTo(error);
    }

    private static String read(FileChannel channel) throws IOException {
        var buffer = ByteBuffer.allocate(100);
        channel.read(buffer, 0);
        return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
    }

    @Test
    @Conforms({"TXF-ISO-05", "TXF-ISO-06"})
    void whatATransactionHasChangedThroughOneNameNobodyElseChangesThroughTheOther() throws Exception {
        begin();
        Files.writeString(path("/a"), "one", StandardOpenOption.APPEND);
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(plain("/b"), "plain"));
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.delete(plain("/b")));
        var first = suspend();
        begin();
        assertRefused(
                TxfError.SHARING_VIOLATION, () -> Files.writeString(path("/b"), "two", StandardOpenOption.APPEND));
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.delete(path("/b")));
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.setLastModifiedTime(path("/b"), FileTime.fromMillis(0)));
        rollback();
        resume(first);
        commit();

        begin();
        Files.writeString(path("/b"), "two", StandardOpenOption.APPEND);
        commit();
        assertThat(Files.readString(plain("/a"))).isEqualTo("oldonetwo");
    }

    @Test
    @Conforms("TXF-ISO-02")
    void aReaderInATransactionKeepsWhatWasCommittedAtItsOpen() throws Exception {
        begin();
        try (var reader = FileChannel.open(path("/a"))) {
            var reading = suspend();
            begin();
            Files.writeString(path("/b"), "new");
            commit();

            resume(reading);
            assertThat(read(reader)).isEqualTo("old");
            assertThat(Files.readString(path("/a"))).isEqualTo("new");
        }
        commit();
        assertThat(directory.resolve(WorkArea.WORK)).isEmptyDirectory();
    }

    @Test
    @Conforms("TXF-ISO-02")
    void aReaderInATransactionKeepsWhatItSeesIfItsFileGetsAnotherName() throws Exception {
        Files.delete(plain("/b"));
        begin();
        Files.createLink(path("/b"), path("/a"));
        var linking = suspend();
        begin();
        try (var reader = FileChannel.open(path("/a"))) {
            var reading = suspend();
            resume(linking);
            commit();
            begin();
            Files.writeString(path("/b"), "new");
            commit();

            resume(reading);
            assertThat(read(reader)).isEqualTo("old");
        }
        commit();
    }

    @Test
    void aFileThatIsReadInAnotherTransactionGetsNoOtherName() throws Exception {
        Files.delete(plain("/b"));
        begin();
        try (var reader = FileChannel.open(path("/a"))) {
            var reading = suspend();
            begin();
            assertRefused(TxfError.SHARING_VIOLATION, () -> Files.createLink(path("/b"), path("/a")));
            rollback();
            resume(reading);
            assertThat(read(reader)).isEqualTo("old");
        }
        commit();
    }

    @Test
    @Conforms("TXF-ISO-04")
    void aReaderOutsideSeesTheOldContentUntilTheCommitAndThenTheNewOne() throws Exception {
        try (var reader = FileChannel.open(plain("/a"))) {
            begin();
            Files.writeString(path("/b"), "new");
            assertThat(read(reader)).isEqualTo("old");
            commit();
            assertThat(read(reader)).isEqualTo("new");
        }
    }

    @Test
    @Conforms({"TXF-ISO-07", "TXF-ISO-08"})
    void whatIsReadInATransactionIsNotWrittenOutsideNorTheOtherWayRound() throws Exception {
        begin();
        try (var reader = FileChannel.open(path("/a"))) {
            assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(plain("/b"), "plain"));
            assertThat(read(reader)).isEqualTo("old");
        }
        try (var writer = FileChannel.open(plain("/b"), StandardOpenOption.WRITE)) {
            assertRefused(TxfError.TRANSACTIONAL_CONFLICT, () -> Files.readString(path("/a")));
            assertThat(writer.size()).isEqualTo(3);
        }
        commit();
    }

    @Test
    @Conforms("TXF-ISO-04")
    void nobodySeesItHalfWritten() throws Exception {
        var seen = new AtomicReference<Object>();
        try (var reader = FileChannel.open(plain("/a"))) {
            var reading = new Thread(() -> {
                try {
                    seen.set(read(reader));
                } catch (IOException e) {
                    seen.set(e);
                }
            });
            disk.onWriting = () -> {
                reading.start();
                // It waits for the commit, or has seen something.
                Until.holds(() -> reading.getState() == Thread.State.WAITING || !reading.isAlive());
            };
            begin();
            Files.writeString(path("/b"), "new");
            commit();
            reading.join();
        }

        assertThat(seen.get()).isEqualTo("new");
    }
}
