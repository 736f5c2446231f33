package dev.ktm.operator;

import dev.ktm.jta.JtaCoordinator;
import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogRefusedException;
import dev.ktm.log.LogStats;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import dev.ktm.tm.ManagerHandle;
import dev.ktm.tm.TransactionCounts;
import dev.ktm.tm.TransactionInspection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What an operator sees of a coordinator and can do with it: the one model that every tool shows. Views are of one moment. Safe for
 * many threads.
 *
 * <p>Transactions are named by their unit of work, by their id, or by the beginning of either if no other begins so. Every action
 * takes who wants it, in at most 100 characters, and why, in at most 500: both are in the log before the action takes effect, see
 * {@link #acts}. An action that throws has changed nothing, unless its message says otherwise.
 */
public final class Operations {

    private final ManagerHandle manager;
    private final JtaCoordinator jta;
    private final RecentReports reports;
    private final Instant opened = Instant.now();
    private final Areas areas = new Areas();
    private final Verbs verbs = new Verbs(this);

    /**
     * Over an open coordinator.
     *
     * @param reports where its reports arrive
     */
    public Operations(ManagerHandle manager, JtaCoordinator jta, RecentReports reports) {
        this.manager = manager;
        this.jta = jta;
        this.reports = reports;
    }

    /** A call of the coordinator. */
    interface Call<T> {
        T make() throws KtmException;
    }

    static <T> T call(Call<T> call) throws OperatorException {
        try {
            return call.make();
        } catch (KtmException e) {
            throw OperatorException.of(e);
        }
    }

    // What there is.

    /** The coordinator itself. */
    public ManagerView manager() throws OperatorException {
        return call(() -> {
            var live = manager.inspect();
            var inLog = manager.inLog();
            return new ManagerView(
                    manager.identity(),
                    manager.name(),
                    manager.logPath(),
                    manager.isVolatile(),
                    manager.isOnline(),
                    manager.incarnation(),
                    manager.clock(),
                    opened,
                    ProcessHandle.current().pid(),
                    System.getProperty("user.name", ""),
                    live.size(),
                    (int) live.stream().filter(each -> isIn(inLog, each)).count(),
                    (int) live.stream().filter(Operations::waitsForOperator).count(),
                    manager.damaged().size(),
                    log(live, inLog));
        });
    }

    private static boolean waitsForOperator(TransactionInspection transaction) {
        return transaction.isInDoubt() || transaction.isWaitingForLast();
    }

    private static boolean isIn(Set<TransactionId> inLog, TransactionInspection transaction) {
        return transaction.id().filter(inLog::contains).isPresent();
    }

    private Optional<ManagerView.LogView> log(List<TransactionInspection> live, Set<TransactionId> inLog)
            throws KtmException {
        var log = manager.log();
        if (log.isEmpty()) {
            return Optional.empty();
        }
        LogStats stats;
        try {
            stats = log.get().stats();
        } catch (LogException e) {
            // What it was is of no use; the rest is.
            return Optional.empty();
        }
        long capacity = stats.filledContainers() * stats.containerBytes();
        long used = capacity - stats.freeBytes();
        return Optional.of(new ManagerView.LogView(
                capacity,
                used,
                capacity == 0 ? 0 : (double) used / capacity,
                manager.lastLsn(),
                live.stream()
                        .filter(each -> isIn(inLog, each))
                        .min(OLDEST_FIRST)
                        .map(TransactionInspection::unitOfWork)));
    }

    /** The most containers that a log can be asked to get at once. */
    public static final int MOST_CONTAINERS = 1_000;

    private static final Comparator<TransactionInspection> OLDEST_FIRST = Comparator.comparing(
                    (TransactionInspection each) ->
                            each.id().map(TransactionId::incarnation).orElse(Long.MAX_VALUE))
            .thenComparing(each -> each.id().map(TransactionId::sequence).orElse(Long.MAX_VALUE));

    /** How many transactions have begun and ended since the coordinator was opened. */
    public TransactionCounts counts() throws OperatorException {
        return call(manager::counts);
    }

    /** What the log says of its own work; empty if there is none, or if it cannot say. */
    public Optional<LogStats> logStats() throws OperatorException {
        var log = call(manager::log);
        try {
            return log.isEmpty() ? Optional.empty() : Optional.of(log.get().stats());
        } catch (LogException e) {
            // What it was is of no use; the rest is.
            return Optional.empty();
        }
    }

    /** Every transaction that has not ended, the oldest first; without the stacks of their owners. */
    public List<TransactionView> transactions() throws OperatorException {
        return call(() -> {
            var inLog = manager.inLog();
            return manager.inspect().stream()
                    .sorted(OLDEST_FIRST)
                    .map(each -> view(each, inLog, false))
                    .toList();
        });
    }

    private TransactionView view(TransactionInspection seen, Set<TransactionId> inLog, boolean withStack) {
        return TransactionView.of(seen, isIn(inLog, seen), lastReport(seen), withStack);
    }

    private Optional<ReportView> lastReport(TransactionInspection seen) {
        var all = reports.all();
        for (int i = all.size() - 1; i >= 0; i--) {
            var each = all.get(i);
            boolean isAbout = each.unitOfWork().equals(seen.unitOfWork())
                    || (each.transaction().isPresent() && each.transaction().equals(seen.id()));
            if (isAbout) {
                return Optional.of(ReportView.of(each));
            }
        }
        return Optional.empty();
    }

    /** A transaction that has not ended, with the stack of its owner. */
    public TransactionView transaction(String id) throws OperatorException {
        var seen = find(id);
        return call(() -> view(seen, manager.inLog(), true));
    }

    /** Every enlistment of transactions that have not ended, those of the oldest first. */
    public List<EnlistmentView> enlistments() throws OperatorException {
        var all = new ArrayList<EnlistmentView>();
        for (var transaction : transactions()) {
            for (var participant : transaction.participants()) {
                all.add(new EnlistmentView(
                        transaction.unitOfWork(), transaction.state(), transaction.age(), participant));
            }
        }
        return all;
    }

    /** The resource managers that are registered or open, and those that branches wait for though nobody has registered them. */
    public List<ResourceManagerView> resourceManagers() throws OperatorException {
        var all = new ArrayList<ResourceManagerView>();
        for (var each : jta.recoveryStatus()) {
            all.add(new ResourceManagerView(
                    each.name(),
                    Optional.empty(),
                    each.product(),
                    TransactionInspection.Kind.XA,
                    each.isRegistered(),
                    each.lastAsked(),
                    each.error(),
                    each.pending()));
        }
        var natives = call(manager::inspectResourceManagers);
        for (var each : natives) {
            if (JtaCoordinator.isStandIn(each.id())) {
                continue;
            }
            all.add(new ResourceManagerView(
                    each.description().isEmpty() ? each.id().toString() : each.description(),
                    Optional.of(each.id()),
                    "",
                    TransactionInspection.Kind.NATIVE,
                    true,
                    Optional.empty(),
                    "",
                    0));
        }
        return all;
    }

    /** What was reported, oldest first; the last 100. */
    public List<ReportView> reports() {
        return reports.all().stream().map(ReportView::of).toList();
    }

    /** What was damaged and has not been forgotten. */
    public List<DamagedView> damaged() throws OperatorException {
        return call(() -> manager.damaged().stream().map(DamagedView::of).toList());
    }

    /** What operators have asked for, oldest first, also in earlier lives; see {@link ManagerHandle#operatorActs}. */
    public List<OperatorAct> acts() throws OperatorException {
        return call(manager::operatorActs);
    }

    // Who is meant.

    private TransactionInspection find(String id) throws OperatorException {
        var all = call(manager::inspect);
        return find(
                id,
                all,
                TransactionInspection::unitOfWork,
                TransactionInspection::id,
                "a transaction that has not ended");
    }

    private static <T> T find(
            String id, List<T> all, Function<T, UUID> unit, Function<T, Optional<TransactionId>> identity, String what)
            throws OperatorException {
        var wanted = id.strip().toLowerCase(Locale.ROOT);
        if (wanted.isEmpty()) {
            throw new OperatorException(OperatorException.Code.USAGE, "expected the id of " + what + ", found none");
        }
        var found = all.stream()
                .filter(each -> unit.apply(each).toString().startsWith(wanted)
                        || identity.apply(each)
                                .filter(one -> one.toString().startsWith(wanted))
                                .isPresent())
                .toList();
        // One id may be the beginning of another: -1 and -12.
        var exact = found.stream()
                .filter(each -> unit.apply(each).toString().equals(wanted)
                        || identity.apply(each)
                                .filter(one -> one.toString().equals(wanted))
                                .isPresent())
                .toList();
        if (exact.size() == 1) {
            return exact.get(0);
        }
        if (found.isEmpty()) {
            throw new OperatorException(
                    OperatorException.Code.NOT_FOUND,
                    "expected " + what + ", found none whose unit of work or id begins with \"" + Visible.text(id)
                            + "\": list what there is");
        }
        if (found.size() > 1) {
            throw new OperatorException(
                    OperatorException.Code.USAGE,
                    "expected the id of one transaction, found " + found.size() + " that begin with \""
                            + Visible.text(id) + "\": say more of it");
        }
        return found.get(0);
    }

    // What can be done.

    /**
     * A participant that was told the outcome has acted on it, or never will: it is not waited for any more.
     *
     * @param enlistment the id of its enlistment, or the beginning of it if no other of the transaction begins so
     */
    public void complete(String id, String enlistment, String who, String why) throws OperatorException {
        var transaction = find(id);
        var wanted = enlistment.strip().toLowerCase(Locale.ROOT);
        var found = transaction.participants().stream()
                .map(TransactionInspection.Participant::id)
                .filter(each -> !wanted.isEmpty() && each.toString().startsWith(wanted))
                .toList();
        if (found.size() != 1) {
            throw new OperatorException(
                    found.isEmpty() ? OperatorException.Code.NOT_FOUND : OperatorException.Code.USAGE,
                    "expected an enlistment of " + transaction.unitOfWork() + ", found " + found.size()
                            + " whose id begins with \"" + Visible.text(enlistment) + "\": show the transaction");
        }
        run(() -> manager.complete(transaction.unitOfWork(), found.get(0), who, why));
    }

    /** The superior, which cannot be reached, has decided to commit; see {@link ManagerHandle#resolveCommit}. */
    public void resolveCommit(String id, String who, String why) throws OperatorException {
        var transaction = find(id);
        run(() -> manager.resolveCommit(transaction.unitOfWork(), who, why));
    }

    /** As {@link #resolveCommit}, but it has decided to roll back, or knows nothing of it. */
    public void resolveRollback(String id, String who, String why) throws OperatorException {
        var transaction = find(id);
        run(() -> manager.resolveRollback(transaction.unitOfWork(), who, why));
    }

    /** Commits without knowing what the superior has decided; see {@link ManagerHandle#forceCommit}. */
    public void forceCommit(String id, String who, String why) throws OperatorException {
        var transaction = find(id);
        run(() -> manager.forceCommit(transaction.unitOfWork(), who, why));
    }

    /** As {@link #forceCommit}, but rolls back. */
    public void forceRollback(String id, String who, String why) throws OperatorException {
        var transaction = find(id);
        run(() -> manager.forceRollback(transaction.unitOfWork(), who, why));
    }

    /** Rolls back what nobody has prepared; see {@link ManagerHandle#rollback}. */
    public void rollback(String id, String who, String why) throws OperatorException {
        var transaction = find(id);
        run(() -> manager.rollback(transaction.unitOfWork(), who, why));
    }

    /** Commits in place of a last resource that is gone for good; see {@link ManagerHandle#commitInPlaceOfLast}. */
    public void commitInPlaceOfLast(String id, String who, String why) throws OperatorException {
        var transaction = find(id);
        run(() -> manager.commitInPlaceOfLast(transaction.unitOfWork(), who, why));
    }

    /** As {@link #commitInPlaceOfLast}, but rolls back. */
    public void rollbackInPlaceOfLast(String id, String who, String why) throws OperatorException {
        var transaction = find(id);
        run(() -> manager.rollBackInPlaceOfLast(transaction.unitOfWork(), who, why));
    }

    /** What was damaged is mended, and need not be remembered any more; refused while its transaction has not ended. */
    public void forget(String id, String who, String why) throws OperatorException {
        var all = call(manager::damaged);
        ManagerHandle.Damaged known;
        try {
            known = find(
                    id,
                    all,
                    ManagerHandle.Damaged::unitOfWork,
                    each -> Optional.of(each.transaction()),
                    "a damaged transaction");
        } catch (OperatorException e) {
            if (e.code() == OperatorException.Code.NOT_FOUND && isLive(id)) {
                throw new OperatorException(
                        OperatorException.Code.REFUSED,
                        "expected a transaction that has ended and is damaged, found one that has not ended: only what"
                                + " is listed as damaged can be forgotten",
                        e);
            }
            throw e;
        }
        boolean isForgotten = call(() -> manager.forget(known.transaction(), who, why));
        if (!isForgotten) {
            throw new OperatorException(
                    OperatorException.Code.REFUSED,
                    "expected a transaction that has ended, found " + known.unitOfWork()
                            + " damaged and not ended: it can be forgotten when everybody has answered");
        }
    }

    private boolean isLive(String id) {
        try {
            find(id);
            return true;
        } catch (OperatorException e) {
            return e.code() == OperatorException.Code.USAGE;
        }
    }

    /** Asks every registered resource manager for its branches now, and finishes what can be finished; waits for that. */
    public void recoverNow() throws OperatorException {
        if (!manager.isOnline()) {
            throw new OperatorException(
                    OperatorException.Code.OFFLINE,
                    "expected a coordinator that is online, found one that cannot write its log or is closing");
        }
        jta.recoverNow();
    }

    /**
     * Adds containers to the log, of the size that it has, while it is at work: all of them or none.
     *
     * @param containers from 1 to {@value #MOST_CONTAINERS}
     * @throws OperatorException with {@code USAGE} for another number, with {@code REFUSED} if there is no log or it may not have
     *     so many, with {@code FAILED} if there is no room for them, or the log has failed
     */
    public void growLog(int containers) throws OperatorException {
        if (containers < 1 || containers > MOST_CONTAINERS) {
            throw new OperatorException(
                    OperatorException.Code.USAGE,
                    "expected a number of containers from 1 to " + MOST_CONTAINERS + ", found " + containers);
        }
        Log log;
        try {
            log = manager.log()
                    .orElseThrow(() -> new OperatorException(
                            OperatorException.Code.REFUSED,
                            "expected a coordinator with a log, found one that keeps none"));
        } catch (KtmException e) {
            throw OperatorException.of(e);
        }
        try {
            log.addContainers(containers);
        } catch (LogRefusedException e) {
            throw new OperatorException(OperatorException.Code.REFUSED, String.valueOf(e.getMessage()), e);
        } catch (LogException e) {
            throw new OperatorException(OperatorException.Code.FAILED, "the log has not grown: " + e.getMessage(), e);
        }
    }

    interface Act {
        void make() throws KtmException;
    }

    static void run(Act act) throws OperatorException {
        try {
            act.make();
        } catch (KtmException e) {
            throw OperatorException.of(e);
        }
    }

    // What others add.

    /**
     * Has verbs answered that begin with the name of an area and a dot.
     *
     * @param area small letters, digits and hyphens
     * @param member who answers, of all who do in this area
     * @throws IllegalArgumentException if it is no name of an area, or there is such a member
     */
    public void contribute(String area, String member, OperatorArea answers) {
        areas.contribute(area, member, answers);
    }

    /** Takes that back; does nothing if somebody else answers by now. */
    public void withdraw(String area, String member, OperatorArea answers) {
        areas.withdraw(area, member, answers);
    }

    /** Who answers beside the coordinator. */
    Areas areas() {
        return areas;
    }

    /**
     * Does what a request asks for: what the channel and every other tool that speaks in verbs calls.
     *
     * @return what the JSON of the answer is written of; null if there is nothing to say
     */
    public @Nullable Object answer(OperatorRequest request) throws OperatorException {
        return verbs.answer(request);
    }

    /** The identity that answers carry. */
    Optional<UUID> identity() {
        try {
            return Optional.of(manager.identity());
        } catch (KtmException e) {
            return Optional.empty();
        }
    }
}
