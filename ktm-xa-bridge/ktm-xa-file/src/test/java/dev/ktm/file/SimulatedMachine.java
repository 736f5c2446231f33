package dev.ktm.file;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.SimulatedDevice;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.SplittableRandom;

/** A tree with its log, and what is open on them; how it is after a crash. */
final class SimulatedMachine implements AutoCloseable {

    private static final LogOptions QUIET = LogOptions.builder()
            .containerBytes(1 << 20)
            .containers(4)
            .idleFlush(Duration.ZERO)
            .build();

    final SimulatedDevice device;
    final SimulatedTree tree;
    final Ktm ktm;
    final TransactedFiles files;

    SimulatedMachine(SimulatedDevice device, SimulatedTree tree) throws IOException {
        this(device, tree, tree);
    }

    /**
     * Starts it.
     *
     * @param disk what the file manager has the tree through
     */
    SimulatedMachine(SimulatedDevice device, SimulatedTree tree, Disk disk) throws IOException {
        this.device = device;
        this.tree = tree;
        this.ktm = Ktm.open(KtmOptions.builder()
                .device(device)
                .logOptions(QUIET)
                .recoveryInterval(Duration.ofHours(1))
                .build());
        try {
            this.files = TransactedFiles.open(
                    ktm,
                    "root",
                    () -> {},
                    new ManagedRoot.Surroundings(disk, InstantSource.system(), (why, failure) -> {
                        throw new AssertionError(why, failure);
                    }),
                    FileOptions.defaults());
        } catch (IOException | RuntimeException | Error e) {
            ktm.close();
            throw e;
        }
    }

    /** What a power cut leaves; this one has still to be closed. */
    SimulatedMachine afterPowerCut(SplittableRandom random) throws IOException {
        // The log first: a checkpoint that is being made forces the tree before it says so in the log.
        var found = new SimulatedDevice[1];
        int at = device.point();
        CrashStates.of(device.history())
                .from(at)
                .upTo(at)
                .sample(random.nextLong(), 1, state -> found[0] = new SimulatedDevice(state.image()));
        return new SimulatedMachine(
                Objects.requireNonNull(found[0]), tree.survivor(tree.point(), random::nextInt, count -> {}));
    }

    /** The log and the tree after the end of the process. */
    record Left(SimulatedDevice device, SimulatedTree tree) {}

    /** What the end of the process at this moment leaves. */
    Left kill() {
        var log = device.copy();
        return new Left(log, tree.survivor(tree.point(), bound -> bound - 1, count -> {}));
    }

    @Override
    public void close() {
        files.close();
        ktm.close();
    }
}
