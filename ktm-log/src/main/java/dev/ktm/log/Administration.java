package dev.ktm.log;

import dev.ktm.log.format.ContainerEntry;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;

/**
 * What is around the way of a record: the base log file, the containers, the streams. Everything here happens under
 * one lock, which may be held during I/O; the gate is taken inside of it, never the other way round.
 */
final class Administration {

    final ReentrantLock lock = new ReentrantLock();
    final Policies policies;
    final LogEngine engine = new LogEngine(this);
    final Streams streams;
    final Pins pins;

    private final LogDevice.Ownership ownership;
    private final BaseLogFile base;
    private final Containers containers;
    private final Condition roomChanged = lock.newCondition();
    private final VoidRanges voids;

    /** Grows whenever appends may find room that was not there before. */
    private volatile long roomVersion;

    private boolean makingRoom;

    /** Why the log could not be filled or grow when that was tried last; empty if it could. */
    private volatile String spaceTrouble = "";

    private Growth growth = () -> false;

    /** How the log grows by itself. */
    interface Growth {

        /** Adds containers if a policy says so; returns whether it did. Under the lock. */
        boolean grow() throws LogException;
    }

    void growBy(Growth newGrowth) {
        growth = newGrowth;
    }

    Administration(
            Policies policies,
            LogDevice.Ownership ownership,
            BaseLogFile base,
            Containers containers,
            Recovery recovered) {
        this.policies = policies;
        this.ownership = ownership;
        this.base = base;
        this.containers = containers;
        this.voids = recovered.voids();
        this.streams = new Streams(this, recovered.streams());
        this.pins = new Pins(this);
    }

    LogMetadata metadata() {
        return base.current();
    }

    VoidRanges voids() {
        return voids;
    }

    Containers containers() {
        return containers;
    }

    int containerCount() {
        return base.current().containers().size();
    }

    DeviceFile fileAt(long sequence) {
        return containers.map().at(sequence).file;
    }

    long roomVersion() {
        return roomVersion;
    }

    /** Fails unless this is still the owner: the lock is held and nobody has opened the log since. */
    void checkStillOwner() throws IOException {
        ownership.check();
        long incarnation = base.newestIncarnation();
        if (incarnation != base.current().incarnation()) {
            throw new IOException("somebody else has opened or replaced the log: expected incarnation "
                    + base.current().incarnation() + " in " + BaseLogFile.NAME + ", found " + incarnation);
        }
    }

    /** Fails if the log has failed: nothing is written any more. */
    void requireUsable() throws LogException {
        if (engine.isStarted()) {
            engine.io().commit().checkUsable();
        }
    }

    /**
     * Makes the present state durable in the base log file, changed as asked. Under the lock.
     *
     * <p>What the streams say is forced first: the file never knows more than the log holds.
     */
    void persist(UnaryOperator<Change> change) throws LogException {
        requireUsable();
        var entries = streams.entries();
        long knownEnd = base.current().knownEnd();
        if (engine.isStarted()) {
            knownEnd = engine.forceAll();
        }
        var present = base.current();
        var changed = change.apply(new Change(present.containerBytes(), present.nextNumber(), false, placed(0)));
        write(new LogMetadata(
                present.generation() + 1,
                present.logId(),
                present.identity(),
                present.multiplexed(),
                present.archived(),
                present.incarnation(),
                changed.containerBytes(),
                knownEnd,
                changed.clean(),
                present.ownerPid(),
                present.ownerSinceMillis(),
                changed.nextNumber(),
                present.home(),
                changed.containers(),
                entries));
    }

    /** What an update of the base log file may change beside the streams. */
    record Change(long containerBytes, int nextNumber, boolean clean, List<ContainerEntry> containers) {

        Change withContainers(List<ContainerEntry> value) {
            return new Change(containerBytes, nextNumber, clean, value);
        }

        Change withNew(long newContainerBytes, int newNextNumber, List<ContainerEntry> value) {
            return new Change(newContainerBytes, newNextNumber, clean, value);
        }

        Change closed() {
            return new Change(containerBytes, nextNumber, true, containers);
        }
    }

    /** Changes the streams' entries or flags only. */
    void persist() throws LogException {
        persist(change -> change);
    }

    private void write(LogMetadata metadata) throws LogException {
        try {
            // What is forced checks this as well; but a change without records must not undo a new owner's either.
            checkStillOwner();
            base.write(metadata);
        } catch (IOException e) {
            if (engine.isStarted()) {
                engine.io().commit().poison(e);
            }
            throw new LogFailedException("the base log file could not be written: " + e.getMessage(), e);
        }
    }

    /** The containers as they are, those below a place moved behind the last one. */
    private List<ContainerEntry> placed(long firstNeeded) {
        var entries = new ArrayList<ContainerEntry>();
        long next = containers.map().lastSequence() + 1;
        for (var container : containers.map().bySequence()) {
            boolean recycled = container.sequence < firstNeeded;
            if (!recycled) {
                entries.add(container.toEntry(container.sequence));
            } else if (!container.removing) {
                entries.add(container.toEntry(next++));
            }
        }
        entries.sort(Comparator.comparingLong(ContainerEntry::sequence));
        return entries;
    }

