package dev.ktm.log;

import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.fill;
import static dev.ktm.log.LogFixture.large;
import static dev.ktm.log.LogFixture.multiplexed;
import static dev.ktm.log.LogFixture.refusal;
import static dev.ktm.log.LogFixture.reopen;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.LogFixture.RecordingClient;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamsTest {

    private static final Set<StreamAccess> ALL = EnumSet.allOf(StreamAccess.class);
    private static final Set<StreamAccess> NOTHING = EnumSet.noneOf(StreamAccess.class);
    private static final Set<StreamAccess> READ = EnumSet.of(StreamAccess.READ);
    private static final Set<StreamAccess> WRITE = EnumSet.of(StreamAccess.WRITE);

    private final SimulatedDevice device = new SimulatedDevice();
    private final Log log;

    StreamsTest() throws LogException {
        log = multiplexed(device, 2);
    }

    @AfterEach
    void closeLog() throws LogException {
        log.close();
    }

    @Test
    @Conforms("CLFS-36")
    void aDeletedStreamRefusesToBeOpenedAndVanishesWithItsLastHandle() throws Exception {
        var first = log.stream("a");
        var second = log.stream("a");
        first.append(data("old"));

        first.delete();

        assertThat(refusal(() -> log.stream("a"))).isEqualTo(LogError.DELETE_PENDING);
        assertThat(refusal(() -> log.openStream("a", StreamMode.CREATE_NEW, ALL, ALL)))
                .isEqualTo(LogError.DELETE_PENDING);
        first.close();
        assertThat(log.streamNames()).containsExactly("a");
        assertThat(texts(second)).containsExactly("old");
        second.close();
        assertThat(log.streamNames()).isEmpty();
        assertThat(refusal(() -> log.openStream("a", StreamMode.OPEN_EXISTING, ALL, ALL)))
                .isEqualTo(LogError.NOT_FOUND);
        assertThat(texts(log.stream("a"))).isEmpty();
    }

    @Test
    @Conforms("CLFS-36")
    void aStreamWhoseDeletionACrashInterruptedIsGone() throws Exception {
        var stream = log.stream("a");
        stream.appendForced(data("old"));
        stream.delete();

        try (var crashed = reopen(device.copy(), LogKind.MULTIPLEXED)) {
            assertThat(crashed.streamNames()).isEmpty();
            assertThat(texts(crashed.stream("a"))).isEmpty();
        }
    }

    @Test
    @Conforms("CLFS-36")
    void aDeletedStreamHoldsNoSpace() throws Exception {
        var stalled = log.stream("stalled");
        var busy = log.stream("busy");
        stalled.append(data("a"));
        fill(busy);
        busy.clear();
        assertThatThrownBy(() -> busy.append(large())).isInstanceOf(LogFullException.class);

        stalled.delete();
        stalled.close();

        busy.append(large());
    }

    /** The new stream may get the number of the old one, whose records are still there. */
    @Test
    void aNewStreamNeverShowsTheRecordsOfADeletedOne() throws Exception {
        var old = log.stream("old");
        long lsn = old.append(data("old"));
        old.writeRestart(data("old restart area"));
        old.delete();
        old.close();

        var fresh = log.stream("new");
        long first = fresh.append(data("new"));

        assertThat(texts(fresh)).containsExactly("new");
        assertThat(first).isGreaterThan(lsn);
        assertThat(refusal(() -> fresh.read(lsn, ReadMode.PREVIOUS).next())).isEqualTo(LogError.START_OF_LOG);
        log.close();
        try (var again = reopen(device, LogKind.MULTIPLEXED)) {
            assertThat(again.streamNames()).containsExactly("new");
            assertThat(texts(again.stream("new"))).containsExactly("new");
            assertThat(again.stream("new").latestRestart()).isEmpty();
        }
    }

    @Test
    void aStreamThatIsResetIsLikeNewOnceItsLastHandleCloses() throws Exception {
        var first = log.stream("a");
        var second = log.stream("a");
        first.writeRestart(data("restart"));

        first.closeAndReset();

        assertThat(texts(second)).containsExactly("restart");
        long end = second.last();
        second.close();
        var third = log.stream("a");
        assertThat(texts(third)).isEmpty();
        assertThat(third.last()).isEqualTo(Lsn.NULL);
        assertThat(third.latestRestart()).isEmpty();
        assertThat(third.append(data("new"))).isGreaterThan(end);
        log.close();
        try (var again = reopen(device, LogKind.MULTIPLEXED)) {
            assertThat(texts(again.stream("a"))).containsExactly("new");
            assertThat(again.stream("a").latestRestart()).isEmpty();
        }
    }

    @Test
    void aResetSurvivesACrash() throws Exception {
        var stream = log.stream("a");
        stream.writeRestart(data("restart"));

        stream.closeAndReset();

        try (var crashed = reopen(device.copy(), LogKind.MULTIPLEXED)) {
            assertThat(texts(crashed.stream("a"))).isEmpty();
            assertThat(crashed.stream("a").latestRestart()).isEmpty();
        }
    }

    @Test
    void streamsAreCreatedAndOpenedAsAskedFor() throws Exception {
        assertThat(refusal(() -> log.openStream("a", StreamMode.OPEN_EXISTING, ALL, ALL)))
                .isEqualTo(LogError.NOT_FOUND);
        log.openStream("a", StreamMode.CREATE_NEW, ALL, ALL).close();
        assertThat(refusal(() -> log.openStream("a", StreamMode.CREATE_NEW, ALL, ALL)))
                .isEqualTo(LogError.ALREADY_EXISTS);
        log.openStream("a", StreamMode.OPEN_EXISTING, ALL, ALL).close();
        log.openStream("b", StreamMode.OPEN_ALWAYS, ALL, ALL).close();

        assertThat(log.streamNames()).containsExactly("a", "b");
        try (var crashed = reopen(device.copy(), LogKind.MULTIPLEXED)) {
            assertThat(crashed.streamNames()).containsExactly("a", "b");
        }
    }

    @Test
    void handlesShareAStreamAsFarAsTheyAllow() throws Exception {
        var reader = log.openStream("a", StreamMode.OPEN_ALWAYS, READ, READ);

        assertThat(refusal(() -> log.openStream("a", StreamMode.OPEN_ALWAYS, WRITE, ALL)))
                .isEqualTo(LogError.SHARING_VIOLATION);
        assertThat(refusal(() -> log.openStream("a", StreamMode.OPEN_ALWAYS, READ, WRITE)))
                .isEqualTo(LogError.SHARING_VIOLATION);
        log.openStream("a", StreamMode.OPEN_ALWAYS, READ, READ).close();
        log.openStream("a", StreamMode.OPEN_ALWAYS, NOTHING, READ).close();
        log.openStream("b", StreamMode.OPEN_ALWAYS, WRITE, NOTHING).close();

        reader.close();
        log.openStream("a", StreamMode.OPEN_ALWAYS, WRITE, NOTHING).close();
    }

    @Test
    void aHandleWithoutRightsCanOnlyBeAsked() throws Exception {
        log.stream("a").append(data("a"));
        var handle = log.openStream("a", StreamMode.OPEN_EXISTING, NOTHING, ALL);
        var payload = data("b");

        assertThat(handle.name()).isEqualTo("a");
        assertThat(handle.last()).isGreaterThanOrEqualTo(handle.base());
        assertThat(handle.archiveTail()).isEqualTo(Lsn.NULL);
        assertThat(handle.maxPayloadBytes()).isPositive();
        for (var forbidden : List.<ThrowingCallable>of(
                () -> handle.append(payload),
                () -> handle.appendForced(payload),
                () -> handle.appendQueued(payload, Lsn.INVALID, Lsn.INVALID),
                () -> handle.reserve(1),
                () -> handle.read(Lsn.NULL, ReadMode.FORWARD),
                () -> handle.writeRestart(payload),
                handle::latestRestart,
                handle::readRestart,
                () -> handle.advanceBase(handle.last()),
                handle::clear,
                handle::prepareArchive,
                handle::delete,
                handle::closeAndReset,
                () -> handle.registerClient(new RecordingClient()))) {
            assertThat(refusal(forbidden)).isEqualTo(LogError.ACCESS_DENIED);
        }
    }

    @Test
    void readingAndWritingAreSeparateRights() throws Exception {
        var reader = log.openStream("a", StreamMode.OPEN_ALWAYS, READ, ALL);
        var writer = log.openStream("a", StreamMode.OPEN_ALWAYS, WRITE, ALL);

        writer.append(data("a"));

        assertThat(texts(reader)).containsExactly("a");
        assertThat(refusal(() -> reader.append(data("b")))).isEqualTo(LogError.ACCESS_DENIED);
        assertThat(refusal(() -> writer.read(Lsn.NULL, ReadMode.FORWARD))).isEqualTo(LogError.ACCESS_DENIED);
        assertThat(refusal(writer::delete)).isEqualTo(LogError.ACCESS_DENIED);
    }

    @Test
    void aLogHas124StreamsAndNoMore() throws Exception {
        var name = "s".repeat(124);
        for (int i = 0; i < 124; i++) {
            log.stream(name + (i + 100)).append(data("record " + i));
        }

        assertThat(refusal(() -> log.stream("one too many"))).isEqualTo(LogError.TOO_MANY_STREAMS);

        log.close();
        try (var again = reopen(device, LogKind.MULTIPLEXED)) {
            assertThat(again.streamNames()).hasSize(124);
            assertThat(texts(again.stream(name + 100))).containsExactly("record 0");
            var last = again.stream(name + 223);
            assertThat(texts(last)).containsExactly("record 123");
            last.delete();
            last.close();
            assertThat(texts(again.stream("room for one more"))).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "a\u0000"})
    void streamNamesHaveNoControlCharacters(String name) {
        assertThatThrownBy(() -> log.stream(name)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void streamNamesAreAnyOtherText() throws Exception {
        log.stream("ä€ \uD83D\uDE00").append(data("a"));
        log.close();

        try (var again = reopen(device, LogKind.MULTIPLEXED)) {
            assertThat(again.streamNames()).containsExactly("ä€ \uD83D\uDE00");
        }
    }

    @Test
    void streamNamesHave127BytesAtMost() throws Exception {
        log.stream("n".repeat(127)).close();

        assertThatThrownBy(() -> log.stream("n".repeat(128))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> log.stream("ä".repeat(64))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aDedicatedLogHasNoStreamToDelete() throws Exception {
        try (var one = dedicated(new SimulatedDevice(), 2);
                var stream = one.stream()) {
            assertThat(refusal(stream::delete)).isEqualTo(LogError.DEDICATED);
            assertThat(one.streamNames()).containsExactly("");
        }
    }

    @Test
    void aForceOfOneStreamCoversAllRecordsBeforeIt() throws Exception {
        log.stream("a").append(data("a"));

        log.stream("b").appendForced(data("b"));

        try (var crashed = reopen(device.copy(), LogKind.MULTIPLEXED)) {
            assertThat(texts(crashed.stream("a"))).containsExactly("a");
            assertThat(texts(crashed.stream("b"))).containsExactly("b");
        }
    }

    @Test
    void aResetIsNotForgottenWhenTheLogIsClosedFirst() throws Exception {
        var one = log.stream("a");
        var other = log.stream("a");
        other.appendForced(data("old"));
        one.closeAndReset();

        log.close();

        try (var again = reopen(device, LogKind.MULTIPLEXED)) {
            assertThat(texts(again.stream("a"))).isEmpty();
        }
    }

    @Test
    void aResetThatACrashInterruptedIsDoneOnceAndNotAgain() throws Exception {
        var one = log.stream("a");
        log.stream("a").appendForced(data("old"));
        one.closeAndReset();
        var crashed = device.copy();

        try (var again = reopen(crashed, LogKind.MULTIPLEXED)) {
            assertThat(texts(again.stream("a"))).isEmpty();
            again.stream("a").appendForced(data("new"));
            try (var third = reopen(crashed.copy(), LogKind.MULTIPLEXED)) {
                assertThat(texts(third.stream("a"))).containsExactly("new");
            }
        }
    }
}
