package dev.ktm.log.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * A frame: what the log writes with one device write. It starts at a block border and holds whole records.
 *
 * <p>The header, little-endian:
 * <pre>
 *   0       4        8         16       20       24              32             36            40        44        48    56      64
 *   | magic | crc32c | address | length | span   | prev. address | prev. crc32c | incarnation | records | version | tag | zeros | records - - -
 * </pre>
 * <ul>
 * <li><i>address</i>: the place of the frame in the endless address space of the log. It is never used twice, so a
 *     frame that a former use of the container left behind has another address than its place demands.
 * <li><i>length</i>: bytes in use, header included. From there to the next block border there are zeros.
 * <li><i>span</i>: the distance to the next frame. Larger than the blocks written only where an incarnation begins:
 *     the addresses between may have been given out before a crash, and are never given out again.
 * <li><i>previous</i>: the frame before, by address and checksum: frames are a chain, also from container to container.
 * <li><i>tag</i>: 64 bits of the log's id: a frame of another log is not taken for ours.
 * </ul>
 * The checksum covers everything behind it up to the block border, zeros included: no bit of a block can change
 * unnoticed. Records carry none of their own: a frame is valid as a whole or not at all.
 */
public final class FrameFormat {

    /** The unit of writing and of addresses, in bytes. */
    public static final int BLOCK_BYTES = 4096;

    /** The largest frame, in bytes: a reader allocates no more, whatever a damaged header says. */
    public static final int MOST_BYTES = 256 * 1024;

    /** {@code KTMF}, read as a little-endian integer. */
    static final int MAGIC = 'K' | 'T' << 8 | 'M' << 16 | 'F' << 24;

    static final int VERSION = 1;

    static final int MAGIC_OFFSET = 0;
    static final int CRC_OFFSET = MAGIC_OFFSET + Integer.BYTES;
    static final int ADDRESS_OFFSET = CRC_OFFSET + Integer.BYTES;
    static final int LENGTH_OFFSET = ADDRESS_OFFSET + Long.BYTES;
    static final int SPAN_OFFSET = LENGTH_OFFSET + Integer.BYTES;
    static final int PREVIOUS_ADDRESS_OFFSET = SPAN_OFFSET + Integer.BYTES;
    static final int PREVIOUS_CRC_OFFSET = PREVIOUS_ADDRESS_OFFSET + Long.BYTES;
    static final int INCARNATION_OFFSET = PREVIOUS_CRC_OFFSET + Integer.BYTES;
    static final int RECORDS_OFFSET = INCARNATION_OFFSET + Integer.BYTES;
    static final int VERSION_OFFSET = RECORDS_OFFSET + Integer.BYTES;
    static final int TAG_OFFSET = VERSION_OFFSET + Integer.BYTES;
    static final int ZEROS_OFFSET = TAG_OFFSET + Long.BYTES;

    /** The size of a frame header, in bytes: where the first record starts. */
    public static final int HEADER_BYTES = ZEROS_OFFSET + Long.BYTES;

    private FrameFormat() {}

    /** The 64 bits of a log's id that its frames carry. */
    public static long tagOf(UUID logId) {
        return logId.getMostSignificantBits() ^ logId.getLeastSignificantBits();
    }

    /** The smallest multiple of the block size that is not less than the length. */
    public static int padded(int lengthBytes) {
        return (lengthBytes + BLOCK_BYTES - 1) & -BLOCK_BYTES;
    }

    /**
     * Writes the header in front of records that are in place, and the checksum. The bytes from {@code length} to the
     * block border must be zero.
     *
     * @return the checksum, which the next frame carries
     */
    public static int seal(ByteBuffer frame, Header header, Checksum checksum) {
        frame.order(ByteOrder.LITTLE_ENDIAN);
        frame.putInt(MAGIC_OFFSET, MAGIC);
        frame.putLong(ADDRESS_OFFSET, header.address);
        frame.putInt(LENGTH_OFFSET, header.length);
        frame.putInt(SPAN_OFFSET, header.span);
        frame.putLong(PREVIOUS_ADDRESS_OFFSET, header.previousAddress);
        frame.putInt(PREVIOUS_CRC_OFFSET, header.previousCrc);
        frame.putInt(INCARNATION_OFFSET, header.incarnation);
        frame.putInt(RECORDS_OFFSET, header.records);
        frame.putInt(VERSION_OFFSET, VERSION);
        frame.putLong(TAG_OFFSET, header.tag);
        frame.putLong(ZEROS_OFFSET, 0);
        int crc = checksum.of(frame, ADDRESS_OFFSET, padded(header.length));
        frame.putInt(CRC_OFFSET, crc);
        return crc;
    }

    /**
     * A frame header in memory. Mutable and reusable, so that sealing and scanning allocate nothing.
     */
    public static final class Header {

