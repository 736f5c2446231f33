package dev.ktm.naming;

import dev.ktm.Ktm;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.naming.CompositeName;
import javax.naming.ConfigurationException;
import javax.naming.Context;
import javax.naming.InitialContext;
import javax.naming.Name;
import javax.naming.NameNotFoundException;
import javax.naming.NamingException;
import javax.naming.Reference;
import javax.naming.StringRefAddr;
import org.jspecify.annotations.Nullable;

/** What a container's configuration says of a resource: for object factories of this product. Not thread-safe. */
public final class Attributes {

    /** Names of a coordinator that begin like this are whole; others are looked for beside the resource, and then below it. */
    private static final String SCHEME = "java:";
    /** Where a component finds what it is given. */
    private static final String ENVIRONMENT = "java:comp/env/";
    /** What containers add that is no business of the object. */
    private static final List<String> OF_THE_CONTAINER =
            List.of("auth", "closeMethod", "description", "factory", "scope", "singleton", "uniqueName");

    private final Reference reference;
    private final String resource;
    private final boolean isNameless;
    private final @Nullable Context context;
    private final Map<String, String> values = new LinkedHashMap<>();

    private Attributes(Reference reference, String resource, boolean isNameless, @Nullable Context context) {
        this.reference = reference;
        this.resource = resource;
        this.isNameless = isNameless;
        this.context = context;
    }

    /**
     * Those of a resource.
     *
     * @param name its name as the container gives it, if it does
     * @param context where that name is
     */
    public static Attributes of(Reference reference, @Nullable Name name, @Nullable Context context) {
        var attributes = new Attributes(
                reference, name == null ? reference.getClassName() : name.toString(), name == null, context);
        var all = reference.getAll();
        while (all.hasMoreElements()) {
            if (all.nextElement() instanceof StringRefAddr address && address.getContent() instanceof String value) {
                attributes.values.put(address.getType(), value);
            }
        }
        return attributes;
    }

    /**
     * Refuses a resource that is made anew by every look-up, which neither a coordinator nor a resource manager can be.
     *
     * @throws ConfigurationException if it is one
     */
    public Attributes requireSingleton() throws ConfigurationException {
        if ("false".equals(values.get("singleton"))) {
            throw failure(
                    "expected singleton=\"true\", which is the default: there can be one of it at a time, found false");
        }
        return this;
    }

    /** Whether this factory is meant, and no other that might understand it. */
    boolean isFor(Class<?> factory) {
        return factory.getName().equals(reference.getFactoryClassName())
                || factory.getName().equals(values.get("factory"));
    }

    /**
     * The name by which branches are found again: what the attribute {@code resourceManager} says, or that of the resource, of which
     * containers give the last part.
     *
     * @throws ConfigurationException if there is neither
     */
    public String resourceManager() throws ConfigurationException {
        var said = take("resourceManager");
        if (said != null) {
            return said;
        }
        if (isNameless) {
            throw failure(
                    "expected a name by which branches are found again after a crash, found none: say resourceManager=\"…\"");
        }
        return resource;
    }

    /**
     * A user and a password.
     *
     * @return neither, or both; a user without a password has an empty one
     * @throws ConfigurationException if there is a password and no user
     */
    public Optional<Map.Entry<String, String>> login(String userAttribute, String passwordAttribute)
            throws ConfigurationException {
        var user = take(userAttribute);
        var password = take(passwordAttribute);
        if (user == null && password != null) {
            throw failure("expected " + userAttribute + " with " + passwordAttribute + ", found none");
        }
        return user == null ? Optional.empty() : Optional.of(Map.entry(user, password == null ? "" : password));
    }

    /** What is said, and not said any more. */
    public @Nullable String take(String attribute) {
        return values.remove(attribute);
    }

    /** All that nobody has taken and that is not the container's own. */
    public Map<String, String> rest() {
        var rest = new LinkedHashMap<>(values);
        OF_THE_CONTAINER.forEach(rest::remove);
        return rest;
    }

    /**
     * The coordinator, which is a resource of its own: {@code ktm}, or what the attribute of that name says.
     *
     * @throws NamingException if there is none
     */
    public Ktm ktm() throws NamingException {
        var said = take("ktm");
        var name = said == null ? "ktm" : said;
        Object found;
        try {
            found = lookup(name);
        } catch (NameNotFoundException e) {
            var failure = failure("expected a resource of type " + Ktm.class.getName() + " with the name " + name
                    + ", found none: add one, or say ktm=\"its name\"");
            failure.setRootCause(e);
            throw failure;
        }
        if (found instanceof Ktm ktm) {
            return ktm;
        }
        throw failure("expected a resource of type " + Ktm.class.getName() + " with the name " + name + ", found "
                + (found == null
                        ? "nothing"
                        : found.getClass().getName()
                                + (found.getClass().getName().equals(Ktm.class.getName())
                                        ? " of another class loader: KTM's jars are there twice"
                                        : "")));
    }

    @SuppressWarnings("BanJNDI") // The name is of the container's own names: no other scheme gets here.
    private @Nullable Object lookup(String name) throws NamingException {
        if (!name.startsWith(SCHEME) && name.contains(":")) {
            throw failure("expected a name in this container as ktm, as in ktm or java:comp/env/ktm, found " + name);
        }
        if (context != null && !name.startsWith(SCHEME)) {
            try {
                return context.lookup(new CompositeName(name));
            } catch (NameNotFoundException e) {
                // Then it is in the component's environment, if it is anywhere.
            }
        }
        return new InitialContext().lookup(name.startsWith(SCHEME) ? name : ENVIRONMENT + name);
    }

    /** An error in the configuration of this resource. */
    public ConfigurationException failure(String message) {
        return new ConfigurationException("resource " + resource + ": " + message);
    }

    /** The same, for something that came of it. Wrappers that say nothing of their own are passed over. */
    public ConfigurationException failure(Exception cause) {
        Throwable telling = cause;
        while (telling.getCause() != null
                && (telling.getMessage() == null
                        || telling.getMessage().equals(telling.getCause().toString()))) {
            telling = telling.getCause();
        }
        var message = telling instanceof ClassNotFoundException
                ? "expected a class that is on the class path, found " + telling.getMessage()
                        + ", which is not: is its jar there?"
                : telling.getMessage() == null ? telling.toString() : telling.getMessage();
        var failure = failure(message);
        failure.setRootCause(cause);
        return failure;
    }
}
