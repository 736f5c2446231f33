package dev.ktm.journal;

import dev.ktm.log.Log;
import dev.ktm.log.LogClient;
import dev.ktm.log.LogException;
import dev.ktm.log.LogFullException;
import dev.ktm.log.LogFullOutcome;
import dev.ktm.log.LogStream;
import dev.ktm.log.Lsn;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps the journal's stream short.
 *
 * <p><b>Theory of operation.</b> The base of the stream follows the oldest live record. A record that stays live for long,
 * because a participant does not answer, does not hold the log: a checkpoint carries all that is live into a restart area and
 * moves the base with it, in one atomic step. The space for a restart area is kept by the log, also when it is full; if more is
 * live than fits into one, the records are appended again in front of it.
 *
 * <p>A checkpoint may miss nothing. It notes the newest record first, and then looks at the live ones, stripe by stripe,
 * under the lock under which records are appended and entered. So whatever was appended before what it noted is seen, and
 * everything else lies behind the new base.
 */
final class JournalBase {

    /** The base is looked at whenever the stream has grown by this part of the log. */
    private static final int TIDYINGS_PER_CAPACITY = 16;

    private final Log log;
    private final LogStream stream;
    private final Contents contents;
    private final ExecutorService housekeeper;

    /** Over the base; taken before all others. */
    final ReentrantLock lock = new ReentrantLock();

    private final AtomicBoolean tidying = new AtomicBoolean();
    private volatile long tidyBehind = Lsn.NULL;
    /** How far the base may lie behind until those who write wait. */
    private volatile long mostBehind;

    JournalBase(Log log, LogStream stream, Contents contents) throws LogException {
        this.log = log;
        this.stream = stream;
        this.contents = contents;
        this.housekeeper = Executors.newSingleThreadExecutor(task -> {
            var thread = new Thread(task, "ktm journal of " + contents.manager);
            thread.setDaemon(true);
            // The class loader of whoever opened this first is not to be kept by it.
            thread.setContextClassLoader(JournalBase.class.getClassLoader());
            return thread;
        });
        stream.registerClient(new Client());
    }

    /**
     * If the log is crowded with what earlier lives have left, which may have been too short to leave it behind, that is left behind
     * before there is anything new.
     */
    void opened() {
        attempt(() -> {
            // The second restart area moves the base to the first.
            for (int attempt = 0; attempt < 2 && isCrowded(); attempt++) {
                checkpoint();
            }
        });
    }

    private boolean isCrowded() throws LogException {
        return log.stats().freeShare() < 0.5;
    }

    /** Has the base looked at if the stream has grown by enough. */
    void tidyIfDue(long lsn) {
        if (lsn <= tidyBehind) {
            return;
        }
        attempt(() -> {
            if (lsn - stream.base() > mostBehind) {
                // The housekeeper cannot keep up: whoever writes waits for it, before the log is full of what could be
                // left behind.
                tidyUnlessDone(lsn);
            } else if (tidying.compareAndSet(false, true)) {
                execute(() -> {
                    tidying.set(false);
                    tidy();
                });
            }
        });
    }

    private void tidyUnlessDone(long lsn) throws LogException {
        lock.lock();
        try {
            if (lsn > tidyBehind) {
                tidy();
            }
        } finally {
            lock.unlock();
        }
    }

    /** A task of the housekeeper. */
    private interface Task {
        void run() throws LogException;
    }

    private void attempt(Task task) {
        try {
            task.run();
        } catch (LogException | RuntimeException | Error e) {
            notShortened(e);
        }
    }

    /** The next time comes; whoever writes is not to be told. */
    private void notShortened(Throwable why) {
        System.getLogger(JournalBase.class.getName())
                .log(
                        System.Logger.Level.WARNING,
                        "the journal of " + contents.manager + " could not be shortened: " + why.getMessage(),
                        why);
    }

    private void execute(Task task) {
        try {
            housekeeper.execute(() -> attempt(task));
        } catch (RejectedExecutionException e) {
            // The journal is being closed.
            tidying.set(false);
        } catch (OutOfMemoryError e) {
            // So the JVM says that the machine has no more threads.
            tidying.set(false);
            notShortened(e);
        }
    }

    /** Moves the base up to the oldest live record; if that is far behind, leaves it behind by a checkpoint. */
    private void tidy() throws LogException {
        lock.lock();
        try {
            // First: what is appended later lies behind it.
            long newest = stream.last();
            long capacity = capacityBytes();
            tidyBehind = newest + capacity / TIDYINGS_PER_CAPACITY;
            mostBehind = capacity / 2;
            var oldest = contents.oldest(Lsn.INVALID);
            long base = Math.min(newest, oldest.lsn());
            if (base > stream.base()) {
                stream.advanceBase(base);
            }
            // Until the next time others may write as much again. It is worth its writing only if it frees more than
            // that.
            long behind = newest - base;
            if (behind > capacity / 4 && behind > 2 * oldest.liveBytes()) {
                checkpoint();
                tidyBehind = stream.last() + capacity / TIDYINGS_PER_CAPACITY;
            }
            if (log.stats().freeShare() < 0.25) {
                // Others may have more to carry forward than fits into a full log.
                stream.askOthersToAdvance();
            }
        } finally {
            lock.unlock();
        }
    }

    private long capacityBytes() throws LogException {
        var stats = log.stats();
        return stats.containers() * stats.containerBytes();
    }

    /**
     * Carries what is live forward and moves the base behind everything else: in the restart area itself, for which there
     * is always space, or in front of it if it is too much for that.
     *
     * @throws LogFullException if it is too much, and there is no room for it
     */
    void checkpoint() throws LogException {
        lock.lock();
        try {
            long newest = stream.last();
            if (newest < stream.base()) {
                // There is no record that could be a base, and none to be carried forward.
                return;
            }
            var checkpoint = contents.checkpoint();
            if (checkpoint.size() <= stream.maxPayloadBytes() - Long.BYTES) {
                long lsn = stream.writeRestart(checkpoint.encode(), newest);
                contents.live.moveAll(newest, transaction -> lsn);
                contents.acts.moveAll(newest, act -> lsn);
            } else {
                contents.live.moveAll(newest, transaction -> stream.append(JournalFormat.encode(transaction)));
                // All of them: their order is that in which they are written.
                contents.acts.moveAll(Lsn.INVALID, act -> stream.append(JournalFormat.encode(act)));
                stream.writeRestart(contents.emptyCheckpoint(contents.manager).encode(), newest);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Asked by a full log. */
    private final class Client implements LogClient {

        @Override
        public void advanceTail(LogStream asked, long target) {
            execute(() -> {
                try {
                    tidy();
                    // Where the newest record lies below the target, the first checkpoint is the record that does not.
                    for (int attempt = 0; attempt < 2 && stream.base() < target; attempt++) {
                        checkpoint();
                    }
                } catch (LogException | RuntimeException e) {
                    // Whoever does not answer is never asked again.
                    asked.cannotAdvance(String.valueOf(e.getMessage()));
                    return;
                }
                if (stream.base() < target) {
                    asked.cannotAdvance("the newest record of the coordinator is " + Lsn.toString(stream.last()));
                }
            });
        }

        @Override
        public void fullHandled(LogFullOutcome outcome) {
            // Whoever asked is told by the log.
        }

        @Override
        public void unpinned() {
            // The next one that reserves will see.
        }
    }

    /** Stops, and waits for what is being done. */
    void close() {
        housekeeper.shutdownNow();
        awaitHousekeeper();
    }

    private void awaitHousekeeper() {
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = housekeeper.awaitTermination(1, TimeUnit.DAYS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
