package dev.ktm.glassfish;

import com.sun.enterprise.connectors.ConnectorRuntime;
import com.sun.enterprise.resource.ResourceHandle;
import com.sun.enterprise.transaction.api.JavaEETransaction;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;

/**
 * Breaks the connections that are open in a transaction when its time is over. Its thread may go on with them: what it then did would
 * be committed at once, each statement by itself. The pools would lend them on as soon as they are closed, so they are told first.
 */
final class LateConnections implements Synchronization {

    private final ServerTransaction inner;
    private final JavaEETransaction outer;

    LateConnections(ServerTransaction inner, JavaEETransaction outer) {
        this.inner = inner;
        this.outer = outer;
    }

    @Override
    public void beforeCompletion() {}

    @Override
    public void afterCompletion(int status) {
        if (status != Status.STATUS_COMMITTED && inner.isTimedOut()) {
            for (var pool : outer.getAllParticipatingPools().toArray()) {
                var enlisted = outer.getResources(pool);
                for (var each : enlisted.toArray()) {
                    if (each instanceof ResourceHandle handle
                            && handle.getResourceState().isBusy()) {
                        // What is left in there the pool would take back.
                        enlisted.remove(handle);
                        destroy(handle);
                    }
                }
            }
        }
    }

    private static void destroy(ResourceHandle handle) {
        // Whoever closes it now does not give it back.
        handle.setConnectionErrorOccurred();
        ConnectorRuntime.getRuntime().getPoolManager().resourceErrorOccurred(handle);
        handle.getResourceState().setEnlisted(false);
    }
}