    /**
     * Recycles every container that nobody needs any more. Under the lock.
     *
     * @return whether there was one
     */
    boolean reclaim() throws LogException {
        if (!engine.isStarted()) {
            return false;
        }
        var io = engine.io();
        long firstNeeded = io.geometry().sequence(pins.lowest() - 1);
        var freed = containers.map().bySequence().stream()
                .filter(container -> container.sequence < firstNeeded)
                .toList();
        if (freed.isEmpty()) {
            return false;
        }
        var entries = placed(firstNeeded);
        persist(change -> change.withContainers(entries));
        for (var container : freed) {
            container.sequence = container.removing ? 0 : placeOf(container, entries);
        }
        containers.publish();
        extendToUsable(io);
        containers.dropAll(containers.all().stream()
                .filter(container -> container.removing && container.sequence == 0)
                .toList());
        return true;
    }

    /**
     * As {@link #reclaim}; but if nobody needs the oldest container except for frames that are not durable yet, these
     * are written first. Under the lock.
     */
    boolean reclaimUnwritten() throws LogException {
        if (reclaim()) {
            return true;
        }
        if (!engine.isStarted()) {
            return false;
        }
        if (pins.isOldestContainerHeldByUnwritten()) {
            engine.forceAll();
        }
        // Also what has been written since the first look.
        return reclaim();
    }

    private static long placeOf(Container container, List<ContainerEntry> entries) {
        return entries.stream()
                .filter(entry -> entry.number() == container.number)
                .findFirst()
                .orElseThrow()
                .sequence();
    }

    /** More blocks of the container in use may be written. */
    void extendTail(LogEngine.Io io, long blocks) {
        engine.gate.lock();
        try {
            io.tail().extend(io.tail().lastSequence(), blocks);
        } finally {
            engine.gate.unlock();
        }
        roomHasChanged();
    }

    /** Has appends use every container that can be reached without passing one that is not filled. Under the lock. */
    void extendToUsable(LogEngine.Io io) {
        var map = containers.map();
        engine.gate.lock();
        try {
            long present = io.tail().lastSequence();
            long last = present;
            while (map.at(last).filled && map.has(last + 1) && map.at(last + 1).filled) {
                last++;
            }
            io.tail().extend(last, (last - present) * io.geometry().usableBlocks());
        } finally {
            engine.gate.unlock();
        }
        roomHasChanged();
    }

    void roomHasChanged() {
        lock.lock();
        try {
            long version = roomVersion;
            roomVersion = version + 1;
            roomChanged.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void noteSpaceTrouble(String why) {
        spaceTrouble = why;
    }

    /** Says that room is being made, so that who finds none waits for it. */
    void setMakingRoom(boolean value) {
        lock.lock();
        try {
            makingRoom = value;
            roomChanged.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Called by an append that found no room: recycles, or waits for containers that are on their way.
     *
     * @param seen the version of the room that did not suffice
     * @return whether trying again makes sense
     */
    boolean makeRoom(long seen) throws LogException {
        lock.lock();
        try {
            while (true) {
                if (roomVersion != seen || reclaimUnwritten()) {
                    return true;
                }
                if (!makingRoom) {
                    boolean grown = growth.grow();
                    if (!grown && !spaceTrouble.isEmpty()) {
                        // What failed for lack of space may succeed by now.
                        pins.changed();
                    }
                    return grown;
                }
                roomChanged.awaitUninterruptibly();
                engine.io().commit().checkUsable();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Reserved space was given back. */
    void spaceReleased() {
        pins.spaceReleased();
    }

    String describeSpace() throws LogException {
        var stats = stats();
        int unfilled = stats.containers() - stats.filledContainers();
        return stats.containers() + " containers of " + stats.containerBytes() + " bytes"
                + (unfilled == 0 ? "" : " (" + unfilled + " of them not filled yet)") + ", " + stats.freeBytes()
                + " bytes free, " + stats.reservedBytes() + " bytes reserved; " + pins.describe()
                + (spaceTrouble.isEmpty() ? "" : "; " + spaceTrouble);
    }

    LogStats stats() throws LogException {
        var io = engine.io();
        engine.gate.lock();
        try {
            return new LogStats(
                    containerCount(),
                    containers.filledCount(),
                    base.current().containerBytes(),
                    Math.max(0, io.tail().freeBlocks()) * FrameFormat.BLOCK_BYTES,
                    io.tail().reservedBlocks() * FrameFormat.BLOCK_BYTES,
                    io.commit().frames(),
                    io.commit().records(),
                    io.commit().bytes(),
                    io.commit().writeNanos(),
                    io.commit().gatherNanos());
        } finally {
            engine.gate.unlock();
        }
    }

    /** Containers that wait to be written, not counting the one at the end of the log. Under the lock. */
    int freeContainers() throws LogException {
        var io = engine.io();
        engine.gate.lock();
        try {
            return (int) Math.max(0, io.tail().lastSequence() - io.tail().tailSequence());
        } finally {
            engine.gate.unlock();
        }
    }

    void requireDedicated(String what) throws LogRefusedException {
        if (base.current().multiplexed()) {
            throw new LogRefusedException(
                    LogError.MULTIPLEXED, what + " needs a dedicated log, this is a multiplexed one");
        }
    }

    void requireMultiplexed(String what) throws LogRefusedException {
        if (!base.current().multiplexed()) {
            throw new LogRefusedException(
                    LogError.DEDICATED, what + " needs a multiplexed log, this is a dedicated one");
        }
    }

    void closeFiles() throws IOException {
        try (ownership;
                base) {
            containers.close();
        }
    }
}
