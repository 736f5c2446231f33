package dev.ktm.log;

import dev.ktm.log.LogInspection.Finding;
import dev.ktm.log.LogInspection.Frame;
import dev.ktm.log.format.DamageException;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.LogMetadata;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** All frames of a log, and what they add up to. Goes on behind damage. */
final class InspectedFrames {

    private static final int MOST_FINDINGS = 1000;
    private static final String RESCUE =
            "restore the file from a backup, or copy the log aside and read what is left of" + " it with 'dump'";

    private final LogMetadata metadata;
    private final InspectedContainers places;
    private final Consumer<Frame> visitor;
    private final Recovery recovery;
    private final Map<Integer, Tally> tallies = new HashMap<>();
    private long frames;
    private long records;
    private long frameBytes;
    private long end;

    /** What there is of one stream. */
    private static final class Tally {
        private long records;
        private long payloadBytes;
    }

    InspectedFrames(LogMetadata metadata, InspectedContainers places, Consumer<Frame> visitor) {
        this.metadata = metadata;
        this.places = places;
        this.visitor = visitor;
        this.recovery = new Recovery(metadata);
        this.end = metadata.knownEnd();
    }

    /** Visits every frame; what is wrong is added to the findings. */
    void run(boolean open, List<Finding> findings) throws IOException {
        var geometry = new Geometry(metadata.containerBytes());
        long from = geometry.firstAddress(places.map().firstSequence());
        int before = findings.size();
        while (from != Lsn.INVALID && findings.size() - before < MOST_FINDINGS) {
            var scan = new Scan(
                    geometry, FrameFormat.tagOf(metadata.logId()), places.map(), metadata.knownEnd(), metadata.clean());
            try {
                end = scan.run(from, cursor -> visit(cursor, geometry));
                from = Lsn.INVALID;
            } catch (LogCorruptException e) {
                end = scan.stoppedAt();
                if (open && end >= metadata.knownEnd()) {
                    return;
                }
                if (!places.isDamaged(e.file())) {
                    findings.add(new Finding(true, e.file(), e.offset(), e.expected(), e.found(), RESCUE));
                }
                from = scan.firstFrameBehind(end);
            }
        }
        boolean explained = findings.stream()
                .anyMatch(finding -> finding.damage() && !finding.file().equals(BaseLogFile.NAME));
        if (metadata.clean() && end != metadata.knownEnd() && !explained) {
            findings.add(new Finding(
                    true,
                    BaseLogFile.NAME,
                    0,
                    "a log that ends at " + Long.toHexString(metadata.knownEnd()) + ", where it was closed",
                    "frames up to " + Long.toHexString(end),
                    RESCUE));
        }
    }

    private void visit(FrameCursor cursor, Geometry geometry) throws DamageException {
        recovery.visit(cursor);
        var header = cursor.header;
        var frame = Salvage.frame(
                places.map().at(geometry.sequence(header.address)).fileName,
                geometry.offset(header.address),
                header,
                cursor.buffer(),
                cursor.offset());
        frames++;
        frameBytes += header.length;
        records += header.records;
        for (var entry : frame.records()) {
            var tally = tallies.computeIfAbsent(entry.stream(), id -> new Tally());
            tally.records++;
            tally.payloadBytes += entry.payload().remaining();
        }
        visitor.accept(frame);
    }

    /** What the frames say about the streams. */
    Recovery recovery() {
        return recovery;
    }

    long frames() {
        return frames;
    }

    long records() {
        return records;
    }

    long frameBytes() {
        return frameBytes;
    }

    /** Where the log ends. */
    long end() {
        return end;
    }

    long recordsOf(int stream) {
        var tally = tallies.get(stream);
        return tally == null ? 0 : tally.records;
    }

    long payloadBytesOf(int stream) {
        var tally = tallies.get(stream);
        return tally == null ? 0 : tally.payloadBytes;
    }
}
