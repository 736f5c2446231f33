package dev.ktm.log.format;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What the base log file says about the log. The file holds two copies, one behind the other; each is written and
 * made durable on its own, so a crash or one damaged copy leaves the other. The copy with the higher generation wins.
 *
 * <pre>
 *   0       4        8         12     14      16           24       40         56            64               72
 *   | magic | crc32c | version | kind | flags | generation | log id | identity | incarnation | container size | known end |
 *   80          88            96           100        104          108    116
 *   | owner pid | owner since | containers | streams  | next number | home | container entries | stream entries | zeros |
 * </pre>
 * The checksum covers everything behind it to the end of the copy, in every version: first the checksum is looked at,
 * then the version. A container entry is {@code number u32, flags u8
 * (1: filled, 2: to be removed), sequence u64, name}; a stream entry {@code id u16, flags u8 (1: deleted, 2: to be reset), base u64, last u64, restart u64, archive tail u64,
 * name}; a name is its length in one byte and its UTF-8.
 *
 * @param generation grows with each writing of the file
 * @param logId ties the files of one log together
 * @param identity the identity that a user of the log goes by
 * @param multiplexed whether the log has many streams, or one and for ever one
 * @param archived whether the log keeps what has not been archived (is not ephemeral)
 * @param incarnation the life of the log: grows with each open
 * @param containerBytes size of every container
 * @param knownEnd everything below this address was durable when this was written; 0 if there was nothing
 * @param clean whether the log was closed in order after that, so that it ends exactly there
 * @param ownerPid process that has, or last had, the log open
 * @param ownerSinceMillis when it opened it, in milliseconds since 1970
 * @param nextNumber number of the next container to be created
 * @param home identifies the base log file on its device: a copy of the file has another one; 0 if the device cannot
 *     tell
 * @param containers all containers, in order of their sequence
 * @param streams all streams
 */
