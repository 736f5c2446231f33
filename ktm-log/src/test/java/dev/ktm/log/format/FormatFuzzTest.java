package dev.ktm.log.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Readers of the format take what its writers wrote, refuse everything else with {@link DamageException}, and end. */
class FormatFuzzTest {

    private static final int INPUTS = 20_000;
    private static final UUID LOG = new UUID(0x0123456789ABCDEFL, 0x1122334455667788L);

    private static LogMetadata metadata() {
        return new LogMetadata(
                7,
                LOG,
                new UUID(1, 2),
                true,
                false,
                3,
                1 << 20,
                0x123000,
                true,
                4711,
                1_700_000_000_000L,
                3,
                99,
                List.of(
                        new ContainerEntry(1, 5, true, false, "ktm-1.log"),
                        new ContainerEntry(2, 6, false, true, "ktm-2.log")),
                List.of(
                        new StreamEntry(1, false, true, "orders", 0x1000, 0x2000, 0, 0),
                        new StreamEntry(2, true, false, "s\u00fc\u00df", 1, 0, 0, 1)));
    }

    private static ByteBuffer encodedMetadata() {
        var copy = ByteBuffer.allocate(LogMetadata.COPY_BYTES);
        metadata().encode(copy);
        return copy;
    }

    private static ByteBuffer encodedHeader() {
        var block = ByteBuffer.allocate(ContainerHeader.BYTES);
        new ContainerHeader(LOG, 3, 1 << 20).encode(block);
        return block;
    }

