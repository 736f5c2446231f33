package dev.ktm.log;

import dev.ktm.log.format.ContainerHeader;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.storage.DeviceBusyException;
import dev.ktm.log.storage.LogDevice;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.UUID;
import java.util.function.LongSupplier;

/**
 * Opens a log, and closes it. Everything is read and checked before anything is written: a log that is refused stays
 * as it was.
 */
final class LogStarter {

    private final LogDevice device;
    private final LogOptions options;
    private final Policies policies;
    private final LongSupplier nanoTime;

    private LogStarter(LogDevice device, LogOptions options, LongSupplier nanoTime) throws LogRefusedException {
        this.nanoTime = nanoTime;
        this.device = device;
        this.options = options;
        this.policies = new Policies(options.policies());
    }

    String location() {
        return device.location();
    }

    /** When an attempt is due again is told by this clock, in nanoseconds. */
    LongSupplier nanoTime() {
        return nanoTime;
    }

    static Log open(LogDevice device, LogOptions options, LongSupplier nanoTime) throws LogException {
        var starter = new LogStarter(device, options, nanoTime);
        device.caveat()
                .ifPresent(caveat -> System.getLogger(LogStarter.class.getName())
                        .log(System.Logger.Level.WARNING, "the log in " + device.location() + " lies on a " + caveat));
        LogDevice.Ownership ownership;
        try {
            ownership = device.acquire(LogEngine.LOCK_NAME);
        } catch (DeviceBusyException e) {
            throw starter.inUse(e);
        } catch (IOException e) {
            throw starter.unusable(e);
        }
        try {
            return device.list().contains(BaseLogFile.NAME)
                    ? starter.openExisting(ownership)
                    : starter.createNew(ownership);
        } catch (LogException e) {
            closeAfter(e, ownership);
            throw e;
        } catch (IOException e) {
            closeAfter(e, ownership);
            throw starter.unusable(e);
        } catch (RuntimeException | Error e) {
            closeAfter(e, ownership);
            throw e;
        }
    }

    /** What was opened must not stay open after any failure, not even after one of the Java virtual machine. */
    private static void closeAfter(Throwable failure, Closeable... opened) {
        for (var each : opened) {
            try {
                each.close();
            } catch (IOException | RuntimeException e) {
                failure.addSuppressed(e);
            }
        }
    }

    private LogInUseException inUse(DeviceBusyException e) {
        long pid = 0;
        try (var file = device.open(BaseLogFile.NAME, LogDevice.Access.READ)) {
            pid = BaseLogFile.read(file).newest().ownerPid();
        } catch (IOException unknown) {
            e.addSuppressed(unknown);
        }
        var who = pid == 0 ? "an unknown process" : "process " + pid;
        return new LogInUseException(
                "the log in " + device.location() + " is open in " + who + "; close it there first", pid, e);
    }

    private LogDeviceException unusable(IOException e) {
        return new LogDeviceException(
                LogError.CONTAINER_OPEN_FAILED, "cannot use the log in " + device.location() + ": " + describe(e), e);
    }

    /** The exceptions of {@code java.nio.file} have the reason in their name only. */
    static String describe(IOException e) {
        return e instanceof FileSystemException
                ? e.getClass().getSimpleName() + ": " + e.getMessage()
                : String.valueOf(e.getMessage());
    }

    private Log createNew(LogDevice.Ownership ownership) throws IOException {
        for (var name : device.list()) {
            if (name.endsWith(Containers.ASIDE)) {
                device.delete(name);
            } else if (Containers.headerOf(device, name) != null) {
                throw new LogCorruptException(
                        LogError.METADATA_CORRUPT,
                        BaseLogFile.NAME,
                        0,
                        "a base log file, as there is container " + name,
                        "no such file",
                        null);
            }
        }
        var logId = UUID.randomUUID();
        var first = new LogMetadata(
                1,
                logId,
                logId,
                options.kind() == LogKind.MULTIPLEXED,
                options.archived(),
                1,
                0,
                0,
                false,
                ProcessHandle.current().pid(),
                System.currentTimeMillis(),
                1,
                0,
                List.of(),
                List.of());
        var base = BaseLogFile.create(device, first);
        var containers = new Containers(device, logId);
        try {
            var administration = new Administration(policies, ownership, base, containers, new Recovery(first));
            return start(administration);
        } catch (IOException | RuntimeException | Error e) {
            closeAfter(e, base, containers);
            throw e;
        }
    }

    private Log start(Administration administration) throws IOException {
        if (administration.containerCount() == 0 && options.containers() >= Containers.FEWEST) {
            startSparse(administration);
        }
        return begin(administration);
    }

