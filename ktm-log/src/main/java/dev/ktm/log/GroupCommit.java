package dev.ktm.log;

import dev.ktm.log.format.Checksum;
import dev.ktm.log.format.FrameFormat;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Makes frames durable: one device write at a time, for everybody who waits.
 *
 * <p><b>Theory of operation.</b> There is one leader at a time. Whoever needs a record to be durable while nobody
 * leads becomes the leader: it seals the open frame, writes it on its own thread and returns. Alone, a caller pays
 * for one device write and for no hand-off. Whoever comes while somebody leads registers with the frame of its record
 * and parks; records go on being appended to the next frame meanwhile. A leader that is a caller leads no longer than
 * its own record needs: if others wait by then, it hands the lead to the flusher, a thread of the log, which keeps it
 * until nobody waits. There is no timer.
 *
 * <p><b>Fast devices.</b> If a device write takes less than waking a thread does, as on memory, whoever waits looks for a
 * moment before it parks, and a leader writes the next few frames itself before it wakes the flusher for them.
 *
 * <p><b>Gathering.</b> Callers that come back as soon as they are released would settle into two half groups, each
 * waiting for the write of the other one and for its own. Before a leader seals a frame it therefore waits for those
 * that the last write released: for as many of them as usually come back, for half a device write at most, and not
 * at all if too few are expected to make up for the delay of those who wait already.
 *
 * <p><b>Lost wake-ups.</b> Registering and giving up the lead happen under the gate, and a leader gives up the lead
 * only if nothing is wanted that is not durable: so a registered waiter always has a leader before it.
 *
 * <p><b>Failure.</b> After a failed write nobody leads ever again: every waiter and every later call gets the failure.
 */
final class GroupCommit implements Runnable {

    /** Where frames go. */
    interface FrameWriter {

        /** Returns once the frame is durable. */
        void write(FrameBuffer frame) throws IOException;
    }

    /** A virtual thread blocks its carrier while it writes: it leads only if that is short. */
    private static final long MOST_VIRTUAL_NANOS = 500_000;

    /** What it costs to park a thread and to wake it: a write that takes less is awaited otherwise. */
    private static final long WAKE_NANOS = 10_000;

    /** How many frames a caller writes for others before it wakes the flusher. */
    private static final int MOST_FOR_OTHERS = 4;

    private final SpinLock gate;
    private final Tail tail;
    private final Gathering gathering;
    private final FrameWriter device;
    private final long tag;
    private final int incarnation;
    private final long idleNanos;
    private final Checksum checksum = new Checksum();
    private final FrameFormat.Header header = new FrameFormat.Header();
    private final Thread flusher;
    private final boolean parallel = Runtime.getRuntime().availableProcessors() > 1;
    private final ArrayDeque<WaiterList> spareLists = new ArrayDeque<>();

    /** Every frame below this address is durable. */
    private volatile long durable;

    private volatile @Nullable Throwable failure;

    // Under the gate.
    private boolean leading;
    private boolean flusherLeads;
    private boolean idleFlushDue;
    private boolean stopping;
    private long wanted = -1;

    // The leader's; handing over the lead hands them over.
    private long previousAddress;
    private int previousCrc;
    private long frames;
    private long records;
    private long bytes;

    GroupCommit(SpinLock gate, Tail tail, FrameWriter device, Origin origin, long idleNanos, String threadName) {
        this.gate = gate;
        this.tail = tail;
        this.gathering = new Gathering(tail);
        this.device = device;
        this.tag = origin.tag();
        this.incarnation = origin.incarnation();
        this.previousAddress = origin.previous().address();
        this.previousCrc = origin.previous().crc();
        this.idleNanos = idleNanos;
        this.durable = tail.next();
        this.flusher = Housekeeper.daemon(this, threadName);
    }

    /** The frame that the next one follows. */
    record Chain(long address, int crc) {}

    /** What every frame says about where it comes from, and what the first one follows. */
    record Origin(long tag, int incarnation, Chain previous) {}

    void start() {
        flusher.start();
    }

    /** Everything below this address is durable. */
    long durable() {
        return durable;
    }

    /** Throws if a write has failed. */
    void checkUsable() throws LogFailedException {
        var cause = failure;
        if (cause != null) {
            throw new LogFailedException(
                    "the log failed earlier and must be closed and opened again; what was being forced then may or may"
                            + " not be durable: " + cause.getMessage(),
                    cause);
        }
    }

    boolean hasFailed() {
        return failure != null;
    }

