package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.CrashState;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Crashes at every operation of the log and of the tree while a transaction works, and is rolled back. */
class RollbackCrashTest {

    private static final int SURVIVORS_PER_STATE = 4;
    private static final LogOptions QUIET = LogOptions.builder()
            .containerBytes(1 << 20)
            .containers(4)
            .idleFlush(Duration.ZERO)
            .build();

    /** How many operations of the tree have been done. */
    private record TreePoint(int operations) {}

    /** Of another transaction manager. */
    private static final class Foreign implements Xid {
        @Override
        public int getFormatId() {
            return 4711;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return new byte[] {1};
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1};
        }
    }

    private static final Xid XID = new Foreign();

    private final SimulatedDevice device = new SimulatedDevice();
    private final SimulatedTree tree = new SimulatedTree(count -> device.mark(new TreePoint(count)));
    private Map<String, String> before = Map.of();

    private static Ktm openCoordinator(SimulatedDevice device) {
        return Ktm.open(KtmOptions.builder()
                .device(device)
                .logOptions(QUIET)
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    private static TransactedFiles openFiles(Ktm ktm, Disk tree) throws Exception {
        return TransactedFiles.open(
                ktm, "test", () -> {}, ManagedRoot.Surroundings.real(tree), FileOptions.defaults());
    }

    private static void work(FileSystem files) throws Exception {
        Files.writeString(files.getPath("/a"), "new");
        Files.writeString(files.getPath("/b"), " and more", StandardOpenOption.APPEND);
        Files.writeString(files.getPath("/large"), "M".repeat(100_000));
        Files.createDirectory(files.getPath("/e"));
        Files.move(files.getPath("/d/x"), files.getPath("/e/x"));
        Files.delete(files.getPath("/d"));
    }

    /** Has everything of a transaction happen up to its rollback, and remembers what was there before. */
    private void run(boolean prepared) throws Exception {
        try (var ktm = openCoordinator(device);
                var files = openFiles(ktm, tree)) {
            var system = files.fileSystem();
            Files.writeString(system.getPath("/a"), "old");
            Files.writeString(system.getPath("/b"), "old");
            Files.writeString(system.getPath("/large"), "L".repeat(100_000));
            Files.createDirectory(system.getPath("/d"));
            Files.writeString(system.getPath("/d/x"), "old");
            files.settle();
            before = tree.tree();
            tree.forgetHistory();
            device.forgetHistory();
            device.mark(new TreePoint(0));
            var resource = files.xaResource();
            resource.start(XID, XAResource.TMNOFLAGS);
            work(system);
            resource.end(XID, XAResource.TMSUCCESS);
            if (prepared) {
                resource.prepare(XID);
            }
            resource.rollback(XID);
            assertThat(tree.tree()).isEqualTo(before);
            assertThat(tree.working()).isZero();
        }
    }

    private void check(CrashState state, int point, int seed) throws Exception {
        var random = new SplittableRandom(seed);
        var found = tree.survivor(point, seed == 0 ? bound -> bound - 1 : random::nextInt, count -> {});
        try (var ktm = openCoordinator(new SimulatedDevice(state.image()));
                var files = openFiles(ktm, found)) {
            assertThat(found.tree()).isEqualTo(before);
            for (var xid : ktm.xaResource().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN)) {
                // The vote had become durable; the other transaction manager says again what it has decided.
                ktm.xaResource().rollback(xid);
            }
            assertThat(files.inDoubt()).isEmpty();
            assertThat(found.tree()).isEqualTo(before);
            assertThat(found.working()).isZero();
            Files.writeString(files.fileSystem().getPath("/a"), "free");
            Files.writeString(files.fileSystem().getPath("/e"), "free");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Conforms({"TXF-DUR-02", "TXF-DUR-04"})
    void everyCrashLeavesWhatWasThereBefore(boolean prepared) throws Exception {
        run(prepared);
        var checked = new AtomicInteger();

        CrashStates.of(device.history()).atMostPerPoint(4).forEach(state -> {
            int point = state.lastMark(TreePoint.class).map(TreePoint::operations).orElse(0);
            for (int seed = 0; seed < SURVIVORS_PER_STATE; seed++) {
                try {
                    check(state, point, seed);
                } catch (Exception e) {
                    throw new AssertionError("seed " + seed + ", " + state, e);
                }
                checked.incrementAndGet();
            }
        });

        assertThat(checked.get()).isGreaterThan(40);
    }

    @Test
    void theWorkChangesWhatItSeesBeforeItIsRolledBack() throws Exception {
        try (var ktm = openCoordinator(device);
                var files = openFiles(ktm, tree)) {
            Files.createDirectory(files.fileSystem().getPath("/d"));
            Files.writeString(files.fileSystem().getPath("/d/x"), "old");
            Files.writeString(files.fileSystem().getPath("/b"), "old");
            ktm.transactionManager().begin();
            work(files.fileSystem());
            ktm.transactionManager().commit();
        }
        assertThat(tree.tree()).containsOnlyKeys("a", "b", "large", "e", "e/x");
    }
}
