package dev.ktm.log.format;

import java.nio.ByteBuffer;

/**
 * A record inside a frame. It starts at a multiple of eight bytes. The header, little-endian:
 * <pre>
 *   0        4        6      7      8          16          24
 *   | length | stream | kind | zero | previous | undo next | payload - - - | zeros to a multiple of 8 |
 * </pre>
 * <i>length</i> counts the payload only. <i>previous</i> and <i>undo next</i> are LSNs; the kind is never zero.
 */
public final class RecordFormat {

    static final int LENGTH_OFFSET = 0;
    static final int STREAM_OFFSET = LENGTH_OFFSET + Integer.BYTES;
    static final int KIND_OFFSET = STREAM_OFFSET + Short.BYTES;
    static final int ZERO_OFFSET = KIND_OFFSET + Byte.BYTES;
    static final int PREVIOUS_OFFSET = ZERO_OFFSET + Byte.BYTES;
    static final int UNDO_NEXT_OFFSET = PREVIOUS_OFFSET + Long.BYTES;

    /** The size of a record header, in bytes. */
    public static final int HEADER_BYTES = UNDO_NEXT_OFFSET + Long.BYTES;

    /** A client's data. */
    public static final int DATA = 1;
    /** A restart area: eight bytes with the new base (0: unchanged), then the client's data. */
    public static final int RESTART = 2;
    /** The end of a dedicated log was cut: eight bytes with the last LSN kept; what lies between is void. */
    public static final int TRUNCATION = 3;

    private RecordFormat() {}

    /** Bytes that a record with this payload takes in a frame. */
    public static int sizeOf(int payloadBytes) {
        return HEADER_BYTES + ((payloadBytes + Long.BYTES - 1) & -Long.BYTES);
    }

    /** Writes a header; the buffer must be little-endian. */
    public static void putHeader(
            ByteBuffer frame, int offset, int payloadBytes, int stream, int kind, long previous, long undoNext) {
        frame.putInt(offset + LENGTH_OFFSET, payloadBytes);
        frame.putInt(offset + STREAM_OFFSET, stream | kind << 16);
        frame.putLong(offset + PREVIOUS_OFFSET, previous);
        frame.putLong(offset + UNDO_NEXT_OFFSET, undoNext);
    }

    /** Payload size of the record at this offset, in bytes. */
    public static int payloadBytes(ByteBuffer frame, int offset) {
        return frame.getInt(offset + LENGTH_OFFSET);
    }

    /** Stream of the record at this offset. */
    public static int stream(ByteBuffer frame, int offset) {
        return frame.getInt(offset + STREAM_OFFSET) & 0xFFFF;
    }

    /** Kind of the record at this offset. */
    public static int kind(ByteBuffer frame, int offset) {
        return frame.get(offset + KIND_OFFSET);
    }

    /** The record before in the client's chain. */
    public static long previous(ByteBuffer frame, int offset) {
        return frame.getLong(offset + PREVIOUS_OFFSET);
    }

    /** The record at which undo continues. */
    public static long undoNext(ByteBuffer frame, int offset) {
        return frame.getLong(offset + UNDO_NEXT_OFFSET);
    }

    /**
     * Checks that a whole record of a known kind lies at the offset.
     *
     * @param end where the frame's bytes in use end, as an offset in the buffer
     * @return where the record after it starts, as an offset in the buffer
     */
    public static int check(ByteBuffer frame, int offset, int end) throws DamageException {
        if (end - offset < HEADER_BYTES) {
            throw new DamageException(
                    offset, "a record header of " + HEADER_BYTES + " bytes", (end - offset) + " bytes");
        }
        int payload = payloadBytes(frame, offset);
        if (payload < 0 || payload > end - offset - HEADER_BYTES || sizeOf(payload) > end - offset) {
            throw new DamageException(
                    offset, "a payload of at most " + (end - offset - HEADER_BYTES) + " bytes", payload + " bytes");
        }
        int kind = kind(frame, offset);
        if (kind < DATA || kind > TRUNCATION) {
            throw new DamageException(offset + KIND_OFFSET, "a record kind from 1 to 3", String.valueOf(kind));
        }
        if (kind != DATA && payload < Long.BYTES) {
            throw new DamageException(offset, "a payload of at least 8 bytes", payload + " bytes");
        }
        return offset + sizeOf(payload);
    }
}
