package dev.ktm.log;

import dev.ktm.log.format.Names;
import dev.ktm.log.storage.FileDevice;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A write-ahead log: records of one or many streams, in containers of equal size that are used again and again.
 *
 * <p>What was forced can be read after any crash. What was appended and not forced may be missing then, and if a record
 * is missing so is every later one. A failed write or force ends the log's work until it is opened again: see
 * {@link LogFailedException}.
 *
 * <p>One process at a time has a log open, once. Safe for many threads, platform and virtual; none is pinned to its
 * carrier while it waits, and an interrupt does no harm. The log has two threads of its own, and a third one while it
 * calls {@link LogClient}s; closing it ends them.
 *
 * <p>The terms and the conditions of errors are those of the Common Log File System (CLFS).
 */
public final class Log implements AutoCloseable {

    private final Administration administration;
    private final Sizing sizing;
    private final FullHandler fullHandler;
    private final Housekeeper housekeeper;
    private final ExecutorService callbacks;
    private final LogStarter starter;

    Log(Administration administration, LogStarter starter) {
        this.administration = administration;
        this.starter = starter;
        this.sizing = new Sizing(administration, starter.nanoTime());
        var name = "ktm-log " + starter.location();
        this.callbacks = Executors.newSingleThreadExecutor(task -> Housekeeper.daemon(task, name + " callbacks"));
        this.fullHandler = new FullHandler(administration, sizing, callbacks);
        this.housekeeper = new Housekeeper(administration, sizing, fullHandler, name + " housekeeper");
        administration.pins.onChange(this::needsHaveChanged);
        administration.growBy(sizing::growByPolicy);
    }

    /**
     * Opens the log in a directory, or creates it there, and recovers it before it returns.
     *
     * @throws LogInUseException if it is open, in this process or another
     * @throws LogCorruptException if anything that was durable is damaged; then nothing was changed
     * @throws LogRefusedException with {@link LogError#DEDICATED} or {@link LogError#MULTIPLEXED} if it is of the other
     *     kind
     * @throws LogDeviceException if the directory cannot be used
     */
    public static Log open(Path directory, LogOptions options) throws LogException {
        LogDevice device;
        try {
            device = FileDevice.openOrCreate(directory);
        } catch (IOException e) {
            throw new LogDeviceException(
                    LogError.CONTAINER_OPEN_FAILED,
                    "cannot use " + directory + " as a log directory: " + LogStarter.describe(e),
                    e);
        }
        return open(device, options);
    }

    /** Opens the log on a device, as {@link #open(Path, LogOptions)}. The device is closed with the log. */
    public static Log open(LogDevice device, LogOptions options) throws LogException {
        return LogStarter.open(device, options, System::nanoTime);
    }

    /** To be called once the log is recovered. */
    void begin() {
        if (administration.engine.isStarted() && !administration.containers().isFilled()) {
            // Before the first append: it must wait for room that is on its way.
            administration.setMakingRoom(true);
        }
        needsHaveChanged();
    }

    LogEngine engine() {
        return administration.engine;
    }

    private void needsHaveChanged() {
        if (administration.engine.isStarted()) {
            housekeeper.tidySoon();
        }
    }

    /** The identity of the log, from its creation on. */
    public UUID identity() {
        return administration.metadata().identity();
    }

    /** The life of the log: grows with each open. */
    public long incarnation() {
        return administration.metadata().incarnation();
    }

    /** Dedicated or multiplexed. */
    public LogKind kind() {
        return administration.metadata().multiplexed() ? LogKind.MULTIPLEXED : LogKind.DEDICATED;
    }

    /** Whether the log recycles what was not archived. */
    public boolean isEphemeral() {
        return !administration.metadata().archived();
    }

    /** The one stream of a dedicated log, with all rights. */
    public LogStream stream() throws LogException {
        administration.requireDedicated("a stream without a name");
        return openStream("", StreamMode.OPEN_ALWAYS, EnumSet.allOf(StreamAccess.class), shareAll());
    }

