package dev.ktm.jta;

import dev.ktm.rm.OutcomeReport;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jboss.tm.XAResourceRecovery;
import org.jspecify.annotations.Nullable;

/** The resource managers that are asked for their branches, by the names that branches are found again under. */
final class RecoverableResources {

    /** How long whoever takes a name back waits for a resource manager that is being asked: it may hang. */
    private static final long LONGEST_SCAN_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Map<String, RecoverableResource> registered = new ConcurrentHashMap<>();
    private static final int MOST_NAME_BYTES = 255;

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
        requireName(name);
        add(new RecoverableResource(name, null, RecoverableResource.of(factory)));
    }

    /** Has somebody else's way of asking tried at intervals, as if it were a resource manager. */
    void register(String name, RecoverableResource.Scan scan) {
        requireName(name);
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

    /** No name means that nobody knows it, and a journal has room for so many bytes. */
    static void requireName(String name) {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (name.isBlank() || bytes > MOST_NAME_BYTES) {
            throw new IllegalArgumentException("expected the name of a resource manager, of 1 to " + MOST_NAME_BYTES
                    + " bytes and not blank, found "
                    + (name.isBlank() ? "\"" + name + "\"" : bytes + " bytes: " + name));
        }
    }

    /** Waits until it is not being asked, however long that takes, and asks no more. */
    void unregister(XAResourceRecovery recovery) {
        for (var each : registered.values()) {
            if (each.registration == recovery) {
                remove(each);
                each.scan.lock();
                try {
                    each.again = false;
                } finally {
                    each.scan.unlock();
                }
            }
        }
    }

    /** Waits until it is not being asked, for some seconds, and asks no more. */
    void unregister(String name) {
        var found = registered.get(name);
        if (found != null) {
            remove(found);
            awaitScan(found);
        }
    }

    private void remove(RecoverableResource resource) {
        registered.remove(resource.name, resource);
        resource.removed = true;
    }

    private static void awaitScan(RecoverableResource resource) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + LONGEST_SCAN_NANOS;
        try {
            while (true) {
                try {
                    if (resource.scan.tryLock(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                        resource.scan.unlock();
                    }
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
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
