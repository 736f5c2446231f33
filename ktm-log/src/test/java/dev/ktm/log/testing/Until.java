package dev.ktm.log.testing;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Waits for what others bring about, and nobody reports, by asking again and again. */
public final class Until {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private Until() {}

    /** A question that may fail. */
    public interface Question {
        boolean ask() throws Exception;
    }

    /** Returns once the answer is yes; fails when it has not been for half a minute. */
    public static void holds(Question question) throws Exception {
        holds(question, () -> "it does not hold");
    }

    /** As {@link #holds(Question)}; when it fails it says what is so instead. */
    public static void holds(Question question, Supplier<String> instead) throws Exception {
        long start = System.nanoTime();
        while (!question.ask()) {
            if (System.nanoTime() - start > LIMIT.toNanos()) {
                throw new AssertionError("after " + LIMIT + ": " + instead.get());
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    /**
     * As {@link #holds}, of something outside this process, which may not be there yet: an exception is a no, and the last one is
     * the cause of the failure. Only an {@link IllegalStateException} says that there is nothing to wait for.
     */
    public static void answers(Duration limit, Question question) {
        long start = System.nanoTime();
        @Nullable Exception last;
        do {
            try {
                if (question.ask()) {
                    return;
                }
                last = null;
            } catch (IllegalStateException e) {
                throw e;
            } catch (Exception e) {
                last = e;
            }
            LockSupport.parkNanos(ASK_NANOS);
        } while (System.nanoTime() - start < limit.toNanos());
        throw new AssertionError("no answer, or no, after " + limit, last);
    }
}
