package dev.ktm.log;

import dev.ktm.log.format.DamageException;
import dev.ktm.log.format.FrameFormat;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Walks the frames of a log from its first container on and finds out where it ends. Writes nothing. The same code
 * serves recovery and the tool.
 *
 * <p>Frames are a chain; the walk ends at the first place that does not continue it. What that means is decided by
 * what lies behind (see {@code docs/recovery.md}):
 * <table>
 * <caption>A place that does not hold the next frame</caption>
 * <tr><th>Below the known end</th><th>A valid frame behind it</th><th>Meaning</th></tr>
 * <tr><td>yes</td><td>-</td><td>damage: it was durable once</td></tr>
 * <tr><td>no</td><td>yes</td><td>damage: frames are written one after another, so it was durable once</td></tr>
 * <tr><td>no</td><td>no</td><td>the end: never written, or torn by a crash</td></tr>
 * </table>
 */
final class Scan {

    /** Sees each frame in order; it is in the cursor. */
    interface FrameVisitor {

        /** Takes note of a frame. */
        void frame(FrameCursor cursor) throws DamageException;
    }

    private static final int MOST_AHEAD_BYTES = 1 << 20;

    private final Geometry geometry;
    private final ContainerMap containers;
    private final FrameCursor cursor;
    private final long knownEnd;
    private final boolean clean;

    private long previousAddress;
    private int previousCrc;
    private int incarnation;
    private long frames;
    private long stoppedAt;
    private @Nullable DamageException stop;

    /**
     * A scan of these containers.
     *
     * @param knownEnd everything below this address was durable once
     * @param clean whether the log was closed in order at the known end
     */
    Scan(Geometry geometry, long tag, ContainerMap containers, long knownEnd, boolean clean) {
        this.geometry = geometry;
        this.containers = containers;
        this.knownEnd = knownEnd;
        this.clean = clean;
        int aheadBytes = (int) Math.min(MOST_AHEAD_BYTES, geometry.containerBytes() / 4);
        this.cursor = new FrameCursor(geometry, tag, sequence -> containers.at(sequence).file, aheadBytes);
    }

    /**
     * Visits every frame.
     *
     * @return the address at which the log ends
     * @throws LogCorruptException if something that was durable is damaged
     */
    long run(FrameVisitor visitor) throws IOException {
        return run(geometry.firstAddress(containers.firstSequence()), visitor);
    }

    /** Visits every frame from an address on; what the first of them follows is not looked at. */
    long run(long start, FrameVisitor visitor) throws IOException {
        long at = start;
        while (true) {
            stoppedAt = at;
            stop = null;
            if (!load(at)) {
                var here = stop;
                long next = geometry.firstAddress(geometry.sequence(at - 1) + 1);
                if (frames == 0 || !containers.has(geometry.sequence(next)) || !load(next)) {
                    boolean unknown = stop != null && stop.isOfOtherVersion();
                    if (here != null && !unknown) {
                        stop = here;
                    }
                    return end(at, next);
                }
                at = next;
                stoppedAt = at;
            }
            try {
                visitor.frame(cursor);
            } catch (DamageException e) {
                throw damage(at, e.expected(), e.found(), e);
            }
            var header = cursor.header;
            frames++;
            incarnation = header.incarnation;
            previousAddress = header.address;
            previousCrc = header.crc;
            at = header.nextAddress();
        }
    }

    /** The last frame, which the next one continues. */
    GroupCommit.Chain chain() {
        return new GroupCommit.Chain(previousAddress, previousCrc);
    }

    /** How many frames there were. */
    long frames() {
        return frames;
    }

    /** What stood at the end in place of a frame: blank or stale bytes, or a torn frame. */
    @Nullable
    DamageException stop() {
        return stop;
    }

    /** Where there was something else than the next frame, or one that the visitor refused. */
    long stoppedAt() {
        return stoppedAt;
    }

