package dev.ktm.log;

import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.fill;
import static dev.ktm.log.LogFixture.large;
import static dev.ktm.log.LogFixture.refusal;
import static dev.ktm.log.LogFixture.reopen;
import static dev.ktm.log.LogFixture.text;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RestartAreaTest {

    private final SimulatedDevice device = new SimulatedDevice();
    private final Log log;
    private final LogStream stream;

    RestartAreaTest() throws LogException {
        log = dedicated(device, 2);
        stream = log.stream();
    }

    @AfterEach
    void closeLog() throws LogException {
        log.close();
    }

    @Test
    @Conforms("CLFS-16")
    void writingARestartAreaForcesEverythingBeforeIt() throws Exception {
        stream.append(data("before"));

        long lsn = stream.writeRestart(data("checkpoint"));

        try (var crashed = reopen(device.copy(), LogKind.DEDICATED);
                var recovered = crashed.stream()) {
            assertThat(texts(recovered)).containsExactly("before", "checkpoint");
            assertThat(recovered.readRestart().lsn()).isEqualTo(lsn);
            assertThat(text(recovered.readRestart().data())).isEqualTo("checkpoint");
            assertThat(recovered.base()).isEqualTo(stream.base());
        }
    }

    @Test
    @Conforms("CLFS-16")
    void writingARestartAreaMovesTheBaseInTheSameStep() throws Exception {
        stream.append(data("gone"));
        long kept = stream.append(data("kept"));

        stream.writeRestart(data("checkpoint"), kept);

        assertThat(stream.base()).isEqualTo(kept);
        try (var crashed = reopen(device.copy(), LogKind.DEDICATED);
                var recovered = crashed.stream()) {
            assertThat(recovered.base()).isEqualTo(kept);
            assertThat(texts(recovered)).containsExactly("kept", "checkpoint");
        }
    }

    @Test
    @Conforms({"CLFS-16", "CLFS-17"})
    void aCrashWhileARestartAreaIsWrittenLeavesTheOldOrTheNewOneWithItsBase() throws Exception {
        long oldBase = stream.append(data("1"));
        long newBase = stream.append(data("2"));
        stream.writeRestart(data("old"), oldBase);
        int start = device.point();
        stream.writeRestart(ByteBuffer.allocate(9000).put(data("new")).rewind(), newBase);
        var seen = new HashSet<String>();

        CrashStates.of(device.history()).from(start).upTo(device.point()).forEach(state -> {
            try (var crashed = reopen(state.device(), LogKind.DEDICATED);
                    var recovered = crashed.stream()) {
                var latest = text(recovered.readRestart().data()).trim();
                seen.add(latest);
                assertThat(recovered.base()).isEqualTo(latest.equals("new") ? newBase : oldBase);
            }
        });

        assertThat(seen).containsExactlyInAnyOrder("old", "new");
    }

    @Test
    @Conforms("CLFS-18")
    void restartAreasAreReadFromTheNewestToTheOldest() throws Exception {
        stream.writeRestart(data("1"));
        stream.append(data("between"));
        stream.writeRestart(data("2"));
        long last = stream.writeRestart(data("3"));
        log.close();

        try (var again = reopen(device, LogKind.DEDICATED);
                var reopened = again.stream()) {
            var newest = reopened.readRestart();
            var second = reopened.readPreviousRestart(newest);
            var oldest = reopened.readPreviousRestart(second);

            assertThat(newest.lsn()).isEqualTo(last);
            assertThat(List.of(text(newest.data()), text(second.data()), text(oldest.data())))
                    .containsExactly("3", "2", "1");
            assertThat(refusal(() -> reopened.readPreviousRestart(oldest))).isEqualTo(LogError.START_OF_LOG);
        }
    }

    @Test
    @Conforms("CLFS-18")
    void aStreamWithoutARestartAreaSaysSo() throws Exception {
        stream.append(data("a"));

        assertThat(refusal(stream::readRestart)).isEqualTo(LogError.NO_RESTART);
        assertThat(stream.latestRestart()).isEmpty();
    }

    @Test
    @Conforms("CLFS-18")
    void restartAreasBelowTheBaseAreGone() throws Exception {
        stream.writeRestart(data("1"));
        long second = stream.writeRestart(data("2"));
        stream.advanceBase(second);
        var newest = stream.readRestart();

        assertThat(refusal(() -> stream.readPreviousRestart(newest))).isEqualTo(LogError.START_OF_LOG);
        stream.clear();
        assertThat(refusal(stream::readRestart)).isEqualTo(LogError.NO_RESTART);
        log.close();
        try (var again = reopen(device, LogKind.DEDICATED)) {
            assertThat(again.stream().latestRestart()).isEmpty();
        }
    }

    @Test
    @Conforms("CLFS-19")
    void aRestartAreaCannotMoveTheBaseOutOfItsRange() throws Exception {
        long first = stream.append(data("1"));
        long second = stream.append(data("2"));
        stream.advanceBase(second);

        assertThat(refusal(() -> stream.writeRestart(data("r"), first))).isEqualTo(LogError.TAIL_INVALID);
        assertThat(refusal(() -> stream.writeRestart(data("r"), second + 1))).isEqualTo(LogError.TAIL_INVALID);

        assertThat(stream.base()).isEqualTo(second);
        assertThat(stream.latestRestart()).isEmpty();
        assertThat(stream.last()).isEqualTo(second);
    }

    @Test
    void aRestartAreaNeverMovesTheBaseBackToWhereItWasWhenWritingBegan() throws Exception {
        long first = stream.append(data("1"));
        long second = stream.append(data("2"));
        device.hook(advancingBeforeTheWrite(second));

        stream.writeRestart(data("checkpoint"), first);

        assertThat(stream.base()).isEqualTo(second);
    }

    private OperationHook advancingBeforeTheWrite(long base) {
        return new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) throws LogException {
                if (kind == OperationKind.WRITE) {
                    device.hook(OperationHook.NONE);
                    stream.advanceBase(base);
                }
            }
        };
    }

    @Test
    void aFullLogStillTakesARestartAreaThatMovesTheBase() throws Exception {
        var appended = fill(stream);

        stream.writeRestart(data("checkpoint"), appended.get(appended.size() - 1));

        assertThat(text(stream.readRestart().data())).isEqualTo("checkpoint");
        stream.append(large());
    }

    @Test
    void aReaderTellsRestartAreasFromData() throws Exception {
        stream.append(data("data"));
        stream.writeRestart(data("checkpoint"));

        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        reader.next();
        assertThat(reader.isRestartArea()).isFalse();
        reader.next();

        assertThat(reader.isRestartArea()).isTrue();
        assertThat(text(reader.payload())).isEqualTo("checkpoint");
        assertThat(reader.previous()).isEqualTo(Lsn.INVALID);
    }

    @Test
    void restartAreasMayBeEmptyOrAsLargeAsARecordLessTheirBase() throws Exception {
        int most = stream.maxPayloadBytes() - Long.BYTES;

        stream.writeRestart(ByteBuffer.allocate(0));
        stream.writeRestart(ByteBuffer.allocate(most));

        assertThat(stream.readRestart().data().remaining()).isEqualTo(most);
        assertThat(stream.readPreviousRestart(stream.readRestart()).data().remaining())
                .isZero();
    }
}