public record LogMetadata(
        long generation,
        UUID logId,
        UUID identity,
        boolean multiplexed,
        boolean archived,
        long incarnation,
        long containerBytes,
        long knownEnd,
        boolean clean,
        long ownerPid,
        long ownerSinceMillis,
        int nextNumber,
        long home,
        List<ContainerEntry> containers,
        List<StreamEntry> streams) {

    /** The size of one copy, in bytes. */
    public static final int COPY_BYTES = 128 * 1024;

    /** Most containers of a log. */
    public static final int MAX_CONTAINERS = 1024;

    /** Most streams of a log. */
    public static final int MAX_STREAMS = 124;

    static final int MAGIC = 'K' | 'T' << 8 | 'M' << 16 | 'B' << 24;
    static final int VERSION = 1;
    static final int CRC_OFFSET = Integer.BYTES;
    static final int VERSION_OFFSET = CRC_OFFSET + Integer.BYTES;

    private static final int DEDICATED_KIND = 1;
    private static final int MULTIPLEXED_KIND = 2;
    private static final int ARCHIVED_FLAG = 1;
    private static final int CLEAN_FLAG = 2;
    private static final int FILLED_FLAG = 1;
    private static final int REMOVING_FLAG = 2;
    private static final int DELETED_FLAG = 1;
    private static final int RESETTING_FLAG = 2;

    /** Refuses values that the format cannot hold. */
    public LogMetadata {
        containers = List.copyOf(containers);
        streams = List.copyOf(streams);
        if (containers.size() > MAX_CONTAINERS || streams.size() > MAX_STREAMS) {
            throw new IllegalArgumentException(containers.size() + " containers, " + streams.size() + " streams");
        }
    }

    /** How much of a copy {@link #peekIncarnation} needs, in bytes. */
    public static final int PEEK_BYTES = 128;

    private static final int LOG_ID_OFFSET = 24;
    private static final int INCARNATION_OFFSET = LOG_ID_OFFSET + 2 * (Long.BYTES + Long.BYTES);

    /** The incarnation in the first bytes of a copy, unverified; 0 if they are not of this log. */
    public static long peekIncarnation(ByteBuffer start, UUID logId) {
        start.order(ByteOrder.LITTLE_ENDIAN);
        boolean ours = start.getInt(0) == MAGIC
                && start.getLong(LOG_ID_OFFSET) == logId.getMostSignificantBits()
                && start.getLong(LOG_ID_OFFSET + Long.BYTES) == logId.getLeastSignificantBits();
        return ours ? start.getLong(INCARNATION_OFFSET) : 0;
    }

    /** The same, but for the file that it is in. */
    public LogMetadata withHome(long newHome) {
        return new LogMetadata(
                generation,
                logId,
                identity,
                multiplexed,
                archived,
                incarnation,
                containerBytes,
                knownEnd,
                clean,
                ownerPid,
                ownerSinceMillis,
                nextNumber,
                newHome,
                containers,
                streams);
    }

    /** Fills one copy. The buffer must hold {@link #COPY_BYTES} zeros from its start on. */
    public void encode(ByteBuffer copy) {
        copy.clear().order(ByteOrder.LITTLE_ENDIAN);
        copy.putInt(MAGIC).putInt(0).putInt(VERSION);
        copy.putShort((short) (multiplexed ? MULTIPLEXED_KIND : DEDICATED_KIND));
        copy.putShort((short) ((archived ? ARCHIVED_FLAG : 0) | (clean ? CLEAN_FLAG : 0)));
        copy.putLong(generation);
        putUuid(copy, logId);
        putUuid(copy, identity);
        copy.putLong(incarnation).putLong(containerBytes).putLong(knownEnd);
        copy.putLong(ownerPid).putLong(ownerSinceMillis);
        copy.putInt(containers.size()).putInt(streams.size()).putInt(nextNumber);
        copy.putLong(home);
        for (var container : containers) {
            int state = (container.filled() ? FILLED_FLAG : 0) | (container.removing() ? REMOVING_FLAG : 0);
            copy.putInt(container.number()).put((byte) state);
            copy.putLong(container.sequence());
            putName(copy, container.fileName());
        }
        for (var stream : streams) {
            int state = (stream.deleted() ? DELETED_FLAG : 0) | (stream.resetting() ? RESETTING_FLAG : 0);
            copy.putShort((short) stream.id()).put((byte) state);
            copy.putLong(stream.base()).putLong(stream.last());
            copy.putLong(stream.restart()).putLong(stream.archiveTail());
            putName(copy, stream.name());
        }
        copy.putInt(CRC_OFFSET, new Checksum().of(copy, VERSION_OFFSET, COPY_BYTES));
        copy.position(0).limit(COPY_BYTES);
    }

    /** Reads one copy from the start of the buffer. */
    public static LogMetadata decode(ByteBuffer copy) throws DamageException {
        copy.clear().order(ByteOrder.LITTLE_ENDIAN);
        int magic = copy.getInt();
        if (magic != MAGIC) {
            throw new DamageException(0, "base log file magic " + FrameFormat.hex(MAGIC), FrameFormat.hex(magic));
        }
        int crc = copy.getInt();
        int version = copy.getInt();
        int actual = new Checksum().of(copy, VERSION_OFFSET, COPY_BYTES);
        if (crc != actual) {
            throw new DamageException(CRC_OFFSET, "checksum " + FrameFormat.hex(crc), FrameFormat.hex(actual));
        }
        if (version != VERSION) {
            throw DamageException.ofOtherVersion(VERSION_OFFSET, "base log file version " + VERSION, version);
        }
        try {
            return decodeBody(copy);
        } catch (BufferUnderflowException | IllegalArgumentException | CharacterCodingException e) {
            throw new DamageException(copy.position(), "a base log file of version " + VERSION, String.valueOf(e));
        }
    }

    private static LogMetadata decodeBody(ByteBuffer copy) throws CharacterCodingException {
        int kind = copy.getShort();
        int flags = copy.getShort();
        if (kind < DEDICATED_KIND || kind > MULTIPLEXED_KIND || (flags & ~(ARCHIVED_FLAG | CLEAN_FLAG)) != 0) {
            throw new IllegalArgumentException("kind " + kind + ", flags " + flags);
        }
        long generation = copy.getLong();
        var logId = getUuid(copy);
        var identity = getUuid(copy);
        long incarnation = copy.getLong();
        long containerBytes = copy.getLong();
        long knownEnd = copy.getLong();
        long ownerPid = copy.getLong();
        long ownerSince = copy.getLong();
        int containerCount = count(copy.getInt(), MAX_CONTAINERS);
        int streamCount = count(copy.getInt(), MAX_STREAMS);
        int nextNumber = copy.getInt();
        long home = copy.getLong();
        var containers = new ArrayList<ContainerEntry>(containerCount);
        for (int i = 0; i < containerCount; i++) {
            containers.add(getContainer(copy));
        }
        var streams = new ArrayList<StreamEntry>(streamCount);
        for (int i = 0; i < streamCount; i++) {
            streams.add(getStream(copy));
        }
        return new LogMetadata(
                generation,
                logId,
                identity,
                kind == MULTIPLEXED_KIND,
                (flags & ARCHIVED_FLAG) != 0,
                incarnation,
                containerBytes,
                knownEnd,
                (flags & CLEAN_FLAG) != 0,
                ownerPid,
                ownerSince,
                nextNumber,
                home,
                containers,
                streams);
    }

    private static ContainerEntry getContainer(ByteBuffer source) throws CharacterCodingException {
        int number = source.getInt();
        int state = source.get();
        if ((state & ~(FILLED_FLAG | REMOVING_FLAG)) != 0) {
            throw new IllegalArgumentException("container flags " + state);
        }
        long sequence = source.getLong();
        return new ContainerEntry(
                number, sequence, (state & FILLED_FLAG) != 0, (state & REMOVING_FLAG) != 0, getName(source));
    }

    private static StreamEntry getStream(ByteBuffer source) throws CharacterCodingException {
        int id = Short.toUnsignedInt(source.getShort());
        int state = source.get();
        if ((state & ~(DELETED_FLAG | RESETTING_FLAG)) != 0) {
            throw new IllegalArgumentException("stream flags " + state);
        }
        long base = source.getLong();
        long last = source.getLong();
        long restart = source.getLong();
        long archiveTail = source.getLong();
        return new StreamEntry(
                id,
                (state & DELETED_FLAG) != 0,
                (state & RESETTING_FLAG) != 0,
                getName(source),
                base,
                last,
                restart,
                archiveTail);
    }

    private static int count(int value, int most) {
        if (value < 0 || value > most) {
            throw new IllegalArgumentException("count " + value + ", at most " + most);
        }
        return value;
    }

    private static void putUuid(ByteBuffer target, UUID uuid) {
        target.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
    }

    private static UUID getUuid(ByteBuffer source) {
        return new UUID(source.getLong(), source.getLong());
    }

    private static void putName(ByteBuffer target, String name) {
        var bytes = name.getBytes(StandardCharsets.UTF_8);
        target.put((byte) bytes.length).put(bytes);
    }

    private static String getName(ByteBuffer source) throws CharacterCodingException {
        int length = Byte.toUnsignedInt(source.get());
        if (length > source.remaining()) {
            throw new BufferUnderflowException();
        }
        var bytes = source.slice(source.position(), length);
        source.position(source.position() + length);
        return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    }
}
