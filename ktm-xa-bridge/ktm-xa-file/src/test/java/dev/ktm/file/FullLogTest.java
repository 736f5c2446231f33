package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogFullException;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.MemoryDevice;
import dev.ktm.rm.OutcomeReport;
import jakarta.transaction.RollbackException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A log that is full of what other transaction managers have not decided. */
class FullLogTest {

    private static final int CONTAINERS = 4;
    private static final int CONTAINER_BYTES = 1 << 20;
    private static final String CONTENT = "x".repeat(60_000);

    /** An xid of another transaction manager. */
    private record Foreign(int number) implements Xid {
        @Override
        public int getFormatId() {
            return 4711;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return new byte[] {(byte) number};
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1};
        }
    }

    private final MemoryDevice device = new MemoryDevice();
    private final SimulatedTree tree = new SimulatedTree(count -> {});
    private final List<OutcomeReport> reports = new CopyOnWriteArrayList<>();
    private Ktm ktm;
    private TransactedFiles files;

    @BeforeEach
    void open() throws Exception {
        ktm = Ktm.open(KtmOptions.builder()
                .device(device)
                .logOptions(LogOptions.builder()
                        .containerBytes(CONTAINER_BYTES)
                        .containers(CONTAINERS)
                        .policy(new dev.ktm.log.LogPolicy.MaximumSize(CONTAINERS))
                        .idleFlush(Duration.ZERO)
                        .build())
                .recoveryInterval(Duration.ofHours(1))
                .reportListener(reports::add)
                .build());
        files = TransactedFiles.open(
                ktm, "test", () -> {}, ManagedRoot.Surroundings.real(tree), FileOptions.defaults());
    }

    @AfterEach
    void close() {
        files.close();
        ktm.close();
    }

    private Path path(String name) {
        return files.fileSystem().getPath(name);
    }

    /** Work of another transaction manager, which votes and is not decided. */
    private void prepare(int number) throws Exception {
        var resource = files.xaResource();
        var xid = new Foreign(number);
        resource.start(xid, XAResource.TMNOFLAGS);
        Files.writeString(path("/doubt" + number), CONTENT);
        resource.end(xid, XAResource.TMSUCCESS);
        resource.prepare(xid);
    }

    /** Prepares until there is no room for more; how many there are. */
    private int fillWithDoubt() throws Exception {
        int prepared = 0;
        while (true) {
            try {
                prepare(prepared);
                prepared++;
            } catch (XAException e) {
                return prepared;
            }
        }
    }

    private void commitOne(String name) throws Exception {
        ktm.transactionManager().begin();
        Files.writeString(path(name), CONTENT);
        ktm.transactionManager().commit();
    }

    @Test
    @Conforms("TXF-RM-05")
    void newTransactionsAreRefusedAndThoseInDoubtAreKept() throws Exception {
        int prepared = fillWithDoubt();

        assertThat(prepared).isPositive();
        assertThatThrownBy(() -> commitOne("/new"))
                .isInstanceOf(RollbackException.class)
                .hasRootCauseInstanceOf(LogFullException.class);

        assertThat(files.inDoubt()).hasSize(prepared);
        assertThat(reports).noneMatch(report -> report.kind() == OutcomeReport.Kind.HEURISTIC);
        for (int i = 0; i < prepared; i++) {
            files.xaResource().commit(new Foreign(i), false);
            assertThat(Files.readString(path("/doubt" + i))).isEqualTo(CONTENT);
        }
        commitOne("/new");
        assertThat(Files.readString(path("/new"))).isEqualTo(CONTENT);
    }

    @Test
    @Conforms("TXF-RM-06")
    void whereAvailabilityIsPreferredTheOldestInDoubtIsRolledBackAndWorkGoesOn() throws Exception {
        int prepared = fillWithDoubt();
        files.change(files.settings().withWhenLogIsFull(WhenLogIsFull.PREFER_AVAILABILITY));

        commitOne("/new");

        assertThat(Files.readString(path("/new"))).isEqualTo(CONTENT);
        // A container is freed as a whole, and what is in it goes; the newest are kept.
        int kept = files.inDoubt().size();
        assertThat(kept).isBetween(1, prepared - 1);
        assertThat(reports)
                .filteredOn(report -> report.kind() == OutcomeReport.Kind.HEURISTIC)
                .hasSize(prepared - kept)
                .allSatisfy(report -> assertThat(report.toString()).contains("the log is full"));
        assertThatThrownBy(() -> files.xaResource().commit(new Foreign(0), false))
                .isInstanceOf(XAException.class);
        assertThat(Files.exists(path("/doubt0"))).isFalse();
        for (int i = prepared - kept; i < prepared; i++) {
            files.xaResource().commit(new Foreign(i), false);
            assertThat(Files.readString(path("/doubt" + i))).isEqualTo(CONTENT);
        }
    }

    @Test
    @Conforms("TXF-RM-07")
    void theManagerSaysWhatItHasDoneAndHowTheLogStands() throws Exception {
        commitOne("/one");
        var before = files.statistics();
        assertThat(before.logFullConditions()).isZero();
        assertThat(before.log().containers()).isEqualTo(CONTAINERS);
        assertThat(before.log().containerBytes()).isEqualTo(CONTAINER_BYTES);
        assertThat(before.log().freeBytes()).isPositive();
        assertThat(before.oldest()).isEmpty();

        int prepared = fillWithDoubt();
        assertThatThrownBy(() -> commitOne("/two")).isInstanceOf(RollbackException.class);
        files.xaResource().commit(new Foreign(0), false);

        var after = files.statistics();
        assertThat(after.onePhaseCommits()).isOne();
        assertThat(after.twoPhaseCommits()).isOne();
        assertThat(after.inDoubt()).isEqualTo(prepared - 1);
        assertThat(after.oldest()).isPresent();
        assertThat(after.logFullConditions()).isPositive();
        assertThat(after.log().freeBytes()).isLessThan(before.log().freeBytes());
    }

    @Test
    void filesThatWouldNotFitIntoTheLogAreForcedWhereTheyAre() throws Exception {
        ktm.transactionManager().begin();
        for (int i = 0; i < 100; i++) {
            Files.writeString(path("/small" + i), CONTENT);
        }
        ktm.transactionManager().commit();
        commitOne("/beside");

        for (int i = 0; i < 100; i++) {
            assertThat(Files.readString(path("/small" + i))).isEqualTo(CONTENT);
        }
        assertThat(files.statistics().logFullConditions()).isZero();
    }
}
