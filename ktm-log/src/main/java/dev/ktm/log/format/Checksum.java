package dev.ktm.log.format;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC-32C over a range of a buffer. Not thread-safe; one for each thread that seals or checks. */
public final class Checksum {

    private final CRC32C crc = new CRC32C();

    /** The CRC-32C of the bytes from {@code start} (inclusive) to {@code end} (exclusive). Leaves the buffer as it was. */
    public int of(ByteBuffer buffer, int start, int end) {
        int position = buffer.position();
        int limit = buffer.limit();
        crc.reset();
        buffer.limit(end).position(start);
        crc.update(buffer);
        buffer.limit(limit).position(position);
        return (int) crc.getValue();
    }
}
