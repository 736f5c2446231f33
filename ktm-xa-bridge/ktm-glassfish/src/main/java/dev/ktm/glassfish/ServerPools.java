package dev.ktm.glassfish;

import com.sun.enterprise.config.serverbeans.Domain;
import com.sun.enterprise.config.serverbeans.ResourcePool;
import com.sun.enterprise.config.serverbeans.Resources;
import com.sun.enterprise.resource.ResourceHandle;
import com.sun.enterprise.transaction.spi.RecoveryResourceHandler;
import com.sun.enterprise.transaction.spi.TransactionalResource;
import dev.ktm.Ktm;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import javax.transaction.xa.XAResource;
import org.glassfish.connectors.config.ConnectorConnectionPool;
import org.glassfish.connectors.config.ConnectorResource;
import org.glassfish.hk2.api.ServiceLocator;
import org.glassfish.jdbc.config.JdbcConnectionPool;
import org.glassfish.jdbc.config.JdbcResource;
import org.glassfish.resourcebase.resources.api.PoolInfo;
import org.glassfish.resourcebase.resources.util.ResourceUtil;
import org.jboss.tm.XAResourceRecovery;
import org.jspecify.annotations.Nullable;

/**
 * The server's pools whose connections can prepare, as resource managers of the coordinator.
 *
 * <p><b>Theory of operation.</b> A pool is registered under the JNDI name of its resource, which is also the name that its branches
 * are enlisted by. The name stays the same over restarts, and each is asked on its own, with a connection outside the pool: what one
 * cannot be asked for is left to it, and is no other's concern. The server's own way of asking, one list of whatever could be
 * opened, cannot be used for these: a pool that is missing in it would look like one that holds nothing. It is used for the rest,
 * whose branches are recognised by their resources.
 *
 * <p>The coordinator asks this class again and again, as if it were a resource manager: so resources that are made while the server
 * runs are found. Safe for many threads.
 */
public final class ServerPools implements XAResourceRecovery {

    private static final System.Logger LOGGER = System.getLogger(ServerPools.class.getName());

    /** What the server appends to the names of connections that persistence providers use. */
    private static final String PERSISTENCE_SUFFIX = "__pm";

    /** The server's own feeds of what is registered here by name. */
    private static final Set<String> REPLACED = Set.of(
            "org.glassfish.jdbc.recovery.JdbcRecoveryResourceHandler",
            "com.sun.enterprise.resource.recovery.ConnectorsRecoveryResourceHandler");

    /**
     * The database of the server's timers, which exists once a timer does: looking for branches would make it. It is asked from its
     * first use on.
     */
    private static final String TIMERS = "jdbc/__TimerPool";

    private final ServerCoordinator coordinator;
    private final ServiceLocator services;

    private final Map<String, PoolInfo> registered = new ConcurrentHashMap<>();
    /** What somebody has added by himself. */
    private final List<XAResource> added = new CopyOnWriteArrayList<>();
    /** Held while pools are looked for. */
    private final ReentrantLock looking = new ReentrantLock();
    /** What the server's own feeds have opened last. Guarded by {@link #looking}. */
    private final List<Opened> opened = new ArrayList<>();
    /** Whether there is a coordinator that asks. Guarded by {@link #looking}. */
    private boolean feeding;

    /** A pool, and the name of a resource that uses it. */
    private record Configured(String jndiName, PoolInfo pool) {}

    private record Opened(RecoveryResourceHandler handler, List<Object> connections) {}

    /** Of this server. */
    @Inject
    public ServerPools(ServerCoordinator coordinator, ServiceLocator services) {
        this.coordinator = coordinator;
        this.services = services;
    }

