package dev.ktm.comparison.fault;

import static java.nio.charset.StandardCharsets.US_ASCII;

import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionManager;
import javax.sql.DataSource;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.apache.geronimo.transaction.log.HOWLLog;
import org.apache.geronimo.transaction.manager.NamedXAResource;
import org.apache.geronimo.transaction.manager.NamedXAResourceFactory;
import org.apache.geronimo.transaction.manager.TransactionManagerImpl;
import org.apache.geronimo.transaction.manager.WrapperNamedXAResource;
import org.apache.geronimo.transaction.manager.XidFactoryImpl;
import org.h2.jdbcx.JdbcDataSource;

/** The transaction manager of Apache Geronimo over HOWL. It has no pool; the connection is enlisted by hand. */
final class GeronimoContestant implements Contestant {

    private static final int TIMEOUT_SECONDS = 60;

    private final Setup setup;
    private final TransactionManagerImpl manager;

    GeronimoContestant(Setup setup) throws Exception {
        this.setup = setup;
        var xids = new XidFactoryImpl(setup.name().getBytes(US_ASCII));
        var log = new HOWLLog(
                "org.objectweb.howl.log.BlockLogBuffer",
                32,
                true,
                true,
                50,
                setup.log().toString(),
                "log",
                "transaction",
                512,
                0,
                16,
                4,
                -1,
                true,
                xids,
                setup.log().toFile());
        log.doStart();
        manager = new TransactionManagerImpl(TIMEOUT_SECONDS, xids, log);
    }

    @Override
    public TransactionManager manager() {
        return manager;
    }

    @Override
    public XAResource enlisted(RecordedResource resource) {
        return new WrapperNamedXAResource(resource, resource.owner().name());
    }

    /** Registering is what makes it ask. */
    @Override
    public void recover() {
        setup.resourceManagers().forEach(each -> manager.registerNamedXAResourceFactory(new Sessions(each)));
    }

    @Override
    public DataSource dataSource(JdbcDataSource database) {
        return new EnlistedByHand(manager, database).source();
    }

    /** Where recovery finds the branches of a resource manager. */
    private record Sessions(RecordedResourceManager resourceManager) implements NamedXAResourceFactory {

        @Override
        public String getName() {
            return resourceManager.name();
        }

        @Override
        public NamedXAResource getNamedXAResource() throws SystemException {
            try {
                return new WrapperNamedXAResource(resourceManager.session(), resourceManager.name());
            } catch (XAException e) {
                var failure = new SystemException("no session of " + resourceManager.name());
                failure.initCause(e);
                throw failure;
            }
        }

        @Override
        public void returnNamedXAResource(NamedXAResource resource) {
            // There is nothing to give back.
        }
    }
}
