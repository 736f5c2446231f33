package dev.ktm.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock for a few dozen instructions that never block. Allocates nothing, parks nobody, and so never pins a carrier.
 * Not reentrant.
 */
final class SpinLock {

    private static final int SPINS_BEFORE_YIELD = 100;
    private static final VarHandle HELD;

    static {
        try {
            HELD = MethodHandles.lookup().findVarHandle(SpinLock.class, "held", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through HELD
    private int held;

    @SuppressWarnings("ThreadPriorityCheck") // on two processors, spinning alone would starve the holder
    void lock() {
        int spins = 0;
        while (!HELD.compareAndSet(this, 0, 1)) {
            if (++spins < SPINS_BEFORE_YIELD) {
                Thread.onSpinWait();
            } else {
                // The holder has lost its processor: let it run.
                Thread.yield();
            }
        }
    }

    void unlock() {
        HELD.setRelease(this, 0);
    }
}
