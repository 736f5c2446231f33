package dev.ktm.jta;

import dev.ktm.rm.KtmException;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.tm.Workers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * Finds and finishes branches: those that have not done as they were told, and those of earlier lives.
 *
 * <p><b>Theory of operation.</b> Every registered resource manager is asked for its branches at intervals, and at once when one
 * of them is left unfinished; each on a thread of its own, so that one that is slow, hangs or is dead holds up nobody else.
 * Whose a branch is stands in its xid. Ours, decided: as decided. Ours, without a decision, and its transaction not live: rolled
 * back as an {@linkplain Orphans orphan}. Anything else: not touched. What every list of a resource manager leaves out {@linkplain
 * UnfinishedBranches has finished}.
 */
final class XaRecovery implements AutoCloseable {

    private static final long LONGEST_BACK_OFF_NANOS = Duration.ofMinutes(1).toNanos();
    private static final int MOST_DOUBLINGS = 5;
    private static final long SOON_NANOS = Duration.ofSeconds(1).toNanos();
    /** What a resource manager may need to notice that a connection is lost, and to roll back what it has worked for. */
    private static final long NOTICE_NANOS = Duration.ofSeconds(10).toNanos();

    private final RecoverableResources registered;
    private final UnfinishedBranches unfinished = new UnfinishedBranches();
    private final Orphans orphans;
    private final RecoveryReports reports;
    private final Executor threads;
    private final long intervalNanos;
    /** Resources of nobody who is registered, by identity, that are being asked. */
    private final Set<XAResource> asking =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

    /** Names that branches wait for and nobody has registered; each is reported once. */
    private final Set<String> missed = ConcurrentHashMap.newKeySet();

    private volatile boolean stopped;
    private volatile @Nullable Thread scheduler;

    /**
     * Recovery for a transaction manager.
     *
     * @param threads where resource managers are asked, each on one of its own
     * @param interval between two times that one is asked
     */
    XaRecovery(Orphans orphans, RecoveryReports reports, Executor threads, Duration interval) {
        this.orphans = orphans;
        this.reports = reports;
        this.registered = new RecoverableResources(reports, this::wake);
        this.threads = threads;
        this.intervalNanos = interval.toNanos();
    }

    void start(String name) {
        var thread = new Thread(this::schedule, name);
        thread.setDaemon(true);
        // The class loader of whoever opened this first is not to be kept by it.
        thread.setContextClassLoader(XaRecovery.class.getClassLoader());
        scheduler = thread;
        thread.start();
    }

    /** Who is asked. */
    RecoverableResources registered() {
        return registered;
    }

    RecoveryReports reports() {
        return reports;
    }

    /** The name under which a resource can be found again; empty if nobody knows. */
    String nameOf(XAResource resource) {
        return registered.nameOf(resource);
    }

    /** What a resource is, or what is registered under this name if there is none, for people; empty if nobody knows. */
    String productOf(String name, @Nullable XAResource resource) {
        var found = registered.findAnswering(name);
        return found == null ? RecoverableResource.productOf(resource) : found.product(resource);
    }

    /** What is left to be done at each resource manager, by its name: how many branches wait. */
    Map<String, Long> pending() {
        return unfinished.all().stream()
                .collect(Collectors.groupingBy(each -> each.resourceManager, Collectors.counting()));
    }

    String label(XaBranch branch) {
        return branch.resourceManager.isEmpty() ? branch.resource.getClass().getName() : branch.resourceManager;
    }

    // What is to be done.

    /** A branch of an earlier life, which may wait for its outcome. */
    void add(Unfinished branch) {
        unfinished.add(branch);
    }

    /** A branch is finished by somebody else. */
    void remove(Unfinished branch) {
        unfinished.remove(branch);
    }

    /** The outcome of a branch of an earlier life is known. */
    void ordered(Unfinished branch, Unfinished.Order order) throws KtmException {
        branch.order = order;
        unfinished.add(branch);
        branch.enlistment.postpone();
        wake(branch.resourceManager);
    }

    /** A branch of this life has not done as it was told, or it is not known whether. */
    void leave(XaBranch branch, Unfinished.Order order, XaAnswer answer) throws KtmException {
        var left = unfinishedOf(branch);
        left.order = order;
        left.contradicts = answer.verdict() == XaVerdict.CONTRADICTS;
        left.code = answer.code();
        unfinished.add(left);
        reports.report(
                OutcomeReport.Kind.PENDING,
                left,
                answer.text(),
                order + " was not carried out, or the answer was lost",
                "it is asked again until it has done so or does not list the branch any more");
        branch.enlistment().postpone();
        wake(left.resourceManager);
    }

