package dev.ktm.jta;

import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionId;
import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what last resources have decided.
 *
 * <p><b>Theory of operation.</b> A last resource commits when everybody else is prepared, and its {@link Decisions} are what is
 * believed: not its answer, unless that was yes. If the answer is lost, and after a crash, they are asked with a connection of
 * their own, again and again; the transaction waits, and its other participants stay prepared. What is noted about a transaction
 * goes when its end is durable: then nobody will ask again.
 */
final class LastResources {

    /** Makes durable which transactions have ended. */
    interface Ends {
        void force() throws KtmException;
    }

    private final Supplier<UUID> manager;
    private final long incarnation;
    private final Supplier<Set<TransactionId>> live;
    private final Ends ends;
    private final XaRecovery recovery;
    private final Map<String, Decisions> registered = new ConcurrentHashMap<>();
    private final Map<BranchXid, Unfinished> waiting = new ConcurrentHashMap<>();

    /**
     * The last resources of a transaction manager.
     *
     * @param live the transactions whose notes are still wanted, asked anew each time
     * @param recovery has them asked at intervals
     */
    LastResources(
            Supplier<UUID> manager,
            long incarnation,
            Supplier<Set<TransactionId>> live,
            Ends ends,
            XaRecovery recovery) {
        this.manager = manager;
        this.incarnation = incarnation;
        this.live = live;
        this.ends = ends;
        this.recovery = recovery;
    }

    void register(String name, Decisions decisions) {
        recovery.registered().register(name, () -> scan(name, decisions));
        registered.put(name, decisions);
    }

    void unregister(String name) {
        registered.remove(name);
    }

    @Nullable
    Decisions find(String name) {
        return registered.get(name);
    }

    /** What an answer to commit, for others as well, means that was not yes. */
    XaAnswer lookUp(XaBranch branch, Decisions decisions, Throwable thrown) {
        int code = XaCodes.codeOf(thrown);
        try {
            return decisions.isCommitted(branch.xid().transaction())
                    ? XaAnswer.returned(XaCall.COMMIT_ONE_PHASE, 0)
                    : new XaAnswer(XaVerdict.ROLLED_BACK, code, thrown);
        } catch (Exception | Error e) {
            thrown.addSuppressed(e);
            return new XaAnswer(XaVerdict.LOOK, code, thrown);
        }
    }

    /** It is not known what a branch of this life has decided. */
    void leave(XaBranch branch, XaAnswer answer) throws KtmException {
        branch.left = true;
        var left = new Unfinished(branch.xid(), branch.enlistment(), branch.resourceManager, null);
        add(left, answer.text(), "whether it has committed is not known");
    }

    /** A branch of an earlier life is to say what it has decided. */
    void add(Unfinished branch) throws KtmException {
        add(branch, "", "the transaction manager stopped while it decided");
    }

    private void add(Unfinished branch, String code, String cause) throws KtmException {
        branch.decides = true;
        waiting.put(branch.xid, branch);
        recovery.reports()
                .report(
                        OutcomeReport.Kind.IN_DOUBT,
                        branch,
                        code,
                        cause,
                        registered.containsKey(branch.resourceManager)
                                ? "its table is asked until it says; all others stay prepared"
                                : "register the last resource under this name; all others stay prepared");
        branch.enlistment.postpone();
        recovery.wake(branch.resourceManager);
    }

    private void scan(String name, Decisions decisions) throws Exception {
        Exception first = null;
        for (var each : waiting.values()) {
            if (each.resourceManager.equals(name)) {
                try {
                    conclude(each, decisions.isCommitted(each.xid.transaction()));
                } catch (Exception e) {
                    // One whose commit is still under way holds up no other.
                    first = first == null ? e : first;
                }
            }
        }
        forgetEnded(decisions);
        if (first != null) {
            throw first;
        }
    }

    private void conclude(Unfinished branch, boolean committed) {
        if (!branch.finish()) {
            return;
        }
        try {
            if (committed) {
                branch.enlistment.commitComplete();
            } else {
                branch.enlistment.rollback(
                        new IllegalStateException("last resource " + branch.resourceManager + " has not committed"));
            }
        } catch (KtmException e) {
            System.getLogger(LastResources.class.getName())
                    .log(System.Logger.Level.DEBUG, "somebody else decides about branch " + branch.xid, e);
            if (isUndecided(branch)) {
                // What an operator decides is being written. If that fails, this answer is wanted; if not, it is
                // compared.
                if (branch.reopen()) {
                    recovery.askSoon(branch.resourceManager);
                }
                return;
            }
            compare(branch, committed);
        }
        waiting.remove(branch.xid, branch);
    }

    private static boolean isUndecided(Unfinished branch) {
        try {
            return switch (branch.enlistment.state()) {
                case DELEGATED, RECOVERING -> true;
                case ACTIVE,
                        PRE_PREPARING,
                        PRE_PREPARED,
                        PREPARING,
                        PREPARED,
                        IN_DOUBT,
                        COMMITTED_NOTIFY,
                        COMMITTED,
                        ABORTING,
                        ABORTED,
                        READ_ONLY,
                        OUTCOME_UNAVAILABLE -> false;
            };
        } catch (KtmException e) {
            // The transaction manager is closed: its next life asks.
            return false;
        }
    }

    /** An operator has decided in its place, and its note may say otherwise. */
    private static void compare(Unfinished branch, boolean committed) {
        try {
            var state = branch.enlistment.state();
            var other = committed ? EnlistmentState.ABORTED : EnlistmentState.COMMITTED;
            if (state == other) {
                branch.enlistment.reportHeuristic(
                        committed ? HeuristicDecision.COMMIT : HeuristicDecision.ROLLBACK,
                        0,
                        branch.resourceManager + " " + branch.xid,
                        "its own row says so; an operator has decided otherwise");
            }
        } catch (KtmException e) {
            System.getLogger(LastResources.class.getName())
                    .log(System.Logger.Level.WARNING, "what " + branch.xid + " has decided could not be noted", e);
        }
    }

    /** What was noted before the live ones are looked at, and is of none of them, has ended. */
    private void forgetEnded(Decisions decisions) throws Exception {
        var ended = new ArrayList<TransactionId>();
        Set<TransactionId> alive = null;
        for (var noted : decisions.noted(manager.get())) {
            alive = alive == null ? live.get() : alive;
            // Of a later life: the log is older than the database.
            if (!alive.contains(noted) && noted.incarnation() <= incarnation) {
                ended.add(noted);
            }
        }
        if (!ended.isEmpty()) {
            // If an end were lost, the transaction would be in doubt again after a crash.
            ends.force();
            decisions.forget(ended);
        }
    }
}
