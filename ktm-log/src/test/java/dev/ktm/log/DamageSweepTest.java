package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.fail;

import dev.ktm.log.format.Checksum;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.DiskImage;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Damage in front of the end of a log is refused, precisely and without touching anything; a torn end is the end.
 */
@Conforms("CLFS-37")
@Isolated("listens to what the log says to its logger")
class DamageSweepTest {

    private static final String FIRST = "ktm-1.log";
    private static final String SECOND = "ktm-2.log";
    private static final int SAMPLING = 13;
    private static final long SEED = 4711;

    private final LoggedWarnings warnings = new LoggedWarnings();
    private WrittenLog written;
    private DiskImage closed;
    private DiskImage crashed;
    private List<Long> everything;
    private List<Long> frames;
    private int framesEnd;
    private long flips;

    @BeforeEach
    void writeASmallLog() throws LogException {
        warnings.start();
        written = new WrittenLog(LogKind.DEDICATED, 2, false, SEED);
        written.append("", 3, 700);
        written.append("", 4, 1500);
        written.restart("", 100);
        written.append("", 2, 90);
        crashed = written.moment();
        closed = written.close();
        try (var log = Log.open(new SimulatedDevice(closed), written.options())) {
            everything = written.read(log, "");
        }
        frames = offsetsOfFrames();
        framesEnd = endOfFrames();
    }

    @AfterEach
    void stopListening() {
        warnings.stop();
    }

    @Test
    @Tag("slow")
    void anyBitOfAFrameOrHeaderThatChangesIsNoticed() {
        flipBitsOfTheClosedLog(SAMPLING);
        flipBitsOfTheCrashedLog(SAMPLING);

        assertThat(flips).isGreaterThan(30_000);
    }

    @Test
    @Tag("campaign")
    void everyBitOfAFrameOrHeaderThatChangesIsNoticed() {
        flipBitsOfTheClosedLog(1);
        flipBitsOfTheCrashedLog(1);
        System.getLogger("ktm.campaign").log(System.Logger.Level.INFO, "flips: " + flips);
    }

    @Test
    void oneDamagedCopyOfTheBaseLogFileIsMended() throws LogException {
        flipBitsOfOneCopy(SAMPLING * 8 + 1);
    }

    @Test
    @Tag("campaign")
    void anyOneDamagedCopyOfTheBaseLogFileIsMended() throws LogException {
        flipBitsOfOneCopy(1);
    }

    @Test
    void twoDamagedCopiesOfTheBaseLogFileAreRefused() {
        for (long bit = 0; bit < LogMetadata.COPY_BYTES * 8L; bit += 4099) {
            long one = bit;
            long other = LogMetadata.COPY_BYTES * 8L + (bit * 31 + 5) % (LogMetadata.COPY_BYTES * 8L);

            var refusal = refusal(closed, raw -> {
                raw.raw().flipBit(BaseLogFile.NAME, one);
                raw.raw().flipBit(BaseLogFile.NAME, other);
            });

            assertThat(refusal.error()).isEqualTo(LogError.METADATA_CORRUPT);
            assertThat(refusal.file()).isEqualTo(BaseLogFile.NAME);
            assertThat(refusal.offset()).isBetween(0L, 8L);
        }
    }

    @Test
    void aContainerThatWasCutOffIsRefused() {
        for (long size = 0; size < 512 * 1024; size += 512) {
            long cut = size;

            var refusal = refusal(closed, device -> device.raw().truncateFile(FIRST, cut));

            assertThat(refusal.error()).isEqualTo(LogError.METADATA_INCONSISTENT);
            assertThat(refusal.file()).isEqualTo(FIRST);
            assertThat(refusal.expected()).contains("524288");
            assertThat(refusal.found()).contains(String.valueOf(cut));
        }
    }

    @Test
    void aBaseLogFileThatWasCutOffIsRefusedOrMended() throws LogException {
        for (long size = 0; size < 2 * LogMetadata.COPY_BYTES; size += 512) {
            var device = new SimulatedDevice(closed);
            device.raw().truncateFile(BaseLogFile.NAME, size);

            if (size < LogMetadata.COPY_BYTES) {
                assertThatThrownBy(() -> Log.open(device, written.options()))
                        .isInstanceOf(LogCorruptException.class)
                        .hasMessageContaining(BaseLogFile.NAME)
                        .hasMessageContaining("262144 bytes");
            } else {
                assertOpensWithEverything(device);
                assertThat(device.raw().size(BaseLogFile.NAME)).isEqualTo(2L * LogMetadata.COPY_BYTES);
            }
        }
    }