        /** The frame's place in the address space of the log, in bytes. */
        public long address;
        /** Bytes in use, header included. */
        public int length;
        /** Distance to the next frame, in bytes. */
        public int span;
        /** Address of the frame before; 0 for the first of all. */
        public long previousAddress;
        /** Checksum of the frame before. */
        public int previousCrc;
        /** The life of the log in which the frame was written. */
        public int incarnation;
        /** Number of records. */
        public int records;
        /** 64 bits of the log's id. */
        public long tag;
        /** The checksum of this frame; set by reading. */
        public int crc;

        /** Creates an empty one. */
        public Header() {}

        /** Where the next frame starts, unless the rest of the container was too small for it. */
        public long nextAddress() {
            return address + span;
        }

        /**
         * Reads the header at the buffer's offset and checks everything that can be checked without the rest.
         *
         * @param expectedAddress the address that the place on disk stands for
         * @param expectedTag the tag of the log
         * @param roomBytes bytes from here to the end of the container
         * @throws DamageException if this is not the header of a frame of this log at this place
         */
        public void read(ByteBuffer buffer, int offset, long expectedAddress, long expectedTag, long roomBytes)
                throws DamageException {
            buffer.order(ByteOrder.LITTLE_ENDIAN);
            // Recovery comes here for every frame: no message is made unless something is wrong.
            int magic = buffer.getInt(offset + MAGIC_OFFSET);
            if (magic != MAGIC) {
                throw new DamageException(MAGIC_OFFSET, "frame magic " + hex(MAGIC), hex(magic));
            }
            tag = buffer.getLong(offset + TAG_OFFSET);
            if (tag != expectedTag) {
                throw new DamageException(TAG_OFFSET, "log tag " + hex(expectedTag), hex(tag));
            }
            address = buffer.getLong(offset + ADDRESS_OFFSET);
            if (address != expectedAddress) {
                throw new DamageException(ADDRESS_OFFSET, "address " + hex(expectedAddress), hex(address));
            }
            readSizes(buffer, offset, roomBytes);
            previousAddress = buffer.getLong(offset + PREVIOUS_ADDRESS_OFFSET);
            previousCrc = buffer.getInt(offset + PREVIOUS_CRC_OFFSET);
            incarnation = buffer.getInt(offset + INCARNATION_OFFSET);
            records = buffer.getInt(offset + RECORDS_OFFSET);
            crc = buffer.getInt(offset + CRC_OFFSET);
        }

        private void readSizes(ByteBuffer buffer, int offset, long roomBytes) throws DamageException {
            length = buffer.getInt(offset + LENGTH_OFFSET);
            span = buffer.getInt(offset + SPAN_OFFSET);
            long most = Math.min(roomBytes, MOST_BYTES);
            if (length < HEADER_BYTES || length > most) {
                throw new DamageException(
                        LENGTH_OFFSET, "a length from " + HEADER_BYTES + " to " + most, String.valueOf(length));
            }
            if (span < padded(length) || span > roomBytes || span % BLOCK_BYTES != 0) {
                throw new DamageException(
                        SPAN_OFFSET,
                        "a multiple of " + BLOCK_BYTES + " from " + padded(length) + " to " + roomBytes,
                        String.valueOf(span));
            }
        }

        /**
         * Reads a header whose place is not known, as {@link #read} does: it is believed to be where it says, and of
         * the log that it says.
         *
         * @param roomBytes bytes from here to the end of the file
         * @throws DamageException if this is not the header of a frame
         */
        public void readAnywhere(ByteBuffer buffer, int offset, long roomBytes) throws DamageException {
            buffer.order(ByteOrder.LITTLE_ENDIAN);
            read(
                    buffer,
                    offset,
                    buffer.getLong(offset + ADDRESS_OFFSET),
                    buffer.getLong(offset + TAG_OFFSET),
                    roomBytes);
        }

        /**
         * Checks the checksum of the whole frame, whose header was read from this offset, and then its version: a frame that is
         * torn is of no version.
         *
         * @throws DamageException if any bit of it has changed, or if it is of another version
         */
        public void checkContent(ByteBuffer buffer, int offset, Checksum checksum) throws DamageException {
            int actual = checksum.of(buffer, offset + ADDRESS_OFFSET, offset + padded(length));
            if (actual != crc) {
                throw new DamageException(CRC_OFFSET, "checksum " + hex(crc), hex(actual));
            }
            int version = buffer.getInt(offset + VERSION_OFFSET);
            if (version != VERSION) {
                throw DamageException.ofOtherVersion(VERSION_OFFSET, "frame version " + VERSION, version);
            }
            long zeros = buffer.getLong(offset + ZEROS_OFFSET);
            if (zeros != 0) {
                throw new DamageException(ZEROS_OFFSET, "zeros", hex(zeros));
            }
        }

        /** Whether the first words say that a frame of this address is here; cheap, for looking through many blocks. */
        public static boolean claims(ByteBuffer buffer, int offset, long address) {
            return buffer.getInt(offset + MAGIC_OFFSET) == MAGIC && buffer.getLong(offset + ADDRESS_OFFSET) == address;
        }
    }

    static String hex(int value) {
        return "0x" + Integer.toHexString(value);
    }

    static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