    /** The first valid frame behind an address, or {@link Lsn#INVALID}; slow, for looking past damage. */
    long firstFrameBehind(long address) throws IOException {
        for (long at = address + FrameFormat.BLOCK_BYTES;
                containers.has(geometry.sequence(at));
                at += FrameFormat.BLOCK_BYTES) {
            if (geometry.offset(at) != 0 && cursor.isFrame(at)) {
                return at;
            }
        }
        return Lsn.INVALID;
    }

    private boolean load(long at) throws IOException {
        if (geometry.offset(at) == 0) {
            return false;
        }
        try {
            cursor.load(at, Lsn.INVALID);
        } catch (DamageException e) {
            stop = e;
            return false;
        }
        var header = cursor.header;
        // The frame before the first one may be gone with its container.
        boolean follows = frames == 0
                || (header.previousAddress == previousAddress
                        && header.previousCrc == previousCrc
                        && Integer.compareUnsigned(header.incarnation, incarnation) >= 0);
        if (!follows) {
            stop = new DamageException(
                    geometry.offset(at),
                    "the frame after " + Lsn.toString(previousAddress),
                    "one after " + Lsn.toString(header.previousAddress));
        }
        return follows;
    }

    /** Decides whether the log ends here, where the next frame might as well be at the start of the next container. */
    private long end(long at, long next) throws IOException {
        long place = frames > 0 && isMoreLikely(next, at) ? next : at;
        if (stop != null && stop.isOfOtherVersion()) {
            throw damage(LogError.BLOCK_VERSION, place, stop.expected(), stop.found(), stop);
        }
        if (at < knownEnd) {
            throw damage(place, "a frame, as the log was durable up to " + Long.toHexString(knownEnd), found());
        }
        // Where a log was closed it ends: no need to look for what may be behind.
        long later = clean && at == knownEnd ? Lsn.INVALID : frameBehind(at);
        if (later != Lsn.INVALID) {
            throw damage(at, "a frame, as there is a later one at " + Long.toHexString(later), found());
        }
        return at;
    }

    /** Whether a frame was rather at the start of the next container, judging by what is left of it. */
    private boolean isMoreLikely(long next, long at) throws IOException {
        if (!containers.has(geometry.sequence(next))) {
            return false;
        }
        return geometry.offset(at) == 0 || (cursor.isClaimed(next) && !cursor.isClaimed(at));
    }

    private String found() {
        return stop == null ? "none" : stop.found() + " instead of " + stop.expected();
    }

    /** A valid frame behind the end in the same or the next container, or the first one of any later container. */
    private long frameBehind(long end) throws IOException {
        long sequence = geometry.sequence(end - 1);
        for (long address = end; address < geometry.containerEnd(end - 1); address += FrameFormat.BLOCK_BYTES) {
            if (isLater(address)) {
                return address;
            }
        }
        for (long later = sequence + 1; containers.has(later); later++) {
            long first = geometry.firstAddress(later);
            long stopAt = later == sequence + 1 ? geometry.containerEnd(first) : first + FrameFormat.BLOCK_BYTES;
            for (long address = first; address < stopAt; address += FrameFormat.BLOCK_BYTES) {
                if (isLater(address)) {
                    return address;
                }
            }
        }
        return Lsn.INVALID;
    }

    private boolean isLater(long address) throws IOException {
        return cursor.isFrame(address) && Integer.compareUnsigned(cursor.header.incarnation, incarnation) >= 0;
    }

    private LogCorruptException damage(long at, String expected, String found, @Nullable Throwable cause) {
        return damage(LogError.BLOCK_INVALID, at, expected, found, cause);
    }

    private LogCorruptException damage(
            LogError error, long at, String expected, String found, @Nullable Throwable cause) {
        return new LogCorruptException(
                error,
                containers.at(geometry.sequence(at - 1)).fileName,
                at - geometry.sequence(at - 1) * geometry.containerBytes(),
                expected,
                found,
                cause);
    }

    private LogCorruptException damage(long at, String expected, String found) {
        return damage(at, expected, found, stop);
    }
}
