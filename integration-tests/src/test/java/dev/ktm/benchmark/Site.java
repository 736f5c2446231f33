package dev.ktm.benchmark;

import java.util.List;
import java.util.Optional;

/**
 * Databases, and perhaps a broker, for transactions to work in.
 *
 * @param databases each gets a row
 * @param broker gets a message
 */
record Site(List<Inserts> databases, Optional<QueueBroker> broker) implements AutoCloseable {

    @Override
    public void close() throws Exception {
        for (var database : databases) {
            database.close();
        }
        if (broker.isPresent()) {
            broker.get().close();
        }
    }
}
