package dev.ktm.jta;

import dev.ktm.rm.OutcomeReport;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jboss.tm.XAResourceRecovery;
import org.jspecify.annotations.Nullable;

/** The resource managers that are asked for their branches, by the names that branches are found again under. */
final class RecoverableResources {

    private final Map<String, RecoverableResource> registered = new ConcurrentHashMap<>();
    private final RecoveryReports reports;
    private final Runnable added;
    private final AtomicBoolean warnedOfUnknown = new AtomicBoolean();

    /**
     * None yet.
     *
     * @param added called when there is one more
     */
    RecoverableResources(RecoveryReports reports, Runnable added) {
        this.reports = reports;
        this.added = added;
    }

    void register(String name, XaResourceFactory factory) {
        add(new RecoverableResource(name, null, RecoverableResource.of(factory)));
    }

    /** Has somebody else's way of asking tried at intervals, as if it were a resource manager. */
    void register(String name, RecoverableResource.Scan scan) {
        add(new RecoverableResource(name, scan));
    }

    void register(XAResourceRecovery recovery) {
        var all = registered.values();
        if (all.stream().noneMatch(each -> each.registration == recovery)) {
            var name = recovery.getClass().getName() + "@" + Integer.toHexString(System.identityHashCode(recovery));
            add(new RecoverableResource(name, recovery, RecoverableResource.of(recovery)));
        }
    }

    private void add(RecoverableResource resource) {
        if (registered.putIfAbsent(resource.name, resource) != null) {
            throw new IllegalArgumentException(
                    "expected a name that no resource manager is registered under, found " + resource.name);
        }
        resource.dueNanos = System.nanoTime();
        added.run();
    }

    /** Waits until it is not being asked, and asks no more. */
    void unregister(XAResourceRecovery recovery) {
        for (var each : registered.values()) {
            if (each.registration == recovery) {
                remove(each);
            }
        }
    }

    void unregister(String name) {
        var found = registered.get(name);
        if (found != null) {
            remove(found);
        }
    }

    private void remove(RecoverableResource resource) {
        registered.remove(resource.name, resource);
        resource.scan.lock();
        try {
            resource.removed = true;
        } finally {
            resource.scan.unlock();
        }
    }

    boolean isEmpty() {
        return registered.isEmpty();
    }

    Collection<RecoverableResource> all() {
        return registered.values();
    }

    Set<String> names() {
        return registered.keySet();
    }

    @Nullable
    RecoverableResource find(String name) {
        return registered.get(name);
    }

    /**
     * Who is asked for what was left under this name. Registrations of somebody else's interface have no name, but their
     * resources may say the one that those had which were enlisted. If two say the same, or one has not been asked yet that may
     * say it as well, nobody can conclude anything: what one does not list another may hold.
     */
    @Nullable
    RecoverableResource findAnswering(String name) {
        var named = registered.get(name);
        if (named != null) {
            return named;
        }
        RecoverableResource found = null;
        for (var each : registered.values()) {
            var names = each.jndiNames;
            if (each.registration == null || (names != null && !names.contains(name))) {
                continue;
            }
            if (names == null || found != null) {
                return null;
            }
            found = each;
        }
        return found;
    }

    /** Whether a branch has finished if none of these resources, which are all of a registration, lists it. */
    boolean isLeftTo(RecoverableResource registration, List<XAResource> resources, Unfinished branch) {
        if (branch.resourceManager.equals(registration.name)) {
            return registration.registration == null || isRecognised(resources, branch.resource);
        }
        return findAnswering(branch.resourceManager) == registration;
    }

    /** The name under which a resource can be found again; empty if nobody knows. */
    String nameOf(XAResource resource) {
        var jndi = RecoverableResource.jndiNameOf(resource);
        if (!jndi.isEmpty()) {
            return jndi;
        }
        for (var each : registered.values()) {
            if (isRecognised(each.representatives, resource)) {
                return each.name;
            }
        }
        if (warnedOfUnknown.compareAndSet(false, true)) {
            reports.report(
                    OutcomeReport.Kind.NOT_RECOVERABLE,
                    resource.getClass().getName(),
                    null,
                    "",
                    "a resource was enlisted that no registered resource manager recognises",
                    "after a crash its branches are finished once one is registered that lists them; register it, and enlist"
                            + " by name (said once)",
                    null);
        }
        return "";
    }

    /** Whether a registration can be found again by its name after a restart. */
    boolean isStable(String name) {
        var found = registered.get(name);
        return found == null || found.registration == null;
    }

    /** Whether one of these says that a resource is of its resource manager. */
    static boolean isRecognised(List<XAResource> representatives, @Nullable XAResource resource) {
        return resource != null && representatives.stream().anyMatch(each -> isRecognised(each, resource));
    }

    private static boolean isRecognised(XAResource representative, XAResource resource) {
        try {
            return representative.isSameRM(resource);
        } catch (XAException | RuntimeException e) {
            return false;
        }
    }
}