    void leaveToForget(XaBranch branch) {
        var left = unfinishedOf(branch);
        left.order = Unfinished.Order.FORGET;
        unfinished.add(left);
    }

    /** Nobody waits for it any more, and it is in no list; what may be left of it holds locks that nobody else would release. */
    void leaveToRelease(XaBranch branch) {
        var left = unfinishedOf(branch);
        if (registered.findAnswering(left.resourceManager) != null) {
            left.order = Unfinished.Order.RELEASE;
            if (branch.mayEndByItself()) {
                // Some break if a branch is rolled back by somebody else at the same moment.
                left.dueNanos = System.nanoTime() + NOTICE_NANOS;
            }
            unfinished.add(left);
            wake(left.resourceManager);
        }
    }

    private static Unfinished unfinishedOf(XaBranch branch) {
        var left = new Unfinished(
                branch.xid(), branch.enlistment(), branch.resourceManager, branch.stuck ? null : branch.resource);
        // Even one whose connection is of no use holds on to it until the branch has finished.
        left.participant = branch.resource instanceof XaParticipant participant ? participant : null;
        return left;
    }

    // When.

    void wake(String resourceManager) {
        var found = registered.findAnswering(resourceManager);
        if (found != null) {
            // First: whoever is asking it at this moment may have its list already.
            found.again = true;
            if (found.failures == 0) {
                found.dueNanos = System.nanoTime();
            }
        }
        wake();
    }

    /** Not at once: what it waits for here takes as long as a write. One that fails has its time. */
    void askSoon(String resourceManager) {
        var found = registered.findAnswering(resourceManager);
        if (found != null && found.failures == 0) {
            found.dueNanos = System.nanoTime() + Math.min(intervalNanos, SOON_NANOS);
            wake();
        }
    }

    /** What may not be told yet does not wait for the next interval. */
    private void askWhenDue(RecoverableResource registration, Unfinished branch) {
        long left = branch.nanosUntilDue();
        if (left > 0 && left < registration.dueNanos - System.nanoTime()) {
            registration.dueNanos = System.nanoTime() + left;
            wake();
        }
    }

