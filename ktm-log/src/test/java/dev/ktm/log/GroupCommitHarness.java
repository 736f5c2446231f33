package dev.ktm.log;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Threads that force records through a {@link GroupCommit} without a disk, and a watch over their progress. */
final class GroupCommitHarness {

    private static final long CONTAINER_BYTES = 1L << 30;
    private static final long PATIENCE_NANOS = 3_000_000_000L;

    private final SpinLock gate = new SpinLock();
    private final GroupCommit commit;
    private final Tail tail;
    private final AtomicLong done = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /** What a writer does to a frame, under the gate, while it should write it. */
    interface Mischief {
        void to(FrameBuffer frame);
    }

    GroupCommitHarness(Mischief mischief) {
        var geometry = new Geometry(CONTAINER_BYTES);
        tail = new Tail(geometry, geometry.firstAddress(1), 1 << 20, Long.MAX_VALUE / 2);
        commit = new GroupCommit(
                gate,
                tail,
                frame -> {
                    gate.lock();
                    try {
                        mischief.to(frame);
                    } finally {
                        gate.unlock();
                    }
                },
                new GroupCommit.Origin(1, 1, new GroupCommit.Chain(0, 0)),
                0,
                "harness flusher");
        commit.start();
    }

    /** Has each of the threads force so many records. Returns whether all of them came to an end. */
    boolean run(int threads, int records) throws InterruptedException {
        var all = new ArrayList<Thread>();
        for (int i = 0; i < threads; i++) {
            var thread = new Thread(() -> forceRecords(records));
            thread.setDaemon(true);
            thread.start();
            all.add(thread);
        }
        for (var thread : all) {
            if (!ends(thread)) {
                return false;
            }
        }
        commit.stop();
        var cause = failure.get();
        if (cause != null) {
            throw new AssertionError(cause);
        }
        return true;
    }

    /** Whether the thread ends; not if nobody makes progress any more. */
    private boolean ends(Thread thread) throws InterruptedException {
        long progress = done.get();
        long since = System.nanoTime();
        while (thread.isAlive()) {
            thread.join(50);
            if (done.get() != progress) {
                progress = done.get();
                since = System.nanoTime();
            } else if (System.nanoTime() - since > PATIENCE_NANOS) {
                return false;
            }
        }
        return true;
    }

    private void forceRecords(int records) {
        try {
            var stream = new StreamState(1, "", 0);
            var payload = ByteBuffer.allocate(8);
            for (int i = 0; i < records; i++) {
                force(stream, payload);
                done.incrementAndGet();
            }
        } catch (LogException | RuntimeException | Error e) {
            failure.set(e);
        }
    }

    private void force(StreamState stream, ByteBuffer payload) throws LogException {
        long lsn;
        boolean leader = false;
        gate.lock();
        try {
            lsn = tail.append(stream, 1, 0, payload, Lsn.INVALID, Lsn.INVALID, 0, false);
            if (lsn >= 0) {
                leader = commit.joinOpenFrame();
            }
        } finally {
            gate.unlock();
        }
        if (lsn < 0) {
            throw new AssertionError("no room for so few records: " + lsn);
        }
        if (leader) {
            commit.lead(lsn);
        } else {
            commit.await(lsn);
        }
        Oracle.check(commit.durable() > lsn, () -> "released too early");
    }
}
