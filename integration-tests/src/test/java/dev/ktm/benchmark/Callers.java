package dev.ktm.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The users of a log in a closed loop: each appends, waits until that is durable, and appends again. What ends between
 * {@link #startRecording} and {@link #stopRecording} counts.
 */
final class Callers {

    private final List<Caller> callers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final long thinkNanos;
    private volatile boolean recording;
    private volatile boolean stopped;

    private Callers(long thinkNanos) {
        this.thinkNanos = thinkNanos;
    }

    /** Starts the callers of a scenario. */
    static Callers start(Scenario scenario, DurableLog log) {
        var started = new Callers(scenario.thinkMicros() * 1000);
        var factory = scenario.threads().factory();
        for (int i = 0; i < scenario.callers(); i++) {
            var caller = started.new Caller(log.appender());
            started.callers.add(caller);
            started.threads.add(factory.newThread(caller));
        }
        started.threads.forEach(Thread::start);
        return started;
    }

    /** What ends from now on counts. */
    void startRecording() {
        recording = true;
    }

    /** What ends from now on does not count. The callers carry on until {@link #join}. */
    void stopRecording() {
        recording = false;
    }

    /**
     * Ends the callers and returns how long the appends took that counted.
     *
     * @throws IllegalStateException if an append failed
     */
    Latencies join() throws InterruptedException {
        stopped = true;
        var all = new Latencies();
        for (var thread : threads) {
            thread.join();
        }
        callers.forEach(caller -> all.add(caller.latencies));
        var cause = failure.get();
        if (cause != null) {
            throw new IllegalStateException("an append failed: " + cause, cause);
        }
        return all;
    }

    /** One thread's loop. */
    private final class Caller implements Runnable {
        private final DurableLog.Appender appender;
        private final Latencies latencies = new Latencies();

        Caller(DurableLog.Appender appender) {
            this.appender = appender;
        }

        @Override
        public void run() {
            try {
                while (!stopped) {
                    long start = System.nanoTime();
                    appender.appendForced();
                    if (recording) {
                        latencies.record(System.nanoTime() - start);
                    }
                    if (thinkNanos > 0) {
                        LockSupport.parkNanos(thinkNanos);
                    }
                }
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
                stopped = true;
            }
        }
    }
}
