package dev.ktm.log;

import dev.ktm.log.format.FrameFormat;
import org.jspecify.annotations.Nullable;

/**
 * Log sequence numbers: the addresses of records, as {@code long}s, because appending must not allocate.
 *
 * <p>An LSN is never used twice, so within a stream a larger one is always later, across crashes, restarts and the
 * recycling of containers. LSNs of different streams must not be compared: a stream refuses those of another.
 *
 * <p>Its upper bits are the address of the frame that holds the record, its lower 12 bits the number of the record in
 * the frame (after CLFS: container, block offset, record number).
 */
public final class Lsn {

    /** Smaller than the LSN of every record. */
    public static final long NULL = 0;

    /** Larger than the LSN of every record. Ends the chains of records. */
    public static final long INVALID = Long.MAX_VALUE;

    /** Most records of one frame. */
    static final int RECORDS_PER_FRAME = FrameFormat.BLOCK_BYTES;

    private static final long RECORD_MASK = RECORDS_PER_FRAME - 1L;

    private Lsn() {}

    static long of(long frameAddress, int record) {
        return frameAddress | record;
    }

    static long frameAddress(long lsn) {
        return lsn & ~RECORD_MASK;
    }

    static int record(long lsn) {
        return (int) (lsn & RECORD_MASK);
    }

    /** The form in which messages and tools show an LSN: address of the frame and number of the record. */
    public static String toString(long lsn) {
        if (lsn == NULL) {
            return "null";
        }
        if (lsn == INVALID) {
            return "invalid";
        }
        return Long.toHexString(frameAddress(lsn)) + ":" + record(lsn);
    }

    /**
     * The LSN of which this is the form that {@link #toString(long)} gives; without a record number, that of the first
     * record.
     *
     * @throws IllegalArgumentException if it is not of that form
     */
    public static long parse(String text) {
        if (text.equals("null")) {
            return NULL;
        }
        if (text.equals("invalid")) {
            return INVALID;
        }
        var parts = text.split(":", 2);
        try {
            long address = Long.parseLong(parts[0], 16);
            int record = parts.length == 1 ? 0 : Integer.parseInt(parts[1]);
            if (address == frameAddress(address) && address > 0 && record >= 0 && record < RECORDS_PER_FRAME) {
                return of(address, record);
            }
        } catch (NumberFormatException e) {
            throw notAnLsn(text, e);
        }
        throw notAnLsn(text, null);
    }

    private static IllegalArgumentException notAnLsn(String text, @Nullable Throwable cause) {
        return new IllegalArgumentException(
                "expected an LSN such as 81000:0, a frame's address and a record's number, found \"" + text + "\"",
                cause);
    }
}
