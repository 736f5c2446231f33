package dev.ktm.journal;

import dev.ktm.log.Log;
import dev.ktm.log.LogClient;
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
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The coordinator's memory: decisions and prepared transactions, until they have ended.
 *
 * <p><b>Theory of operation.</b> A record is live from its append to its end. Ends are appended and never forced: if one
 * is lost, participants are told again what they know. The base of the stream follows the oldest live record. A record that
 * stays live for long, because a participant does not answer, does not hold the log: a checkpoint carries all that is live
 * into a restart area and moves the base with it, in one atomic step. The space for a restart area is kept by the log, also
 * when it is full; if more is live than fits into one, the records are appended again in front of it.
 *
 * <p>A checkpoint may miss nothing. It notes the newest record first, and then looks at the live ones, stripe by stripe,
 * under the lock under which records are appended and entered. So whatever was appended before what it noted is seen, and
 * everything else lies behind the new base. Recovery starts with the restart area and applies every record from the base on,
 * in order; records and ends that are in both change nothing.
 *
 * <p>Safe for many threads; no lock is held while the disk is waited for.
 */
public final class LogJournal implements Journal {

    /** The name of the coordinator's stream. */
    public static final String STREAM = "tm";

    private static final int STRIPES = 16;
    /** The base is looked at whenever the stream has grown by this part of the log. */
    private static final int TIDYINGS_PER_CAPACITY = 16;

    /** About what the log adds to a record, in bytes. */
    private static final int RECORD_OVERHEAD = 64;

    private static final int BUFFER_BYTES = 512;
    private static final int MOST_BUFFER_BYTES = 16 * 1024;

    private static final long ROOM_SECONDS = 10;
    private static final int ATTEMPTS = 4;

    private final Log log;
    private final LogStream stream;
    private volatile UUID manager;
    private final List<Stripe> stripes = new ArrayList<>(STRIPES);
    private final ExecutorService housekeeper;
    private final OperatorActs acts;
    /** Over what operators have done; taken before the locks of stripes. */
    private final ReentrantLock actsLock = new ReentrantLock();

    /** Over the base; taken before all others. */
    private final ReentrantLock baseLock = new ReentrantLock();

    private final AtomicBoolean tidying = new AtomicBoolean();
    private volatile long tidyBehind = Lsn.NULL;
    /** Whether the log is known to have failed: it takes nothing any more. */
    private volatile boolean failed;
    /** How far the base may lie behind until those who write wait. */
    private volatile long mostBehind;

    private final AtomicLong clock;
    /** Given up as soon as anything ends, so that it does not outlive what it holds. */
    private volatile List<TransactionRecord> found;

    private final OptionalLong lastRead;

    /** Some of the live records. */
    private static final class Stripe {
        final ReentrantLock lock = new ReentrantLock();
        final Map<TransactionId, Entry> live = new HashMap<>();
        private ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);

        /** An empty buffer for a record of this size; the log copies what is appended. */
        ByteBuffer buffer(int bytes) {
            if (bytes > MOST_BUFFER_BYTES) {
                return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
            }
            if (bytes > buffer.capacity()) {
                buffer = ByteBuffer.allocate(MOST_BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            }
            return buffer.clear();
        }
    }

    private record Entry(TransactionRecord transaction, long lsn) {}

    private LogJournal(Log log, LogStream stream, Recovered recovered) throws LogException {
        this.log = log;
        this.stream = stream;
        this.manager = recovered.manager();
        this.clock = new AtomicLong(recovered.clock());
        this.acts = recovered.acts();
        this.lastRead = recovered.lastRead() == Lsn.NULL ? OptionalLong.empty() : OptionalLong.of(recovered.lastRead());
        this.found = recovered.live().values().stream().map(Entry::transaction).toList();
        for (int i = 0; i < STRIPES; i++) {
            stripes.add(new Stripe());
        }
        recovered.live().forEach((id, entry) -> stripeOf(id).live.put(id, entry));
        this.housekeeper = Executors.newSingleThreadExecutor(task -> {
            var thread = new Thread(task, "ktm journal of " + manager);
            thread.setDaemon(true);
            return thread;
        });
        stream.registerClient(new Client());
    }

    private record Recovered(
            UUID manager, Map<TransactionId, Entry> live, OperatorActs acts, long clock, long lastRead) {}

    /**
     * Opens the coordinator's stream of a log and reads what has not ended.
     *
     * @throws JournalException if it holds something that this version does not know
     */
    public static LogJournal open(Log log) throws IOException {
        var stream = log.stream(STREAM);
        try {
            return new LogJournal(log, stream, read(log.identity(), stream));
        } catch (IOException | RuntimeException | Error e) {
            stream.close();
            throw e;
        }
    }

