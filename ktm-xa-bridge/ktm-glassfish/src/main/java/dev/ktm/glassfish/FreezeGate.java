package dev.ktm.glassfish;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What {@code freeze-transaction-service} closes: transactions that are to begin or to end wait until it is opened again; what is
 * past it goes on, and so does what that begins and ends meanwhile. Whoever closes it need not be the one that opens it. Safe for
 * many threads.
 */
final class FreezeGate implements Lock {

    private final ReentrantLock guard = new ReentrantLock();
    private final Condition changed = guard.newCondition();
    private boolean closed;
    /** How many threads are past it. */
    private int inside;
    /** How often this thread has passed it, here and not in another server. */
    @SuppressWarnings("ThreadLocalUsage")
    private final ThreadLocal<Integer> depth = ThreadLocal.withInitial(() -> 0);

    void close() {
        guard.lock();
        try {
            closed = true;
        } finally {
            guard.unlock();
        }
    }

    void open() {
        guard.lock();
        try {
            closed = false;
            changed.signalAll();
        } finally {
            guard.unlock();
        }
    }

    boolean isClosed() {
        guard.lock();
        try {
            return closed;
        } finally {
            guard.unlock();
        }
    }

    /** Waits until nobody is past it, this thread apart; false if somebody still is after this time. */
    boolean awaitNobody(Duration limit) {
        int own = depth.get() == 0 ? 0 : 1;
        guard.lock();
        try {
            long left = limit.toNanos();
            while (inside > own && left > 0) {
                left = changed.awaitNanos(left);
            }
            return inside <= own;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            guard.unlock();
        }
    }

    /** Waits until it is open. */
    @Override
    public void lock() {
        guard.lock();
        try {
            while (mustWait()) {
                changed.awaitUninterruptibly();
            }
            pass();
        } finally {
            guard.unlock();
        }
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
        guard.lockInterruptibly();
        try {
            while (mustWait()) {
                changed.await();
            }
            pass();
        } finally {
            guard.unlock();
        }
    }

    @Override
    public boolean tryLock() {
        guard.lock();
        try {
            return !mustWait() && pass();
        } finally {
            guard.unlock();
        }
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        guard.lockInterruptibly();
        try {
            long left = unit.toNanos(time);
            while (mustWait() && left > 0) {
                left = changed.awaitNanos(left);
            }
            return !mustWait() && pass();
        } finally {
            guard.unlock();
        }
    }

    /** Whoever is past it may be what others wait for. */
    private boolean mustWait() {
        return closed && depth.get() == 0;
    }

    private boolean pass() {
        int before = depth.get();
        if (before == 0) {
            inside++;
        }
        depth.set(before + 1);
        return true;
    }

    @Override
    public void unlock() {
        int before = depth.get();
        if (before == 0) {
            throw new IllegalMonitorStateException("expected a thread that has passed the gate");
        }
        if (before > 1) {
            depth.set(before - 1);
            return;
        }
        depth.remove();
        guard.lock();
        try {
            inside--;
            changed.signalAll();
        } finally {
            guard.unlock();
        }
    }

    @Override
    public Condition newCondition() {
        throw new UnsupportedOperationException("a gate has no conditions");
    }
}
