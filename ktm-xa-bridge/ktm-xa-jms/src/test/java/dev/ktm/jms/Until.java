package dev.ktm.jms;

import static org.assertj.core.api.Assertions.fail;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for what other threads bring about, and that nobody reports. */
final class Until {

    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private Until() {}

    /** A question that may fail. */
    interface Question {
        boolean ask() throws Exception;
    }

    static void holds(Question question) throws Exception {
        long start = System.nanoTime();
        while (!question.ask()) {
            if (System.nanoTime() - start > LIMIT_NANOS) {
                fail("it does not hold after 30 seconds");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }
}
