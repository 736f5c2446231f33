package dev.ktm.log;

import dev.ktm.log.format.ContainerEntry;
import dev.ktm.log.format.ContainerHeader;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.LogMetadata;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongSupplier;

/** Makes the log larger and smaller. Under the administration lock, but for the filling of a new log's containers. */
final class Sizing {

    /** With automatic growth so many containers are free, if they may be. */
    private static final int FREE_BY_GROWTH = 2;

    private static final long RETRY_NANOS = 5_000_000_000L;

    private final Administration administration;
    private final Containers containers;

    /** When growing or filling failed last: a full disk is not asked again at once. */
    private volatile long failedAtNanos;

    private final LongSupplier nanoTime;

    Sizing(Administration administration, LongSupplier nanoTime) {
        this.administration = administration;
        this.containers = administration.containers();
        this.nanoTime = nanoTime;
        this.failedAtNanos = nanoTime.getAsLong() - RETRY_NANOS;
    }

    /** The size that containers get, given what was asked for. */
    private long containerBytes(long asked) throws LogException {
        var metadata = administration.metadata();
        long unit = unitBytes(metadata);
        long rounded = (asked + unit - 1) / unit * unit;
        long existing = metadata.containerBytes();
        if (existing == 0) {
            return rounded;
        }
        if (rounded < existing) {
            throw new LogRefusedException(
                    LogError.COULD_NOT_RESIZE,
                    "expected a container size of at least " + existing + " bytes, as the existing ones have, found "
                            + asked);
        }
        return existing;
    }

    private static long unitBytes(LogMetadata metadata) {
        return (metadata.multiplexed() ? LogKind.MULTIPLEXED : LogKind.DEDICATED).containerUnitBytes();
    }

    void checkContainerBytes(long asked) throws LogException {
        containerBytes(asked);
    }

    /** Adds containers of the existing size. */
    void add(int count) throws LogException {
        add(count, administration.metadata().containerBytes());
    }

    /** Adds containers: all of them, or on failure none. */
    void add(int count, long askedBytes) throws LogException {
        create(count, containerBytes(askedOr(askedBytes)), true);
    }

    /** A policy says what size the first containers get. */
    private long askedOr(long asked) {
        return administration.metadata().containerBytes() > 0
                ? asked
                : administration
                        .policies
                        .get(LogPolicy.NewContainerSize.class)
                        .map(LogPolicy.NewContainerSize::bytes)
                        .orElse(asked);
    }

    /** Gives a new log its first containers, sparse: {@link #fillNew} does the rest. */
    void addSparse(int count, long askedBytes) throws LogException {
        create(count, containerBytes(askedOr(askedBytes)), false);
    }

    private void create(int count, long size, boolean filled) throws LogException {
        administration.requireUsable();
        int present = containers.count();
        int most = Math.min(LogMetadata.MAX_CONTAINERS, administration.policies.maximum(LogMetadata.MAX_CONTAINERS));
        if (count > most - present) {
            throw new LogRefusedException(
                    LogError.CONTAINER_LIMIT_EXCEEDED,
                    "expected at most " + most + " containers, found " + present + " and " + count + " more");
        }
        int number = administration.metadata().nextNumber();
        long sequence = containers.map().lastSequence() + 1;
        var created = new ArrayList<Container>();
        try {
            var taken = containers.takenNames();
            for (int i = 0; i < count; i++) {
                var name = administration.policies.nextFileName(number + i, taken);
                var container = containers.create(number + i, name, size);
                taken.add(name);
                created.add(container);
                if (filled) {
                    containers.fillUp(container, ContainerHeader.BYTES, size);
                }
            }
            containers.giveNames(created);
        } catch (IOException e) {
            discard(created, e);
            throw new LogDeviceException(
                    LogError.COULD_NOT_RESIZE,
                    "cannot add " + count + " containers of " + size + " bytes: " + e.getMessage(),
                    e);
        }
        for (int i = 0; i < count; i++) {
            created.get(i).sequence = sequence + i;
        }
        administration.persist(change -> {
            var entries = new ArrayList<>(change.containers());
            created.forEach(container -> entries.add(container.toEntry(container.sequence)));
            return change.withNew(size, number + count, entries);
        });
        containers.add(created);
        if (administration.engine.isStarted()) {
            administration.extendToUsable(administration.engine.io());
        }
    }

