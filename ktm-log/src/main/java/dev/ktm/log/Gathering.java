package dev.ktm.log;

import java.util.concurrent.atomic.LongAdder;

/**
 * How long a leader waits for others before it seals a frame: the theory is at the head of {@link GroupCommit}. The
 * leader's alone; handing over the lead hands it over.
 */
final class Gathering {

    private static final long MOST_NANOS = 2_000_000;
    private static final long NO_ARRIVAL_NANOS = 20_000;
    private static final int PROBE_INTERVAL = 64;

    private final Tail tail;
    private final LongAdder waitedNanos = new LongAdder();

    /** Callers that the last write released, and those that were waiting for the next one by then. */
    private int released;

    private int queued;

    /** Whether frames were sealed already: then nobody can join the next one. */
    private boolean backlog;

    /** The share of those released that comes back in time; a moving average. */
    private double returning = 0.5;

    private long writtenAtNanos;
    private long skipped;

    /** The usual duration of a device write; a moving average. Others read it. */
    private volatile long writeNanos;

    Gathering(Tail tail) {
        this.tail = tail;
    }

    /** Notes a write. Under the gate, when its frame is durable and the next frame is open. */
    void written(FrameBuffer frame, long startNanos, long endNanos) {
        long usual = writeNanos;
        writeNanos = usual + ((endNanos - startNanos - usual) >> 3);
        writtenAtNanos = endNanos;
        released = frame.forcers;
        queued = tail.open().forcers;
        backlog = tail.hasSealed();
    }

    /** The share of those released that usually comes back in time. */
    double returning() {
        return returning;
    }

    /** The usual duration of a device write, in nanoseconds. */
    long writeNanos() {
        return writeNanos;
    }

    /** Time spent waiting for others, in nanoseconds. */
    long waitedNanos() {
        return waitedNanos.sum();
    }

    /** Waits, for a bounded time, for those whom the last write released. */
    void gather() {
        int callers = released;
        if (backlog || callers == 0 || (callers == 1 && queued == 0)) {
            return;
        }
        double expected = returning * callers;
        long bound = Math.min(writeNanos / 2, MOST_NANOS);
        boolean pays = expected >= 0.5 && expected * writeNanos > queued * (bound / 2.0);
        // Now and then it is tried all the same, to learn whether they come back by now.
        if (!pays && ++skipped % PROBE_INTERVAL != 0) {
            return;
        }
        long start = System.nanoTime();
        int target = queued + (int) Math.ceil(callers * Math.min(1.0, returning + 0.1));
        int present = await(target, start, writtenAtNanos + bound);
        returning += (Math.min(1.0, (present - queued) / (double) callers) - returning) / 8;
        waitedNanos.add(System.nanoTime() - start);
    }

    /** Waits until so many are there, or time is up, or nobody has come for a while. Returns how many are there. */
    @SuppressWarnings("ThreadPriorityCheck") // those who were released need a processor to come back
    private int await(int target, long start, long deadline) {
        var open = tail.open();
        int present = open.forcers;
        long now = start;
        long lastArrival = start;
        long patience = NO_ARRIVAL_NANOS + (writeNanos >> 3);
        while (present < target && now < deadline && (present <= queued || now - lastArrival <= patience)) {
            Thread.yield();
            now = System.nanoTime();
            int count = open.forcers;
            if (count != present) {
                present = count;
                lastArrival = now;
            }
        }
        return present;
    }
}
