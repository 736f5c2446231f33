package dev.ktm.jta;

import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What components that live inside a transaction see of it. */
final class JtaSynchronizationRegistry implements TransactionSynchronizationRegistry {

    private final JtaTransactionManager manager;

    JtaSynchronizationRegistry(JtaTransactionManager manager) {
        this.manager = manager;
    }

    @Override
    public @Nullable Object getTransactionKey() {
        var current = manager.current();
        return current == null ? null : current.key();
    }

    @Override
    public void putResource(Object key, @Nullable Object value) {
        Objects.requireNonNull(key, "key");
        manager.require().putResource(key, value);
    }

    @Override
    public @Nullable Object getResource(Object key) {
        Objects.requireNonNull(key, "key");
        return manager.require().resource(key);
    }

    @Override
    public void registerInterposedSynchronization(Synchronization synchronization) {
        manager.require().registerInterposedSynchronization(synchronization);
    }

    @Override
    public int getTransactionStatus() {
        return manager.getStatus();
    }

    @Override
    public void setRollbackOnly() {
        manager.setRollbackOnly();
    }

    @Override
    public boolean getRollbackOnly() {
        int status = manager.require().getStatus();
        return status == Status.STATUS_MARKED_ROLLBACK
                || status == Status.STATUS_ROLLING_BACK
                || status == Status.STATUS_ROLLEDBACK;
    }
}
