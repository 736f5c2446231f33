package dev.ktm.log.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file of a {@link LogDevice}.
 *
 * <p>Safe for many threads; writes to the same place at the same time are the caller's mistake. After a failed write
 * or force the content of the range is unknown: the log never retries one.
 */
public interface DeviceFile extends Closeable {

    /**
     * The unit in which {@link #writeThrough} writes, and to which the buffer given to it is aligned, in bytes. Blocks
     * do not share a sector: tearing one never damages another.
     */
    int BLOCK_BYTES = 4096;

    /** The name it was created or opened by. */
    String name();

    /** The present size in bytes. */
    long size() throws IOException;

    /**
     * Fills the buffer from the position on.
     *
     * @throws java.io.EOFException if the file ends before the buffer is full
     */
    void read(long position, ByteBuffer target) throws IOException;

    /**
     * Writes the whole buffer and returns once it is on stable storage.
     *
     * @param position a multiple of {@link #BLOCK_BYTES}
     * @param source a direct buffer whose present address is a multiple of {@link #BLOCK_BYTES} in memory and whose
     *     remaining length is a multiple of it too
     * @throws IOException if any part could not be written; what reached the disk is then unknown
     */
    void writeThrough(long position, ByteBuffer source) throws IOException;

    /** Returns once everything written to this file by anyone so far, and its size, is on stable storage. */
    void force() throws IOException;
}
