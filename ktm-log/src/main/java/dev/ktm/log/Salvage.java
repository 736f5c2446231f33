package dev.ktm.log;

import dev.ktm.log.LogInspection.Finding;
import dev.ktm.log.LogInspection.Frame;
import dev.ktm.log.format.Checksum;
import dev.ktm.log.format.ContainerHeader;
import dev.ktm.log.format.DamageException;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.RecordFormat;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Looks for frames in one file, block by block, believing nothing but checksums. */
final class Salvage {

    private final LogDevice device;
    private final String fileName;
    private final Consumer<Frame> visitor;
    private final List<Finding> findings = new ArrayList<>();
    private final ByteBuffer bytes = AlignedBuffers.allocate(FrameFormat.MOST_BYTES);
    private final Checksum checksum = new Checksum();
    private final FrameFormat.Header header = new FrameFormat.Header();

    Salvage(LogDevice device, String fileName, Consumer<Frame> visitor) {
        this.device = device;
        this.fileName = fileName;
        this.visitor = visitor;
    }

    static List<String> containerFiles(LogDevice device) throws IOException {
        var found = new ArrayList<String>();
        for (var name : device.list()) {
            if (Containers.headerOf(device, name) != null) {
                found.add(name);
            }
        }
        return found;
    }

    List<Finding> run() throws IOException {
        try (var file = new InspectedFile(fileName, device.open(fileName, LogDevice.Access.READ))) {
            long size = file.size();
            file.read(0, bytes.clear().limit(ContainerHeader.BYTES));
            try {
                ContainerHeader.decode(bytes.clear());
            } catch (DamageException e) {
                findings.add(new Finding(
                        true,
                        fileName,
                        e.offset(),
                        e.expected(),
                        e.found(),
                        "take the frames for what they are worth"));
            }
            for (long offset = 0; offset < size; ) {
                offset += frameAt(file, offset, size - offset);
            }
            var failure = file.failure();
            if (failure != null) {
                findings.add(Examination.unreadable(fileName, file.failedAt(), failure));
            }
            return findings;
        }
    }

    /** Shows the frame at an offset if there is one. Returns how far it is to the next place to look at. */
    private long frameAt(InspectedFile file, long offset, long room) {
        file.read(offset, bytes.clear().limit(FrameFormat.BLOCK_BYTES));
        try {
            header.readAnywhere(bytes, 0, room);
            int size = FrameFormat.padded(header.length);
            file.read(offset, bytes.clear().limit(size));
            header.readAnywhere(bytes, 0, room);
            header.checkContent(bytes, 0, checksum);
            visitor.accept(frame(fileName, offset, header, bytes, 0));
            return size;
        } catch (DamageException e) {
            if (e.isOfOtherVersion()) {
                findings.add(new Finding(
                        true,
                        fileName,
                        offset + e.offset(),
                        e.expected(),
                        e.found(),
                        "look at it with the version of KTM that wrote it"));
            }
            return FrameFormat.BLOCK_BYTES;
        }
    }

    /** A valid frame that lies in a buffer. */
    static Frame frame(String fileName, long offset, FrameFormat.Header header, ByteBuffer buffer, int start)
            throws DamageException {
        var records = new ArrayList<LogInspection.Entry>();
        int end = start + header.length;
        int number = 0;
        for (int at = start + FrameFormat.HEADER_BYTES; at < end; ) {
            int next = RecordFormat.check(buffer, at, end);
            records.add(entry(Lsn.of(header.address, number++), buffer, at));
            at = next;
        }
        return new Frame(
                fileName,
                offset,
                header.address,
                header.length,
                header.span,
                header.previousAddress,
                Integer.toUnsignedLong(header.incarnation),
                records);
    }

    private static LogInspection.Entry entry(long lsn, ByteBuffer buffer, int at) {
        int kind = RecordFormat.kind(buffer, at);
        int prefix = kind == RecordFormat.DATA ? 0 : Long.BYTES;
        int payload = at + RecordFormat.HEADER_BYTES;
        return new LogInspection.Entry(
                lsn,
                RecordFormat.stream(buffer, at),
                LogInspection.Kind.of(kind),
                prefix == 0 ? Lsn.NULL : buffer.getLong(payload),
                RecordFormat.previous(buffer, at),
                RecordFormat.undoNext(buffer, at),
                buffer.slice(payload + prefix, RecordFormat.payloadBytes(buffer, at) - prefix)
                        .asReadOnlyBuffer()
                        .order(ByteOrder.BIG_ENDIAN));
    }
}
