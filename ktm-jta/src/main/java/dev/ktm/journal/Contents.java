package dev.ktm.journal;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/** What the journal holds: everything that a checkpoint carries on. Safe for many threads. */
final class Contents {

    /** The identity of the transaction manager; changed under the lock of {@link JournalBase}. */
    volatile UUID manager;

    /** The highest virtual clock that is known. */
    final AtomicLong clock;

    final LiveRecords live;
    final OperatorActs acts;

    Contents(UUID manager, long clock, LiveRecords live, OperatorActs acts) {
        this.manager = manager;
        this.clock = new AtomicLong(clock);
        this.live = live;
        this.acts = acts;
    }

    /** All of it. */
    Checkpoint checkpoint() {
        return new Checkpoint(manager, clock.get(), List.copyOf(live.all()), acts.all());
    }

    /** What is left of it when everything else lies behind. */
    Checkpoint emptyCheckpoint(UUID identity) {
        return new Checkpoint(identity, clock.get(), List.of(), List.of());
    }

    /** Where the oldest of it lies, and how many bytes it needs. */
    LiveRecords.Oldest oldest(long limit) {
        var oldest = live.oldest(limit);
        return new LiveRecords.Oldest(
                acts.oldest(oldest.lsn()), oldest.liveBytes() + acts.bytes(LiveRecords.RECORD_OVERHEAD));
    }
}
