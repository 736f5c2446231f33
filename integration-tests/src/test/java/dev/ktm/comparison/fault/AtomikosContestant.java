package dev.ktm.comparison.fault;

import com.atomikos.datasource.ResourceException;
import com.atomikos.datasource.xa.XATransactionalResource;
import com.atomikos.icatch.config.Configuration;
import com.atomikos.icatch.jta.UserTransactionManager;
import com.atomikos.jdbc.AtomikosDataSourceBean;
import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionManager;
import java.io.File;
import javax.sql.DataSource;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.h2.jdbcx.JdbcDataSource;

/** Atomikos TransactionsEssentials, with its own pool. */
final class AtomikosContestant implements Contestant {

    private final UserTransactionManager manager = new UserTransactionManager();

    AtomikosContestant(Setup setup) throws SystemException {
        System.setProperty("com.atomikos.icatch.log_base_dir", setup.log() + File.separator);
        System.setProperty("com.atomikos.icatch.tm_unique_name", setup.name());
        System.setProperty("com.atomikos.icatch.registered", "true");
        System.setProperty("com.atomikos.icatch.max_actives", "-1");
        System.setProperty("com.atomikos.icatch.max_timeout", String.valueOf(setup.mostSeconds() * 1000));
        System.setProperty("com.atomikos.icatch.default_jta_timeout", String.valueOf(setup.mostSeconds() * 1000));
        System.setProperty("com.atomikos.icatch.recovery_delay", "1000");
        setup.resourceManagers().forEach(each -> Configuration.addResource(new Recoverable(each)));
        manager.init();
    }

    @Override
    public TransactionManager manager() {
        return manager;
    }

    @Override
    public void recover() {
        Configuration.getRecoveryService().performRecovery();
    }

    @Override
    public DataSource dataSource(JdbcDataSource database) {
        var source = new AtomikosDataSourceBean();
        source.setUniqueResourceName("database");
        source.setXaDataSource(database);
        source.setPoolSize(4);
        return source;
    }

    /** What Atomikos must know of a resource manager before it takes part. */
    private static final class Recoverable extends XATransactionalResource {
        private final RecordedResourceManager resourceManager;

        Recoverable(RecordedResourceManager resourceManager) {
            super(resourceManager.name());
            this.resourceManager = resourceManager;
        }

        @Override
        protected XAResource refreshXAConnection() {
            try {
                return resourceManager.session();
            } catch (XAException e) {
                throw new ResourceException("no session of " + resourceManager.name(), e);
            }
        }

        @Override
        public boolean usesXAResource(XAResource asked) {
            return asked instanceof RecordedResource resource
                    && resource.owner().name().equals(resourceManager.name());
        }
    }
}
