package dev.ktm.log;

import static dev.ktm.log.LogFixture.append;
import static dev.ktm.log.LogFixture.await;
import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.fill;
import static dev.ktm.log.LogFixture.lsns;
import static dev.ktm.log.LogFixture.reopen;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktm.log.LogFixture.RecordingClient;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class LifecycleTest {

    private final SimulatedDevice device = new SimulatedDevice();

    @Test
    void theIdentityStaysAndTheIncarnationGrowsWithEachOpen() throws Exception {
        UUID identity;
        long incarnation;
        try (var log = dedicated(device, 2)) {
            identity = log.identity();
            incarnation = log.incarnation();
        }

        try (var log = reopen(device, LogKind.DEDICATED)) {
            assertThat(log.identity()).isEqualTo(identity);
            assertThat(log.incarnation()).isEqualTo(incarnation + 1);
            try (var crashed = reopen(device.copy(), LogKind.DEDICATED)) {
                assertThat(crashed.identity()).isEqualTo(identity);
                assertThat(crashed.incarnation()).isGreaterThan(incarnation + 1);
            }
        }
        try (var other = dedicated(new SimulatedDevice(), 2)) {
            assertThat(other.identity()).isNotEqualTo(identity);
        }
    }

    @Test
    void everyOperationOfAClosedHandleSaysSo() throws Exception {
        try (var log = dedicated(device, 2)) {
            var stream = log.stream();
            var reservation = stream.reserve(1);
            long lsn = stream.append(data("a"));
            var restart = stream.writeRestart(data("b"));
            var area = stream.readRestart();
            stream.close();
            stream.close();

            operationsOf(stream, reservation, lsn, area)
                    .forEach(operation -> assertThatThrownBy(operation)
                            .isInstanceOfSatisfying(
                                    LogClosedException.class,
                                    closed -> assertThat(closed.error()).isEqualTo(LogError.CLOSED)));
            assertThat(log.stream().last()).isEqualTo(restart);
        }
    }

    @Test
    void everyOperationOfAClosedLogSaysSo() throws Exception {
        var log = dedicated(device, 2);
        var stream = log.stream();
        var reservation = stream.reserve(1);
        long lsn = stream.append(data("a"));
        stream.writeRestart(data("b"));
        var area = stream.readRestart();
        var reader = stream.read(lsn, ReadMode.FORWARD);
        log.close();
        log.close();

        var operations = new ArrayList<>(operationsOf(stream, reservation, lsn, area));
        operations.addAll(List.of(
                log::stream,
                log::force,
                log::stats,
                log::handleLogFull,
                reader::next,
                () -> log.addContainers(1),
                () -> log.removeContainer("ktm-1.log", false),
                () -> log.setSize(3),
                () -> log.installPolicy(new LogPolicy.MaximumSize(3), false),
                () -> log.removePolicy(LogPolicy.MaximumSize.class)));
        operations.forEach(operation -> assertThatThrownBy(operation).isInstanceOf(LogClosedException.class));
        stream.close();
    }

    private static List<ThrowingCallable> operationsOf(
            LogStream stream, Reservation reservation, long lsn, RestartArea area) {
        var payload = data("late");
        return List.of(
                () -> stream.append(payload),
                () -> stream.append(reservation, payload, Lsn.INVALID, Lsn.INVALID),
                () -> stream.appendForced(payload),
                () -> stream.appendForced(reservation, payload, Lsn.INVALID, Lsn.INVALID),
                () -> stream.appendQueued(payload, Lsn.INVALID, Lsn.INVALID),
                () -> stream.appendAndReserve(payload, Lsn.INVALID, Lsn.INVALID, reservation, 1),
                () -> stream.reserve(1),
                () -> stream.force(lsn),
                stream::maxPayloadBytes,
                () -> stream.read(lsn, ReadMode.FORWARD),
                () -> stream.writeRestart(payload),
                stream::latestRestart,
                stream::readRestart,
                () -> stream.readPreviousRestart(area),
                () -> stream.advanceBase(lsn),
                stream::clear,
                stream::base,
                stream::last,
                () -> stream.truncateEnd(lsn),
                stream::archiveTail,
                () -> stream.setArchiveTail(lsn),
                stream::prepareArchive,
                () -> stream.registerClient(new RecordingClient()),
                stream::deregisterClient,
                () -> stream.cannotAdvance("why"),
                stream::delete,
                stream::closeAndReset);
    }

    @Test
    void aFailedWriteEndsTheLogsWorkUntilItIsOpenedAgain() throws Exception {
        var log = dedicated(device, 2);
        var stream = log.stream();
        stream.appendForced(data("durable"));
        device.injectFaults(FaultPlan.none().fail(OperationKind.WRITE, 1));

        assertThatThrownBy(() -> stream.appendForced(data("lost"))).isInstanceOf(LogFailedException.class);

        assertThatThrownBy(() -> stream.append(data("late"))).isInstanceOf(LogFailedException.class);
        assertThatThrownBy(() -> stream.reserve(1)).isInstanceOf(LogFailedException.class);
        assertThatThrownBy(() -> stream.writeRestart(data("late"))).isInstanceOf(LogFailedException.class);
        assertThatThrownBy(log::close).isInstanceOf(LogFailedException.class);
        log.close();
        try (var again = reopen(device, LogKind.DEDICATED);
                var recovered = again.stream()) {
            assertThat(texts(recovered)).containsExactly("durable");
            recovered.appendForced(data("the log goes on"));
        }
    }

    @Test
    void closingALogThatFailedEndsItsThreads() throws Exception {
        var thread = new CompletableFuture<Thread>();
        var log = dedicated(device, 2);
        var stream = log.stream();
        stream.registerClient((handle, target) -> thread.complete(Thread.currentThread()));
        fill(stream);
        log.handleLogFull();
        var callbacks = await(thread);
        device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE, 1));

        assertThatThrownBy(log::close).isInstanceOf(LogFailedException.class);

        callbacks.join(20_000);
        assertThat(callbacks.isAlive()).isFalse();
    }

    @Test
    void readersOfALogGoOnWhileItIsAppendedTo() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            append(stream, 3);
            var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
            reader.next();

            append(stream, 3);

            assertThat(lsns(reader)).hasSize(5);
        }
    }

    @Test
    void optionsRefuseWhatMakesNoSense() {
        assertThatThrownBy(() -> LogOptions.builder().containers(1).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LogOptions.builder().containers(-1).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LogOptions.builder().containers(1025).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LogOptions.builder().containerBytes(0).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        LogOptions.builder().containerBytes((1L << 30) + 1).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        LogOptions.builder().idleFlush(Duration.ofMillis(-1)).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        LogOptions.builder().idleFlush(Duration.ofHours(2)).build())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aNewLogGetsTheContainersThatItsOptionsAskFor() throws Exception {
        var options = LogOptions.builder()
                .kind(LogKind.DEDICATED)
                .containerBytes(1)
                .containers(4)
                .build();
        try (var log = Log.open(device, options);
                var stream = log.stream()) {
            append(stream, 50);
            assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD))).hasSize(50);
        }

        try (var log = Log.open(device, options)) {
            assertThat(log.containers()).hasSize(4);
        }
    }

    @Test
    void anErrorOfTheMachineWhileALogIsOpenedLeavesItForTheNextAttempt() throws Exception {
        dedicated(device, 2).close();
        device.hook(new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) {
                if (kind == OperationKind.READ && name.endsWith(".log")) {
                    throw new OutOfMemoryError("planted");
                }
            }
        });

        assertThatThrownBy(() -> reopen(device, LogKind.DEDICATED)).isInstanceOf(OutOfMemoryError.class);

        device.hook(OperationHook.NONE);
        reopen(device, LogKind.DEDICATED).close();
    }

    @Test
    void aFileSystemThatKeepsLessThanALogNeedsIsWarnedOf() throws Exception {
        var memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "needs a file system in memory");
        var directory = Files.createTempDirectory(memory, "ktm");
        var warnings = new LoggedWarnings();
        warnings.start();
        try (var log = Log.open(directory, LogFixture.options(LogKind.DEDICATED).build())) {
            assertThat(warnings.messages())
                    .anyMatch(message -> message.contains(directory.toString()) && message.contains("tmpfs"));
            log.close();
            for (var name : List.of("ktm.blf", "ktm.lock")) {
                Files.delete(directory.resolve(name));
            }
        } finally {
            warnings.stop();
        }
        Files.delete(directory);
    }
}
