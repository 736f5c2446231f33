package dev.ktm.redo;

import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogFullException;
import dev.ktm.log.LogFullOutcome;
import dev.ktm.log.LogRefusedException;
import dev.ktm.log.LogStats;
import dev.ktm.log.LogStream;
import dev.ktm.log.Lsn;
import dev.ktm.log.ReadMode;
import dev.ktm.log.Reservation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A resource manager's stream of the coordinator's log.
 *
 * <p><b>Theory of operation.</b> Redo is appended before the vote and not forced: the force of the coordinator's decision, which is
 * appended later, makes it durable. The record of a commit is appended before the changes are shown and before the coordinator is
 * answered, so whatever the coordinator forgets is known here. Commits, notes and what they show are put in one order by one lock:
 * replaying the stream from a checkpoint repeats history. A commit that has to be forced first is shown later than it is appended;
 * until then no checkpoint may claim it.
 *
 * <p>The base follows the oldest redo that may still be needed: of what is not decided, or not yet covered by a checkpoint. Where no
 * redo is needed at all it follows the latest restart area, which is written once more if the log is full: so a stream that nobody
 * writes to holds up nobody.
 */
final class RedoLog {

    private static final long ROOM_SECONDS = 10;
    private static final int ATTEMPTS = 4;
    private static final long MOMENT_NANOS = 1_000_000;
    /** The store is asked for a checkpoint whenever the stream has grown by this part of the log. */
    private static final int TIDYINGS_PER_CAPACITY = 8;
    /** The part of a restart area that may be redo of what is not decided: all streams share the space that is kept for theirs. */
    private static final int CARRIED_PER_RESTART_AREA = 16;

    private final Log log;
    private final LogStream stream;

    /** Over everything below, and over the order of commits. Nothing is forced under it. */
    private final ReentrantLock order = new ReentrantLock();

    /** Whose redo may be needed again, by enlistment, oldest first. */
    private final Map<UUID, Live> live = new LinkedHashMap<>();

    /** What is appended and not yet shown. */
    private final TreeSet<Long> showing = new TreeSet<>();

    /** What the latest checkpoint said. */
    private @Nullable ByteBuffer checkpoint;

    private long checkpointCovers = Lsn.NULL;

    private final LongAdder fullConditions = new LongAdder();

    /** Where its restart area stands. */
    private long restartArea = Lsn.NULL;

    private volatile long last = Lsn.NULL;
    private volatile long tidyAt = Lsn.NULL;

    private static final class Live {
        List<Long> parts;
        /** Where its commit stands, or {@link Lsn#INVALID} while it is not decided. */
        long commit = Lsn.INVALID;
        /** Whether all of it was appended. */
        boolean whole;
        /** If it is carried in the restart area: whose it is, and what it consists of. */
        RedoFormat.@Nullable Carried carried;

        Live(List<Long> parts) {
            this.parts = parts;
        }

        /** The oldest record that is needed for it; restart areas are written anew before they are left behind. */
        long oldest() {
            return carried == null ? parts.get(0) : Long.MAX_VALUE;
        }
    }

    RedoLog(Log log, LogStream stream) {
        this.log = log;
        this.stream = stream;
    }

    // Reading what an earlier life has left.

    private static final class Found {
        final UUID unitOfWork;
        List<ByteBuffer> redo = new ArrayList<>();
        List<Long> parts = new ArrayList<>();
        /** Of the same redo, appended once more, as long as it is not whole. */
        List<ByteBuffer> nextRedo = new ArrayList<>();

        List<Long> nextParts = new ArrayList<>();
        /** If the restart area has it, and no record that is still there. */
        RedoFormat.@Nullable Carried carried;

        Found(UUID unitOfWork) {
            this.unitOfWork = unitOfWork;
        }

        Found(RedoFormat.Carried carried) {
            this(carried.unitOfWork());
            this.carried = carried;
            this.redo = carried.redo();
        }

        boolean isWhole() {
            return carried != null || !parts.isEmpty();
        }