    /**
     * To be called under the gate right after an append: either makes the caller the leader, or registers it with the
     * frame that holds the record.
     *
     * @return whether the caller leads; it must then call {@link #lead}, otherwise {@link #await}
     */
    boolean joinOpenFrame() {
        tail.open().join();
        return leadOrWait(tail.open());
    }

    private boolean leadOrWait(FrameBuffer frame) {
        if (!leading && (gathering.writeNanos() < MOST_VIRTUAL_NANOS || !Threads.isVirtual())) {
            leading = true;
            return true;
        }
        giveLeadToFlusher();
        frame.waiters.add(Thread.currentThread());
        wanted = Math.max(wanted, frame.address);
        return false;
    }

    /** Returns once the record is durable. */
    void force(long lsn) throws LogFailedException {
        if (durable > lsn) {
            return;
        }
        boolean leader;
        gate.lock();
        try {
            checkUsable();
            var frame = tail.find(Lsn.frameAddress(lsn));
            if (frame == null) {
                // Durable by now.
                return;
            }
            frame.join();
            leader = leadOrWait(frame);
        } finally {
            gate.unlock();
        }
        if (leader) {
            lead(lsn);
        } else {
            await(lsn);
        }
    }

    /** Has the records up to this one written soon, without waiting. */
    void queue(long lsn) throws LogFailedException {
        gate.lock();
        try {
            checkUsable();
            if (durable > lsn) {
                return;
            }
            wanted = Math.max(wanted, Lsn.frameAddress(lsn));
            giveLeadToFlusher();
        } finally {
            gate.unlock();
        }
    }

    /** To be called under the gate after an append that nobody forces: it is written when the log has been idle. */
    void noteUnforced() {
        if (tail.hasSealed()) {
            giveLeadToFlusher();
        }
        if (!idleFlushDue && idleNanos > 0) {
            idleFlushDue = true;
            LockSupport.unpark(flusher);
        }
    }

    /** Under the gate: if nobody leads, the flusher does. */
    private void giveLeadToFlusher() {
        if (!leading) {
            leading = true;
            flusherLeads = true;
            LockSupport.unpark(flusher);
        }
    }

