package dev.ktm.log;

import dev.ktm.log.LogEngine.Durability;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.log.testing.History;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;

/** Uses a {@link ModelledLog} in a way that a seed determines. */
final class LogWorkload {

    private static final int MOST_STREAMS = 3;
    private static final int LARGE_BYTES = 6000;

    /** The steps, as often as they are to be chosen. */
    private enum Step {
        APPEND(20),
        APPEND_FORCED(16),
        APPEND_QUEUED(8),
        APPEND_LARGE(5),
        FORCE(8),
        RESERVE(6),
        APPEND_RESERVED(10),
        FREE(2),
        RESTART(5),
        RESTART_WITH_BASE(5),
        ADVANCE(5),
        CLEAR(1),
        CREATE(4),
        DELETE(2),
        TRUNCATE(4),
        GROW(1),
        SHRINK(1),
        REOPEN(2);

        private final int weight;

        Step(int weight) {
            this.weight = weight;
        }

        static Step choose(SplittableRandom random) {
            int total = 0;
            for (var step : values()) {
                total += step.weight;
            }
            int ticket = random.nextInt(total);
            for (var step : values()) {
                ticket -= step.weight;
                if (ticket < 0) {
                    return step;
                }
            }
            throw new AssertionError();
        }
    }

    private final SplittableRandom random;
    private final ModelledLog log;
    private int created;
    private int start;
    private boolean forgetful;

    LogWorkload(long seed, Function<SimulatedDevice, LogDevice> wrapper) {
        this(seed, new SimulatedDevice(), wrapper);
    }

    /** A workload on what the wrapper makes of a disk. */
    LogWorkload(long seed, SimulatedDevice disk, Function<SimulatedDevice, LogDevice> wrapper) {
        this.random = new SplittableRandom(seed);
        boolean dedicated = random.nextInt(3) == 0;
        var options = LogOptions.builder()
                .kind(dedicated ? LogKind.DEDICATED : LogKind.MULTIPLEXED)
                .containerBytes(1)
                .containers(Containers.FEWEST)
                .idleFlush(Duration.ZERO)
                .build();
        this.log = new ModelledLog(disk, wrapper.apply(disk), options);
    }

    /** Creates the log and takes so many steps; then closes it, or not. */
    static LogWorkload run(long seed, int steps) throws LogException {
        var workload = new LogWorkload(seed, disk -> disk);
        workload.run(steps);
        return workload;
    }

    void run(int steps) throws LogException {
        try {
            open();
            takeSteps(steps);
            if (random.nextBoolean()) {
                close();
            }
        } finally {
            abandon();
        }
    }

    /** As {@link #run}, but stops at the first failure of the log, which is returned, and leaves the log open. */
    Optional<LogException> runUntilFailure(int steps) {
        try {
            open();
            takeSteps(steps);
            close();
            return Optional.empty();
        } catch (LogException e) {
            return Optional.of(e);
        }
    }

    LogModel model() {
        return log.model();
    }

    SimulatedDevice disk() {
        return log.disk();
    }

    LogOptions options() {
        return log.options();
    }

    Log log() {
        return log.log();
    }

    /** The handles in use. */
    List<LogStream> handles() {
        return log.users().values().stream().map(stream -> stream.handle).toList();
    }

    /** What was done to the disk until the workload ended. */
    History history() {
        return log.history();
    }

    /** Where in the history growing began. */
    int start() {
        return start;
    }

    /** From now on reservations are forgotten, not freed. */
    void forgetReservations() {
        forgetful = true;
    }

    void open() throws LogException {
        log.open();
        while (log.users().isEmpty()
                || (random.nextInt(3) > 0 && isMultiplexed() && log.users().size() < 2)) {
            create();
        }
    }

    void close() throws LogException {
        for (var stream : log.users().values()) {
            free(stream);
        }
        log.close();
    }

    void abandon() {
        log.abandon();
    }