        Live live() {
            var live = new Live(parts);
            live.whole = true;
            live.carried = carried;
            return live;
        }

        void add(long lsn, int flags, ByteBuffer part) {
            if ((flags & RedoFormat.FIRST) != 0) {
                nextRedo = new ArrayList<>();
                nextParts = new ArrayList<>();
            }
            if ((flags & RedoFormat.FIRST) == 0 && nextParts.isEmpty()) {
                // The rest of something whose beginning is not needed any more.
                return;
            }
            nextRedo.add(part);
            nextParts.add(lsn);
            if ((flags & RedoFormat.LAST) != 0) {
                redo = nextRedo;
                parts = nextParts;
                carried = null;
            }
        }
    }

    /** Shows the store what came after its last checkpoint, and returns what is not decided. */
    Collection<RedoEntry> replay(RedoStore store) throws IOException {
        var found = new LinkedHashMap<UUID, Found>();
        order.lock();
        try {
            long covered = restore(store, found);
            var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
            while (reader.next()) {
                if (reader.isRestartArea()) {
                    continue;
                }
                long lsn = reader.lsn();
                last = lsn;
                var record = reader.payload();
                switch (RedoFormat.kind(record)) {
                    case RedoFormat.PREPARED -> {
                        var id = RedoFormat.id(record);
                        var unitOfWork = RedoFormat.id(record);
                        var prepared = found.computeIfAbsent(id, absent -> new Found(unitOfWork));
                        // What the restart area has counts more than what stands before it.
                        if (prepared.carried == null || lsn > restartArea) {
                            prepared.add(lsn, record.getInt(), RedoFormat.rest(record));
                        }
                    }
                    case RedoFormat.COMMITTED -> {
                        var id = RedoFormat.id(record);
                        var committed = found.remove(id);
                        if (lsn > covered && committed != null) {
                            var entry = committed.live();
                            entry.commit = lsn;
                            live.put(id, entry);
                            store.redo(lsn, committed.redo);
                        }
                    }
                    case RedoFormat.WHOLE -> {
                        if (lsn > covered) {
                            store.redo(lsn, List.of(RedoFormat.rest(record)));
                        }
                    }
                    case RedoFormat.ROLLED_BACK -> found.remove(RedoFormat.id(record));
                    default -> {
                        if (lsn > covered) {
                            store.note(lsn, RedoFormat.rest(record));
                        }
                    }
                }
            }
            // From what the log holds, not from its end: lives that are too short to write that much would fill it.
            // The base of a stream without records is the end of the log.
            tidyAt = stream.base() + tidyBytes();
            var undecided = new ArrayList<RedoEntry>();
            for (var each : found.entrySet()) {
                var prepared = each.getValue();
                if (prepared.isWhole()) {
                    live.put(each.getKey(), prepared.live());
                    undecided.add(new RedoEntry(
                            each.getKey(), prepared.unitOfWork, store.prepared(prepared.unitOfWork, prepared.redo)));
                }
            }
            return undecided;
        } finally {
            order.unlock();
        }
    }

    private long restore(RedoStore store, Map<UUID, Found> found) throws IOException {
        var area = stream.latestRestart();
        if (area.isEmpty()) {
            return Lsn.NULL;
        }
        RedoFormat.Restart restart;
        try {
            restart = RedoFormat.restart(area.get().data());
        } catch (IOException e) {
            throw new IOException("stream \"" + stream.name() + "\": " + e.getMessage(), e);
        }
        checkpoint = restart.data();
        checkpointCovers = restart.covered();
        restartArea = area.get().lsn();
        last = Math.max(last, restartArea);
        restart.carried().forEach(each -> found.put(each.enlistment(), new Found(each)));
        store.restore(restart.data().duplicate());
        return restart.covered();
    }

    // One transaction.

    /** Keeps space for the end of what an earlier life has prepared. */
    void reserveEnd(RedoEntry entry) throws LogException {
        try {
            entry.reserve(stream.reserve(RedoFormat.END_BYTES));
        } catch (LogFullException e) {
            fullConditions.increment();
            if (!makeRoom()) {
                throw e;
            }
            entry.reserve(stream.reserve(RedoFormat.END_BYTES));
        }
    }

