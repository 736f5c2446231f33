package dev.ktm.glassfish;

import dev.ktm.Ktm;
import jakarta.inject.Inject;
import jakarta.transaction.SystemException;
import java.util.Optional;
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

    private volatile @Nullable Ktm open;
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

    private synchronized Ktm open() {
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
    }

    /** Opens it for a server that starts, which may be one that was stopped before. */
    synchronized void start() {
        stopped = false;
        open();
    }

    /** Closes it for a server that stops; until that is started again there are no transactions. */
    synchronized void stop() {
        stopped = true;
        var known = open;
        if (known != null) {
            open = null;
            known.close();
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
