package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left after the end of a process, what is in doubt, and whose a root is. */
class DurabilityTest {

    private static final Xid XID = new ForeignXid(1);
    private static final int SCAN = XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN;

    @TempDir
    Path directory;

    private Fixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        Files.writeString(fixture.plain("/a"), "old");
        Files.writeString(fixture.plain("/b"), "old b");
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
    void whoIsInterruptedSettlesAllTheSame() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        fixture.commit();

        Thread.currentThread().interrupt();
        fixture.files.settle();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(fixture.files.statistics().unsettled()).isZero();
        fixture.begin();
        Files.writeString(fixture.path("/a"), "newer");
        fixture.commit();
        assertThat(fixture.real("a")).hasContent("newer");
    }

    @Test
    void theLogGoesRoundWithoutAFileManagerThatIsClosed() throws Exception {
        var other = Files.createDirectories(directory.resolve("other"));
        var small = LogOptions.builder().containerBytes(1 << 20).containers(2).build();
        try (var ktm = Ktm.open(KtmOptions.builder()
                .device(new SimulatedDevice())
                .logOptions(small)
                .build())) {
            try (var files = TransactedFiles.open(ktm, "other", other)) {
                ktm.transactionManager().begin();
                Files.writeString(files.fileSystem().getPath("/a"), "new");
                ktm.transactionManager().commit();
            }
            var stream = ktm.manager().log().orElseThrow().stream("another");

            for (int i = 0; i < 100; i++) {
                stream.append(ByteBuffer.allocate(50_000));
                stream.clear();
            }

            assertThat(other.resolve("a")).hasContent("new");
            try (var files = TransactedFiles.open(ktm, "other", other)) {
                assertThat(files.fileSystem().getPath("/a")).hasContent("new");
            }
        }
    }

    /** Work of a foreign transaction manager, up to its vote. */
    private XAResource prepare() throws Exception {
        var resource = fixture.files.xaResource();
        resource.start(XID, XAResource.TMNOFLAGS);
        Files.writeString(fixture.path("/a"), "new");
        Files.writeString(fixture.path("/c"), "c".repeat(100_000));
        Files.delete(fixture.path("/b"));
        resource.end(XID, XAResource.TMSUCCESS);
        assertThat(resource.prepare(XID)).isEqualTo(XAResource.XA_OK);
        return resource;
    }

    private void assertBefore() throws Exception {
        assertThat(fixture.tree()).containsOnly(entry("a", "old"), entry("b", "old b"));
    }

    private void assertAfter() throws Exception {
        assertThat(fixture.tree()).containsOnly(entry("a", "new"), entry("c", "c".repeat(100_000)));
        assertThat(fixture.working()).isZero();
    }

    @Test
    @Conforms("TXF-DUR-01")
    void whatIsCommittedIsThereAfterARestart() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        fixture.commit();
        fixture.reopen();

        assertThat(fixture.tree()).contains(entry("a", "new"));
        assertThat(Files.readString(fixture.path("/a"))).isEqualTo("new");
    }

    @Test
    @Conforms({"JTA-16", "TXF-DUR-05"})
    void whatIsPreparedIsInDoubtOverARestartAndItsFilesAreLocked() throws Exception {
        prepare();
        assertBefore();
        fixture.reopen();

        assertThat(fixture.files.inDoubt()).hasSize(1);
        assertBefore();
        assertThat(Files.readString(fixture.plain("/a"))).isEqualTo("old");
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(fixture.plain("/a"), "x"));
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.delete(fixture.plain("/b")));
        assertRefused(TxfError.TRANSACTIONAL_CONFLICT, () -> Files.writeString(fixture.plain("/c"), "x"));
        var resource = fixture.files.xaResource();
        assertThat(resource.recover(SCAN)).hasSize(1);
        resource.commit(XID, false);

        assertAfter();
        assertThat(resource.recover(SCAN)).isEmpty();
        Files.writeString(fixture.plain("/a"), "free");
    }

    @Test
    @Conforms("TXF-DUR-05")
    void aFileThatIsToGetOneMoreNameIsLockedOverARestart() throws Exception {
        var resource = fixture.files.xaResource();
        resource.start(XID, XAResource.TMNOFLAGS);
        Files.createLink(fixture.path("/new"), fixture.path("/a"));
        resource.end(XID, XAResource.TMSUCCESS);
        resource.prepare(XID);
        fixture.reopen();

        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.delete(fixture.plain("/a")));
        assertRefused(TxfError.SHARING_VIOLATION, () -> Files.writeString(fixture.plain("/a"), "x"));
        fixture.files.xaResource().commit(XID, false);

        assertThat(Files.isSameFile(fixture.real("new"), fixture.real("a"))).isTrue();
        Files.writeString(fixture.plain("/a"), "free");
    }

    @Test
    @Conforms("JTA-16")
    void whatIsPreparedIsRolledBackAfterARestart() throws Exception {
        prepare();
        fixture.reopen();
        fixture.files.xaResource().rollback(XID);

        assertBefore();
        assertThat(fixture.working()).isZero();
        Files.writeString(fixture.plain("/c"), "free");
    }

    @Test
    @Conforms("JTA-16")
    void aForeignTransactionManagerCommitsRollsBackAndCommitsInOnePhase() throws Exception {
        prepare().rollback(XID);
        assertBefore();

        prepare().commit(XID, false);
        assertAfter();

        var resource = fixture.files.xaResource();
        resource.start(XID, XAResource.TMNOFLAGS);
        Files.writeString(fixture.path("/a"), "newer");
        resource.end(XID, XAResource.TMSUCCESS);
        resource.commit(XID, true);
        assertThat(fixture.tree()).contains(entry("a", "newer"));
    }

    @Test
    @Conforms("TXF-RM-03")
    void aManagerWithSomethingInDoubtIsNotStopped() throws Exception {
        var resource = prepare();
        assertRefused(TxfError.INDOUBT_TRANSACTIONS_EXIST, () -> fixture.files.stop());
        resource.commit(XID, false);
        fixture.files.stop();
    }

    @Test
    @Conforms("TXF-RM-01")
    void aManagerThatIsClosedRefusesWorkAndTheFilesAreStillThere() throws Exception {
        var path = fixture.path("/a");
        fixture.files.close();

        assertRefused(TxfError.RM_NOT_ACTIVE, () -> Files.readString(path));
        fixture.begin();
        assertRefused(TxfError.RM_NOT_ACTIVE, () -> Files.writeString(path, "x"));
        fixture.rollback();
        assertThat(fixture.real("a")).hasContent("old");
    }

    @Test
    @Conforms("TXF-RM-02")
    void oneRootHasOneManager() throws Exception {
        assertRefused(
                TxfError.RM_ALREADY_STARTED, () -> TransactedFiles.open(fixture.ktm, "test", fixture.rootDirectory));
        assertRefused(
                TxfError.RM_ALREADY_STARTED,
                () -> TransactedFiles.open(fixture.ktm, "another name", fixture.rootDirectory));
    }

    @Test
    @Conforms("TXF-RM-15")
    void aCopyOfARootIsNotTakenForIt() throws Exception {
        fixture.files.close();
        var copy = directory.resolve("copy");
        try (var walk = Files.walk(fixture.rootDirectory)) {
            for (var path : (Iterable<Path>) walk::iterator) {
                Files.copy(
                        path,
                        copy.resolve(fixture.rootDirectory.relativize(path).toString()));
            }
        }

        assertThatThrownBy(() -> TransactedFiles.open(fixture.ktm, "test", copy))
                .isInstanceOf(TxfException.class)
                .hasMessageContaining("a copy")
                .hasMessageContaining("remove");

        try (var walk = Files.walk(copy.resolve(WorkArea.HIDDEN))) {
            walk.sorted(java.util.Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        }
        TransactedFiles.open(fixture.ktm, "copy", copy).close();
    }

    @Test
    @Conforms("TXF-RM-04")
    void twoRootsAreNotLinkedAndNothingMovesBetweenThem() throws Exception {
        var other = Files.createDirectory(directory.resolve("other"));
        try (var others = TransactedFiles.open(fixture.ktm, "other", other)) {
            var target = others.fileSystem().getPath("/x");
            fixture.begin();
            assertRefused(TxfError.CANT_CROSS_RM_BOUNDARY, () -> Files.createLink(target, fixture.path("/a")));
            Files.move(fixture.path("/a"), target);
            assertThat(Files.readString(target)).isEqualTo("old");
            fixture.commit();
            assertThat(other.resolve("x")).hasContent("old");
            assertThat(fixture.tree()).doesNotContainKey("a");
        }
    }

    @Test
    @Conforms("TXF-DUR-10")
    void whatIsLeftInTheWorkAreaIsRemovedByTheNextStart() throws Exception {
        fixture.files.close();
        Files.writeString(fixture.real(WorkArea.WORK + "/left-over"), "x");
        fixture.files = TransactedFiles.open(fixture.ktm, "test", fixture.rootDirectory);

        assertThat(fixture.working()).isZero();
        assertThat(Fixture.tree(fixture.plain("/"))).containsOnlyKeys("a", "b");
    }

    @Test
    void aDirectoryThatWasMovedBehindTheManagersBackIsFoundByTheVote() throws Exception {
        Files.createDirectory(fixture.plain("/d"));
        fixture.begin();
        Files.writeString(fixture.path("/d/x"), "x");
        Files.move(fixture.real("d"), fixture.real("elsewhere"));

        assertThatThrownBy(fixture::commit).isInstanceOf(jakarta.transaction.RollbackException.class);

        assertThat(fixture.tree()).doesNotContainKeys("d/x", "elsewhere/x");
    }

    @Test
    void whatIsChangedOutsideAfterACommitIsNotUndoneByARestart() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "committed");
        fixture.commit();
        Files.writeString(fixture.plain("/a"), " and more", StandardOpenOption.APPEND);
        Files.delete(fixture.plain("/b"));
        var copy = new Copy(fixture);

        try (var crashed = copy.open()) {
            assertThat(Fixture.tree(crashed.plainFileSystem().getPath("/")))
                    .containsOnly(entry("a", "committed and more"));
        }
    }

    /** The files and the log of a process that is still alive, as a crash at this moment would leave them. */
    private final class Copy {
        private final Fixture original;

        Copy(Fixture original) {
            this.original = original;
        }

        TransactedFiles open() throws Exception {
            // The end of the process: nothing is closed in order.
            original.ktm.close();
            original.files.close();
            original.ktm = dev.ktm.Ktm.open(dev.ktm.KtmOptions.builder()
                    .logDirectory(directory.resolve("log"))
                    .build());
            original.files = TransactedFiles.open(original.ktm, "test", original.rootDirectory);
            return original.files;
        }
    }

    @Test
    @Conforms("TXF-RM-11")
    void whatATransactionHasLockedIsListed() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        Files.writeString(fixture.path("/made"), "x");
        Files.delete(fixture.path("/b"));
        Files.writeString(fixture.path("/gone again"), "x");
        Files.delete(fixture.path("/gone again"));
        var unitOfWork = fixture.current().unitOfWork();

        assertThat(fixture.files.lockedFiles(unitOfWork))
                .containsExactlyInAnyOrder(
                        new LockedFile("a", false, false),
                        new LockedFile("made", true, false),
                        new LockedFile("b", false, true),
                        new LockedFile("", true, true));
        fixture.rollback();
        assertThat(fixture.files.lockedFiles(unitOfWork)).isEmpty();

        prepare();
        fixture.reopen();
        assertThat(fixture.files.lockedFiles(fixture.files.inDoubt().get(0)))
                .containsExactlyInAnyOrder(
                        new LockedFile("a", false, false),
                        new LockedFile("c", true, false),
                        new LockedFile("b", false, true));
        fixture.files.xaResource().rollback(XID);
    }

    @Test
    @Conforms("TXF-RM-12")
    void aFileSaysWhoHasLockedIt() throws Exception {
        assertThat(fixture.files.owner(fixture.path("/a"))).isEmpty();
        fixture.begin();
        Files.writeString(fixture.path("/a"), "new");
        var unitOfWork = fixture.current().unitOfWork();
        assertThat(fixture.files.owner(fixture.path("/a"))).contains(new FileOwner(unitOfWork, false));
        fixture.commit();
        assertThat(fixture.files.owner(fixture.path("/a"))).isEmpty();

        var resource = prepare();
        assertThat(fixture.files.owner(fixture.path("/a")))
                .get()
                .extracting(FileOwner::prepared)
                .isEqualTo(true);
        resource.rollback(XID);
    }

    @Test
    void aManagerSaysWhatItHasDone() throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/a"), "1");
        fixture.commit();
        prepare().commit(XID, false);
        fixture.begin();
        Files.writeString(fixture.path("/a"), "2");
        fixture.rollback();
        fixture.begin();
        Files.writeString(fixture.path("/a"), "3");

        var statistics = fixture.files.statistics();
        assertThat(statistics.onePhaseCommits()).isOne();
        assertThat(statistics.twoPhaseCommits()).isOne();
        assertThat(statistics.rollbacks()).isOne();
        assertThat(statistics.active()).isOne();
        assertThat(statistics.inDoubt()).isZero();
        assertThat(statistics.oldest()).isPresent();
        assertThat(statistics.unsettled()).isEqualTo(2);
        fixture.rollback();
        fixture.files.settle();
        assertThat(fixture.files.statistics().unsettled()).isZero();
        assertThat(fixture.files.statistics().oldest()).isEmpty();
    }

    @Test
    void twoRootsOfOneCoordinatorCommitTogether() throws Exception {
        var other = Files.createDirectory(directory.resolve("other"));
        try (var others = TransactedFiles.open(fixture.ktm, "other", other)) {
            fixture.begin();
            Files.writeString(fixture.path("/a"), "both");
            Files.writeString(others.fileSystem().getPath("/o"), "both");
            fixture.commit();
        }
        assertThat(fixture.tree()).contains(entry("a", "both"));
        assertThat(other.resolve("o")).hasContent("both");
    }

    @Test
    void aRootThatIsNotThereIsSaidSo() {
        assertThatThrownBy(() -> TransactedFiles.open(fixture.ktm, "x", directory.resolve("none")))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("none");
    }

    @Test
    void anInterruptedWriterHarmsNobodyElse() throws Exception {
        fixture.begin();
        try (var channel = FileChannel.open(fixture.path("/a"), StandardOpenOption.WRITE)) {
            channel.write(StandardCharsets.UTF_8.encode("x".repeat(200_000)), 0);
            Thread.currentThread().interrupt();
            try {
                channel.write(StandardCharsets.UTF_8.encode("y"), 0);
            } catch (java.io.IOException e) {
                assertThat(e).isInstanceOf(java.nio.channels.ClosedByInterruptException.class);
            }
            assertThat(Thread.interrupted()).isTrue();
            channel.write(StandardCharsets.UTF_8.encode("z"), 0);
        }
        fixture.commit();

        assertThat(Files.readString(fixture.real("a"))).startsWith("zx").hasSize(200_000);
    }
}
