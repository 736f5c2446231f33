package dev.ktm.cdi;

import jakarta.enterprise.context.spi.AlterableContext;
import jakarta.enterprise.context.spi.Contextual;
import jakarta.enterprise.context.spi.CreationalContext;
import jakarta.transaction.TransactionScoped;
import java.lang.annotation.Annotation;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The context of the transaction of the calling thread. */
record TransactionContext(Supplier<Transactions> transactions) implements AlterableContext {

    @Override
    public Class<? extends Annotation> getScope() {
        return TransactionScoped.class;
    }

    @Override
    public <T> @Nullable T get(Contextual<T> contextual, CreationalContext<T> creation) {
        return scopes().get(contextual, creation);
    }

    @Override
    public <T> @Nullable T get(Contextual<T> contextual) {
        return scopes().get(contextual, null);
    }

    @Override
    public void destroy(Contextual<?> contextual) {
        scopes().destroy(contextual);
    }

    @Override
    public boolean isActive() {
        return scopes().isActive();
    }

    private TransactionScopes scopes() {
        return transactions.get().scopes();
    }
}
