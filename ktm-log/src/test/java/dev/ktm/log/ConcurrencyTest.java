package dev.ktm.log;

import static dev.ktm.log.LogFixture.THREADS;
import static dev.ktm.log.LogFixture.await;
import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.fill;
import static dev.ktm.log.LogFixture.multiplexed;
import static dev.ktm.log.LogFixture.reopen;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ktm.log.format.RecordFormat;
import dev.ktm.log.testing.MemoryDevice;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What happens while a frame is being written: each test holds the disk at that moment. */
class ConcurrencyTest {

    private final SimulatedDevice device = new SimulatedDevice();

    /** Holds writes to containers until it is opened. A file goes by the name that it was created with. */
    private final class HeldWrites implements OperationHook {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch opened = new CountDownLatch(1);
        private final CountDownLatch written;

        HeldWrites(int writes) {
            written = new CountDownLatch(writes);
            device.hook(this);
        }

        @Override
        public void before(OperationKind kind, String name) throws IOException {
            if (kind == OperationKind.WRITE && name.contains(".log")) {
                reached.countDown();
                awaitUninterruptibly(opened);
            }
        }

        @Override
        public void after(OperationKind kind, String name) {
            if (kind == OperationKind.WRITE_FORCE && name.contains(".log")) {
                written.countDown();
            }
        }

        void awaitFirst() throws InterruptedException {
            assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
        }

