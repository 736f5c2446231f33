package dev.ktm.tm;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Threads for what must not hold anybody up: as many as are needed, gone when they are not. */
final class Workers {

    private static final int MOST = 256;
    private static final int IDLE_SECONDS = 10;

    private Workers() {}

    static ExecutorService create(String name) {
        var number = new AtomicLong();
        return new ThreadPoolExecutor(
                0,
                MOST,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                task -> {
                    var thread = new Thread(task, name + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                },
                // More than can run at once wait for the one that asks.
                new ThreadPoolExecutor.CallerRunsPolicy());
    }
}
