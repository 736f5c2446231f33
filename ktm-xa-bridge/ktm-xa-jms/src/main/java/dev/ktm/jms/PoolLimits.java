package dev.ktm.jms;

import java.time.Duration;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;

/**
 * How large the pools are, in the terms of pooled-jms.
 *
 * @param maxConnections for each user and each of the two pools
 * @param maxSessionsPerConnection how many sessions a connection has at most
 * @param borrowTimeout how long whoever needs a session waits for one to be free
 * @param idleTimeout after which a connection that nobody uses is closed
 */
record PoolLimits(int maxConnections, int maxSessionsPerConnection, Duration borrowTimeout, Duration idleTimeout) {

    private static final long SHORTEST_CHECK_MILLIS = 1_000;

    static final PoolLimits DEFAULT = new PoolLimits(1, 500, Duration.ofSeconds(30), Duration.ofSeconds(30));

    PoolLimits {
        if (maxConnections < 1) {
            throw new IllegalArgumentException("expected a maxConnections of 1 or more, found " + maxConnections);
        }
        if (maxSessionsPerConnection < 1) {
            throw new IllegalArgumentException(
                    "expected a maxSessionsPerConnection of 1 or more, found " + maxSessionsPerConnection);
        }
        if (borrowTimeout.toMillis() < 1) {
            throw new IllegalArgumentException("expected a borrowTimeout above zero, found " + borrowTimeout);
        }
        if (idleTimeout.isNegative() || idleTimeout.toMillis() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("expected an idleTimeout of zero, for never, to "
                    + Duration.ofMillis(Integer.MAX_VALUE) + ", found " + idleTimeout);
        }
    }

    void applyTo(JmsPoolConnectionFactory pool) {
        pool.setMaxConnections(maxConnections);
        pool.setMaxSessionsPerConnection(maxSessionsPerConnection);
        pool.setMaxIdleSessionsPerConnection(maxSessionsPerConnection);
        pool.setBlockIfSessionPoolIsFull(true);
        pool.setBlockIfSessionPoolIsFullTimeout(borrowTimeout.toMillis());
        pool.setConnectionIdleTimeout((int) idleTimeout.toMillis());
        if (!idleTimeout.isZero()) {
            // Otherwise the pool looks only when somebody wants a connection.
            pool.setConnectionCheckInterval(Math.max(SHORTEST_CHECK_MILLIS, idleTimeout.toMillis() / 2));
        }
    }
}
