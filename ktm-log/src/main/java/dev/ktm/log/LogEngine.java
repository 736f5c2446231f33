package dev.ktm.log;

import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.RecordFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The way of a record from the caller to the disk: space, frame, force. What is around it (files, streams, policies) is
 * {@link Administration}'s.
 */
final class LogEngine implements GroupCommit.FrameWriter {

    static final String LOCK_NAME = "ktm.lock";

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** How far an append goes before it returns. */
    enum Durability {
        /** Appended: durable when somebody forces, or when the log has been idle. */
        APPEND,
        /** Handed to the disk soon, in order. */
        QUEUE,
        /** Durable. */
        FORCE
    }

    /** What exists only once the log has containers. */
    record Io(Geometry geometry, Tail tail, GroupCommit commit) {}

    final SpinLock gate = new SpinLock();

    private final Administration administration;
    private volatile @Nullable Io io;
    private volatile boolean closed;
    private long writtenSequence;

    LogEngine(Administration administration) {
        this.administration = administration;
    }

    void start(Io started) {
        started.commit().start();
        io = started;
    }

    boolean isStarted() {
        return io != null;
    }

    /** The parts of a log that has containers. */
    Io io() throws LogException {
        var present = io;
        if (present == null) {
            if (closed) {
                throw new LogClosedException("the log");
            }
            throw new LogRefusedException(
                    LogError.NOT_ENOUGH_CONTAINERS,
                    "expected a log with at least " + Containers.FEWEST + " containers, found "
                            + administration.containerCount() + "; add containers first");
        }
        return present;
    }

    void checkOpen() throws LogException {
        if (closed) {
            throw new LogClosedException("the log");
        }
    }

    /** Refuses everything from now on. */
    void shut() {
        gate.lock();
        closed = true;
        gate.unlock();
    }

    /** Appends a record; see {@link LogStream#append}. */
    long append(
            StreamState stream,
            int kind,
            long prefix,
            ByteBuffer payload,
            long previous,
            long undoNext,
            @Nullable Reservation reservation,
            Durability durability)
            throws LogException {
        var present = io();
        checkPayload(present.geometry(), kind, payload.remaining());
        while (true) {
            long room = administration.roomVersion();
            long lsn;
            var needed = durability;
            boolean leader = false;
            boolean sound = false;
            gate.lock();
            try {
                lsn = appendUnderGate(present, stream, kind, prefix, payload, previous, undoNext, reservation);
                if (lsn >= 0) {
                    if (present.tail().isOnSpareBlocks()) {
                        // After a crash, addresses there are not skipped: none may be known that is not durable.
                        needed = Durability.FORCE;
                    }
                    if (needed == Durability.FORCE) {
                        leader = present.commit().joinOpenFrame();
                    } else {
                        present.commit().noteUnforced();
                    }
                }
                sound = true;
            } catch (LogException e) {
                sound = true;
                throw e;
            } finally {
                gate.unlock();
                if (!sound) {
                    // An error of the caller's thread, such as an exhausted stack, in the middle of an append.
                    present.commit().poison(new IllegalStateException("an append was broken off by an error"));
                }
            }
            if (lsn >= 0) {
                switch (needed) {
                    case APPEND -> {}
                    case QUEUE -> present.commit().queue(lsn);
                    case FORCE -> {
                        if (leader) {
                            present.commit().lead(lsn);
                        } else {
                            present.commit().await(lsn);
                        }
                    }
                }
                return lsn;
            }
            waitForRoom(present, lsn, room, RecordFormat.sizeOf(payload.remaining()));
        }
    }

    private long appendUnderGate(
            Io present,
            StreamState stream,
            int kind,
            long prefix,
            ByteBuffer payload,
            long previous,
            long undoNext,
            @Nullable Reservation reservation)
            throws LogException {
        checkOpen();
        if (stream.gone) {
            throw new LogClosedException("this handle of " + stream.label());
        }
        present.commit().checkUsable();
        boolean spare = kind != RecordFormat.DATA;
        // Here, as others may have written one while this one waited for room.
        long link = kind == RecordFormat.RESTART && stream.restart != Lsn.NULL ? stream.restart : previous;
        if (reservation == null) {
            return present.tail().append(stream, kind, prefix, payload, link, undoNext, 0, spare);
        }
        int allotted = allotted(present, reservation, payload.remaining());
        long lsn = present.tail().append(stream, kind, prefix, payload, previous, undoNext, allotted, spare);
        if (lsn >= 0) {
            reservation.take(allotted);
        }
        return lsn;
    }

    private static int allotted(Io present, Reservation reservation, int payloadBytes) throws LogException {
        if (reservation.left() == 0) {
            throw new LogRefusedException(
                    LogError.RECORDS_RESERVED_INVALID, "expected a reserved record, found none left");
        }
        int needed = present.tail().allotment(payloadBytes);
        int allotted = reservation.smallestFor(needed);
        if (allotted == 0) {
            throw new LogRefusedException(
                    LogError.SPACE_RESERVED_INVALID,
                    "expected a reserved record large enough for " + payloadBytes + " bytes, found none");
        }
        return allotted;
    }

    private static void checkPayload(Geometry geometry, int kind, int payloadBytes) {
        int most = geometry.maxPayloadBytes() - (kind == RecordFormat.DATA ? 0 : Long.BYTES);
        if (payloadBytes > most) {
            throw new IllegalArgumentException(
                    "expected a payload of at most " + most + " bytes, found " + payloadBytes);
        }
    }

