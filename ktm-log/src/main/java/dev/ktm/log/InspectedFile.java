package dev.ktm.log;

import dev.ktm.log.storage.DeviceFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A file that may be damaged, cut off or missing: where nothing can be read there are zeros, so that others go on. */
final class InspectedFile implements DeviceFile {

    private final String name;
    private final @Nullable DeviceFile file;
    private @Nullable IOException failure;
    private long failedAt;

    InspectedFile(String name, @Nullable DeviceFile file) {
        this.name = name;
        this.file = file;
    }

    /** The first error of the device, or null. */
    @Nullable
    IOException failure() {
        return failure;
    }

    /** Where the device had its first error, in bytes. */
    long failedAt() {
        return failedAt;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() throws IOException {
        return file == null ? 0 : file.size();
    }

    @Override
    public void read(long position, ByteBuffer target) {
        int start = target.position();
        int end = target.limit();
        try {
            if (file != null) {
                int present = (int) Math.max(0, Math.min(target.remaining(), file.size() - position));
                target.limit(start + present);
                file.read(position, target);
            }
        } catch (EOFException e) {
            // It was cut off meanwhile; its size is checked elsewhere.
        } catch (IOException e) {
            if (failure == null) {
                failure = e;
                failedAt = position;
            }
            target.position(start);
        }
        target.limit(end);
        while (target.hasRemaining()) {
            target.put((byte) 0);
        }
    }

    @Override
    public void writeThrough(long position, ByteBuffer source) throws IOException {
        throw new IOException(name + " is only looked at");
    }

    @Override
    public void force() throws IOException {
        throw new IOException(name + " is only looked at");
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
