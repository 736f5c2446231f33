package dev.ktm.console;

import dev.ktm.operator.Operations;
import dev.ktm.operator.OperatorException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** How a coordinator was at points of time, the last so many of them. Safe for many threads. */
final class History implements AutoCloseable {

    private final Operations operations;
    private final int most;
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by {@link #lock}; oldest first. */
    private final ArrayDeque<Sample> samples = new ArrayDeque<>();
    /** Guarded by {@link #lock}. */
    private long taken;

    private final ScheduledExecutorService timer;
    private final ScheduledFuture<?> taking;

    History(Operations operations, Duration interval, int most) {
        this.operations = operations;
        this.most = most;
        this.timer = Executors.newSingleThreadScheduledExecutor(task -> {
            var thread = new Thread(task, "ktm console history");
            thread.setDaemon(true);
            // Not that of whoever happens to open the console: it would never be let go of.
            thread.setContextClassLoader(History.class.getClassLoader());
            return thread;
        });
        this.taking = timer.scheduleWithFixedDelay(this::take, 0, interval.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void take() {
        try {
            var manager = operations.manager();
            var counts = operations.counts();
            var log = operations.logStats();
            lock.lock();
            try {
                taken++;
                samples.addLast(Sample.of(taken, manager, counts, log));
                while (samples.size() > most) {
                    samples.removeFirst();
                }
            } finally {
                lock.unlock();
            }
        } catch (OperatorException | RuntimeException e) {
            // A coordinator that is closing has no more to tell. Of one that is not, the page says so.
            System.getLogger(History.class.getName())
                    .log(System.Logger.Level.DEBUG, "there is a gap in the history of the console", e);
        }
    }

    /** What was taken after that number, oldest first. */
    List<Sample> since(long number) {
        lock.lock();
        try {
            return samples.stream().filter(each -> each.number() > number).toList();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        taking.cancel(false);
        timer.shutdown();
    }
}
