package dev.ktm.log.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.storage.DeviceBusyException;
import dev.ktm.log.storage.LogDevice.Access;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MemoryDeviceTest {

    private static final int MIB = 1 << 20;

    private final MemoryDevice device = new MemoryDevice();

    @Test
    void readsBackWhatWasWrittenAcrossChunks() throws Exception {
        var file = device.create("log", MIB + Block.BYTES);
        var source = TestBlocks.filled(2, 9);

        file.writeThrough(MIB - Block.BYTES, source);

        var read = ByteBuffer.allocate(2 * Block.BYTES);
        device.open("log", Access.READ).read(MIB - Block.BYTES, read);
        assertThat(read.array()).isEqualTo(TestBlocks.bytes(2 * Block.BYTES, 9));
        assertThat(source.hasRemaining()).isFalse();
    }

    @Test
    void growsWhileManyThreadsWrite() throws Exception {
        var file = device.create("log", 0);
        var threads = 4;
        var start = new CountDownLatch(1);
        var pool = Executors.newFixedThreadPool(threads);
        var done = IntStream.range(0, threads)
                .<Future<?>>mapToObj(thread -> pool.submit(() -> {
                    start.await();
                    for (var i = thread; i < 1000; i += threads) {
                        file.writeThrough((long) i * Block.BYTES, TestBlocks.filled(1, i % 100 + 1));
                    }
                    return thread;
                }))
                .toList();

        start.countDown();
        for (var future : done) {
            future.get();
        }
        pool.shutdown();

        var all = ByteBuffer.allocate(1000 * Block.BYTES);
        file.read(0, all);
        assertThat(IntStream.range(0, 1000).allMatch(i -> all.get(i * Block.BYTES + 17) == i % 100 + 1))
                .isTrue();
        assertThat(device.writes()).isEqualTo(1000);
        assertThat(device.bytesWritten()).isEqualTo(1000L * Block.BYTES);
    }

    @Test
    void hasOneOwnerAtATime() throws Exception {
        var ownership = device.acquire("lock");

        ownership.check();
        assertThatThrownBy(() -> device.acquire("lock")).isInstanceOf(DeviceBusyException.class);

        ownership.close();
        assertThatThrownBy(ownership::check).hasMessageContaining("given up");
        device.acquire("lock").check();
        assertThat(device.list()).containsExactly("lock");
    }

    @Test
    void saysWhatIsWrongWithANameOrAnEnd() throws Exception {
        var file = device.create("a", 10);
        device.rename("a", "b");

        assertThatThrownBy(() -> device.create("b", 0)).isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> device.open("a", Access.READ)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> device.delete("a")).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> device.rename("a", "c")).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> file.read(9, ByteBuffer.allocate(2))).isInstanceOf(EOFException.class);
        assertThatThrownBy(() -> file.writeThrough(1, TestBlocks.empty(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void takesTheTimeOfADiskEvenWhenInterrupted() throws Exception {
        var slow = new MemoryDevice(2_000_000);
        var file = slow.create("log", 0);
        Thread.currentThread().interrupt();

        var start = System.nanoTime();
        file.writeThrough(0, TestBlocks.empty(1));
        file.force();
        var taken = System.nanoTime() - start;

        assertThat(Thread.interrupted()).isTrue();
        assertThat(taken).isGreaterThanOrEqualTo(4_000_000);
        assertThat(slow.forces()).isEqualTo(1);
    }
}
