package dev.ktm.log;

import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.fill;
import static dev.ktm.log.LogFixture.multiplexed;
import static dev.ktm.log.LogFixture.refusal;
import static dev.ktm.log.LogFixture.reopen;
import static dev.ktm.log.LogFixture.text;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

class KindsOfLogTest {

    private final SimulatedDevice device = new SimulatedDevice();

    @Test
    @Conforms("CLFS-23")
    void aLogOfOneKindIsNotOpenedAsTheOther() throws Exception {
        dedicated(device, 2).close();
        var many = new SimulatedDevice();
        multiplexed(many, 2).close();
        var before = device.image().hash();

        assertThat(refusal(() -> reopen(device, LogKind.MULTIPLEXED))).isEqualTo(LogError.DEDICATED);
        assertThat(refusal(() -> reopen(many, LogKind.DEDICATED))).isEqualTo(LogError.MULTIPLEXED);

        assertThat(device.image().hash()).isEqualTo(before);
        reopen(device, LogKind.DEDICATED).close();
        reopen(many, LogKind.MULTIPLEXED).close();
    }

    @Test
    @Conforms("CLFS-23")
    void streamsOfOneKindAreNotOpenedInALogOfTheOther() throws Exception {
        try (var one = dedicated(device, 2);
                var many = multiplexed(new SimulatedDevice(), 2)) {
            assertThat(refusal(() -> one.stream("name"))).isEqualTo(LogError.DEDICATED);
            assertThat(refusal(many::stream)).isEqualTo(LogError.MULTIPLEXED);
            assertThat(refusal(() -> many.stream(""))).isEqualTo(LogError.MULTIPLEXED);
            assertThat(one.kind()).isEqualTo(LogKind.DEDICATED);
            assertThat(many.kind()).isEqualTo(LogKind.MULTIPLEXED);
        }
    }

    @Test
    @Conforms("CLFS-24")
    void theEndOfADedicatedLogCanBeCut() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.append(data("1"));
            long kept = stream.append(data("2"));
            long cut = stream.append(data("3"), kept, kept);
            var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
            reader.next();

            stream.truncateEnd(kept);

            assertThat(stream.last()).isEqualTo(kept);
            assertThat(texts(stream)).containsExactly("1", "2");
            assertThat(texts(reader)).containsExactly("2");
            assertThat(refusal(() -> stream.read(cut, ReadMode.PREVIOUS).next()))
                    .isEqualTo(LogError.RECORD_NONEXISTENT);
            assertThat(refusal(() -> stream.advanceBase(cut))).isEqualTo(LogError.TAIL_INVALID);
            assertThat(stream.append(data("4"))).isGreaterThan(cut);
            assertThat(texts(stream)).containsExactly("1", "2", "4");
        }
    }

    @Test
    @Conforms("CLFS-24")
    void theEndOfAMultiplexedLogCannotBeCut() throws Exception {
        try (var log = multiplexed(device, 2);
                var stream = log.stream("a")) {
            long first = stream.append(data("1"));
            stream.append(data("2"));

            assertThat(refusal(() -> stream.truncateEnd(first))).isEqualTo(LogError.MULTIPLEXED);

            assertThat(texts(stream)).containsExactly("1", "2");
        }
    }

    @Test
    void aCutIsDurableAndCutsRestartAreasToo() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.writeRestart(data("old"));
            long kept = stream.append(data("kept"));
            stream.writeRestart(data("cut"));
            stream.append(data("cut too"));

            stream.truncateEnd(kept);

            assertThat(text(stream.readRestart().data())).isEqualTo("old");
            long next = stream.appendForced(data("next"));
            var crashed = device.copy();
            log.close();
            for (var disk : List.of(crashed, device)) {
                try (var again = reopen(disk, LogKind.DEDICATED);
                        var recovered = again.stream()) {
                    assertThat(texts(recovered)).containsExactly("old", "kept", "next");
                    assertThat(text(recovered.readRestart().data())).isEqualTo("old");
                    assertThat(recovered.last()).isEqualTo(next);
                }
            }
        }
    }

    @Test
    void afterACutBehindTheOnlyRestartAreaThereIsNone() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            long kept = stream.append(data("kept"));
            stream.writeRestart(data("cut"));

            stream.truncateEnd(kept);

            assertThat(stream.latestRestart()).isEmpty();
            log.close();
            try (var again = reopen(device, LogKind.DEDICATED);
                    var recovered = again.stream()) {
                assertThat(recovered.latestRestart()).isEmpty();
                assertThat(recovered.last()).isEqualTo(kept);
                var restart = recovered.writeRestart(data("new"), kept);
                assertThat(recovered.readRestart().previous()).isEqualTo(Lsn.INVALID);
                assertThat(recovered.readRestart().lsn()).isEqualTo(restart);
            }
        }
    }

    @Test
    void theEndCanBeCutAgainAndAgain() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            long first = stream.append(data("1"));
            long second = stream.append(data("2"));
            stream.append(data("3"));
            stream.truncateEnd(second);
            stream.append(data("4"));
            stream.truncateEnd(second);
            stream.append(data("5"));

            stream.truncateEnd(first);

            stream.append(data("6"));
            assertThat(texts(stream)).containsExactly("1", "6");
            log.close();
            try (var again = reopen(device, LogKind.DEDICATED)) {
                assertThat(texts(again.stream())).containsExactly("1", "6");
            }
        }
    }

    @Test
    void cuttingBehindWhatIsNoRecordIsRefused() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            long first = stream.append(data("1"));
            long second = stream.append(data("2"));
            stream.advanceBase(second);

            assertThat(refusal(() -> stream.truncateEnd(second + 1))).isEqualTo(LogError.RECORD_NONEXISTENT);
            assertThat(refusal(() -> stream.truncateEnd(first))).isEqualTo(LogError.START_OF_LOG);
            assertThat(texts(stream)).containsExactly("2");
        }
    }

    @Test
    void theSpaceOfWhatWasCutComesBackWithTheBase() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            for (int round = 0; round < 4; round++) {
                var appended = fill(stream);
                stream.truncateEnd(appended.get(0));
                stream.clear();
                assertThat(appended).hasSizeGreaterThan(10);
            }

            stream.append(data("a"));
            assertThat(texts(stream)).containsExactly("a");
        }
    }
}
