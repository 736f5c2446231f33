package dev.ktm.redo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The records of a resource manager's stream, big-endian; the log checks that they are whole.
 * <pre>
 *   0        1         2            18             34      38
 *   | kind   | version | enlistment | unit of work | flags | a part of the redo - - -      PREPARED
 *   | kind   | version | enlistment |                                                       COMMITTED, ROLLED_BACK
 *   | kind   | version | the note - - -                                                     NOTE
 *   | kind   | version | all of the redo - - -                                              WHOLE
 *   | kind   | version | covered (8) | count (4) | what is carried, each: enlistment, unit of work, parts (4), and for
 *                        each part its length (4) and bytes | the store's own data - - -     RESTART, a restart area
 * </pre>
 * The flags are {@link #FIRST} and {@link #LAST}. Covered is the LSN up to which the store holds everything itself.
 */
final class RedoFormat {

    static final byte PREPARED = 1;
    static final byte COMMITTED = 2;
    static final byte ROLLED_BACK = 3;
    static final byte NOTE = 4;
    /** A transaction that was decided here, with its redo. */
    static final byte WHOLE = 5;

    private static final byte RESTART = 6;

    static final int FIRST = 1;
    static final int LAST = 2;

    private static final byte VERSION = 1;

    private static final int ID_BYTES = 2 * Long.BYTES;
    static final int HEADER_BYTES = 2;
    static final int END_BYTES = HEADER_BYTES + ID_BYTES;
    static final int PREPARED_HEADER_BYTES = END_BYTES + ID_BYTES + Integer.BYTES;

    private RedoFormat() {}

    /** What a restart area has of a transaction that is not decided, or was not when it was first carried. */
    record Carried(UUID enlistment, UUID unitOfWork, List<ByteBuffer> redo) {

        private static final int HEADER_BYTES = 2 * ID_BYTES + Integer.BYTES;

        int bytes() {
            return HEADER_BYTES + redo.size() * Integer.BYTES + RedoFormat.bytes(redo);
        }

        private void encode(ByteBuffer area) {
            putId(area, enlistment);
            putId(area, unitOfWork);
            area.putInt(redo.size());
            for (var part : redo) {
                area.putInt(part.remaining()).put(part.duplicate());
            }
        }

        private static Carried decode(ByteBuffer area) throws IOException {
            require(area, HEADER_BYTES);
            var enlistment = id(area);
            var unitOfWork = id(area);
            var redo = new ArrayList<ByteBuffer>();
            for (int parts = area.getInt(); parts > 0; parts--) {
                require(area, Integer.BYTES);
                int length = area.getInt();
                require(area, length);
                redo.add(rest(area.slice(area.position(), length)));
                area.position(area.position() + length);
            }
            return new Carried(enlistment, unitOfWork, redo);
        }
    }

    /**
     * A restart area.
     *
     * @param covered what the store has itself
     * @param data the store's own
     */
    record Restart(long covered, List<Carried> carried, ByteBuffer data) {

        private static final int HEADER_BYTES = RedoFormat.HEADER_BYTES + Long.BYTES + Integer.BYTES;

        ByteBuffer encode() {
            int bytes = carried.stream().mapToInt(Carried::bytes).sum();
            var area = header(RESTART, HEADER_BYTES + bytes + data.remaining())
                    .putLong(covered)
                    .putInt(carried.size());
            carried.forEach(each -> each.encode(area));
            return area.put(data.duplicate()).flip();
        }
    }

    static Restart restart(ByteBuffer bytes) throws IOException {
        var area = bytes.duplicate().order(ByteOrder.BIG_ENDIAN);
        require(area, Restart.HEADER_BYTES);
        byte kind = area.get();
        byte version = area.get();
        if (kind != RESTART || version != VERSION) {
            throw new IOException("expected a restart area of kind " + RESTART + " and version " + VERSION
                    + ", found kind " + kind + " and version " + version
                    + ": it was written by another version; use that");
        }
        long covered = area.getLong();
        var carried = new ArrayList<Carried>();
        for (int count = area.getInt(); count > 0; count--) {
            carried.add(Carried.decode(area));
        }
        return new Restart(covered, carried, rest(area));
    }

    private static void require(ByteBuffer area, int bytes) throws IOException {
        if (bytes < 0 || area.remaining() < bytes) {
            throw new IOException("expected " + bytes + " bytes more in a restart area, found " + area.remaining());
        }
    }

    /** A part of what a transaction has prepared. */
    static ByteBuffer prepared(UUID enlistment, UUID unitOfWork, int flags, ByteBuffer part) {
        var record = header(PREPARED, PREPARED_HEADER_BYTES + part.remaining());
        putId(record, enlistment);
        putId(record, unitOfWork);
        return record.putInt(flags).put(part.duplicate()).flip();
    }

    /** The end of what was prepared. */
    static ByteBuffer end(byte kind, UUID enlistment) {
        var record = header(kind, END_BYTES);
        putId(record, enlistment);
        return record.flip();
    }

    /** Something that belongs to no transaction. */
    static ByteBuffer note(ByteBuffer note) {
        return header(NOTE, HEADER_BYTES + note.remaining())
                .put(note.duplicate())
                .flip();
    }

    /** Redo and commit in one. */
    static ByteBuffer whole(List<ByteBuffer> redo) {
        var record = header(WHOLE, HEADER_BYTES + bytes(redo));
        redo.forEach(part -> record.put(part.duplicate()));
        return record.flip();
    }

    static int bytes(List<ByteBuffer> redo) {
        return redo.stream().mapToInt(ByteBuffer::remaining).sum();
    }

    private static ByteBuffer header(byte kind, int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.BIG_ENDIAN).put(kind).put(VERSION);
    }

    private static void putId(ByteBuffer record, UUID id) {
        record.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    }

    /** The kind of a record; the rest of it is left in the buffer. */
    static byte kind(ByteBuffer record) throws IOException {
        if (record.remaining() < HEADER_BYTES) {
            throw new IOException(
                    "expected a record of a resource manager, found one of " + record.remaining() + " bytes");
        }
        byte kind = record.get();
        byte version = record.get();
        if (kind < PREPARED || kind > WHOLE || version != VERSION) {
            throw new IOException("expected a record of kind 1 to 5 and version 1, found kind " + kind + " and version "
                    + version + ": it was written by a newer version; use that");
        }
        int least = kind >= NOTE ? 0 : (kind == PREPARED ? PREPARED_HEADER_BYTES : END_BYTES) - HEADER_BYTES;
        if (record.remaining() < least) {
            throw new IOException("expected " + least + " bytes or more behind the header of a record of kind " + kind
                    + ", found " + record.remaining());
        }
        return kind;
    }

    static UUID id(ByteBuffer record) {
        return new UUID(record.getLong(), record.getLong());
    }

    /** A copy of what is left. */
    static ByteBuffer rest(ByteBuffer record) {
        return ByteBuffer.allocate(record.remaining())
                .order(ByteOrder.BIG_ENDIAN)
                .put(record)
                .flip();
    }
}