    @Test
    void aMissingContainerIsRefused() {
        var refusal = refusal(closed, device -> device.raw().deleteFile(SECOND));

        assertThat(refusal.error()).isEqualTo(LogError.CONTAINER_OPEN_FAILED);
        assertThat(refusal.file()).isEqualTo(SECOND);
    }

    @Test
    void aMissingBaseLogFileIsRefused() {
        var refusal = refusal(closed, device -> device.raw().deleteFile(BaseLogFile.NAME));

        assertThat(refusal.error()).isEqualTo(LogError.METADATA_CORRUPT);
        assertThat(refusal.file()).isEqualTo(BaseLogFile.NAME);
        assertThat(refusal).hasMessageContaining(FIRST);
    }

    @Test
    void swappedContainersAreRefused() {
        var refusal = refusal(closed, device -> device.raw().swapFiles(FIRST, SECOND));

        assertThat(refusal.error()).isEqualTo(LogError.METADATA_INCONSISTENT);
        assertThat(refusal.expected()).isEqualTo("container 1");
        assertThat(refusal.found()).isEqualTo("container 2");
    }

    @Test
    void aContainerOfAnotherLogIsRefused() throws LogException {
        var other = new WrittenLog(LogKind.DEDICATED, 2, false, SEED);
        other.close();

        var refusal = refusal(
                closed,
                device -> device.raw().write(FIRST, 0, other.device().raw().read(FIRST)));

        assertThat(refusal.error()).isEqualTo(LogError.METADATA_INCONSISTENT);
        assertThat(refusal.found()).contains(other.identity().toString());
    }

    @Test
    void framesOfAnotherLogAreRefused() throws LogException {
        var other = new WrittenLog(LogKind.DEDICATED, 2, false, SEED);
        other.append("", 3, 700);
        other.close();
        var theirs = other.device().raw().read(FIRST, 4096, 4096);

        var refusal = refusal(closed, device -> device.raw().write(FIRST, 4096, theirs));

        assertThat(refusal.offset()).isEqualTo(4096);
        assertThat(refusal.found()).contains("log tag");
    }

    @Test
    void anOlderContainerInAClosedLogIsRefused() throws LogException {
        var log = new WrittenLog(LogKind.DEDICATED, 2, false, SEED);
        log.append("", 3, 700);
        var older = new SimulatedDevice(log.moment()).raw().read(FIRST);
        log.append("", 3, 700);
        var later = log.close();

        assertThatThrownBy(() -> open(later, device -> device.raw().write(FIRST, 0, older), log))
                .isInstanceOf(LogCorruptException.class)
                .hasMessageContaining("as the log was durable up to");
    }

    @Test
    void anOlderContainerInACrashedLogIsAPrefixUpToTheKnownEnd() throws LogException {
        var log = new WrittenLog(LogKind.DEDICATED, 2, false, SEED);
        log.append("", 3, 700);
        var beforeKnownEnd = new SimulatedDevice(log.moment()).raw().read(FIRST);
        log.close();
        log.reopen();
        log.append("", 1, 700);
        var behindKnownEnd = new SimulatedDevice(log.moment()).raw().read(FIRST);
        log.append("", 5, 700);
        var torn = log.moment();

        // What the base log file never knew cannot be missed.
        try (var opened = open(torn, device -> device.raw().write(FIRST, 0, behindKnownEnd), log)) {
            assertThat(log.read(opened, "")).hasSize(4);
        }
        var blank = new byte[4096];
        assertThatThrownBy(() -> open(
                        torn,
                        device -> {
                            device.raw().write(FIRST, 0, beforeKnownEnd);
                            device.raw().write(FIRST, 4096, blank);
                        },
                        log))
                .isInstanceOf(LogCorruptException.class)
                .hasMessageContaining("as the log was durable up to");
    }

