package dev.ktm.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who the pool connects as. That is asked for each connection, as the pool does it: a provider of credentials may give others each
 * time, and those of a pool can be changed while it is open. Thread-safe.
 */
final class PoolUser implements Adapter.User {

    /** HikariCP has providers of credentials from 7 on; an application may bring an older one, as those of Spring Boot 3.5 do. */
    private static final boolean HAS_PROVIDERS = hasProviders();

    private volatile HikariConfig config;

    /** Who a pool that is set up like this would connect as. */
    PoolUser(HikariConfig config) {
        this.config = config;
    }

    private static boolean hasProviders() {
        try {
            HikariConfig.class.getMethod("getCredentialsProvider");
            return true;
        } catch (NoSuchMethodException e) {
            return false;
        }
    }

    /** From now on this is the pool. */
    void follow(HikariDataSource pool) {
        config = pool;
    }

    @Override
    public Optional<Adapter.Credentials> now() {
        return HAS_PROVIDERS ? provided() : of(config.getUsername(), config.getPassword());
    }

    private Optional<Adapter.Credentials> provided() {
        var provider = config.getCredentialsProvider();
        var found = provider == null ? config.getCredentials() : provider.getCredentials();
        return of(found.getUsername(), found.getPassword());
    }

    private static Optional<Adapter.Credentials> of(@Nullable String user, @Nullable String password) {
        return Optional.ofNullable(user)
                .map(name -> new Adapter.Credentials(name, Objects.requireNonNullElse(password, "")));
    }
}
