package dev.ktm.tomee;

import dev.ktm.Ktm;
import jakarta.resource.spi.ResourceAdapter;
import java.util.Optional;
import java.util.function.Supplier;
import javax.sql.XADataSource;
import org.apache.geronimo.connector.outbound.AbstractConnectionManager;
import org.apache.openejb.assembler.classic.Assembler.ResourceAdapterReference;
import org.apache.openejb.assembler.classic.event.ResourceBeforeDestroyed;
import org.apache.openejb.assembler.classic.event.ResourceCreated;
import org.apache.openejb.cipher.PasswordCipherFactory;
import org.apache.openejb.core.ConnectorReference;
import org.apache.openejb.observer.Observes;
import org.apache.openejb.resource.jdbc.dbcp.DbcpManagedDataSource;
import org.apache.openejb.resource.jdbc.managed.xa.ManagedXADataSource;
import org.jspecify.annotations.Nullable;

/**
 * Has databases and connectors recovered by the names of the server's resources, and their branches bear these names. Public
 * because the server calls it by reflection.
 */
public final class ResourceObserver {

    private final KtmTransactionManager manager;
    private final InboundResources inbound;
    private final Ktm ktm;

    ResourceObserver(KtmTransactionManager manager, InboundResources inbound) {
        this.manager = manager;
        this.inbound = inbound;
        this.ktm = manager.ktm();
    }

    /** Called by the server for each resource before anybody can look it up. */
    public void created(@Observes ResourceCreated event) {
        var name = event.getName();
        if (event.getResource() instanceof DbcpManagedDataSource pool) {
            ownDatabase(pool).ifPresent(database -> {
                register(name, new Login(database, pool.getUserName(), passwordOf(pool)));
                pool.setTransactionManager(new NamingTransactionManager(
                        manager, new Association(ktm, resource -> ktm.named(name, resource))));
            });
        } else if (event.getResource() instanceof ManagedXADataSource unpooled
                && unpooled.getDelegate() instanceof XADataSource database) {
            register(name, database);
            event.replaceBy(new ManagedXADataSource(
                    NamedDatabase.withXaOnly(database, resource -> ktm.named(name, resource)), manager, manager));
        } else if (event.getRawResource() instanceof ConnectorReference connector
                && connector.getConnectionManager() instanceof AbstractConnectionManager connections) {
            // Registers it with the transaction manager if its connections take part in transactions: the server never
            // does.
            connections.doRecovery();
        } else if (event.getResource() instanceof XADataSource database) {
            register(name, database);
            event.replaceBy(NamedDatabase.of(database, resource -> ktm.named(name, resource)));
        }
    }

    /** An application that is deployed again brings its resources anew. */
    private void register(String name, XADataSource database) {
        ktm.unregister(name);
        ktm.register(name, database);
    }

    /** Called by the server when it stops, or undeploys the application that the resource belongs to. */
    public void destroyed(@Observes ResourceBeforeDestroyed event) {
        manager.unregisterNamedXAResourceFactory(event.getName());
        if (event.getResource() instanceof ResourceAdapterReference reference) {
            inbound.remove(reference.getRa());
        } else if (event.getResource() instanceof ResourceAdapter adapter) {
            inbound.remove(adapter);
        }
    }

    private static Optional<XADataSource> ownDatabase(DbcpManagedDataSource pool) {
        return Optional.ofNullable(pool.getXaDataSourceInstance());
    }

    /** Only the pool itself knows it, and deciphers it not before it is used. */
    @SuppressWarnings("deprecation")
    private static Supplier<@Nullable String> passwordOf(DbcpManagedDataSource pool) {
        var said = pool.getPassword();
        if (said == null || pool.getPasswordCipher() == null) {
            return () -> said;
        }
        var cipher = PasswordCipherFactory.getPasswordCipher(pool.getPasswordCipher());
        return () -> cipher.decrypt(said.toCharArray());
    }
}