    @Test
    void anOlderBaseLogFileIsRefusedIfTheLogWasOpenedSince() throws LogException {
        var log = new WrittenLog(LogKind.DEDICATED, 2, false, SEED);
        log.append("", 3, 700);
        var older = new SimulatedDevice(log.moment()).raw().read(BaseLogFile.NAME);
        log.close();
        log.reopen();
        log.append("", 3, 700);
        var later = log.close();

        assertThatThrownBy(() -> open(later, device -> device.raw().write(BaseLogFile.NAME, 0, older), log))
                .isInstanceOf(LogCorruptException.class)
                .hasMessageContaining("ktm.blf is older than the log");
    }

    @Test
    void aStaleFrameOfAFormerUseIsNotTakenForOurs() throws LogException {
        var log = new WrittenLog(LogKind.DEDICATED, 2, false, SEED);
        for (int i = 0; i < 60; i++) {
            log.append("", 1, 30_000);
            log.restart("", 2);
        }
        log.append("", 2, 50);
        var later = log.moment();

        try (var opened = open(later, device -> {}, log)) {
            assertThat(log.read(opened, "")).hasSizeLessThan(10).isNotEmpty();
        }
    }

    @Test
    void otherVersionsAreRefusedAsSuch() {
        var ofBase = refusal(closed, device -> {
            for (int copy = 0; copy < 2; copy++) {
                reseal(device, BaseLogFile.NAME, copy * LogMetadata.COPY_BYTES, LogMetadata.COPY_BYTES, 8, 8, 2);
            }
        });
        var ofContainer = refusal(closed, device -> reseal(device, SECOND, 0, 4096, 8, 8, 2));
        var ofFrame = refusal(closed, device -> reseal(device, FIRST, 4096, 4096, 8, 44, 2));

        assertThat(List.of(ofBase, ofContainer, ofFrame))
                .extracting(LogCorruptException::error)
                .containsOnly(LogError.BLOCK_VERSION);
        assertThat(ofBase).hasMessageContaining("version 1, found version 2");
        assertThat(ofContainer).hasMessageContaining("version 1, found version 2");
        assertThat(ofFrame).hasMessageContaining("version 1, found version 2");
    }

    @Test
    void oneCopyOfTheBaseLogFileOfAnotherVersionIsRefused() {
        var refusal = refusal(closed, device -> reseal(device, BaseLogFile.NAME, 0, LogMetadata.COPY_BYTES, 8, 8, 2));

        assertThat(refusal.error()).isEqualTo(LogError.BLOCK_VERSION);
    }

    @Test
    void aLastFrameOfAnotherVersionIsNotTakenForATornOne() {
        int last = Math.toIntExact(frames.get(frames.size() - 1));

        var refusal = refusal(crashed, device -> reseal(device, FIRST, last, 4096, 8, 44, 2));

        assertThat(refusal.error()).isEqualTo(LogError.BLOCK_VERSION);
        assertThat(refusal.offset()).isEqualTo(last);
    }

    @Test
    void aLastFrameWithAFlippedBitInItsVersionIsTornLikeAnyOther() throws Exception {
        long last = frames.get(frames.size() - 1);
        for (int bit = 0; bit < Integer.SIZE; bit++) {
            long flipped = (last + 44) * 8 + bit;
            try (var log = open(crashed, device -> device.raw().flipBit(FIRST, flipped), written)) {
                assertThat(written.read(log, "")).isNotEmpty();
            }
        }
    }

    @Test
    void aFrameHeaderThatClaimsAHugeLengthIsNotBelieved() {
        var refusal = refusal(closed, device -> reseal(device, FIRST, 4096, 4096, 8, 16, Integer.MAX_VALUE));

        assertThat(refusal.found()).contains("2147483647 instead of a length from 64 to 262144");
    }

    private void flipBitsOfTheClosedLog(int stride) {
        for (long bit = 0; bit < framesEnd * 8L; bit += stride) {
            long flipped = bit;
            var refusal = refusal(closed, device -> device.raw().flipBit(FIRST, flipped));
            assertNamesThePlace(refusal, bit / 8);
            flips++;
        }
    }