    void takeSteps(int steps) throws LogException {
        for (int i = 0; i < steps; i++) {
            try {
                take(Step.choose(random));
            } catch (LogFullException e) {
                log.model().retract();
                makeRoom();
            } catch (LogRefusedException | LogDeviceException e) {
                // Such as a container that is in use, or one that could not be created: nothing has changed.
                log.model().retract();
                if (!log.isOpen()) {
                    open();
                }
            }
        }
    }

    private void take(Step step) throws LogException {
        var name = anyStream();
        var stream = user(name);
        switch (step) {
            case APPEND -> append(stream, Durability.APPEND, anySize());
            case APPEND_FORCED -> append(stream, Durability.FORCE, anySize());
            case APPEND_QUEUED -> append(stream, Durability.QUEUE, anySize());
            case APPEND_LARGE -> {
                for (int i = random.nextInt(1, 12); i > 0; i--) {
                    append(stream, Durability.APPEND, stream.handle.maxPayloadBytes() - random.nextInt(64));
                }
            }
            case FORCE -> force(stream);
            case RESERVE -> reserve(stream);
            case APPEND_RESERVED -> appendReserved(stream);
            case FREE -> free(stream);
            case RESTART -> restart(stream, false);
            case RESTART_WITH_BASE -> restart(stream, true);
            case ADVANCE -> advance(stream);
            case CLEAR -> clear(stream);
            case CREATE -> {
                if (isMultiplexed() && log.users().size() < MOST_STREAMS) {
                    create();
                }
            }
            case DELETE -> {
                if (log.users().size() > 1) {
                    free(stream);
                    log.delete(name, stream);
                }
            }
            case TRUNCATE -> truncate(stream);
            case GROW -> log.resize(() -> log().addContainers(1));
            case SHRINK ->
                log.resize(() -> log().removeContainer(
                                log().containers()
                                        .get(random.nextInt(log().containers().size())),
                                random.nextBoolean()));
            case REOPEN -> {
                close();
                open();
            }
        }
    }

    /** Two containers more, of which one goes again, and records in between. */
    void growAndShrink() throws LogException {
        start = log.disk().point();
        for (int containers = 0; containers < 2; containers++) {
            append(anyUser(), Durability.FORCE, anySize());
            log.resize(() -> log().addContainers(1));
        }
        append(anyUser(), Durability.APPEND, anySize());
        var last = log().containers().get(log().containers().size() - 1);
        log.resize(() -> log().removeContainer(last, true));
    }

    private boolean isMultiplexed() {
        return log.options().kind() == LogKind.MULTIPLEXED;
    }

    private int anySize() {
        return random.nextInt(4) == 0 ? random.nextInt(LARGE_BYTES) : random.nextInt(200);
    }

    private String anyStream() {
        var names = List.copyOf(log.users().keySet());
        return names.get(random.nextInt(names.size()));
    }

    private ModelledLog.User user(String name) {
        return Objects.requireNonNull(log.users().get(name));
    }

    private ModelledLog.User anyUser() {
        return user(anyStream());
    }

    private ByteBuffer payload(int size) {
        var bytes = ByteBuffer.allocate(size);
        int number = log.model().entries().size();
        for (int i = 0; i < size; i++) {
            bytes.put((byte) (number * 31 + i * 7 + i / 251));
        }
        return bytes.flip();
    }

    private LogModel.Entry entry(ModelledLog.User stream, LogModel.Kind kind, long argument, int size, long previous) {
        var earlier = log.readable(stream);
        long undoNext = kind == LogModel.Kind.DATA && !earlier.isEmpty() && random.nextBoolean()
                ? earlier.get(random.nextInt(earlier.size()))
                : Lsn.INVALID;
        return new LogModel.Entry(stream.number, LogModel.UNKNOWN, kind, argument, payload(size), previous, undoNext);
    }

    private void append(ModelledLog.User stream, Durability durability, int size) throws LogException {
        var entry = entry(stream, LogModel.Kind.DATA, 0, size, stream.last);
        log.append(stream, entry, durability, () -> switch (durability) {
            case APPEND -> stream.handle.append(entry.payload(), entry.previous(), entry.undoNext());
            case QUEUE -> stream.handle.appendQueued(entry.payload(), entry.previous(), entry.undoNext());
            case FORCE -> stream.handle.appendForced(entry.payload(), entry.previous(), entry.undoNext());
        });
    }

