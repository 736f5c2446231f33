package dev.ktm.foreign;

import com.atomikos.datasource.ResourceException;
import com.atomikos.datasource.xa.XATransactionalResource;
import com.atomikos.icatch.config.Configuration;
import com.atomikos.icatch.jta.UserTransactionManager;
import com.atomikos.recovery.LogReadException;
import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionManager;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.transaction.xa.XAResource;

/** Atomikos TransactionsEssentials. */
final class Atomikos implements ForeignManager {

    private final UserTransactionManager manager = new UserTransactionManager();

    private Atomikos() {}

    static Atomikos open(Path directory, List<NamedResource> resources) throws IOException, SystemException {
        var log = Files.createDirectories(directory.resolve("atomikos"));
        System.setProperty("com.atomikos.icatch.log_base_dir", log + File.separator);
        System.setProperty("com.atomikos.icatch.tm_unique_name", "foreign");
        System.setProperty("com.atomikos.icatch.registered", "true");
        System.setProperty("com.atomikos.icatch.max_timeout", String.valueOf(Life.TIMEOUT_SECONDS * 1000));
        var opened = new Atomikos();
        resources.forEach(resource -> Configuration.addResource(new Recoverable(resource)));
        opened.manager.init();
        return opened;
    }

    @Override
    public TransactionManager manager() {
        return manager;
    }

    @Override
    public boolean endsWhatItSuspends() {
        return true;
    }

    @Override
    public void recover() {
        Configuration.getRecoveryService().performRecovery();
    }

    @Override
    public boolean hasUnfinished() {
        try {
            return !Configuration.getRecoveryLog()
                    .getExpiredPendingCommittingTransactionRecordsAt(Long.MAX_VALUE)
                    .isEmpty();
        } catch (LogReadException e) {
            throw new IllegalStateException("the log of Atomikos cannot be read", e);
        }
    }

    // guide
    /** What Atomikos must know of a resource before it can be enlisted. */
    private static final class Recoverable extends XATransactionalResource {
        private final NamedResource resource;

        Recoverable(NamedResource resource) {
            super(resource.name());
            this.resource = resource;
        }

        @Override
        protected XAResource refreshXAConnection() {
            try {
                return resource.resources().call();
            } catch (Exception e) {
                throw new ResourceException("no session of " + resource.name(), e);
            }
        }

        @Override
        public boolean usesXAResource(XAResource asked) {
            return resource.owns().test(Watched.original(asked));
        }
    }
    // end of guide
}
