package dev.ktm.tm;

import java.lang.reflect.InvocationTargetException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Threads of a coordinator for what must not hold anybody up: as many as are needed, gone when they are not. What cannot have
 * one, because the machine has no more or because this is closed, is done by whoever asks. A thread that works for one that rolls
 * back what takes too long is {@linkplain TransactionManagers#TIMEOUT_THREAD named} like it meanwhile. Safe for many threads.
 */
public final class Workers implements Executor, AutoCloseable {

    private static final int IDLE_SECONDS = 10;

    /** How long a close waits for what is being done, before it interrupts. */
    private static final Duration GRACE = Duration.ofSeconds(3);

    /** How long it waits for what was interrupted. */
    private static final Duration LAST_GRACE = Duration.ofSeconds(1);

    /** The first version of Java in which a virtual thread that waits in a monitor keeps no other from running. */
    private static final int UNPINNED = 24;

    private final ExecutorService executor;

    Workers(ExecutorService executor) {
        this.executor = executor;
    }

    /** Platform threads. */
    public static Workers platform(String name) {
        return new Workers(new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), daemons(name)));
    }

    /**
     * Virtual threads if the JVM has them and code of others, which is full of monitors, cannot stop all of them by waiting in
     * one; else platform threads.
     */
    public static Workers virtual(String name) {
        return Runtime.version().feature() < UNPINNED ? platform(name) : new Workers(virtualThreads(name));
    }

    /** {@code Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name(name, 1).factory())}, of which Java 17 knows nothing. */
    private static ExecutorService virtualThreads(String name) {
        try {
            var type = Class.forName("java.lang.Thread$Builder");
            var builder = Thread.class.getMethod("ofVirtual").invoke(null);
            var named = type.getMethod("name", String.class, long.class).invoke(builder, name, 1L);
            var factory = type.getMethod("factory").invoke(named);
            return (ExecutorService) Executors.class
                    .getMethod("newThreadPerTaskExecutor", ThreadFactory.class)
                    .invoke(null, factory);
        } catch (ClassNotFoundException
                | NoSuchMethodException
                | IllegalAccessException
                | InvocationTargetException e) {
            throw new IllegalStateException("expected the virtual threads of Java " + UNPINNED + ", found " + e, e);
        }
    }

    /** Makes daemons with numbered names. */
    public static ThreadFactory daemons(String name) {
        var number = new AtomicLong();
        return task -> {
            var thread = new Thread(task, name + number.incrementAndGet());
            thread.setDaemon(true);
            // The class loader of whoever opened this first is not to be kept by it.
            thread.setContextClassLoader(Workers.class.getClassLoader());
            return thread;
        };
    }

    @Override
    public void execute(Runnable task) {
        try {
            elsewhere(task);
        } catch (RejectedExecutionException e) {
            task.run();
        } catch (OutOfMemoryError e) {
            // So the JVM says that the machine has no more threads.
            System.getLogger(Workers.class.getName())
                    .log(System.Logger.Level.WARNING, "no thread can be had: whoever asked does it himself", e);
            task.run();
        }
    }

    /**
     * As {@link #execute}, and never on the thread of the caller.
     *
     * @throws RejectedExecutionException if this is closed
     * @throws OutOfMemoryError if the machine has no more threads
     */
    public void elsewhere(Runnable task) {
        executor.execute(named(task));
    }

    /** The task, to be done under the name of a timeout's thread if this is one: resource managers ask for that name. */
    public static Runnable named(Runnable task) {
        if (!isTimeoutThread(Thread.currentThread())) {
            return task;
        }
        return () -> {
            var thread = Thread.currentThread();
            var own = thread.getName();
            if (isTimeoutThread(thread)) {
                task.run();
                return;
            }
            thread.setName(TransactionManagers.TIMEOUT_THREAD + " Worker for " + own);
            try {
                task.run();
            } finally {
                thread.setName(own);
            }
        };
    }

    private static boolean isTimeoutThread(Thread thread) {
        return thread.getName().startsWith(TransactionManagers.TIMEOUT_THREAD);
    }

    /**
     * Waits until what is being done has ended, for some seconds; then interrupts it, and waits for a second more. A task that
     * heeds no interrupt keeps its thread until it ends. An interrupt of the caller is kept for later.
     */
    @Override
    public void close() {
        end(executor);
    }

    /** As {@link #close}, for threads that somebody else has made. */
    public static void end(ExecutorService executor) {
        executor.shutdown();
        if (!uninterruptibly(executor::awaitTermination, GRACE)) {
            executor.shutdownNow();
            uninterruptibly(executor::awaitTermination, LAST_GRACE);
        }
    }

    /** Waits for a thread that was told to end, as {@link #close} does. */
    public static void end(Thread thread) {
        if (thread != Thread.currentThread()
                && !uninterruptibly((time, unit) -> hasEnded(thread, unit.toMillis(time)), GRACE)) {
            thread.interrupt();
            uninterruptibly((time, unit) -> hasEnded(thread, unit.toMillis(time)), LAST_GRACE);
        }
    }

    private static boolean hasEnded(Thread thread, long millis) throws InterruptedException {
        // Zero would mean for ever.
        thread.join(Math.max(1, millis));
        return !thread.isAlive();
    }

    /** Waiting for an end; tells whether it has come. */
    private interface Wait {
        boolean until(long time, TimeUnit unit) throws InterruptedException;
    }

    private static boolean uninterruptibly(Wait wait, Duration most) {
        long deadline = System.nanoTime() + most.toNanos();
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return wait.until(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
