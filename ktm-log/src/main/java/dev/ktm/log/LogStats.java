package dev.ktm.log;

/**
 * A log at a moment.
 *
 * @param containers number of containers
 * @param filledContainers how many of them are filled: in a new log that is done behind its use
 * @param containerBytes size of each, in bytes
 * @param freeBytes what appends without a reservation may still take, in bytes
 * @param reservedBytes what reservations hold, in bytes
 * @param frames frames written since the log was opened; each was one device write and one force
 * @param records records in them
 * @param writtenBytes bytes in them
 * @param writeNanos usual duration of a device write, in nanoseconds
 * @param gatherNanos time spent waiting for others to join a write, in nanoseconds
 */
public record LogStats(
        int containers,
        int filledContainers,
        long containerBytes,
        long freeBytes,
        long reservedBytes,
        long frames,
        long records,
        long writtenBytes,
        long writeNanos,
        long gatherNanos) {

    /** The part of what is filled that appends without a reservation may still take, from 0 to 1. */
    public double freeShare() {
        return (double) freeBytes / (filledContainers * containerBytes);
    }
}
