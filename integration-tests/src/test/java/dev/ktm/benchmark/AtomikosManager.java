package dev.ktm.benchmark;

import com.atomikos.datasource.xa.XATransactionalResource;
import com.atomikos.icatch.config.Configuration;
import com.atomikos.icatch.jta.UserTransactionManager;
import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionManager;
import java.io.File;
import java.nio.file.Path;
import javax.transaction.xa.XAResource;

/** The transaction manager of Atomikos TransactionsEssentials. Once in a process: its settings are static. */
final class AtomikosManager implements DurableLog {

    private final UserTransactionManager manager = new UserTransactionManager();

    private AtomikosManager() {}

    /** A checkpoint after every 500 records, which is the default. */
    static AtomikosManager open(Path directory) throws SystemException {
        return open(directory, 500);
    }

    /** Checkpoints so rare that they do not count. */
    static AtomikosManager openWithRareCheckpoints(Path directory) throws SystemException {
        return open(directory, 50_000);
    }

    private static AtomikosManager open(Path directory, int checkpointInterval) throws SystemException {
        System.setProperty("com.atomikos.icatch.log_base_dir", directory + File.separator);
        System.setProperty("com.atomikos.icatch.tm_unique_name", "benchmark");
        System.setProperty("com.atomikos.icatch.checkpoint_interval", String.valueOf(checkpointInterval));
        // By default it refuses more than 50 at a time.
        System.setProperty("com.atomikos.icatch.max_actives", "-1");
        System.setProperty("com.atomikos.icatch.registered", "true");
        var opened = new AtomikosManager();
        for (var resource : NoopResource.committing(2)) {
            Configuration.addResource(new Recoverable(((NoopResource) resource).getJndiName()));
        }
        opened.manager.init();
        return opened;
    }

    TransactionManager manager() {
        return manager;
    }

    @Override
    public Appender appender() {
        return TransactionShape.TWO_RESOURCES.of(manager);
    }

    @Override
    public void close() {
        manager.close();
    }

    /** What Atomikos must know of a resource before it can be enlisted. */
    private static final class Recoverable extends XATransactionalResource {
        private final String name;

        Recoverable(String name) {
            super(name);
            this.name = name;
        }

        @Override
        protected XAResource refreshXAConnection() {
            return new NoopResource(name, XAResource.XA_OK);
        }

        @Override
        public boolean usesXAResource(XAResource resource) {
            return resource instanceof NoopResource noop && noop.getJndiName().equals(name);
        }
    }
}