    // Enlisting.

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
        var jndiName = withoutSuffix(resource.getName());
        var name = nameOf(jndiName, pool);
        if (!registered.containsKey(name)) {
            coordinator.ifOpen().ifPresent(ktm -> register(ktm, name, new Configured(jndiName, pool)));
        }
        return name;
    }

    private static String withoutSuffix(String jndiName) {
        return jndiName.endsWith(PERSISTENCE_SUFFIX)
                ? jndiName.substring(0, jndiName.length() - PERSISTENCE_SUFFIX.length())
                : jndiName;
    }

    /** Resources of applications may have the same name in each. */
    private static String nameOf(String jndiName, PoolInfo pool) {
        if (pool.getApplicationName() == null) {
            return jndiName;
        }
        return jndiName + "@" + pool.getApplicationName()
                + (pool.getModuleName() == null ? "" : "#" + pool.getModuleName());
    }

    private void register(Ktm ktm, String name, Configured pool) {
        if (registered.putIfAbsent(name, pool.pool()) == null) {
            ktm.register(name, new PoolResources(services, pool.jndiName(), pool.pool()));
        }
    }

    // Recovery.

    /** From now on the coordinator asks the pools of this server, and looks for new ones. */
    void feed(Ktm ktm) {
        looking.lock();
        try {
            feeding = true;
        } finally {
            looking.unlock();
        }
        ktm.recoveryRegistry().addXAResourceRecovery(this);
    }

    /** Another resource that is asked for its branches, as long as the server runs. */
    void add(XAResource resource) {
        added.add(resource);
    }

    @Override
    public XAResource[] getXAResources() {
        looking.lock();
        try {
            return feeding ? look() : new XAResource[0];
        } finally {
            looking.unlock();
        }
    }

    private XAResource[] look() {
        coordinator.ifOpen().ifPresent(this::registerAll);
        closeOpened();
        var all = new ArrayList<>(added);
        for (var handler : services.getAllServices(RecoveryResourceHandler.class)) {
            if (!REPLACED.contains(handler.getClass().getName())) {
                var connections = new ArrayList<>();
                opened.add(new Opened(handler, connections));
                handler.loadXAResourcesAndItsConnections(all, connections);
            }
        }
        return all.toArray(XAResource[]::new);
    }

    private void closeOpened() {
        opened.forEach(each -> each.handler().closeConnections(each.connections()));
        opened.clear();
    }

    /** Registers what is configured and not registered. */
    void registerAll(Ktm ktm) {
        var configured = configured();
        configured.forEach((name, pool) -> register(ktm, name, pool));
    }

    private Map<String, Configured> configured() {
        var all = new HashMap<String, Configured>();
        var domain = services.getService(Domain.class);
        if (domain != null) {
            var common = domain.getResources();
            collect(common, common, all);
            for (var application : domain.getApplications().getApplications()) {
                collect(application.getResources(), common, all);
                for (var module : application.getModule()) {
                    collect(module.getResources(), common, all);
                }
            }
        }
        return all;
    }

    private static void collect(@Nullable Resources resources, Resources common, Map<String, Configured> all) {
        if (resources == null) {
            return;
        }
        for (var resource : resources.getResources(JdbcResource.class)) {
            var pool = find(JdbcConnectionPool.class, resource.getPoolName(), resources, common);
            if (pool != null && "javax.sql.XADataSource".equals(pool.getResType())) {
                put(resource.getJndiName(), pool, all);
            }
        }
        all.remove(TIMERS);
        for (var resource : resources.getResources(ConnectorResource.class)) {
            var pool = find(ConnectorConnectionPool.class, resource.getPoolName(), resources, common);
            if (pool != null && "XATransaction".equals(pool.getTransactionSupport())) {
                put(resource.getJndiName(), pool, all);
            }
        }
    }

    private static <P extends ResourcePool> @Nullable P find(
            Class<P> kind, String name, Resources first, Resources second) {
        for (var place : List.of(first, second)) {
            for (var pool : place.getResources(kind)) {
                if (pool.getName().equals(name)) {
                    return pool;
                }
            }
        }
        return null;
    }

    private static void put(String jndiName, ResourcePool pool, Map<String, Configured> all) {
        var info = ResourceUtil.getPoolInfo(pool);
        all.put(nameOf(jndiName, info), new Configured(jndiName, info));
    }

    /** The coordinator is about to close; waits while it is looking for pools. */
    void close() {
        looking.lock();
        try {
            feeding = false;
            registered.clear();
            closeOpened();
        } catch (RuntimeException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "a connection of recovery could not be closed", e);
        } finally {
            looking.unlock();
        }
    }
}
