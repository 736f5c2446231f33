package dev.ktm.log;

import java.util.Optional;

/**
 * How a request to deal with a full log ended.
 *
 * @param result what was achieved
 * @param containersAdded how many containers the log grew by
 * @param pinnedBy who holds the space, if it is pinned
 */
public record LogFullOutcome(Result result, int containersAdded, Optional<Pin> pinnedBy) {

    /** What was achieved. */
    public enum Result {
        /** Containers that nobody needed any more were recycled. */
        RECLAIMED,
        /** Containers were added. */
        GREW,
        /** Neither was possible: somebody holds the space. */
        PINNED
    }

    /**
     * Who holds the space.
     *
     * @param reason {@link LogError#PINNED}, {@link LogError#PINNED_ARCHIVE_TAIL} or
     *     {@link LogError#PINNED_RESERVATION}
     * @param who the holder, in words
     * @param lsn the oldest record that it needs, or {@link Lsn#NULL}
     * @param why what it said, or what prevented growing
     */
    public record Pin(LogError reason, String who, long lsn, String why) {}

    static LogFullOutcome reclaimed() {
        return new LogFullOutcome(Result.RECLAIMED, 0, Optional.empty());
    }

    static LogFullOutcome grew(int containers) {
        return new LogFullOutcome(Result.GREW, containers, Optional.empty());
    }

    static LogFullOutcome pinned(LogError reason, String who, long lsn, String why) {
        return new LogFullOutcome(Result.PINNED, 0, Optional.of(new Pin(reason, who, lsn, why)));
    }
}
