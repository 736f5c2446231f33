package dev.ktm.console;

import dev.ktm.operator.Operations;
import dev.ktm.operator.OperatorException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** How a coordinator was at points of time, the last so many of them. Safe for many threads. */
final class History implements AutoCloseable {

    private static final System.Logger LOGGER = System.getLogger(History.class.getName());

    private final Operations operations;
    private final int most;
    /** Tells one history from that of another console, whose numbers begin again. */
    private final String id = UUID.randomUUID().toString();

    private final long start = System.nanoTime();
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by {@link #lock}; oldest first. */
    private final ArrayDeque<Sample> samples = new ArrayDeque<>();
    /** Guarded by {@link #lock}. */
    private long taken;

    private final ScheduledExecutorService timer;
    private final ScheduledFuture<?> taking;
    /** Of the timer's thread. */
    private boolean isWarned;

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
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            lock.lock();
            try {
                taken++;
                samples.addLast(Sample.of(taken, millis, manager, counts, log));
                while (samples.size() > most) {
                    samples.removeFirst();
                }
            } finally {
                lock.unlock();
            }
        } catch (OperatorException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "a coordinator that is closed has no history", e);
        } catch (RuntimeException | Error e) {
            // What is thrown on would end the taking for good.
            LOGGER.log(
                    isWarned ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING,
                    "the history of the console has a gap",
                    e);
            isWarned = true;
        }
    }

    /**
     * What was taken after a point that somebody knows, oldest first; everything, if that point is none of this history.
     *
     * @param known the id of the history that he knows it from
     */
    Map<String, Object> since(String known, long number) {
        long last = known.equals(id) ? number : 0;
        var told = new LinkedHashMap<String, Object>();
        told.put("id", id);
        lock.lock();
        try {
            told.put(
                    "points",
                    samples.stream().filter(each -> each.number() > last).toList());
        } finally {
            lock.unlock();
        }
        return told;
    }

    @Override
    public void close() {
        taking.cancel(false);
        timer.shutdown();
    }
}
