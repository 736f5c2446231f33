package dev.ktm.naming;

import dev.ktm.Ktm;
import dev.ktm.KtmOpenException;
import dev.ktm.KtmOptions;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import javax.naming.Context;
import javax.naming.Name;
import javax.naming.NamingException;
import javax.naming.Reference;
import javax.naming.spi.ObjectFactory;
import org.jboss.tm.XAResourceRecoveryRegistry;
import org.jspecify.annotations.Nullable;

/**
 * Makes what a container's configuration names. A resource of type {@code dev.ktm.Ktm} is a coordinator, whose attributes are those of
 * {@link KtmOptions.Builder#option}; the container closes it, or nobody does. {@code jakarta.transaction.UserTransaction},
 * {@code jakarta.transaction.TransactionManager}, {@code jakarta.transaction.TransactionSynchronizationRegistry} and
 * {@code org.jboss.tm.XAResourceRecoveryRegistry} are faces of the coordinator that the attribute {@code ktm} names, or of the one with
 * the name {@code ktm}. Anything else is left to other factories. Thread-safe; keeps nothing.
 */
public final class KtmObjectFactory implements ObjectFactory {

    private static final Map<String, Function<Ktm, Object>> FACES = faces();

    private static Map<String, Function<Ktm, Object>> faces() {
        var faces = new LinkedHashMap<String, Function<Ktm, Object>>();
        faces.put(UserTransaction.class.getName(), Ktm::userTransaction);
        faces.put(TransactionManager.class.getName(), Ktm::transactionManager);
        faces.put(TransactionSynchronizationRegistry.class.getName(), Ktm::synchronizationRegistry);
        faces.put(XAResourceRecoveryRegistry.class.getName(), Ktm::recoveryRegistry);
        return faces;
    }

    /**
     * Makes it.
     *
     * @throws NamingException if the configuration is wrong, or the coordinator cannot be opened; the message says what to change
     */
    @Override
    @SuppressWarnings("JdkObsolete") // The signature is the interface's.
    public @Nullable Object getObjectInstance(
            @Nullable Object described,
            @Nullable Name name,
            @Nullable Context context,
            @Nullable Hashtable<?, ?> environment)
            throws NamingException {
        if (!(described instanceof Reference reference)) {
            return null;
        }
        var attributes = Attributes.of(reference, name, context);
        var type = reference.getClassName();
        if (type.equals(Ktm.class.getName())) {
            return open(attributes.requireSingleton());
        }
        var face = FACES.get(type);
        if (face != null) {
            return face.apply(attributes.ktm());
        }
        if (attributes.isFor(getClass())) {
            throw attributes.failure("expected the type " + Ktm.class.getName() + " or one of "
                    + String.join(", ", FACES.keySet()) + ", found " + type);
        }
        return null;
    }

    private static Ktm open(Attributes attributes) throws NamingException {
        try {
            var options = KtmOptions.builder();
            attributes.rest().forEach(options::option);
            return Ktm.open(options.build());
        } catch (IllegalArgumentException | KtmOpenException e) {
            throw attributes.failure(e);
        }
    }
}
