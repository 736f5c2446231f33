package dev.ktm.glassfish;

import com.sun.enterprise.resource.ResourceHandle;
import com.sun.enterprise.transaction.spi.TransactionalResource;
import dev.ktm.Ktm;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.transaction.xa.XAResource;
import org.glassfish.hk2.api.ServiceLocator;
import org.jspecify.annotations.Nullable;

/**
 * The server's pools whose connections can prepare, as resource managers of the coordinator.
 *
 * <p><b>Theory of operation.</b> A pool is registered under its own name, by which its branches are enlisted, too. Not under that of
 * a resource: several may use one pool, and one may be pointed to another pool while branches are in the first. The name stays the
 * same over restarts, and each pool is asked on its own, with a connection outside it: what one cannot be asked for is left to it,
 * and is no other's concern. The server's own way of asking, one list of whatever could be opened, cannot be used for these: a pool
 * that is missing in it would look like one that holds nothing. It is used for the rest, whose branches are recognised by their
 * resources; each of those is on its own as well.
 *
 * <p>The coordinator looks for all this again and again: so resources that are made while the server runs are found. Safe for many
 * threads.
 */
public final class ServerPools {

    /** What the server appends to the names of connections that persistence providers use. */
    private static final String PERSISTENCE_SUFFIX = "__pm";

    private final ServerCoordinator coordinator;
    private final ServiceLocator services;

    /** A server that is stopped and started again has another coordinator, which knows nothing of the first one's. */
    private final Map<Ktm, PoolRegistrations> registrations = new ConcurrentHashMap<>();
    /** What somebody has added by himself. */
    private final List<XAResource> added = new CopyOnWriteArrayList<>();

    /** Of this server. */
    @Inject
    public ServerPools(ServerCoordinator coordinator, ServiceLocator services) {
        this.coordinator = coordinator;
        this.services = services;
    }

    private PoolRegistrations of(Ktm ktm) {
        return registrations.computeIfAbsent(ktm, each -> new PoolRegistrations(each, services));
    }

    /**
     * The name of a resource for recovery; one that is in no configuration is registered now. Null for what is of no pool, like
     * the resource that a message-driven bean receives through.
     */
    @Nullable
    String nameOf(TransactionalResource resource) {
        var pool = resource instanceof ResourceHandle handle
                ? handle.getResourceSpec().getPoolInfo()
                : null;
        if (pool == null) {
            return null;
        }
        return coordinator
                .ifOpen()
                .map(ktm -> of(ktm).register(withoutSuffix(resource.getName()), pool))
                .orElseGet(() -> PoolNames.nameOf(pool));
    }

    private static String withoutSuffix(String jndiName) {
        return jndiName.endsWith(PERSISTENCE_SUFFIX)
                ? jndiName.substring(0, jndiName.length() - PERSISTENCE_SUFFIX.length())
                : jndiName;
    }

    /** From now on the coordinator asks the pools of this server, and looks for new ones. */
    void feed(Ktm ktm) {
        var registered = of(ktm);
        registered.feed();
        added.forEach(registered::add);
    }

    /** Another resource that is asked for its branches, as long as the server runs. */
    void add(XAResource resource) {
        added.add(resource);
        registrations.values().forEach(each -> each.add(resource));
    }

    /** Registers what is there and not registered. */
    void registerAll(Ktm ktm) {
        var registered = of(ktm);
        registered.registerPools();
        registered.registerFeeds();
    }

    /** The coordinator has closed; waits some seconds for who is being asked. */
    void close() {
        registrations.values().forEach(PoolRegistrations::close);
        registrations.clear();
    }
}
