package dev.ktm.jta;

import dev.ktm.rm.Damage;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionId;
import dev.ktm.tm.Workers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.XAResourceRecovery;
import org.jboss.tm.XAResourceWrapper;
import org.jspecify.annotations.Nullable;

/**
 * Finds and finishes branches: those that have not done as they were told, and those of earlier lives.
 *
 * <p><b>Theory of operation.</b> Every registered resource manager is asked for its branches at intervals, and at once when one
 * of them is left unfinished; each on a thread of its own, so that one that is slow, hangs or is dead holds up nobody else.
 * Whose a branch is stands in its xid. Ours, decided: as decided. Ours, without a decision, and its transaction not live: rolled
 * back. Anything else: not touched. A branch that was told the outcome and is not listed any more has finished; nothing else
 * than the list is believed.
 */
final class XaRecovery implements AutoCloseable {

    private static final long LONGEST_BACK_OFF_NANOS = Duration.ofMinutes(5).toNanos();
    private static final int MOST_DOUBLINGS = 5;

    private final Supplier<UUID> manager;
    private final long incarnation;
    private final Supplier<Set<TransactionId>> live;
    private final Ledger ledger;
    private final Consumer<OutcomeReport> reports;
    private final Executor threads;
    private final long intervalNanos;
    private final Map<BranchXid, Unfinished> unfinished = new ConcurrentHashMap<>();
    private final Map<String, RecoverableResource> registered = new ConcurrentHashMap<>();
    /** Resources of nobody who is registered, by identity, that are being asked. */
    private final Set<XAResource> asking =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

    private final AtomicBoolean warnedOfUnknown = new AtomicBoolean();
    /** Names that branches wait for and nobody has registered; each is reported once. */
    private final Set<String> missed = ConcurrentHashMap.newKeySet();

    private volatile boolean stopped;
    private volatile @Nullable Thread scheduler;

    /** Where heuristic decisions about transactions go that nobody remembers. */
    interface Ledger {
        void add(TransactionId transaction, Damage damage) throws KtmException;
    }

    /**
     * Recovery for a transaction manager.
     *
     * @param live the transactions that have not ended, asked anew each time
     * @param ledger where heuristic decisions about transactions go that nobody remembers
     * @param threads where resource managers are asked, each on one of its own
     * @param interval between two times that one is asked
     */
    XaRecovery(
            Supplier<UUID> manager,
            long incarnation,
            Supplier<Set<TransactionId>> live,
            Ledger ledger,
            Consumer<OutcomeReport> reports,
            Executor threads,
            Duration interval) {
        this.manager = manager;
        this.incarnation = incarnation;
        this.live = live;
        this.ledger = ledger;
        this.reports = reports;
        this.threads = threads;
        this.intervalNanos = interval.toNanos();
    }

    void start(String name) {
        var thread = new Thread(this::schedule, name);
        thread.setDaemon(true);
        scheduler = thread;
        thread.start();
    }

    // Who is asked.

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
        wake();
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

    boolean hasRegistered() {
        return !registered.isEmpty();
    }

