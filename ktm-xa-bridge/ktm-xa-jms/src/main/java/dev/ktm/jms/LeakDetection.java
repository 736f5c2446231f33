package dev.ktm.jms;

import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Says which connections, sessions and contexts are not closed, and where they were taken. Off, and without cost, unless it has
 * a threshold. Thread-safe.
 */
final class LeakDetection implements AutoCloseable {

    private final System.Logger logger;
    private final String label;
    private final Duration threshold;
    /** Null if it is off. Its thread ends with it. */
    private final @Nullable ScheduledThreadPoolExecutor clock;

    /**
     * For the handles of one factory.
     *
     * @param threshold how long a handle may be open; zero for as long as it likes
     */
    LeakDetection(System.Logger logger, String label, Duration threshold) {
        this.logger = logger;
        this.label = label;
        this.threshold = threshold;
        this.clock = threshold.isZero() ? null : clock(label);
    }

    private static ScheduledThreadPoolExecutor clock(String label) {
        var clock = new ScheduledThreadPoolExecutor(1, task -> {
            var thread = new Thread(task, "ktm jms leak detection of " + label);
            thread.setDaemon(true);
            return thread;
        });
        clock.setRemoveOnCancelPolicy(true);
        // Whoever takes something while the factory is being closed is not watched any more.
        clock.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        return clock;
    }

    /** One handle that is open. */
    interface Watch {
        /** Nobody watches. */
        Watch NONE = () -> {};

        /** It is closed. */
        void closed();
    }

    /** Begins to watch a handle that this thread has taken. */
    Watch watch(String what) {
        var timer = clock;
        if (timer == null) {
            return Watch.NONE;
        }
        var taken = new Exception(what + " was taken here");
        var open = new OpenHandle(
                what + " of " + label + ", taken by thread "
                        + Thread.currentThread().getName(),
                taken);
        var alarm = timer.schedule(open::warn, threshold.toMillis(), TimeUnit.MILLISECONDS);
        return () -> {
            alarm.cancel(false);
            open.closed();
        };
    }

    /** How far the warning of a handle has come. */
    private enum Warning {
        NONE,
        /** It is being written: who closes meanwhile leaves what is to be said to whoever writes. */
        UNDER_WAY,
        GIVEN,
        /** The handle is closed. */
        OVER
    }

    /** A handle that is watched. What is closed is not warned about; what was warned about is said to be closed, and after that. */
    private final class OpenHandle {
        private final String description;
        private final Exception taken;
        private final AtomicReference<Warning> warning = new AtomicReference<>(Warning.NONE);

        OpenHandle(String description, Exception taken) {
            this.description = description;
            this.taken = taken;
        }

        void warn() {
            if (!warning.compareAndSet(Warning.NONE, Warning.UNDER_WAY)) {
                return;
            }
            logger.log(
                    System.Logger.Level.WARNING,
                    description + ", has not been closed for " + threshold.toMillis()
                            + " ms: close what is taken, or raise leakDetectionThreshold",
                    taken);
            if (!warning.compareAndSet(Warning.UNDER_WAY, Warning.GIVEN)) {
                sayThatItIsClosed();
            }
        }

        void closed() {
            if (warning.getAndSet(Warning.OVER) == Warning.GIVEN) {
                sayThatItIsClosed();
            }
        }

        private void sayThatItIsClosed() {
            logger.log(System.Logger.Level.INFO, description + ", is closed after all");
        }
    }

    @Override
    public void close() {
        if (clock != null) {
            clock.shutdownNow();
        }
    }
}
