package dev.ktm.glassfish;

import jakarta.inject.Inject;
import jakarta.transaction.NotSupportedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import java.nio.file.Path;

/**
 * The transaction manager of a server that runs the CDI TCK: every transaction is the coordinator's from its beginning, and has two
 * branches. The tests enlist nothing, so the server would keep their transactions to itself, and they would say nothing of KTM.
 */
public final class DistributedTransactionManager extends ServerTransactionManager {

    private final Path branches = branches();

    /** Over this coordinator. */
    @Inject
    public DistributedTransactionManager(ServerCoordinator coordinator, ServerPools pools) {
        super(coordinator, pools);
    }

    /** What branches were told during the run. */
    static Path branches() {
        return Path.of(System.getProperty("cdi-tck.directory"), "branches");
    }

    @Override
    public void begin(int timeout) throws NotSupportedException, SystemException {
        super.begin(timeout);
        var begun = getCurrentTransaction();
        try {
            startJTSTx(begun);
            begun.enlistResource(new WitnessedBranch(branches));
            begun.enlistResource(new WitnessedBranch(branches));
        } catch (RollbackException e) {
            throw new IllegalStateException(e);
        }
    }
}
