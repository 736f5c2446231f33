package dev.ktm.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** An open file of a {@link Disk}. */
interface DiskFile extends Closeable {

    /** Reads; -1 at the end. */
    int read(ByteBuffer target, long position) throws IOException;

    /** Writes all of it. */
    void write(ByteBuffer source, long position) throws IOException;

    long size() throws IOException;

    /** Cuts or extends it. */
    void resize(long size) throws IOException;

    /** Makes its content, and what is known of it, durable. */
    void force() throws IOException;

    /** For what only a channel can do; none if it is simulated. */
    @Nullable
    FileChannel channel();
}
