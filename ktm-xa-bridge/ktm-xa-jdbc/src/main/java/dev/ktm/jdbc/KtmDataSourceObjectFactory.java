package dev.ktm.jdbc;

import com.zaxxer.hikari.HikariConfig;
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
        var said = attributes.take("resourceManager");
        var resourceManager = said == null ? attributes.resource() : said;
        var recoveryUser = attributes.take("recoveryUser");
        var recoveryPassword = attributes.take("recoveryPassword");
        var ofPool = new Properties();
        ofPool.putAll(attributes.rest());
        try {
            var pool = new HikariConfig(ofPool);
            if (pool.getPoolName() == null) {
                pool.setPoolName(resourceManager);
            }
            var builder = KtmDataSource.builder(ktm, resourceManager).pool(pool);
            if (recoveryUser != null) {
                builder.recoveryUser(recoveryUser, recoveryPassword == null ? "" : recoveryPassword);
            }
            return builder.open();
        } catch (SQLException | RuntimeException e) {
            throw attributes.failure(e);
        }
    }
}
