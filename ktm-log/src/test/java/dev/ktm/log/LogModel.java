package dev.ktm.log;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What was done to a log, step by step: from it follows what a crash between or within any two steps may leave.
 *
 * <p>The {@linkplain Moment moment} after each acknowledged step has a number, which is the mark in the history of the
 * simulated disk. A step that is under way, or that failed, has a moment too: what it would have led to.
 */
final class LogModel {

    /** An LSN that the workload has not been told. */
    static final long UNKNOWN = -1;

    /** What an appended record is. */
    enum Kind {
        DATA,
        RESTART,
        /** A restart area that the base had passed: after a crash the base may be back below it, but nobody names it. */
        GIVEN_UP_RESTART,
        TRUNCATION;

        boolean isRestart() {
            return this == RESTART || this == GIVEN_UP_RESTART;
        }
    }

    /**
     * A record that was appended, or was about to be.
     *
     * @param stream number of the stream in this model: one that is deleted and created again gets another number
     * @param argument the new base that a restart area names, or the last record that a truncation keeps
     */
    record Entry(int stream, long lsn, Kind kind, long argument, ByteBuffer payload, long previous, long undoNext) {

        Entry withLsn(long known) {
            return new Entry(stream, known, kind, argument, payload, previous, undoNext);
        }

        Entry givenUp() {
            return new Entry(stream, lsn, Kind.GIVEN_UP_RESTART, argument, payload, previous, undoNext);
        }

        boolean isFrom(long base) {
            return lsn == UNKNOWN || lsn >= base;
        }
    }

    /**
     * What was known after a step.
     *
     * @param appended how many records were appended, to all streams together
     * @param forced how many of them are known to be durable
     * @param persisted the newest moment whose streams and bases are known to be durable
     * @param highest the highest LSN that was returned
     * @param live the streams that exist, by name
     * @param bases their bases
     * @param incarnation the life of the log
     */
    record Moment(
            int appended,
            int forced,
            int persisted,
            long highest,
            SortedMap<String, Integer> live,
            Map<Integer, Long> bases,
            long incarnation) {

        Moment appended(int newAppended) {
            return new Moment(newAppended, forced, persisted, highest, live, bases, incarnation);
        }

        Moment forced(int newForced) {
            return new Moment(appended, newForced, persisted, highest, live, bases, incarnation);
        }

        Moment persisted(int newPersisted) {
            return new Moment(appended, appended, newPersisted, highest, live, bases, incarnation);
        }

        Moment returned(long lsn) {
            return new Moment(appended, forced, persisted, Math.max(highest, lsn), live, bases, incarnation);
        }

        Moment incarnation(long newIncarnation) {
            return new Moment(appended, forced, persisted, highest, live, bases, newIncarnation);
        }

        Moment base(int stream, long base) {
            var changed = new HashMap<>(bases);
            changed.put(stream, base);
            return new Moment(appended, forced, persisted, highest, live, changed, incarnation);
        }

        Moment with(String name, int stream, long base) {
            var changed = new TreeMap<>(live);
            changed.put(name, stream);
            return new Moment(appended, forced, persisted, highest, changed, bases, incarnation).base(stream, base);
        }

        Moment without(String name) {
            var changed = new TreeMap<>(live);
            changed.remove(name);
            return new Moment(appended, forced, persisted, highest, changed, bases, incarnation);
        }

        long baseOf(int stream) {
            return bases.getOrDefault(stream, UNKNOWN);
        }
    }

    private final List<Entry> entries;
    private final List<Moment> moments = new ArrayList<>();
    private boolean underWay;
    private int streams;
    private @Nullable UUID identity;

    /** The model of a log that does not exist yet. */
    LogModel() {
        this(List.of(), new Moment(0, 0, 0, 0, new TreeMap<>(), Map.of(), 0), 0, null);
    }

    private LogModel(List<Entry> entries, Moment first, int streams, @Nullable UUID identity) {
        this.entries = new ArrayList<>(entries);
        this.moments.add(first);
        this.streams = streams;
        this.identity = identity;
    }

    /** A model that goes on from what was found after a crash: all of it durable. */
    LogModel continued(List<Entry> found, Moment moment, UUID foundIdentity) {
        return new LogModel(found, moment, streams, foundIdentity);
    }

    /** The identity of the log, once it is known to exist. */
    @Nullable
    UUID identity() {
        return identity;
    }

    void exists(UUID newIdentity) {
        identity = newIdentity;
    }

    int newStream() {
        return streams++;
    }

    List<Entry> entries() {
        return entries;
    }

    /** The number of the moment after the last acknowledged step. */
    int now() {
        return moments.size() - 1 - (underWay ? 1 : 0);
    }

    Moment latest() {
        return moments.get(now());
    }

    Moment moment(int number) {
        return moments.get(number);
    }

    boolean has(int number) {
        return number < moments.size();
    }

    /** A step begins, which leads to this if it succeeds. */
    void begin(Moment aim) {
        if (underWay) {
            throw new IllegalStateException("a step is under way");
        }
        moments.add(aim);
        underWay = true;
    }

    /** A step begins that appends this record. */
    void beginAppend(Entry entry, Moment aim) {
        begin(aim.appended(entries.size() + 1));
        entries.add(entry);
    }

    /** The record of the step that is under way has this LSN. */
    void resolve(long lsn) {
        int last = entries.size() - 1;
        entries.set(last, entries.get(last).withLsn(lsn));
    }

    /** The step that is under way was acknowledged; this is known now. Returns the number of the moment. */
    int acknowledge(Moment known) {
        moments.set(moments.size() - 1, known);
        underWay = false;
        return now();
    }

    /** The step that was under way is known to have had no effect. */
    void retract() {
        if (!underWay) {
            return;
        }
        moments.remove(moments.size() - 1);
        underWay = false;
        while (entries.size() > latest().appended()) {
            entries.remove(entries.size() - 1);
        }
    }

    /** The records of a stream, in order, if the log ends after so many records. */
    List<Entry> readable(int stream, int end) {
        var result = new ArrayList<Entry>();
        for (int i = 0; i < end; i++) {
            var entry = entries.get(i);
            if (entry.stream() != stream) {
                continue;
            }
            if (entry.kind() == Kind.TRUNCATION) {
                result.removeIf(kept -> kept.lsn() > entry.argument());
            } else {
                result.add(entry);
            }
        }
        return result;
    }

    /** The highest base that a restart area of the stream names among so many records. */
    long baseByRestart(int stream, int end) {
        long base = 0;
        for (int i = 0; i < end; i++) {
            var entry = entries.get(i);
            if (entry.stream() == stream && entry.kind().isRestart()) {
                base = Math.max(base, entry.argument());
            }
        }
        return base;
    }
}
