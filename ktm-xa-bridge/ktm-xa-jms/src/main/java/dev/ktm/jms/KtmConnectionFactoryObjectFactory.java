package dev.ktm.jms;

import dev.ktm.naming.Attributes;
import jakarta.jms.XAConnectionFactory;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;
import java.util.Hashtable;
import java.util.Optional;
import javax.naming.Context;
import javax.naming.Name;
import javax.naming.NamingException;
import javax.naming.Reference;
import javax.naming.spi.ObjectFactory;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link KtmConnectionFactory} of a container's configuration. Its attributes are
 *
 * <ul>
 *   <li>{@code connectionFactoryClassName}: the broker's XA class, and {@code connectionFactory.brokerURL} and the like its properties,
 *   <li>{@code resourceManager}: the name by which branches are found again after a crash; that of the resource unless it is said,
 *   <li>{@code ktm}: the name of the coordinator's resource; {@code ktm} unless it is said,
 *   <li>{@code user}, {@code password}, {@code recoveryUser}, {@code recoveryPassword}: who connects, and who finishes branches,
 *   <li>{@code maxConnections}, {@code maxSessionsPerConnection}: how large the pool may be.
 * </ul>
 *
 * <p>The container closes it, or nobody does. Thread-safe; keeps nothing.
 */
public final class KtmConnectionFactoryObjectFactory implements ObjectFactory {

    private static final String CLASS_NAME = "connectionFactoryClassName";
    private static final String PROPERTY = "connectionFactory.";

    /**
     * Opens it.
     *
     * @throws NamingException if the configuration is wrong, or the broker refuses; the message says what to change
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
        var attributes = Attributes.of(reference, name, context).requireSingleton();
        var ktm = attributes.ktm();
        var resourceManager = attributes.resourceManager();
        var own = attributes.login("user", "password");
        var recovery = attributes.login("recoveryUser", "recoveryPassword");
        try {
            if (ktm.resourceManagers().contains(resourceManager)) {
                throw new IllegalArgumentException("expected a name of its own, found that of another resource, "
                        + resourceManager + ": say resourceManager=\"…\" for each of them, and never change it");
            }
            var builder = KtmConnectionFactory.builder(ktm, resourceManager, brokersOwn(attributes));
            own.ifPresent(login -> builder.credentials(login.getKey(), login.getValue()));
            recovery.ifPresent(login -> builder.recoveryCredentials(login.getKey(), login.getValue()));
            number(attributes, "maxConnections").ifPresent(builder::maxConnections);
            number(attributes, "maxSessionsPerConnection").ifPresent(builder::maxSessionsPerConnection);
            if (!attributes.rest().isEmpty()) {
                throw new IllegalArgumentException("expected none but the documented attributes, found "
                        + String.join(", ", attributes.rest().keySet()));
            }
            return builder.build();
        } catch (RuntimeException | ReflectiveOperationException e) {
            throw attributes.failure(e);
        }
    }

    private static Optional<Integer> number(Attributes attributes, String name) {
        var said = attributes.take(name);
        try {
            return said == null ? Optional.empty() : Optional.of(Integer.valueOf(said));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("expected a number as " + name + ", found \"" + said + "\"", e);
        }
    }

    private static XAConnectionFactory brokersOwn(Attributes attributes) throws ReflectiveOperationException {
        var className = attributes.take(CLASS_NAME);
        if (className == null) {
            throw new IllegalArgumentException("expected the broker's XA connection factory as " + CLASS_NAME
                    + ", found none; Artemis has org.apache.activemq.artemis.jms.client.ActiveMQXAConnectionFactory");
        }
        var type = classOf(className);
        if (!XAConnectionFactory.class.isAssignableFrom(type)) {
            // What is none is not even made.
            throw new IllegalArgumentException(
                    "expected a " + XAConnectionFactory.class.getName() + " as " + CLASS_NAME + ", found " + className);
        }
        var factory = type.getDeclaredConstructor().newInstance();
        for (var each : attributes.rest().entrySet()) {
            if (each.getKey().startsWith(PROPERTY)) {
                set(factory, each.getKey().substring(PROPERTY.length()), each.getValue());
                attributes.take(each.getKey());
            }
        }
        return (XAConnectionFactory) factory;
    }

    private static Class<?> classOf(String name) throws ClassNotFoundException {
        var ofTheComponent = Thread.currentThread().getContextClassLoader();
        return Class.forName(
                name, false, ofTheComponent == null ? KtmConnectionFactory.class.getClassLoader() : ofTheComponent);
    }

    private static void set(Object target, String property, String value) throws ReflectiveOperationException {
        var name = "set" + Character.toUpperCase(property.charAt(0)) + property.substring(1);
        var setters = Arrays.stream(target.getClass().getMethods())
                .filter(each -> each.getName().equals(name) && each.getParameterCount() == 1)
                .toList();
        for (var setter : setters) {
            Object converted;
            try {
                converted = converted(setter.getParameterTypes()[0], value);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                        "expected a number as " + PROPERTY + property + ", found \"" + value + "\"", e);
            }
            if (converted != null) {
                try {
                    setter.invoke(target, converted);
                } catch (InvocationTargetException e) {
                    // Neither its value nor the cause, which repeats it: there may be a password in it.
                    throw new IllegalArgumentException(PROPERTY + property + " is refused by "
                            + target.getClass().getName() + " ("
                            + e.getTargetException().getClass().getSimpleName() + ")");
                }
                return;
            }
        }
        throw new IllegalArgumentException(
                "expected a property of " + target.getClass().getName()
                        + " that is text, a number or true or false, found " + PROPERTY + property);
    }

    private static @Nullable Object converted(Class<?> type, String value) {
        if (type == String.class) {
            return value;
        } else if (type == int.class || type == Integer.class) {
            return Integer.valueOf(value);
        } else if (type == long.class || type == Long.class) {
            return Long.valueOf(value);
        } else if (type == boolean.class || type == Boolean.class) {
            return Boolean.valueOf(value);
        }
        return null;
    }
}
