package dev.ktm.log;

import java.util.Arrays;

/**
 * Space for records that must not fail for lack of it. Made by {@link LogStream#reserve}; each append that names it
 * consumes one record of it. Safe for many threads. Closing it frees what was not used; a log that is closed or
 * crashes forgets it.
 */
public final class Reservation implements AutoCloseable {

    private final LogEngine engine;
    private final StreamState stream;

    /** What is left: blocks allotted for each record. Guarded by the gate. */
    private int[] allotments;

    private int left;
    private boolean closed;

    Reservation(LogEngine engine, StreamState stream) {
        this.engine = engine;
        this.stream = stream;
        this.allotments = new int[2];
    }

    /** How many records are left. */
    public int records() {
        engine.gate.lock();
        try {
            return left;
        } finally {
            engine.gate.unlock();
        }
    }

    /**
     * Adds space for records with these payloads.
     *
     * @throws LogFullException if there is not enough for all of them; then nothing was added
     */
    public void reserve(int... payloadBytes) throws LogException {
        engine.reserve(this, payloadBytes);
    }

    /**
     * Gives back the space of this many records, those for the largest first.
     *
     * @throws LogRefusedException with {@link LogError#RECORDS_RESERVED_INVALID} if fewer are left
     */
    public void free(int records) throws LogException {
        if (records < 0) {
            throw new IllegalArgumentException("expected a number of records, found " + records);
        }
        engine.free(this, records);
    }

    @Override
    public void close() {
        engine.freeAll(this);
    }

    StreamState stream() {
        return stream;
    }

    // The rest under the gate.

    /** Refuses to go on with one that is closed; then has room for so many more records. */
    void requireRoom(int records) throws LogRefusedException {
        if (closed) {
            throw new LogRefusedException(
                    LogError.RESERVATION_INVALID, "expected an open reservation, found one that is closed");
        }
        if (left + records > allotments.length) {
            allotments = Arrays.copyOf(allotments, 2 * (left + records));
        }
    }

    boolean canAdd() {
        return !closed;
    }

    void end() {
        closed = true;
    }

    int left() {
        return left;
    }

    void add(int blocks) {
        int at = left++;
        while (at > 0 && allotments[at - 1] > blocks) {
            allotments[at] = allotments[at - 1];
            at--;
        }
        allotments[at] = blocks;
    }

    /** The smallest allotment that suffices, or 0 if none does. It stays until {@link #take}. */
    int smallestFor(int blocks) {
        for (int i = 0; i < left; i++) {
            if (allotments[i] >= blocks) {
                return allotments[i];
            }
        }
        return 0;
    }

    void take(int blocks) {
        int at = 0;
        while (allotments[at] != blocks) {
            at++;
        }
        System.arraycopy(allotments, at + 1, allotments, at, left - at - 1);
        left--;
    }

    int takeLargest() {
        return allotments[--left];
    }
}
