package dev.ktm.log;

import static dev.ktm.log.LogFixture.append;
import static dev.ktm.log.LogFixture.await;
import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.fill;
import static dev.ktm.log.LogFixture.large;
import static dev.ktm.log.LogFixture.lsns;
import static dev.ktm.log.LogFixture.multiplexed;
import static dev.ktm.log.LogFixture.refusal;
import static dev.ktm.log.LogFixture.reopen;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReservationTest {

    private static final int BLOCK_BYTES = 4096;
    private static final int MOST_PAYLOAD_BYTES = 8 * BLOCK_BYTES - 64 - 24;

    private final SimulatedDevice device = new SimulatedDevice();
    private final Log log;
    private final LogStream stream;

    ReservationTest() throws LogException {
        log = dedicated(device, 2);
        stream = log.stream();
    }

    @AfterEach
    void closeLog() throws LogException {
        log.close();
    }

    @Test
    @Conforms("CLFS-08")
    void reservedRecordsCanBeAppendedToALogThatIsFullOtherwise() throws Exception {
        var reservation = stream.reserve(10, LogFixture.LARGE, LogFixture.LARGE);
        fill(stream);

        long first = stream.append(reservation, large(), Lsn.INVALID, Lsn.INVALID);
        long second = stream.appendForced(reservation, large(), first, first);
        long third = stream.append(reservation, data("small"), second, second);

        assertThat(reservation.records()).isZero();
        assertThat(log.stats().reservedBytes()).isZero();
        assertThat(lsns(stream.read(third, ReadMode.PREVIOUS))).containsExactly(third, second, first);
    }

    /** Reserved records must fit wherever the container's end happens to be. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7, 8})
    @Conforms("CLFS-08")
    void reservedRecordsFitAtEveryPlaceOfTheContainersEnd(int blocksLeft) throws Exception {
        log.addContainers(1);
        var sizes = IntStream.range(0, 30)
                .map(i -> i % 2 == 0 ? MOST_PAYLOAD_BYTES : 13_000 * (i % 3))
                .toArray();
        var reservation = stream.reserve(sizes);
        stream.reserve(new int[blocksLeft]);
        fill(stream);

        for (int size : sizes) {
            stream.append(reservation, ByteBuffer.allocate(size), Lsn.INVALID, Lsn.INVALID);
        }

        assertThat(reservation.records()).isZero();
        assertThat(log.stats().reservedBytes()).isEqualTo((long) blocksLeft * BLOCK_BYTES);
    }

    @Test
    @Conforms("CLFS-07")
    void appendingAndReservingDoesBoth() throws Exception {
        var reservation = stream.reserve();

        long lsn = stream.appendAndReserve(data("a"), Lsn.INVALID, Lsn.INVALID, reservation, 100, 200);

        assertThat(stream.last()).isEqualTo(lsn);
        assertThat(reservation.records()).isEqualTo(2);
        fill(stream);
        stream.append(reservation, ByteBuffer.allocate(200), Lsn.INVALID, Lsn.INVALID);
        stream.append(reservation, ByteBuffer.allocate(100), Lsn.INVALID, Lsn.INVALID);
    }

    @Test
    @Conforms("CLFS-07")
    void appendingAndReservingDoesNothingIfThereIsNoRoomToReserve() throws Exception {
        var reservation = stream.reserve(10);
        append(stream, 2);
        long last = stream.last();
        var before = log.stats();
        var sizes = IntStream.generate(() -> LogFixture.LARGE).limit(40).toArray();

        assertThatThrownBy(() -> stream.appendAndReserve(data("a"), Lsn.INVALID, Lsn.INVALID, reservation, sizes))
                .isInstanceOf(LogFullException.class);

        assertThat(stream.last()).isEqualTo(last);
        assertThat(reservation.records()).isEqualTo(1);
        assertThat(log.stats().freeBytes()).isEqualTo(before.freeBytes());
        assertThat(log.stats().reservedBytes()).isEqualTo(before.reservedBytes());
    }

    @Test
    @Conforms("CLFS-07")
    void appendingAndReservingDoesNothingIfThereIsNoRoomToAppend() throws Exception {
        var reservation = stream.reserve(10);
        var room = stream.reserve(BLOCK_BYTES);
        fill(stream);
        room.close();
        long last = stream.last();
        var before = log.stats();
        assertThat(before.freeBytes()).isEqualTo(3 * BLOCK_BYTES);

        assertThatThrownBy(() -> stream.appendAndReserve(large(), Lsn.INVALID, Lsn.INVALID, reservation, 10))
                .isInstanceOf(LogFullException.class);

        assertThat(stream.last()).isEqualTo(last);
        assertThat(reservation.records()).isEqualTo(1);
        assertThat(log.stats().freeBytes()).isEqualTo(before.freeBytes());
        assertThat(log.stats().reservedBytes()).isEqualTo(before.reservedBytes());
    }

    @Test
    void appendingAndReservingWithAPayloadThatIsTooLargeReservesNothing() throws Exception {
        var reservation = stream.reserve(10);
        var tooLarge = ByteBuffer.allocate(stream.maxPayloadBytes() + 1);

        assertThatThrownBy(() -> stream.appendAndReserve(tooLarge, Lsn.INVALID, Lsn.INVALID, reservation, 10))
                .isInstanceOf(IllegalArgumentException.class);

        assertThat(reservation.records()).isEqualTo(1);
    }

    /** The room it takes back must not be that of a record that somebody else uses meanwhile. */
    @Test
    void aFailingAppendAndReserveNeverShowsItsReservationToOthers() throws Exception {
        var reservation = stream.reserve(10);
        var room = stream.reserve(BLOCK_BYTES);
        fill(stream);
        room.close();
        var failing = CompletableFuture.runAsync(
                () -> IntStream.range(0, 2000)
                        .forEach(i -> assertThatThrownBy(() ->
                                        stream.appendAndReserve(large(), Lsn.INVALID, Lsn.INVALID, reservation, 10))
                                .isInstanceOf(LogFullException.class)),
                LogFixture.THREADS);

        var seen = new HashSet<Integer>();
        while (!failing.isDone()) {
            seen.add(reservation.records());
        }

        await(failing);
        assertThat(seen).containsOnly(1);
    }

    @Test
    @Conforms("CLFS-09")
    void freedReservationsCanBeUsedByOthers() throws Exception {
        var reservation = stream.reserve(LogFixture.LARGE, LogFixture.LARGE, 10);
        fill(stream);
        assertThatThrownBy(() -> stream.append(large())).isInstanceOf(LogFullException.class);

        reservation.free(2);

        assertThat(reservation.records()).isEqualTo(1);
        stream.append(large());
        stream.append(reservation, data("small"), Lsn.INVALID, Lsn.INVALID);
    }

    @Test
    @Conforms("CLFS-09")
    void closingAReservationFreesWhatWasNotUsed() throws Exception {
        long free = log.stats().freeBytes();
        try (var reservation = stream.reserve(LogFixture.LARGE, 10)) {
            assertThat(log.stats().freeBytes()).isLessThan(free);
            assertThat(log.stats().freeBytes() + log.stats().reservedBytes()).isEqualTo(free);
            assertThat(reservation.records()).isEqualTo(2);
        }

        assertThat(log.stats().freeBytes()).isEqualTo(free);
        assertThat(log.stats().reservedBytes()).isZero();
    }

    @Test
    @Conforms("CLFS-11")
    void usingMoreThanWasReservedIsRefused() throws Exception {
        var reservation = stream.reserve(10);
        stream.append(reservation, data("a"), Lsn.INVALID, Lsn.INVALID);

        assertThat(refusal(() -> stream.append(reservation, data("b"), Lsn.INVALID, Lsn.INVALID)))
                .isEqualTo(LogError.RECORDS_RESERVED_INVALID);
        assertThat(refusal(() -> stream.appendForced(reservation, data("b"), Lsn.INVALID, Lsn.INVALID)))
                .isEqualTo(LogError.RECORDS_RESERVED_INVALID);
        assertThat(refusal(() -> reservation.free(1))).isEqualTo(LogError.RECORDS_RESERVED_INVALID);
        assertThat(texts(stream)).containsExactly("a");
    }

    @Test
    @Conforms("CLFS-11")
    void aRecordLargerThanReservedIsRefusedAndConsumesNothing() throws Exception {
        var reservation = stream.reserve(10, 10_000);

        assertThat(refusal(() -> stream.append(reservation, large(), Lsn.INVALID, Lsn.INVALID)))
                .isEqualTo(LogError.SPACE_RESERVED_INVALID);

        assertThat(reservation.records()).isEqualTo(2);
        stream.append(reservation, ByteBuffer.allocate(10_000), Lsn.INVALID, Lsn.INVALID);
        assertThat(refusal(() -> stream.append(reservation, ByteBuffer.allocate(10_000), Lsn.INVALID, Lsn.INVALID)))
                .isEqualTo(LogError.SPACE_RESERVED_INVALID);
        stream.append(reservation, data("small"), Lsn.INVALID, Lsn.INVALID);
    }

    @Test
    @Conforms("CLFS-11")
    void aReservationOfAnotherStreamIsRefused() throws Exception {
        try (var other = multiplexed(new SimulatedDevice(), 2);
                var one = other.stream("one");
                var two = other.stream("two");
                var reservation = one.reserve(10)) {
            assertThat(refusal(() -> two.append(reservation, data("a"), Lsn.INVALID, Lsn.INVALID)))
                    .isEqualTo(LogError.RESERVATION_INVALID);
            assertThat(refusal(() -> two.appendForced(reservation, data("a"), Lsn.INVALID, Lsn.INVALID)))
                    .isEqualTo(LogError.RESERVATION_INVALID);
            assertThat(refusal(() -> two.appendAndReserve(data("a"), Lsn.INVALID, Lsn.INVALID, reservation, 1)))
                    .isEqualTo(LogError.RESERVATION_INVALID);
            assertThat(reservation.records()).isEqualTo(1);
        }
    }

    @Test
    void aReservationServesEveryHandleOfItsStream() throws Exception {
        var reservation = stream.reserve(10);

        try (var second = log.stream()) {
            second.append(reservation, data("a"), Lsn.INVALID, Lsn.INVALID);
        }

        assertThat(reservation.records()).isZero();
        assertThat(texts(stream)).containsExactly("a");
    }

    @Test
    void smallRecordsUseTheSmallestReservedSpaceThatSuffices() throws Exception {
        var reservation = stream.reserve(LogFixture.LARGE, 10);
        fill(stream);

        stream.append(reservation, data("small"), Lsn.INVALID, Lsn.INVALID);

        stream.append(reservation, large(), Lsn.INVALID, Lsn.INVALID);
    }

    @Test
    void reservingIsAllOrNothing() throws Exception {
        var reservation = stream.reserve(10);
        long free = log.stats().freeBytes();
        var sizes = IntStream.generate(() -> LogFixture.LARGE).limit(40).toArray();

        assertThatThrownBy(() -> reservation.reserve(sizes)).isInstanceOf(LogFullException.class);
        assertThatThrownBy(() -> stream.reserve(sizes)).isInstanceOf(LogFullException.class);
        assertThatThrownBy(() -> reservation.reserve(10, stream.maxPayloadBytes() + 1))
                .isInstanceOf(IllegalArgumentException.class);

        assertThat(reservation.records()).isEqualTo(1);
        assertThat(log.stats().freeBytes()).isEqualTo(free);
    }

    @Test
    void reservingNothingReservesNothing() throws Exception {
        var reservation = stream.reserve();

        assertThat(reservation.records()).isZero();
        assertThat(log.stats().reservedBytes()).isZero();
        reservation.free(0);
        assertThatThrownBy(() -> reservation.free(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aClosedLogForgetsReservations() throws Exception {
        stream.reserve(LogFixture.LARGE, LogFixture.LARGE);
        log.close();

        try (var again = reopen(device, LogKind.DEDICATED)) {
            assertThat(again.stats().reservedBytes()).isZero();
        }
    }

    @Test
    void reservationsOfAClosedLogCanStillBeClosed() throws Exception {
        var reservation = stream.reserve(10);
        log.close();

        reservation.close();

        assertThatThrownBy(() -> stream.append(reservation, data("a"), Lsn.INVALID, Lsn.INVALID))
                .isInstanceOf(LogClosedException.class);
        assertThatThrownBy(() -> reservation.reserve(10)).isInstanceOf(LogClosedException.class);
    }
}
