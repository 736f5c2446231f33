package dev.ktm.log;

import dev.ktm.log.storage.LogDevice;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.History;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.AbstractOwnableSynchronizer;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A log on a simulated disk together with the {@link LogModel} of it: whatever is done is done to both, and what was
 * acknowledged is marked in the history of the disk.
 *
 * <p>One thing happens at a time: while the thread that made this works, the log's own threads do not get to the disk,
 * and when they have something to do there, it waits for them. So the same calls lead to the same history.
 */
final class ModelledLog implements OperationHook {

    private static final long HANG_SECONDS = 60;

    /** A stream in use: its handle, its number in the model, and what is reserved for it. */
    static final class User {
        final LogStream handle;
        final int number;
        long last = Lsn.INVALID;

        @Nullable
        Reservation reservation;

        User(LogStream handle, int number) {
            this.handle = handle;
            this.number = number;
        }
    }

    /** Something that appends a record. */
    interface Appending {
        long run() throws LogException;
    }

    /** Something that the log does. */
    interface Action {
        void run() throws LogException;
    }

    private final LogModel model = new LogModel();
    private final SimulatedDevice disk;
    private final LogDevice device;
    private final LogOptions options;
    private final Thread user = Thread.currentThread();
    private static final long LOOK_NANOS = 20_000;

    /** Held while the housekeeper must not get to the disk. */
    private final ReentrantLock turn = new ReentrantLock();
    /** Held while the flusher must not get to the disk. */
    private final ReentrantLock flushing = new ReentrantLock();

    private final Map<String, User> users = new TreeMap<>();
    private long lastAppended;
    private long freeAtClose;
    private int containersAtClose;
    private @Nullable Log log;
    private @Nullable History history;

    /** The log that will be made of the device, which leads to the disk. */
    ModelledLog(SimulatedDevice disk, LogDevice device, LogOptions options) {
        this.disk = disk;
        this.device = device;
        this.options = options;
        disk.hook(this);
    }

    LogModel model() {
        return model;
    }

    SimulatedDevice disk() {
        return disk;
    }

    LogOptions options() {
        return options;
    }

    boolean isOpen() {
        return log != null;
    }

    Log log() {
        var open = log;
        if (open == null) {
            throw new IllegalStateException("the log is not open");
        }
        return open;
    }

    /** The streams that exist, by name. */
    Map<String, User> users() {
        return users;
    }

    /** What was done to the disk until the log was abandoned. */
    History history() {
        var ended = history;
        if (ended == null) {
            throw new IllegalStateException("the log is still in use");
        }
        return ended;
    }

    /** The log's own threads wait until this thread has marked what it knows. */
    @Override
    public void before(OperationKind kind, String name) {
        if (Thread.currentThread() != user) {
            var allowed = Thread.currentThread().getName().endsWith("flusher") ? flushing : turn;
            await(allowed);
        }
    }

