package dev.ktm.glassfish;

import com.sun.enterprise.connectors.ConnectorRegistry;
import com.sun.enterprise.transaction.spi.RecoveryResourceHandler;
import dev.ktm.Ktm;
import dev.ktm.rm.KtmException;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.transaction.xa.XAResource;
import org.glassfish.hk2.api.ServiceLocator;
import org.glassfish.resourcebase.resources.api.PoolInfo;
import org.jboss.tm.XAResourceRecovery;
import org.jspecify.annotations.Nullable;

/**
 * What is registered with one coordinator. Each pool, and each feed of somebody else, is a registration of its own, and so is each
 * way of finding them: what fails or hangs keeps up nothing but itself. Safe for many threads.
 */
final class PoolRegistrations {

    private static final System.Logger LOGGER = System.getLogger(PoolRegistrations.class.getName());

    private static final XAResource[] NONE = {};

    /** The server's own feeds of what is registered here. */
    private static final Set<String> REPLACED = Set.of(
            "org.glassfish.jdbc.recovery.JdbcRecoveryResourceHandler",
            "com.sun.enterprise.resource.recovery.ConnectorsRecoveryResourceHandler",
            "com.sun.enterprise.connectors.inbound.InboundRecoveryHandler");

    private final Ktm ktm;
    private final ServiceLocator services;
    private final ConfiguredPools configured;

    private final Map<PoolInfo, Registered> pools = new ConcurrentHashMap<>();
    /** By their classes. */
    private final Map<String, ForeignFeed> feeds = new ConcurrentHashMap<>();
    /** By the names of their resource adapters. */
    private final Map<String, InboundFeed> inbound = new ConcurrentHashMap<>();
    /** What somebody has added by himself, by identity. */
    private final Set<XAResource> added =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

    private volatile boolean closed;

    private static final class Registered {

        private final String name;
        private final PoolResources resources;
        /** The transactions that had begun when the server had lost the pool; null while it has it. */
        private @Nullable Set<UUID> last;

        Registered(String name, PoolResources resources) {
            this.name = name;
            this.resources = resources;
        }
    }

    PoolRegistrations(Ktm ktm, ServiceLocator services) {
        this.ktm = ktm;
        this.services = services;
        this.configured = new ConfiguredPools(services);
    }

    /** Has the coordinator look for what is to be registered, again and again, as if that were resource managers. */
    void feed() {
        var registry = ktm.recoveryRegistry();
        for (var step : new Runnable[] {this::registerPools, this::unregisterLost, this::registerFeeds}) {
            registry.addXAResourceRecovery(() -> {
                if (!closed) {
                    step.run();
                }
                return NONE;
            });
        }
    }

    // Pools.

    /** The name of a pool, which is registered if it is not. */
    String register(String jndiName, PoolInfo pool) {
        var known = pools.get(pool);
        if (known == null) {
            known = pools.computeIfAbsent(pool, each -> {
                var name = PoolNames.nameOf(each);
                var resources = new PoolResources(services, jndiName, each);
                ktm.register(name, resources);
                return new Registered(name, resources);
            });
        }
        known.resources.usedBy(jndiName);
        return known.name;
    }

    /** Registers those that are configured. */
    void registerPools() {
        for (var used : configured.used()) {
            try {
                register(used.jndiName(), used.pool());
            } catch (IllegalArgumentException e) {
                LOGGER.log(System.Logger.Level.WARNING, used.pool() + " cannot be recovered", e);
            }
        }
    }

    /**
     * Takes back pools that the server does not have any more, once every transaction has ended that may have a branch there: nobody
     * would find it again. Waits while such a pool is being asked.
     */
    void unregisterLost() {
        var there = configured.pools();
        pools.entrySet().removeIf(entry -> {
            var registered = entry.getValue();
            if (there.contains(entry.getKey())
                    || ConnectorRegistry.getInstance().isMCFCreated(entry.getKey())) {
                registered.last = null;
                return false;
            }
            boolean over = haveEnded(registered);
            if (over) {
                ktm.unregister(registered.name);
            }
            return over;
        });
    }

    private boolean haveEnded(Registered registered) {
        try {
            var now = new HashSet<>(ktm.manager().transactions());
            var last = registered.last;
            if (last != null) {
                now.retainAll(last);
            }
            registered.last = now;
            return now.isEmpty();
        } catch (KtmException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    // What others feed.

    /** Registers the feeds of others that are there. */
    void registerFeeds() {
        registerInbound();
        for (var handle : services.getAllServiceHandles(RecoveryResourceHandler.class)) {
            var name = handle.getActiveDescriptor().getImplementation();
            if (!REPLACED.contains(name)) {
                try {
                    feeds.computeIfAbsent(name, each -> register(new ForeignFeed(handle.getService())));
                } catch (RuntimeException e) {
                    LOGGER.log(System.Logger.Level.WARNING, name + " cannot be asked for what is to be recovered", e);
                }
            }
        }
    }

    private void registerInbound() {
        try {
            InboundFeed.adapters()
                    .forEach(name -> inbound.computeIfAbsent(name, each -> register(new InboundFeed(each))));
        } catch (NoClassDefFoundError e) {
            LOGGER.log(
                    System.Logger.Level.DEBUG, "the server has the web profile only, and no message-driven beans", e);
        }
    }

    private <F extends XAResourceRecovery> F register(F feed) {
        ktm.recoveryRegistry().addXAResourceRecovery(feed);
        return feed;
    }

    /** Another resource that is asked for its branches from now on. */
    void add(XAResource resource) {
        if (added.add(resource)) {
            ktm.recoveryRegistry().addXAResourceRecovery(() -> new XAResource[] {resource});
        }
    }

    /** The coordinator asks no more. */
    void close() {
        closed = true;
        feeds.values().forEach(ForeignFeed::close);
    }
}