    private static ByteBuffer frame(Random random) {
        var frame = ByteBuffer.allocate(2 * FrameFormat.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        var header = new FrameFormat.Header();
        int at = FrameFormat.HEADER_BYTES;
        for (int i = 0; i < 5; i++) {
            int payload = i == 3 ? 8 : random.nextInt(900);
            RecordFormat.putHeader(frame, at, payload, i, i == 3 ? RecordFormat.RESTART : RecordFormat.DATA, i, i);
            at += RecordFormat.sizeOf(payload);
        }
        header.address = 0x100000;
        header.length = at;
        header.span = FrameFormat.padded(at);
        header.records = 5;
        header.incarnation = 1;
        header.tag = FrameFormat.tagOf(LOG);
        FrameFormat.seal(frame, header, new Checksum());
        return frame;
    }

    @Test
    void metadataIsReadAsItWasWritten() throws DamageException {
        assertThat(LogMetadata.decode(encodedMetadata())).isEqualTo(metadata());
    }

    @Test
    void anyBitOfMetadataThatChangesIsNoticed() {
        var copy = encodedMetadata();
        for (int bit = 0; bit < LogMetadata.COPY_BYTES * 8; bit += bit < 4000 ? 1 : 6007) {
            flip(copy, bit);
            assertThatThrownBy(() -> LogMetadata.decode(copy)).isInstanceOf(DamageException.class);
            flip(copy, bit);
        }
    }

    @Test
    void forgedMetadataIsReadOrRefused() {
        long read = 0;
        for (int seed = 0; seed < INPUTS; seed++) {
            var random = new Random(seed);
            var copy = encodedMetadata();
            for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                copy.put(12 + random.nextInt(300), (byte) random.nextInt());
            }
            copy.putInt(4, new Checksum().of(copy, 8, LogMetadata.COPY_BYTES));
            try {
                LogMetadata.decode(copy);
                read++;
            } catch (DamageException e) {
                assertThat(e.expected()).contains("version 1");
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertThat(read).isBetween(1000L, INPUTS - 1000L);
    }

    @Test
    void randomBytesAreNoMetadata() {
        var random = new Random(1);
        var bytes = new byte[LogMetadata.COPY_BYTES];
        for (int i = 0; i < 50; i++) {
            random.nextBytes(bytes);
            var copy = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            copy.putInt(0, LogMetadata.MAGIC).putInt(8, LogMetadata.VERSION);
            if (i % 2 == 0) {
                copy.putInt(4, new Checksum().of(copy, 8, LogMetadata.COPY_BYTES));
            }
            assertThatThrownBy(() -> LogMetadata.decode(copy)).isInstanceOf(DamageException.class);
        }
    }

    @Test
    void anyBitOfAContainerHeaderThatChangesIsNoticed() throws DamageException {
        var block = encodedHeader();
        assertThat(ContainerHeader.decode(block)).isEqualTo(new ContainerHeader(LOG, 3, 1 << 20));
        for (int bit = 0; bit < ContainerHeader.BYTES * 8; bit++) {
            flip(block, bit);
            assertThatThrownBy(() -> ContainerHeader.decode(block)).isInstanceOf(DamageException.class);
            flip(block, bit);
        }
    }

    @Test
    void anyBitOfAFrameThatChangesIsNoticed() throws DamageException {
        var frame = frame(new Random(2));
        read(frame);
        int covered = FrameFormat.padded(frame.getInt(FrameFormat.LENGTH_OFFSET));
        for (int bit = 0; bit < covered * 8; bit++) {
            flip(frame, bit);
            assertThatThrownBy(() -> read(frame)).isInstanceOf(DamageException.class);
            flip(frame, bit);
        }
    }

    @Test
    void forgedFramesAreReadOrRefused() {
        long read = 0;
        for (int seed = 0; seed < INPUTS; seed++) {
            var random = new Random(seed);
            var frame = frame(random);
            for (int changes = 1 + random.nextInt(5); changes > 0; changes--) {
                int at = 8 + random.nextInt(frame.capacity() - 16);
                if (random.nextBoolean()) {
                    frame.put(8 + random.nextInt(120), (byte) random.nextInt());
                } else {
                    frame.putInt(at, random.nextInt());
                }
            }
            int length = Math.floorMod(frame.getInt(FrameFormat.LENGTH_OFFSET), frame.capacity() - 64) + 64;
            frame.putInt(4, new Checksum().of(frame, 8, FrameFormat.padded(length)));
            try {
                read(frame);
                read++;
            } catch (DamageException e) {
                assertThat(e.found()).isNotEmpty();
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertThat(read).isGreaterThan(100);
    }

    @Test
    void recordsOfRandomBytesAreReadOrRefusedAndNeverReachBeyondTheirFrame() {
        for (int seed = 0; seed < INPUTS; seed++) {
            var random = new Random(seed);
            var bytes = new byte[24 + random.nextInt(200)];
            random.nextBytes(bytes);
            var buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            if (random.nextBoolean()) {
                buffer.putInt(0, random.nextInt(300) - 20).put(6, (byte) random.nextInt(5));
            }
            int end = random.nextInt(bytes.length + 1);
            try {
                int next = RecordFormat.check(buffer, 0, end);
                assertThat(next).isBetween(RecordFormat.HEADER_BYTES, end);
                assertThat(next % 8).isZero();
            } catch (DamageException e) {
                assertThat(e.offset()).isBetween(0L, 24L);
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    @Test
    void aFrameIsReadInItsPlaceOnly() {
        var frame = frame(new Random(3));
        var header = new FrameFormat.Header();
        long tag = FrameFormat.tagOf(LOG);

        assertThatThrownBy(() -> header.read(frame, 0, 0x200000, tag, 8192)).hasMessageContaining("address");
        assertThatThrownBy(() -> header.read(frame, 0, 0x100000, tag + 1, 8192)).hasMessageContaining("log tag");
        assertThatThrownBy(() -> header.read(frame, 0, 0x100000, tag, 63)).hasMessageContaining("length");
    }

    @Test
    void aFrameIsOfAnotherVersionOnlyIfItIsWhole() throws Exception {
        var frame = frame(new Random(3));
        var header = new FrameFormat.Header();
        var checksum = new Checksum();
        frame.putInt(FrameFormat.VERSION_OFFSET, 2);
        header.readAnywhere(frame, 0, 8192);

        assertThatThrownBy(() -> header.checkContent(frame, 0, checksum))
                .isInstanceOfSatisfying(
                        DamageException.class,
                        e -> assertThat(e.isOfOtherVersion()).isFalse())
                .hasMessageContaining("checksum");

        header.crc = checksum.of(frame, FrameFormat.ADDRESS_OFFSET, FrameFormat.padded(header.length));
        assertThatThrownBy(() -> header.checkContent(frame, 0, checksum))
                .isInstanceOfSatisfying(
                        DamageException.class,
                        e -> assertThat(e.isOfOtherVersion()).isTrue())
                .hasMessageContaining("expected frame version 1, found version 2");
    }

    @Test
    void noFrameIsLongerThanTheFormatAllows() {
        var frame = frame(new Random(4));
        frame.putInt(FrameFormat.LENGTH_OFFSET, FrameFormat.MOST_BYTES + 1);
        var header = new FrameFormat.Header();

        assertThatThrownBy(() -> header.read(frame, 0, 0x100000, FrameFormat.tagOf(LOG), 1 << 30))
                .isInstanceOf(DamageException.class)
                .hasMessageContaining("a length from 64 to 262144");
    }

    private static void read(ByteBuffer frame) throws DamageException {
        var header = new FrameFormat.Header();
        header.read(frame, 0, 0x100000, FrameFormat.tagOf(LOG), frame.capacity());
        header.checkContent(frame, 0, new Checksum());
        for (int at = FrameFormat.HEADER_BYTES; at < header.length; ) {
            at = RecordFormat.check(frame, at, header.length);
        }
    }

    private static void flip(ByteBuffer buffer, int bit) {
        buffer.put(bit / 8, (byte) (buffer.get(bit / 8) ^ 1 << bit % 8));
    }
}
