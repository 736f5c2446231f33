package dev.ktm.journal;

import dev.ktm.log.Log;
import dev.ktm.log.LogClosedException;
import dev.ktm.log.LogError;
import dev.ktm.log.LogException;
import dev.ktm.log.LogFullException;
import dev.ktm.log.LogFullOutcome;
import dev.ktm.log.LogRefusedException;
import dev.ktm.log.LogStream;
import dev.ktm.log.Lsn;
import dev.ktm.log.ReadMode;
import dev.ktm.log.Reservation;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The coordinator's memory: decisions and prepared transactions, until they have ended.
 *
 * <p><b>Theory of operation.</b> A record is live from its append to its end. Ends are appended and never forced: if one
 * is lost, participants are told again what they know. Who needs to know that they are durable calls {@link #force()}. {@link LiveRecords} knows where the live ones lie, {@link JournalBase} leaves
 * behind what is not. Recovery starts with the restart area and applies every record from the base on, in order; records and ends
 * that are in both change nothing.
 *
 * <p>Safe for many threads; no lock is held while the disk is waited for.
 */
public final class LogJournal implements Journal {

    /** The name of the coordinator's stream. */
    public static final String STREAM = "tm";

    private static final long ROOM_SECONDS = 10;
    private static final int ATTEMPTS = 4;

    private final Log log;
    private final LogStream stream;
    private final Contents contents;
    private final JournalBase base;
    /** Whether the log is known to have failed: it takes nothing any more. */
    private volatile boolean failed;
    /** Whether the end of something that is not live any more may be missing in the log; cleared under the base's lock. */
    private volatile boolean endMissing;

    /** Given up as soon as anything ends, so that it does not outlive what it holds. */
    private volatile List<TransactionRecord> found;

    private final OptionalLong lastRead;

    private LogJournal(Log log, LogStream stream, Recovered recovered) throws LogException {
        this.log = log;
        this.stream = stream;
        this.lastRead = recovered.lastRead() == Lsn.NULL ? OptionalLong.empty() : OptionalLong.of(recovered.lastRead());
        this.found = recovered.live().values().stream()
                .map(LiveRecords.Entry::transaction)
                .toList();
        this.contents = new Contents(
                recovered.manager(), recovered.clock(), new LiveRecords(recovered.live()), recovered.acts());
        this.base = new JournalBase(log, stream, contents);
    }

    private record Recovered(
            UUID manager, Map<TransactionId, LiveRecords.Entry> live, OperatorActs acts, long clock, long lastRead) {}

    /**
     * Opens the coordinator's stream of a log and reads what has not ended.
     *
     * @throws JournalException if it holds something that this version does not know
     */
    public static LogJournal open(Log log) throws IOException {
        var stream = log.stream(STREAM);
        try {
            var journal = new LogJournal(log, stream, read(log.identity(), stream));
            journal.base.opened();
            return journal;
        } catch (IOException | RuntimeException | Error e) {
            stream.close();
            throw e;
        }
    }

    private static Recovered read(UUID log, LogStream stream) throws IOException {
        var manager = log;
        var live = new LinkedHashMap<TransactionId, LiveRecords.Entry>();
        var acts = new OperatorActs();
        long clock = 1;
        long last = Lsn.NULL;
        var restart = stream.latestRestart();
        if (restart.isPresent()) {
            var checkpoint = Checkpoint.decode(restart.get().data());
            manager = checkpoint.manager();
            clock = checkpoint.clock();
            last = restart.get().lsn();
            for (var transaction : checkpoint.transactions()) {
                live.put(
                        transaction.id(),
                        new LiveRecords.Entry(transaction, restart.get().lsn()));
            }
            for (var act : checkpoint.acts()) {
                acts.add(act, restart.get().lsn());
            }
        }
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        while (reader.next()) {
            last = Math.max(last, reader.lsn());
            if (!reader.isRestartArea()) {
                var decoded = JournalFormat.decode(manager, reader.payload());
                if (decoded.transaction().isPresent()) {
                    var transaction = decoded.transaction().get();
                    clock = Math.max(clock, transaction.clock());
                    live.put(decoded.id(), new LiveRecords.Entry(transaction, reader.lsn()));
                } else if (decoded.operator().isPresent()) {
                    acts.add(decoded.operator().get(), reader.lsn());
                } else {
                    live.remove(decoded.id());
                }
            }
        }
        acts.dropOld(live::containsKey);
        return new Recovered(manager, live, acts, clock, last);
    }

    @Override
    public UUID manager() {
        return contents.manager;
    }

    @Override
    public long incarnation() {
        return log.incarnation();
    }

    @Override
    public List<TransactionRecord> found() {
        return found;
    }

    @Override
    public OptionalLong lastRead() {
        return lastRead;
    }

    @Override
    public OptionalLong last() {
        try {
            long lsn = stream.last();
            return lsn == Lsn.NULL ? OptionalLong.empty() : OptionalLong.of(lsn);
        } catch (LogException e) {
            return OptionalLong.empty();
        }
    }

    @Override
    public long clock() {
        return contents.clock.get();
    }

    @Override
    public Collection<TransactionRecord> live() {
        return contents.live.all();
    }

    /** A reservation of the stream. */
    private record StreamSpace(Reservation reservation) implements Space {
        @Override
        public void close() {
            reservation.close();
        }
    }

    @Override
    public Space reserve(TransactionRecord... records) throws LogException {
        var sizes = new int[records.length];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = JournalFormat.sizeOf(records[i]);
        }
        return reserve(sizes);
    }

    private StreamSpace reserve(int... sizes) throws LogException {
        for (int attempt = 1; ; attempt++) {
            try {
                return new StreamSpace(stream.reserve(sizes));
            } catch (LogFullException e) {
                // Others may take what was freed for this one.
                if (attempt == ATTEMPTS || !makeRoom()) {
                    throw e;
                }
            }
        }
    }

    private boolean makeRoom() throws LogException {
        try {
            return isRoomMade(log.handleLogFull().toCompletableFuture());
        } catch (LogRefusedException e) {
            // Somebody else has it dealt with already: whether that helps is seen by trying.
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    /** Waits for that; an interrupt is for the application, and kept for it. */
    private static boolean isRoomMade(CompletableFuture<LogFullOutcome> made)
            throws ExecutionException, TimeoutException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ROOM_SECONDS);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    var outcome = made.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                    return outcome.result() != LogFullOutcome.Result.PINNED;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void force(Space space, TransactionRecord transaction) throws LogException, UnknownOutcomeException {
        contents.clock.accumulateAndGet(transaction.clock(), Math::max);
        var stripe = contents.live.stripeOf(transaction.id());
        long lsn;
        stripe.lock.lock();
        try {
            var payload = stripe.buffer(JournalFormat.sizeOf(transaction));
            JournalFormat.encode(transaction, payload);
            payload.flip();
            lsn = append(transaction.id(), ((StreamSpace) space).reservation(), payload);
            stripe.live.put(transaction.id(), new LiveRecords.Entry(transaction, lsn));
        } finally {
            stripe.lock.unlock();
        }
        force(transaction.id(), lsn);
    }

    private void force(TransactionId id, long lsn) throws UnknownOutcomeException {
        try {
            stream.force(lsn);
        } catch (LogException e) {
            failed = true;
            throw new UnknownOutcomeException(id, e);
        }
        base.tidyIfDue(lsn);
    }

    @Override
    public void note(OperatorAct act) throws LogException, UnknownOutcomeException {
        var payload = JournalFormat.encode(act);
        long lsn;
        try (var space = reserve(payload.remaining())) {
            contents.acts.lock.lock();
            try {
                lsn = append(act.transaction(), space.reservation(), payload);
                contents.acts.add(act, lsn);
                contents.acts.dropOld(contents.live::contains);
            } finally {
                contents.acts.lock.unlock();
            }
        }
        force(act.transaction(), lsn);
    }

    @Override
    public List<OperatorAct> acts() {
        return contents.acts.all();
    }

    /** A log at its last blocks forces what it appends: then a failure may come behind the force. */
    private long append(TransactionId id, Reservation reservation, ByteBuffer payload)
            throws LogException, UnknownOutcomeException {
        boolean failedBefore = failed;
        try {
            return appendOrRefuse(reservation, payload);
        } catch (LogFullException | LogRefusedException | LogClosedException e) {
            throw e;
        } catch (LogException e) {
            failed = true;
            if (failedBefore) {
                throw e;
            }
            throw new UnknownOutcomeException(id, e);
        }
    }

    private long appendOrRefuse(Reservation reservation, ByteBuffer payload) throws LogException {
        try {
            return stream.append(reservation, payload, Lsn.INVALID, Lsn.INVALID);
        } catch (LogRefusedException e) {
            if (e.error() != LogError.SPACE_RESERVED_INVALID) {
                throw e;
            }
            // Recovery information came after the reservation; if there is no space for it, nothing was written.
            reservation.reserve(payload.remaining());
            return stream.append(reservation, payload, Lsn.INVALID, Lsn.INVALID);
        }
    }

    @Override
    public void end(TransactionId id) {
        var stripe = contents.live.stripeOf(id);
        long lsn;
        stripe.lock.lock();
        try {
            if (stripe.live.remove(id) == null) {
                return;
            }
            if (!found.isEmpty()) {
                found = List.of();
            }
            var payload = stripe.buffer(JournalFormat.END_BYTES);
            JournalFormat.encodeEnd(id, payload);
            lsn = stream.append(payload.flip());
        } catch (LogFullException e) {
            endMissing = true;
            lsn = Lsn.INVALID;
        } catch (LogException e) {
            // The log has failed or is closed; what has ended is told again after a restart.
            endMissing = true;
            return;
        } finally {
            stripe.lock.unlock();
        }
        base.tidyIfDue(lsn);
    }

    @Override
    public void force() throws LogException {
        base.lock.lock();
        try {
            if (endMissing) {
                leaveEndedBehind();
            }
        } finally {
            base.lock.unlock();
        }
        stream.force(Lsn.NULL);
    }

    /** A checkpoint holds what is live, and only that; there is space for it when there is none for an end. */
    private void leaveEndedBehind() throws LogException {
        // First: an end that finds no space from now on may come too late for this one.
        endMissing = false;
        boolean done = false;
        try {
            checkpoint();
            done = true;
        } finally {
            if (!done) {
                endMissing = true;
            }
        }
    }

    @Override
    public void rename(UUID newManager) throws LogException {
        base.lock.lock();
        try {
            var living = contents.live.all();
            if (!living.isEmpty()) {
                throw new IllegalStateException("expected no transaction that has not ended, found " + living.size()
                        + " of " + contents.manager);
            }
            // Behind every record: nothing that lies before it is read under the new identity.
            long newest = stream.append(JournalFormat.encodeEnd(new TransactionId(newManager, 1, 1)));
            contents.acts.moveAll(Lsn.INVALID, act -> stream.append(JournalFormat.encode(act)));
            stream.writeRestart(contents.emptyCheckpoint(newManager).encode(), newest);
            contents.manager = newManager;
        } finally {
            base.lock.unlock();
        }
    }

    /**
     * Carries what is live forward and moves the base behind everything else.
     *
     * @throws LogFullException if it is too much for a restart area, and there is no room for it
     */
    public void checkpoint() throws LogException {
        base.checkpoint();
    }

    /** Writes a checkpoint, so that the next start is quick, and closes the stream. The log stays open. */
    @Override
    public void close() throws LogException {
        base.close();
        try (stream) {
            checkpoint();
        }
    }
}
