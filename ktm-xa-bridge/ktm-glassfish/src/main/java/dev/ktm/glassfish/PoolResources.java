package dev.ktm.glassfish;

import com.sun.appserv.connectors.internal.api.ConnectorRuntime;
import com.sun.appserv.connectors.internal.api.ConnectorRuntimeException;
import dev.ktm.jta.XaResourceFactory;
import jakarta.resource.ResourceException;
import jakarta.resource.spi.ManagedConnection;
import jakarta.resource.spi.ManagedConnectionFactory;
import jakarta.resource.spi.security.PasswordCredential;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.security.auth.Subject;
import javax.transaction.xa.XAResource;
import org.glassfish.hk2.api.ServiceLocator;
import org.glassfish.resourcebase.resources.api.PoolInfo;
import org.jspecify.annotations.Nullable;

/** Opens connections like those of a pool, but outside it: one that is exhausted can be recovered, too. Safe for many threads. */
final class PoolResources implements XaResourceFactory {

    private static final System.Logger LOGGER = System.getLogger(PoolResources.class.getName());

    /** Where the server's own messaging is. */
    private static final String MESSAGING = "com.sun.messaging.jms.ra.";

    private final ServiceLocator services;
    private final PoolInfo pool;
    /** Of a resource that uses it. */
    private volatile String jndiName;
    /** What is known to be the only one of its pool. */
    private volatile @Nullable ManagedConnectionFactory only;

    private final Map<XAResource, ManagedConnection> open = Collections.synchronizedMap(new IdentityHashMap<>());

    /**
     * Of a pool.
     *
     * @param jndiName of a resource that uses it: the server makes a pool when its resource is first looked up
     */
    PoolResources(ServiceLocator services, String jndiName, PoolInfo pool) {
        this.services = services;
        this.jndiName = jndiName;
        this.pool = pool;
    }

    /** Another resource uses it now, or the same as before. */
    void usedBy(String name) {
        jndiName = name;
    }

    @Override
    public XAResource open() throws Exception {
        var runtime = services.getService(ConnectorRuntime.class);
        if (runtime == null) {
            throw new ResourceException("expected a server with connectors, found none, for " + pool);
        }
        var thread = Thread.currentThread();
        var before = thread.getContextClassLoader();
        // Drivers are there.
        thread.setContextClassLoader(runtime.getConnectorClassLoader());
        try {
            var factory = factoryOf(runtime);
            requireOnly(runtime, factory);
            var connection = factory.createManagedConnection(credentials(factory), null);
            return resourceOf(connection);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** A name may be of an application only, and not be found from here: then the pool is there if it has been used. */
    private ManagedConnectionFactory factoryOf(ConnectorRuntime runtime) throws ConnectorRuntimeException {
        @Nullable NamingException notFound = null;
        try {
            lookUp();
        } catch (NamingException e) {
            notFound = e;
        }
        try {
            return runtime.obtainManagedConnectionFactory(pool);
        } catch (ConnectorRuntimeException e) {
            if (notFound != null) {
                e.addSuppressed(notFound);
            }
            throw e;
        }
    }

    @SuppressWarnings("BanJNDI") // The name is of the server's configuration.
    private void lookUp() throws NamingException {
        new InitialContext().lookup(jndiName);
    }

    /** A pool of the server's messaging may be one of several brokers: then a list of one is not that of the pool. */
    private void requireOnly(ConnectorRuntime runtime, ManagedConnectionFactory factory)
            throws ConnectorRuntimeException, ResourceException {
        if (factory.equals(only)
                || !factory.getClass().getName().startsWith(MESSAGING)
                || !(runtime instanceof com.sun.enterprise.connectors.ConnectorRuntime full)) {
            return;
        }
        int brokers = full.obtainManagedConnectionFactories(pool).length;
        if (brokers > 1) {
            throw new ResourceException("expected a pool of one broker, whose list of branches is complete, found "
                    + brokers + " brokers in " + pool + ": make one pool for each");
        }
        only = factory;
    }

    /** Those that the pool is configured with. */
    private static Subject credentials(ManagedConnectionFactory factory) {
        var credential = new PasswordCredential(
                configured(factory, "getUser", "getUserName"),
                configured(factory, "getPassword").toCharArray());
        credential.setManagedConnectionFactory(factory);
        var subject = new Subject();
        subject.getPrivateCredentials().add(credential);
        return subject;
    }

    /** What the first of these getters that there is says; empty if there is none, or it says nothing. */
    private static String configured(ManagedConnectionFactory factory, String... getters) {
        for (var getter : getters) {
            try {
                if (factory.getClass().getMethod(getter).invoke(factory) instanceof String said) {
                    return said;
                }
            } catch (ReflectiveOperationException e) {
                LOGGER.log(System.Logger.Level.TRACE, () -> factory.getClass() + " has no " + getter);
            }
        }
        return "";
    }

    private XAResource resourceOf(ManagedConnection connection) throws ResourceException {
        try {
            var resource = connection.getXAResource();
            open.put(resource, connection);
            return resource;
        } catch (ResourceException | RuntimeException e) {
            try {
                connection.destroy();
            } catch (ResourceException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    @Override
    public void close(XAResource resource) throws ResourceException {
        var connection = open.remove(resource);
        if (connection != null) {
            connection.destroy();
        }
    }
}