    private void flipBitsOfTheCrashedLog(int stride) {
        long last = frames.get(frames.size() - 1);
        for (long bit = 0; bit < last * 8; bit += stride) {
            long flipped = bit;
            var refusal = refusal(crashed, device -> device.raw().flipBit(FIRST, flipped));
            assertNamesThePlace(refusal, bit / 8);
            flips++;
        }
        for (long bit = last * 8; bit < framesEnd * 8L; bit += stride) {
            long flipped = bit;
            try (var log = open(crashed, device -> device.raw().flipBit(FIRST, flipped), written)) {
                var rest = written.read(log, "");
                assertThat(rest).isNotEmpty().hasSizeLessThan(everything.size());
            } catch (LogException e) {
                assertThat(e).isInstanceOf(LogCorruptException.class);
            }
            flips++;
        }
    }

    private void flipBitsOfOneCopy(int stride) throws LogException {
        var bits = new ArrayList<Long>();
        for (long bit = 0; bit < 400 * 8; bit += stride) {
            bits.add(bit);
            bits.add(LogMetadata.COPY_BYTES * 8L + bit);
        }
        for (long bit = 400 * 8; bit < LogMetadata.COPY_BYTES * 8L; bit += 8191L * stride) {
            bits.add(bit);
        }
        for (long bit : bits) {
            var device = new SimulatedDevice(closed);
            device.raw().flipBit(BaseLogFile.NAME, bit);
            warnings.clear();

            assertOpensWithEverything(device);

            assertThat(warnings.messages()).anyMatch(message -> message.contains("restored from the other"));
        }
    }

    private void assertOpensWithEverything(SimulatedDevice device) throws LogException {
        try (var log = Log.open(device, written.options())) {
            assertThat(written.read(log, "")).isEqualTo(everything);
        }
        try (var log = Log.open(device, written.options())) {
            assertThat(written.read(log, "")).isEqualTo(everything);
        }
    }

    private void assertNamesThePlace(LogCorruptException refusal, long offset) {
        assertThat(refusal.file()).isEqualTo(FIRST);
        assertThat(refusal.expected()).isNotEmpty();
        assertThat(refusal.found()).isNotEmpty();
        assertThat(refusal.offset()).isBetween(startOf(offset), startOf(offset) + 4095);
        assertThat(refusal).hasMessageContaining("nothing was changed");
    }

    private long startOf(long offset) {
        return frames.stream().filter(frame -> frame <= offset).reduce(0L, (earlier, later) -> later);
    }

    /** The refusal of an image that was changed; asserts that nothing was written. */
    private LogCorruptException refusal(DiskImage image, Consumer<SimulatedDevice> change) {
        var device = new SimulatedDevice(image);
        change.accept(device);
        long before = device.image().hash();

        var thrown = catchThrowable(() -> Log.open(device, written.options()).close());

        if (!(thrown instanceof LogCorruptException refusal)) {
            return fail("expected a refusal, found " + thrown, thrown);
        }
        if (device.image().hash() != before) {
            fail("something was changed before the refusal " + refusal);
        }
        return refusal;
    }

    private static Log open(DiskImage image, Consumer<SimulatedDevice> change, WrittenLog log) throws LogException {
        var device = new SimulatedDevice(image);
        change.accept(device);
        return Log.open(device, log.options());
    }

    /** Changes a number and makes the checksum right again. */
    private static void reseal(
            SimulatedDevice device, String file, int start, int size, int covered, int offset, int value) {
        var buffer = ByteBuffer.wrap(device.raw().read(file, start, size)).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(offset, value);
        buffer.putInt(4, new Checksum().of(buffer, covered, size));
        device.raw().write(file, start, buffer.array());
    }

    private List<Long> offsetsOfFrames() {
        var offsets = new ArrayList<Long>();
        try {
            LogInspection.examine(new SimulatedDevice(closed), frame -> offsets.add(frame.offset()));
        } catch (java.io.IOException e) {
            fail("cannot look into the log", e);
        }
        return offsets;
    }

    private int endOfFrames() {
        var raw = new SimulatedDevice(closed).raw();
        int last = Math.toIntExact(frames.get(frames.size() - 1));
        var header = ByteBuffer.wrap(raw.read(FIRST, last, 64)).order(ByteOrder.LITTLE_ENDIAN);
        return last + FrameFormat.padded(header.getInt(16));
    }
}
