package dev.ktm.glassfish;

import jakarta.inject.Inject;
import org.glassfish.api.event.EventListener;
import org.glassfish.api.event.EventTypes;
import org.glassfish.api.event.Events;
import org.glassfish.hk2.api.PostConstruct;
import org.glassfish.hk2.api.PreDestroy;

/**
 * Opens the coordinator while the server starts, before applications do, and closes it when they have stopped. What an earlier life
 * has left is recovered once the server's pools can be asked.
 */
public final class CoordinatorLifecycle implements PostConstruct, PreDestroy, EventListener {

    private final ServerCoordinator coordinator;
    private final ServerPools pools;
    private final Events events;

    /** Of this coordinator. */
    @Inject
    public CoordinatorLifecycle(ServerCoordinator coordinator, ServerPools pools, Events events) {
        this.coordinator = coordinator;
        this.pools = pools;
        this.events = events;
    }

    @Override
    public void postConstruct() {
        coordinator.start();
        events.register(this);
    }

    @Override
    public void event(Event<?> event) {
        if (event.is(EventTypes.SERVER_READY)) {
            coordinator.ifOpen().ifPresent(pools::feed);
        }
    }

    @Override
    public void preDestroy() {
        events.unregister(this);
        coordinator.stop();
        pools.close();
    }
}
