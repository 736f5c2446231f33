package dev.ktm.log;

import static dev.ktm.log.LogFixture.append;
import static dev.ktm.log.LogFixture.await;
import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.fill;
import static dev.ktm.log.LogFixture.lsns;
import static dev.ktm.log.LogFixture.refusal;
import static dev.ktm.log.LogFixture.reopen;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.History;
import dev.ktm.log.testing.Operation;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.log.testing.Until;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyTest {

    private final SimulatedDevice device = new SimulatedDevice();

    @Test
    @Conforms("CLFS-28")
    void aPolicyIsInstalledTwiceOnlyIfItIsToBeOverwritten() throws Exception {
        try (var log = dedicated(device, 2)) {
            log.installPolicy(new LogPolicy.MaximumSize(5), false);

            assertThat(refusal(() -> log.installPolicy(new LogPolicy.MaximumSize(6), false)))
                    .isEqualTo(LogError.POLICY_ALREADY_INSTALLED);
            assertThat(log.policy(LogPolicy.MaximumSize.class)).contains(new LogPolicy.MaximumSize(5));

            log.installPolicy(new LogPolicy.MaximumSize(6), true);
            assertThat(log.policy(LogPolicy.MaximumSize.class)).contains(new LogPolicy.MaximumSize(6));
            log.installPolicy(new LogPolicy.MinimumSize(2), false);
        }
    }

    @Test
    @Conforms("CLFS-28")
    void aPolicyThatIsNotInstalledCannotBeRemoved() throws Exception {
        try (var log = dedicated(device, 2)) {
            assertThat(refusal(() -> log.removePolicy(LogPolicy.MaximumSize.class)))
                    .isEqualTo(LogError.POLICY_NOT_INSTALLED);

            log.installPolicy(new LogPolicy.MaximumSize(5), false);
            log.removePolicy(LogPolicy.MaximumSize.class);

            assertThat(log.policy(LogPolicy.MaximumSize.class)).isEmpty();
            assertThat(refusal(() -> log.removePolicy(LogPolicy.MaximumSize.class)))
                    .isEqualTo(LogError.POLICY_NOT_INSTALLED);
        }
    }

    @Test
    @Conforms("CLFS-29")
    void policiesGoWhenTheLogIsClosed() throws Exception {
        try (var log = dedicated(device, 2)) {
            log.installPolicy(new LogPolicy.MaximumSize(2), false);
            assertThat(refusal(() -> log.addContainers(1))).isEqualTo(LogError.CONTAINER_LIMIT_EXCEEDED);
        }

        try (var log = reopen(device, LogKind.DEDICATED)) {
            assertThat(log.policy(LogPolicy.MaximumSize.class)).isEmpty();
            log.addContainers(1);
            assertThat(log.containers()).hasSize(3);
        }
    }

    @Test
    void policiesThatContradictEachOtherAreRefused() throws Exception {
        try (var log = dedicated(device, 2)) {
            log.installPolicy(new LogPolicy.MaximumSize(5), false);

            assertThat(refusal(() -> log.installPolicy(new LogPolicy.MinimumSize(6), false)))
                    .isEqualTo(LogError.POLICY_INVALID);
            log.installPolicy(new LogPolicy.MinimumSize(4), false);
            assertThat(refusal(() -> log.installPolicy(new LogPolicy.MaximumSize(3), true)))
                    .isEqualTo(LogError.POLICY_INVALID);

            assertThat(log.policy(LogPolicy.MaximumSize.class)).contains(new LogPolicy.MaximumSize(5));
        }
    }

    @Test
    void installingAPolicyChangesNothingByItself() throws Exception {
        try (var log = dedicated(device, 2)) {
            log.installPolicy(new LogPolicy.MinimumSize(4), false);
            reclaimWithoutResizing(log);

            assertThat(log.containers()).hasSize(2);
        }
    }

    private static void reclaimWithoutResizing(Log log) throws Exception {
        await(log.handleLogFull());
    }

    @Test
    void theSizeOfContainersIsAPolicyUntilTheFirstExists() throws Exception {
        try (var log = Log.open(device, LogFixture.options(LogKind.DEDICATED).build())) {
            log.installPolicy(new LogPolicy.NewContainerSize(1 << 20), false);
            log.addContainers(2);

            assertThat(log.stats().containerBytes()).isEqualTo(1 << 20);
            assertThat(refusal(() -> log.installPolicy(new LogPolicy.NewContainerSize(1 << 20), true)))
                    .isEqualTo(LogError.POLICY_INVALID);
        }
    }

    @Test
    void namesOfNewContainersFollowThePolicies() throws Exception {
        try (var log = dedicated(device, 2)) {
            log.installPolicy(new LogPolicy.ContainerPrefix("segment-"), false);
            log.installPolicy(new LogPolicy.ContainerSuffix(7), false);
            log.installPolicy(new LogPolicy.ContainerExtension(""), false);
            log.addContainers(2);
            log.installPolicy(new LogPolicy.ContainerExtension("wal"), true);
            log.addContainers(1);

            assertThat(log.containers())
                    .containsExactly("ktm-1.log", "ktm-2.log", "segment-7", "segment-8", "segment-9.wal");
            assertThat(device.list()).containsAll(log.containers());
        }
        try (var log = reopen(device, LogKind.DEDICATED)) {
            assertThat(log.containers()).hasSize(5);
        }
    }

    /** A container that is renamed onto another one destroys it. */
    @Test
    void aNameThatIsTakenIsNotGivenToANewContainer() throws Exception {
        device.raw().createFile("ktm-4.log", new byte[] {1, 2, 3});
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.appendForced(data("durable"));
            log.installPolicy(new LogPolicy.ContainerSuffix(1), false);

            log.addContainers(2);

            assertThat(log.containers()).containsExactly("ktm-1.log", "ktm-2.log", "ktm-3.log", "ktm-5.log");
            assertThat(device.raw().read("ktm-4.log")).containsExactly(1, 2, 3);
            assertThat(texts(stream)).containsExactly("durable");
        }
        try (var log = reopen(device, LogKind.DEDICATED);
                var stream = log.stream()) {
            assertThat(texts(stream)).containsExactly("durable");
            log.addContainers(2);
            assertThat(log.containers()).hasSize(6).doesNotHaveDuplicates();
        }
    }

    /** Files with that ending are taken for left over when the log is opened. */
    @Test
    void theEndingOfUnfinishedFilesIsNoExtension() {
        assertThatThrownBy(() -> new LogPolicy.ContainerExtension("ktm-new"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LogPolicy.ContainerExtension("a.ktm-new"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "..", "a/b", "a\\b", "a b", "a\nb", "ä", ".hidden", "a:b"})
    void namesThatAreNoPlainFileNamesAreRefused(String name) {
        assertThatThrownBy(() -> new LogPolicy.ContainerPrefix(name)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void policiesRefuseWhatMakesNoSense() {
        assertThatThrownBy(() -> new LogPolicy.MaximumSize(1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LogPolicy.MaximumSize(1025)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LogPolicy.MinimumSize(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LogPolicy.NewContainerSize(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LogPolicy.GrowthRate(1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LogPolicy.GrowthRate(0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LogPolicy.GrowthRate.ofContainers(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LogPolicy.LogTail.ofPercent(101)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LogPolicy.LogTail(2, 2)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LogPolicy.AutoShrink(101)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LogPolicy.ContainerSuffix(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LogPolicy.ContainerExtension("a/b")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void policiesCanBeGivenWhenTheLogIsOpened() throws Exception {
        var options = LogFixture.options(LogKind.DEDICATED).policy(new LogPolicy.MaximumSize(3));
        try (var log = LogFixture.create(device, options, 2)) {
            assertThat(log.policy(LogPolicy.MaximumSize.class)).contains(new LogPolicy.MaximumSize(3));
            assertThat(refusal(() -> log.addContainers(2))).isEqualTo(LogError.CONTAINER_LIMIT_EXCEEDED);
        }
    }

    @Test
    void aLogThatGrowsByItselfIsNeverFull() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            log.installPolicy(new LogPolicy.AutoGrow(true), false);

            append(stream, 100);

            assertThat(log.stats().containers()).isGreaterThan(5);
            assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD))).hasSize(100);
        }
    }

    @Test
    void aLogThatGrowsByItselfStopsAtItsMaximum() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            log.installPolicy(new LogPolicy.AutoGrow(true), false);
            log.installPolicy(new LogPolicy.MaximumSize(4), false);

            fill(stream);

            assertThat(log.stats().containers()).isEqualTo(4);
        }
    }

    @Test
    void aLogThatCannotGrowByItselfBecauseTheDiskIsFullIsFull() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            device.injectFaults(FaultPlan.none().diskFullAfter(0));
            log.installPolicy(new LogPolicy.AutoGrow(true), false);

            assertThatThrownBy(() -> append(stream, 100)).isInstanceOf(LogFullException.class);

            device.injectFaults(FaultPlan.none());
            log.addContainers(2);
            append(stream, 20);
        }
    }

    @Test
    void aLogThatShrinksByItselfGivesUpFreeContainers() throws Exception {
        var deleted = new CountDownLatch(4);
        try (var log = dedicated(device, 8)) {
            device.hook(new OperationHook() {
                @Override
                public void after(OperationKind kind, String name) {
                    if (kind == OperationKind.DELETE) {
                        deleted.countDown();
                    }
                }
            });

            log.installPolicy(new LogPolicy.AutoShrink(75), false);

            assertThat(deleted.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(log.setSize(4)).isEqualTo(4);
        }
    }

    @Test
    void policiesGivenWhenALogIsCreatedHoldForItsFirstContainers() throws Exception {
        var options = LogOptions.builder()
                .kind(LogKind.DEDICATED)
                .containers(2)
                .policy(new LogPolicy.NewContainerSize(1 << 20))
                .policy(new LogPolicy.ContainerPrefix("segment-"))
                .build();

        try (var log = Log.open(device, options)) {
            assertThat(log.stats().containerBytes()).isEqualTo(1 << 20);
            assertThat(log.containers()).allMatch(name -> name.startsWith("segment-"));
        }
    }

    @Test
    void policiesThatContradictEachOtherLeaveNothingBehindWhenALogIsCreated() throws Exception {
        var options = LogOptions.builder()
                .policy(new LogPolicy.MaximumSize(3))
                .policy(new LogPolicy.MinimumSize(5))
                .build();

        assertThat(refusal(() -> Log.open(device, options))).isEqualTo(LogError.POLICY_INVALID);

        assertThat(device.list()).isEmpty();
    }

    @Test
    void growingAndShrinkingByPolicyDoNotWorkAgainstEachOther() throws Exception {
        try (var log = dedicated(device, 4);
                var stream = log.stream()) {
            int before = device.history().size();
            log.installPolicy(new LogPolicy.AutoGrow(true), false);
            log.installPolicy(new LogPolicy.AutoShrink(25), false);

            Until.holds(() -> {
                pass(stream, 20);
                return device.history().count(Operation.Delete.class) > 0;
            });
            pass(stream, 100);

            // One is in use, and growing wants two free ones: shrinking leaves them.
            assertThat(fewest(4, device.history(), before)).isEqualTo(3);
        }
    }

    /** How few containers there were since, if there were so many. */
    private static int fewest(int containers, History history, int since) {
        int present = containers;
        int fewest = containers;
        for (var each : history.operations().subList(since, history.size())) {
            if (each instanceof Operation.Create) {
                present++;
            } else if (each instanceof Operation.Delete) {
                present--;
            }
            fewest = Math.min(fewest, present);
        }
        return fewest;
    }

    private static void pass(LogStream stream, int records) throws LogException {
        for (int i = 0; i < records; i++) {
            stream.appendForced(LogFixture.large());
            stream.clear();
        }
    }

    @Test
    void aNewLogDoesNotGrowBecauseItIsNotFilledYet() throws Exception {
        device.hook(new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) {
                if (kind == OperationKind.WRITE
                        && Thread.currentThread().getName().endsWith("housekeeper")) {
                    // A slow disk.
                    LockSupport.parkNanos(10_000_000);
                }
            }
        });
        var options = LogOptions.builder()
                .kind(LogKind.DEDICATED)
                .containers(2)
                .containerBytes(8 << 20)
                .policy(new LogPolicy.AutoGrow(true))
                .policy(new LogPolicy.MaximumSize(30));
        try (var log = Log.open(device, options.build());
                var stream = log.stream()) {
            for (int i = 0; i < 40; i++) {
                stream.append(java.nio.ByteBuffer.allocate(200_000));
                stream.clear();
            }

            assertThat(log.containers()).hasSizeLessThanOrEqualTo(4);
        }
    }

    @Test
    void growingThatFailedIsTriedAgainOnlyAfterAWhile() throws Exception {
        var clock = new AtomicLong();
        try (var log =
                LogStarter.open(device, LogFixture.options(LogKind.DEDICATED).build(), clock::get)) {
            log.addContainers(2, 1);
            log.installPolicy(new LogPolicy.AutoGrow(true), false);
            var stream = log.stream();
            device.injectFaults(FaultPlan.none().failFrom(OperationKind.CREATE, 1));
            assertThatThrownBy(() -> append(stream, 100))
                    .isInstanceOf(LogFullException.class)
                    .hasMessageContaining("cannot add");
            long attempts = device.attempts(OperationKind.CREATE);

            assertThatThrownBy(() -> append(stream, 1)).isInstanceOf(LogFullException.class);
            assertThat(device.attempts(OperationKind.CREATE)).isEqualTo(attempts);

            device.injectFaults(FaultPlan.none());
            clock.addAndGet(TimeUnit.SECONDS.toNanos(6));
            append(stream, 20);
        }
    }

    @Test
    void fillingThatFailedIsGoneOnWithAfterAWhile() throws Exception {
        var clock = new AtomicLong();
        var options = LogOptions.builder().kind(LogKind.DEDICATED).containers(4).containerBytes(4 << 20);
        device.injectFaults(FaultPlan.none().diskFullAfter(6 << 20));
        try (var log = LogStarter.open(device, options.build(), clock::get);
                var stream = log.stream()) {
            // Appends wait until filling has ended, here with a full disk.
            assertThatThrownBy(() -> append(stream, 600))
                    .isInstanceOf(LogFullException.class)
                    .hasMessageContaining("not filled yet")
                    .hasMessageContaining("cannot fill container");
            device.injectFaults(FaultPlan.none());
            clock.addAndGet(TimeUnit.SECONDS.toNanos(6));

            // Refused once more at most; it has filling tried again.
            assertThatThrownBy(() -> append(stream, 600)).isInstanceOf(LogFullException.class);
            assertThatThrownBy(() -> append(stream, 600)).isInstanceOf(LogFullException.class);

            awaitFilled(log, 4);
        }
    }

    private static void awaitFilled(Log log, int containers) throws LogException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (log.stats().filledContainers() < containers) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }
}
