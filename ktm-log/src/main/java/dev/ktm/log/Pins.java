package dev.ktm.log;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Who needs which part of the log. */
final class Pins {

    private final Administration administration;
    private final List<ArchiveSnapshot> snapshots = new ArrayList<>();
    private volatile Runnable listener = () -> {};
    private volatile boolean awaited;

    Pins(Administration administration) {
        this.administration = administration;
    }

    /** One reason why space is not free. */
    record Holder(LogError reason, String who, long lsn) {}

    /** Has this called whenever somebody may need less than before, or the log has become longer. */
    void onChange(Runnable newListener) {
        listener = newListener;
    }

    void changed() {
        listener.run();
    }

    /** A reservation has given back space: of interest only if somebody is waiting. */
    void spaceReleased() {
        if (awaited) {
            listener.run();
        }
    }

    /** A stream's base has moved: worth a look only if it left the oldest container, or somebody is waiting. */
    void baseMoved(long base) throws LogException {
        long sequence = administration.engine.io().geometry().sequence(Lsn.frameAddress(base) - 1);
        if (awaited || sequence > administration.containers().map().firstSequence()) {
            listener.run();
        }
    }

    /** Whether somebody is waiting for space. */
    void setAwaited(boolean value) {
        awaited = value;
    }

    /** The lowest address that anybody needs: nothing at or behind it may be recycled. Under the lock. */
    long lowest() throws LogException {
        var io = administration.engine.io();
        administration.engine.gate.lock();
        try {
            return Math.min(lowestNeeded(), io.tail().oldest());
        } finally {
            administration.engine.gate.unlock();
        }
    }

    /** Whether the oldest container is kept only because frames of it, which nobody needs, are not durable yet. */
    boolean isOldestContainerHeldByUnwritten() throws LogException {
        var io = administration.engine.io();
        long end = io.geometry().firstAddress(administration.containers().map().firstSequence() + 1);
        administration.engine.gate.lock();
        try {
            boolean isOnTheWay = io.tail().hasUnwritten() || io.tail().isWriting();
            return io.tail().oldest() < end && isOnTheWay && lowestNeeded() >= end;
        } finally {
            administration.engine.gate.unlock();
        }
    }

    /** Under the lock and the gate. */
    private long lowestNeeded() {
        long lowest = Lsn.INVALID;
        for (var snapshot : snapshots) {
            lowest = Math.min(lowest, snapshot.low());
        }
        for (var stream : administration.streams.all()) {
            lowest = Math.min(lowest, stream.pin());
        }
        // An LSN's frame starts at its address, so whatever is below that address is not needed.
        return Lsn.frameAddress(lowest);
    }

    /** Who holds the containers below an address. Under the lock. */
    List<Holder> holders(long below) throws LogException {
        var holders = new ArrayList<Holder>();
        for (var snapshot : snapshots) {
            if (snapshot.low() < below) {
                holders.add(new Holder(LogError.PINNED, "an archive snapshot", snapshot.low()));
            }
        }
        administration.engine.gate.lock();
        try {
            for (var stream : administration.streams.all()) {
                if (!stream.isEmpty() && stream.oldest() < below) {
                    holders.add(new Holder(LogError.PINNED, stream.label(), stream.oldest()));
                } else if (stream.pin() < below) {
                    holders.add(new Holder(
                            LogError.PINNED_ARCHIVE_TAIL, "the archive tail of " + stream.label(), stream.pin()));
                }
            }
        } finally {
            administration.engine.gate.unlock();
        }
        holders.sort(Comparator.comparingLong(Holder::lsn));
        return holders;
    }

    /** Under the lock. */
    void add(ArchiveSnapshot snapshot) {
        snapshots.add(snapshot);
    }

    /** Under the lock. */
    boolean remove(ArchiveSnapshot snapshot) {
        return snapshots.remove(snapshot);
    }

    /** Who holds the oldest space, in words. */
    String describe() throws LogException {
        administration.lock.lock();
        try {
            var holders = holders(Lsn.INVALID);
            if (holders.isEmpty()) {
                return "nobody needs any of its records";
            }
            var oldest = holders.get(0);
            return "the oldest record is needed by " + oldest.who() + " (LSN " + Lsn.toString(oldest.lsn()) + ")";
        } finally {
            administration.lock.unlock();
        }
    }
}
