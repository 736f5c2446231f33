package dev.ktm.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.util.PropertyElf;
import dev.ktm.Ktm;
import dev.ktm.naming.Attributes;
import java.sql.SQLException;
import java.util.Hashtable;
import java.util.Properties;
import javax.naming.Context;
import javax.naming.Name;
import javax.naming.NamingException;
import javax.naming.Reference;
import javax.naming.spi.ObjectFactory;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link KtmDataSource} of a container's configuration. Its attributes are those of HikariCP, with the driver's XA class as
 * {@code dataSourceClassName} and its properties as {@code dataSource.url} and the like, and besides
 *
 * <ul>
 *   <li>{@code resourceManager}: the name by which branches are found again after a crash; that of the resource unless it is said,
 *   <li>{@code ktm}: the name of the coordinator's resource; {@code ktm} unless it is said,
 *   <li>{@code recoveryUser}, {@code recoveryPassword}: who finishes branches, if it is not the user of the pool.
 * </ul>
 *
 * <p>The container closes it, or nobody does. Thread-safe; keeps nothing.
 */
public final class KtmDataSourceObjectFactory implements ObjectFactory {

    /**
     * Opens it.
     *
     * @throws NamingException if the configuration is wrong, or the database refuses; the message says what to change
     */
    @Override
    @SuppressWarnings("JdkObsolete") // The signature is the interface's.
    public @Nullable Object getObjectInstance(
            @Nullable Object described,
            @Nullable Name name,
            @Nullable Context context,
            @Nullable Hashtable<?, ?> environment)
            throws NamingException {
        if (!(described instanceof Reference reference)) {
            return null;
        }
        var attributes = Attributes.of(reference, name, context).requireSingleton();
        var ktm = attributes.ktm();
        var resourceManager = attributes.resourceManager();
        var recovery = attributes.login("recoveryUser", "recoveryPassword");
        try {
            var pool = poolOf(attributes);
            if (pool.getPoolName() == null) {
                pool.setPoolName(resourceManager);
            }
            var builder = KtmDataSource.builder(ktm, resourceManager).pool(pool);
            recovery.ifPresent(login -> builder.recoveryUser(login.getKey(), login.getValue()));
            requireFree(ktm, resourceManager);
            return builder.open();
        } catch (SQLException | RuntimeException e) {
            throw attributes.failure(e);
        }
    }

    /** One after the other, so that what is wrong has a name. */
    private static HikariConfig poolOf(Attributes attributes) {
        var pool = new HikariConfig();
        attributes.rest().forEach((name, value) -> {
            try {
                var one = new Properties();
                one.setProperty(name, value);
                PropertyElf.setTargetFromProperties(pool, one);
            } catch (RuntimeException e) {
                throw new IllegalArgumentException(
                        "expected a property of HikariCP with a value of its kind, found " + name, e);
            }
        });
        return pool;
    }

    private static void requireFree(Ktm ktm, String resourceManager) {
        if (ktm.resourceManagers().contains(resourceManager)) {
            throw new IllegalArgumentException("expected a name of its own, found that of another resource, "
                    + resourceManager + ": say resourceManager=\"…\" for each of them, and never change it");
        }
    }
}