        void open() {
            opened.countDown();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static CompletableFuture<Void> run(LogTask task) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        task.run();
                    } catch (LogException e) {
                        throw new IllegalStateException(e);
                    }
                },
                THREADS);
    }

    /** Something that may fail as the log may. */
    private interface LogTask {
        void run() throws LogException;
    }

    @Test
    void aReaderThatFollowsAnAppenderPassesNothingOver() throws Exception {
        try (var log = multiplexed(new MemoryDevice(), 40);
                var stream = log.stream("s")) {
            int records = 50_000;
            var readers = new ArrayList<CompletableFuture<Void>>();
            var failed = new AtomicBoolean();
            for (int i = 0; i < 4; i++) {
                readers.add(run(() -> follow(stream, records, failed)));
            }

            for (int i = 0; i < records; i++) {
                var payload = ByteBuffer.allocate(8 + i % 300).putInt(0, i);
                if (i % 8 == 0) {
                    stream.appendForced(payload);
                } else {
                    stream.append(payload);
                }
            }

            for (var reader : readers) {
                await(reader);
            }
            assertThat(failed).isFalse();
        }
    }

    private static void follow(LogStream stream, int records, AtomicBoolean failed) throws LogException {
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        int expected = 0;
        while (expected < records && !failed.get()) {
            if (!reader.next()) {
                Thread.onSpinWait();
            } else if (reader.payload().getInt() == expected) {
                expected++;
            } else {
                failed.set(true);
            }
        }
    }

    @Test
    void whatComesWhileTheEndIsCutStays() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            long kept = stream.append(data("a"));
            stream.appendForced(data("b"));
            var held = new HeldWrites(1);
            var cut = run(() -> stream.truncateEnd(kept));
            held.awaitFirst();

            long meanwhile = stream.append(data("x"));
            held.open();
            await(cut);

            assertThat(stream.last()).isEqualTo(meanwhile);
            assertThat(texts(stream)).containsExactly("a", "x");
            stream.advanceBase(meanwhile);
        }
    }

    @Test
    void anIdleRecordIsWrittenAlsoIfAWriteWasUnderWayWhenItWasDue() throws Exception {
        try (var log = LogFixture.create(
                        device, LogFixture.options(LogKind.MULTIPLEXED).idleFlush(Duration.ofMillis(20)), 2);
                var stream = log.stream("s")) {
            var held = new HeldWrites(2);
            stream.append(data("first"));
            held.awaitFirst();
            stream.append(data("idle"));
            // The timer of the second record runs out while the first one is being written.
            CompletableFuture.runAsync(() -> {}, CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS, THREADS))
                    .get();

            held.open();

            assertThat(held.written.await(60, TimeUnit.SECONDS)).isTrue();
            try (var again = reopen(device.copy(), LogKind.MULTIPLEXED)) {
                assertThat(texts(again.stream("s"))).containsExactly("first", "idle");
            }
        }
    }

    @Test
    void anLsnBehindARestartAreaOnSpareBlocksIsKnownOnlyWhenItIsDurable() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.appendForced(data("keep"));
            var reservation = stream.reserve(8);
            fill(stream);
            log.force();
            var held = new HeldWrites(2);
            var restart = run(() -> stream.writeRestart(data("restart")));
            held.awaitFirst();

            var durable = CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            long lsn = stream.append(reservation, data("x"), Lsn.INVALID, Lsn.INVALID);
                            return log.engine().io().commit().durable() > lsn;
                        } catch (LogException e) {
                            throw new IllegalStateException(e);
                        }
                    },
                    THREADS);
            held.open();
            await(restart);

            assertThat(await(durable)).isTrue();
        }
    }

    @Test
    void aLogIsNotFullOfFramesThatNobodyNeedsAndThatAreNotWrittenYet() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            LogFixture.append(stream, 13);
            log.force();
            var held = new HeldWrites(1);
            LogFixture.append(stream, 3);
            held.awaitFirst();
            stream.clear();
            int blocks = (int) (log.stats().freeBytes() / 4096) + 5;

            var reserved = run(() -> stream.reserve(new int[blocks]).close());
            held.open();

            await(reserved);
        }
    }

    @Test
    void aPoisonedLogWritesNothingMore() throws Exception {
        var geometry = new Geometry(1 << 20);
        var gate = new SpinLock();
        var tail = new Tail(geometry, geometry.firstAddress(1), 3, 700);
        var reached = new CountDownLatch(1);
        var opened = new CountDownLatch(1);
        var writes = new AtomicInteger();
        var commit = new GroupCommit(
                gate,
                tail,
                frame -> {
                    writes.incrementAndGet();
                    reached.countDown();
                    awaitUninterruptibly(opened);
                },
                new GroupCommit.Origin(1, 1, new GroupCommit.Chain(Lsn.NULL, 0)),
                0,
                "flusher");
        commit.start();
        var stream = new StreamState(1, "s", 1);
        commit.queue(append(gate, tail, stream));
        reached.await();
        commit.queue(append(gate, tail, stream));

        commit.poison(new IOException("the right to the log is lost"));
        opened.countDown();
        commit.stop();

        assertThat(writes).hasValue(1);
    }

    private static long append(SpinLock gate, Tail tail, StreamState stream) {
        gate.lock();
        try {
            return tail.append(
                    stream, RecordFormat.DATA, 0, ByteBuffer.allocate(8), Lsn.INVALID, Lsn.INVALID, 0, false);
        } finally {
            gate.unlock();
        }
    }

    @Test
    void aProbeWithoutCallersDoesNotTurnGatheringOff() {
        var geometry = new Geometry(1 << 20);
        var tail = new Tail(geometry, geometry.firstAddress(1), 3, 700);
        var gathering = new Gathering(tail);
        var frame = new FrameBuffer(geometry.frameBytes());
        tail.open().join();
        for (int i = 0; i < 1_000; i++) {
            gathering.written(frame, 0, 80_000);
            gathering.gather();
        }

        assertThat(gathering.returning()).isBetween(0.0, 1.0);
    }

    @Test
    void aRecordOfADeletedStreamIsNotOneOfTheNextWithItsNumber() throws Exception {
        try (var log = multiplexed(device, 2)) {
            var deleted = log.stream("old");
            deleted.delete();
            deleted.close();
            var state = deleted.state();

            try (var next = log.stream("new")) {
                assertThat(next.state().id).isEqualTo(state.id);
                var late = catchThrowable(() -> append(log, state));

                assertThat(late).isInstanceOf(LogClosedException.class);
                assertThat(texts(next)).isEmpty();
            }
        }
    }

    /** As an append that had looked at its handle before the stream went. */
    private static void append(Log log, StreamState state) throws LogException {
        log.engine()
                .append(
                        state,
                        RecordFormat.DATA,
                        0,
                        data("late"),
                        Lsn.INVALID,
                        Lsn.INVALID,
                        null,
                        LogEngine.Durability.APPEND);
    }
}