    /** A stream of a multiplexed log, created if it does not exist, with all rights. */
    public LogStream stream(String name) throws LogException {
        return openStream(name, StreamMode.OPEN_ALWAYS, EnumSet.allOf(StreamAccess.class), shareAll());
    }

    private static Set<StreamAccess> shareAll() {
        return EnumSet.allOf(StreamAccess.class);
    }

    /**
     * Opens a handle of a stream.
     *
     * @param name its name; empty in a dedicated log, not empty in a multiplexed one
     * @param access what the handle may do; nothing: it can be asked about the stream
     * @param share what other handles of the stream may do at the same time
     * @throws LogRefusedException with {@link LogError#NOT_FOUND}, {@link LogError#ALREADY_EXISTS},
     *     {@link LogError#DELETE_PENDING}, {@link LogError#SHARING_VIOLATION}, {@link LogError#DEDICATED} or
     *     {@link LogError#MULTIPLEXED}
     */
    public LogStream openStream(String name, StreamMode mode, Set<StreamAccess> access, Set<StreamAccess> share)
            throws LogException {
        if (name.isEmpty()) {
            administration.requireDedicated("a stream without a name");
        } else {
            administration.requireMultiplexed("a stream with the name \"" + name + "\"");
            Names.checkStreamName(name);
        }
        administration.lock.lock();
        try {
            administration.engine.checkOpen();
            return administration.streams.open(name, mode, access, share, fullHandler);
        } finally {
            administration.lock.unlock();
        }
    }

    /** The names of all streams, sorted. */
    public List<String> streamNames() {
        administration.lock.lock();
        try {
            return administration.streams.all().stream()
                    .map(stream -> stream.name)
                    .sorted()
                    .toList();
        } finally {
            administration.lock.unlock();
        }
    }

    /**
     * Returns once everything appended so far, to any stream, is durable.
     *
     * @return an LSN greater than those of all records that are durable now
     */
    public long force() throws LogException {
        administration.engine.checkOpen();
        return administration.engine.forceAll();
    }

    /** How the log is doing. */
    public LogStats stats() throws LogException {
        administration.engine.checkOpen();
        return administration.stats();
    }

    /** The containers' file names, oldest part of the log first. */
    public List<String> containers() {
        return administration.containers().map().bySequence().stream()
                .map(container -> container.fileName)
                .toList();
    }

    /** Adds containers of the existing size, or of the default size to a log that has none; all of them or none. */
    public void addContainers(int count) throws LogException {
        long existing = administration.metadata().containerBytes();
        addContainers(count, existing == 0 ? LogOptions.DEFAULT_CONTAINER_BYTES : existing);
    }

    /**
     * Adds containers: all of them or none.
     *
     * @param containerBytes their size, rounded up to the kind's unit; a larger one than the existing gives the
     *     existing
     * @throws LogRefusedException with {@link LogError#COULD_NOT_RESIZE} if the size is smaller than the existing, with
     *     {@link LogError#CONTAINER_LIMIT_EXCEEDED} if there would be too many
     * @throws LogDeviceException if the disk is full
     */
    public void addContainers(int count, long containerBytes) throws LogException {
        if (count < 1) {
            throw new IllegalArgumentException("expected at least one container to add, found " + count);
        }
        LogOptions.checkContainerBytes(containerBytes);
        administration.lock.lock();
        try {
            administration.engine.checkOpen();
            sizing.add(count, containerBytes);
            if (!administration.engine.isStarted() && administration.containerCount() >= Containers.FEWEST) {
                starter.startNew(administration, administration.metadata().containerBytes());
            }
        } finally {
            administration.lock.unlock();
        }
        needsHaveChanged();
    }

