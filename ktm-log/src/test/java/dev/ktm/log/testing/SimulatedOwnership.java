package dev.ktm.log.testing;

import dev.ktm.log.storage.LogDevice;
import java.io.IOException;

/** The right to a {@link SimulatedDevice}; it is lost with the lock file. */
final class SimulatedOwnership implements LogDevice.Ownership {

    private final SimulatedDevice device;
    private final String lockName;
    private final SimulatedDevice.Inode lockFile;

    SimulatedOwnership(SimulatedDevice device, String lockName, SimulatedDevice.Inode lockFile) {
        this.device = device;
        this.lockName = lockName;
        this.lockFile = lockFile;
    }

    @Override
    public void check() throws IOException {
        device.checkOwner(this, lockName, lockFile);
    }

    @Override
    public void close() {
        device.release(this, lockName);
    }
}