    private Log begin(Administration administration) throws LogException {
        administration.lock.lock();
        try {
            if (administration.streams.finishAll()) {
                administration.persist();
            }
        } catch (LogException | RuntimeException | Error e) {
            administration.engine.shut();
            administration.engine.stop();
            throw e;
        } finally {
            administration.lock.unlock();
        }
        var log = new Log(administration, this);
        log.begin();
        return log;
    }

    /** Makes a new log usable whose containers are not filled yet. */
    private void startSparse(Administration administration) throws IOException {
        administration.lock.lock();
        try {
            new Sizing(administration, nanoTime).addSparse(options.containers(), options.containerBytes());
            var containers = administration.containers();
            var geometry = new Geometry(administration.metadata().containerBytes());
            long first = containers.map().firstSequence();
            var container = containers.map().at(first);
            container.filledBytes = containers.fill(container, ContainerHeader.BYTES, geometry.containerBytes());
            startAt(
                    administration,
                    geometry,
                    new Recovery.End(geometry.firstAddress(first), new GroupCommit.Chain(Lsn.NULL, 0)),
                    first,
                    (container.filledBytes - ContainerHeader.BYTES) / FrameFormat.BLOCK_BYTES);
        } finally {
            administration.lock.unlock();
        }
    }

    /** Makes a log usable whose first containers were added by hand. */
    void startNew(Administration administration, long containerBytes) {
        var geometry = new Geometry(containerBytes);
        var map = administration.containers().map();
        startAt(
                administration,
                geometry,
                new Recovery.End(geometry.firstAddress(map.firstSequence()), new GroupCommit.Chain(Lsn.NULL, 0)),
                map.lastSequence(),
                map.bySequence().size() * geometry.usableBlocks());
    }

    private void startAt(
            Administration administration, Geometry geometry, Recovery.End end, long lastSequence, long blocks) {
        var metadata = administration.metadata();
        var engine = administration.engine;
        var tail = new Tail(geometry, end.address(), lastSequence, blocks);
        var commit = new GroupCommit(
                engine.gate,
                tail,
                engine,
                new GroupCommit.Origin(FrameFormat.tagOf(metadata.logId()), (int) metadata.incarnation(), end.chain()),
                options.idleFlush().toNanos(),
                "ktm-log " + device.location() + " flusher");
        engine.start(new LogEngine.Io(geometry, tail, commit));
    }

    private Log openExisting(LogDevice.Ownership ownership) throws IOException {
        var base = BaseLogFile.open(device);
        var containers = new Containers(device, base.current().logId());
        try {
            var metadata = base.current();
            checkKind(metadata);
            checkNoCopy(metadata);
            containers.open(metadata, LogDevice.Access.WRITE);
            containers.force();
            if (containers.count() < Containers.FEWEST) {
                checkEmpty(metadata);
                takeOver(base, containers, metadata.knownEnd(), new Recovery(metadata));
                return start(new Administration(policies, ownership, base, containers, new Recovery(base.current())));
            }
            return recover(ownership, base, containers);
        } catch (IOException | RuntimeException | Error e) {
            closeAfter(e, base, containers);
            throw e;
        }
    }

    /** With so few containers a log cannot have been written to. */
    private static void checkEmpty(LogMetadata metadata) throws LogCorruptException {
        if (metadata.knownEnd() > 0) {
            throw new LogCorruptException(
                    LogError.METADATA_INCONSISTENT,
                    BaseLogFile.NAME,
                    0,
                    "at least " + Containers.FEWEST + " containers, as there are records up to "
                            + Long.toHexString(metadata.knownEnd()),
                    metadata.containers().size() + " containers",
                    null);
        }
    }

    private boolean isCopy(LogMetadata metadata) throws IOException {
        long here = device.fileIdentity(BaseLogFile.NAME);
        return metadata.home() != 0 && here != 0 && metadata.home() != here;
    }

    /** Two logs with one identity would finish, or roll back, each other's transactions. */
    private void checkNoCopy(LogMetadata metadata) throws IOException {
        if (options.copy() == LogOptions.Copy.REFUSED && isCopy(metadata)) {
            throw new LogRefusedException(
                    LogError.COPIED,
                    "the log " + metadata.identity() + " in " + device.location()
                            + " is a copy: expected the base log file to be file " + metadata.home() + ", found file "
                            + device.fileIdentity(BaseLogFile.NAME)
                            + "; open it with LogOptions.Copy.MOVED if the original is gone for ever, with"
                            + " LogOptions.Copy.CLONED to give it an identity of its own");
        }
    }

