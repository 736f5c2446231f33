package dev.ktm.tm;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Rolls back what takes too long: one thread, and nothing that a transaction has to be entered into.
 *
 * <p><b>Theory of operation.</b> A transaction knows its deadline. The thread looks at all of them, notes the nearest deadline
 * and sleeps until then; most transactions have ended long before, so that it wakes about once in the usual timeout. Whoever
 * sets a deadline that is nearer than the one it sleeps for wakes it. The thread itself calls nobody who could keep it: if no
 * other thread can be had, it tries again a moment later.
 */
final class Timeouts {

    /** No deadline. */
    static final long NEVER = Long.MAX_VALUE;

    private static final long IDLE_NANOS = 60_000_000_000L;
    private static final long AGAIN_NANOS = 100_000_000L;

    private final LiveTransactions live;
    private final LongSupplier nanoTime;
    private final long origin;
    private final Executor workers;
    /** Rolled back, and nobody could be had to tell the participants. Of whoever calls {@link #expire}. */
    private final List<CoreTransaction> waiting = new ArrayList<>();
    /** What the thread sleeps for; the lowest value while it looks. */
    private volatile long nearest = NEVER;

    private volatile long idleNanos = IDLE_NANOS;
    private volatile boolean stopped;
    private volatile @Nullable Thread thread;

    /**
     * Of these.
     *
     * @param workers tell participants; fail if no thread can be had, and never use that of the caller
     */
    Timeouts(LiveTransactions live, LongSupplier nanoTime, Executor workers) {
        this.live = live;
        this.nanoTime = nanoTime;
        this.origin = nanoTime.getAsLong();
        this.workers = workers;
    }

    void start(String name) {
        var timer = new Thread(this::run, name);
        timer.setDaemon(true);
        // The class loader of whoever opened this first is not to be kept by it.
        timer.setContextClassLoader(Timeouts.class.getClassLoader());
        thread = timer;
        timer.start();
    }

    /** Nanoseconds since the start. */
    long now() {
        return nanoTime.getAsLong() - origin;
    }

    /** Looks at all transactions at least as often, however far the nearest deadline is. */
    void lookEvery(long nanos) {
        if (nanos < idleNanos) {
            idleNanos = Math.max(AGAIN_NANOS, nanos);
            added(0);
        }
    }

    /** A deadline was set. */
    void added(long deadline) {
        if (deadline < nearest) {
            nearest = deadline;
            var timer = thread;
            if (timer != null) {
                LockSupport.unpark(timer);
            }
        }
    }

    /** As many nanoseconds, or {@link #NEVER} if they are more than fit. */
    static long nanosOf(Duration timeout) {
        try {
            return timeout.toNanos();
        } catch (ArithmeticException e) {
            return NEVER;
        }
    }

    /** Ends the thread, and waits for that. */
    void stop() {
        stopped = true;
        var timer = thread;
        if (timer != null) {
            LockSupport.unpark(timer);
            Workers.end(timer);
        }
    }

    private void run() {
        while (!stopped) {
            long wait;
            try {
                wait = expire();
            } catch (RuntimeException | Error e) {
                System.getLogger(Timeouts.class.getName())
                        .log(System.Logger.Level.ERROR, "timeouts cannot be looked at now", e);
                wait = AGAIN_NANOS;
            }
            if (!stopped) {
                LockSupport.parkNanos(this, Math.min(wait, idleNanos));
            }
            // An interrupt is not for this thread, and would keep it from sleeping.
            Thread.interrupted();
        }
    }

    /** Rolls back what is due; returns how long it is until the next deadline, in nanoseconds. */
    long expire() {
        // What is set from now on and nearer than what is found wakes the thread once more.
        nearest = NEVER;
        long now = now();
        var due = new ArrayList<CoreTransaction>();
        var found = new long[] {NEVER};
        var old = new ArrayList<CoreTransaction>();
        live.forEach(transaction -> {
            long deadline = transaction.deadline();
            if (deadline <= now) {
                due.add(transaction);
            } else if (deadline < found[0]) {
                found[0] = deadline;
            }
            if (transaction.mayPin(now)) {
                old.add(transaction);
            }
        });
        for (var transaction : due) {
            // First: it is not found here again.
            waiting.add(transaction);
            try {
                transaction.expired();
            } catch (RuntimeException | Error e) {
                System.getLogger(Timeouts.class.getName())
                        .log(System.Logger.Level.ERROR, "a timeout could not be reported", e);
            }
        }
        handOver();
        reportPinning(old, now);
        if (found[0] < nearest) {
            nearest = found[0];
        }
        if (!waiting.isEmpty()) {
            return AGAIN_NANOS;
        }
        return nearest == NEVER ? NEVER : Math.max(0, nearest - now);
    }

    private static void reportPinning(List<CoreTransaction> old, long now) {
        for (var transaction : old) {
            try {
                transaction.reportIfPinning(now);
            } catch (RuntimeException | Error e) {
                System.getLogger(Timeouts.class.getName())
                        .log(System.Logger.Level.ERROR, "what the log has to keep could not be reported", e);
            }
        }
    }

    private void handOver() {
        while (!waiting.isEmpty()) {
            try {
                workers.execute(waiting.get(0)::drain);
            } catch (RuntimeException | Error e) {
                // The machine may have no thread left at this moment; the next look is soon.
                System.getLogger(Timeouts.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "what has timed out cannot be rolled back now: there is no thread for it",
                                e);
                return;
            }
            waiting.remove(0);
        }
    }
}