    private void force(ModelledLog.User stream) throws LogException {
        boolean all = random.nextBoolean();
        log.force(() -> {
            long end = all ? log.log().force() : stream.handle.force(Lsn.NULL);
            Oracle.check(end > log.model().latest().highest(), () -> "forced up to " + Lsn.toString(end) + " only");
        });
    }

    private void reserve(ModelledLog.User stream) throws LogException {
        var sizes = new int[random.nextInt(1, 4)];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = anySize();
        }
        log.model().begin(log.model().latest());
        var present = stream.reservation;
        if (present == null) {
            stream.reservation = stream.handle.reserve(sizes);
        } else {
            present.reserve(sizes);
        }
        log.model().retract();
    }

    private void appendReserved(ModelledLog.User stream) throws LogException {
        var reservation = stream.reservation;
        if (reservation == null || reservation.records() == 0) {
            return;
        }
        boolean forced = random.nextBoolean();
        var entry = entry(stream, LogModel.Kind.DATA, 0, random.nextInt(40), stream.last);
        var durability = forced ? Durability.FORCE : Durability.APPEND;
        try {
            log.append(
                    stream,
                    entry,
                    durability,
                    () -> forced
                            ? stream.handle.appendForced(
                                    reservation, entry.payload(), entry.previous(), entry.undoNext())
                            : stream.handle.append(reservation, entry.payload(), entry.previous(), entry.undoNext()));
        } catch (LogFullException e) {
            throw new AssertionError("a reserved record did not find its space", e);
        }
    }

    private void free(ModelledLog.User stream) throws LogException {
        var reservation = stream.reservation;
        if (reservation != null && !forgetful) {
            reservation.close();
            stream.reservation = null;
            log.settle();
        }
    }

    private void restart(ModelledLog.User stream, boolean moving) throws LogException {
        var lsns = log.readable(stream);
        long newBase = moving && !lsns.isEmpty() ? lsns.get(random.nextInt(lsns.size())) : Lsn.NULL;
        long former = log.latestRestartOf(stream);
        var entry = entry(stream, LogModel.Kind.RESTART, newBase, random.nextInt(100), former);
        log.append(stream, entry, Durability.FORCE, () -> stream.handle.writeRestart(entry.payload(), newBase));
        log.settle();
    }

    private void advance(ModelledLog.User stream) throws LogException {
        var lsns = log.readable(stream);
        if (!lsns.isEmpty()) {
            long lsn = lsns.get(random.nextInt(lsns.size()));
            log.moveBase(stream, () -> stream.handle.advanceBase(lsn));
        }
    }

    private void clear(ModelledLog.User stream) throws LogException {
        log.moveBase(stream, stream.handle::clear);
        stream.last = Lsn.INVALID;
    }

    private void makeRoom() throws LogException {
        for (var stream : log.users().values()) {
            clear(stream);
        }
    }

    private void create() throws LogException {
        var name = isMultiplexed() ? "stream " + created++ % (MOST_STREAMS + 1) : "";
        if (!log.users().containsKey(name)) {
            log.create(name);
        }
    }

    private void truncate(ModelledLog.User stream) throws LogException {
        var lsns = log.readable(stream);
        if (isMultiplexed() || lsns.isEmpty()) {
            return;
        }
        long kept = lsns.get(random.nextInt(lsns.size()));
        var entry = new LogModel.Entry(
                stream.number,
                LogModel.UNKNOWN,
                LogModel.Kind.TRUNCATION,
                kept,
                ByteBuffer.allocate(0),
                Lsn.INVALID,
                Lsn.INVALID);
        log.append(stream, entry, Durability.FORCE, () -> {
            stream.handle.truncateEnd(kept);
            return log.model().latest().highest();
        });
    }
}
