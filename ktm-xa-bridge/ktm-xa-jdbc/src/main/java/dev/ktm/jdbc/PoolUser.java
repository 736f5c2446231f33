package dev.ktm.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.Objects;
import java.util.Optional;

/**
 * Who the pool connects as. That is asked for each connection, as the pool does it: a provider of credentials may give others each
 * time, and those of a pool can be changed while it is open. Thread-safe.
 */
final class PoolUser implements Adapter.User {

    private volatile HikariConfig config;

    /** Who a pool that is set up like this would connect as. */
    PoolUser(HikariConfig config) {
        this.config = config;
    }

    /** From now on this is the pool. */
    void follow(HikariDataSource pool) {
        config = pool;
    }

    @Override
    public Optional<Adapter.Credentials> now() {
        var provider = config.getCredentialsProvider();
        var found = provider == null ? config.getCredentials() : provider.getCredentials();
        return Optional.ofNullable(found.getUsername())
                .map(user -> new Adapter.Credentials(user, Objects.requireNonNullElse(found.getPassword(), "")));
    }
}
