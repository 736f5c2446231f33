package dev.ktm.tm;

import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.tm.ManagerHandle.Durability;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** One life of a process: its transaction managers, its time, and a disk that outlives it. */
final class Machine implements AutoCloseable {

    private static final LogOptions SMALL = LogOptions.builder()
            .containerBytes(1)
            .containers(3)
            .idleFlush(Duration.ZERO)
            .build();

    private static final Set<OperationKind> WRITES =
            EnumSet.of(OperationKind.WRITE, OperationKind.WRITE_FORCE, OperationKind.FORCE);

    final SimulatedDevice device;
    final List<OutcomeReport> reports = new CopyOnWriteArrayList<>();
    /** What resource managers were told, all of them together. */
    final List<String> trail = new CopyOnWriteArrayList<>();

    final TransactionManagers kernel;
    private final AtomicLong nanos = new AtomicLong();
    private final Queue<Runnable> held = new ArrayDeque<>();
    private volatile boolean holding;
    private final AtomicInteger refusing = new AtomicInteger();

    Machine() {
        this(formatted());
    }

    Machine(SimulatedDevice device) {
        this.device = device;
        this.kernel = new TransactionManagers(reports::add, nanos::get, () -> Instant.EPOCH, this::execute);
    }

    /** A disk with a log on which all containers are there: nothing goes on beside that faults could hit. */
    static SimulatedDevice formatted() {
        var device = new SimulatedDevice();
        var options =
                LogOptions.builder().containers(0).idleFlush(Duration.ZERO).build();
        try (var log = Log.open(device, options)) {
            log.addContainers(3, 1);
        } catch (LogException e) {
            throw new IllegalStateException(e);
        }
        return device;
    }

    private void execute(Runnable task) {
        if (refusing.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            throw new OutOfMemoryError("planted: there is no thread");
        }
        if (holding) {
            held.add(task);
        } else {
            task.run();
        }
    }

    /** From now on, what is to be done beside is not done. */
    void holdWorkers() {
        holding = true;
    }

    /** So many times no thread can be had for what is to be done beside. */
    void refuseNextWorkers(int times) {
        refusing.set(times);
    }

    /** The same disk in its next life, if this one ends now. */
    Machine afterCrash() {
        return new Machine(device.copy());
    }

    /** Lets time pass, and what is due be rolled back. */
    void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
        kernel.expire();
    }

    ManagerHandle inMemory() throws KtmException {
        return kernel.create(ManagerOptions.inMemory());
    }

    ManagerOptions onDisk() {
        return ManagerOptions.durable(device).withLogOptions(SMALL);
    }

    /** The transaction manager on the disk, not yet recovered. */
    ManagerHandle opened() throws KtmException {
        return kernel.create(onDisk());
    }

    /** The transaction manager on the disk, at work. */
    ManagerHandle recovered() throws KtmException {
        var manager = opened();
        manager.recover();
        return manager;
    }

    /** As {@link #recovered}, on a disk on which that cannot fail. */
    ManagerHandle atWork() {
        return certain(this::recovered);
    }

    /** As {@link #durable}, of a transaction manager that is at work. */
    ScriptedResourceManager lasting(ManagerHandle manager, String name) {
        return certain(() -> durable(manager, name));
    }

    private static <T> T certain(Callable<T> call) {
        try {
            return call.call();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** A durable resource manager that is found again by its name. */
    ScriptedResourceManager durable(ManagerHandle manager, String name) throws KtmException {
        return new ScriptedResourceManager(
                name, manager.createResourceManager(idOf(name), name, Durability.DURABLE), trail);
    }

    /** A resource manager that nothing is logged of. */
    ScriptedResourceManager fleeting(ManagerHandle manager, String name) throws KtmException {
        return new ScriptedResourceManager(
                name, manager.createResourceManager(idOf(name), name, Durability.VOLATILE), trail);
    }

    static UUID idOf(String name) {
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    }

    /** What this writes and forces; not what the log does beside, to have containers ready. */
    List<OperationKind> writesIn(Failures.Risky work) throws Exception {
        var seen = new CopyOnWriteArrayList<OperationKind>();
        device.hook(new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) {
                boolean beside = Thread.currentThread().getName().endsWith("housekeeper");
                if (WRITES.contains(kind) && !beside) {
                    seen.add(kind);
                }
            }
        });
        try {
            work.run();
        } finally {
            device.hook(OperationHook.NONE);
        }
        return seen;
    }

    List<OutcomeReport.Kind> reported() {
        return reports.stream().map(OutcomeReport::kind).toList();
    }

    @Override
    public void close() {
        kernel.close();
    }
}
