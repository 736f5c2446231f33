package dev.ktm.log;

import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Threads that wait for a frame. Kept apart from the frame, which is used again before the last of them is awake. */
final class WaiterList {

    private @Nullable Thread[] threads = new @Nullable Thread[16];
    private int count;

    void add(Thread thread) {
        if (count == threads.length) {
            threads = Arrays.copyOf(threads, 2 * count);
        }
        threads[count++] = thread;
    }

    boolean isEmpty() {
        return count == 0;
    }

    int size() {
        return count;
    }

    /** Wakes them all and empties the list. */
    void release() {
        Error failure = null;
        for (int i = 0; i < count; i++) {
            try {
                LockSupport.unpark(threads[i]);
            } catch (Error e) {
                // Out of memory while a virtual thread is scheduled: the others must not wait for ever.
                failure = e;
            }
            threads[i] = null;
        }
        count = 0;
        if (failure != null) {
            throw failure;
        }
    }
}