    private void wake() {
        var thread = scheduler;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    private void schedule() {
        long unregisteredDue = System.nanoTime() + intervalNanos;
        while (!stopped) {
            long now = System.nanoTime();
            long next = intervalNanos;
            for (var each : registered.all()) {
                if (each.dueNanos - now <= 0) {
                    each.dueNanos = now + intervalNanos;
                    begin(() -> scan(each));
                }
                next = Math.min(next, each.dueNanos - now);
            }
            if (unregisteredDue - now <= 0) {
                unregisteredDue = now + intervalNanos;
                askOwnResources(this::begin);
            }
            next = Math.min(next, unregisteredDue - now);
            LockSupport.parkNanos(this, Math.max(1, next));
            // An interrupt is not for this thread, and would keep it from sleeping.
            Thread.interrupted();
        }
    }

    /** On a thread of its own; if there is none to be had, the next time comes. */
    private void begin(Runnable task) {
        try {
            threads.execute(task);
        } catch (RuntimeException | Error e) {
            System.getLogger(XaRecovery.class.getName())
                    .log(System.Logger.Level.WARNING, "a resource manager cannot be asked now", e);
        }
    }

    /** Asks everybody now, one after the other, on this thread; waits for whoever is being asked. */
    void scanAll() {
        for (var each : registered.all()) {
            each.scan.lock();
            try {
                scanNow(each);
            } finally {
                each.scan.unlock();
            }
            if (each.isAskedForAgain()) {
                scan(each);
            }
        }
        askOwnResources(Runnable::run);
    }

    /**
     * Asks one resource manager, unless it is being asked: then whoever does so asks once more, if that was wanted. It looks
     * for that when it has given the lock back, and who wants it says so before he tries to have the lock.
     */
    private void scan(RecoverableResource resource) {
        boolean wanted = true;
        while (wanted && resource.scan.tryLock()) {
            try {
                scanNow(resource);
            } finally {
                resource.scan.unlock();
            }
            wanted = resource.isAskedForAgain();
        }
    }

    private void scanNow(RecoverableResource resource) {
        resource.again = false;
        if (resource.removed || stopped) {
            return;
        }
        try {
            var own = resource.own;
            if (own != null) {
                own.run();
            } else {
                askForBranches(resource);
            }
            if (resource.failures > 0) {
                resource.failures = 0;
            }
            resource.asked("");
        } catch (Exception | Error e) {
            failed(resource, e);
        }
    }

    private void askForBranches(RecoverableResource resource) throws Exception {
        var opened = resource.open();
        try {
            askAll(resource, opened.resources());
        } finally {
            opened.close();
        }
    }

    /** Asks every resource of a registration, and only then concludes from what none of them lists. */
    private void askAll(RecoverableResource registration, List<XAResource> resources) throws XAException {
        registration.opened(resources);
        // What is left while the lists are on their way may be missing from them.
        var waiting = new ArrayList<Unfinished>();
        for (var each : unfinished.all()) {
            if (registered.isLeftTo(registration, resources, each)) {
                waiting.add(each);
                askWhenDue(registration, each);
            }
        }
        var scans = resources.stream()
                .map(each -> new XaScan(registration.name, each, unfinished, orphans))
                .toList();
        var strangers = new HashSet<BranchXid>();
        for (var scan : scans) {
            strangers.addAll(scan.run());
        }
        orphans.keepOnly(registration.name, strangers);
        if (!waiting.isEmpty()) {
            var listed = new HashSet<BranchXid>();
            for (var scan : scans) {
                listed.addAll(scan.list());
            }
            for (var branch : waiting) {
                if (XaScan.isToBeRolledBackUnlisted(branch, listed)) {
                    scans.forEach(scan -> scan.rollBackUnlisted(branch));
                }
            }
            unfinished.settle(waiting, listed);
        }
    }

    private void failed(RecoverableResource resource, Throwable why) {
        if (stopped) {
            // An interrupt, or what it has left, is no news of the resource manager.
            return;
        }
        resource.asked(XaCodes.describe(why));
        if (resource.failures == 0) {
            reports.report(
                    OutcomeReport.Kind.RECOVERY_FAILED,
                    resource.name,
                    null,
                    XaCodes.describe(why),
                    "its branches cannot be listed",
                    "it is asked again; what is prepared there waits",
                    why);
        }
        int failures = resource.failures + 1;
        resource.failures = failures;
        resource.dueNanos = System.nanoTime() + backOffNanos(intervalNanos, failures);
    }

    /** How long one that could not be asked so often in a row is left alone: twice as long each time, a minute at most. */
    static long backOffNanos(long intervalNanos, int failures) {
        int doublings = Math.min(failures, MOST_DOUBLINGS);
        // An interval of years would not survive it.
        return intervalNanos >= LONGEST_BACK_OFF_NANOS
                ? LONGEST_BACK_OFF_NANOS
                : Math.min(LONGEST_BACK_OFF_NANOS, intervalNanos << doublings);
    }

    /** Branches of resource managers that nobody has registered: their own resources are asked, each unless it is being asked. */
    private void askOwnResources(Executor executor) {
        var all = new IdentityHashMap<XAResource, List<Unfinished>>();
        for (var branch : unfinished.all()) {
            var resource = branch.resource;
            if (registered.find(branch.resourceManager) != null) {
                continue;
            }
            if (resource == null) {
                reportMissing(branch);
            } else {
                all.computeIfAbsent(resource, each -> new ArrayList<>()).add(branch);
            }
        }
        all.forEach((resource, branches) -> executor.execute(() -> askOwn(resource, branches)));
    }

    private void askOwn(XAResource resource, List<Unfinished> branches) {
        if (stopped || !asking.add(resource)) {
            return;
        }
        try {
            for (var branch : branches) {
                new XaScan(branch.resourceManager, resource, unfinished, orphans).only(branch);
            }
        } catch (XAException | RuntimeException | Error e) {
            System.getLogger(XaRecovery.class.getName())
                    .log(System.Logger.Level.DEBUG, "a resource that nobody has registered cannot be asked", e);
        } finally {
            asking.remove(resource);
        }
    }

    /** Somebody may have renamed it: it is not found again by itself. */
    private void reportMissing(Unfinished branch) {
        var name = branch.resourceManager;
        if (!name.isEmpty() && registered.findAnswering(name) == null && missed.add(name)) {
            reports.report(
                    OutcomeReport.Kind.PENDING,
                    branch,
                    "",
                    "a branch of an earlier life waits for resource manager \"" + name
                            + "\", which nobody has registered",
                    "register it under this name; if it was renamed, register it under both until this is finished;"
                            + " registered are now " + new TreeSet<>(registered.names()));
        }
    }

    @Override
    public void close() {
        stopped = true;
        wake();
        var thread = scheduler;
        if (thread != null) {
            Workers.end(thread);
        }
    }
}