    /** Waits until the record, with whose frame the caller is registered, is durable. An interrupt is kept for later. */
    void await(long lsn) throws LogFailedException {
        boolean interrupted = false;
        try {
            if (isDeviceFast()) {
                look(lsn);
            }
            while (durable <= lsn) {
                checkUsable();
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Whether a device write takes less than waking a thread does. A virtual thread has its carrier for others to use. */
    private boolean isDeviceFast() {
        return parallel && gathering.writeNanos() < WAKE_NANOS && !Threads.isVirtual();
    }

    private void look(long lsn) {
        long start = System.nanoTime();
        while (durable <= lsn && failure == null && System.nanoTime() - start < WAKE_NANOS) {
            Thread.onSpinWait();
        }
    }

    /** Leads until the record is durable. The caller has the lead, and gives it up or hands it over. */
    void lead(long lsn) throws LogFailedException {
        WaiterList released = null;
        boolean done = false;
        try {
            int forOthers = MOST_FOR_OTHERS;
            boolean leads = true;
            while (leads) {
                release(released);
                released = null;
                released = writeNext();
                leads = durable <= lsn || keepsLead(forOthers-- > 0 && isDeviceFast());
            }
            done = true;
        } catch (LogFailedException e) {
            if (durable <= lsn) {
                throw e;
            }
            // What failed was written for others, who have been told: the caller's record is durable.
            done = true;
        } finally {
            if (!done) {
                abdicate();
            }
        }
        // The lead is somebody else's now: nothing that fails here may touch it.
        release(released);
    }

    /** The caller's stack or heap is exhausted: the flusher goes on, unless a frame was being written. */
    private void abdicate() {
        boolean torn;
        gate.lock();
        try {
            torn = tail.isWriting();
            flusherLeads = !torn;
        } finally {
            gate.unlock();
        }
        if (torn) {
            fail(new IllegalStateException("a thread died of an error while it was writing to the log"));
        }
        LockSupport.unpark(flusher);
    }

    /** Writes one frame; returns those who waited for it, to be released, if there are any. */
    private @Nullable WaiterList writeNext() throws LogFailedException {
        gathering.gather();
        FrameBuffer frame;
        gate.lock();
        try {
            checkUsable();
            frame = tail.takeForWriting();
        } finally {
            gate.unlock();
        }
        if (frame == null) {
            throw new AssertionError("wanted is not durable, yet there is nothing to write");
        }
        seal(frame);
        long start = System.nanoTime();
        try {
            device.write(frame);
        } catch (IOException e) {
            fail(e);
            checkUsable();
        }
        long end = System.nanoTime();
        WaiterList waiters = null;
        gate.lock();
        try {
            durable = frame.end();
            if (!frame.waiters.isEmpty()) {
                waiters = frame.waiters;
                var spare = spareLists.poll();
                frame.waiters = spare == null ? new WaiterList() : spare;
            }
            gathering.written(frame, start, end);
            tail.written(frame);
        } finally {
            gate.unlock();
        }
        return waiters;
    }

    private void release(@Nullable WaiterList waiters) {
        if (waiters != null) {
            waiters.release();
            gate.lock();
            try {
                spareLists.add(waiters);
            } finally {
                gate.unlock();
            }
        }
    }

    /** Gives up the lead if nothing is wanted; otherwise keeps it if the caller is willing, or hands it to the flusher. */
    private boolean keepsLead(boolean willing) {
        gate.lock();
        try {
            if (!isSomethingWanted()) {
                leading = false;
                return false;
            }
            if (willing) {
                return true;
            }
            flusherLeads = true;
        } finally {
            gate.unlock();
        }
        LockSupport.unpark(flusher);
        return false;
    }

    private boolean isSomethingWanted() {
        return tail.hasSealed() || (wanted >= durable && tail.open().records > 0);
    }

    private void seal(FrameBuffer frame) {
        frame.pad();
        header.address = frame.address;
        header.length = frame.used;
        header.span = frame.blocks * FrameFormat.BLOCK_BYTES;
        header.previousAddress = previousAddress;
        header.previousCrc = previousCrc;
        header.incarnation = incarnation;
        header.records = frame.records;
        header.tag = tag;
        previousCrc = FrameFormat.seal(frame.bytes, header, checksum);
        previousAddress = frame.address;
        frame.bytes.clear().limit(FrameFormat.padded(frame.used));
        frames++;
        records += frame.records;
        bytes += frame.bytes.remaining();
    }

    private void fail(Throwable cause) {
        gate.lock();
        try {
            if (failure == null) {
                failure = cause;
            }
            // The lead is never given up, so nothing is written any more.
            leading = true;
            tail.releaseAll();
        } finally {
            gate.unlock();
        }
    }

    /** Poisons the log for a reason outside of writing, such as lost ownership. */
    void poison(Throwable cause) {
        fail(cause);
    }

    /** The flusher: leads when it is handed the lead, and writes what nobody forces when the log has been idle. */
    @Override
    public void run() {
        long idleSince = System.nanoTime();
        boolean idle = false;
        while (true) {
            boolean lead;
            boolean due;
            gate.lock();
            try {
                if (idle && idleFlushDue && System.nanoTime() - idleSince >= idleNanos) {
                    idleFlushDue = false;
                    idle = false;
                    if (tail.hasUnwritten()) {
                        // Whoever leads now goes on, or hands the lead over, until this is written.
                        wanted = Math.max(wanted, tail.open().address);
                        giveLeadToFlusher();
                    }
                }
                if (failure != null || (stopping && !flusherLeads)) {
                    return;
                }
                lead = flusherLeads;
                due = idleFlushDue;
            } finally {
                gate.unlock();
            }
            if (lead) {
                leadUntilNothingIsWanted();
            } else if (due) {
                if (!idle) {
                    idle = true;
                    idleSince = System.nanoTime();
                }
                LockSupport.parkNanos(this, Math.max(1, idleSince + idleNanos - System.nanoTime()));
            } else {
                LockSupport.park(this);
            }
        }
    }

    private void leadUntilNothingIsWanted() {
        try {
            while (true) {
                gate.lock();
                try {
                    if (!isSomethingWanted()) {
                        flusherLeads = false;
                        leading = false;
                        return;
                    }
                } finally {
                    gate.unlock();
                }
                release(writeNext());
            }
        } catch (LogFailedException e) {
            // Everybody who waits has been told.
        } catch (Throwable e) {
            fail(e);
        }
    }

    /** Ends the flusher once it has nothing to lead. Appends must have stopped. */
    void stop() {
        gate.lock();
        stopping = true;
        gate.unlock();
        LockSupport.unpark(flusher);
        boolean interrupted = false;
        while (flusher.isAlive()) {
            try {
                flusher.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Frames written so far: under the gate. */
    long frames() {
        return frames;
    }

    /** Records written so far: under the gate. */
    long records() {
        return records;
    }

    /** Bytes written so far: under the gate. */
    long bytes() {
        return bytes;
    }

    /** The usual duration of a device write, in nanoseconds. */
    long writeNanos() {
        return gathering.writeNanos();
    }

    /** Time spent waiting for others, in nanoseconds. */
    long gatherNanos() {
        return gathering.waitedNanos();
    }
}
