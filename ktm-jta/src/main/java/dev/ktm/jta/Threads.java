package dev.ktm.jta;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Threads for calls that may take long: as many as there are such calls, so that none waits for another.
 */
final class Threads implements CallChain.Threads, AutoCloseable {

    private final ExecutorService workers;
    private final ScheduledThreadPoolExecutor timer;

    Threads(String name) {
        this.workers = Executors.newCachedThreadPool(daemons(name + " worker "));
        this.timer = new ScheduledThreadPoolExecutor(1, daemons(name + " call timer "));
        // Calls that have come back must not wait in it for their time.
        this.timer.setRemoveOnCancelPolicy(true);
    }

    private static ThreadFactory daemons(String prefix) {
        var number = new AtomicLong();
        return task -> {
            var thread = new Thread(task, prefix + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    @Override
    public void execute(Runnable task) {
        workers.execute(task);
    }

    @Override
    public Runnable after(long nanos, Runnable task) {
        var scheduled = timer.schedule(task, nanos, TimeUnit.NANOSECONDS);
        return () -> scheduled.cancel(false);
    }

    @Override
    public void close() {
        timer.shutdownNow();
        workers.shutdown();
    }
}
