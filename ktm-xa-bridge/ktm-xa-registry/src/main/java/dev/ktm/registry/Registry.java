package dev.ktm.registry;

import dev.ktm.Ktm;
import dev.ktm.log.storage.FileDevice;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.rm.KtmException;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.SystemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.prefs.Preferences;
import java.util.regex.Pattern;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * A transactional registry: keys with typed values, in hives, which change together with everything else that takes part in a
 * transaction of a {@link Ktm}. Safe for many threads.
 *
 * <pre>{@code
 * try (var registry = Registry.open(ktm, "settings")) {
 *     ktm.userTransaction().begin();
 *     var window = registry.transactedRoot().createKey("Software\\Editor\\Window");
 *     window.setValue(RegistryValue.dword("Width", 800));
 *     ktm.userTransaction().commit(); // from here on everybody sees it, after any crash
 * }
 * }</pre>
 *
 * <p>The root is that of the main hive, {@value #MAIN}; other hives appear in it as subkeys under their names.
 */
public final class Registry implements AutoCloseable {

    /** The hive that is always loaded. */
    public static final String MAIN = "main";

    private static final String LOCK_FILE = "registry.lock";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}");
    private static final String USER_PREFERENCES = "Preferences\\User";
    private static final String SYSTEM_PREFERENCES = "Preferences\\System";

    private final Ktm ktm;
    private final String name;
    private final RegistryOptions options;
    private final LogDevice device;
    private final LogDevice.Ownership ownership;
    private final ThreadPoolExecutor dispatcher;

    private final Preferences userPreferences = new RegistryPreferences(this, USER_PREFERENCES, true);
    private final Preferences systemPreferences = new RegistryPreferences(this, SYSTEM_PREFERENCES, false);

    private final RegistryArea area = new RegistryArea(this);

    /** Without the main one; found by their names as keys are. */
    private final Map<String, Hive> mounted = new ConcurrentSkipListMap<>(Names.ORDER);

    /** Hives come and go one at a time. */
    private final ReentrantLock mounting = new ReentrantLock();

    private @Nullable Hive main;
    private volatile boolean closed;

    private Registry(Ktm ktm, String name, RegistryOptions options, LogDevice device, LogDevice.Ownership ownership) {
        this.ktm = ktm;
        this.name = name;
        this.options = options;
        this.device = device;
        this.ownership = ownership;
        this.dispatcher = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
            var thread = new Thread(task, "ktm registry " + name);
            thread.setDaemon(true);
            return thread;
        });
        dispatcher.allowCoreThreadTimeOut(true);
    }

    /** As {@link #open(Ktm, String, RegistryOptions)}, with {@linkplain RegistryOptions#defaults what holds if nothing is said}. */
    public static Registry open(Ktm ktm, String name) throws RegistryException {
        return open(ktm, name, RegistryOptions.defaults());
    }

    /**
     * Opens a registry, or makes it. What was decided is in it when this returns.
     *
     * @param name finds its streams of the log and its files again: letters, digits, dots, dashes and underscores, 64 at most
     * @throws RegistryException if it is open already, if the coordinator has no log, or if files or log cannot be read
     */
    public static Registry open(Ktm ktm, String name, RegistryOptions options) throws RegistryException {
        requireName(name, "registry");
        LogDevice device;
        LogDevice.Ownership ownership;
        try {
            var given = options.openDevice();
            device = given.isPresent() ? given.get() : besideTheLog(ktm, name);
            ownership = device.acquire(LOCK_FILE);
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw new RegistryException(
                    RegistryError.IO_FAILED, "registry \"" + name + "\" cannot be opened: " + e.getMessage(), e);
        }
        var registry = new Registry(ktm, name, options, device, ownership);
        try {
            registry.main = Hive.open(registry, MAIN, "");
            for (var hive : options.hives()) {
                registry.loadHive(hive);
            }
            ktm.operations().contribute(RegistryArea.NAME, name, registry.area);
            return registry;
        } catch (RegistryException | RuntimeException e) {
            registry.close();
            throw e;
        }
    }

    private static LogDevice besideTheLog(Ktm ktm, String name) throws IOException {
        var path = logPath(ktm);
        var directory = Path.of(path);
        var file = directory.getFileName();
        if (path.isEmpty() || file == null || !Files.isDirectory(directory)) {
            throw new RegistryException(
                    RegistryError.INVALID_PARAMETER,
                    "expected a coordinator whose log is in a directory, found "
                            + (path.isEmpty() ? "one without a log" : "\"" + path + "\"")
                            + ": say in the options where checkpoints are to be kept");
        }
        return FileDevice.openOrCreate(
                directory.resolveSibling(file + "-registry").resolve(name));
    }

    private static String logPath(Ktm ktm) throws RegistryException {
        try {
            return ktm.manager().logPath().orElse("");
        } catch (KtmException e) {
            throw failure("the coordinator cannot be asked where its log is", e);
        }
    }

    static RegistryException failure(String what, KtmException e) {
        return new RegistryException(RegistryError.IO_FAILED, what + ": " + e.getMessage(), e);
    }

    private static void requireName(String name, String what) throws RegistryException {
        if (!NAME.matcher(name).matches()) {
            throw new RegistryException(
                    RegistryError.INVALID_PARAMETER,
                    "expected the name of a " + what
                            + " of up to 64 letters, digits, dots, dashes and underscores, found \""
                            + Names.shortened(name) + "\"");
        }
    }

    // What its parts need.

    Ktm ktm() {
        return ktm;
    }

    String name() {
        return name;
    }

    RegistryOptions options() {
        return options;
    }

    LogDevice device() {
        return device;
    }

    ThreadPoolExecutor dispatcher() {
        return dispatcher;
    }

    Hive main() {
        return Objects.requireNonNull(main);
    }

    @Nullable
    Hive mounted(String hive) {
        return mounted.get(hive);
    }

    List<Hive> mounts() {
        return List.copyOf(mounted.values());
    }

    /** The transaction of the thread; null if there is none. */
    @Nullable
    KtmTransaction current() throws RegistryException {
        try {
            return (KtmTransaction) ktm.transactionManager().getTransaction();
        } catch (SystemException e) {
            throw new RegistryException(RegistryError.IO_FAILED, String.valueOf(e.getMessage()), e);
        }
    }

    KtmTransaction requireCurrent() throws RegistryException {
        var current = current();
        if (current == null) {
            throw new RegistryException(
                    RegistryError.TRANSACTION_NOT_ACTIVE, "expected a transaction of this thread, found none");
        }
        return current;
    }

    // Keys.

    /** The root, outside of transactions. */
    public RegistryKey root() {
        return new RegistryKey(this, main(), Node.ROOT, KeyRight.ALL, null, false);
    }

    /** The root in this transaction. */
    public RegistryKey root(KtmTransaction transaction) {
        return new RegistryKey(this, main(), Node.ROOT, KeyRight.ALL, transaction, false);
    }

    /**
     * The root in the transaction of the thread.
     *
     * @throws RegistryException with {@link RegistryError#TRANSACTION_NOT_ACTIVE} if it has none
     */
    public RegistryKey transactedRoot() throws RegistryException {
        return root(requireCurrent());
    }

    /** Preferences of the user, kept in the registry: in the transaction of the thread if it has one. */
    public Preferences preferences() {
        return userPreferences;
    }

    /** Preferences of the system, as {@link #preferences}. */
    public Preferences systemPreferences() {
        return systemPreferences;
    }

    /** The registry as a resource of another transaction manager: {@link Ktm#xaResource}, which offers all of the coordinator. */
    public XAResource xaResource() {
        return ktm.xaResource();
    }

    // Hives.

    /**
     * Loads a hive, or makes it: its root appears as a subkey of the root.
     *
     * @throws RegistryException with {@link RegistryError#ALREADY_EXISTS} if it is loaded, or the root has such a subkey; with
     *     {@link RegistryError#TRANSACTIONAL_CONFLICT} if a transaction that has not ended makes or removes one
     */
    public void loadHive(String hive) throws RegistryException {
        requireName(hive, "hive");
        mounting.lock();
        try {
            requireOpen();
            if (hive.equalsIgnoreCase(MAIN) || mounted(hive) != null) {
                throw Hive.alreadyThere(hive);
            }
            main().keepingFree(hive, () -> mounted.put(hive, Hive.open(this, hive, hive)));
        } finally {
            mounting.unlock();
        }
    }

    /**
     * Unloads a hive; its file has everything then and needs no log, so that it may be loaded in another registry as well.
     *
     * @throws RegistryException with {@link RegistryError#TRANSACTIONS_PENDING} if transactions have worked in it and not ended
     */
    public void unloadHive(String hive) throws RegistryException {
        mounting.lock();
        try {
            requireOpen();
            requireMounted(hive).unload();
            mounted.remove(hive);
        } finally {
            mounting.unlock();
        }
    }

    private Hive requireMounted(String hive) throws RegistryException {
        var found = mounted(hive);
        if (found == null) {
            throw new RegistryException(
                    RegistryError.HIVE_NOT_LOADED,
                    "expected a loaded hive other than the main one, found none of name \"" + Names.shortened(hive)
                            + "\"");
        }
        return found;
    }

    /** What there is to know of each hive, the main one first. */
    public List<HiveStatus> hives() {
        var all = new ArrayList<HiveStatus>();
        all.add(main().status());
        mounted.values().forEach(hive -> all.add(hive.status()));
        return all;
    }

    private void requireOpen() throws RegistryException {
        if (closed) {
            throw new RegistryException(RegistryError.INVALID_HANDLE, "expected an open registry, found it closed");
        }
    }

    // Durability.

    /** Makes durable whatever has been written so far, plain writes among it. */
    public void flush() throws RegistryException {
        try {
            ktm.manager().forceLog();
        } catch (KtmException e) {
            throw failure("the log cannot be forced", e);
        }
    }

    /** Writes the files of all hives now: the next start has less of the log to read. Work goes on meanwhile. */
    public void checkpoint() throws RegistryException {
        main().tidyNow();
        for (var hive : mounted.values()) {
            hive.tidyNow();
        }
    }

    /** Rolls back what is active, and lets go of log and files. What is prepared is taken up when it is opened again. */
    @Override
    public void close() {
        mounting.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            ktm.operations().withdraw(RegistryArea.NAME, name, area);
            mounted.values().forEach(Hive::close);
            var opened = main;
            if (opened != null) {
                opened.close();
            }
        } finally {
            mounting.unlock();
        }
        dispatcher.shutdown();
        try {
            ownership.close();
            device.close();
        } catch (IOException e) {
            System.getLogger(Registry.class.getName())
                    .log(System.Logger.Level.DEBUG, "the lock on the files cannot be given up", e);
        }
    }
}
