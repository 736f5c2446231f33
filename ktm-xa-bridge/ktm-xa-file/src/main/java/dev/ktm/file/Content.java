package dev.ktm.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction has written into one file: small, it lies in memory and travels in the log; grown, it lies in a file of the
 * work area. Once frozen, by a savepoint or a miniversion, it is not changed any more: whoever writes on writes into a copy. Guarded
 * by the lock of its transaction.
 */
final class Content {

    /** Up to this size a file lies in memory. */
    static final int MOST_MEMORY_BYTES = 64 << 10;

    private static final int COPY_BYTES = 1 << 20;
    private static final Set<StandardOpenOption> READ_WRITE = Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);

    private final WorkArea area;

    private byte[] memory = new byte[0];
    private int memorySize;

    private @Nullable String workName;
    private @Nullable DiskFile file;
    private boolean frozen;
    private boolean mapped;

    Content(WorkArea area) {
        this.area = area;
    }

    /** A copy of what is in a file. */
    static Content copyOf(WorkArea area, DiskFile source) throws IOException {
        var content = new Content(area);
        try {
            content.append(source);
        } catch (IOException | RuntimeException | Error e) {
            content.discardUnless(Set.of());
            throw e;
        }
        return content;
    }

    private void append(DiskFile source) throws IOException {
        long size = source.size();
        if (size > MOST_MEMORY_BYTES) {
            spill();
        }
        long copied = 0;
        if (size > MOST_MEMORY_BYTES) {
            var holes = new Holes(source, size);
            for (long at = 0; at < size; at += Holes.BLOCK_BYTES) {
                if (holes.isAt(at)) {
                    append(source, copied, at);
                    copied = Math.min(size, at + Holes.BLOCK_BYTES);
                }
            }
        }
        append(source, copied, size);
        if (size() < copied) {
            resize(copied);
        }
    }

    /** From one position to another, or to the end if that comes first. */
    private void append(DiskFile source, long first, long end) throws IOException {
        long at = first;
        var from = source.channel();
        var to = file == null ? null : file.channel();
        while (from != null && to != null && at < end) {
            long moved = from.transferTo(at, end - at, to.position(at));
            if (moved <= 0) {
                break;
            }
            at += moved;
        }
        var buffer = ByteBuffer.allocate((int) Math.min(COPY_BYTES, Math.max(1, end - at)));
        while (at < end && source.read(buffer.clear().limit((int) Math.min(buffer.capacity(), end - at)), at) > 0) {
            buffer.flip();
            int read = buffer.remaining();
            write(buffer, at);
            at += read;
        }
    }

    /** The same, to be changed apart from this one, which is frozen. */
    Content copy() throws IOException {
        var copy = new Content(area);
        if (file == null) {
            copy.memory = Arrays.copyOf(memory, memorySize);
            copy.memorySize = memorySize;
        } else {
            copy.append(open());
        }
        return copy;
    }

    void freeze() {
        frozen = true;
    }

    /** Somebody may write to its file from now on, whatever becomes of it here. */
    void mapped() {
        mapped = true;
    }

    boolean isMapped() {
        return mapped;
    }

    boolean isFrozen() {
        return frozen;
    }

    long size() throws IOException {
        return workName == null ? memorySize : open().size();
    }

    int read(ByteBuffer target, long position) throws IOException {
        if (workName != null) {
            return open().read(target, position);
        }
        if (position >= memorySize) {
            return -1;
        }
        int length = (int) Math.min(target.remaining(), memorySize - position);
        target.put(memory, (int) position, length);
        return length;
    }

    void write(ByteBuffer source, long position) throws IOException {
        long end = position + source.remaining();
        if (workName == null && end > MOST_MEMORY_BYTES) {
            spill();
        }
        if (workName != null) {
            open().write(source, position);
            return;
        }
        grow((int) end);
        source.get(memory, (int) position, source.remaining());
    }

    private void grow(int size) {
        if (size > memory.length) {
            memory = Arrays.copyOf(memory, Math.min(MOST_MEMORY_BYTES, Math.max(size, 2 * memory.length)));
        }
        memorySize = Math.max(memorySize, size);
    }

    void resize(long size) throws IOException {
        if (workName == null && size > MOST_MEMORY_BYTES) {
            spill();
        }
        if (workName != null) {
            open().resize(size);
            return;
        }
        if (size < memorySize) {
            // What is extended again later is zero.
            Arrays.fill(memory, (int) size, memorySize, (byte) 0);
            memorySize = (int) size;
        } else {
            grow((int) size);
        }
    }

    /** Has it lie in a file from now on. */
    DiskFile spill() throws IOException {
        if (workName == null) {
            workName = area.newName();
            file = area.create(workName);
            file.write(ByteBuffer.wrap(memory, 0, memorySize), 0);
            memory = new byte[0];
            memorySize = 0;
        }
        return open();
    }

    private DiskFile open() throws IOException {
        var name = workName;
        if (name == null) {
            throw new IllegalStateException("expected content in a file, found it in memory");
        }
        var open = file;
        if (open != null) {
            var channel = open.channel();
            if (channel == null || channel.isOpen()) {
                return open;
            }
        }
        // A thread that was interrupted has taken the channel with it; the file is still there.
        open = area.disk().open(name, READ_WRITE);
        file = open;
        return open;
    }

    /** The channel of the file that it lies in; none if it does not, or the disk has none. */
    @Nullable
    FileChannel channel() {
        return file == null ? null : file.channel();
    }

    boolean isInMemory() {
        return workName == null;
    }

    /** What lies in memory. */
    byte[] bytes() {
        return Arrays.copyOf(memory, memorySize);
    }

    /** The file of the work area that holds it; a file that was in memory gets one. */
    String stage() throws IOException {
        spillQuietly();
        close();
        return Objects.requireNonNull(workName);
    }

    private void spillQuietly() throws IOException {
        if (workName == null) {
            var bytes = memory;
            int size = memorySize;
            spill();
            // Still to be logged.
            memory = bytes;
            memorySize = size;
        }
    }

    private void close() {
        var open = file;
        file = null;
        if (open != null) {
            try {
                open.close();
            } catch (ClosedChannelException e) {
                // So it is closed.
            } catch (IOException e) {
                WorkArea.log("a file of the work area could not be closed", e);
            }
        }
    }

    /** Nobody needs it any more; its file goes, unless it is one of these. */
    void discardUnless(Set<String> kept) {
        close();
        var name = workName;
        if (name != null && !kept.contains(name)) {
            area.discard(name);
        }
    }
}
