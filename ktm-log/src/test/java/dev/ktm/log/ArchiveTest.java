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
import static dev.ktm.log.LogFixture.text;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArchiveTest {

    private final SimulatedDevice device = new SimulatedDevice();

    private Log archived(int containers) throws LogException {
        return LogFixture.create(device, LogFixture.options(LogKind.DEDICATED).archived(true), containers);
    }

    @Test
    @Conforms("CLFS-25")
    void anEphemeralLogHasNoArchiveTail() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            long lsn = stream.append(data("a"));

            assertThat(log.isEphemeral()).isTrue();
            assertThat(stream.archiveTail()).isEqualTo(Lsn.NULL);
            assertThat(refusal(() -> stream.setArchiveTail(lsn))).isEqualTo(LogError.EPHEMERAL);
        }
    }

    @Test
    void aMultiplexedLogHasNoArchiveTailToBeSet() throws Exception {
        try (var log = multiplexed(device, 2);
                var stream = log.stream("a")) {
            long lsn = stream.append(data("a"));

            assertThat(refusal(() -> stream.setArchiveTail(lsn))).isEqualTo(LogError.MULTIPLEXED);
        }
    }

    /** Its archive tail could never be moved, and no space would ever come back. */
    @Test
    void aMultiplexedLogThatIsArchivedIsNotCreated() {
        var options = LogFixture.options(LogKind.MULTIPLEXED).archived(true);

        assertThatThrownBy(options::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("dedicated");
    }

    @Test
    @Conforms("CLFS-26")
    void theArchiveTailHoldsSpaceThatTheBaseHasGivenUp() throws Exception {
        try (var log = archived(2);
                var stream = log.stream()) {
            var appended = fill(stream);
            stream.clear();

            assertThatThrownBy(() -> stream.append(large()))
                    .isInstanceOf(LogFullException.class)
                    .hasMessageContaining("archive tail");
            var outcome = await(log.handleLogFull());
            assertThat(outcome.result()).isEqualTo(LogFullOutcome.Result.PINNED);
            assertThat(outcome.pinnedBy())
                    .hasValueSatisfying(pin -> assertThat(pin.reason()).isEqualTo(LogError.PINNED_ARCHIVE_TAIL));
            assertThat(lsns(stream.read(appended.get(0), ReadMode.FORWARD))).isEqualTo(appended);

            stream.setArchiveTail(stream.last());
            stream.append(large());
        }
    }

    @Test
    @Conforms("CLFS-26")
    void theArchiveTailIsDurable() throws Exception {
        long second;
        try (var log = archived(2);
                var stream = log.stream()) {
            stream.append(data("1"));
            second = stream.append(data("2"));
            stream.append(data("3"));

            stream.setArchiveTail(second);
            stream.clear();

            try (var crashed = reopen(device.copy(), LogKind.DEDICATED);
                    var recovered = crashed.stream()) {
                assertThat(crashed.isEphemeral()).isFalse();
                assertThat(recovered.archiveTail()).isEqualTo(second);
            }
        }
        try (var log = reopen(device, LogKind.DEDICATED);
                var stream = log.stream()) {
            assertThat(stream.archiveTail()).isEqualTo(second);
            assertThat(texts(stream.read(second, ReadMode.FORWARD))).containsExactly("2", "3");
        }
    }

    @Test
    void theArchiveTailMovesForwardUpToTheEndOnly() throws Exception {
        try (var log = archived(2);
                var stream = log.stream()) {
            long first = stream.append(data("1"));
            long second = stream.append(data("2"));
            stream.setArchiveTail(second);

            assertThat(refusal(() -> stream.setArchiveTail(first))).isEqualTo(LogError.TAIL_INVALID);
            assertThat(refusal(() -> stream.setArchiveTail(second + 4096))).isEqualTo(LogError.TAIL_INVALID);
            assertThat(refusal(() -> stream.setArchiveTail(Lsn.NULL))).isEqualTo(LogError.TAIL_INVALID);

            stream.setArchiveTail(second);
            assertThat(stream.archiveTail()).isEqualTo(second);
        }
    }

    /** How an archiver works: again and again, up to the end. */
    @Test
    @Conforms("CLFS-26")
    void archivingUpToTheEndAgainAndAgainKeepsTheLogGoing() throws Exception {
        var archivedBytes = 0L;
        try (var log = archived(2);
                var stream = log.stream()) {
            for (int round = 0; round < 12; round++) {
                append(stream, 12);
                try (var snapshot = stream.prepareArchive()) {
                    assertThat(snapshot.low()).isEqualTo(Lsn.frameAddress(stream.archiveTail()));
                    archivedBytes += bytes(snapshot);
                    stream.setArchiveTail(snapshot.high());
                }
                stream.clear();
            }
        }

        assertThat(archivedBytes).isGreaterThan(12 * 12 * (long) LogFixture.LARGE);
    }

    private static long bytes(ArchiveSnapshot snapshot) {
        return snapshot.extents().stream()
                .mapToLong(ArchiveSnapshot.Extent::length)
                .sum();
    }

    @Test
    @Conforms("CLFS-27")
    void containersOfASnapshotAreNotRecycledUntilItIsClosed() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            append(stream, 10);
            var snapshot = stream.prepareArchive();
            var before = read(snapshot);
            fill(stream);
            stream.clear();

            assertThatThrownBy(() -> stream.append(large()))
                    .isInstanceOf(LogFullException.class)
                    .hasMessageContaining("snapshot");
            assertThat(read(snapshot)).isEqualTo(before);

            snapshot.close();
            stream.append(large());
        }
    }

    private static List<ByteBuffer> read(ArchiveSnapshot snapshot) throws LogException {
        var found = new ArrayList<ByteBuffer>();
        for (var extent : snapshot.extents()) {
            var bytes = ByteBuffer.allocate((int) extent.length());
            snapshot.read(extent, 0, bytes);
            found.add(bytes.flip());
        }
        return found;
    }

    @Test
    @Conforms("CLFS-27")
    void aHandleHasOneArchiveAtATime() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream();
                var second = log.stream()) {
            stream.append(data("a"));
            var snapshot = stream.prepareArchive();

            assertThat(refusal(stream::prepareArchive)).isEqualTo(LogError.ARCHIVE_IN_PROGRESS);
            second.prepareArchive().close();

            snapshot.close();
            stream.prepareArchive().close();
        }
    }

    @Test
    void aClosedSnapshotCannotBeRead() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.append(data("a"));
            var snapshot = stream.prepareArchive();
            var extent = snapshot.extents().get(0);
            snapshot.close();

            assertThat(refusal(() -> snapshot.read(extent, 0, ByteBuffer.allocate(1))))
                    .isEqualTo(LogError.ARCHIVE_NOT_IN_PROGRESS);
            snapshot.close();
        }
    }

    @Test
    void whatWasCutOffIsNotArchivedAfterTheBasePassedTheCut() throws Exception {
        long first;
        try (var log = archived(2);
                var stream = log.stream()) {
            first = stream.append(data("a"));
            stream.append(data("b"));
            stream.truncateEnd(first);
            stream.advanceBase(stream.appendForced(data("c")));
        }

        try (var log = reopen(device, LogKind.DEDICATED);
                var stream = log.stream()) {
            assertThat(texts(stream.read(first, ReadMode.FORWARD))).containsExactly("a", "c");
        }
    }

    @Test
    void closingTheHandleEndsItsArchive() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            append(stream, 10);
            var archiver = log.stream();
            var snapshot = archiver.prepareArchive();
            fill(stream);
            stream.clear();

            archiver.close();

            stream.append(large());
            assertThat(refusal(() -> snapshot.read(snapshot.extents().get(0), 0, ByteBuffer.allocate(1))))
                    .isEqualTo(LogError.ARCHIVE_NOT_IN_PROGRESS);
        }
    }

    @Test
    void aSnapshotCoversWhatWasNotArchivedAndIsDurable() throws Exception {
        try (var log = archived(2);
                var stream = log.stream()) {
            stream.append(data("archived"));
            long second = stream.append(data("second"));
            stream.force(Lsn.NULL);
            stream.setArchiveTail(second);
            stream.append(data("third, not forced"));

            var snapshot = stream.prepareArchive();

            assertThat(snapshot.low()).isEqualTo(Lsn.frameAddress(second));
            assertThat(snapshot.high()).isGreaterThan(stream.last());
            assertThat(text(read(snapshot).get(0))).contains("second", "third, not forced");
            try (var crashed = reopen(device.copy(), LogKind.DEDICATED)) {
                assertThat(texts(crashed.stream().read(second, ReadMode.FORWARD)))
                        .containsExactly("second", "third, not forced");
            }
        }
    }

    @Test
    void theSnapshotOfAnEmptyLogIsEmpty() throws Exception {
        try (var log = archived(2);
                var stream = log.stream();
                var snapshot = stream.prepareArchive()) {
            assertThat(bytes(snapshot)).isZero();
            assertThat(snapshot.high()).isGreaterThanOrEqualTo(snapshot.low());
        }
    }

    @Test
    void readingOutsideOfASnapshotIsTheCallersMistake() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.append(data("a"));
            try (var snapshot = stream.prepareArchive()) {
                var extent = snapshot.extents().get(0);
                var foreign = new ArchiveSnapshot.Extent(extent.fileName(), 0, 4096);
                var bytes = ByteBuffer.allocate(2);

                assertThatThrownBy(() -> snapshot.read(extent, extent.length() - 1, bytes))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> snapshot.read(extent, -1, bytes)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> snapshot.read(foreign, 0, bytes)).isInstanceOf(IllegalArgumentException.class);
            }
        }
    }
}
