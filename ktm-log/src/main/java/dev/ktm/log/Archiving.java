package dev.ktm.log;

import dev.ktm.log.format.FrameFormat;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is archived of a stream, and the one snapshot that its handle may have. What it promises is said at
 * {@link LogStream}.
 */
final class Archiving {

    private final Administration administration;
    private final LogEngine engine;
    private final StreamState state;

    /** Guarded by the administration lock. */
    private @Nullable ArchiveSnapshot archive;

    Archiving(Administration administration, StreamState state) {
        this.administration = administration;
        this.engine = administration.engine;
        this.state = state;
    }

    long tail() {
        engine.gate.lock();
        try {
            return state.archiveTail;
        } finally {
            engine.gate.unlock();
        }
    }

    void setTail(long lsn) throws LogException {
        if (tail() == Lsn.NULL) {
            throw new LogRefusedException(
                    LogError.EPHEMERAL, "expected a log that is archived, found an ephemeral one");
        }
        administration.lock.lock();
        try {
            engine.gate.lock();
            try {
                if (lsn < state.archiveTail || lsn > engine.io().tail().nextLsn()) {
                    throw new LogRefusedException(
                            LogError.TAIL_INVALID,
                            "expected an archive tail from " + Lsn.toString(state.archiveTail) + " to "
                                    + Lsn.toString(state.last) + ", found " + Lsn.toString(lsn));
                }
                state.archiveTail = lsn;
            } finally {
                engine.gate.unlock();
            }
            administration.persist();
        } finally {
            administration.lock.unlock();
        }
        administration.pins.changed();
    }

    ArchiveSnapshot begin() throws LogException {
        administration.lock.lock();
        try {
            if (archive != null) {
                throw new LogRefusedException(
                        LogError.ARCHIVE_IN_PROGRESS, "this handle of " + state.label() + " is being archived already");
            }
            long high = engine.forceAll();
            long low = Lsn.frameAddress(oldest());
            var snapshot = new ArchiveSnapshot(
                    this, Math.max(low, FrameFormat.BLOCK_BYTES), Math.max(high, low), parts(low, high));
            administration.pins.add(snapshot);
            archive = snapshot;
            return snapshot;
        } finally {
            administration.lock.unlock();
        }
    }

    private long oldest() {
        engine.gate.lock();
        try {
            return state.archiveTail == Lsn.NULL ? state.oldest() : state.archiveTail;
        } finally {
            engine.gate.unlock();
        }
    }

    private List<ArchiveSnapshot.Part> parts(long low, long high) throws LogException {
        var geometry = engine.io().geometry();
        var parts = new ArrayList<ArchiveSnapshot.Part>();
        for (var container : administration.containers().map().bySequence()) {
            long first = geometry.firstAddress(container.sequence);
            long from = Math.max(low, first);
            long to = Math.min(high, geometry.containerEnd(first));
            if (from < to) {
                parts.add(new ArchiveSnapshot.Part(
                        new ArchiveSnapshot.Extent(container.fileName, geometry.offset(from), to - from),
                        container.file));
            }
        }
        return parts;
    }

    /** Fails unless this is the archive in progress. */
    void require(ArchiveSnapshot snapshot) throws LogException {
        administration.lock.lock();
        try {
            if (archive != snapshot) {
                throw new LogRefusedException(
                        LogError.ARCHIVE_NOT_IN_PROGRESS, "this archive of " + state.label() + " has ended");
            }
        } finally {
            administration.lock.unlock();
        }
    }

    void end(ArchiveSnapshot snapshot) throws LogException {
        administration.lock.lock();
        try {
            if (archive != snapshot) {
                return;
            }
            abandon();
        } finally {
            administration.lock.unlock();
        }
        administration.pins.changed();
    }

    /** The handle is closed. Under the lock. */
    void abandon() {
        if (archive != null) {
            administration.pins.remove(archive);
            archive = null;
        }
    }
}
