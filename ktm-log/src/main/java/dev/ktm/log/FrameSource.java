package dev.ktm.log;

import dev.ktm.log.format.DamageException;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.storage.DeviceFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The frames of an open log, wherever they are: still in memory, or on the disk. Not thread-safe. */
final class FrameSource {

    private final Administration administration;
    private final LogEngine.Io io;
    private final FrameCursor cursor;

    ByteBuffer bytes = ByteBuffer.allocate(0);
    int start;
    int end;
    int records;
    long address;

    private long next;
    private boolean inMemory;
    private long brokenAt = Lsn.NULL;

    FrameSource(Administration administration, int readAheadBytes) throws LogException {
        this.administration = administration;
        this.io = administration.engine.io();
        this.cursor = new FrameCursor(
                io.geometry(), FrameFormat.tagOf(administration.metadata().logId()), this::fileAt, readAheadBytes);
    }

    private DeviceFile fileAt(long sequence) throws LogRefusedException {
        var map = administration.containers().map();
        if (!map.has(sequence)) {
            throw recycled(sequence);
        }
        return map.at(sequence).file;
    }

    /** Where the next frame to be appended goes. */
    private long tailNext() {
        administration.engine.gate.lock();
        try {
            return io.tail().next();
        } finally {
            administration.engine.gate.unlock();
        }
    }

    /** Loads the frame at an address. Returns false if none starts there. */
    boolean load(long wanted) throws LogException {
        administration.engine.checkOpen();
        if (wanted < io.geometry().containerBytes() || io.geometry().offset(wanted) == 0) {
            return false;
        }
        var memory = administration.engine.copyOf(wanted);
        if (memory != null) {
            bytes = memory.bytes();
            show(0, memory.bytes().limit(), memory.records(), wanted, memory.end(), true);
            return true;
        }
        long durable = io.commit().durable();
        if (wanted >= durable) {
            return false;
        }
        try {
            cursor.load(wanted, durable);
        } catch (DamageException e) {
            return false;
        } catch (LogException e) {
            throw e;
        } catch (IOException e) {
            throw new LogDeviceException(
                    LogError.CONTAINER_READ_FAILED,
                    "cannot read the frame at " + Long.toHexString(wanted) + ": " + e.getMessage(),
                    e);
        }
        bytes = cursor.buffer();
        show(cursor.offset(), cursor.end(), cursor.header.records, wanted, cursor.header.nextAddress(), false);
        return true;
    }

    private void show(int from, int to, int count, long at, long nextAddress, boolean memory) {
        start = from + FrameFormat.HEADER_BYTES;
        end = to;
        records = count;
        address = at;
        next = nextAddress;
        inMemory = memory;
    }

    /** Loads the frame after the present one, or the present one again if it has grown. Returns false at the end. */
    boolean advance() throws LogException {
        if (brokenAt != Lsn.NULL) {
            // What lies behind damage is not handed out, however often it is asked for.
            throw damaged(brokenAt);
        }
        // First: what is appended to a frame in memory after it was looked at below must not be passed over.
        long limit = tailNext();
        int seen = records;
        long from = address;
        if (inMemory) {
            if (load(from) && records > seen) {
                return true;
            }
            // Durable by now, or as it was: where it ends may have changed.
        }
        long expected = next;
        if (expected >= limit) {
            return false;
        }
        if (load(expected)) {
            return true;
        }
        long jump = io.geometry().firstAddress(io.geometry().sequence(expected - 1) + 1);
        if (jump >= limit) {
            if (expected < io.commit().durable()) {
                throw damaged(expected);
            }
            return false;
        }
        if (!load(jump) || (!inMemory && cursor.header.previousAddress != from)) {
            brokenAt = expected;
            throw damaged(expected);
        }
        return true;
    }

    /** Loads the first frame that ends behind an address. Returns false if there is none. */
    boolean loadFrom(long wanted) throws LogException {
        if (wanted >= tailNext()) {
            return false;
        }
        while (true) {
            var map = administration.containers().map();
            try {
                return loadFrom(wanted, map);
            } catch (LogRefusedException e) {
                if (map == administration.containers().map()) {
                    throw e;
                }
                // Recycled meanwhile: what nobody needs may be below the first container at any time.
            }
        }
    }

    private boolean loadFrom(long wanted, ContainerMap map) throws LogException {
        var geometry = io.geometry();
        if (map.has(geometry.sequence(wanted)) && load(wanted)) {
            return true;
        }
        long sequence = Math.max(geometry.sequence(wanted - 1), map.firstSequence());
        long first = geometry.firstAddress(sequence);
        if (!load(first)) {
            if (first < io.commit().durable()) {
                throw damaged(first);
            }
            return false;
        }
        while (next <= wanted || records == 0) {
            if (!advance()) {
                return false;
            }
        }
        return true;
    }

    /**
     * Tells a frame that is damaged from an LSN where none ever was: walks there from the container's first frame.
     *
     * @throws LogCorruptException if it is damage that hides it
     */
    void checkAround(long lsn) throws LogException {
        if (lsn < io.commit().durable()) {
            loadFrom(Lsn.frameAddress(lsn));
        }
    }

    /** What to say of a place where a durable frame was expected. */
    LogException damaged(long at) {
        var geometry = io.geometry();
        var map = administration.containers().map();
        long sequence = geometry.sequence(at - 1);
        if (!map.has(sequence)) {
            return recycled(sequence);
        }
        return new LogCorruptException(
                LogError.BLOCK_INVALID,
                map.at(sequence).fileName,
                at - sequence * geometry.containerBytes(),
                "a frame that is durable",
                "something else",
                null);
    }

    private static LogRefusedException recycled(long sequence) {
        return new LogRefusedException(
                LogError.START_OF_LOG, "the container of place " + sequence + " was recycled: the base has passed it");
    }
}
