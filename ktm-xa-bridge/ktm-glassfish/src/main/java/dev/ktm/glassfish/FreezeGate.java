package dev.ktm.glassfish;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What {@code freeze-transaction-service} closes: transactions that are to begin or to end wait until it is opened again; what is
 * past it goes on. Whoever closes it need not be the one that opens it. Safe for many threads.
 */
final class FreezeGate implements Lock {

    private final ReentrantLock guard = new ReentrantLock();
    private final Condition opened = guard.newCondition();
    private boolean closed;

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
            opened.signalAll();
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

    /** Waits until it is open. */
    @Override
    public void lock() {
        guard.lock();
        try {
            while (closed) {
                opened.awaitUninterruptibly();
            }
        } finally {
            guard.unlock();
        }
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
        guard.lockInterruptibly();
        try {
            while (closed) {
                opened.await();
            }
        } finally {
            guard.unlock();
        }
    }

    @Override
    public boolean tryLock() {
        return !isClosed();
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        guard.lockInterruptibly();
        try {
            long left = unit.toNanos(time);
            while (closed && left > 0) {
                left = opened.awaitNanos(left);
            }
            return !closed;
        } finally {
            guard.unlock();
        }
    }

    /** Nothing is held. */
    @Override
    public void unlock() {}

    @Override
    public Condition newCondition() {
        throw new UnsupportedOperationException("a gate has no conditions");
    }
}
