package dev.ktm.proof;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.testing.PlantedDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/** The disk of the log: says when it writes, and fails as it is planned. Safe for many threads. */
final class FaultyDisk implements PlantedDevice.Bug {

    private final HaltAt steps;
    private final Plan.Disk fault;
    private final boolean losing;
    private final AtomicInteger goodWrites;
    private volatile boolean counting;

    /**
     * @param losing whether it says that it has written what it has not, instead
     */
    FaultyDisk(HaltAt steps, Plan.Disk fault, int goodWrites, boolean losing) {
        this.steps = steps;
        this.fault = fault;
        this.goodWrites = new AtomicInteger(goodWrites);
        this.losing = losing;
    }

    /** From now on writes count. */
    void begin() {
        counting = true;
    }

    @Override
    public void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
        steps.reached("log before write");
        int left = counting && (losing || fault != Plan.Disk.WELL) ? goodWrites.decrementAndGet() : 0;
        if (left >= 0) {
            file.writeThrough(position, source);
        } else if (!losing) {
            fail(file, position, source);
        }
        steps.reached("log after write");
    }

    private void fail(DeviceFile file, long position, ByteBuffer source) throws IOException {
        if (fault == Plan.Disk.FULL) {
            throw new IOException("No space left on device (planted)");
        }
        if (fault == Plan.Disk.TORN) {
            var half = source.duplicate();
            half.limit(source.position() + source.remaining() / 2);
            file.writeThrough(position, half);
        }
        throw new IOException("Input/output error (planted)");
    }
}
