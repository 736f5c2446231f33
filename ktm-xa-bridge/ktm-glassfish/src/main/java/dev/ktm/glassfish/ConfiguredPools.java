package dev.ktm.glassfish;

import com.sun.appserv.connectors.internal.api.ConnectorRuntime;
import com.sun.appserv.connectors.internal.api.ConnectorRuntimeException;
import com.sun.enterprise.config.serverbeans.Domain;
import com.sun.enterprise.config.serverbeans.ResourcePool;
import com.sun.enterprise.config.serverbeans.Resources;
import com.sun.enterprise.connectors.ConnectorRegistry;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.glassfish.connectors.config.ConnectorConnectionPool;
import org.glassfish.connectors.config.ConnectorResource;
import org.glassfish.hk2.api.ServiceLocator;
import org.glassfish.jdbc.config.JdbcConnectionPool;
import org.glassfish.jdbc.config.JdbcResource;
import org.glassfish.resourcebase.resources.api.PoolInfo;
import org.glassfish.resourcebase.resources.util.ResourceUtil;
import org.jspecify.annotations.Nullable;

/** What the server's configuration says of pools. Safe for many threads. */
final class ConfiguredPools {

    private static final System.Logger LOGGER = System.getLogger(ConfiguredPools.class.getName());

    private static final String XA = "XATransaction";

    /**
     * The database of the server's timers, which exists once a timer does: looking for branches would make it. It is asked from its
     * first use on.
     */
    private static final String TIMERS = "__TimerPool";

    /** Of the server's own messaging, which is started with its first use: looking for branches would start it. */
    private static final String DEFAULT_MESSAGING = "jms/__defaultConnectionFactory-Connection-Pool";

    private final ServiceLocator services;

    /** A pool, and the name of a resource that uses it. */
    record Used(String jndiName, PoolInfo pool) {}

    ConfiguredPools(ServiceLocator services) {
        this.services = services;
    }

    /** The pools whose connections can prepare, by each resource that uses them. */
    List<Used> used() {
        var all = new ArrayList<Used>();
        var places = places();
        for (var place : places) {
            collect(place, places.get(0), all);
        }
        return all;
    }

    /** Every pool. */
    Set<PoolInfo> pools() {
        var all = new HashSet<PoolInfo>();
        for (var place : places()) {
            for (var pool : place.getResources(ResourcePool.class)) {
                all.add(ResourceUtil.getPoolInfo(pool));
            }
        }
        return all;
    }

    /** Where resources are configured: first what all share, then those of applications and their modules. */
    private List<Resources> places() {
        var all = new ArrayList<Resources>();
        var domain = services.getService(Domain.class);
        if (domain != null) {
            all.add(domain.getResources());
            for (var application : domain.getApplications().getApplications()) {
                addIfThere(application.getResources(), all);
                for (var module : application.getModule()) {
                    addIfThere(module.getResources(), all);
                }
            }
        }
        return all;
    }

    private static void addIfThere(@Nullable Resources place, List<Resources> all) {
        if (place != null) {
            all.add(place);
        }
    }

    private void collect(Resources place, Resources common, List<Used> all) {
        for (var resource : place.getResources(JdbcResource.class)) {
            var pool = find(JdbcConnectionPool.class, resource.getPoolName(), place, common);
            if (pool != null && "javax.sql.XADataSource".equals(pool.getResType()) && !TIMERS.equals(pool.getName())) {
                all.add(new Used(resource.getJndiName(), ResourceUtil.getPoolInfo(pool)));
            }
        }
        for (var resource : place.getResources(ConnectorResource.class)) {
            var pool = find(ConnectorConnectionPool.class, resource.getPoolName(), place, common);
            if (pool != null && !isAsleep(pool) && XA.equals(supportOf(pool))) {
                all.add(new Used(resource.getJndiName(), ResourceUtil.getPoolInfo(pool)));
            }
        }
    }

    private static boolean isAsleep(ConnectorConnectionPool pool) {
        return DEFAULT_MESSAGING.equals(pool.getName())
                && !ConnectorRegistry.getInstance().isRegistered(pool.getResourceAdapterName());
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

    /** What the pool says, and if that is nothing, what its resource adapter says. */
    private @Nullable String supportOf(ConnectorConnectionPool pool) {
        var said = pool.getTransactionSupport();
        var runtime = services.getService(ConnectorRuntime.class);
        if (said != null || runtime == null) {
            return said;
        }
        try {
            var adapter = runtime.getConnectorDescriptor(pool.getResourceAdapterName());
            var outbound = adapter == null ? null : adapter.getOutboundResourceAdapter();
            return outbound == null ? null : outbound.getTransSupport();
        } catch (ConnectorRuntimeException | RuntimeException e) {
            LOGGER.log(
                    System.Logger.Level.DEBUG,
                    "resource adapter " + pool.getResourceAdapterName() + " does not say whether it can prepare",
                    e);
            return null;
        }
    }
}
