package dev.ktm.log.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.storage.DeviceBusyException;
import dev.ktm.log.storage.LogDevice.Access;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SimulatedDeviceTest {

    private final SimulatedDevice device = new SimulatedDevice();
    private final ExecutorService pool = Executors.newFixedThreadPool(4);

    @AfterEach
    void stopThreads() {
        pool.shutdownNow();
    }

    @Test
    void remembersWhatWasDoneByInode() throws Exception {
        var file = device.create("tmp", Block.BYTES);
        file.writeThrough(0, TestBlocks.filled(1, 1));
        file.force();
        device.rename("tmp", "log");
        device.forceDirectory();
        device.mark("done");
        device.delete("log");

        assertThat(device.history().operations())
                .extracting(Object::toString)
                .containsExactly(
                        "Create[inode=1, name=tmp, sizeBytes=4096, sizeForceable=true, nameForceable=true]",
                        "Write[inode=1, name=tmp, position=0, bytes=4096]",
                        "WriteForced[write=1]",
                        "Forced[inode=1, name=tmp, upTo=3]",
                        "Rename[inode=1, from=tmp, to=log, nameForceable=true]",
                        "DirectoryForced[upTo=5]",
                        "Mark[value=done]",
                        "Delete[inode=1, name=log, nameForceable=true]");
    }

    @Test
    void keepsTheContentOfAFileThroughRenameAndDelete() throws Exception {
        var file = device.create("a", 0);
        device.create("b", 5).close();
        file.writeThrough(0, TestBlocks.filled(1, 4));

        device.rename("a", "b");
        var reader = device.open("b", Access.READ);
        device.delete("b");

        var read = ByteBuffer.allocate(Block.BYTES);
        reader.read(0, read);
        assertThat(read.array()).isEqualTo(TestBlocks.bytes(Block.BYTES, 4));
        assertThat(device.list()).isEmpty();
    }

    @Test
    void refusesWhatARealDeviceWouldRefuse() throws Exception {
        var file = device.create("a", 100);
        var unaligned = TestBlocks.empty(2).position(1).limit(Block.BYTES + 1);
        var closed = device.open("a", Access.WRITE);
        closed.close();

        assertThatThrownBy(() -> device.create("a", 0)).isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> device.open("b", Access.READ)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> device.rename("b", "c")).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> device.create("../a", 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> file.read(99, ByteBuffer.allocate(2))).isInstanceOf(EOFException.class);
        assertThatThrownBy(() -> file.writeThrough(512, TestBlocks.empty(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> file.writeThrough(0, unaligned)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> file.writeThrough(0, ByteBuffer.allocate(Block.BYTES)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> device.open("a", Access.READ).writeThrough(0, TestBlocks.empty(1)))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(closed::size).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void hasOneOwnerWhomACopyDoesNotKnow() throws Exception {
        var ownership = device.acquire("lock");

        ownership.check();
        assertThatThrownBy(() -> device.acquire("lock")).isInstanceOf(DeviceBusyException.class);
        device.copy().acquire("lock").check();

        ownership.close();
        device.acquire("lock").check();
    }

    @Test
    void tellsItsOwnerThatTheLockWasLost() throws Exception {
        var first = device.acquire("lock");
        device.loseOwnership();
        var second = device.acquire("lock");
        device.delete("lock");

        assertThatThrownBy(first::check).hasMessage("the lock on lock was lost");
        assertThatThrownBy(second::check).hasMessage("the lock file lock was deleted or replaced");
    }

    @Test
    void canBeDamagedAndStartsANewHistoryThen() throws Exception {
        device.create("a", 16).close();
        device.create("b", 0).close();
        var raw = device.raw();

        raw.write("a", 4, new byte[] {1, 2});
        raw.flipBit("a", 4 * 8 + 1);
        raw.truncateFile("a", 6);
        raw.swapFiles("a", "b");
        raw.createFile("c", new byte[] {8});
        raw.deleteFile("a");

        assertThat(raw.read("b")).containsExactly(0, 0, 0, 0, 3, 2);
        assertThat(raw.read("b", 5, 1)).containsExactly(2);
        assertThat(device.list()).containsExactly("b", "c");
        assertThat(device.history().operations()).isEmpty();
        assertThat(CrashStates.of(device.history()).forEach(state -> {})).isEqualTo(1);
    }

    @Test
    void copiesAreIndependent() throws Exception {
        var file = device.create("a", Block.BYTES);
        var copy = device.copy();

        file.writeThrough(0, TestBlocks.filled(1, 1));
        copy.create("b", 0).close();

        assertThat(copy.raw().read("a")).isEqualTo(new byte[Block.BYTES]);
        assertThat(device.list()).containsExactly("a");
        assertThat(copy.image().hash()).isNotEqualTo(device.image().hash());
    }

    @Test
    void holdsAForceInFlightWhileOthersGoOn() throws Exception {
        var file = device.create("log", 4 * Block.BYTES);
        file.force();
        device.forceDirectory();
        var reached = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        device.hook(new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) {
                if (kind == OperationKind.WRITE_FORCE && reached.getCount() > 0) {
                    reached.countDown();
                    awaitForever(goOn);
                }
            }
        });

        var held = pool.submit(() -> {
            file.writeThrough(0, TestBlocks.filled(1, 1));
            return true;
        });
        reached.await();
        file.writeThrough(Block.BYTES, TestBlocks.filled(1, 2));
        device.mark("second");
        var history = device.history();
        goOn.countDown();

        assertThat(held.get()).isTrue();
        CrashStates.of(history)
                .from(history.size())
                .forEach(state -> assertThat(
                                TestBlocks.sectors(state.device().raw().read("log", Block.BYTES, Block.BYTES)))
                        .isEqualTo("22222222"));
        assertThat(CrashStates.of(history).from(history.size()).forEach(state -> {}))
                .isEqualTo(256);
        assertThat(CrashStates.of(device.history()).from(device.point()).forEach(state -> {}))
                .isEqualTo(1);
    }

    @Test
    void recordsEveryWriteOfManyThreads() throws Exception {
        var file = device.create("log", 0);
        var done = IntStream.range(0, 4)
                .<Future<?>>mapToObj(thread -> pool.submit(() -> {
                    for (var i = 0; i < 250; i++) {
                        file.writeThrough((thread * 250L + i) * Block.BYTES, TestBlocks.filled(1, thread + 1));
                    }
                    return thread;
                }))
                .toList();
        for (var future : done) {
            future.get();
        }

        var history = device.history();
        assertThat(history.count(Operation.Write.class)).isEqualTo(1000);
        assertThat(history.count(Operation.WriteForced.class)).isEqualTo(1000);
        assertThat(device.attempts(OperationKind.WRITE)).isEqualTo(1000);
        assertThat(CrashStates.of(history)
                        .from(history.size())
                        .forEach(state -> assertThat(state.image().entries())
                                .allMatch(entry -> entry.content().hash()
                                        == device.image()
                                                .entries()
                                                .get(0)
                                                .content()
                                                .hash())))
                .isEqualTo(2);
    }

    @Test
    void failsAnOperationWhoseHookThrows() throws Exception {
        var file = device.create("log", 0);
        device.hook(new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) throws IOException {
                if (kind == OperationKind.FORCE) {
                    throw new IOException("cable pulled");
                }
            }
        });

        assertThatThrownBy(file::force).hasMessage("cable pulled");
        assertThat(device.history().count(Operation.ForceFailed.class)).isEqualTo(1);
    }

    private static void awaitForever(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while holding a force in flight", e);
        }
    }
}
