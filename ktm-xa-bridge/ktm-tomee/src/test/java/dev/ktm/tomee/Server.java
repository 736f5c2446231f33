package dev.ktm.tomee;

import jakarta.ejb.EJB;
import jakarta.inject.Inject;
import java.util.Properties;
import org.apache.openejb.OpenEJB;
import org.apache.openejb.jee.EjbJar;
import org.apache.openejb.jee.jpa.unit.PersistenceUnit;
import org.apache.openejb.jee.jpa.unit.TransactionType;
import org.apache.openejb.testing.ApplicationComposers;
import org.apache.openejb.testing.Classes;
import org.apache.openejb.testing.Configuration;
import org.apache.openejb.testing.Module;

/** A server in this process, with one application. The server is one of a process, so that there can be only one at a time. */
@SuppressWarnings("NullAway.Init")
public final class Server implements AutoCloseable {

    private final Properties properties;
    private final ApplicationComposers composers = new ApplicationComposers(Server.class);

    @EJB
    Shop shop;

    @EJB
    ManualShop manualShop;

    @Inject
    AnnotatedShop annotatedShop;

    private Server(Properties properties) {
        this.properties = properties;
    }

    static Server start(Properties properties) throws Exception {
        var server = new Server(properties);
        server.composers.before(server);
        return server;
    }

    @Configuration
    public Properties configuration() {
        return properties;
    }

    @Module
    @Classes(
            cdi = true,
            value = {Shop.class, ManualShop.class, AnnotatedShop.class})
    public EjbJar beans() {
        return new EjbJar("shop");
    }

    @Module
    public PersistenceUnit items() {
        var unit = new PersistenceUnit("items");
        unit.setTransactionType(TransactionType.JTA);
        unit.setJtaDataSource("orders");
        unit.addClass(Item.class);
        unit.setExcludeUnlistedClasses(true);
        unit.setProperty("openjpa.RuntimeUnenhancedClasses", "supported");
        unit.setProperty("openjpa.jdbc.SynchronizeMappings", "buildSchema");
        return unit;
    }

    KtmTransactionManager manager() {
        return (KtmTransactionManager) OpenEJB.getTransactionManager();
    }

    @Override
    public void close() {
        try {
            composers.after();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