    private static Recovered read(UUID log, LogStream stream) throws IOException {
        var manager = log;
        var live = new LinkedHashMap<TransactionId, Entry>();
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
                live.put(transaction.id(), new Entry(transaction, restart.get().lsn()));
            }
            for (var act : checkpoint.acts()) {
                acts.add(act, restart.get().lsn(), live::containsKey);
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
                    live.put(decoded.id(), new Entry(transaction, reader.lsn()));
                } else if (decoded.operator().isPresent()) {
                    acts.add(decoded.operator().get(), reader.lsn(), live::containsKey);
                } else {
                    live.remove(decoded.id());
                }
            }
        }
        return new Recovered(manager, live, acts, clock, last);
    }

    @Override
    public UUID manager() {
        return manager;
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
    public long clock() {
        return clock.get();
    }

    @Override
    public Collection<TransactionRecord> live() {
        var all = new ArrayList<TransactionRecord>();
        for (var stripe : stripes) {
            stripe.lock.lock();
            try {
                stripe.live.values().forEach(entry -> all.add(entry.transaction()));
            } finally {
                stripe.lock.unlock();
            }
        }
        return all;
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
            var outcome = log.handleLogFull().toCompletableFuture().get(ROOM_SECONDS, TimeUnit.SECONDS);
            return outcome.result() != LogFullOutcome.Result.PINNED;
        } catch (LogRefusedException e) {
            // Somebody else has it dealt with already: whether that helps is seen by trying.
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void force(Space space, TransactionRecord transaction) throws LogException, UnknownOutcomeException {
        clock.accumulateAndGet(transaction.clock(), Math::max);
        var stripe = stripeOf(transaction.id());
        long lsn;
        stripe.lock.lock();
        try {
            var payload = stripe.buffer(JournalFormat.sizeOf(transaction));
            JournalFormat.encode(transaction, payload);
            payload.flip();
            lsn = append(transaction.id(), ((StreamSpace) space).reservation(), payload);
            stripe.live.put(transaction.id(), new Entry(transaction, lsn));
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
        tidyIfDue(lsn);
    }

    @Override
    public void note(OperatorAct act) throws LogException, UnknownOutcomeException {
        var payload = JournalFormat.encode(act);
        long lsn;
        try (var space = reserve(payload.remaining())) {
            actsLock.lock();
            try {
                lsn = append(act.transaction(), space.reservation(), payload);
                acts.add(act, lsn, this::isLive);
            } finally {
                actsLock.unlock();
            }
        }
        force(act.transaction(), lsn);
    }

    private boolean isLive(TransactionId id) {
        var stripe = stripeOf(id);
        stripe.lock.lock();
        try {
            return stripe.live.containsKey(id);
        } finally {
            stripe.lock.unlock();
        }
    }

    @Override
    public List<OperatorAct> acts() {
        actsLock.lock();
        try {
            return acts.all();
        } finally {
            actsLock.unlock();
        }
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
        var stripe = stripeOf(id);
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
            lsn = Lsn.INVALID;
        } catch (LogException e) {
            // The log has failed or is closed; what has ended is told again after a restart.
            return;
        } finally {
            stripe.lock.unlock();
        }
        tidyIfDue(lsn);
    }

    @Override
    public void force() throws LogException {
        stream.force(Lsn.NULL);
    }

    private Stripe stripeOf(TransactionId id) {
        return stripes.get((int) (id.sequence() & (STRIPES - 1)));
    }

    // The base.

    private void tidyIfDue(long lsn) {
        if (lsn <= tidyBehind) {
            return;
        }
        attempt(() -> {
            if (lsn - stream.base() > mostBehind) {
                // The housekeeper cannot keep up: whoever writes waits for it, before the log is full of what could be
                // left
                // behind.
                tidyUnlessDone(lsn);
            } else if (tidying.compareAndSet(false, true)) {
                execute(() -> {
                    tidying.set(false);
                    tidy();
                });
            }
        });
    }

    private void tidyUnlessDone(long lsn) throws LogException {
        baseLock.lock();
        try {
            if (lsn > tidyBehind) {
                tidy();
            }
        } finally {
            baseLock.unlock();
        }
    }

    /** A task of the housekeeper. */
    private interface Task {
        void run() throws LogException;
    }

    private void attempt(Task task) {
        try {
            task.run();
        } catch (LogException | RuntimeException e) {
            System.getLogger(LogJournal.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "the journal of " + manager + " could not be shortened: " + e.getMessage(),
                            e);
        }
    }

    private void execute(Task task) {
        try {
            housekeeper.execute(() -> attempt(task));
        } catch (RejectedExecutionException e) {
            // The journal is being closed.
            tidying.set(false);
        }
    }

    /** Moves the base up to the oldest live record; if that is far behind, leaves it behind by a checkpoint. */
    private void tidy() throws LogException {
        baseLock.lock();
        try {
            // First: what is appended later lies behind it.
            long newest = stream.last();
            long capacity = capacityBytes();
            tidyBehind = newest + capacity / TIDYINGS_PER_CAPACITY;
            mostBehind = capacity / 2;
            var oldest = oldestLive();
            long base = Math.min(newest, oldest.lsn());
            if (base > stream.base()) {
                stream.advanceBase(base);
            }
            // Until the next time others may write as much again. Worth its writing only if it frees more than it
            // writes.
            long behind = newest - base;
            if (behind > capacity / 4 && behind > 2 * oldest.liveBytes()) {
                checkpoint();
                tidyBehind = stream.last() + capacity / TIDYINGS_PER_CAPACITY;
            }
        } finally {
            baseLock.unlock();
        }
    }

    private long capacityBytes() throws LogException {
        var stats = log.stats();
        return stats.containers() * stats.containerBytes();
    }

    /** Where the oldest live record lies, and about how much log all of them need. */
    private record Oldest(long lsn, long liveBytes) {}

    private Oldest oldestLive() {
        long oldest = Lsn.INVALID;
        long bytes = 0;
        for (var stripe : stripes) {
            stripe.lock.lock();
            try {
                for (var entry : stripe.live.values()) {
                    oldest = Math.min(oldest, entry.lsn());
                    bytes += JournalFormat.sizeOf(entry.transaction()) + RECORD_OVERHEAD;
                }
            } finally {
                stripe.lock.unlock();
            }
        }
        actsLock.lock();
        try {
            return new Oldest(acts.oldest(oldest), bytes + acts.bytes(RECORD_OVERHEAD));
        } finally {
            actsLock.unlock();
        }
    }

    /**
     * Carries what is live forward and moves the base behind everything else: in the restart area itself, for which there
     * is always space, or in front of it if it is too much for that.
     *
     * @throws LogFullException if it is too much, and there is no room for it
     */
    public void checkpoint() throws LogException {
        baseLock.lock();
        try {
            long newest = stream.last();
            if (newest < stream.base()) {
                // There is no record that could be a base, and none to be carried forward.
                return;
            }
            var checkpoint = new Checkpoint(manager, clock.get(), List.copyOf(live()), acts());
            if (checkpoint.size() <= stream.maxPayloadBytes() - Long.BYTES) {
                long lsn = stream.writeRestart(checkpoint.encode(), newest);
                moveAll(newest, transaction -> lsn);
                moveActs(newest, act -> lsn);
            } else {
                moveAll(newest, transaction -> stream.append(JournalFormat.encode(transaction)));
                moveActs(newest, act -> stream.append(JournalFormat.encode(act)));
                stream.writeRestart(new Checkpoint(manager, clock.get(), List.of(), List.of()).encode(), newest);
            }
        } finally {
            baseLock.unlock();
        }
    }

    /** Where a live record is now. */
    private interface Move {
        long to(TransactionRecord transaction) throws LogException;
    }

    /** Moves the live records that lie before this one, each stripe while nobody can end them. */
    private void moveAll(long newest, Move move) throws LogException {
        for (var stripe : stripes) {
            stripe.lock.lock();
            try {
                for (var live : stripe.live.entrySet()) {
                    var entry = live.getValue();
                    if (entry.lsn() < newest) {
                        live.setValue(new Entry(entry.transaction(), move.to(entry.transaction())));
                    }
                }
            } finally {
                stripe.lock.unlock();
            }
        }
    }

    private void moveActs(long newest, OperatorActs.Move move) throws LogException {
        actsLock.lock();
        try {
            acts.moveAll(newest, move);
        } finally {
            actsLock.unlock();
        }
    }

    /** Asked by a full log. */
    private final class Client implements LogClient {

        @Override
        public void advanceTail(LogStream asked, long target) {
            execute(() -> {
                try {
                    tidy();
                    // Where the newest record lies below the target, the first checkpoint is the record that does not.
                    for (int attempt = 0; attempt < 2 && stream.base() < target; attempt++) {
                        checkpoint();
                    }
                } catch (LogException e) {
                    asked.cannotAdvance(String.valueOf(e.getMessage()));
                    return;
                }
                if (stream.base() < target) {
                    asked.cannotAdvance("the newest record of the coordinator is " + Lsn.toString(stream.last()));
                }
            });
        }

        @Override
        public void fullHandled(LogFullOutcome outcome) {
            // Whoever asked is told by the log.
        }

        @Override
        public void unpinned() {
            // The next one that reserves will see.
        }
    }

    @Override
    public void rename(UUID newManager) throws LogException {
        baseLock.lock();
        try {
            if (!live().isEmpty()) {
                throw new IllegalStateException(
                        "expected no transaction that has not ended, found " + live().size() + " of " + manager);
            }
            // Behind every record: nothing that lies before it is read under the new identity.
            long newest = stream.append(JournalFormat.encodeEnd(new TransactionId(newManager, 1, 1)));
            moveActs(newest, act -> stream.append(JournalFormat.encode(act)));
            stream.writeRestart(new Checkpoint(newManager, clock.get(), List.of(), List.of()).encode(), newest);
            manager = newManager;
        } finally {
            baseLock.unlock();
        }
    }

    /** Writes a checkpoint, so that the next start is quick, and closes the stream. The log stays open. */
    @Override
    public void close() throws LogException {
        housekeeper.shutdownNow();
        awaitHousekeeper();
        try (stream) {
            checkpoint();
        }
    }

    private void awaitHousekeeper() {
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = housekeeper.awaitTermination(1, TimeUnit.DAYS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
