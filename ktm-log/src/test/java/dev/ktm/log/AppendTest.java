package dev.ktm.log;

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

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AppendTest {

    private static final int CONTAINER_BYTES = 512 * 1024;

    private final SimulatedDevice device = new SimulatedDevice();

    @Test
    @Conforms("CLFS-01")
    void lsnsGrowAcrossRestartsAndRecycling() throws Exception {
        var lsns = new ArrayList<Long>();
        dedicated(device, 2).close();

        for (int life = 0; life < 4; life++) {
            try (var log = reopen(device, LogKind.DEDICATED);
                    var stream = log.stream()) {
                lsns.addAll(fill(stream));
                stream.clear();
                lsns.addAll(fill(stream, LogFixture.LARGE));
                stream.clear();
            }
        }

        assertThat(lsns).hasSizeGreaterThan(150).isSorted().doesNotHaveDuplicates();
    }

    @Test
    @Conforms("CLFS-01")
    void lsnsOfRecordsThatACrashLostAreNotGivenOutAgain() throws Exception {
        var givenOut = new ArrayList<Long>();
        try (var log = dedicated(device, 3);
                var stream = log.stream()) {
            stream.appendForced(data("durable"));
            for (int i = 0; i < 4; i++) {
                givenOut.add(stream.append(large()));
            }
            var crashed = device.copy();

            try (var recovered = reopen(crashed, LogKind.DEDICATED);
                    var again = recovered.stream()) {
                long first = again.append(data("after the crash"));

                assertThat(first).isGreaterThan(givenOut.get(givenOut.size() - 1));
                // What is in memory may be written at any time, and need not be.
                assertThat(texts(again))
                        .startsWith("durable")
                        .endsWith("after the crash")
                        .hasSizeBetween(2, 6);
            }
        }
    }

    @Test
    @Conforms({"CLFS-01", "CLFS-02", "CLFS-03"})
    void whateverACrashLeavesHoldsWhatWasForcedAndNoRecordBehindAMissingOne() throws Exception {
        var appended = new ArrayList<Long>();
        device.forgetHistory();
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            device.forgetHistory();
            for (int i = 0; i < 9; i++) {
                appended.add(stream.append(ByteBuffer.allocate(5000)));
                if (i % 3 == 1) {
                    stream.force(Lsn.NULL);
                    device.mark(i + 1);
                }
            }
            stream.appendQueued(data("last"), Lsn.INVALID, Lsn.INVALID);
        }

        CrashStates.of(device.history()).atMostPerPoint(60).forEach(state -> {
            int promised = state.lastMark(Integer.class).orElse(0);
            try (var log = reopen(state.device(), LogKind.DEDICATED);
                    var stream = log.stream()) {
                var found = lsns(stream.read(Lsn.NULL, ReadMode.FORWARD));
                assertThat(found).hasSizeGreaterThanOrEqualTo(promised);
                assertThat(found.stream().limit(appended.size()))
                        .isEqualTo(appended.subList(0, Math.min(found.size(), appended.size())));
                assertThat(stream.append(data("next"))).isGreaterThan(appended.get(promised == 0 ? 0 : promised - 1));
            }
        });
    }

    @Test
    @Conforms("CLFS-03")
    void aRecordThatNobodyForcedIsNotOnTheDisk() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.appendForced(data("forced"));
            stream.append(data("not forced"));

            var crashed = device.copy();

            try (var recovered = reopen(crashed, LogKind.DEDICATED);
                    var again = recovered.stream()) {
                assertThat(texts(again)).containsExactly("forced");
            }
        }
    }

    @Test
    @Conforms("CLFS-04")
    void forcingARecordMakesItAndAllBeforeItDurableAndReturnsALargerLsn() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.append(data("a"));
            long second = stream.append(data("b"));

            long end = stream.force(second);

            assertThat(end).isGreaterThan(second);
            try (var recovered = reopen(device.copy(), LogKind.DEDICATED);
                    var again = recovered.stream()) {
                assertThat(texts(again)).containsExactly("a", "b");
            }
        }
    }

    @Test
    @Conforms("CLFS-04")
    void forcingNullForcesEverything() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.append(data("a"));
            long last = stream.append(data("b"));

            long end = stream.force(Lsn.NULL);

            assertThat(end).isGreaterThan(last);
            try (var recovered = reopen(device.copy(), LogKind.DEDICATED);
                    var again = recovered.stream()) {
                assertThat(texts(again)).containsExactly("a", "b");
            }
        }
    }

    @Test
    void forcingWhatIsDurableWritesNothing() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            long lsn = stream.appendForced(data("a"));
            long frames = log.stats().frames();

            stream.force(lsn);
            stream.force(Lsn.NULL);
            log.force();

            assertThat(log.stats().frames()).isEqualTo(frames);
        }
    }

    @Test
    void forcingWhatWasNeverAppendedIsRefused() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            long lsn = stream.append(data("a"));

            assertThat(refusal(() -> stream.force(lsn + CONTAINER_BYTES))).isEqualTo(LogError.RECORD_NONEXISTENT);
            assertThat(refusal(() -> stream.force(Lsn.INVALID))).isEqualTo(LogError.RECORD_NONEXISTENT);
        }
    }

    /** Under a load that never pauses, chasing it would take until the log is full. */
    @Test
    void forcingEverythingDoesNotChaseTheRecordsThatComeMeanwhile() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.append(data("to be forced"));
            long before = log.stats().frames();
            device.hook(appendingBeforeEachWrite(stream));

            log.force();

            device.hook(OperationHook.NONE);
            assertThat(log.stats().frames() - before).isLessThanOrEqualTo(2);
        }
    }

    private static OperationHook appendingBeforeEachWrite(LogStream stream) {
        return new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) throws LogException {
                if (kind == OperationKind.WRITE) {
                    stream.append(data("meanwhile"));
                }
            }
        };
    }

    @Test
    @Conforms("CLFS-05")
    void aLogWithFewerThanTwoContainersRefusesIo() throws Exception {
        try (var log = Log.open(device, LogFixture.options(LogKind.DEDICATED).build());
                var stream = log.stream()) {
            assertThat(refusal(() -> stream.append(data("a")))).isEqualTo(LogError.NOT_ENOUGH_CONTAINERS);
            log.addContainers(1, 1);
            assertThat(refusal(() -> stream.append(data("a")))).isEqualTo(LogError.NOT_ENOUGH_CONTAINERS);
            assertThat(refusal(() -> stream.appendForced(data("a")))).isEqualTo(LogError.NOT_ENOUGH_CONTAINERS);
            assertThat(refusal(() -> stream.reserve(1))).isEqualTo(LogError.NOT_ENOUGH_CONTAINERS);
            assertThat(refusal(() -> stream.read(Lsn.NULL, ReadMode.FORWARD)))
                    .isEqualTo(LogError.NOT_ENOUGH_CONTAINERS);
            assertThat(refusal(() -> stream.force(Lsn.NULL))).isEqualTo(LogError.NOT_ENOUGH_CONTAINERS);
            assertThat(refusal(log::stats)).isEqualTo(LogError.NOT_ENOUGH_CONTAINERS);

            log.addContainers(1);

            stream.appendForced(data("a"));
            assertThat(texts(stream)).containsExactly("a");
        }
    }

    @Test
    @Conforms("CLFS-05")
    void aLogWithOneContainerIsAsIncompleteAfterReopening() throws Exception {
        try (var log = Log.open(device, LogFixture.options(LogKind.DEDICATED).build())) {
            log.stream().close();
            log.addContainers(1, 1);
        }

        try (var log = reopen(device, LogKind.DEDICATED);
                var stream = log.stream()) {
            assertThat(refusal(() -> stream.append(data("a")))).isEqualTo(LogError.NOT_ENOUGH_CONTAINERS);
            log.addContainers(1);
            stream.appendForced(data("a"));
            assertThat(texts(stream)).containsExactly("a");
        }
    }

    @Test
    @Conforms("CLFS-10")
    void aFullLogRefusesRecordsAndIsIntact() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var appended = fill(stream);
            var before = log.stats();

            assertThatThrownBy(() -> stream.append(data("too many")))
                    .isInstanceOfSatisfying(LogFullException.class, full -> {
                        assertThat(full.error()).isEqualTo(LogError.FULL);
                        assertThat(full).hasMessageContaining("the log's stream");
                    });
            assertThatThrownBy(() -> stream.appendForced(data("too many"))).isInstanceOf(LogFullException.class);

            assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD))).isEqualTo(appended);
            assertThat(stream.last()).isEqualTo(appended.get(appended.size() - 1));
            assertThat(log.stats().freeBytes()).isEqualTo(before.freeBytes());
        }
        try (var log = reopen(device, LogKind.DEDICATED);
                var stream = log.stream()) {
            stream.clear();
            assertThat(stream.appendForced(data("again"))).isPositive();
        }
    }

    @Test
    void keepsPayloadsOfAllSizesAsTheyAre() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            int most = stream.maxPayloadBytes();
            var sizes = List.of(0, 1, 7, 8, 9, 4000, 4008, 4096, 8192, most - 1, most);

            for (int size : sizes) {
                stream.append(pattern(size));
            }
            stream.force(Lsn.NULL);

            try (var recovered = reopen(device.copy(), LogKind.DEDICATED);
                    var again = recovered.stream()) {
                var reader = again.read(Lsn.NULL, ReadMode.FORWARD);
                for (int size : sizes) {
                    assertThat(reader.next()).isTrue();
                    assertThat(reader.payload()).isEqualTo(pattern(size));
                }
                assertThat(reader.next()).isFalse();
            }
        }
    }

    private static ByteBuffer pattern(int size) {
        var bytes = ByteBuffer.allocate(size);
        while (bytes.hasRemaining()) {
            bytes.put((byte) (bytes.position() * 31 + size));
        }
        return bytes.flip();
    }

    @Test
    void takesPayloadsFromPositionToLimitAndLeavesTheBufferAsItIs() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var direct = ByteBuffer.allocateDirect(100)
                    .put(data("..middle..."))
                    .position(2)
                    .limit(8);

            stream.append(direct);
            stream.append(direct.asReadOnlyBuffer());

            assertThat(direct.position()).isEqualTo(2);
            assertThat(direct.limit()).isEqualTo(8);
            assertThat(texts(stream)).containsExactly("middle", "middle");
        }
    }

    @Test
    void aPayloadThatIsTooLargeIsTheCallersMistakeAndAppendsNothing() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            var tooLarge = ByteBuffer.allocate(stream.maxPayloadBytes() + 1);

            assertThatThrownBy(() -> stream.append(tooLarge))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(String.valueOf(stream.maxPayloadBytes()));
            assertThatThrownBy(() -> stream.writeRestart(tooLarge)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> stream.reserve(tooLarge.remaining())).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> stream.reserve(-1)).isInstanceOf(IllegalArgumentException.class);

            assertThat(stream.last()).isEqualTo(Lsn.NULL);
            stream.appendForced(data("the log goes on"));
        }
    }

    @Test
    void recordsFollowOneAnotherAcrossContainers() throws Exception {
        try (var log = dedicated(device, 3);
                var stream = log.stream()) {
            var appended = IntStream.range(0, 60).mapToObj(i -> "record " + i).toList();
            for (var text : appended) {
                stream.append(ByteBuffer.allocate(20_000).put(data(text)).rewind());
            }
            stream.force(Lsn.NULL);

            assertThat(texts(stream)).map(String::trim).isEqualTo(appended);
            try (var recovered = reopen(device.copy(), LogKind.DEDICATED);
                    var again = recovered.stream()) {
                assertThat(texts(again)).map(String::trim).isEqualTo(appended);
            }
        }
    }

    /** The number of a record has 12 bits. */
    @Test
    void aFrameTakes4096RecordsAndTheNextOneStartsAnother() throws Exception {
        try (var log = Log.open(device, LogFixture.options(LogKind.DEDICATED).build())) {
            log.addContainers(2, 2 << 20);
            try (var stream = log.stream()) {
                var appended = new ArrayList<Long>();
                for (int i = 0; i < 4098; i++) {
                    appended.add(stream.append(ByteBuffer.allocate(0)));
                }

                assertThat(appended.get(4095) - appended.get(0)).isEqualTo(4095);
                assertThat(appended.get(4096) % DeviceFile.BLOCK_BYTES).isZero();
                assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD))).isEqualTo(appended);
                stream.force(Lsn.NULL);
                assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD))).isEqualTo(appended);
                assertThat(lsns(stream.read(appended.get(4095), ReadMode.FORWARD)))
                        .isEqualTo(appended.subList(4095, 4098));
            }
        }
    }

    @Test
    void whatNobodyForcesIsWrittenWhenTheLogHasBeenIdle() throws Exception {
        var written = new CountDownLatch(1);
        try (var log = LogFixture.create(
                        device, LogFixture.options(LogKind.DEDICATED).idleFlush(Duration.ofMillis(1)), 2);
                var stream = log.stream()) {
            device.hook(countingDown(written));

            stream.append(data("a"));

            assertThat(written.await(20, TimeUnit.SECONDS)).isTrue();
            try (var recovered = reopen(device.copy(), LogKind.DEDICATED);
                    var again = recovered.stream()) {
                assertThat(texts(again)).containsExactly("a");
            }
        }
    }

    @Test
    void whatIsQueuedIsWrittenWithoutAnybodyForcing() throws Exception {
        var written = new CountDownLatch(1);
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.append(data("a"));
            device.hook(countingDown(written));

            stream.appendQueued(data("b"), Lsn.INVALID, Lsn.INVALID);

            assertThat(written.await(20, TimeUnit.SECONDS)).isTrue();
            try (var recovered = reopen(device.copy(), LogKind.DEDICATED);
                    var again = recovered.stream()) {
                assertThat(texts(again)).containsExactly("a", "b");
            }
        }
    }

    private static OperationHook countingDown(CountDownLatch written) {
        return new OperationHook() {
            @Override
            public void after(OperationKind kind, String name) {
                if (kind == OperationKind.WRITE_FORCE) {
                    written.countDown();
                }
            }
        };
    }

    @Test
    void closingForcesWhatWasAppended() throws Exception {
        try (var log = dedicated(device, 2)) {
            log.stream().append(data("a"));
        }

        try (var log = reopen(device, LogKind.DEDICATED);
                var stream = log.stream()) {
            assertThat(texts(stream)).containsExactly("a");
        }
    }

    @Test
    void anInterruptedCallerFindsItsRecordDurableAndItsStatusSet() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            Thread.currentThread().interrupt();

            stream.appendForced(data("a"));

            assertThat(Thread.interrupted()).isTrue();
            assertThat(texts(stream)).containsExactly("a");
            stream.appendForced(data("the log goes on"));
        }
    }
}
