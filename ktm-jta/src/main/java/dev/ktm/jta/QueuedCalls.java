package dev.ktm.jta;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls on other threads, one after the other, and gives a call up that takes too long: the next one is made then, and a
 * late answer changes nothing.
 */
final class QueuedCalls implements CallChain {

    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Threads threads;
    private final Executor callers;
    private final Duration limit;
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Call> waiting = new ArrayDeque<>();
    private @Nullable Call running;

    /** Calls have no limit if it is zero. */
    QueuedCalls(Threads threads, Duration limit) {
        this.threads = threads;
        this.callers = limit.isZero() ? threads.calls() : threads;
        this.limit = limit;
    }

    @Override
    public boolean attempt(Runnable task) {
        if (limit.isZero()) {
            task.run();
            return true;
        }
        var done = new CompletableFuture<Boolean>();
        callers.execute(() -> {
            try {
                task.run();
            } finally {
                done.complete(true);
            }
        });
        return done.completeOnTimeout(false, limit.toNanos(), TimeUnit.NANOSECONDS)
                .join();
    }

    @Override
    public void submit(Call call) {
        lock.lock();
        try {
            if (running != null) {
                waiting.add(call);
                return;
            }
            running = call;
        } finally {
            lock.unlock();
        }
        start(call);
    }

    private void start(Call call) {
        Runnable cancel = limit.isZero() ? () -> {} : threads.after(limit.toNanos(), () -> giveUp(call));
        callers.execute(() -> {
            var answer = call.make();
            cancel.run();
            conclude(call, () -> answer);
        });
    }

    private void giveUp(Call call) {
        var why = new TimeoutException("no answer within " + limit);
        try {
            threads.elsewhere(() -> conclude(call, () -> call.givenUp(why)));
        } catch (RejectedExecutionException e) {
            // Everything is closed.
            conclude(call, () -> call.givenUp(why));
        } catch (OutOfMemoryError e) {
            // There is no thread for it now; that of all limits is not to be kept by what follows.
            threads.after(AGAIN_NANOS, () -> giveUp(call));
        }
    }

    private void conclude(Call call, Supplier<XaAnswer> answer) {
        lock.lock();
        try {
            if (running != call) {
                // It was given up, and this is what it says now.
                return;
            }
            running = CONCLUDING;
        } finally {
            lock.unlock();
        }
        try {
            call.conclude(answer.get());
        } finally {
            next();
        }
    }

    private void next() {
        Call next;
        lock.lock();
        try {
            next = waiting.poll();
            running = next;
        } finally {
            lock.unlock();
        }
        if (next != null) {
            start(next);
        }
    }

    /** Stands for a call that has been answered. */
    private static final Call CONCLUDING = new Call() {
        @Override
        public XaAnswer make() {
            throw new IllegalStateException("made already");
        }

        @Override
        public void conclude(XaAnswer answer) {
            throw new IllegalStateException("concluded already");
        }

        @Override
        public XaAnswer givenUp(Throwable why) {
            throw new IllegalStateException("concluded already", why);
        }
    };
}