    private void checkKind(LogMetadata metadata) throws LogRefusedException {
        boolean wanted = options.kind() == LogKind.MULTIPLEXED;
        if (metadata.multiplexed() != wanted) {
            throw new LogRefusedException(
                    wanted ? LogError.DEDICATED : LogError.MULTIPLEXED,
                    "expected a " + (wanted ? "multiplexed" : "dedicated") + " log in " + device.location()
                            + ", found a " + (wanted ? "dedicated" : "multiplexed") + " one");
        }
    }

    private Log recover(LogDevice.Ownership ownership, BaseLogFile base, Containers containers) throws IOException {
        var metadata = base.current();
        boolean clean = metadata.clean();
        var geometry = new Geometry(metadata.containerBytes());
        var recovery = new Recovery(metadata);
        var end = recovery.run(geometry, containers.map());

        // From here on it is our log: nothing was written before.
        long tailSequence = geometry.sequence(end.address() - 1);
        long filled = fillTail(containers, geometry, end.address());
        takeOver(base, containers, end.address(), recovery);
        long lastSequence = tailSequence;
        var map = containers.map();
        while (map.at(lastSequence).filled && map.has(lastSequence + 1) && map.at(lastSequence + 1).filled) {
            lastSequence++;
        }
        long blocks = (tailSequence * geometry.containerBytes() + filled - end.address()) / FrameFormat.BLOCK_BYTES
                + (lastSequence - tailSequence) * geometry.usableBlocks();
        if (!clean) {
            var skip = new AddressSkip(geometry, map, base.current());
            end = skip.run(end, blocks);
            blocks -= skip.skippedBlocks();
        }
        var administration = new Administration(policies, ownership, base, containers, recovery);
        startAt(administration, geometry, end, lastSequence, blocks);
        return begin(administration);
    }

    /**
     * Fills the container at the end of the log, if a new log was closed or crashed before it was filled, as far as is
     * needed to begin with. Returns how far it is filled.
     */
    private static long fillTail(Containers containers, Geometry geometry, long end) throws IOException {
        var map = containers.map();
        long tail = geometry.sequence(end - 1);
        for (long sequence = map.firstSequence(); sequence < tail; sequence++) {
            map.at(sequence).filled = true;
        }
        var container = map.at(tail);
        long offset = end - tail * geometry.containerBytes();
        if (container.filled) {
            return geometry.containerBytes();
        }
        long enough = offset + geometry.aheadBytes() + geometry.spareBlocks() * FrameFormat.BLOCK_BYTES;
        while (offset < geometry.containerBytes() && offset <= enough) {
            offset = containers.fill(container, offset, geometry.containerBytes());
        }
        container.filledBytes = offset;
        return offset;
    }

    /** Begins a new life of the log in the base log file. */
    private void takeOver(BaseLogFile base, Containers containers, long end, Recovery recovery) throws IOException {
        if (base.mend()) {
            System.getLogger(LogStarter.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "one of the two copies in " + device.location() + "/" + BaseLogFile.NAME
                                    + " was damaged and has been restored from the other");
        }
        containers.deleteLeftovers();
        var former = base.current();
        var identity =
                isCopy(former) && options.copy() == LogOptions.Copy.CLONED ? UUID.randomUUID() : former.identity();
        base.write(new LogMetadata(
                former.generation() + 1,
                former.logId(),
                identity,
                former.multiplexed(),
                former.archived(),
                former.incarnation() + 1,
                former.containerBytes(),
                end,
                false,
                ProcessHandle.current().pid(),
                System.currentTimeMillis(),
                former.nextNumber(),
                device.fileIdentity(BaseLogFile.NAME),
                former.containers().stream()
                        .map(entry -> containers.map().at(entry.sequence()).toEntry(entry.sequence()))
                        .toList(),
                recovery.streams().stream().map(StreamState::toEntry).toList()));
    }

    void close(Administration administration, FullHandler fullHandler) throws LogException {
        LogException failure = null;
        administration.lock.lock();
        try {
            fullHandler.abandon(new LogClosedException("the log"));
            administration.roomHasChanged();
            if (administration.engine.isStarted()) {
                administration.engine.forceAll();
                administration.streams.finishAll();
                administration.reclaim();
            }
            administration.persist(Administration.Change::closed);
        } catch (LogException e) {
            failure = e;
        } finally {
            administration.lock.unlock();
        }
        administration.engine.stop();
        try (device) {
            administration.closeFiles();
        } catch (IOException e) {
            if (failure == null) {
                failure = unusable(e);
            } else {
                failure.addSuppressed(e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
