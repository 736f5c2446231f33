package dev.ktm.log.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FileContentTest {

    @Test
    void readsBackWhatWasWrittenAndZerosElsewhere() throws Exception {
        var content = FileContent.EMPTY.resized(3 * Block.BYTES).written(Block.BYTES, blocks(1, 7));

        var bytes = bytesOf(content);

        assertThat(TestBlocks.sectors(bytes)).isEqualTo("000000007777777700000000");
    }

    @Test
    void leavesTheOriginalAlone() throws Exception {
        var original = FileContent.EMPTY.written(0, blocks(2, 1));

        original.written(0, blocks(1, 2));
        original.resized(10);

        assertThat(bytesOf(original)).isEqualTo(TestBlocks.bytes(2 * Block.BYTES, 1));
    }

    @Test
    void hashesEqualContentEquallyHoweverItCameAbout() {
        var hole = FileContent.EMPTY.resized(Block.BYTES * 200L);
        var writtenBack = hole.written(Block.BYTES * 150L, blocks(1, 5)).written(Block.BYTES * 150L, blocks(1, 0));
        var grownBack = hole.written(0, blocks(1, 5)).resized(0).resized(Block.BYTES * 200L);

        assertThat(writtenBack.hash()).isEqualTo(hole.hash());
        assertThat(grownBack.hash()).isEqualTo(hole.hash());
        assertThat(hole.resized(Block.BYTES * 199L).hash()).isNotEqualTo(hole.hash());
        assertThat(hole.written(0, blocks(1, 5)).hash())
                .isNotEqualTo(hole.written(Block.BYTES, blocks(1, 5)).hash());
    }

    @Test
    void behavesLikeAnArrayUnderRandomChanges() throws Exception {
        var seed = 20261121L;
        var random = new SplittableRandom(seed);
        var content = FileContent.EMPTY;
        var expected = new byte[0];
        for (var step = 0; step < 300; step++) {
            var block = random.nextInt(150);
            var value = random.nextInt(100);
            switch (random.nextInt(4)) {
                case 0 -> {
                    content = content.written((long) block * Block.BYTES, blocks(2, value));
                    expected = replaced(expected, block * Block.BYTES, TestBlocks.bytes(2 * Block.BYTES, value));
                }
                case 1 -> {
                    var size = random.nextInt(150 * Block.BYTES);
                    content = content.resized(size);
                    expected = Arrays.copyOf(expected, size);
                }
                case 2 -> {
                    var bytes = TestBlocks.bytes(random.nextInt(1, 9000), value);
                    var at = random.nextInt(100 * Block.BYTES);
                    content = content.replaced(at, bytes);
                    expected = replaced(expected, at, bytes);
                }
                default -> {
                    if (expected.length > 0) {
                        var at = random.nextInt(expected.length);
                        content = content.damaged(at, 4);
                        expected[at] ^= 4;
                    }
                }
            }
            assertThat(bytesOf(content)).as("seed %d, step %d", seed, step).isEqualTo(expected);
            assertThat(content.hash())
                    .as("seed %d, step %d", seed, step)
                    .isEqualTo(FileContent.EMPTY.replaced(0, expected).hash());
        }
    }

    @Test
    void tearsAtSectorsAndGrowsNoFurtherThanTheLastOne() throws Exception {
        var old = FileContent.EMPTY.written(0, blocks(1, 1));
        var tear = Tear.of(2, sector -> sector == 2 || sector == 9, sector -> sector == 0);

        var torn = old.torn(0, blocks(2, 2), tear, new byte[] {-1, -1});

        assertThat(TestBlocks.sectors(bytesOf(torn))).isEqualTo("0121111102");
    }

    @Test
    void refusesToReadPastTheEnd() {
        var content = FileContent.EMPTY.resized(100);

        assertThatThrownBy(() -> content.read("log", 90, ByteBuffer.allocate(11)))
                .isInstanceOf(EOFException.class)
                .hasMessage("log ends at offset 100, 1 bytes short of what was expected there");
    }

    private static List<Block> blocks(int count, int value) {
        return Block.split(TestBlocks.filled(count, value));
    }

    private static byte[] bytesOf(FileContent content) throws EOFException {
        var bytes = new byte[(int) content.size()];
        content.read("file", 0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    private static byte[] replaced(byte[] old, int at, byte[] bytes) {
        var result = Arrays.copyOf(old, Math.max(old.length, at + bytes.length));
        System.arraycopy(bytes, 0, result, at, bytes.length);
        return result;
    }
}
