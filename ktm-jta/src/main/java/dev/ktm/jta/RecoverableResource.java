package dev.ktm.jta;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import javax.transaction.xa.XAResource;
import org.jboss.tm.XAResourceRecovery;
import org.jboss.tm.XAResourceWrapper;
import org.jspecify.annotations.Nullable;

/** A resource manager that can be asked for its branches, and how that went so far. */
final class RecoverableResource {

    /** Resources that are open. */
    interface Opened {
        List<XAResource> resources();

        /** Gives them back. */
        void close() throws Exception;
    }

    /** Another way of asking than for branches. */
    interface Scan {
        void run() throws Exception;
    }

    /** Where resources come from. */
    interface Source {
        Opened open() throws Exception;
    }

    final String name;
    /** The registration of somebody else's interface, by which it is removed. */
    final @Nullable XAResourceRecovery registration;

    private final Source source;
    /** Asks it in place of {@link XaRecovery}. */
    final @Nullable Scan own;
    /** Held while it is being asked. */
    final ReentrantLock scan = new ReentrantLock();

    volatile boolean removed;
    /** Whether something was left to it since it was last asked, so that its list of then may not do. */
    volatile boolean again;

    volatile long dueNanos;
    volatile int failures;
    /** Resources to recognise others by; only asked whether another is of the same resource manager. */
    volatile List<XAResource> representatives = List.of();
    /** What the resources that were opened last say that they are called; absent before the first time. */
    volatile @Nullable Set<String> jndiNames;

    RecoverableResource(String name, @Nullable XAResourceRecovery registration, Source source) {
        this.name = name;
        this.registration = registration;
        this.source = source;
        this.own = null;
    }

    /** One that is asked in its own way. */
    RecoverableResource(String name, Scan own) {
        this.name = name;
        this.registration = null;
        this.source = RecoverableResource::nothing;
        this.own = own;
    }

    private static Opened nothing() {
        throw new IllegalStateException("it is asked in its own way");
    }

    /** When it was last asked, and what went wrong; absent before the first time. */
    volatile @Nullable Asked lastAsked;

    /** How it went when a resource manager was asked; the error is empty if it answered. */
    record Asked(Instant when, String error) {}

    void asked(String error) {
        lastAsked = new Asked(Instant.now(), error);
    }

    /** What those are that were opened last, or else this one, for people; empty if nobody knows. */
    String product(@Nullable XAResource resource) {
        // First: those that work may be wrapped by a pool.
        var known = representatives;
        return productOf(known.isEmpty() ? resource : known.get(0));
    }

    /** The product that a resource says it is of, or the class of it; empty if there is none. */
    static String productOf(@Nullable XAResource resource) {
        if (resource instanceof XAResourceWrapper wrapper) {
            try {
                var product = wrapper.getProductName();
                return product == null || product.isEmpty() ? productOf(wrapper.getResource()) : product;
            } catch (RuntimeException e) {
                // A wrapper of somebody else: nothing depends on what it says of itself.
                return resource.getClass().getName();
            }
        }
        return resource == null ? "" : resource.getClass().getName();
    }

    /** What others are recognised by, and what it is called, from now on. */
    void opened(List<XAResource> resources) {
        representatives = List.copyOf(resources);
        jndiNames = resources.stream()
                .map(RecoverableResource::jndiNameOf)
                .filter(each -> !each.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The name that a resource says, or nothing. */
    static String jndiNameOf(XAResource resource) {
        var said = resource instanceof XAResourceWrapper wrapper ? wrapper.getJndiName() : null;
        return said == null ? "" : said;
    }

    /** Whether it has to be asked at once; one that fails has its time. */
    boolean isAskedForAgain() {
        return again && failures == 0;
    }

    Opened open() throws Exception {
        return source.open();
    }

    static Source of(XaResourceFactory factory) {
        return () -> {
            var resource = factory.open();
            return new Opened() {
                @Override
                public List<XAResource> resources() {
                    return List.of(resource);
                }

                @Override
                public void close() throws Exception {
                    factory.close(resource);
                }
            };
        };
    }

    static Source of(XAResourceRecovery recovery) {
        return () -> {
            var resources = recovery.getXAResources();
            var all = resources == null ? List.<XAResource>of() : List.of(resources);
            return new Opened() {
                @Override
                public List<XAResource> resources() {
                    return all;
                }

                @Override
                public void close() {
                    // They belong to whoever has registered.
                }
            };
        };
    }
}
