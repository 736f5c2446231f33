package dev.ktm.log;

import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.RecordFormat;
import java.nio.ByteBuffer;

/**
 * A frame in memory, from its first record until it is durable. Guarded by the gate, except that whoever writes it has it to himself once it is sealed.
 */
final class FrameBuffer {

    private static final byte[] ZEROS = new byte[FrameFormat.BLOCK_BYTES];

    final ByteBuffer bytes;

    /** Where the frame lies in the address space. */
    long address;
    /** Bytes that the frame may take: less than the buffer where the container ends. */
    int capacity;
    /** Bytes in use, header included. */
    int used;

    int records;
    /** Blocks that were charged for it. */
    int blocks;
    /** Callers that wait for it or lead it: what gathering counts. Read without the gate. */
    volatile int forcers;

    WaiterList waiters = new WaiterList();
    /** From here on the buffer holds zeros only. */
    private int dirtyEnd;

    FrameBuffer(int size) {
        bytes = AlignedBuffers.allocate(size);
    }

    void open(long newAddress, int newCapacity) {
        bytes.clear();
        address = newAddress;
        capacity = newCapacity;
        used = FrameFormat.HEADER_BYTES;
        records = 0;
        blocks = 0;
        forcers = 0;
    }

    /** One more caller waits for this frame or leads it. */
    void join() {
        int others = forcers;
        forcers = others + 1;
    }

    /** Adds a record that is known to fit. A nonzero prefix is put in front of the payload. */
    void add(int stream, int kind, long prefix, ByteBuffer payload, long previous, long undoNext) {
        int prefixBytes = kind == RecordFormat.DATA ? 0 : Long.BYTES;
        int length = payload.remaining();
        int offset = used;
        int size = RecordFormat.sizeOf(prefixBytes + length);
        RecordFormat.putHeader(bytes, offset, prefixBytes + length, stream, kind, previous, undoNext);
        int at = offset + RecordFormat.HEADER_BYTES;
        if (prefixBytes > 0) {
            bytes.putLong(at, prefix);
            at += Long.BYTES;
        }
        if ((length & (Long.BYTES - 1)) != 0) {
            bytes.putLong(offset + size - Long.BYTES, 0);
        }
        bytes.put(at, payload, payload.position(), length);
        used = offset + size;
        records++;
    }

    /** Makes the rest of the last block zero. */
    void pad() {
        int end = FrameFormat.padded(used);
        int stale = Math.min(end, dirtyEnd) - used;
        if (stale > 0) {
            bytes.put(used, ZEROS, 0, stale);
        }
        dirtyEnd = Math.max(dirtyEnd, used);
    }

    long end() {
        return address + (long) blocks * FrameFormat.BLOCK_BYTES;
    }
}
