package dev.ktm.log;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A lock for a few dozen instructions that never block. Allocates nothing, parks nobody, and so never pins a carrier.
 * Not reentrant.
 */
final class SpinLock {

    private static final int SPINS_BEFORE_YIELD = 100;

    private final AtomicBoolean held = new AtomicBoolean();

    @SuppressWarnings("ThreadPriorityCheck") // on two processors, spinning alone would starve the holder
    void lock() {
        int spins = 0;
        while (!held.compareAndSet(false, true)) {
            if (++spins < SPINS_BEFORE_YIELD) {
                Thread.onSpinWait();
            } else {
                // The holder has lost its processor: let it run.
                Thread.yield();
            }
        }
    }

    void unlock() {
        held.setRelease(false);
    }
}
