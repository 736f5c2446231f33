package dev.ktm.log;

import static dev.ktm.log.LogFixture.append;
import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.fill;
import static dev.ktm.log.LogFixture.large;
import static dev.ktm.log.LogFixture.lsns;
import static dev.ktm.log.LogFixture.multiplexed;
import static dev.ktm.log.LogFixture.reclaim;
import static dev.ktm.log.LogFixture.refusal;
import static dev.ktm.log.LogFixture.reopen;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.storage.LogDevice;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.MemoryDevice;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BaseAndSpaceTest {

    private final MemoryDevice device = new MemoryDevice();

    @Test
    @Conforms("CLFS-19")
    void theBaseMovesBetweenItselfAndTheLastRecordOnly() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            long first = stream.append(data("1"));
            long second = stream.append(data("2"));
            long third = stream.append(data("3"));
            stream.advanceBase(second);

            assertThat(refusal(() -> stream.advanceBase(first))).isEqualTo(LogError.TAIL_INVALID);
            assertThat(refusal(() -> stream.advanceBase(Lsn.NULL))).isEqualTo(LogError.TAIL_INVALID);
            assertThat(refusal(() -> stream.advanceBase(third + 1))).isEqualTo(LogError.TAIL_INVALID);
            assertThat(refusal(() -> stream.advanceBase(Lsn.INVALID))).isEqualTo(LogError.TAIL_INVALID);
            assertThat(stream.base()).isEqualTo(second);

            stream.advanceBase(second);
            stream.advanceBase(third);
            assertThat(stream.base()).isEqualTo(third);
        }
    }

    @Test
    @Conforms("CLFS-19")
    void theBaseOfAnEmptyStreamCannotBeMoved() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            long base = stream.base();

            assertThat(refusal(() -> stream.advanceBase(base))).isEqualTo(LogError.TAIL_INVALID);
            assertThat(refusal(() -> stream.advanceBase(base + 1))).isEqualTo(LogError.TAIL_INVALID);
        }
    }

    @Test
    void theBaseSurvivesAnOrderlyClose() throws Exception {
        long second;
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.append(data("1"));
            second = stream.append(data("2"));
            stream.advanceBase(second);
        }

        try (var log = reopen(device, LogKind.DEDICATED);
                var stream = log.stream()) {
            assertThat(stream.base()).isEqualTo(second);
            assertThat(texts(stream)).containsExactly("2");
        }
    }

    @Test
    void clearingLeavesNoRecordAndAnEmptyStreamThatGoesOn() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.append(data("1"));
            stream.clear();

            assertThat(texts(stream)).isEmpty();
            assertThat(stream.base()).isGreaterThan(stream.last());
            stream.clear();
            long next = stream.append(data("2"));
            assertThat(next).isGreaterThanOrEqualTo(stream.base());
            assertThat(texts(stream)).containsExactly("2");
        }
    }

    @Test
    @Conforms("CLFS-20")
    void tenTimesTheCapacityGoesThroughTheSameFiles() throws Exception {
        try (var log = dedicated(device, 3);
                var stream = log.stream()) {
            var files = filesAndSizes();
            int records = 10 * 3 * 512 * 1024 / LogFixture.LARGE;

            for (int i = 0; i < records; i++) {
                stream.advanceBase(stream.append(large()));
            }

            assertThat(log.stats().containers()).isEqualTo(3);
            assertThat(filesAndSizes()).isEqualTo(files);
            assertThat(log.containers()).hasSize(3);
        }
        try (var log = reopen(device, LogKind.DEDICATED);
                var stream = log.stream()) {
            assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD))).containsExactly(stream.last());
        }
    }

    private List<String> filesAndSizes() throws Exception {
        var found = new ArrayList<String>();
        for (var name : device.list()) {
            try (var file = device.open(name, LogDevice.Access.READ)) {
                found.add(name + " " + file.size());
            }
        }
        return found;
    }

    @Test
    @Conforms("CLFS-20")
    void whatIsBelowTheBaseIsRecycledAndTheRestIsKept() throws Exception {
        try (var log = dedicated(device, 3);
                var stream = log.stream()) {
            var appended = fill(stream);
            var kept = appended.subList(appended.size() * 2 / 3, appended.size());
            assertThatThrownBy(() -> stream.append(large())).isInstanceOf(LogFullException.class);

            stream.advanceBase(kept.get(0));

            var more = append(stream, 10);
            var expected = new ArrayList<>(kept);
            expected.addAll(more);
            assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD))).isEqualTo(expected);
        }
    }

    @Test
    @Conforms("CLFS-21")
    void aStreamThatDoesNotAdvancePreventsRecyclingForAll() throws Exception {
        try (var log = multiplexed(device, 2);
                var stalled = log.stream("stalled");
                var busy = log.stream("busy")) {
            stalled.append(data("needed"));
            fill(busy);
            busy.clear();

            assertThatThrownBy(() -> busy.append(large()))
                    .isInstanceOf(LogFullException.class)
                    .hasMessageContaining("stalled");
            assertThat(texts(stalled)).containsExactly("needed");

            stalled.clear();
            busy.append(large());
        }
    }

    @Test
    @Conforms("CLFS-21")
    void aStreamThatHasNoRecordsPreventsNothing() throws Exception {
        try (var log = multiplexed(device, 2);
                var empty = log.stream("empty");
                var busy = log.stream("busy")) {
            for (int round = 0; round < 5; round++) {
                assertThat(fill(busy, LogFixture.LARGE)).isNotEmpty();
                busy.clear();
            }

            assertThat(empty.append(data("a"))).isPositive();
            assertThat(texts(empty)).containsExactly("a");
        }
    }

    /** Its base is old, but there is nothing of it. */
    @Test
    @Conforms("CLFS-21")
    void aStreamThatBeginsLateHoldsNothingThatWasThereBefore() throws Exception {
        try (var log = multiplexed(device, 3);
                var late = log.stream("late");
                var busy = log.stream("busy")) {
            fill(busy, LogFixture.LARGE);
            late.append(data("first"));
            busy.clear();

            assertThat(fill(busy, LogFixture.LARGE)).hasSizeGreaterThan(60);

            assertThat(texts(late)).containsExactly("first");
        }
    }

    @Test
    @Conforms("CLFS-21")
    void aStreamThatBeganLateHoldsNoMoreAfterReopening() throws Exception {
        try (var log = multiplexed(device, 3);
                var late = log.stream("late");
                var busy = log.stream("busy")) {
            fill(busy, LogFixture.LARGE);
            late.append(data("first"));
            busy.clear();
        }

        try (var log = reopen(device, LogKind.MULTIPLEXED);
                var late = log.stream("late");
                var busy = log.stream("busy")) {
            assertThat(fill(busy, LogFixture.LARGE)).hasSizeGreaterThan(60);
            assertThat(texts(late)).containsExactly("first");
        }
    }

    @Test
    void aBaseBehindEverythingThatIsDurableIsRecycledInOrder() throws Exception {
        var disk = new SimulatedDevice();
        try (var log = dedicated(disk, 3);
                var stream = log.stream()) {
            append(stream, 40);
            stream.clear();
            reclaim(log);

            try (var crashed = reopen(disk.copy(), LogKind.DEDICATED);
                    var recovered = crashed.stream()) {
                assertThat(texts(recovered)).isEmpty();
                assertThat(recovered.append(data("next"))).isGreaterThan(stream.last());
                assertThat(texts(recovered)).containsExactly("next");
            }
            assertThat(fill(stream)).hasSizeGreaterThan(30);
        }
    }

    /** Space is neither lost nor made, whatever is done with it. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void freeReservedAndUsedSpaceIsAllTheSpaceThereIs(long seed) throws Exception {
        try (var log = multiplexed(device, 3)) {
            var walk = new RandomWalk(log, new Random(seed));

            for (int i = 0; i < 1500; i++) {
                walk.step();
            }

            walk.letGoOfEverything();
            reclaim(log);
            assertThat(log.stats().reservedBytes()).as("seed " + seed).isZero();
            assertThat(log.stats().freeBytes()).as("seed " + seed).isEqualTo(expectedFreeBytes(log));
        }
    }

    private static long expectedFreeBytes(Log log) throws LogException {
        var geometry = new Geometry(log.stats().containerBytes());
        long end = log.force();
        long blocksHere = (geometry.containerEnd(end - 1) - end) / 4096;
        long blocksBehind = (log.stats().containers() - 1) * geometry.usableBlocks();
        return (blocksHere + blocksBehind - geometry.spareBlocks()) * 4096;
    }

    /** Does what users of a log do, at random; what does not fit is left. */
    private static final class RandomWalk {
        private final Random random;
        private final Log log;
        private final List<LogStream> streams;
        private final ArrayDeque<Reservation> reservations = new ArrayDeque<>();

        RandomWalk(Log log, Random random) throws LogException {
            this.log = log;
            this.random = random;
            this.streams = List.of(log.stream("a"), log.stream("b"));
        }

        void step() throws LogException {
            try {
                doSomething(streams.get(random.nextInt(2)));
            } catch (LogFullException e) {
                streams.get(0).clear();
                streams.get(1).clear();
            } catch (LogRefusedException e) {
                assertThat(e.error())
                        .isIn(
                                LogError.RESERVATION_INVALID,
                                LogError.RECORDS_RESERVED_INVALID,
                                LogError.SPACE_RESERVED_INVALID,
                                LogError.TAIL_INVALID,
                                LogError.COULD_NOT_RESIZE);
            }
        }

        private void doSomething(LogStream stream) throws LogException {
            switch (random.nextInt(12)) {
                case 0 -> stream.appendForced(payload());
                case 1 -> reservations.add(stream.reserve(size(), size(), size()));
                case 2, 3, 4 -> stream.append(reservation(stream), payload(), Lsn.INVALID, Lsn.INVALID);
                case 5 -> stream.appendAndReserve(payload(), Lsn.INVALID, Lsn.INVALID, reservation(stream), size());
                case 6 -> reservation(stream).free(1);
                case 7 -> reservation(stream).close();
                case 8 -> stream.advanceBase(stream.last());
                case 9 -> stream.writeRestart(data("restart"), stream.last());
                case 10 -> log.setSize(2 + random.nextInt(4));
                default -> stream.append(payload());
            }
        }

        private Reservation reservation(LogStream stream) throws LogException {
            if (reservations.size() > 5) {
                reservations.remove().close();
            }
            if (reservations.isEmpty()) {
                reservations.add(stream.reserve(size()));
            }
            return reservations.peekLast();
        }

        private int size() {
            return random.nextInt(4) == 0 ? random.nextInt(60_000) : random.nextInt(3000);
        }

        private ByteBuffer payload() {
            return ByteBuffer.allocate(size());
        }

        void letGoOfEverything() throws LogException {
            reservations.forEach(Reservation::close);
            for (var stream : streams) {
                stream.clear();
            }
        }
    }

    @Test
    void clearingAFrameThatIsFullOfRecordsLeavesNone() throws Exception {
        var device = new MemoryDevice();
        try (var log = Log.open(device, LogFixture.options(LogKind.MULTIPLEXED).build())) {
            log.addContainers(2, 16 << 20);
            var stream = log.stream("s");
            for (int i = 0; i < Lsn.RECORDS_PER_FRAME; i++) {
                stream.append(ByteBuffer.allocate(8));
            }

            stream.clear();

            assertThat(texts(stream)).isEmpty();
        }
    }

    @Test
    void aClosedReservationTakesNoMore() throws Exception {
        try (var log = dedicated(new SimulatedDevice(), 2);
                var stream = log.stream()) {
            var reservation = stream.reserve(1);
            reservation.close();
            long free = log.stats().freeBytes();

            assertThat(refusal(() -> reservation.reserve(1))).isEqualTo(LogError.RESERVATION_INVALID);

            assertThat(log.stats().freeBytes()).isEqualTo(free);
        }
    }
}
