package dev.ktm.log.testing;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for what other threads bring about, and that nobody reports. */
public final class Until {

    private static final long LIMIT_SECONDS = 30;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private Until() {}

    /** A question that may fail. */
    public interface Question {
        boolean ask() throws Exception;
    }

    /** Returns once the answer is yes; fails when it has not been for half a minute. */
    public static void holds(Question question) throws Exception {
        long start = System.nanoTime();
        while (!question.ask()) {
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(LIMIT_SECONDS)) {
                throw new AssertionError("it does not hold after " + LIMIT_SECONDS + " seconds");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }
}
