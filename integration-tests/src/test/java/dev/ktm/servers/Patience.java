package dev.ktm.servers;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Waits for something outside this process, which cannot tell us when it is ready, by asking it again and again. */
record Patience(Duration limit) {

    private static final Duration BETWEEN_TRIES = Duration.ofMillis(20);

    static Patience within(Duration limit) {
        return new Patience(limit);
    }

    /** Something that is asked. */
    interface Question {
        boolean answer() throws Exception;
    }

    /** Returns when the answer is yes. An exception is a no; the last one is reported. */
    void until(Question question) {
        long end = System.nanoTime() + limit.toNanos();
        @Nullable Exception last = null;
        do {
            try {
                if (question.answer()) {
                    return;
                }
                last = null;
            } catch (IllegalStateException e) {
                throw e;
            } catch (Exception e) {
                last = e;
            }
            LockSupport.parkNanos(BETWEEN_TRIES.toNanos());
        } while (System.nanoTime() - end < 0);
        throw new AssertionError("not within " + limit, last);
    }
}
