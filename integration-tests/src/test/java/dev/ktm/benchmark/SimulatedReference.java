package dev.ktm.benchmark;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.testing.MemoryDevice;
import java.io.IOException;

/** What a device that only pretends to take its time does for one writer of blocks of 4 KiB. Not thread-safe. */
final class SimulatedReference implements Reference {

    private final DeviceFile file;

    private SimulatedReference(DeviceFile file) {
        this.file = file;
    }

    /** A device of which each write takes this long, and the little more that waiting takes. */
    static SimulatedReference taking(long micros) throws IOException {
        return new SimulatedReference(new MemoryDevice(micros * 1000).create("raw", DirectFile.BLOCK_BYTES));
    }

    @Override
    public Rate measure(Scenario beside, long nanos) throws IOException {
        var block = DirectFile.buffer(DirectFile.BLOCK_BYTES);
        var latencies = new Latencies();
        long start = System.nanoTime();
        long now = start;
        while (now - start < nanos) {
            file.writeThrough(0, block.clear());
            long done = System.nanoTime();
            latencies.record(done - now);
            now = done;
        }
        return new Rate(latencies.count() * 1e9 / (now - start), latencies.micros(0.5), latencies.micros(0.99));
    }
}
