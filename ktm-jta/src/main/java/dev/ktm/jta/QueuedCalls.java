package dev.ktm.jta;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls on other threads, one after the other, and gives a call up that takes too long: the next one is made then, and a
 * late answer changes nothing.
 */
final class QueuedCalls implements CallChain {

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
    public boolean isLimited() {
        return !limit.isZero();
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
        threads.execute(() -> conclude(call, () -> call.givenUp(why)));
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
