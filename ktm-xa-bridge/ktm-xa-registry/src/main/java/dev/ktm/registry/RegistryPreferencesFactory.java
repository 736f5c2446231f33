package dev.ktm.registry;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import java.util.prefs.Preferences;
import java.util.prefs.PreferencesFactory;
import org.jspecify.annotations.Nullable;

/**
 * Makes the registry what {@link Preferences#userRoot} and {@link Preferences#systemRoot} give, if the system property {@code
 * java.util.prefs.PreferencesFactory} names this class. It opens a coordinator and a registry of its own when it is first asked, and
 * closes them when the JVM ends. An application that has a coordinator already names a class of its own, which returns {@link
 * Registry#preferences} of its registry.
 *
 * <p>{@code java.util.prefs} keeps the one factory of a JVM in a static field; nothing here is static.
 */
public final class RegistryPreferencesFactory implements PreferencesFactory {

    /** The system property that says where the coordinator's log is. */
    public static final String LOG_DIRECTORY = "dev.ktm.registry.log";

    /** The system property that says what the registry is called; {@code preferences} if it is missing. */
    public static final String NAME = "dev.ktm.registry.name";

    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Registry registry;

    /** For {@code java.util.prefs}. */
    public RegistryPreferencesFactory() {
        // What it opens it opens when it is asked.
    }

    @Override
    public Preferences userRoot() {
        return registry().preferences();
    }

    @Override
    public Preferences systemRoot() {
        return registry().systemPreferences();
    }

    private Registry registry() {
        lock.lock();
        try {
            var present = registry;
            if (present == null) {
                present = open();
                registry = present;
            }
            return present;
        } finally {
            lock.unlock();
        }
    }

    private static Registry open() {
        var directory = System.getProperty(LOG_DIRECTORY, "");
        if (directory.isEmpty()) {
            throw new IllegalStateException("expected the directory of the log in system property " + LOG_DIRECTORY
                    + ", found nothing: preferences are kept beside it");
        }
        var ktm = Ktm.open(KtmOptions.builder().logDirectory(Path.of(directory)).build());
        try {
            var opened = Registry.open(ktm, System.getProperty(NAME, "preferences"));
            Runtime.getRuntime()
                    .addShutdownHook(new Thread(
                            () -> {
                                opened.close();
                                ktm.close();
                            },
                            "ktm registry shutdown"));
            return opened;
        } catch (RegistryException e) {
            ktm.close();
            throw new IllegalStateException("the registry of preferences cannot be opened: " + e.getMessage(), e);
        }
    }
}
