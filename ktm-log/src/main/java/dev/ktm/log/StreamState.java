package dev.ktm.log;

import dev.ktm.log.format.StreamEntry;

/** Where a stream stands. The LSNs are guarded by the gate, the rest by the administration lock. */
final class StreamState {

    final int id;
    final String name;

    /** The oldest record still needed. Behind the last one when nothing is. */
    long base;
    /** No record of it from the base on is older than this. */
    long first;
    /** The newest record, or {@link Lsn#NULL}. */
    long last;
    /** The newest restart area, or {@link Lsn#NULL}. */
    long restart;
    /** The oldest record not yet archived, or {@link Lsn#NULL} in an ephemeral log. */
    long archiveTail;

    boolean deleted;
    /** Whether the last handle of a deleted stream is closed: its number may be another stream's by now. */
    boolean gone;
    /** Whether it is made like new when its last handle closes. */
    boolean resetting;

    StreamState(int id, String name, long base) {
        this.id = id;
        this.name = name;
        this.base = base;
    }

    StreamState(StreamEntry entry) {
        this(entry.id(), entry.name(), entry.base());
        last = entry.last();
        restart = entry.restart();
        archiveTail = entry.archiveTail();
        deleted = entry.deleted();
        resetting = entry.resetting();
    }

    StreamEntry toEntry() {
        return new StreamEntry(id, deleted, resetting, name, base, last, restart, archiveTail);
    }

    /** Whether no record of it is needed any more. */
    boolean isEmpty() {
        return last < base;
    }

    /** Refuses a new base unless it lies between the present one and the last record. */
    void checkBase(long lsn) throws LogRefusedException {
        if (lsn < base || lsn > last) {
            throw new LogRefusedException(
                    LogError.TAIL_INVALID,
                    "expected a base from " + Lsn.toString(base) + " to " + Lsn.toString(last) + ", found "
                            + Lsn.toString(lsn));
        }
    }

    /** To be called with the LSN of a record before it becomes the newest one. */
    void beforeAppend(long lsn) {
        if (isEmpty()) {
            // What others wrote since the base was set is not its business.
            first = lsn;
        }
    }

    /** To be called for each record from the base on that recovery comes across, in order. */
    void recovered(long lsn) {
        if (first == Lsn.NULL || isEmpty()) {
            first = lsn;
        }
    }

    /** Becomes like new; no record below this LSN is one of it any more. */
    void reset(long nextLsn) {
        resetting = false;
        base = nextLsn;
        last = Lsn.NULL;
        restart = Lsn.NULL;
        archiveTail = archiveTail == Lsn.NULL ? Lsn.NULL : nextLsn;
    }

    /** Nothing of it that is needed lies below this. */
    long oldest() {
        return Math.max(base, first);
    }

    /** The oldest address that it still needs, or {@link Lsn#INVALID}. */
    long pin() {
        long pin = isEmpty() ? Lsn.INVALID : oldest();
        return archiveTail == Lsn.NULL || archiveTail > last ? pin : Math.min(pin, archiveTail);
    }

    String label() {
        return name.isEmpty() ? "the log's stream" : "stream \"" + name + "\"";
    }
}
