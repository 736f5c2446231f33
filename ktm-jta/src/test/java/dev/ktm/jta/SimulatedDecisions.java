package dev.ktm.jta;

import org.jboss.tm.ConnectableResource;

/** {@link Decisions} that tests outside this package can make. */
public interface SimulatedDecisions extends Decisions {

    /** Has recovery ask a last resource. */
    static void register(JtaCoordinator coordinator, String name, SimulatedDecisions decisions) {
        coordinator.registerLastResource(name, decisions);
    }

    /** A last resource that has no connection to show. */
    interface Resource extends org.jboss.tm.LastResource, ConnectableResource {
        @Override
        default Object getConnection() {
            throw new UnsupportedOperationException("simulated");
        }
    }
}
