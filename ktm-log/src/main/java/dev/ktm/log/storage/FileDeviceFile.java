package dev.ktm.log.storage;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A file reached through two channels: one through the page cache, one that writes through it. */
final class FileDeviceFile implements DeviceFile {

    private final String name;
    private final AsynchronousFileChannel plain;
    private final @Nullable AsynchronousFileChannel through;

    FileDeviceFile(String name, AsynchronousFileChannel plain, @Nullable AsynchronousFileChannel through) {
        this.name = name;
        this.plain = plain;
        this.through = through;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() throws IOException {
        return plain.size();
    }

    @Override
    public void read(long position, ByteBuffer target) throws IOException {
        var at = position;
        while (target.hasRemaining()) {
            var count = result(plain.read(target, at));
            if (count < 0) {
                throw new EOFException(name + " ends at offset " + at + ", " + target.remaining()
                        + " bytes short of what was expected there");
            }
            at += count;
        }
    }

    @Override
    public void writeThrough(long position, ByteBuffer source) throws IOException {
        if (through == null) {
            throw new IOException(name + " is open for reading only");
        }
        writeFully(through, name, position, source);
    }

    @Override
    public void force() throws IOException {
        plain.force(true);
    }

    @Override
    public void close() throws IOException {
        try (plain) {
            if (through != null) {
                through.close();
            }
        }
    }

    /** Writes all of it. What a short write leaves is written by another call, whose error then tells the cause. */
    static void writeFully(AsynchronousFileChannel channel, String name, long position, ByteBuffer source)
            throws IOException {
        var at = position;
        while (source.hasRemaining()) {
            var count = result(channel.write(source, at));
            if (count <= 0 || (source.hasRemaining() && count % BLOCK_BYTES != 0)) {
                throw new IOException("short write to " + name + " at offset " + at + ": wrote " + count + " of "
                        + (count + source.remaining()) + " bytes");
            }
            at += count;
        }
    }

    /** The result of an operation that the calling thread has just carried out itself, so it is there. */
    private static int result(Future<Integer> done) throws IOException {
        try {
            return done.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IOException("file operation failed", e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError("waited for an operation that ran on this thread", e);
        }
    }
}
