package dev.ktm.registry;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.Transaction;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A coordinator and a registry on simulated disks, one for the log and one for the checkpoints. */
final class Site implements AutoCloseable {

    /** Nothing is written unless somebody forces it. */
    static final LogOptions QUIET = LogOptions.builder()
            .containerBytes(1 << 20)
            .idleFlush(Duration.ZERO)
            .build();

    /** A clock that is a second later whenever it is asked. */
    static final class Ticks extends Clock {
        private final AtomicLong seconds = new AtomicLong();

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochSecond(seconds.incrementAndGet());
        }
    }

    private final Clock clock = new Ticks();
    private final Consumer<RegistryOptions.Builder> choices;
    private LogDevice log;
    private LogDevice files;
    private @Nullable Ktm ktm;
    private @Nullable Registry registry;

    Site() throws Exception {
        this(choice -> {});
    }

    Site(Consumer<RegistryOptions.Builder> choices) throws Exception {
        this(new SimulatedDevice(), new SimulatedDevice(), choices);
    }

    Site(LogDevice log, LogDevice files, Consumer<RegistryOptions.Builder> choices) throws Exception {
        this.choices = choices;
        this.log = log;
        this.files = files;
        open();
    }

    private void open() throws Exception {
        var opened = Ktm.open(KtmOptions.builder()
                .device(log)
                .logOptions(QUIET)
                .recoveryInterval(Duration.ofHours(1))
                .build());
        ktm = opened;
        var options = RegistryOptions.builder().device(files).clock(clock);
        choices.accept(options);
        try {
            registry = Registry.open(opened, "test", options.build());
        } catch (RegistryException e) {
            opened.close();
            throw e;
        }
    }

    Ktm ktm() {
        return Objects.requireNonNull(ktm);
    }

    Registry registry() {
        return Objects.requireNonNull(registry);
    }

    RegistryKey root() {
        return registry().root();
    }

    SimulatedDevice log() {
        return (SimulatedDevice) log;
    }

    SimulatedDevice files() {
        return (SimulatedDevice) files;
    }

    LogDevice logDisk() {
        return log;
    }

    LogDevice filesDisk() {
        return files;
    }

    /** As after the end of the process: what was not written is lost. */
    void crash() throws Exception {
        SimulatedDevice foundLog;
        SimulatedDevice foundFiles;
        int point;
        do {
            // Both disks as they are at one moment: a checkpoint may be on its way.
            point = files().point();
            foundLog = log().copy();
            foundFiles = files().copy();
        } while (files().point() != point);
        reopen(foundLog, foundFiles);
    }

    void reopen(LogDevice foundLog, LogDevice foundFiles) throws Exception {
        close();
        log = foundLog;
        files = foundFiles;
        open();
    }

    KtmTransaction begin() throws Exception {
        ktm().transactionManager().begin();
        return (KtmTransaction) ktm().transactionManager().getTransaction();
    }

    Transaction suspend() throws Exception {
        return ktm().transactionManager().suspend();
    }

    void resume(Transaction transaction) throws Exception {
        ktm().transactionManager().resume(transaction);
    }

    void commit() throws Exception {
        ktm().transactionManager().commit();
    }

    void rollback() throws Exception {
        ktm().transactionManager().rollback();
    }

    /** All keys and values below a key, by their paths; times of keys, too. */
    static Map<String, String> everythingIn(RegistryKey key) throws RegistryException {
        var all = new TreeMap<String, String>();
        collect(key, "", all);
        return all;
    }

    private static void collect(RegistryKey key, String path, Map<String, String> all) throws RegistryException {
        all.put(path + "\\", key.lastWriteTime() + " " + key.className() + " " + key.security());
        for (var value : key.values()) {
            all.put(path + "\\" + value.name() + "=", value.type() + " " + Arrays.toString(value.data()));
        }
        for (var name : key.subkeys()) {
            collect(key.openKey(name), path + "\\" + name, all);
        }
    }

    /** As {@link #everythingIn}, without times. */
    static Map<String, String> contentOf(RegistryKey key) throws RegistryException {
        var all = everythingIn(key);
        all.replaceAll((path, shown) -> path.endsWith("\\") ? shown.substring(shown.indexOf(' ')) : shown);
        return all;
    }

    @Override
    public void close() {
        if (registry != null) {
            registry.close();
        }
        if (ktm != null) {
            ktm.close();
        }
    }
}
