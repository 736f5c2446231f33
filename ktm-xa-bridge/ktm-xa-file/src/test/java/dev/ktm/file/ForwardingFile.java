package dev.ktm.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** Another open file, as it is: for those who change one thing about it. */
class ForwardingFile implements DiskFile {

    private final DiskFile file;

    ForwardingFile(DiskFile file) {
        this.file = file;
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
        return file.read(target, position);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
        file.write(source, position);
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    @Override
    public void resize(long size) throws IOException {
        file.resize(size);
    }

    @Override
    public void force() throws IOException {
        file.force();
    }

    @Override
    public @Nullable FileChannel channel() {
        return file.channel();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
