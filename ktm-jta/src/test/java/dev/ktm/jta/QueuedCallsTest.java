package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.Test;

/** Calls that are given up, on a machine that has no thread for that at first. */
class QueuedCallsTest {

    /** Threads and time by hand: what is to be done waits until it is taken. */
    private static final class Manual implements CallChain.Threads {
        private final Queue<Runnable> calls = new ArrayDeque<>();
        private final Queue<Runnable> timers = new ArrayDeque<>();
        private int refused = 1;

        @Override
        public void execute(Runnable task) {
            calls.add(task);
        }

        @Override
        public Executor calls() {
            return this;
        }

        @Override
        public void elsewhere(Runnable task) {
            if (refused-- > 0) {
                throw new OutOfMemoryError("planted: there is no thread");
            }
            task.run();
        }

        @Override
        public Runnable after(long nanos, Runnable task) {
            timers.add(task);
            return () -> timers.remove(task);
        }
    }

    private final List<String> done = new ArrayList<>();

    private CallChain.Call call(String name) {
        return new CallChain.Call() {
            @Override
            public XaAnswer make() {
                done.add(name + " made");
                return XaAnswer.returned(XaCall.COMMIT, XAResource.XA_OK);
            }

            @Override
            public void conclude(XaAnswer answer) {
                done.add(name + " concluded");
            }

            @Override
            public XaAnswer givenUp(Throwable why) {
                done.add(name + " given up");
                return XaAnswer.failed(XaCall.COMMIT, why);
            }
        };
    }

    @Test
    void aCallIsGivenUpOnceThereIsAThreadForIt() {
        var threads = new Manual();
        var chain = new QueuedCalls(threads, Duration.ofSeconds(1));
        chain.submit(call("first"));
        chain.submit(call("second"));

        threads.timers.remove().run();
        assertThat(done).as("not on the thread of all limits").isEmpty();
        threads.timers.remove().run();

        assertThat(done).containsExactly("first given up", "first concluded");
        var late = threads.calls.remove();
        threads.calls.remove().run();
        late.run();
        assertThat(done)
                .as("a late answer changes nothing")
                .containsExactly("first given up", "first concluded", "second made", "second concluded", "first made");
    }
}
