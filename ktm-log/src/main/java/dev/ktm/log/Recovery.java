package dev.ktm.log;

import dev.ktm.log.format.DamageException;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.format.RecordFormat;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the frames say about the streams, beyond what the base log file knew. Reads every frame, writes nothing. */
final class Recovery {

    private final Map<Integer, StreamState> streams = new TreeMap<>();
    private final TreeMap<Long, Long> restarts = new TreeMap<>();
    private final VoidRanges voids = new VoidRanges();
    private final LogMetadata metadata;
    private @Nullable StreamState latest;

    Recovery(LogMetadata metadata) {
        this.metadata = metadata;
        for (var entry : metadata.streams()) {
            streams.put(entry.id(), new StreamState(entry));
        }
    }

    /**
     * Where the log ends.
     *
     * @param address where the next frame goes
     * @param chain the frame that it follows
     */
    record End(long address, GroupCommit.Chain chain) {}

    /**
     * Reads the whole log.
     *
     * @throws LogCorruptException if something that was durable is damaged
     */
    End run(Geometry geometry, ContainerMap containers) throws IOException {
        var scan = new Scan(
                geometry, FrameFormat.tagOf(metadata.logId()), containers, metadata.knownEnd(), metadata.clean());
        long end = scan.run(this::visit);
        if (metadata.clean() && end != metadata.knownEnd()) {
            throw new LogCorruptException(
                    LogError.METADATA_INCONSISTENT,
                    BaseLogFile.NAME,
                    0,
                    "a log that ends at " + Long.toHexString(metadata.knownEnd()) + ", where it was closed",
                    "frames up to " + Long.toHexString(end),
                    null);
        }
        return new End(end, scan.chain());
    }

    /** The streams as they were when the log ended. */
    Collection<StreamState> streams() {
        return streams.values();
    }

    VoidRanges voids() {
        return voids;
    }

    /** Takes note of a frame. */
    void visit(FrameCursor cursor) throws DamageException {
        if (Integer.compareUnsigned(cursor.header.incarnation, (int) metadata.incarnation()) > 0) {
            throw new DamageException(
                    0,
                    "a frame of incarnation " + metadata.incarnation() + " at most, as " + BaseLogFile.NAME + " says",
                    "one of incarnation " + Integer.toUnsignedLong(cursor.header.incarnation) + ": " + BaseLogFile.NAME
                            + " is older than the log");
        }
        var buffer = cursor.buffer();
        int offset = cursor.offset() + FrameFormat.HEADER_BYTES;
        int end = cursor.end();
        int record = 0;
        while (offset < end) {
            int next = RecordFormat.check(buffer, offset, end);
            var stream = find(RecordFormat.stream(buffer, offset));
            long lsn = Lsn.of(cursor.header.address, record++);
            if (stream != null) {
                int kind = RecordFormat.kind(buffer, offset);
                long prefix = kind == RecordFormat.DATA ? 0 : buffer.getLong(offset + RecordFormat.HEADER_BYTES);
                if (kind == RecordFormat.TRUNCATION) {
                    // Also below the base: an archive reads from further back.
                    voids.add(prefix, lsn);
                }
                if (lsn >= stream.base) {
                    stream.recovered(lsn);
                    note(stream, lsn, kind, prefix, RecordFormat.previous(buffer, offset));
                }
            }
            offset = next;
        }
        if (record != cursor.header.records) {
            throw new DamageException(
                    FrameFormat.HEADER_BYTES, cursor.header.records + " records", record + " records");
        }
    }

    /** Most records are of the same stream as the one before. */
    private @Nullable StreamState find(int id) {
        var found = latest;
        if (found == null || found.id != id) {
            found = streams.get(id);
            latest = found;
        }
        return found;
    }

    private void note(StreamState stream, long lsn, int kind, long prefix, long previous) {
        switch (kind) {
            case RecordFormat.RESTART -> {
                stream.last = Math.max(stream.last, lsn);
                stream.restart = Math.max(stream.restart, lsn);
                stream.base = Math.max(stream.base, prefix);
                restarts.put(lsn, previous);
            }
            case RecordFormat.TRUNCATION -> {
                stream.last = prefix;
                while (stream.restart > prefix) {
                    stream.restart = restarts.getOrDefault(stream.restart, Lsn.NULL);
                }
            }
            default -> stream.last = Math.max(stream.last, lsn);
        }
    }
}
