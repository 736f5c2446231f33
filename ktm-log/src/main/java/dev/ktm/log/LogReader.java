package dev.ktm.log;

import dev.ktm.log.format.DamageException;
import dev.ktm.log.format.RecordFormat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads records of one stream. Made by {@link LogStream#read}. Sees everything that was appended, durable or not. Not
 * thread-safe; a reader that has come to the end can go on when more was appended.
 */
public final class LogReader {

    private static final int FORWARD_BYTES = 256 * 1024;
    private static final int CHAIN_BYTES = 4096;

    private final Administration administration;
    private final StreamState stream;
    private final ReadMode mode;
    private final FrameSource frames;

    /** Where to start; then, in a chain, where to go next. */
    private long target;

    private boolean started;
    private boolean positioned;
    private int record;
    private int offset;
    private int nextOffset;

    LogReader(Administration administration, StreamState stream, long start, ReadMode mode) throws LogException {
        this.administration = administration;
        this.stream = stream;
        this.mode = mode;
        this.target = start;
        this.frames = new FrameSource(administration, mode == ReadMode.FORWARD ? FORWARD_BYTES : CHAIN_BYTES);
    }

    /**
     * Moves to the next record.
     *
     * @return false at the end: no more records, or the end of the chain
     * @throws LogRefusedException with {@link LogError#START_OF_LOG} if the next record of the chain is below the base
     *     and the archive tail, with {@link LogError#RECORD_NONEXISTENT} if there is none of this stream there
     * @throws LogCorruptException if it is damaged
     */
    public boolean next() throws LogException {
        if (mode == ReadMode.FORWARD) {
            return nextForward();
        }
        if (positioned) {
            long link = mode == ReadMode.PREVIOUS ? previous() : undoNext();
            if (link != Lsn.INVALID && link >= lsn()) {
                throw new LogRefusedException(
                        LogError.READ_CONTEXT_INVALID,
                        "expected a link backwards from " + Lsn.toString(lsn()) + ", found " + Lsn.toString(link));
            }
            target = link;
        }
        positioned = false;
        if (target == Lsn.INVALID || target == Lsn.NULL) {
            target = Lsn.INVALID;
            return false;
        }
        seek(target);
        return true;
    }

    /**
     * Moves to a record of the caller's choice, further back than the present one.
     *
     * @throws LogRefusedException with {@link LogError#READ_CONTEXT_INVALID} if it is not, or if this reader reads
     *     forward
     */
    public boolean next(long lsn) throws LogException {
        if (mode == ReadMode.FORWARD || !positioned || lsn >= lsn()) {
            throw new LogRefusedException(
                    LogError.READ_CONTEXT_INVALID,
                    "expected an LSN below " + (positioned ? Lsn.toString(lsn()) : "the present one")
                            + " and a chain to follow, found " + Lsn.toString(lsn) + " and mode " + mode);
        }
        positioned = false;
        target = lsn;
        seek(lsn);
        return true;
    }

    /** The address of the present record. */
    public long lsn() {
        requirePosition();
        return Lsn.of(frames.address, record);
    }

    /** What the present record names as the record before it, or {@link Lsn#INVALID}. */
    public long previous() {
        requirePosition();
        return RecordFormat.previous(frames.bytes, offset);
    }

    /** Where undo continues after the present record, or {@link Lsn#INVALID}. */
    public long undoNext() {
        requirePosition();
        return RecordFormat.undoNext(frames.bytes, offset);
    }

    /** Whether the present record is a restart area. */
    public boolean isRestartArea() {
        requirePosition();
        return RecordFormat.kind(frames.bytes, offset) == RecordFormat.RESTART;
    }

    /** The data of the present record, readable until the reader moves. */
    public ByteBuffer payload() {
        requirePosition();
        int prefix = isRestartArea() ? Long.BYTES : 0;
        return frames.bytes
                .slice(
                        offset + RecordFormat.HEADER_BYTES + prefix,
                        RecordFormat.payloadBytes(frames.bytes, offset) - prefix)
                .asReadOnlyBuffer()
                .order(ByteOrder.BIG_ENDIAN);
    }

    private void requirePosition() {
        if (!positioned) {
            throw new IllegalStateException(
                    "expected a reader on a record: call next() first, and only while it says true");
        }
    }

    private boolean nextForward() throws LogException {
        if (!started && !start()) {
            return false;
        }
        while (true) {
            if (record + 1 >= frames.records) {
                long address = frames.address;
                if (!frames.advance()) {
                    // Where it stands is kept, so that it can go on when more follows.
                    positioned = false;
                    return false;
                }
                if (frames.address == address) {
                    // The same frame, grown: its bytes may lie elsewhere now.
                    skipTo(record);
                } else {
                    rewind();
                }
                continue;
            }
            step();
            // The start may lie behind the frame's first records, or be no record at all.
            if (isWanted() && Lsn.of(frames.address, record) >= target) {
                positioned = true;
                return true;
            }
        }
    }

    private boolean start() throws LogException {
        long low = lowest();
        if (target == Lsn.NULL) {
            // Not the base itself: what lies between it and the first record may be recycled at any time.
            long oldest = oldest();
            if (oldest == Lsn.INVALID) {
                return false;
            }
            target = oldest;
        }
        if (target < low) {
            throw below(target, low);
        }
        if (!frames.loadFrom(Lsn.frameAddress(target))) {
            return false;
        }
        rewind();
        if (frames.address == Lsn.frameAddress(target)) {
            while (record + 1 < Math.min(Lsn.record(target), frames.records)) {
                step();
            }
            refuseForeign(low);
        }
        started = true;
        return true;
    }

    /** An LSN of another stream must not serve as a place to start: LSNs of streams are not comparable. */
    private void refuseForeign(long low) throws LogException {
        int wanted = Lsn.record(target);
        if (target == low || wanted >= frames.records) {
            return;
        }
        int before = record;
        step();
        if (RecordFormat.stream(frames.bytes, offset) != stream.id) {
            throw nonexistent(target);
        }
        rewind();
        while (record < before) {
            step();
        }
    }

    private void rewind() {
        record = -1;
        nextOffset = frames.start;
    }

    private void skipTo(int wanted) throws LogException {
        rewind();
        while (record < wanted) {
            step();
        }
    }

    private void step() throws LogException {
        offset = nextOffset;
        record++;
        try {
            nextOffset = RecordFormat.check(frames.bytes, offset, frames.end);
        } catch (DamageException e) {
            throw frames.damaged(frames.address);
        }
    }

    private boolean isWanted() {
        return RecordFormat.stream(frames.bytes, offset) == stream.id
                && RecordFormat.kind(frames.bytes, offset) != RecordFormat.TRUNCATION
                && !administration.voids().contains(Lsn.of(frames.address, record));
    }

    private void seek(long lsn) throws LogException {
        long low = lowest();
        if (lsn < low) {
            throw below(lsn, low);
        }
        boolean found = frames.load(Lsn.frameAddress(lsn)) && Lsn.record(lsn) < frames.records;
        if (found) {
            skipTo(Lsn.record(lsn));
            found = isWanted();
        }
        if (!found) {
            frames.checkAround(lsn);
            throw nonexistent(lsn);
        }
        positioned = true;
    }

    private LogRefusedException nonexistent(long lsn) {
        return new LogRefusedException(
                LogError.RECORD_NONEXISTENT,
                "expected the LSN of a record of " + stream.label() + ", found " + Lsn.toString(lsn));
    }

    private long lowest() {
        administration.engine.gate.lock();
        try {
            return stream.archiveTail == Lsn.NULL ? stream.base : Math.min(stream.base, stream.archiveTail);
        } finally {
            administration.engine.gate.unlock();
        }
    }

    private long oldest() {
        administration.engine.gate.lock();
        try {
            return stream.pin();
        } finally {
            administration.engine.gate.unlock();
        }
    }

    private LogRefusedException below(long lsn, long low) {
        return new LogRefusedException(
                LogError.START_OF_LOG,
                "expected an LSN from " + Lsn.toString(low) + " on in " + stream.label() + ", found "
                        + Lsn.toString(lsn));
    }
}
