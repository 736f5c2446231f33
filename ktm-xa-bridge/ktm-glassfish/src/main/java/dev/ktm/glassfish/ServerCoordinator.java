package dev.ktm.glassfish;

import dev.ktm.Ktm;
import jakarta.inject.Inject;
import jakarta.transaction.SystemException;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.glassfish.api.admin.ServerEnvironment;
import org.glassfish.hk2.api.PreDestroy;
import org.jspecify.annotations.Nullable;

/**
 * The coordinator of a server: opened when the server starts, or with the first transaction if that comes earlier, closed when it
 * stops. Safe for many threads; several servers in one JVM have one each.
 */
public final class ServerCoordinator implements PreDestroy {

    private static final System.Logger LOGGER = System.getLogger(ServerCoordinator.class.getName());

    private final ServerEnvironment environment;
    /** The resource that is being enlisted on a thread: the server knows its name, and does not pass it on. */
    private final ThreadLocal<String> enlisting = new ThreadLocal<>();

    /** Held while it is opened or closed. */
    private final ReentrantLock changing = new ReentrantLock();

    private volatile @Nullable Ktm open;
    /** Guarded by {@link #changing}. */
    private boolean stopped;

    /** Of this server; nothing is opened yet. */
    @Inject
    public ServerCoordinator(ServerEnvironment environment) {
        this.environment = environment;
    }

    /** What is configured. */
    ServerOptions options() {
        return ServerOptions.of(
                System.getProperties(), environment.getInstanceRoot().toPath());
    }

    /** The coordinator, which is opened if it is not. */
    Ktm ktm() throws SystemException {
        var known = open;
        if (known != null) {
            return known;
        }
        try {
            return open();
        } catch (RuntimeException e) {
            var failure = new SystemException("the coordinator cannot be opened: " + e.getMessage());
            failure.initCause(e);
            throw failure;
        }
    }

    /** The coordinator if it is open. */
    Optional<Ktm> ifOpen() {
        return Optional.ofNullable(open);
    }

    private Ktm open() {
        changing.lock();
        try {
            var known = open;
            if (known != null) {
                return known;
            }
            if (stopped) {
                throw new IllegalStateException("expected a server that runs, found one that is being stopped");
            }
            var options = options();
            var opened = Ktm.open(options.coordinator());
            open = opened;
            LOGGER.log(System.Logger.Level.INFO, "KTM is the transaction manager; log: " + options.place());
            return opened;
        } finally {
            changing.unlock();
        }
    }

    /** Opens it for a server that starts, which may be one that was stopped before. */
    void start() {
        changing.lock();
        try {
            stopped = false;
            open();
        } finally {
            changing.unlock();
        }
    }

    /** Closes it for a server that stops; until that is started again there are no transactions. */
    void stop() {
        changing.lock();
        try {
            stopped = true;
            var known = open;
            if (known != null) {
                open = null;
                known.close();
            }
        } finally {
            changing.unlock();
        }
    }

    @Override
    public void preDestroy() {
        stop();
    }

    // Names.

    /** Says what the thread is about to enlist; null to end that. Returns what it was. */
    @Nullable
    String enlisting(@Nullable String name) {
        var before = enlisting.get();
        if (name == null) {
            enlisting.remove();
        } else {
            enlisting.set(name);
        }
        return before;
    }

    /** The name of what the thread is enlisting. */
    Optional<String> enlisting() {
        return Optional.ofNullable(enlisting.get());
    }
}
