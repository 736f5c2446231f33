package dev.ktm.tomee;

import dev.ktm.Ktm;
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

/** A server in this process, with the shop for an application. There can be only one at a time: the server has one of itself. */
@SuppressWarnings("NullAway.Init")
public final class Server implements AutoCloseable {

    @EJB
    Shop shop;

    @EJB
    ManualShop manualShop;

    @Inject
    AnnotatedShop annotatedShop;

    private final Properties properties;
    private final ApplicationComposers composers = new ApplicationComposers(Server.class);

    private Server(Properties properties) {
        this.properties = properties;
    }

    static Server start(Settings settings) throws Exception {
        var server = new Server(settings.properties());
        try {
            server.composers.before(server);
        } catch (Exception | Error e) {
            server.cleanUpAfter(e);
            throw e;
        }
        return server;
    }

    private void cleanUpAfter(Throwable failure) {
        try {
            close();
        } catch (Exception e) {
            failure.addSuppressed(e);
        }
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
        return unit();
    }

    static PersistenceUnit unit() {
        var unit = new PersistenceUnit("items");
        unit.setTransactionType(TransactionType.JTA);
        unit.setJtaDataSource("orders");
        unit.setNonJtaDataSource("local");
        unit.addClass(Item.class);
        unit.setExcludeUnlistedClasses(true);
        unit.setProperty("openjpa.RuntimeUnenhancedClasses", "supported");
        unit.setProperty("openjpa.jdbc.SynchronizeMappings", "buildSchema");
        return unit;
    }

    KtmTransactionManager manager() {
        return (KtmTransactionManager) OpenEJB.getTransactionManager();
    }

    Ktm ktm() {
        return manager().ktm();
    }

    @Override
    public void close() throws Exception {
        composers.after();
    }
}
