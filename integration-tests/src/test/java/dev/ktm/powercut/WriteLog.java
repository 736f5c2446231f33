package dev.ktm.powercut;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link RecordedDisk} has noted.
 *
 * @param entries in their order
 */
record WriteLog(List<Entry> entries) {

    /** A write, a flush or a mark. */
    record Entry(char type, long offset, ByteBuffer bytes) {

        boolean isWrite() {
            return type == 'W';
        }

        boolean isFlush() {
            return type == 'F';
        }

        /** What was marked; empty if it is no mark. */
        String mark() {
            return type == 'M' ? UTF_8.decode(bytes.duplicate()).toString() : "";
        }

        /** The first bytes of it get to the disk. */
        void writeTo(FileChannel image, int length) throws IOException {
            var written = bytes.slice(0, Math.min(length, bytes.limit()));
            long at = offset;
            while (written.hasRemaining()) {
                at += image.write(written, at);
            }
        }
    }

    static WriteLog read(Path log) throws IOException {
        var entries = new ArrayList<Entry>();
        try (var channel = FileChannel.open(log, StandardOpenOption.READ)) {
            var all = channel.map(MapMode.READ_ONLY, 0, channel.size());
            while (all.hasRemaining()) {
                char type = (char) all.get();
                long offset = all.getLong();
                int length = all.getInt();
                entries.add(new Entry(type, offset, all.slice(all.position(), length)));
                all.position(all.position() + length);
            }
        }
        return new WriteLog(entries);
    }

    /** Where the last flush before this entry is, or -1. */
    int flushBefore(int end) {
        int index = end - 1;
        while (index >= 0 && !entries.get(index).isFlush()) {
            index--;
        }
        return index;
    }
}