    /**
     * Removes a container.
     *
     * @param fileName one of {@link #containers}
     * @param forced whether to fail if a part of the log that is in use lies in it; otherwise it goes later
     * @throws LogRefusedException with {@link LogError#CONTAINER_STATE_INVALID} if it is in use and forced, with
     *     {@link LogError#COULD_NOT_RESIZE} if too few would be left
     */
    public void removeContainer(String fileName, boolean forced) throws LogException {
        administration.lock.lock();
        try {
            administration.engine.checkOpen();
            sizing.remove(fileName, forced);
        } finally {
            administration.lock.unlock();
        }
    }

    /**
     * Sets the number of containers: 0 stands for the minimum size, 1 is invalid, more than the maximum size is clipped
     * to it.
     *
     * @return the new number
     * @throws LogRefusedException with {@link LogError#COULD_NOT_RESIZE} if it is below the minimum size or too many
     *     containers are in use, with {@link LogError#POLICY_CONFLICT} if it needs a maximum size policy
     */
    public int setSize(int containers) throws LogException {
        administration.lock.lock();
        try {
            administration.engine.checkOpen();
            administration.engine.io();
            return sizing.setSize(containers);
        } finally {
            administration.lock.unlock();
        }
    }

    /**
     * Installs a policy.
     *
     * @throws LogRefusedException with {@link LogError#POLICY_ALREADY_INSTALLED} if there is one of its type and it is
     *     not to be overwritten, with {@link LogError#POLICY_INVALID} if it contradicts another one
     */
    public void installPolicy(LogPolicy policy, boolean overwrite) throws LogException {
        administration.lock.lock();
        try {
            administration.engine.checkOpen();
            if (policy instanceof LogPolicy.NewContainerSize && administration.containerCount() > 0) {
                throw new LogRefusedException(
                        LogError.POLICY_INVALID, "expected a log without containers, found one that has some");
            }
            administration.policies.install(policy, overwrite);
        } finally {
            administration.lock.unlock();
        }
        needsHaveChanged();
    }

    /**
     * Removes a policy.
     *
     * @throws LogRefusedException with {@link LogError#POLICY_NOT_INSTALLED} if there is none of this type
     */
    public void removePolicy(Class<? extends LogPolicy> type) throws LogException {
        administration.lock.lock();
        try {
            administration.engine.checkOpen();
            administration.policies.remove(type);
        } finally {
            administration.lock.unlock();
        }
    }

    /** The installed policy of a type. */
    public <P extends LogPolicy> Optional<P> policy(Class<P> type) {
        administration.lock.lock();
        try {
            return administration.policies.get(type);
        } finally {
            administration.lock.unlock();
        }
    }

    /**
     * Has a full log dealt with: recycles, else grows as far as policies allow, else asks clients to advance, else says
     * who pins it.
     *
     * @return the outcome; completed on a thread of the log
     * @throws LogRefusedException with {@link LogError#FULL_HANDLER_IN_PROGRESS} if that is going on already
     */
    public CompletionStage<LogFullOutcome> handleLogFull() throws LogException {
        var future = new CompletableFuture<LogFullOutcome>();
        administration.lock.lock();
        try {
            administration.engine.checkOpen();
            administration.engine.io();
            fullHandler.accept(future);
        } finally {
            administration.lock.unlock();
        }
        housekeeper.execute("dealing with a full log", () -> {
            administration.lock.lock();
            try {
                fullHandler.begin();
            } finally {
                administration.lock.unlock();
            }
        });
        return future;
    }

    /**
     * Refuses new work, forces what was appended, and closes the files. Closing twice is harmless.
     *
     * @throws LogFailedException if a write fails now or failed earlier; the log is closed all the same
     */
    @Override
    public void close() throws LogException {
        administration.lock.lock();
        try {
            if (administration.engine.isClosed()) {
                return;
            }
            administration.engine.shut();
        } finally {
            administration.lock.unlock();
        }
        housekeeper.stop();
        try {
            starter.close(administration, fullHandler);
        } finally {
            callbacks.shutdown();
        }
    }
}
