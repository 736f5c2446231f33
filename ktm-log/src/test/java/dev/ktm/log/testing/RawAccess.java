package dev.ktm.log.testing;

import java.io.EOFException;
import java.nio.ByteBuffer;

/**
 * The bytes of a {@link SimulatedDevice} as they are, past hooks, faults and history.
 *
 * <p>Every change makes all content durable and starts the history anew: it stands for what happened to the disk
 * while the log was not looking. No operation may be under way then.
 */
public final class RawAccess {

    private final SimulatedDevice device;

    RawAccess(SimulatedDevice device) {
        this.device = device;
    }

    /** The size of a file. */
    public long size(String name) {
        return device.content(name).size();
    }

    /** A part of a file; it must lie within the file. */
    public byte[] read(String name, long offset, int length) {
        var bytes = new byte[length];
        try {
            device.content(name).read(name, offset, ByteBuffer.wrap(bytes));
        } catch (EOFException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        return bytes;
    }

    /** All of a file. */
    public byte[] read(String name) {
        return read(name, 0, Math.toIntExact(size(name)));
    }

    /** Replaces bytes at any offset; the file grows if need be. */
    public void write(String name, long offset, byte[] bytes) {
        var changed = device.content(name).replaced(offset, bytes);
        device.damage(files -> files.put(name, changed));
    }

    /** Flips one bit; bit 8 is the lowest one of the second byte. */
    public void flipBit(String name, long bitIndex) {
        var changed = device.content(name).damaged(bitIndex / Byte.SIZE, 1 << bitIndex % Byte.SIZE);
        device.damage(files -> files.put(name, changed));
    }

    /** Cuts a file off, or lets it grow with zeros. */
    public void truncateFile(String name, long size) {
        var changed = device.content(name).resized(size);
        device.damage(files -> files.put(name, changed));
    }

    /** Creates a file, or replaces the content of one. */
    public void createFile(String name, byte[] bytes) {
        var content = FileContent.EMPTY.replaced(0, bytes);
        device.damage(files -> files.put(name, content));
    }

    /** Removes a file. */
    public void deleteFile(String name) {
        device.content(name);
        device.damage(files -> files.remove(name));
    }

    /** Exchanges the content of two files. */
    public void swapFiles(String one, String other) {
        var content = device.content(one);
        var otherContent = device.content(other);
        device.damage(files -> {
            files.put(one, otherContent);
            files.put(other, content);
        });
    }
}
