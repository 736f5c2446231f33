package dev.ktm.log.testing;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice.Access;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;

/** An open file of a {@link SimulatedDevice}: a name for messages, an inode, and whether it may be written. */
final class SimulatedFile implements DeviceFile {

    private final SimulatedDevice device;
    private final SimulatedDevice.Inode inode;
    private final String name;
    private final Access access;
    private volatile boolean closed;

    SimulatedFile(SimulatedDevice device, SimulatedDevice.Inode inode, String name, Access access) {
        this.device = device;
        this.inode = inode;
        this.name = name;
        this.access = access;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() throws IOException {
        checkOpen();
        return device.size(inode, name);
    }

    @Override
    public void read(long position, ByteBuffer target) throws IOException {
        checkOpen();
        device.read(inode, name, position, target);
    }

    @Override
    public void writeThrough(long position, ByteBuffer source) throws IOException {
        checkOpen();
        checkBlocks(position, source);
        if (access == Access.READ) {
            throw new IOException(name + " is open for reading only");
        }
        device.writeThrough(inode, name, position, source);
    }

    @Override
    public void force() throws IOException {
        checkOpen();
        device.force(inode, name);
    }

    @Override
    public void close() {
        closed = true;
    }

    /** Refuses what a device with direct I/O would refuse. */
    static void checkBlocks(long position, ByteBuffer source) {
        if (position < 0 || position % BLOCK_BYTES != 0 || source.remaining() % BLOCK_BYTES != 0) {
            throw new IllegalArgumentException("expected multiples of " + BLOCK_BYTES + ", found position " + position
                    + " and length " + source.remaining());
        }
        if (!source.isDirect() || source.alignmentOffset(source.position(), BLOCK_BYTES) != 0) {
            throw new IllegalArgumentException(
                    "expected a direct buffer aligned to " + BLOCK_BYTES + ", found " + source);
        }
    }

    private void checkOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }
}
