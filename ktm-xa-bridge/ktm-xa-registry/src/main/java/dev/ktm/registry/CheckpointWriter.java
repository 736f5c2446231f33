package dev.ktm.registry;

import dev.ktm.log.storage.DeviceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/** Writes one checkpoint into an empty file, as {@link CheckpointFormat} says. Holds no more of it in memory than a buffer. */
final class CheckpointWriter {

    private static final int BUFFER_BYTES = 1 << 20;

    private final DeviceFile file;
    private final ByteBuffer buffer = CheckpointFormat.aligned(BUFFER_BYTES);
    private final ByteSink frame = new ByteSink();
    private long position = CheckpointFormat.HEADER_BYTES;
    private long keys;

    CheckpointWriter(DeviceFile file) {
        this.file = file;
    }

    /** Durable when it returns, apart from the name of the file. */
    void write(HiveFiles.Checkpoint checkpoint) throws IOException {
        writeHeader(checkpoint, checkpoint.sequence() - 1, 0);
        try {
            checkpoint.tree().durable().forEach(this::put);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        endFrame();
        long body = position + buffer.position() - CheckpointFormat.HEADER_BYTES;
        pad();
        flush();
        // Its size.
        file.force();
        writeHeader(checkpoint, checkpoint.sequence(), body);
    }

    private void writeHeader(HiveFiles.Checkpoint checkpoint, long secondSequence, long body) throws IOException {
        var header = CheckpointFormat.aligned(CheckpointFormat.HEADER_BYTES);
        header.putLong(CheckpointFormat.MAGIC_OFFSET, CheckpointFormat.MAGIC);
        header.putInt(CheckpointFormat.VERSION_OFFSET, CheckpointFormat.VERSION);
        header.putLong(CheckpointFormat.FIRST_SEQUENCE_OFFSET, checkpoint.sequence());
        header.putLong(CheckpointFormat.SECOND_SEQUENCE_OFFSET, secondSequence);
        header.putLong(CheckpointFormat.COVERED_OFFSET, checkpoint.covered());
        header.putLong(CheckpointFormat.HIVE_OFFSET, checkpoint.hive().getMostSignificantBits());
        header.putLong(
                CheckpointFormat.HIVE_OFFSET + Long.BYTES, checkpoint.hive().getLeastSignificantBits());
        header.putLong(CheckpointFormat.NEXT_ID_OFFSET, checkpoint.nextId());
        header.putLong(CheckpointFormat.KEYS_OFFSET, keys);
        header.putLong(CheckpointFormat.BODY_OFFSET, body);
        header.putInt(CheckpointFormat.UNLOADED_OFFSET, checkpoint.isUnloaded() ? 1 : 0);
        header.putInt(CheckpointFormat.CRC_OFFSET, CheckpointFormat.checksum(header));
        file.writeThrough(0, header);
    }

    private void put(Node node) {
        keys++;
        frame.putByte(CheckpointFormat.KEY);
        frame.putLong(node.id());
        frame.putLong(node.parent());
        frame.putText(node.name());
        Encoding.put(frame, node.attributes());
        frame.putLong(node.written());
        node.values().forEach(value -> {
            frame.putByte(CheckpointFormat.VALUE);
            frame.putText(value.name());
            Encoding.put(frame, value);
            endFrameIfFull();
        });
        endFrameIfFull();
    }

    private void endFrameIfFull() {
        if (frame.size() >= CheckpointFormat.FRAME_BYTES) {
            try {
                endFrame();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void endFrame() throws IOException {
        if (frame.size() == 0) {
            return;
        }
        if (frame.size() > CheckpointFormat.MOST_FRAME_BYTES) {
            // Nobody could read it: better none, as long as the log has everything.
            throw new RegistryException(
                    RegistryError.IO_FAILED,
                    "expected a frame of at most " + CheckpointFormat.MOST_FRAME_BYTES + " bytes for " + file.name()
                            + ", found one of " + frame.size());
        }
        int checksum = CheckpointFormat.checksum(frame.array(), frame.size());
        if (buffer.remaining() < CheckpointFormat.FRAME_HEADER_BYTES) {
            flushWhole();
        }
        buffer.putInt(frame.size()).putInt(checksum);
        for (int at = 0; at < frame.size(); ) {
            if (!buffer.hasRemaining()) {
                flushWhole();
            }
            int count = Math.min(buffer.remaining(), frame.size() - at);
            buffer.put(frame.array(), at, count);
            at += count;
        }
        frame.clear();
    }

    /** Writes the whole blocks and keeps the rest. */
    private void flushWhole() throws IOException {
        int whole = buffer.position() / DeviceFile.BLOCK_BYTES * DeviceFile.BLOCK_BYTES;
        var rest = new byte[buffer.position() - whole];
        buffer.get(whole, rest);
        buffer.position(whole);
        flush();
        buffer.put(rest);
    }

    private void pad() {
        while (buffer.position() % DeviceFile.BLOCK_BYTES != 0) {
            buffer.put((byte) 0);
        }
    }

    private void flush() throws IOException {
        buffer.flip();
        int count = buffer.remaining();
        if (count > 0) {
            file.writeThrough(position, buffer);
        }
        position += count;
        buffer.clear();
    }
}