    /** Not if the user waits for a lock itself, which may be this thread's: then it has done nothing yet. */
    private void await(ReentrantLock allowed) {
        while (!allowed.tryLock()) {
            if (LockSupport.getBlocker(user) instanceof AbstractOwnableSynchronizer) {
                return;
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        allowed.unlock();
    }

    /** Creates the log, or opens it and finds it as it was closed. */
    void open() throws LogException {
        turn.lock();
        try {
            model.begin(model.latest());
            var opened = Log.open(device, options);
            log = opened;
            model.exists(opened.identity());
            acknowledge(model.latest().incarnation(opened.incarnation()));
        } finally {
            turn.unlock();
        }
        settle();
        for (var name : model.latest().live().keySet()) {
            var stream = new User(stream(name), number(name));
            long last = stream.handle.last();
            stream.last = last < stream.handle.base() ? Lsn.INVALID : last;
            users.put(name, stream);
        }
        if (freeAtClose > 0 && disk.faultsInjected() == 0 && log().stats().containers() == containersAtClose) {
            long free = log().stats().freeBytes();
            Oracle.check(free == freeAtClose, () -> freeAtClose + " bytes were free at closing, now " + free);
        }
    }

    /** Closes the log in order. */
    void close() throws LogException {
        log().force();
        settle();
        long free = log().stats().freeBytes();
        int containers = log().stats().containers();
        Oracle.check(log().stats().reservedBytes() == 0, () -> "space is reserved, but nobody reserved it");
        model.begin(model.latest().persisted(model.now() + 1));
        log().close();
        acknowledge(model.latest().persisted(model.now() + 1));
        users.clear();
        freeAtClose = free;
        containersAtClose = containers;
        log = null;
    }

    /** Leaves the log as a crash does, but ends its threads. */
    void abandon() {
        history = disk.history();
        disk.hook(OperationHook.NONE);
        disk.injectFaults(FaultPlan.none().failAnyFrom(1));
        try (var open = log) {
            log = null;
            users.clear();
        } catch (LogException e) {
            // The log cannot close in order: it was left.
        }
    }

    /** Appends a record. */
    void append(User stream, LogModel.Entry entry, LogEngine.Durability durability, Appending action)
            throws LogException {
        long before = lastAppended;
        turn.lock();
        boolean holding = durability != LogEngine.Durability.FORCE;
        if (holding) {
            flushing.lock();
        }
        try {
            model.beginAppend(entry, model.latest());
            long lsn = action.run();
            Oracle.check(
                    lsn > model.latest().highest() || entry.kind() == LogModel.Kind.TRUNCATION,
                    () -> Lsn.toString(lsn) + " was given out again");
            model.resolve(lsn);
            stream.last = entry.kind() == LogModel.Kind.TRUNCATION ? entry.argument() : lsn;
            lastAppended = lsn;
            var known = model.latest().appended(model.entries().size()).returned(lsn);
            if (entry.kind() == LogModel.Kind.RESTART && entry.argument() != Lsn.NULL) {
                known = known.base(stream.number, entry.argument());
            }
            acknowledge(holding ? known : known.forced(known.appended()));
        } finally {
            if (holding) {
                flushing.unlock();
            }
            turn.unlock();
        }
        if (durability == LogEngine.Durability.QUEUE) {
            waitUntilWritten(lastAppended, model.entries().size());
        } else if (durability == LogEngine.Durability.APPEND
                && Lsn.frameAddress(before) != Lsn.frameAddress(lastAppended)
                && before != 0) {
            waitUntilWritten(before, model.entries().size() - 1);
        }
    }

    /** The log writes these records of its own accord. */
    private void waitUntilWritten(long lsn, int end) throws LogException {
        anyHandle().force(lsn);
        var latest = model.latest();
        if (latest.forced() < end) {
            model.begin(latest);
            acknowledge(latest.forced(end));
        }
    }

    private LogStream anyHandle() {
        return users.values().iterator().next().handle;
    }

    /** Forces everything, by way of the log or of a stream. */
    void force(Action way) throws LogException {
        turn.lock();
        try {
            model.begin(model.latest());
            way.run();
            acknowledge(model.latest().forced(model.latest().appended()));
        } finally {
            turn.unlock();
        }
    }

    /** Does something that changes nothing that lasts. */
    void reserve(Action action) throws LogException {
        model.begin(model.latest());
        action.run();
        model.retract();
    }

    /** Moves the base of a stream. */
    void moveBase(User stream, Action action) throws LogException {
        turn.lock();
        try {
            model.begin(model.latest());
            action.run();
            acknowledge(model.latest().base(stream.number, stream.handle.base()));
        } finally {
            turn.unlock();
        }
        settle();
    }

    /** Creates a stream. */
    void create(String name) throws LogException {
        turn.lock();
        try {
            int number = model.newStream();
            model.begin(model.latest().with(name, number, LogModel.UNKNOWN).persisted(model.now() + 1));
            var handle = stream(name);
            users.put(name, new User(handle, number));
            acknowledge(model.latest().with(name, number, handle.base()).persisted(model.now() + 1));
        } finally {
            turn.unlock();
        }
    }

    private LogStream stream(String name) throws LogException {
        return name.isEmpty() ? log().stream() : log().stream(name);
    }

    /** Deletes a stream. */
    void delete(String name, User stream) throws LogException {
        turn.lock();
        try {
            model.begin(model.latest().without(name).persisted(model.now() + 1));
            stream.handle.delete();
            users.remove(name);
            acknowledge(model.latest().without(name).persisted(model.now() + 1));
            model.begin(model.latest());
            stream.handle.close();
            acknowledge(model.latest());
        } finally {
            turn.unlock();
        }
        settle();
    }

    /** Makes the log larger or smaller. */
    void resize(Action action) throws LogException {
        turn.lock();
        try {
            model.begin(model.latest().persisted(model.now() + 1));
            action.run();
            acknowledge(model.latest());
        } finally {
            turn.unlock();
        }
        settle();
    }

    /** The LSNs of the records that the stream has now. */
    List<Long> readable(User stream) {
        var result = new ArrayList<Long>();
        long base = model.latest().baseOf(stream.number);
        for (var entry : model.readable(stream.number, model.latest().appended())) {
            if (entry.lsn() >= base) {
                result.add(entry.lsn());
            }
        }
        return result;
    }

    /** The newest restart area that the stream has now, or UNKNOWN if that may be forgotten. */
    long latestRestartOf(User stream) {
        long latest = Lsn.INVALID;
        for (var entry : model.readable(stream.number, model.latest().appended())) {
            if (entry.kind() == LogModel.Kind.RESTART) {
                latest = entry.lsn();
            }
        }
        // One below the base may be forgotten.
        return latest < model.latest().baseOf(stream.number) ? LogModel.UNKNOWN : latest;
    }

    private int number(String name) {
        var number = model.latest().live().get(name);
        if (number == null) {
            throw new IllegalStateException("no stream " + name);
        }
        return number;
    }

    private void acknowledge(LogModel.Moment known) {
        disk.mark(model.acknowledge(known));
    }

    /** Returns when the log's own threads have nothing to do. */
    void settle() throws LogException {
        try {
            log().handleLogFull().toCompletableFuture().get(HANG_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LogException failure) {
                throw failure;
            }
            throw new AssertionError(e);
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("the log hangs", e);
        }
    }
}