    private void discard(List<Container> created, IOException failure) {
        try {
            containers.discard(created);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Notes that an attempt to fill or to grow failed, and why: it is not made again at once. */
    private void noteFailure(LogDeviceException e) {
        failedAtNanos = nanoTime.getAsLong();
        administration.noteSpaceTrouble(String.valueOf(e.getMessage()));
        System.getLogger(Sizing.class.getName())
                .log(
                        System.Logger.Level.WARNING,
                        "the log in use lacks space, and will try again: " + e.getMessage(),
                        e);
    }

    private boolean hasFailedLately() {
        return nanoTime.getAsLong() - failedAtNanos < RETRY_NANOS;
    }

    /**
     * Fills the containers of a new log while it is in use, or goes on where that failed. On the housekeeper, not under
     * the lock.
     */
    void fillNew() throws LogException {
        if (containers.isFilled() || hasFailedLately()) {
            return;
        }
        administration.setMakingRoom(true);
        try {
            var io = administration.engine.io();
            for (var container : containers.map().bySequence()) {
                if (!container.filled && !administration.engine.isClosed()) {
                    fillNew(io, container);
                }
            }
            administration.noteSpaceTrouble("");
        } catch (LogDeviceException e) {
            noteFailure(e);
        } finally {
            administration.setMakingRoom(false);
        }
    }

    private void fillNew(LogEngine.Io io, Container container) throws LogException {
        long size = io.geometry().containerBytes();
        try {
            while (container.filledBytes < size) {
                if (administration.engine.isClosed()) {
                    return;
                }
                long next = containers.fill(container, container.filledBytes, size);
                if (container.sequence == io.tail().lastSequence()) {
                    // The one in use: those behind it are reached when it is full.
                    administration.extendTail(io, (next - container.filledBytes) / FrameFormat.BLOCK_BYTES);
                }
                container.filledBytes = next;
            }
            container.file.force();
        } catch (IOException e) {
            throw new LogDeviceException(
                    LogError.COULD_NOT_RESIZE,
                    "cannot fill container " + container.fileName + " beyond " + container.filledBytes + " bytes: "
                            + e.getMessage(),
                    e);
        }
        administration.lock.lock();
        try {
            container.filled = true;
            administration.persist();
            administration.extendToUsable(io);
        } finally {
            administration.lock.unlock();
        }
    }

    /** Sets the number of containers, after the rules of CLFS; returns the new number. */
    int setSize(int asked) throws LogException {
        var policies = administration.policies;
        if (asked < 0 || asked == 1) {
            throw new IllegalArgumentException(
                    "expected 0 or at least " + Containers.FEWEST + " containers, found " + asked);
        }
        if (asked > LogMetadata.MAX_CONTAINERS - 1
                && policies.get(LogPolicy.MaximumSize.class).isEmpty()) {
            throw new LogRefusedException(
                    LogError.POLICY_CONFLICT, "a size of " + asked + " containers needs a maximum size policy");
        }
        int minimum = policies.minimum();
        int target = asked == 0 ? minimum : Math.min(asked, policies.maximum(LogMetadata.MAX_CONTAINERS));
        if (target < minimum) {
            throw new LogRefusedException(
                    LogError.COULD_NOT_RESIZE, "expected at least " + minimum + " containers, found " + asked);
        }
        administration.reclaim();
        int present = staying();
        if (target > present) {
            add(target - present);
        } else if (target < present && !removeLast(present - target)) {
            throw new LogRefusedException(
                    LogError.COULD_NOT_RESIZE,
                    "expected to give up " + (present - target) + " of " + present + " containers, found "
                            + administration.freeContainers() + " free; " + administration.describeSpace());
        }
        return target;
    }

    /** Gives up containers while more of them than the policy says are free. */
    void shrink() throws LogException {
        var policy = administration.policies.get(LogPolicy.AutoShrink.class);
        if (policy.isEmpty()) {
            return;
        }
        int least = administration.policies.minimum();
        int leastFree = administration.policies.autoGrow() ? FREE_BY_GROWTH : 0;
        boolean removed = true;
        while (removed
                && staying() > least
                && administration.freeContainers() > leastFree
                && administration.freeContainers() * 100L > (long) policy.get().percent() * containers.count()) {
            removed = removeLast(1);
        }
    }

    /** Grows if fewer than two containers are free and the policy says so; returns whether it did. */
    boolean growByPolicy() throws LogException {
        // What lies behind a container that is not filled could not be reached.
        if (!administration.policies.autoGrow()
                || administration.freeContainers() >= FREE_BY_GROWTH
                || !containers.isFilled()) {
            return false;
        }
        int growth = administration.policies.growth(containers.count());
        if (growth == 0 || hasFailedLately()) {
            return false;
        }
        try {
            add(growth);
            administration.noteSpaceTrouble("");
            return true;
        } catch (LogDeviceException e) {
            noteFailure(e);
            return false;
        }
    }

    /** How many containers there are without those that go as soon as nothing in them is needed. */
    private int staying() {
        return (int) containers.all().stream()
                .filter(container -> !container.removing)
                .count();
    }

    /** Removes this many containers from behind the end of the log, or none if not all of them are free. */
    private boolean removeLast(int count) throws LogException {
        var places = containers.map().bySequence();
        int first = places.size();
        for (int found = 0; found < count; ) {
            first--;
            found += places.get(first).removing ? 0 : 1;
        }
        var last = places.subList(first, places.size());
        return isFree(last.get(0)) && remove(last);
    }

    /** Removes a container now if it is free; otherwise as soon as nothing in it is needed, or not at all. */
    void remove(String fileName, boolean forced) throws LogException {
        var container = containers.all().stream()
                .filter(candidate -> candidate.fileName.equals(fileName))
                .findFirst()
                .orElseThrow(() -> new LogRefusedException(
                        LogError.NOT_FOUND, "expected a container of the log, found " + fileName));
        int staying = staying();
        if (!container.removing && staying <= Math.max(Containers.FEWEST, administration.policies.minimum())) {
            throw new LogRefusedException(
                    LogError.COULD_NOT_RESIZE, "expected to keep at least " + staying + " containers");
        }
        administration.reclaim();
        if (isFree(container)) {
            if (!remove(List.of(container))) {
                throw new LogRefusedException(
                        LogError.PINNED_RESERVATION, fileName + " cannot be removed: reservations need its space");
            }
        } else if (forced) {
            throw new LogRefusedException(
                    LogError.CONTAINER_STATE_INVALID,
                    containers.isFilled()
                            ? fileName + " holds a part of the log that is in use"
                            : "the containers of the log are still being filled: try again when they are");
        } else {
            container.removing = true;
            administration.persist();
        }
    }

    private boolean isFree(Container container) throws LogException {
        if (!administration.engine.isStarted()) {
            return true;
        }
        var io = administration.engine.io();
        administration.engine.gate.lock();
        try {
            return containers.isFilled() && container.sequence > io.tail().tailSequence();
        } finally {
            administration.engine.gate.unlock();
        }
    }

    /**
     * Takes neighbours out from behind the end of the log; those behind them move up. All of them or, if reservations
     * need the space, none.
     */
    private boolean remove(List<Container> leaving) throws LogException {
        int count = leaving.size();
        long place = leaving.get(0).sequence;
        long last = containers.map().lastSequence();
        if (administration.engine.isStarted() && !withdraw(place, last, count)) {
            return false;
        }
        administration.persist(change -> change.withContainers(change.containers().stream()
                .filter(entry -> entry.sequence() < place || entry.sequence() >= place + count)
                .map(entry -> entry.sequence() > place ? entry.at(entry.sequence() - count) : entry)
                .sorted(Comparator.comparingLong(ContainerEntry::sequence))
                .toList()));
        for (var container : containers.map().bySequence()) {
            long former = container.sequence;
            if (former >= place) {
                container.sequence = former < place + count ? 0 : former - count;
            }
        }
        containers.dropAll(List.copyOf(leaving));
        if (administration.engine.isStarted()) {
            administration.extendToUsable(administration.engine.io());
        }
        return true;
    }

    /** Keeps appends out of the places from this one on, unless they are there or need the space of so many of them. */
    private boolean withdraw(long place, long last, int count) throws LogException {
        var io = administration.engine.io();
        administration.engine.gate.lock();
        try {
            if (io.tail().tailSequence() >= place
                    || io.tail().freeBlocks() < count * io.geometry().usableBlocks()) {
                return false;
            }
            io.tail().extend(place - 1, -(last - place + 1) * io.geometry().usableBlocks());
            return true;
        } finally {
            administration.engine.gate.unlock();
        }
    }
}
