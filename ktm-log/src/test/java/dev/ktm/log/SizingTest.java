package dev.ktm.log;

import static dev.ktm.log.LogFixture.append;
import static dev.ktm.log.LogFixture.await;
import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.fill;
import static dev.ktm.log.LogFixture.large;
import static dev.ktm.log.LogFixture.lsns;
import static dev.ktm.log.LogFixture.refusal;
import static dev.ktm.log.LogFixture.reopen;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.MemoryDevice;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SizingTest {

    private static final int UNIT = 512 * 1024;

    private final SimulatedDevice device = new SimulatedDevice();

    @Test
    @Conforms("CLFS-06")
    void containerSizesAreRoundedUpToTheUnitOfTheKind() throws Exception {
        try (var one = Log.open(device, LogFixture.options(LogKind.DEDICATED).build());
                var many = Log.open(
                        new SimulatedDevice(),
                        LogFixture.options(LogKind.MULTIPLEXED).build())) {
            one.addContainers(2, UNIT + 1);
            many.addContainers(2, UNIT);

            assertThat(one.stats().containerBytes()).isEqualTo(2 * UNIT);
            assertThat(many.stats().containerBytes()).isEqualTo(2 * UNIT);
            assertThat(device.raw().size(one.containers().get(0))).isEqualTo(2 * UNIT);
        }
    }

    @Test
    @Conforms("CLFS-06")
    void allContainersHaveTheSizeOfTheFirst() throws Exception {
        try (var log = Log.open(device, LogFixture.options(LogKind.DEDICATED).build())) {
            log.addContainers(2, 2 * UNIT);

            log.addContainers(1, 5 * UNIT);
            log.addContainers(1, UNIT + 1);
            log.addContainers(1);
            assertThat(refusal(() -> log.addContainers(1, UNIT))).isEqualTo(LogError.COULD_NOT_RESIZE);

            assertThat(log.containers())
                    .hasSize(5)
                    .allSatisfy(name -> assertThat(device.raw().size(name)).isEqualTo(2 * UNIT));
        }
    }

    @Test
    @Conforms("CLFS-30")
    void growingBy10PercentOf32ContainersAdds3() throws Exception {
        try (var log = dedicated(new MemoryDevice(), 32);
                var stream = log.stream()) {
            log.installPolicy(LogPolicy.GrowthRate.ofPercent(10), false);
            fill(stream, LogFixture.LARGE);

            var outcome = await(log.handleLogFull());

            assertThat(outcome).isEqualTo(LogFullOutcome.grew(3));
            assertThat(log.stats().containers()).isEqualTo(35);
            append(stream, 40);
        }
    }

    @Test
    void growthIsClippedToTheMaximum() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            log.installPolicy(LogPolicy.GrowthRate.ofContainers(5), false);
            log.installPolicy(new LogPolicy.MaximumSize(4), false);
            fill(stream);

            assertThat(await(log.handleLogFull())).isEqualTo(LogFullOutcome.grew(2));
            fill(stream);
            assertThat(await(log.handleLogFull()).result()).isEqualTo(LogFullOutcome.Result.PINNED);
            assertThat(log.stats().containers()).isEqualTo(4);
        }
    }

    @Test
    @Conforms("CLFS-34")
    void aSizeOfOneIsInvalid() throws Exception {
        try (var log = dedicated(device, 3)) {
            assertThatThrownBy(() -> log.setSize(1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> log.setSize(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThat(log.stats().containers()).isEqualTo(3);
        }
    }

    @Test
    @Conforms("CLFS-34")
    void aSizeOfZeroStandsForTheMinimumOrTwo() throws Exception {
        try (var log = dedicated(device, 5)) {
            log.installPolicy(new LogPolicy.MinimumSize(4), false);
            assertThat(log.setSize(0)).isEqualTo(4);
            assertThat(log.containers()).hasSize(4);

            log.installPolicy(new LogPolicy.MinimumSize(6), true);
            assertThat(log.setSize(0)).isEqualTo(6);
            assertThat(log.containers()).hasSize(6);

            log.removePolicy(LogPolicy.MinimumSize.class);
            assertThat(log.setSize(0)).isEqualTo(2);
            assertThat(log.containers()).hasSize(2);
        }
    }

    @Test
    void sizesObeyThePolicies() throws Exception {
        try (var log = dedicated(device, 3)) {
            assertThat(refusal(() -> log.setSize(1024))).isEqualTo(LogError.POLICY_CONFLICT);
            log.installPolicy(new LogPolicy.MaximumSize(4), false);
            log.installPolicy(new LogPolicy.MinimumSize(3), false);

            assertThat(refusal(() -> log.setSize(2))).isEqualTo(LogError.COULD_NOT_RESIZE);
            assertThat(log.setSize(1024)).isEqualTo(4);
            assertThat(refusal(() -> log.addContainers(1))).isEqualTo(LogError.CONTAINER_LIMIT_EXCEEDED);

            assertThat(log.containers()).hasSize(4);
        }
    }

    @Test
    void aLogHasAtMost1024Containers() throws Exception {
        try (var log = dedicated(device, 2)) {
            assertThat(refusal(() -> log.addContainers(1023))).isEqualTo(LogError.CONTAINER_LIMIT_EXCEEDED);
            assertThat(log.containers()).hasSize(2);
        }
    }

    @Test
    void shrinkingAndGrowingKeepsTheRecordsAndTheLogUsable() throws Exception {
        try (var log = dedicated(device, 6);
                var stream = log.stream()) {
            stream.append(data("first"));
            assertThat(log.setSize(2)).isEqualTo(2);
            stream.append(data("second"));
            assertThat(log.setSize(4)).isEqualTo(4);
            stream.append(data("third"));

            assertThat(texts(stream)).containsExactly("first", "second", "third");
            assertThat(device.list()).hasSize(6);
        }
        try (var log = reopen(device, LogKind.DEDICATED)) {
            assertThat(log.containers()).hasSize(4);
            assertThat(texts(log.stream())).containsExactly("first", "second", "third");
        }
    }

    @Test
    void aLogWhoseContainersAreInUseCannotShrink() throws Exception {
        try (var log = dedicated(device, 3);
                var stream = log.stream()) {
            var appended = fill(stream);

            assertThat(refusal(() -> log.setSize(2))).isEqualTo(LogError.COULD_NOT_RESIZE);

            assertThat(log.containers()).hasSize(3);
            assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD))).isEqualTo(appended);
        }
    }

    @Test
    @Conforms("CLFS-35")
    void aContainerInUseIsNotRemovedByForce() throws Exception {
        try (var log = dedicated(device, 3);
                var stream = log.stream()) {
            stream.append(data("a"));
            var first = log.containers().get(0);

            assertThat(refusal(() -> log.removeContainer(first, true))).isEqualTo(LogError.CONTAINER_STATE_INVALID);

            assertThat(log.containers()).hasSize(3).contains(first);
            assertThat(texts(stream)).containsExactly("a");
        }
    }

    @Test
    @Conforms("CLFS-35")
    void aContainerInUseThatIsRemovedWithoutForceGoesWhenNothingInItIsNeeded() throws Exception {
        try (var log = dedicated(device, 3);
                var stream = log.stream()) {
            stream.append(data("needed"));
            var first = log.containers().get(0);

            log.removeContainer(first, false);

            assertThat(log.containers()).contains(first);
            assertThat(texts(stream)).containsExactly("needed");
            var kept = append(stream, 20);
            stream.advanceBase(kept.get(19));
            await(log.handleLogFull());
            assertThat(log.containers()).hasSize(2).doesNotContain(first);
            assertThat(device.list()).doesNotContain(first);
            assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD))).containsExactly(kept.get(19));
        }
        try (var log = reopen(device, LogKind.DEDICATED)) {
            assertThat(log.containers()).hasSize(2);
        }
    }

    @Test
    @Conforms("CLFS-35")
    void aFreeContainerIsRemovedAtOnceWhereverItIs() throws Exception {
        try (var log = dedicated(device, 5);
                var stream = log.stream()) {
            stream.append(data("a"));
            var middle = log.containers().get(2);

            log.removeContainer(middle, true);

            assertThat(log.containers()).hasSize(4).doesNotContain(middle);
            assertThat(device.list()).doesNotContain(middle);
            var appended = append(stream, 50);
            assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD)))
                    .hasSize(51)
                    .containsAll(appended);
        }
        try (var log = reopen(device, LogKind.DEDICATED)) {
            assertThat(lsns(log.stream().read(Lsn.NULL, ReadMode.FORWARD))).hasSize(51);
        }
    }

    @Test
    void twoContainersAtLeastStay() throws Exception {
        try (var log = dedicated(device, 2)) {
            var last = log.containers().get(1);

            assertThat(refusal(() -> log.removeContainer(last, true))).isEqualTo(LogError.COULD_NOT_RESIZE);
            assertThat(refusal(() -> log.removeContainer("nothing", true))).isEqualTo(LogError.NOT_FOUND);
        }
    }

    /** One that is on its way out does not count. */
    @Test
    void twoContainersAtLeastStayWhenOneIsToGoLater() throws Exception {
        try (var log = dedicated(device, 3);
                var stream = log.stream()) {
            stream.append(data("needed"));
            log.removeContainer(log.containers().get(0), false);

            log.setSize(2);

            append(stream, 20);
            stream.clear();
            log.setSize(2);
            assertThat(log.containers()).hasSize(2);
            assertThat(fill(stream)).isNotEmpty();
        }
        reopen(device, LogKind.DEDICATED).stats();
    }

    @Test
    void aContainerWhoseSpaceIsReservedIsNotRemoved() throws Exception {
        try (var log = dedicated(device, 3);
                var stream = log.stream()) {
            var sizes = IntStream.generate(() -> LogFixture.LARGE).limit(20).toArray();
            var reservation = stream.reserve(sizes);
            var last = log.containers().get(2);

            assertThat(refusal(() -> log.removeContainer(last, true))).isEqualTo(LogError.PINNED_RESERVATION);
            assertThat(refusal(() -> log.setSize(2))).isEqualTo(LogError.COULD_NOT_RESIZE);

            for (int i = 0; i < 20; i++) {
                stream.append(reservation, large(), Lsn.INVALID, Lsn.INVALID);
            }
        }
    }

    @Test
    void containersAreAddedAllOrNone() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var files = device.list();
            device.injectFaults(FaultPlan.none().diskFullAtCreate(3));

            assertThatThrownBy(() -> log.addContainers(4)).isInstanceOf(LogDeviceException.class);

            assertThat(device.list()).isEqualTo(files);
            assertThat(log.containers()).hasSize(2);
            stream.appendForced(data("the log goes on"));
            log.addContainers(1);
            assertThat(log.containers()).hasSize(3);
        }
    }

    @Test
    void addingNoContainerIsTheCallersMistake() throws Exception {
        try (var log = dedicated(device, 2)) {
            assertThatThrownBy(() -> log.addContainers(0)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> log.addContainers(1, 0)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aContainerThatIsToGoLaterGoesAlsoAfterReopening() throws Exception {
        String leaving;
        try (var log = dedicated(device, 4);
                var stream = log.stream()) {
            stream.appendForced(data("a"));
            leaving = log.containers().get(0);
            log.removeContainer(leaving, false);
        }

        try (var log = reopen(device, LogKind.DEDICATED);
                var stream = log.stream()) {
            fill(stream, LogFixture.LARGE);
            stream.clear();
            stream.append(large());

            assertThat(log.containers()).doesNotContain(leaving).hasSize(3);
        }
    }

    @Test
    void shrinkingTakesAllOrNone() throws Exception {
        try (var log = dedicated(device, 6);
                var stream = log.stream()) {
            append(stream, 60);
            log.force();
            var before = log.containers();

            assertThat(refusal(() -> log.setSize(2))).isEqualTo(LogError.COULD_NOT_RESIZE);

            assertThat(log.containers()).isEqualTo(before);
        }
    }

    @Test
    void aContainerThatCannotBeDeletedHasLeftAllTheSame() throws Exception {
        try (var log = dedicated(device, 6);
                var stream = log.stream()) {
            stream.appendForced(data("precious"));
            device.injectFaults(FaultPlan.none().fail(OperationKind.DELETE, 1));

            assertThat(log.setSize(3)).isEqualTo(3);
            assertThat(log.setSize(3)).isEqualTo(3);

            assertThat(log.containers()).hasSize(3);
            assertThat(texts(stream)).containsExactly("precious");
        }
        try (var log = reopen(device, LogKind.DEDICATED);
                var stream = log.stream()) {
            assertThat(texts(stream)).containsExactly("precious");
            assertThat(device.list()).hasSize(3 + 2);
        }
    }
}
