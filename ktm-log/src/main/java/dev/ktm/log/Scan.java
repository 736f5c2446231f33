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

    private static final int READ_AHEAD_BYTES = 1 << 20;

    private final Geometry geometry;
    private final ContainerMap containers;
    private final FrameCursor cursor;
    private final long knownEnd;
    private final boolean clean;

    private long previousAddress;
    private int previousCrc;
    private int incarnation;
    private long frames;
    private long torn;
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
        this.cursor = new FrameCursor(geometry, tag, sequence -> containers.at(sequence).file, READ_AHEAD_BYTES);
    }

    /**
     * Visits every frame.
     *
     * @return the address at which the log ends
     * @throws LogCorruptException if something that was durable is damaged
     */
    long run(FrameVisitor visitor) throws IOException {
        long at = geometry.firstAddress(containers.firstSequence());
        while (true) {
            if (!load(at)) {
                long next = geometry.firstAddress(geometry.sequence(at - 1) + 1);
                if (frames == 0 || !containers.has(geometry.sequence(next)) || !load(next)) {
                    return end(at);
                }
                at = next;
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

    private boolean load(long at) throws IOException {
        if (geometry.offset(at) == 0) {
            return false;
        }
        try {
            cursor.load(at, Lsn.INVALID);
        } catch (DamageException e) {
            if (stop == null || torn != at) {
                stop = e;
                torn = at;
            }
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
            torn = at;
        }
        return follows;
    }

    private long end(long at) throws IOException {
        if (at < knownEnd) {
            throw damage(at, "a frame, as the log was durable up to " + Long.toHexString(knownEnd), found());
        }
        // Where a log was closed it ends: no need to look for what may be behind.
        long later = clean && at == knownEnd ? Lsn.INVALID : frameBehind(at);
        if (later != Lsn.INVALID) {
            throw damage(at, "a frame, as there is a later one at " + Long.toHexString(later), found());
        }
        return at;
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
        return new LogCorruptException(
                LogError.BLOCK_INVALID,
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
