package dev.ktm.jta;

import dev.ktm.tm.Workers;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads for calls that may take long: as many as there are such calls, so that none waits for another.
 *
 * <p>Calls that are expected to come back are made on virtual threads where that is of use. What decides about calls that do
 * not, and the calls of recovery, have platform threads: a driver that waits in native code would keep the few carriers of all
 * virtual threads.
 */
final class Threads implements CallChain.Threads, AutoCloseable {

    private final Workers workers;
    private final Workers calls;
    private final ScheduledThreadPoolExecutor timer;

    Threads(String name) {
        this.workers = Workers.platform(name + " worker ");
        this.calls = Workers.virtual(name + " call ");
        this.timer = new ScheduledThreadPoolExecutor(1, Workers.daemons(name + " call timer "));
        // Calls that have come back must not wait in it for their time.
        this.timer.setRemoveOnCancelPolicy(true);
    }

    @Override
    public void execute(Runnable task) {
        workers.execute(task);
    }

    @Override
    public void elsewhere(Runnable task) {
        workers.elsewhere(task);
    }

    @Override
    public Executor calls() {
        return calls;
    }

    @Override
    public Runnable after(long nanos, Runnable task) {
        try {
            var scheduled = timer.schedule(Workers.named(task), nanos, TimeUnit.NANOSECONDS);
            return () -> scheduled.cancel(false);
        } catch (RejectedExecutionException e) {
            // This is closed: nobody gives anything up any more.
            return () -> {};
        } catch (OutOfMemoryError e) {
            // So the JVM says that the machine has no more threads; the call itself may be made all the same.
            System.getLogger(Threads.class.getName())
                    .log(System.Logger.Level.WARNING, "a call has no limit: there is no thread to watch it", e);
            return () -> {};
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        Workers.end(timer);
        workers.close();
        calls.close();
    }
}
