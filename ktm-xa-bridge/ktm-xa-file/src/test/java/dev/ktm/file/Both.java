package dev.ktm.file;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.DiskImage;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.registry.Registry;
import dev.ktm.registry.RegistryKey;
import dev.ktm.registry.RegistryOptions;
import dev.ktm.tm.KtmTransaction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Files and a registry under one coordinator, on simulated disks: one for the log, one for the checkpoints of the registry, and a
 * tree.
 */
final class Both implements AutoCloseable {

    private static final LogOptions QUIET = LogOptions.builder()
            .containerBytes(1 << 20)
            .containers(4)
            .idleFlush(Duration.ZERO)
            .build();

    /** Everything that a crash has left. */
    record Disks(SimulatedDevice log, SimulatedDevice hives, SimulatedTree tree) {

        static Disks empty() {
            return new Disks(new SimulatedDevice(), new SimulatedDevice(), new SimulatedTree(count -> {}));
        }
    }

    final Disks disks;
    final Ktm ktm;
    final TransactedFiles files;
    final Registry registry;

    private Both(Disks disks, Ktm ktm, TransactedFiles files, Registry registry) {
        this.disks = disks;
        this.ktm = ktm;
        this.files = files;
        this.registry = registry;
    }

    static Both open(Disks disks) throws IOException {
        var ktm = Ktm.open(KtmOptions.builder()
                .device(disks.log())
                .logOptions(QUIET)
                .recoveryInterval(Duration.ofHours(1))
                .build());
        TransactedFiles files = null;
        try {
            files = openFiles(ktm, new ForcesLog(disks.tree(), ktm));
            var options =
                    RegistryOptions.builder().device(disks.hives()).clock(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
            return new Both(disks, ktm, files, Registry.open(ktm, "test", options.build()));
        } catch (IOException | RuntimeException | Error e) {
            if (files != null) {
                files.close();
            }
            ktm.close();
            throw e;
        }
    }

    private static TransactedFiles openFiles(Ktm ktm, Disk tree) throws IOException {
        var clock = new AtomicInteger();
        InstantSource ticks = () -> Instant.ofEpochSecond(1_000_000 + clock.incrementAndGet());
        return TransactedFiles.open(
                ktm,
                "test",
                () -> {},
                new ManagedRoot.Surroundings(tree, ticks, (why, failure) -> {
                    throw new AssertionError(why, failure);
                }),
                FileOptions.defaults());
    }

    /** All files and values, as a transaction sees them, or everybody. */
    Map<String, String> shown(@Nullable KtmTransaction transaction) throws IOException {
        var all = new TreeMap<String, String>();
        var root = transaction == null ? registry.root() : registry.root(transaction);
        collect(root, "", all);
        var view = transaction == null ? files.plainFileSystem() : files.fileSystem(transaction);
        try (var walk = Files.walk(view.getPath("/"))) {
            for (var path : (Iterable<Path>) walk::iterator) {
                if (path.getNameCount() > 0) {
                    all.put(path.toString(), Files.readString(path));
                }
            }
        }
        return all;
    }

    private static void collect(RegistryKey key, String path, Map<String, String> all) throws IOException {
        for (var value : key.values()) {
            all.put(path + "\\" + value.name(), value.asString().orElseThrow());
        }
        for (var name : key.subkeys()) {
            collect(key.openKey(name), path + "\\" + name, all);
        }
    }

    /** What is left if the power goes now; without one, if the process does. */
    Disks afterCrash(@Nullable SplittableRandom random) {
        // The log first: a checkpoint that is being made forces what it is about before it says so in the log.
        var log = random == null
                ? disks.log().image()
                : oneOf(disks.log(), disks.log().point(), random);
        var tree = disks.tree();
        SimulatedTree.Choice choice = random == null ? bound -> bound - 1 : random::nextInt;
        return new Disks(
                new SimulatedDevice(log),
                new SimulatedDevice(
                        random == null
                                ? disks.hives().image()
                                : oneOf(disks.hives(), disks.hives().point(), random)),
                tree.survivor(tree.point(), choice, count -> {}));
    }

    /** One of the states in which a device may be found after so many operations. */
    static DiskImage oneOf(SimulatedDevice device, int at, SplittableRandom random) {
        var found = new DiskImage[1];
        CrashStates.of(device.history())
                .from(at)
                .upTo(at)
                .sample(random.nextLong(), 1, state -> found[0] = state.image());
        return Objects.requireNonNull(found[0]);
    }

    /** Closes it, and forgets what led to this: it is all durable. */
    @Override
    public void close() {
        registry.close();
        files.close();
        ktm.close();
    }
}
