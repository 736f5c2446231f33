package dev.ktm.log;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Does what no caller should wait for: recycles, fills, grows and shrinks, on a thread of its own. */
final class Housekeeper {

    private static final long STOP_SECONDS = 30;

    private final Administration administration;
    private final Sizing sizing;
    private final FullHandler fullHandler;
    private final ExecutorService executor;
    private final AtomicBoolean tidying = new AtomicBoolean();

    Housekeeper(Administration administration, Sizing sizing, FullHandler fullHandler, String name) {
        this.administration = administration;
        this.sizing = sizing;
        this.fullHandler = fullHandler;
        this.executor = Executors.newSingleThreadExecutor(task -> daemon(task, name));
    }

    static Thread daemon(Runnable task, String name) {
        var thread = new Thread(task, name);
        thread.setDaemon(true);
        // The class loader of whoever opened this first is not to be kept by it.
        thread.setContextClassLoader(Housekeeper.class.getClassLoader());
        return thread;
    }

    /** A task that may fail as the log may. */
    interface Task {

        /** Does it. */
        void run() throws LogException;
    }

    void execute(String what, Task task) {
        try {
            executor.execute(() -> run(what, task));
        } catch (RejectedExecutionException e) {
            // The log is being closed.
        }
    }

    private void run(String what, Task task) {
        try {
            task.run();
        } catch (LogClosedException | LogFailedException e) {
            administration.lock.lock();
            try {
                fullHandler.abandon(e);
            } finally {
                administration.lock.unlock();
            }
            administration.roomHasChanged();
        } catch (LogException | RuntimeException e) {
            System.getLogger(Housekeeper.class.getName())
                    .log(System.Logger.Level.WARNING, what + " failed: " + e.getMessage(), e);
        }
    }

    /** Something may be free now. Cheap, and called often. */
    void tidySoon() {
        if (tidying.compareAndSet(false, true)) {
            boolean accepted = false;
            try {
                execute("housekeeping", this::tidy);
                accepted = true;
            } finally {
                if (!accepted) {
                    tidying.set(false);
                }
            }
        }
    }

    private void tidy() throws LogException {
        tidying.set(false);
        sizing.fillNew();
        administration.lock.lock();
        try {
            fullHandler.review();
            sizing.growByPolicy();
            sizing.shrink();
        } finally {
            administration.lock.unlock();
        }
    }

    void stop() {
        executor.shutdown();
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = executor.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
