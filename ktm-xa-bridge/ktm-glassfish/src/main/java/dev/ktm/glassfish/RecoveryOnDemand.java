package dev.ktm.glassfish;

import com.sun.enterprise.transaction.api.ResourceRecoveryManager;
import jakarta.inject.Inject;
import jakarta.transaction.SystemException;

/**
 * What {@code asadmin recover-transactions} asks. The coordinator recovers all the time; this has it do so at once, which an
 * administrator may want to wait for.
 */
public final class RecoveryOnDemand implements ResourceRecoveryManager {

    private final ServerCoordinator coordinator;
    private final ServerPools pools;

    /** Over this coordinator. */
    @Inject
    public RecoveryOnDemand(ServerCoordinator coordinator, ServerPools pools) {
        this.coordinator = coordinator;
        this.pools = pools;
    }

    @Override
    public boolean recoverIncompleteTx(boolean delegated, String logPath) {
        return recoverIncompleteTx(delegated, logPath, "", false);
    }

    @Override
    public boolean recoverIncompleteTx(boolean delegated, String logPath, String instance, boolean notifyListeners) {
        if (delegated) {
            throw new UnsupportedOperationException(
                    "the log in " + logPath
                            + " belongs to another server: start that, or a coordinator on its log, to finish its transactions");
        }
        recoverXAResources();
        return true;
    }

    @Override
    public void recoverXAResources(boolean force) {
        recoverXAResources();
    }

    @Override
    public void recoverXAResources() {
        try {
            var ktm = coordinator.ktm();
            pools.registerAll(ktm);
            ktm.recoverNow();
        } catch (SystemException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    /** It is never lazy. */
    @Override
    public void setLazyRecovery(boolean lazy) {}
}
