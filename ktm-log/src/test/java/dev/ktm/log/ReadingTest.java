package dev.ktm.log;

import static dev.ktm.log.LogFixture.append;
import static dev.ktm.log.LogFixture.await;
import static dev.ktm.log.LogFixture.data;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReadingTest {

    private static final int BLOCK_BYTES = 4096;

    private final SimulatedDevice device = new SimulatedDevice();
    private final Log log;
    private final LogStream stream;
    private final LogStream other;

    ReadingTest() throws LogException {
        log = multiplexed(device, 3);
        stream = log.stream("stream");
        other = log.stream("other");
    }

    @AfterEach
    void closeLog() throws LogException {
        log.close();
    }

    @Test
    @Conforms("CLFS-12")
    void readingAlongPreviousReturnsOneChainInReverseOrderUpToItsEnd() throws Exception {
        long a1 = stream.append(data("a1"), Lsn.INVALID, Lsn.INVALID);
        long b1 = stream.append(data("b1"), Lsn.INVALID, Lsn.INVALID);
        long a2 = stream.append(data("a2"), a1, Lsn.INVALID);
        stream.force(a2);
        long b2 = stream.append(data("b2"), b1, Lsn.INVALID);
        long a3 = stream.append(data("a3"), a2, Lsn.INVALID);

        var chain = stream.read(a3, ReadMode.PREVIOUS);

        assertThat(texts(chain)).containsExactly("a3", "a2", "a1");
        assertThat(chain.next()).isFalse();
        assertThat(texts(stream.read(b2, ReadMode.PREVIOUS))).containsExactly("b2", "b1");
    }

    @Test
    @Conforms("CLFS-13")
    void readingAlongUndoNextSkipsWhatWasCompensated() throws Exception {
        long first = stream.append(data("first"), Lsn.INVALID, Lsn.INVALID);
        long second = stream.append(data("second"), first, first);
        long third = stream.append(data("third"), second, second);
        long undoneThird = stream.append(data("undo of third"), third, second);
        long undoneSecond = stream.append(data("undo of second"), undoneThird, first);

        assertThat(texts(stream.read(undoneSecond, ReadMode.UNDO_NEXT))).containsExactly("undo of second", "first");
        assertThat(texts(stream.read(undoneThird, ReadMode.UNDO_NEXT)))
                .containsExactly("undo of third", "second", "first");
        assertThat(texts(stream.read(undoneSecond, ReadMode.PREVIOUS)))
                .containsExactly("undo of second", "undo of third", "third", "second", "first");
    }

    @Test
    @Conforms("CLFS-12")
    void aReaderTellsTheLinksOfItsRecord() throws Exception {
        long first = stream.append(data("first"));
        long second = stream.append(data("second"), first, Lsn.NULL);

        var reader = stream.read(second, ReadMode.PREVIOUS);
        reader.next();

        assertThat(reader.lsn()).isEqualTo(second);
        assertThat(reader.previous()).isEqualTo(first);
        assertThat(reader.undoNext()).isEqualTo(Lsn.NULL);
        assertThat(reader.isRestartArea()).isFalse();
    }

    @Test
    @Conforms("CLFS-14")
    void readingBelowTheBaseIsRefused() throws Exception {
        long first = stream.append(data("first"));
        long second = stream.append(data("second"), first, first);
        stream.advanceBase(second);

        var chain = stream.read(second, ReadMode.PREVIOUS);
        chain.next();

        assertThat(refusal(chain::next)).isEqualTo(LogError.START_OF_LOG);
        assertThat(refusal(() -> stream.read(first, ReadMode.PREVIOUS).next())).isEqualTo(LogError.START_OF_LOG);
        assertThat(refusal(() -> stream.read(first, ReadMode.UNDO_NEXT).next())).isEqualTo(LogError.START_OF_LOG);
        assertThat(refusal(() -> stream.read(first, ReadMode.FORWARD).next())).isEqualTo(LogError.START_OF_LOG);
        assertThat(texts(stream)).containsExactly("second");
    }

    @Test
    @Conforms("CLFS-14")
    void whatIsBelowTheBaseButNotArchivedCanBeRead() throws Exception {
        try (var archived = LogFixture.create(
                        new SimulatedDevice(),
                        LogFixture.options(LogKind.DEDICATED).archived(true),
                        2);
                var only = archived.stream()) {
            long first = only.append(data("first"));
            long second = only.append(data("second"), first, first);
            long third = only.append(data("third"), second, second);
            only.advanceBase(third);

            assertThat(texts(only.read(first, ReadMode.FORWARD))).containsExactly("first", "second", "third");

            only.setArchiveTail(second);
            assertThat(refusal(() -> only.read(first, ReadMode.FORWARD).next())).isEqualTo(LogError.START_OF_LOG);
            assertThat(texts(only.read(second, ReadMode.FORWARD))).containsExactly("second", "third");
            assertThat(refusal(() -> texts(only.read(third, ReadMode.PREVIOUS))))
                    .isEqualTo(LogError.START_OF_LOG);
        }
    }

    @Test
    @Conforms("CLFS-15")
    void readingForwardReturnsTheRecordsFromAnLsnOnInOrderAndEnds() throws Exception {
        var appended = new ArrayList<Long>();
        for (int i = 0; i < 30; i++) {
            appended.add(stream.append(ByteBuffer.allocate(i * 500)));
        }
        stream.force(appended.get(20));

        for (int i = 0; i < 30; i++) {
            var reader = stream.read(appended.get(i), ReadMode.FORWARD);
            assertThat(lsns(reader)).isEqualTo(appended.subList(i, 30));
            assertThat(reader.next()).isFalse();
        }
        assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD))).isEqualTo(appended);
    }

    @Test
    @Conforms("CLFS-22")
    void aStreamSeesItsOwnRecordsOnly() throws Exception {
        stream.append(data("mine 1"));
        other.append(data("other 1"));
        stream.append(data("mine 2"));
        other.writeRestart(data("other's restart area"));
        other.append(data("other 2"));

        assertThat(texts(stream)).containsExactly("mine 1", "mine 2");
        assertThat(texts(other)).containsExactly("other 1", "other's restart area", "other 2");
        assertThat(stream.latestRestart()).isEmpty();
        log.close();
        try (var again = reopen(device, LogKind.MULTIPLEXED)) {
            assertThat(texts(again.stream("stream"))).containsExactly("mine 1", "mine 2");
            assertThat(texts(again.stream("other"))).containsExactly("other 1", "other's restart area", "other 2");
            assertThat(again.stream("stream").latestRestart()).isEmpty();
        }
    }

    @Test
    @Conforms("CLFS-22")
    void anLsnOfAnotherStreamIsRefused() throws Exception {
        long mine = stream.append(data("mine"));
        long others = other.append(data("other's"));
        stream.append(data("mine too"));

        assertThat(refusal(() -> stream.read(others, ReadMode.PREVIOUS).next())).isEqualTo(LogError.RECORD_NONEXISTENT);
        assertThat(refusal(() -> stream.read(others, ReadMode.FORWARD).next())).isEqualTo(LogError.RECORD_NONEXISTENT);
        var linked = stream.append(data("linked"), others, Lsn.INVALID);
        var chain = stream.read(linked, ReadMode.PREVIOUS);
        chain.next();
        assertThat(refusal(chain::next)).isEqualTo(LogError.RECORD_NONEXISTENT);
        assertThat(texts(stream.read(mine, ReadMode.FORWARD))).containsExactly("mine", "mine too", "linked");
    }

    /** What comes behind its last record may be another stream's. */
    @Test
    @Conforms("CLFS-22")
    void aReaderAtTheEndShowsNoRecordOfAnotherStream() throws Exception {
        stream.append(data("mine"));
        other.append(data("other's"));

        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        reader.next();
        assertThat(reader.next()).isFalse();

        assertThatThrownBy(reader::payload).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(reader::lsn).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aReaderThatIsOnNoRecordSaysSo() throws Exception {
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);

        assertThatThrownBy(reader::lsn)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("next()");
        assertThatThrownBy(reader::payload).isInstanceOf(IllegalStateException.class);
        assertThat(reader.next()).isFalse();
        assertThatThrownBy(reader::previous).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(reader::undoNext).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(reader::isRestartArea).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aReaderGoesOnWhenMoreWasAppended() throws Exception {
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        assertThat(texts(reader)).isEmpty();

        stream.append(data("a"));
        assertThat(texts(reader)).containsExactly("a");
        stream.append(data("b"));
        other.append(data("other's"));
        assertThat(texts(reader)).containsExactly("b");
        stream.force(Lsn.NULL);
        assertThat(texts(reader)).isEmpty();
        stream.append(data("c"));
        stream.force(Lsn.NULL);
        assertThat(texts(reader)).containsExactly("c");
        append(stream, 50);
        assertThat(lsns(reader)).hasSize(50);
        stream.append(data("d"));
        assertThat(texts(reader)).containsExactly("d");
    }

    @Test
    void manyReadersAndAnAppenderDoNotDisturbOneAnother() throws Exception {
        int records = 3000;
        var appended = List.of(new Semaphore(0), new Semaphore(0));
        var readers = appended.stream()
                .map(more -> CompletableFuture.supplyAsync(() -> readAsTheyCome(records, more), LogFixture.THREADS))
                .toList();

        for (int i = 0; i < records; i++) {
            var payload = ByteBuffer.allocate(8 + i % 700).putInt(0, i);
            if (i % 5 == 0) {
                stream.appendForced(payload);
            } else {
                stream.append(payload);
            }
            appended.forEach(Semaphore::release);
        }

        for (var reader : readers) {
            assertThat(await(reader))
                    .isEqualTo(IntStream.range(0, records).boxed().toList());
        }
    }

    private List<Integer> readAsTheyCome(int records, Semaphore more) {
        try {
            var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
            var found = new ArrayList<Integer>();
            while (found.size() < records) {
                if (reader.next()) {
                    found.add(reader.payload().getInt());
                } else {
                    more.acquireUninterruptibly();
                }
            }
            return found;
        } catch (LogException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void startsAtABaseThatIsNoRecord() throws Exception {
        stream.append(data("gone"));
        stream.clear();
        other.append(data("where the base points to"));
        other.append(large());
        stream.append(data("first"));
        stream.append(data("second"));
        assertThat(texts(stream)).containsExactly("first", "second");
        log.force();
        assertThat(texts(stream)).containsExactly("first", "second");

        log.close();
        try (var again = reopen(device, LogKind.MULTIPLEXED)) {
            assertThat(texts(again.stream("stream"))).containsExactly("first", "second");
        }
    }

    @Test
    void startsAtABaseBetweenFrames() throws Exception {
        stream.append(data("gone"));
        append(other, 3);
        long kept = stream.append(data("kept"));
        log.force();

        stream.advanceBase(kept - BLOCK_BYTES);

        assertThat(texts(stream)).containsExactly("kept");
    }

    @Test
    void startsAtABaseOnWhatACrashLost() throws Exception {
        stream.appendForced(data("gone"));
        append(stream, 2);
        other.appendForced(data("a"));
        stream.clear();
        log.stream("a third one, so that the base log file is written");
        var crashed = device.copy();

        try (var again = reopen(crashed, LogKind.MULTIPLEXED);
                var recovered = again.stream("stream")) {
            assertThat(lsns(recovered.read(Lsn.NULL, ReadMode.FORWARD))).isEmpty();
            recovered.append(data("new"));
            assertThat(texts(recovered)).containsExactly("new");
        }
    }

    @Test
    void anEmptyStreamHasNothingToRead() throws Exception {
        append(other, 3);
        log.force();

        assertThat(stream.read(Lsn.NULL, ReadMode.FORWARD).next()).isFalse();
        assertThat(stream.read(Lsn.NULL, ReadMode.PREVIOUS).next()).isFalse();
        assertThat(stream.read(Lsn.INVALID, ReadMode.PREVIOUS).next()).isFalse();
        assertThat(stream.last()).isEqualTo(Lsn.NULL);
    }

    @Test
    void lsnsThatAreNoRecordsAreRefusedInChains() throws Exception {
        long lsn = stream.append(data("a"));
        log.force();

        for (long wrong : List.of(lsn + 1, lsn + BLOCK_BYTES, lsn + (100L << 20), Lsn.INVALID - 1)) {
            assertThat(refusal(() -> stream.read(wrong, ReadMode.PREVIOUS).next()))
                    .isEqualTo(LogError.RECORD_NONEXISTENT);
        }
    }

    @Test
    void aChainMayBeRedirectedBackwardsOnly() throws Exception {
        long first = stream.append(data("first"));
        long second = stream.append(data("second"));
        long third = stream.append(data("third"), second, second);

        var chain = stream.read(third, ReadMode.PREVIOUS);
        assertThat(refusal(() -> chain.next(first))).isEqualTo(LogError.READ_CONTEXT_INVALID);
        chain.next();
        assertThat(refusal(() -> chain.next(third))).isEqualTo(LogError.READ_CONTEXT_INVALID);
        assertThat(chain.next(first)).isTrue();

        assertThat(text(chain.payload())).isEqualTo("first");
        assertThat(refusal(() -> chain.next(second))).isEqualTo(LogError.READ_CONTEXT_INVALID);
        var forward = stream.read(first, ReadMode.FORWARD);
        forward.next();
        assertThat(refusal(() -> forward.next(first))).isEqualTo(LogError.READ_CONTEXT_INVALID);
    }

    @Test
    void aChainThatLeadsForwardIsRefused() throws Exception {
        long wrong = stream.last() + (1 << 20) + 2 * BLOCK_BYTES;
        long lsn = stream.append(data("a"), wrong, Lsn.INVALID);

        var chain = stream.read(lsn, ReadMode.PREVIOUS);
        chain.next();

        assertThat(refusal(chain::next)).isEqualTo(LogError.READ_CONTEXT_INVALID);
    }

    @Test
    void payloadsCannotBeChangedThroughAReader() throws Exception {
        stream.append(data("a"));
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        reader.next();

        assertThat(reader.payload().isReadOnly()).isTrue();
    }

    @Test
    void readsOnAsContainersAreRecycledUntilItsOwnIsGone() throws Exception {
        append(stream, 80);
        log.force();
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        reader.next();

        stream.clear();
        fill(stream);
        log.force();

        assertThat(refusal(() -> lsns(reader))).isEqualTo(LogError.START_OF_LOG);
    }

    /** What was whole when the log was opened may rot while it is open. */
    @Test
    @Conforms("CLFS-37")
    void damageThatHappenedWhileTheLogWasOpenIsNotTakenForTheEnd() throws Exception {
        long first = stream.appendForced(data("first"));
        long second = stream.appendForced(data("second"));
        stream.appendForced(data("third"));
        device.raw().flipBit(log.containers().get(0), (Lsn.frameAddress(first) % (1 << 20) + 100) * Byte.SIZE);

        assertThatThrownBy(() -> texts(stream)).isInstanceOf(LogCorruptException.class);
        assertThatThrownBy(() -> stream.read(first, ReadMode.FORWARD).next()).isInstanceOf(LogCorruptException.class);
        assertThatThrownBy(() -> stream.read(first, ReadMode.PREVIOUS).next()).isInstanceOf(LogCorruptException.class);
        assertThat(texts(stream.read(second, ReadMode.FORWARD))).containsExactly("second", "third");
        assertThat(texts(stream.read(second, ReadMode.PREVIOUS))).containsExactly("second");
    }

    @Test
    @Conforms("CLFS-37")
    void damageInTheMiddleIsReportedWithItsPlace() throws Exception {
        stream.appendForced(data("first"));
        long second = stream.appendForced(data("second"));
        stream.appendForced(data("third"));
        var container = log.containers().get(0);
        long offset = Lsn.frameAddress(second) % (1 << 20);
        device.raw().flipBit(container, (offset + 100) * Byte.SIZE);

        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        reader.next();

        assertThatThrownBy(reader::next).isInstanceOfSatisfying(LogCorruptException.class, damage -> {
            assertThat(damage.file()).isEqualTo(container);
            assertThat(damage.offset()).isEqualTo(offset);
        });
        assertThatThrownBy(() -> stream.read(second, ReadMode.PREVIOUS).next()).isInstanceOf(LogCorruptException.class);
    }
}
