package dev.ktm.log;

import dev.ktm.log.LogEngine.Durability;
import dev.ktm.log.format.RecordFormat;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * A handle of one stream of a log: to its holder, the stream is the whole log.
 *
 * <p>Safe for many threads. No operation reacts to {@link Thread#interrupt}: a caller that is interrupted while it
 * waits finds its interrupt status set when the operation returns. Buffers are read from position to limit and left as
 * they are.
 *
 * <p>Every operation throws {@link LogClosedException} once the handle or the log is closed, and
 * {@link LogRefusedException} with {@link LogError#ACCESS_DENIED} if the handle lacks the right. Every operation that
 * would have to write throws {@link LogFailedException} once a write has failed; what is durable can still be read.
 */
public final class LogStream implements AutoCloseable {

    private final Administration administration;
    private final LogEngine engine;
    private final FullHandler fullHandler;
    private final StreamState state;
    private final Set<StreamAccess> access;
    private final Set<StreamAccess> share;

    private final RestartAreas restartAreas;
    private final Archiving archiving;
    private final boolean mayRead;
    private final boolean mayWrite;

    private volatile boolean closed;

    LogStream(
            Administration administration,
            FullHandler fullHandler,
            StreamState state,
            Set<StreamAccess> access,
            Set<StreamAccess> share) {
        this.administration = administration;
        this.engine = administration.engine;
        this.fullHandler = fullHandler;
        this.state = state;
        this.access = Set.copyOf(access);
        this.share = Set.copyOf(share);
        this.restartAreas = new RestartAreas(administration, state);
        this.archiving = new Archiving(administration, state);
        this.mayRead = access.contains(StreamAccess.READ);
        this.mayWrite = access.contains(StreamAccess.WRITE);
    }

    /** The name of the stream; empty for that of a dedicated log. */
    public String name() {
        return state.name;
    }

    StreamState state() {
        return state;
    }

    boolean agreesWith(Set<StreamAccess> otherAccess, Set<StreamAccess> otherShare) {
        return share.containsAll(otherAccess) && otherShare.containsAll(access);
    }

    /** Appends a record that belongs to no chain. As {@link #append(ByteBuffer, long, long)}. */
    public long append(ByteBuffer payload) throws LogException {
        return append(payload, Lsn.INVALID, Lsn.INVALID);
    }

    /**
     * Appends a record and returns its LSN. Not durable until forced by anybody, or until the log has been idle for a
     * while; after a crash the log is a prefix of what was appended.
     *
     * @param previous the record before it in the caller's chain, or {@link Lsn#INVALID}
     * @param undoNext where undo continues after it, or {@link Lsn#INVALID}
     * @throws LogFullException if there is no room; nothing was appended
     * @throws IllegalArgumentException if the payload is larger than {@link #maxPayloadBytes}
     */
    public long append(ByteBuffer payload, long previous, long undoNext) throws LogException {
        require(StreamAccess.WRITE);
        return engine.append(state, RecordFormat.DATA, 0, payload, previous, undoNext, null, Durability.APPEND);
    }

    /** Appends a record of a reservation, which cannot fail for lack of room. Consumes one reserved record. */
    public long append(Reservation reservation, ByteBuffer payload, long previous, long undoNext) throws LogException {
        require(StreamAccess.WRITE);
        requireOwn(reservation);
        return engine.append(state, RecordFormat.DATA, 0, payload, previous, undoNext, reservation, Durability.APPEND);
    }

    /** Appends a record that belongs to no chain, and returns once it is durable. */
    public long appendForced(ByteBuffer payload) throws LogException {
        return appendForced(payload, Lsn.INVALID, Lsn.INVALID);
    }

    /** Appends a record and returns once it and everything appended before it, to any stream, is durable. */
    public long appendForced(ByteBuffer payload, long previous, long undoNext) throws LogException {
        require(StreamAccess.WRITE);
        return engine.append(state, RecordFormat.DATA, 0, payload, previous, undoNext, null, Durability.FORCE);
    }

    /** Appends a record of a reservation and returns once it and everything before it is durable. */
    public long appendForced(Reservation reservation, ByteBuffer payload, long previous, long undoNext)
            throws LogException {
        require(StreamAccess.WRITE);
        requireOwn(reservation);
        return engine.append(state, RecordFormat.DATA, 0, payload, previous, undoNext, reservation, Durability.FORCE);
    }

    /** Appends a record and has it written soon, in order. Not known to be durable on return. */
    public long appendQueued(ByteBuffer payload, long previous, long undoNext) throws LogException {
        require(StreamAccess.WRITE);
        return engine.append(state, RecordFormat.DATA, 0, payload, previous, undoNext, null, Durability.QUEUE);
    }

    /**
     * Reserves space for records with these payloads.
     *
     * @throws LogFullException if there is not enough for all of them; nothing was reserved
     */
    public Reservation reserve(int... payloadBytes) throws LogException {
        require(StreamAccess.WRITE);
        var reservation = new Reservation(engine, state);
        engine.reserve(reservation, payloadBytes);
        return reservation;
    }

    /** Appends a record and adds to a reservation: both, or on failure neither. Returns the record's LSN. */
    public long appendAndReserve(
            ByteBuffer payload, long previous, long undoNext, Reservation reservation, int... payloadBytes)
            throws LogException {
        require(StreamAccess.WRITE);
        requireOwn(reservation);
        return engine.appendAndReserve(state, payload, previous, undoNext, reservation, payloadBytes);
    }

    /**
     * Returns once every record up to and including this one is durable; {@link Lsn#NULL} stands for all.
     *
     * @return an LSN greater than those of all records that are durable now; no record may have it
     * @throws LogRefusedException with {@link LogError#RECORD_NONEXISTENT} if nothing was appended there yet
     */
    public long force(long lsn) throws LogException {
        requireOpen();
        return lsn == Lsn.NULL ? engine.forceAll() : engine.force(lsn);
    }

    /** Largest payload of a record, in bytes. */
    public int maxPayloadBytes() throws LogException {
        requireOpen();
        return engine.io().geometry().maxPayloadBytes();
    }

    /**
     * A reader.
     *
     * @param start the record to start with; reading forward, {@link Lsn#NULL} stands for the base
     */
    public LogReader read(long start, ReadMode mode) throws LogException {
        require(StreamAccess.READ);
        return new LogReader(administration, state, start, mode);
    }

    /** Writes a restart area and leaves the base where it is. As {@link #writeRestart(ByteBuffer, long)}. */
    public long writeRestart(ByteBuffer data) throws LogException {
        return writeRestart(data, Lsn.NULL);
    }

    /**
     * Writes a restart area and moves the base, in one atomic step: after a crash either both have happened or neither.
     * On return it and everything appended before it is durable. In a full log it may use space kept for this.
     *
     * @param newBase the new base, between the present one and the last record; {@link Lsn#NULL} to leave it
     * @return the LSN of the restart area
     * @throws LogRefusedException with {@link LogError#TAIL_INVALID} if the new base is out of range
     */
    public long writeRestart(ByteBuffer data, long newBase) throws LogException {
        require(StreamAccess.WRITE);
        return restartAreas.write(data, newBase);
    }

    /** The newest restart area, unless the base has moved past it. */
    public Optional<RestartArea> latestRestart() throws LogException {
        require(StreamAccess.READ);
        return restartAreas.latest();
    }

    /**
     * The newest restart area.
     *
     * @throws LogRefusedException with {@link LogError#NO_RESTART} if there is none
     */
    public RestartArea readRestart() throws LogException {
        return latestRestart()
                .orElseThrow(() -> new LogRefusedException(
                        LogError.NO_RESTART, "expected a restart area in " + state.label() + ", found none"));
    }

    /**
     * The restart area before this one.
     *
     * @throws LogRefusedException with {@link LogError#START_OF_LOG} if there is none or it is below the base
     */
    public RestartArea readPreviousRestart(RestartArea area) throws LogException {
        require(StreamAccess.READ);
        return restartAreas.before(area);
    }

    /**
     * Declares that no record before this one is needed any more. Not forced: after a crash the base may be an older
     * one.
     *
     * @throws LogRefusedException with {@link LogError#TAIL_INVALID} unless it lies between the base and the last
     *     record
     */
    public void advanceBase(long lsn) throws LogException {
        require(StreamAccess.WRITE);
        engine.gate.lock();
        try {
            state.checkBase(lsn);
            state.base = lsn;
        } finally {
            engine.gate.unlock();
        }
        administration.pins.baseMoved(lsn);
    }

    /** Declares that no record appended so far is needed any more: until the next one, the stream holds no space. */
    public void clear() throws LogException {
        require(StreamAccess.WRITE);
        var tail = engine.io().tail();
        long base;
        engine.gate.lock();
        try {
            base = Math.max(state.base, tail.nextLsn());
            state.base = base;
        } finally {
            engine.gate.unlock();
        }
        administration.pins.baseMoved(base);
    }

    /** The oldest record still needed; larger than {@link #last} if none is. */
    public long base() throws LogException {
        requireOpen();
        return underGate(() -> state.base);
    }

    /** The newest record, or {@link Lsn#NULL} if there never was one. */
    public long last() throws LogException {
        requireOpen();
        return underGate(() -> state.last);
    }

    /**
     * Cuts the end of a dedicated log: no record after this one exists any more. Durable on return. The space comes
     * back when the base moves past it, and LSNs are not used again.
     *
     * @throws LogRefusedException with {@link LogError#MULTIPLEXED} if the log is one, with
     *     {@link LogError#RECORD_NONEXISTENT} if there is no such record
     */
    public void truncateEnd(long lsn) throws LogException {
        require(StreamAccess.WRITE);
        administration.requireDedicated("cutting the end");
        administration.lock.lock();
        try {
            var reader = new LogReader(administration, state, lsn, ReadMode.PREVIOUS);
            reader.next();
            long restart = restartAreas.newestUpTo(lsn);
            long truncation = engine.append(
                    state,
                    RecordFormat.TRUNCATION,
                    lsn,
                    ByteBuffer.allocate(0),
                    Lsn.INVALID,
                    Lsn.INVALID,
                    null,
                    Durability.FORCE);
            administration.voids().add(lsn, truncation);
            engine.gate.lock();
            try {
                // What was appended behind the truncation meanwhile stays.
                state.last = state.last == truncation ? lsn : state.last;
                state.restart = restart;
            } finally {
                engine.gate.unlock();
            }
        } finally {
            administration.lock.unlock();
        }
    }

    /** The oldest record that is not archived, or {@link Lsn#NULL} in an ephemeral log. */
    public long archiveTail() throws LogException {
        requireOpen();
        return archiving.tail();
    }

    /**
     * Declares that everything before this record is archived. Durable on return.
     *
     * @throws LogRefusedException with {@link LogError#MULTIPLEXED} or {@link LogError#EPHEMERAL} if the log has no
     *     archive tail to be set, with {@link LogError#TAIL_INVALID} if the tail would move backwards or past the end
     */
    public void setArchiveTail(long lsn) throws LogException {
        require(StreamAccess.WRITE);
        administration.requireDedicated("setting the archive tail");
        archiving.setTail(lsn);
    }

    /**
     * Takes a snapshot of the log from the archive tail (of an ephemeral log: the base) to its present end. Its
     * containers are not recycled until the snapshot is closed.
     *
     * @throws LogRefusedException with {@link LogError#ARCHIVE_IN_PROGRESS} if this handle has one already
     */
    public ArchiveSnapshot prepareArchive() throws LogException {
        require(StreamAccess.READ);
        return archiving.begin();
    }

    /**
     * Registers the one client of this stream that is asked for space when the log is full.
     *
     * @throws LogRefusedException with {@link LogError#CLIENT_ALREADY_REGISTERED} if the stream has one
     */
    public void registerClient(LogClient client) throws LogException {
        require(StreamAccess.WRITE);
        administration.lock.lock();
        try {
            fullHandler.register(state, client, this);
        } finally {
            administration.lock.unlock();
        }
    }

    /**
     * Ends what {@link #registerClient} began.
     *
     * @throws LogRefusedException with {@link LogError#CLIENT_NOT_REGISTERED} if the stream has none
     */
    public void deregisterClient() throws LogException {
        requireOpen();
        administration.lock.lock();
        try {
            fullHandler.deregister(state);
        } finally {
            administration.lock.unlock();
        }
    }

    /** Answers {@link LogClient#advanceTail}: the base cannot be moved, for this reason. */
    public void cannotAdvance(String why) throws LogException {
        requireOpen();
        administration.lock.lock();
        try {
            fullHandler.refused(state, why);
        } finally {
            administration.lock.unlock();
        }
    }

    /**
     * Asks the clients of other streams that keep the oldest container in use to advance, before the log is full: as long as there is room
     * for what they may have to write for that. Nothing waits for their answers, and a refusal counts for nothing later; the log neither
     * grows nor is it taken for pinned.
     */
    public void askOthersToAdvance() throws LogException {
        requireOpen();
        administration.lock.lock();
        try {
            administration.engine.io();
            fullHandler.askEarly(state);
        } finally {
            administration.lock.unlock();
        }
    }

    /** Marks the stream as deleted: it refuses to be opened from now on and is gone when its last handle closes. */
    public void delete() throws LogException {
        require(StreamAccess.DELETE);
        administration.requireMultiplexed("deleting a stream");
        administration.lock.lock();
        try {
            state.deleted = true;
            administration.persist();
        } finally {
            administration.lock.unlock();
        }
    }

    /** Closes this handle and has the stream made like new when its last handle closes. */
    public void closeAndReset() throws LogException {
        require(StreamAccess.DELETE);
        administration.lock.lock();
        try {
            state.resetting = true;
            try {
                // A crash closes all handles as well.
                administration.persist();
            } finally {
                close();
            }
        } finally {
            administration.lock.unlock();
        }
    }

    /** Closes this handle; an archive in progress ends, a client is deregistered. Closing twice is harmless. */
    @Override
    public void close() throws LogException {
        administration.lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            fullHandler.forget(this);
            archiving.abandon();
            administration.streams.closed(this);
        } finally {
            administration.lock.unlock();
        }
    }

    private void requireOpen() throws LogException {
        if (closed) {
            throw new LogClosedException("this handle of " + state.label());
        }
        engine.checkOpen();
    }

    private void require(StreamAccess right) throws LogException {
        requireOpen();
        boolean granted = switch (right) {
            case READ -> mayRead;
            case WRITE -> mayWrite;
            case DELETE -> access.contains(right);
        };
        if (!granted) {
            throw new LogRefusedException(
                    LogError.ACCESS_DENIED,
                    "expected a handle of " + state.label() + " with the right " + right + ", found "
                            + (access.isEmpty() ? "none" : EnumSet.copyOf(access)));
        }
    }

    private void requireOwn(Reservation reservation) throws LogException {
        if (reservation.stream() != state) {
            throw new LogRefusedException(
                    LogError.RESERVATION_INVALID,
                    "expected a reservation of " + state.label() + ", found one of "
                            + reservation.stream().label());
        }
    }

    private long underGate(LongSupplier value) {
        engine.gate.lock();
        try {
            return value.getAsLong();
        } finally {
            engine.gate.unlock();
        }
    }
}
