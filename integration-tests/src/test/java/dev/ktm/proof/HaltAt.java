package dev.ktm.proof;

import dev.ktm.servers.Steps;
import java.util.concurrent.atomic.AtomicInteger;

/** Ends the process, as a power cut would, when it comes to a step for the nth time. Safe for many threads. */
final class HaltAt implements Steps {

    /** What the process ends with. */
    static final int STATUS = 87;

    private final String step;
    private final AtomicInteger left;
    private volatile boolean counting;

    /** At none if the name is empty. */
    HaltAt(String step, int times) {
        this.step = step;
        this.left = new AtomicInteger(times);
    }

    /** From now on steps count. */
    void begin() {
        counting = true;
    }

    @Override
    public void reached(String reached) {
        if (counting && reached.equals(step) && left.decrementAndGet() == 0) {
            Runtime.getRuntime().halt(STATUS);
        }
    }
}