    /** Appends its redo, and keeps space for its end. */
    void prepare(RedoEntry entry, List<ByteBuffer> redo, Relief relief) throws LogException {
        var pieces = pieces(redo);
        retrying(relief, () -> {
            if (entry.reservation() == null) {
                entry.reserve(stream.reserve(RedoFormat.END_BYTES));
            }
            order.lock();
            try {
                appendPieces(entry.id(), entry.unitOfWork, pieces, null);
            } finally {
                order.unlock();
            }
        });
    }

    /** What can be done about a full log. */
    interface Relief {
        /** Lets go of what need not be kept. */
        void tidy();

        /**
         * If nothing else helps: gives up the oldest that is in doubt, if that is allowed, and lets go of what was kept for it.
         * Returns whether it has given up something.
         */
        boolean giveUp();
    }

    /** How often somebody has found the log full. */
    long fullConditions() {
        return fullConditions.sum();
    }

    LogStats stats() throws LogException {
        return log.stats();
    }

    /** An append that may find the log full. */
    private interface Append {
        void run() throws LogException;
    }

    private void retrying(Relief relief, Append append) throws LogException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ROOM_SECONDS);
        int attemptsLeft = ATTEMPTS;
        boolean counted = false;
        while (true) {
            try {
                append.run();
                return;
            } catch (LogFullException e) {
                if (!counted) {
                    counted = true;
                    fullConditions.increment();
                }
                if (attemptsLeft == 0 || System.nanoTime() - deadline > 0) {
                    if (!relief.giveUp()) {
                        throw e;
                    }
                    // Whether that is enough is seen at once: its container may hold others like it.
                    attemptsLeft = 0;
                    continue;
                }
                relief.tidy();
                if (!makeRoom()) {
                    // The next checkpoint may let go of more.
                    attemptsLeft--;
                }
            }
        }
    }

    /** Whether it is worth another try: there is room, or somebody else is making some. */
    private boolean makeRoom() throws LogException {
        boolean interrupted = Thread.interrupted();
        try {
            var outcome = log.handleLogFull().toCompletableFuture();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ROOM_SECONDS);
            while (true) {
                try {
                    return outcome.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)
                                    .result()
                            != LogFullOutcome.Result.PINNED;
                } catch (InterruptedException e) {
                    // It is for the application, and changes nothing about what there is room for.
                    interrupted = true;
                }
            }
        } catch (LogRefusedException e) {
            // Somebody else has it dealt with already, and takes a moment.
            LockSupport.parkNanos(MOMENT_NANOS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** What fits into a record each. */
    private List<ByteBuffer> pieces(List<ByteBuffer> redo) throws LogException {
        int most = stream.maxPayloadBytes() - RedoFormat.PREPARED_HEADER_BYTES;
        var pieces = new ArrayList<ByteBuffer>();
        for (var part : redo) {
            for (int at = part.position(); at < part.limit(); at += most) {
                pieces.add(part.slice(at, Math.min(most, part.limit() - at)));
            }
        }
        return pieces;
    }

    /** Under the lock over the order: appends its redo, again if it is there already, with space that was kept or without. */
    private void appendPieces(UUID id, UUID unitOfWork, List<ByteBuffer> pieces, @Nullable Reservation space)
            throws LogException {
        var before = live.get(id);
        var parts = new ArrayList<Long>();
        // From the first part on its redo must not be left behind.
        var entry = new Live(parts);
        for (int i = 0; i < pieces.size(); i++) {
            int flags = (i == 0 ? RedoFormat.FIRST : 0) | (i == pieces.size() - 1 ? RedoFormat.LAST : 0);
            var record = RedoFormat.prepared(id, unitOfWork, flags, pieces.get(i));
            parts.add(append(space, record));
            if (before == null) {
                live.putIfAbsent(id, entry);
            }
        }
        var appended = before == null ? entry : before;
        appended.parts = parts;
        appended.whole = true;
    }

    private long append(@Nullable Reservation space, ByteBuffer record) throws LogException {
        last = space == null ? stream.append(record) : stream.append(space, record, Lsn.INVALID, Lsn.INVALID);
        return last;
    }

    private long append(ByteBuffer record) throws LogException {
        last = stream.append(record);
        return last;
    }

    /** What was decided elsewhere, and is durable there. */
    void commit(RedoEntry entry) throws LogException {
        long lsn;
        order.lock();
        try {
            lsn = appendCommit(entry);
            showing.add(lsn);
            entry.work.committed(lsn);
        } finally {
            order.unlock();
        }
        entry.work.apply(lsn);
        shown(lsn);
        entry.work.finished(lsn);
    }

    private void shown(long lsn) {
        order.lock();
        try {
            showing.remove(lsn);
        } finally {
            order.unlock();
        }
    }

    private long appendCommit(RedoEntry entry) throws LogException {
        long lsn = appendEnd(entry, RedoFormat.COMMITTED);
        var redo = live.get(entry.id());
        if (redo != null) {
            redo.commit = lsn;
        }
        return lsn;
    }

    private long appendEnd(RedoEntry entry, byte kind) throws LogException {
        return append(entry.reservation(), RedoFormat.end(kind, entry.id()));
    }

    /** Appends what is decided here; until this returns it can still be rolled back. */
    long appendAlone(RedoEntry entry) throws LogException {
        return append(() -> appendCommit(entry));
    }

    /** Makes it durable, and then shows it. */
    void commitAlone(RedoEntry entry, long lsn) throws LogException {
        // If this fails the log has ended its work, and nothing that is appended here is ever shown again.
        stream.force(lsn);
        show(lsn, entry.work::committed);
        entry.work.apply(lsn);
        shown(lsn);
        entry.work.finished(lsn);
    }

    /** Whether redo and commit can be one record. */
    boolean fitsIntoOne(List<ByteBuffer> redo) throws LogException {
        return RedoFormat.bytes(redo) <= maxNoteBytes();
    }

    /**
     * Appends redo and commit as one record; {@link #commitAlone} has to follow.
     *
     * @return where it stands
     */
    long appendWhole(List<ByteBuffer> redo, Relief relief) throws LogException {
        var record = RedoFormat.whole(redo);
        var appended = new long[1];
        retrying(relief, () -> appended[0] = append(() -> append(record)));
        return appended[0];
    }

    /** An append, under the lock over the order. */
    private interface Appending {
        long run() throws LogException;
    }

    private long append(Appending appending) throws LogException {
        order.lock();
        try {
            long lsn = appending.run();
            showing.add(lsn);
            return lsn;
        } finally {
            order.unlock();
        }
    }

    private void show(long lsn, LongConsumer shown) {
        order.lock();
        try {
            shown.accept(lsn);
        } finally {
            order.unlock();
        }
    }

    /** It never happened. A restart would find that out, too. */
    void rolledBack(RedoEntry entry) {
        order.lock();
        try {
            var redo = entry.isIdentified() ? live.get(entry.id()) : null;
            if (redo != null) {
                live.remove(entry.id());
                appendEnd(entry, RedoFormat.ROLLED_BACK);
            }
        } catch (LogException e) {
            // Its redo stays, and is found to be undecided by the next start.
            System.getLogger(RedoLog.class.getName())
                    .log(System.Logger.Level.DEBUG, "a rollback is not in the log, which changes nothing", e);
        } finally {
            order.unlock();
        }
    }

    // Outside of transactions.

    int maxNoteBytes() throws LogException {
        return stream.maxPayloadBytes() - RedoFormat.HEADER_BYTES;
    }

    /** Appends a note and shows what it says. */
    void note(ByteBuffer note, LongConsumer show, Relief relief) throws LogException {
        var record = RedoFormat.note(note);
        retrying(relief, () -> {
            order.lock();
            try {
                show.accept(append(record));
            } finally {
                order.unlock();
            }
        });
    }

    /** Keeps space for a note. */
    Reservation reserve(ByteBuffer note, Relief relief) throws LogException {
        var reserved = new Reservation[1];
        retrying(
                relief, () -> reserved[0] = stream.reserve(RedoFormat.note(note).remaining()));
        return reserved[0];
    }

    /** As {@link #note}, in space that was kept for it. */
    void note(Reservation space, ByteBuffer note, LongConsumer show) throws LogException {
        order.lock();
        try {
            show.accept(append(space, RedoFormat.note(note)));
        } finally {
            order.unlock();
        }
    }

    /** As {@link #note}, durable before it is shown. */
    void noteForced(ByteBuffer note, LongConsumer show, Relief relief) throws LogException {
        var record = RedoFormat.note(note);
        retrying(relief, () -> {
            long lsn = append(() -> append(record));
            stream.force(lsn);
            show(lsn, show);
            shown(lsn);
        });
    }

    // Keeping it short.

    /** What is to be seen together with the LSN up to which everything is shown. */
    <T> T at(LongFunction<T> seen) {
        order.lock();
        try {
            return seen.apply(showing.isEmpty() ? last : showing.first() - 1);
        } finally {
            order.unlock();
        }
    }

    /** The store holds everything up to this LSN itself. */
    void checkpoint(long covered, ByteBuffer data) throws LogException {
        order.lock();
        try {
            live.values().removeIf(each -> each.commit != Lsn.INVALID && each.commit <= covered);
            checkpoint = RedoFormat.rest(data.duplicate());
            checkpointCovers = covered;
        } finally {
            order.unlock();
        }
        long written = moveBase();
        // A stream without records has no last one.
        tidyAt = Math.max(last, written) + tidyBytes();
    }

    /** Nothing in here is needed any more, not even the restart area. */
    void clear() throws LogException {
        order.lock();
        try {
            if (!live.isEmpty() && live.values().stream().anyMatch(each -> each.commit == Lsn.INVALID)) {
                throw new IllegalStateException("expected no transaction that is prepared, found one");
            }
            live.clear();
            checkpoint = null;
        } finally {
            order.unlock();
        }
        stream.clear();
    }

    /** Leaves behind what is not needed with the latest checkpoint. */
    private long moveBase() throws LogException {
        ByteBuffer restart;
        long base;
        order.lock();
        try {
            if (checkpoint == null) {
                return Lsn.NULL;
            }
            restart = new RedoFormat.Restart(checkpointCovers, carried(), checkpoint).encode();
            // Whatever is appended from here on lies behind it.
            long needed = isAllCovered() ? Math.max(checkpointCovers, restartArea) : checkpointCovers;
            base = Math.min(needed, oldestLive());
        } finally {
            order.unlock();
        }
        long written = stream.writeRestart(restart, base > stream.base() ? base : Lsn.NULL);
        order.lock();
        try {
            restartArea = Math.max(restartArea, written);
        } finally {
            order.unlock();
        }
        return written;
    }

    /** These bring about nothing, should they be decided to commit; from the next checkpoint on that is durable. */
    void dropRedo(Collection<RedoEntry> undecided) {
        order.lock();
        try {
            for (var entry : undecided) {
                var redo = live.get(entry.id());
                if (redo != null && redo.commit == Lsn.INVALID) {
                    redo.carried = new RedoFormat.Carried(entry.id(), entry.unitOfWork, List.of());
                }
            }
        } finally {
            order.unlock();
        }
    }

    /** Whether the store holds every record of this stream itself. */
    private boolean isAllCovered() {
        return checkpointCovers >= last || last == restartArea;
    }

    /** Moves the base up to an LSN if nothing below it is needed: that of a stream to which nobody has written for long. */
    void leaveBehind(long target) throws LogException {
        // The first restart area is written where the base then moves to.
        for (int attempt = 0; attempt < 2 && stream.base() < target && checkpoint != null; attempt++) {
            moveBase();
        }
    }

    private long tidyBytes() throws LogException {
        var stats = log.stats();
        return stats.containers() * stats.containerBytes() / TIDYINGS_PER_CAPACITY;
    }

    private long oldestLive() {
        return live.values().stream().mapToLong(Live::oldest).min().orElse(Long.MAX_VALUE);
    }

    /** Also of what has committed since, until a checkpoint has it. */
    private List<RedoFormat.Carried> carried() {
        return live.values().stream()
                .map(each -> each.carried)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Carries forward what has been left behind by much. */
    void carryForward() throws IOException {
        carryForward(last - tidyBytes());
    }

    /**
     * Leaves the place of what is not decided and lies below an LSN behind. In the restart area, for which there is always space, as
     * long as that suffices; what is larger is appended again if there is room for all of it.
     */
    void carryForward(long target) throws IOException {
        boolean carried = false;
        order.lock();
        try {
            for (var each : List.copyOf(live.entrySet())) {
                var entry = each.getValue();
                if (entry.whole && entry.commit == Lsn.INVALID && entry.oldest() < target) {
                    carried |= isCarried(each.getKey(), entry);
                }
            }
        } finally {
            order.unlock();
        }
        if (carried) {
            moveBase();
        }
    }

    private boolean isCarried(UUID enlistment, Live entry) throws IOException {
        var redo = new ArrayList<ByteBuffer>();
        for (long part : entry.parts) {
            redo.add(partAt(part));
        }
        var unitOfWork = unitOfWorkAt(entry.parts.get(0));
        var carried = new RedoFormat.Carried(enlistment, unitOfWork, redo);
        int others = carried().stream().mapToInt(RedoFormat.Carried::bytes).sum();
        if (checkpoint != null && others + carried.bytes() <= stream.maxPayloadBytes() / CARRIED_PER_RESTART_AREA) {
            entry.carried = carried;
            return true;
        }
        // A part of it would only take the room that is missing.
        try (var space = stream.reserve(redo.stream()
                .mapToInt(piece -> RedoFormat.PREPARED_HEADER_BYTES + piece.remaining())
                .toArray())) {
            appendPieces(enlistment, unitOfWork, redo, space);
            return true;
        } catch (LogFullException e) {
            System.getLogger(RedoLog.class.getName())
                    .log(System.Logger.Level.DEBUG, "what is not decided stays where it is, for lack of room", e);
            return false;
        }
    }

    private UUID unitOfWorkAt(long part) throws IOException {
        var record = recordAt(part);
        RedoFormat.id(record);
        return RedoFormat.id(record);
    }

    /** What was prepared, of the record that stands there. */
    private ByteBuffer partAt(long part) throws IOException {
        var record = recordAt(part);
        RedoFormat.id(record);
        RedoFormat.id(record);
        record.getInt();
        return RedoFormat.rest(record);
    }

    private ByteBuffer recordAt(long lsn) throws IOException {
        var reader = stream.read(lsn, ReadMode.PREVIOUS);
        reader.next();
        var record = reader.payload();
        RedoFormat.kind(record);
        return record;
    }

    /** Whether the log has less than half of its room left. */
    boolean isCrowded() throws LogException {
        return log.stats().freeShare() < 0.5;
    }

    /** If the log is nearly full, has others make room as well: what they have to write for that must still fit. */
    void askOthers() throws LogException {
        if (log.stats().freeShare() < 0.25) {
            stream.askOthersToAdvance();
        }
    }

    /** Whether it has grown by enough to be looked at; says so once. */
    boolean isTidyDue() throws LogException {
        if (last <= tidyAt) {
            return false;
        }
        order.lock();
        try {
            if (last <= tidyAt) {
                return false;
            }
            tidyAt = last + tidyBytes();
            return true;
        } finally {
            order.unlock();
        }
    }

    /** Gives the stream back, for whoever opens it next. */
    void close() {
        try {
            stream.close();
        } catch (LogException e) {
            System.getLogger(RedoLog.class.getName())
                    .log(System.Logger.Level.DEBUG, "a log that is closed has no handles", e);
        }
    }
}
