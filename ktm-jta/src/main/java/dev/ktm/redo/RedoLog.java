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
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    /** More is carried forward only if there is room for it. */
    private static final int MOST_CARRIED_BYTES = 1 << 16;

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
        /** Space to append it once more, as long as it is not decided; none if it is large, or if there was none. */
        @Nullable
        Reservation carrying;

        /** Of its records, as far as they are known; empty if it is large. */
        int @Nullable [] sizes;

        Live(List<Long> parts) {
            this.parts = parts;
        }

        /** It is decided, and stays where it is. */
        void letGoOfSpace() {
            if (carrying != null) {
                carrying.close();
                carrying = null;
            }
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

        Found(UUID unitOfWork) {
            this.unitOfWork = unitOfWork;
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
            }
        }
    }

    /** Shows the store what came after its last checkpoint, and returns what is not decided. */
    Collection<RedoEntry> replay(RedoStore store) throws IOException {
        var found = new LinkedHashMap<UUID, Found>();
        order.lock();
        try {
            long covered = restore(store);
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
                        found.computeIfAbsent(id, absent -> new Found(unitOfWork))
                                .add(lsn, record.getInt(), RedoFormat.rest(record));
                    }
                    case RedoFormat.COMMITTED -> {
                        var id = RedoFormat.id(record);
                        var committed = found.remove(id);
                        if (lsn > covered && committed != null) {
                            var entry = new Live(committed.parts);
                            entry.whole = true;
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
                var parts = each.getValue().parts;
                if (!parts.isEmpty()) {
                    var entry = new Live(parts);
                    entry.whole = true;
                    live.put(each.getKey(), entry);
                    var unitOfWork = each.getValue().unitOfWork;
                    undecided.add(
                            new RedoEntry(each.getKey(), unitOfWork, store.prepared(unitOfWork, each.getValue().redo)));
                }
            }
            return undecided;
        } finally {
            order.unlock();
        }
    }

    private long restore(RedoStore store) throws IOException {
        var restart = stream.latestRestart();
        if (restart.isEmpty()) {
            return Lsn.NULL;
        }
        var data = restart.get().data().order(ByteOrder.BIG_ENDIAN);
        if (data.remaining() < Long.BYTES) {
            throw new IOException("expected a checkpoint of " + Long.BYTES + " bytes or more in stream \""
                    + stream.name() + "\", found " + data.remaining());
        }
        checkpoint = data.duplicate();
        restartArea = restart.get().lsn();
        long covered = data.getLong();
        checkpointCovers = covered;
        last = Math.max(last, restart.get().lsn());
        store.restore(RedoFormat.rest(data));
        return covered;
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

    /** Keeps space to carry forward what an earlier life has prepared, and is not decided; once all have space for their ends. */
    void keepCarryingSpace() throws IOException {
        order.lock();
        try {
            for (var each : live.values()) {
                if (each.whole && each.commit == Lsn.INVALID && each.carrying == null) {
                    var known = each.sizes;
                    reserveCarrying(each, known == null ? sizesOf(each) : known);
                }
            }
        } finally {
            order.unlock();
        }
    }

    /**
     * Appends its redo, and keeps space for its end. If it is not large, space to append it once more is kept as well: it may be in doubt
     * for long, and then has to be carried forward when the log is full.
     */
    void prepare(RedoEntry entry, List<ByteBuffer> redo, Relief relief) throws LogException {
        var pieces = pieces(redo);
        retrying(relief, () -> {
            if (entry.reservation() == null) {
                entry.reserve(stream.reserve(RedoFormat.END_BYTES));
            }
            order.lock();
            try {
                var appended = appendPieces(entry.id(), entry.unitOfWork, pieces, null);
                boolean large = RedoFormat.bytes(pieces) > MOST_CARRIED_BYTES;
                reserveCarrying(appended, large ? new int[0] : sizesOf(pieces));
            } finally {
                order.unlock();
            }
        });
    }

    /** Keeps space to append it once more, if it is not large and there is some. */
    private void reserveCarrying(Live entry, int... sizes) throws LogException {
        entry.sizes = sizes;
        entry.letGoOfSpace();
        if (sizes.length > 0) {
            entry.carrying = tryToReserve(sizes);
        }
    }

    /** Of its records; nothing if it is large. */
    private int[] sizesOf(Live entry) throws IOException {
        var sizes = new int[entry.parts.size()];
        int sum = 0;
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = RedoFormat.PREPARED_HEADER_BYTES
                    + partAt(entry.parts.get(i)).remaining();
            sum += sizes[i];
            if (sum > MOST_CARRIED_BYTES) {
                return new int[0];
            }
        }
        return sizes;
    }

    private static int[] sizesOf(List<ByteBuffer> pieces) {
        return pieces.stream()
                .mapToInt(piece -> RedoFormat.PREPARED_HEADER_BYTES + piece.remaining())
                .toArray();
    }

    private @Nullable Reservation tryToReserve(int... sizes) throws LogException {
        try {
            return stream.reserve(sizes);
        } catch (LogFullException e) {
            System.getLogger(RedoLog.class.getName())
                    .log(System.Logger.Level.DEBUG, "no space to carry forward what is not decided", e);
            return null;
        }
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
        try {
            var outcome = log.handleLogFull().toCompletableFuture().get(ROOM_SECONDS, TimeUnit.SECONDS);
            return outcome.result() != LogFullOutcome.Result.PINNED;
        } catch (LogRefusedException e) {
            // Somebody else has it dealt with already, and takes a moment.
            LockSupport.parkNanos(MOMENT_NANOS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
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
    private Live appendPieces(UUID id, UUID unitOfWork, List<ByteBuffer> pieces, @Nullable Reservation space)
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
        if (before == null) {
            entry.whole = true;
            return entry;
        }
        before.parts = parts;
        before.whole = true;
        return before;
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
            redo.letGoOfSpace();
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
                redo.letGoOfSpace();
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
        var restart = ByteBuffer.allocate(Long.BYTES + data.remaining())
                .putLong(covered)
                .put(data.duplicate())
                .flip();
        order.lock();
        try {
            live.values().removeIf(each -> each.commit != Lsn.INVALID && each.commit <= covered);
            checkpoint = restart;
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
            restart = checkpoint;
            // Whatever is appended from here on lies behind it.
            long needed = isAllCovered() ? Math.max(checkpointCovers, restartArea) : checkpointCovers;
            base = Math.min(needed, oldestLive());
        } finally {
            order.unlock();
        }
        if (restart == null) {
            return Lsn.NULL;
        }
        long written = stream.writeRestart(restart.duplicate(), base > stream.base() ? base : Lsn.NULL);
        order.lock();
        try {
            restartArea = Math.max(restartArea, written);
        } finally {
            order.unlock();
        }
        return written;
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
        long oldest = Long.MAX_VALUE;
        for (var each : live.values()) {
            oldest = Math.min(oldest, each.parts.get(0));
        }
        return oldest;
    }

    /** Appends again what has been left behind by much. */
    void carryForward() throws IOException {
        carryForward(last - tidyBytes());
    }

    /** Appends again what is not decided and lies below an LSN, and leaves its old place behind; nothing if there is no room for that. */
    void carryForward(long target) throws IOException {
        boolean carried = false;
        order.lock();
        try {
            for (var each : List.copyOf(live.entrySet())) {
                var entry = each.getValue();
                if (entry.whole && entry.commit == Lsn.INVALID && entry.parts.get(0) < target) {
                    carried |= isCarried(each.getKey(), entry);
                }
            }
        } finally {
            order.unlock();
        }
        if (carried) {
            moveBase();
        }
        // For the next time, out of what was left behind now or since the last time.
        keepCarryingSpace();
    }

    /** All of it or nothing: a part of it would only take the room that is missing. */
    private boolean isCarried(UUID enlistment, Live entry) throws IOException {
        var pieces = new ArrayList<ByteBuffer>();
        for (long part : entry.parts) {
            pieces.add(partAt(part));
        }
        if (entry.carrying == null) {
            entry.carrying = tryToReserve(sizesOf(pieces));
        }
        if (entry.carrying == null) {
            return false;
        }
        appendPieces(enlistment, unitOfWorkAt(entry.parts.get(0)), pieces, entry.carrying);
        entry.letGoOfSpace();
        return true;
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
        var stats = log.stats();
        return stats.freeBytes() < stats.filledContainers() * stats.containerBytes() / 2;
    }

    /** If the log is nearly full, has others make room as well: what they have to write for that must still fit. */
    void askOthers() throws LogException {
        var stats = log.stats();
        if (stats.freeBytes() < stats.filledContainers() * stats.containerBytes() / 4) {
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
        order.lock();
        try {
            // The log may live on.
            live.values().forEach(Live::letGoOfSpace);
        } finally {
            order.unlock();
        }
        try {
            stream.close();
        } catch (LogException e) {
            System.getLogger(RedoLog.class.getName())
                    .log(System.Logger.Level.DEBUG, "a log that is closed has no handles", e);
        }
    }
}
