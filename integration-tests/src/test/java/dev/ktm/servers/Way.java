package dev.ktm.servers;

import dev.ktm.Ktm;

/** How an application uses a resource manager. */
enum Way {
    /** Through {@code KtmDataSource} or {@code KtmConnectionFactory}. */
    POOLED,
    /** Through the driver, whose resources it enlists itself. */
    BY_HAND;

    /** Registers a resource manager with a coordinator under this name. */
    Participant participant(Ktm ktm, String name, Client client) throws Exception {
        return switch (this) {
            case POOLED -> client.pooled(ktm, name);
            case BY_HAND -> ByHand.register(ktm, name, client);
        };
    }
}
