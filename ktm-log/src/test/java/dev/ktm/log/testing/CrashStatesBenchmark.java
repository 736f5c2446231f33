package dev.ktm.log.testing;

import dev.ktm.log.storage.DeviceFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Measures crash states per second: 60 block writes over three files of 1 MiB. */
public final class CrashStatesBenchmark {

    private static final int FILES = 3;
    private static final int FILE_BYTES = 1 << 20;
    private static final int WRITES = 60;
    private static final int ROUNDS = 8;

    private CrashStatesBenchmark() {}

    /** Prints a line for each round and kind of history. */
    public static void main(String[] args) throws IOException {
        var oneByOne = history(false);
        var together = history(true);
        for (var round = 1; round <= ROUNDS; round++) {
            measure("one write at risk at a time, image only", oneByOne, state -> {});
            measure(
                    "one write at risk at a time, with device",
                    oneByOne,
                    state -> state.device().list());
            measure(
                    "two writes at risk at a time, with device",
                    together,
                    state -> state.device().list());
        }
    }

    private static void measure(String what, History history, CrashStates.Visitor visitor) {
        var start = System.nanoTime();
        var count = CrashStates.of(history).atMostPerPoint(100_000).forEach(visitor);
        var seconds = (System.nanoTime() - start) / 1e9;
        System.out.println(what + ": " + count + " states, " + Math.round(count / seconds) + " a second");
    }

    private static History history(boolean twoAtATime) throws IOException {
        var device = new SimulatedDevice();
        var files = new ArrayList<DeviceFile>();
        for (var i = 0; i < FILES; i++) {
            files.add(device.create("container-" + i, FILE_BYTES));
            files.get(i).force();
        }
        device.forceDirectory();
        var written = new AtomicLong();
        if (twoAtATime) {
            // Before each second write is forced, another is written on top of it.
            device.hook(new OperationHook() {
                @Override
                public void before(OperationKind kind, String name) throws IOException {
                    if (kind == OperationKind.WRITE_FORCE && written.get() % 2 == 1) {
                        write(files, written);
                    }
                }
            });
        }
        while (written.get() < WRITES) {
            write(files, written);
        }
        return device.history();
    }

    private static void write(List<DeviceFile> files, AtomicLong written) throws IOException {
        var number = written.getAndIncrement();
        var block = ByteBuffer.allocateDirect(2 * Block.BYTES).alignedSlice(Block.BYTES);
        block.limit(Block.BYTES);
        for (var i = 0; i < Block.BYTES; i++) {
            block.put(i, (byte) (number + i + 1));
        }
        files.get((int) (number % FILES)).writeThrough(number * Block.BYTES, block);
    }
}