    /** Returns when trying again makes sense. */
    private void waitForRoom(Io present, long result, long room, long wantedBytes) throws LogException {
        if (result == Tail.NO_FRAME) {
            long oldest;
            gate.lock();
            try {
                oldest = present.tail().oldest();
            } finally {
                gate.unlock();
            }
            present.commit().force(oldest);
        } else if (!administration.makeRoom(room)) {
            throw new LogFullException("the log is full: expected room for " + wantedBytes + " bytes, found "
                    + administration.describeSpace());
        }
    }

    void reserve(Reservation reservation, int... payloadBytes) throws LogException {
        var present = io();
        long blocks = 0;
        for (int payload : payloadBytes) {
            if (payload < 0) {
                throw new IllegalArgumentException("expected a payload size, found " + payload);
            }
            checkPayload(present.geometry(), RecordFormat.DATA, payload);
            blocks += present.tail().allotment(payload);
        }
        while (true) {
            long room = administration.roomVersion();
            gate.lock();
            try {
                checkOpen();
                present.commit().checkUsable();
                reservation.requireRoom(payloadBytes.length);
                if (present.tail().reserve(blocks)) {
                    addTo(reservation, present, payloadBytes);
                    return;
                }
            } finally {
                gate.unlock();
            }
            waitForRoom(present, Tail.NO_SPACE, room, blocks * FrameFormat.BLOCK_BYTES);
        }
    }

    private static void addTo(Reservation reservation, Io present, int... payloadBytes) {
        for (int payload : payloadBytes) {
            reservation.add(present.tail().allotment(payload));
        }
    }

    /** Both or neither. */
    long appendAndReserve(
            StreamState stream,
            ByteBuffer payload,
            long previous,
            long undoNext,
            Reservation reservation,
            int... payloadBytes)
            throws LogException {
        // Others must not use what may have to be taken back.
        try (var aside = new Reservation(this, stream)) {
            gate.lock();
            try {
                reservation.requireRoom(payloadBytes.length);
            } finally {
                gate.unlock();
            }
            reserve(aside, payloadBytes);
            long lsn = append(stream, RecordFormat.DATA, 0, payload, previous, undoNext, null, Durability.APPEND);
            gate.lock();
            try {
                while (aside.left() > 0 && reservation.canAdd()) {
                    reservation.add(aside.takeLargest());
                }
            } finally {
                gate.unlock();
            }
            return lsn;
        }
    }

    void free(Reservation reservation, int records) throws LogException {
        var present = io();
        gate.lock();
        try {
            if (reservation.left() < records) {
                throw new LogRefusedException(
                        LogError.RECORDS_RESERVED_INVALID,
                        "expected to free at most " + reservation.left() + " reserved records, found " + records);
            }
            for (int i = 0; i < records; i++) {
                present.tail().unreserve(reservation.takeLargest());
            }
        } finally {
            gate.unlock();
        }
        if (records > 0) {
            administration.spaceReleased();
        }
    }

    void freeAll(Reservation reservation) {
        var present = io;
        if (present == null) {
            return;
        }
        boolean freed = false;
        gate.lock();
        try {
            reservation.end();
            while (reservation.left() > 0) {
                present.tail().unreserve(reservation.takeLargest());
                freed = true;
            }
        } finally {
            gate.unlock();
        }
        if (freed) {
            administration.spaceReleased();
        }
    }

    /** Returns once everything appended so far is durable; the address is where the next frame goes. */
    long forceAll() throws LogException {
        var present = io();
        long newest;
        gate.lock();
        try {
            newest = present.tail().next() - 1;
        } finally {
            gate.unlock();
        }
        return force(newest);
    }

    /**
     * Returns once every record up to this LSN is durable.
     *
     * @return the address behind the last durable frame: greater than the LSN
     */
    long force(long lsn) throws LogException {
        var present = io();
        var commit = present.commit();
        if (commit.durable() <= lsn) {
            long address;
            gate.lock();
            try {
                if (lsn >= present.tail().next()) {
                    throw new LogRefusedException(
                            LogError.RECORD_NONEXISTENT,
                            "expected the LSN of a record, found " + Lsn.toString(lsn) + " behind the last one");
                }
                address = present.tail().addressOf(lsn);
            } finally {
                gate.unlock();
            }
            commit.force(address);
        }
        return commit.durable();
    }

    /** Called by the leader: writes a frame to the container of its address. */
    @Override
    public void write(FrameBuffer frame) throws IOException {
        var geometry = io == null ? null : io.geometry();
        if (geometry == null) {
            throw new IllegalStateException("not started");
        }
        long sequence = geometry.sequence(frame.address);
        if (sequence != writtenSequence) {
            administration.checkStillOwner();
            writtenSequence = sequence;
            administration.pins.changed();
        }
        administration.fileAt(sequence).writeThrough(geometry.offset(frame.address), frame.bytes);
    }

    /** A copy of the records of a frame that is not durable yet; null if the frame is durable or does not exist. */
    @Nullable
    MemoryFrame copyOf(long frameAddress) throws LogException {
        var present = io();
        var copy = NOTHING;
        while (frameAddress >= present.commit().durable()) {
            int size;
            gate.lock();
            try {
                var frame = present.tail().find(frameAddress);
                if (frame == null) {
                    return null;
                }
                size = frame.used;
                if (size <= copy.capacity()) {
                    copy.put(0, frame.bytes, 0, size);
                    return new MemoryFrame(copy.limit(size), frame.records, frame.end());
                }
            } finally {
                gate.unlock();
            }
            // It may grow until it is copied.
            copy = ByteBuffer.allocate(size + FrameFormat.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        }
        return null;
    }

    /** The records of a frame that was in memory, and where the next frame goes unless more come to this one. */
    record MemoryFrame(ByteBuffer bytes, int records, long end) {}

    /** Ends the flusher. */
    void stop() {
        var present = io;
        if (present != null) {
            present.commit().stop();
        }
    }

    boolean isClosed() {
        return closed;
    }
}