    /** The name under which a resource can be found again; empty if nobody knows. */
    String nameOf(XAResource resource) {
        if (resource instanceof XAResourceWrapper wrapper) {
            var jndi = wrapper.getJndiName();
            if (jndi != null && !jndi.isEmpty()) {
                return jndi;
            }
        }
        for (var each : registered.values()) {
            if (isRecognised(each.representatives, resource)) {
                return each.name;
            }
        }
        if (warnedOfUnknown.compareAndSet(false, true)) {
            report(
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

    private static boolean isRecognised(XAResource representative, XAResource resource) {
        try {
            return representative.isSameRM(resource);
        } catch (XAException | RuntimeException e) {
            return false;
        }
    }

    String label(XaBranch branch) {
        return branch.resourceManager.isEmpty() ? branch.resource.getClass().getName() : branch.resourceManager;
    }

    // What is to be done.

    /** A branch of an earlier life, which may wait for its outcome. */
    void add(Unfinished branch) {
        unfinished.put(branch.xid, branch);
    }

    /** A branch is finished by somebody else. */
    void remove(Unfinished branch) {
        unfinished.remove(branch.xid, branch);
    }

    /** The outcome of a branch of an earlier life is known. */
    void ordered(Unfinished branch, Unfinished.Order order) throws KtmException {
        branch.order = order;
        unfinished.put(branch.xid, branch);
        branch.enlistment.postpone();
        wake(branch.resourceManager);
    }

    /** A branch of this life has not done as it was told, or it is not known whether. */
    void leave(XaBranch branch, Unfinished.Order order, XaAnswer answer) throws KtmException {
        var left = unfinishedOf(branch);
        left.order = order;
        left.contradicts = answer.verdict() == XaVerdict.CONTRADICTS;
        left.code = answer.code();
        unfinished.put(left.xid, left);
        report(
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
        unfinished.put(left.xid, left);
    }

    private static Unfinished unfinishedOf(XaBranch branch) {
        var left = new Unfinished(
                branch.xid(), branch.enlistment(), branch.resourceManager, branch.stuck ? null : branch.resource);
        // Even one whose connection is of no use holds on to it until the branch has finished.
        left.participant = branch.resource instanceof XaParticipant participant ? participant : null;
        return left;
    }

    void report(OutcomeReport.Kind kind, Unfinished branch, String code, String cause, String nextStep) {
        report(kind, branch.resourceManager, branch.unitOfWork(), branch.xid, code, cause, nextStep, null);
    }

    private void report(
            OutcomeReport.Kind kind,
            String resourceManager,
            @Nullable BranchXid xid,
            String code,
            String cause,
            String nextStep,
            @Nullable Throwable thrown) {
        report(kind, resourceManager, new UUID(0, 0), xid, code, cause, nextStep, thrown);
    }

    private void report(
            OutcomeReport.Kind kind,
            String resourceManager,
            UUID unitOfWork,
            @Nullable BranchXid xid,
            String code,
            String cause,
            String nextStep,
            @Nullable Throwable thrown) {
        reports.accept(new OutcomeReport(
                kind,
                Instant.now(),
                Optional.ofNullable(xid).map(BranchXid::transaction),
                unitOfWork,
                resourceManager,
                xid == null ? "" : xid.toString(),
                code,
                cause,
                nextStep,
                Optional.ofNullable(thrown)));
    }

    // When.

    void wake(String resourceManager) {
        var found = registered.get(resourceManager);
        if (found != null) {
            // First: whoever is asking it at this moment may have its list already.
            found.again = true;
            if (found.failures == 0) {
                found.dueNanos = System.nanoTime();
            }
        }
        wake();
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
            for (var each : registered.values()) {
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
        for (var each : registered.values()) {
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
        registration.representatives = List.copyOf(resources);
        // What is left while the lists are on their way may be missing from them.
        var waiting = new ArrayList<Unfinished>();
        for (var each : unfinished.values()) {
            if (each.resourceManager.equals(registration.name)
                    && (registration.registration == null || isRecognised(resources, each.resource))) {
                waiting.add(each);
            }
        }
        var scans = resources.stream()
                .map(each -> new Scan(registration.name, each))
                .toList();
        for (var scan : scans) {
            scan.run();
        }
        if (!waiting.isEmpty()) {
            var listed = new HashSet<BranchXid>();
            for (var scan : scans) {
                listed.addAll(scan.list());
            }
            for (var branch : waiting) {
                if (branch.order == Unfinished.Order.ROLLBACK && !listed.contains(branch.xid)) {
                    scans.forEach(scan -> scan.rollBackUnlisted(branch));
                }
            }
            settle(waiting, listed);
        }
    }

    private static boolean isRecognised(List<XAResource> resources, @Nullable XAResource resource) {
        return resource != null && resources.stream().anyMatch(each -> isRecognised(each, resource));
    }

    private void failed(RecoverableResource resource, Throwable why) {
        if (stopped) {
            // An interrupt, or what it has left, is no news of the resource manager.
            return;
        }
        if (resource.failures == 0) {
            report(
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
        int doublings = Math.min(failures, MOST_DOUBLINGS);
        resource.dueNanos = System.nanoTime() + Math.min(LONGEST_BACK_OFF_NANOS, intervalNanos << doublings);
    }

    /** Branches of resource managers that nobody has registered: their own resources are asked, each unless it is being asked. */
    private void askOwnResources(Executor executor) {
        var all = new IdentityHashMap<XAResource, List<Unfinished>>();
        for (var branch : unfinished.values()) {
            var resource = branch.resource;
            if (registered.containsKey(branch.resourceManager)) {
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
                new Scan(branch.resourceManager, resource).only(branch);
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
        if (!name.isEmpty() && missed.add(name)) {
            report(
                    OutcomeReport.Kind.PENDING,
                    branch,
                    "",
                    "a branch of an earlier life waits for resource manager \"" + name
                            + "\", which nobody has registered",
                    "register it under this name; if it was renamed, register it under both until this is finished;"
                            + " registered are now " + new TreeSet<>(registered.keySet()));
        }
    }

    /** Asking one resource. */
    private final class Scan {
        private final String name;
        private final XAResource resource;

        Scan(String name, XAResource resource) {
            this.name = name;
            this.resource = resource;
        }

        void run() throws XAException {
            var listed = list();
            var orphans = new ArrayList<BranchXid>();
            Set<TransactionId> alive = null;
            for (var xid : listed) {
                var known = unfinished.get(xid);
                if (known != null) {
                    carryOut(known);
                } else if (xid.transaction().manager().equals(manager.get())) {
                    alive = alive == null ? live.get() : alive;
                    if (isOrphan(xid, alive)) {
                        orphans.add(xid);
                    }
                }
            }
            for (var orphan : orphans) {
                rollBackOrphan(orphan);
            }
        }

        /** Asks for one branch only, with its own resource. */
        void only(Unfinished branch) throws XAException {
            if (list().contains(branch.xid)) {
                carryOut(branch);
            }
            settle(List.of(branch), list());
        }

        private Set<BranchXid> list() throws XAException {
            Xid[] all = resource.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN);
            if (all == null) {
                // No list is not an empty list: nothing may be concluded from it.
                throw new XAException(XAException.XAER_RMERR);
            }
            var own = new HashSet<BranchXid>();
            for (var xid : all) {
                BranchXid.of(xid).ifPresent(own::add);
            }
            return own;
        }

        private boolean isOrphan(BranchXid xid, Set<TransactionId> alive) {
            if (xid.transaction().incarnation() > incarnation) {
                report(
                        OutcomeReport.Kind.IN_DOUBT,
                        name,
                        xid,
                        "",
                        "it is of a later life of this transaction manager than its log knows",
                        "the log is older than the resource manager's data: find the right log, or finish the branch by"
                                + " hand",
                        null);
                return false;
            }
            return !alive.contains(xid.transaction());
        }

        /** Nobody has decided to commit it, and nobody will. */
        private void rollBackOrphan(BranchXid xid) throws XAException {
            // Some drivers roll back only what they have just listed; and it may have finished meanwhile.
            if (!list().contains(xid) || unfinished.containsKey(xid)) {
                return;
            }
            XaAnswer answer;
            try {
                resource.rollback(xid);
                answer = XaAnswer.returned(XaCall.ROLLBACK, XAResource.XA_OK);
            } catch (XAException | RuntimeException e) {
                answer = XaAnswer.failed(XaCall.ROLLBACK, e);
            }
            switch (answer.verdict()) {
                case HEURISTIC_COMMIT -> orphanDecided(xid, HeuristicDecision.COMMIT, answer);
                case HEURISTIC_MIXED -> orphanDecided(xid, HeuristicDecision.MIXED, answer);
                case HEURISTIC_HAZARD, HAZARD -> orphanDecided(xid, HeuristicDecision.HAZARD, answer);
                case HEURISTIC_ROLLBACK -> {
                    resource.forget(xid);
                    reportOrphan(xid, answer);
                }
                case DONE, READ_ONLY, ROLLED_BACK, REFUSED, CONTRADICTS, AGAIN, LOOK -> reportOrphan(xid, answer);
            }
        }

        private void reportOrphan(BranchXid xid, XaAnswer answer) {
            boolean done = answer.verdict() == XaVerdict.DONE || answer.verdict() == XaVerdict.HEURISTIC_ROLLBACK;
            report(
                    OutcomeReport.Kind.ORPHAN,
                    name,
                    xid,
                    answer.verdict() == XaVerdict.DONE ? "" : answer.text(),
                    "it was prepared, and its transaction was not committed",
                    done ? "it is rolled back" : "it is rolled back as soon as the resource manager does so",
                    answer.thrown());
        }

        /** Only when it is known for ever may the resource manager forget it. */
        private void orphanDecided(BranchXid xid, HeuristicDecision decision, XaAnswer answer) throws XAException {
            try {
                ledger.add(
                        xid.transaction(),
                        new Damage(
                                name,
                                xid.enlistment(),
                                decision,
                                answer.code(),
                                System.currentTimeMillis(),
                                name + " " + xid + ": " + answer.text()));
            } catch (KtmException e) {
                System.getLogger(XaRecovery.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "a heuristic decision on " + xid + " could not be written",
                                e);
                return;
            }
            report(
                    OutcomeReport.Kind.HEURISTIC,
                    name,
                    xid,
                    answer.text(),
                    "it was prepared, its transaction was not committed, and the resource manager has decided on its own",
                    "compare the data of the participants, mend them, then forget the transaction",
                    null);
            resource.forget(xid);
        }

        private void carryOut(Unfinished branch) throws XAException {
            try {
                switch (branch.order) {
                    case WAIT -> {}
                    case COMMIT -> concludeCommit(branch, ask(branch, XaCall.COMMIT));
                    case ROLLBACK -> {
                        // Some drivers roll back only what they have just listed.
                        if (list().contains(branch.xid)) {
                            concludeRollback(branch, ask(branch, XaCall.ROLLBACK));
                        }
                    }
                    case FORGET -> {
                        if (ask(branch, XaCall.FORGET).verdict() == XaVerdict.DONE) {
                            unfinished.remove(branch.xid, branch);
                        }
                    }
                }
            } catch (KtmException e) {
                System.getLogger(XaRecovery.class.getName())
                        .log(System.Logger.Level.DEBUG, "branch " + branch.xid + " was finished by somebody else", e);
            }
        }

        /**
         * Only what is prepared is listed. A branch whose request to prepare was lost with its connection may still be there all
         * the same, with its locks, and some resource managers keep it until somebody says so.
         */
        private void rollBackUnlisted(Unfinished branch) {
            var answer = ask(resource, branch, XaCall.ROLLBACK);
            try {
                concludeRollback(branch, answer);
            } catch (KtmException e) {
                System.getLogger(XaRecovery.class.getName())
                        .log(System.Logger.Level.DEBUG, "branch " + branch.xid + " was finished by somebody else", e);
            }
        }

        private XaAnswer ask(Unfinished branch, XaCall call) {
            var answer = ask(resource, branch, call);
            var own = branch.resource;
            boolean doubtful = answer.verdict() == XaVerdict.LOOK || answer.verdict() == XaVerdict.AGAIN;
            // Some resource managers let only the connection finish a branch that has prepared it, while it is open.
            return doubtful && own != null && own != resource ? ask(own, branch, call) : answer;
        }

        private XaAnswer ask(XAResource asked, Unfinished branch, XaCall call) {
            try {
                switch (call) {
                    case COMMIT -> asked.commit(branch.xid, false);
                    case ROLLBACK -> asked.rollback(branch.xid);
                    case FORGET -> asked.forget(branch.xid);
                    default -> throw new IllegalArgumentException("cannot ask for " + call);
                }
                return XaAnswer.returned(call, XAResource.XA_OK);
            } catch (XAException | RuntimeException e) {
                return XaAnswer.failed(call, e);
            }
        }

        private void concludeCommit(Unfinished branch, XaAnswer answer) throws KtmException {
            branch.code = answer.code();
            switch (answer.verdict()) {
                case DONE, READ_ONLY -> finished(branch, true);
                case HEURISTIC_COMMIT -> finishedAndForget(branch);
                case HEURISTIC_ROLLBACK -> damaged(branch, HeuristicDecision.ROLLBACK, answer);
                case HEURISTIC_MIXED -> damaged(branch, HeuristicDecision.MIXED, answer);
                case HEURISTIC_HAZARD, HAZARD -> damaged(branch, HeuristicDecision.HAZARD, answer);
                case CONTRADICTS -> branch.contradicts = true;
                case LOOK, AGAIN, REFUSED, ROLLED_BACK -> {}
            }
        }

        private void concludeRollback(Unfinished branch, XaAnswer answer) throws KtmException {
            branch.code = answer.code();
            switch (answer.verdict()) {
                case HEURISTIC_ROLLBACK -> finishedAndForget(branch);
                case HEURISTIC_COMMIT -> damaged(branch, HeuristicDecision.COMMIT, answer);
                case HEURISTIC_MIXED -> damaged(branch, HeuristicDecision.MIXED, answer);
                case HEURISTIC_HAZARD, HAZARD -> damaged(branch, HeuristicDecision.HAZARD, answer);
                // A rollback that is said to be done is believed only when the branch is not listed any more.
                case DONE, READ_ONLY, ROLLED_BACK, CONTRADICTS, LOOK, AGAIN, REFUSED -> {}
            }
        }

        private void finishedAndForget(Unfinished branch) throws KtmException {
            finished(branch, ask(branch, XaCall.FORGET).verdict() == XaVerdict.DONE);
        }

        private void damaged(Unfinished branch, HeuristicDecision decision, XaAnswer answer) throws KtmException {
            branch.enlistment.reportHeuristic(
                    decision, answer.code(), branch.resourceManager + " " + branch.xid, answer.text());
            finishedAndForget(branch);
        }
    }

    /** Those that are not listed any more have finished. */
    private void settle(List<Unfinished> waiting, Set<BranchXid> listed) {
        for (var branch : waiting) {
            if (unfinished.get(branch.xid) == branch && !listed.contains(branch.xid)) {
                try {
                    settle(branch);
                } catch (KtmException e) {
                    System.getLogger(XaRecovery.class.getName())
                            .log(System.Logger.Level.DEBUG, "branch " + branch.xid + " was finished already", e);
                }
            }
        }
    }

    private void settle(Unfinished branch) throws KtmException {
        switch (branch.order) {
            case COMMIT -> {
                if (branch.contradicts) {
                    branch.enlistment.reportHeuristic(
                            HeuristicDecision.ROLLBACK,
                            branch.code,
                            branch.resourceManager + " " + branch.xid,
                            "it said that it rolled back, and does not list the branch any more");
                }
                finished(branch, true);
            }
            case ROLLBACK -> finished(branch, true);
            case FORGET -> unfinished.remove(branch.xid, branch);
            case WAIT -> {}
        }
    }

    /** It has done what it was told to do; unless it has to be told to forget as well, that is all. */
    private void finished(Unfinished branch, boolean forgotten) throws KtmException {
        if (branch.finish()) {
            boolean committed = branch.order == Unfinished.Order.COMMIT;
            if (forgotten) {
                unfinished.remove(branch.xid, branch);
            } else {
                branch.order = Unfinished.Order.FORGET;
            }
            var participant = branch.participant;
            if (participant != null) {
                participant.finished(branch.xid);
            }
            if (committed) {
                branch.enlistment.commitComplete();
            } else {
                branch.enlistment.rollbackComplete();
            }
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
