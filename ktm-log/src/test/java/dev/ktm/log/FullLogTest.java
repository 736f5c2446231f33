package dev.ktm.log;

import static dev.ktm.log.LogFixture.append;
import static dev.ktm.log.LogFixture.await;
import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.fill;
import static dev.ktm.log.LogFixture.large;
import static dev.ktm.log.LogFixture.multiplexed;
import static dev.ktm.log.LogFixture.refusal;
import static dev.ktm.log.LogFixture.reopen;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.LogFixture.RecordingClient;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class FullLogTest {

    private final SimulatedDevice device = new SimulatedDevice();

    @Test
    @Conforms("CLFS-31")
    void aFullLogGrowsBeforeAnybodyIsAsked() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var client = new RecordingClient();
            stream.registerClient(client);
            log.installPolicy(new LogPolicy.MaximumSize(3), false);
            fill(stream);

            var outcome = await(log.handleLogFull());

            assertThat(outcome).isEqualTo(LogFullOutcome.grew(1));
            assertThat(await(client.handled)).isEqualTo(outcome);
            assertThat(client.asked).isEmpty();
            stream.append(large());
        }
    }

    @Test
    @Conforms("CLFS-31")
    void aFullLogThatCannotGrowAsksItsClientsToAdvance() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var client = new RecordingClient();
            stream.registerClient(client);
            var appended = fill(stream);

            var outcome = log.handleLogFull();
            long target = await(client.asked);
            assertThat(outcome.toCompletableFuture()).isNotDone();
            assertThat(target).isGreaterThan(appended.get(0)).isLessThanOrEqualTo(stream.last());
            stream.advanceBase(target);

            assertThat(await(outcome)).isEqualTo(LogFullOutcome.reclaimed());
            assertThat(await(client.handled)).isEqualTo(LogFullOutcome.reclaimed());
            stream.append(large());
        }
    }

    @Test
    @Conforms({"CLFS-31", "CLFS-32"})
    void aFullLogWhoseClientsCannotAdvanceIsPinnedForTheirReason() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var client = new RecordingClient();
            stream.registerClient(client);
            var appended = fill(stream);

            var outcome = log.handleLogFull();
            await(client.asked);
            stream.cannotAdvance("an old transaction is active");

            assertThat(await(outcome).pinnedBy()).hasValueSatisfying(pin -> {
                assertThat(pin.reason()).isEqualTo(LogError.PINNED);
                assertThat(pin.lsn()).isEqualTo(appended.get(0) & ~4095);
                assertThat(pin.who()).isEqualTo("the log's stream");
                assertThat(pin.why()).isEqualTo("an old transaction is active");
            });
            assertThat(await(client.handled).result()).isEqualTo(LogFullOutcome.Result.PINNED);
        }
    }

    @Test
    void whoIsAskedBeforeThereIsNeedMayRefuseAndIsAskedAgainWhenThereIs() throws Exception {
        try (var log = multiplexed(device, 3);
                var quiet = log.stream("quiet");
                var busy = log.stream("busy")) {
            var client = new RecordingClient();
            quiet.registerClient(client);
            quiet.append(data("old"));
            fill(busy);

            busy.askOthersToAdvance();
            long target = await(client.asked);
            busy.askOthersToAdvance();
            assertThat(client.asked).as("it has not answered").isEmpty();
            quiet.cannotAdvance("not yet");
            assertThat(client.handled).as("no log was taken for full").isEmpty();
            quiet.askOthersToAdvance();
            assertThat(client.asked).as("it has asked itself").isEmpty();

            var outcome = log.handleLogFull();
            assertThat(await(client.asked)).isEqualTo(target);
            quiet.cannotAdvance("nor now");
            assertThat(await(outcome).result()).isEqualTo(LogFullOutcome.Result.PINNED);
        }
    }

    @Test
    void whoAsksBeforeThereIsNeedDoesNotHaveTheLogGrow() throws Exception {
        try (var log = multiplexed(device, 2);
                var quiet = log.stream("quiet");
                var busy = log.stream("busy")) {
            var client = new RecordingClient();
            quiet.registerClient(client);
            quiet.append(data("old"));
            log.installPolicy(new LogPolicy.MaximumSize(3), false);
            fill(busy);

            busy.askOthersToAdvance();

            await(client.asked);
            assertThat(log.stats().containers()).isEqualTo(2);
            assertThat(await(log.handleLogFull())).isEqualTo(LogFullOutcome.grew(1));
        }
    }

    @Test
    @Conforms("CLFS-32")
    void aClientThatRefusedIsAskedAgainOnlyForALaterTarget() throws Exception {
        try (var log = dedicated(device, 3);
                var stream = log.stream()) {
            var client = new RecordingClient();
            stream.registerClient(client);
            fill(stream);
            var first = log.handleLogFull();
            long target = await(client.asked);
            stream.cannotAdvance("not now");
            await(first);

            var second = await(log.handleLogFull());
            assertThat(client.asked).isEmpty();
            assertThat(second.pinnedBy())
                    .hasValueSatisfying(pin -> assertThat(pin.why()).isEqualTo("not now"));

            log.installPolicy(LogPolicy.LogTail.ofContainers(2), false);
            var third = log.handleLogFull();
            assertThat(await(client.asked)).isGreaterThan(target);
            stream.cannotAdvance("still not");
            assertThat(await(third).pinnedBy())
                    .hasValueSatisfying(pin -> assertThat(pin.why()).isEqualTo("still not"));
        }
    }

    @Test
    @Conforms("CLFS-32")
    void aClientThatHasNotAnsweredIsNotAskedTheSameAgain() throws Exception {
        try (var log = multiplexed(device, 4);
                var quick = log.stream("quick");
                var slow = log.stream("slow")) {
            var quickClient = new RecordingClient();
            var slowClient = new RecordingClient();
            quick.registerClient(quickClient);
            slow.registerClient(slowClient);
            quick.append(data("oldest"));
            append(quick, 40);
            slow.append(data("in the second container"));
            fill(quick);
            log.installPolicy(LogPolicy.LogTail.ofContainers(2), false);
            var first = log.handleLogFull();
            await(quickClient.asked);
            await(slowClient.asked);
            quick.clear();
            assertThat(await(first)).isEqualTo(LogFullOutcome.reclaimed());
            fill(quick);

            var second = log.handleLogFull();
            slow.clear();

            assertThat(await(second)).isEqualTo(LogFullOutcome.reclaimed());
            assertThat(slowClient.asked).isEmpty();
        }
    }

    @Test
    @Conforms("CLFS-33")
    void anUnpinnedCallbackFollowsWhenSpaceIsReleased() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var client = new RecordingClient();
            stream.registerClient(client);
            fill(stream);
            var outcome = log.handleLogFull();
            await(client.asked);
            stream.cannotAdvance("not now");
            await(outcome);
            assertThat(client.unpinned).isEmpty();

            stream.clear();

            await(client.unpinned);
            stream.append(large());
            assertThat(client.unpinned).isEmpty();
        }
    }

    @Test
    @Conforms("CLFS-33")
    void reservationsThatAreFreedUnpinALogThatTheyPinned() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var client = new RecordingClient();
            stream.registerClient(client);
            var reservation = stream.reserve(LogFixture.LARGE, LogFixture.LARGE);
            fillByReserving(stream);
            var outcome = await(log.handleLogFull());
            assertThat(outcome.pinnedBy())
                    .hasValueSatisfying(pin -> assertThat(pin.reason()).isEqualTo(LogError.PINNED_RESERVATION));

            reservation.close();

            await(client.unpinned);
            stream.append(large());
        }
    }

    private static void fillByReserving(LogStream stream) throws LogException {
        try {
            while (true) {
                stream.reserve(LogFixture.LARGE);
            }
        } catch (LogFullException e) {
            // That was the intention.
        }
    }

    /** A little room that does not suffice is no release. */
    @Test
    @Conforms("CLFS-33")
    void noUnpinnedCallbackComesBeforeSpaceIsReleased() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var client = new RecordingClient();
            stream.registerClient(client);
            var room = stream.reserve(1);
            var appended = fill(stream);
            room.close();
            var outcome = log.handleLogFull();
            await(client.asked);
            stream.cannotAdvance("not now");
            await(outcome);

            stream.advanceBase(appended.get(1));
            await(log.handleLogFull());

            assertThat(client.unpinned).isEmpty();
            stream.clear();
            await(client.unpinned);
        }
    }

    @Test
    void aFullLogThatASnapshotPinsGrows() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            log.installPolicy(new LogPolicy.MaximumSize(3), false);
            fill(stream);
            var snapshot = stream.prepareArchive();
            stream.clear();

            assertThat(await(log.handleLogFull())).isEqualTo(LogFullOutcome.grew(1));

            snapshot.close();
            stream.append(large());
        }
    }

    @Test
    void oneRequestIsDealtWithAtATime() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var client = new RecordingClient();
            stream.registerClient(client);
            fill(stream);
            var first = log.handleLogFull();
            await(client.asked);

            assertThat(refusal(log::handleLogFull)).isEqualTo(LogError.FULL_HANDLER_IN_PROGRESS);

            stream.cannotAdvance("no");
            await(first);
            await(log.handleLogFull());
        }
    }

    @Test
    void aStreamWithoutAClientPinsTheLogAndIsNamed() throws Exception {
        try (var log = multiplexed(device, 2);
                var stalled = log.stream("stalled");
                var busy = log.stream("busy")) {
            long oldest = stalled.append(data("needed"));
            fill(busy);
            busy.clear();

            var outcome = await(log.handleLogFull());

            assertThat(outcome.pinnedBy()).hasValueSatisfying(pin -> {
                assertThat(pin.who()).isEqualTo("stream \"stalled\"");
                assertThat(pin.lsn()).isLessThanOrEqualTo(oldest);
                assertThat(pin.reason()).isEqualTo(LogError.PINNED);
            });
        }
    }

    @Test
    void anArchiveSnapshotThatPinsTheLogIsNamed() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream();
                var snapshot = archiveOf(stream)) {
            fill(stream);
            stream.clear();

            var outcome = await(log.handleLogFull());

            assertThat(outcome.pinnedBy()).hasValueSatisfying(pin -> {
                assertThat(pin.who()).isEqualTo("an archive snapshot");
                assertThat(pin.lsn()).isEqualTo(snapshot.low());
            });
        }
    }

    private static ArchiveSnapshot archiveOf(LogStream stream) throws LogException {
        append(stream, 5);
        return stream.prepareArchive();
    }

    @Test
    void growthThatFailsIsTold() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            log.installPolicy(new LogPolicy.MaximumSize(3), false);
            fill(stream);
            device.injectFaults(FaultPlan.none().diskFullAtCreate(1));

            var outcome = await(log.handleLogFull());

            assertThat(outcome.pinnedBy())
                    .hasValueSatisfying(pin -> assertThat(pin.why()).contains("No space left on device"));
            assertThat(await(log.handleLogFull())).isEqualTo(LogFullOutcome.grew(1));
        }
    }

    @Test
    void aContainerThatCannotBeDeletedKeepsNobodyFromTheSpaceOfTheOthers() throws Exception {
        try (var log = dedicated(device, 3);
                var stream = log.stream()) {
            stream.append(data("a"));
            log.removeContainer(log.containers().get(0), false);
            fill(stream);
            device.hook(failingDeletions());
            stream.registerClient((handle, target) -> clear(handle));

            assertThat(await(log.handleLogFull())).isEqualTo(LogFullOutcome.reclaimed());

            append(stream, 10);
        }
        device.hook(OperationHook.NONE);
        try (var log = reopen(device, LogKind.DEDICATED)) {
            assertThat(log.containers()).hasSize(2);
            assertThat(device.list()).hasSize(4);
        }
    }

    /** Whatever goes wrong, the requester hears of it. */
    @Test
    void aRequestThatFailsIsAnsweredWithTheFailure() throws Exception {
        var log = dedicated(device, 3);
        var stream = log.stream();
        stream.registerClient((handle, target) -> clear(handle));
        fill(stream);
        device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE, 1));

        var outcome = log.handleLogFull();

        assertThatThrownBy(() -> await(outcome)).hasCauseInstanceOf(LogFailedException.class);
        assertThatThrownBy(log::close).isInstanceOf(LogFailedException.class);
    }

    private static void clear(LogStream stream) {
        try {
            stream.clear();
        } catch (LogException e) {
            throw new IllegalStateException(e);
        }
    }

    private static OperationHook failingDeletions() {
        return new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) throws IOException {
                if (kind == OperationKind.DELETE) {
                    throw new IOException("cannot delete " + name);
                }
            }
        };
    }

    @Test
    void aRequestIsAbandonedWhenTheLogIsClosed() throws Exception {
        var log = dedicated(device, 2);
        var stream = log.stream();
        var client = new RecordingClient();
        stream.registerClient(client);
        fill(stream);
        var outcome = log.handleLogFull();
        await(client.asked);

        log.close();

        assertThatThrownBy(() -> await(outcome)).hasCauseInstanceOf(LogClosedException.class);
    }

    @Test
    void aClientThatLeavesIsNotWaitedFor() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream();
                var second = log.stream()) {
            var client = new RecordingClient();
            second.registerClient(client);
            fill(stream);
            var outcome = log.handleLogFull();
            await(client.asked);

            second.close();

            assertThat(await(outcome).result()).isEqualTo(LogFullOutcome.Result.PINNED);
        }
    }

    @Test
    void aStreamHasOneClient() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream();
                var second = log.stream()) {
            assertThat(refusal(stream::deregisterClient)).isEqualTo(LogError.CLIENT_NOT_REGISTERED);
            assertThat(refusal(() -> stream.cannotAdvance("why"))).isEqualTo(LogError.CLIENT_NOT_REGISTERED);
            stream.registerClient(new RecordingClient());

            assertThat(refusal(() -> stream.registerClient(new RecordingClient())))
                    .isEqualTo(LogError.CLIENT_ALREADY_REGISTERED);
            assertThat(refusal(() -> second.registerClient(new RecordingClient())))
                    .isEqualTo(LogError.CLIENT_ALREADY_REGISTERED);

            stream.deregisterClient();
            second.registerClient(new RecordingClient());
        }
    }

    @Test
    void closingAHandleLeavesTheClientOfAnotherOneRegistered() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream();
                var second = log.stream()) {
            stream.registerClient(new RecordingClient());
            second.deregisterClient();
            second.registerClient(new RecordingClient());

            stream.close();

            assertThat(refusal(() -> second.registerClient(new RecordingClient())))
                    .isEqualTo(LogError.CLIENT_ALREADY_REGISTERED);
        }
    }

    @Test
    void aClientThatThrowsDoesNotHarmTheLog() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var asked = new CompletableFuture<Long>();
            stream.registerClient((handle, target) -> {
                asked.complete(target);
                throw new IllegalStateException("a bug of the client");
            });
            fill(stream);
            var outcome = log.handleLogFull();
            await(asked);

            stream.cannotAdvance("it threw");

            assertThat(await(outcome).result()).isEqualTo(LogFullOutcome.Result.PINNED);
        }
    }

    /** Whoever appends may recycle what a client gave up before the request hears of it. */
    @Test
    void aRequestEndsWellThoughOthersRecycleFirst() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.registerClient((handle, target) -> {
                try {
                    handle.clear();
                    handle.append(large());
                } catch (LogException e) {
                    throw new IllegalStateException(e);
                }
            });

            for (int round = 0; round < 100; round++) {
                fill(stream, LogFixture.LARGE);
                assertThat(await(log.handleLogFull()).result()).isEqualTo(LogFullOutcome.Result.RECLAIMED);
            }
        }
    }
}
