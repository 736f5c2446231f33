package dev.ktm.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What was in a file when it was opened, as a copy in the work area that goes when it is closed. */
final class CopiedFile implements DiskFile {

    private final Content content;

    private CopiedFile(Content content) {
        this.content = content;
    }

    /** A copy of a file, which is closed. */
    static CopiedFile of(WorkArea area, DiskFile file) throws IOException {
        try (file) {
            var content = Content.copyOf(area, file);
            // From here on it is not changed any more, and many may read it.
            content.spill();
            return new CopiedFile(content);
        }
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
        return content.read(target, position);
    }

    @Override
    public void write(ByteBuffer source, long position) {
        throw new NonWritableChannelException();
    }

    @Override
    public long size() throws IOException {
        return content.size();
    }

    @Override
    public void resize(long size) {
        throw new NonWritableChannelException();
    }

    @Override
    public void force() {
        // Nobody needs it after a crash.
    }

    @Override
    public @Nullable FileChannel channel() {
        return content.channel();
    }

    @Override
    public void close() {
        content.discardUnless(Set.of());
    }
}
