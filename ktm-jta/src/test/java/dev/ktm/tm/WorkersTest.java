package dev.ktm.tm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A machine that has no more threads. */
class WorkersTest {

    private final AtomicReference<Thread> ran = new AtomicReference<>();

    private static Workers withoutThreads() {
        return new Workers(new ThreadPoolExecutor(0, 9, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
            throw new OutOfMemoryError("planted: there is no thread");
        }));
    }

    @Test
    void whatNoThreadCanBeHadForIsDoneByWhoeverAsks() {
        withoutThreads().execute(() -> ran.set(Thread.currentThread()));

        assertThat(ran.get()).isSameAs(Thread.currentThread());
    }

    @Test
    void whatMustNotBeDoneByWhoeverAsksIsNotDone() {
        try (var closed = Workers.platform("closed ")) {
            closed.close();

            assertThatThrownBy(() -> closed.elsewhere(() -> ran.set(Thread.currentThread())))
                    .isInstanceOf(RejectedExecutionException.class);
        }
        assertThatThrownBy(() -> withoutThreads().elsewhere(() -> ran.set(Thread.currentThread())))
                .isInstanceOf(OutOfMemoryError.class);
        assertThat(ran.get()).isNull();
    }
}
