package dev.ktm.jta;

import dev.ktm.rm.Damage;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;

/**
 * Prepared branches of ours that nobody waits for: their transactions were not committed, and are not live any more. They are
 * rolled back. Whose a branch is stands in its xid; anybody else's is left alone. What was said about one, to people and to the
 * ledger, is said again only if it changes while it is listed. A name is asked by one thread at a time.
 */
final class Orphans {

    private final Supplier<UUID> manager;
    private final long incarnation;
    private final Supplier<Set<TransactionId>> live;
    private final Ledger ledger;
    private final RecoveryReports reports;
    /** What was said last about those that are listed, by the name of their resource manager. */
    private final Map<String, Map<BranchXid, String>> said = new ConcurrentHashMap<>();

    /** Where heuristic decisions about transactions go that nobody remembers. */
    interface Ledger {
        void add(TransactionId transaction, Damage damage) throws KtmException;
    }

    /**
     * Those of a transaction manager.
     *
     * @param live the transactions that have not ended, asked anew each time
     */
    Orphans(
            Supplier<UUID> manager,
            long incarnation,
            Supplier<Set<TransactionId>> live,
            Ledger ledger,
            RecoveryReports reports) {
        this.manager = manager;
        this.incarnation = incarnation;
        this.live = live;
        this.ledger = ledger;
        this.reports = reports;
    }

    /** Which of the branches that a resource manager has listed are orphans. What is live is looked at after the list was made. */
    List<BranchXid> among(String name, List<BranchXid> listed) {
        var orphans = new ArrayList<BranchXid>();
        Set<TransactionId> alive = null;
        for (var xid : listed) {
            if (xid.transaction().manager().equals(manager.get())) {
                alive = alive == null ? live.get() : alive;
                if (isOrphan(name, xid, alive)) {
                    orphans.add(xid);
                }
            }
        }
        return orphans;
    }

    private boolean isOrphan(String name, BranchXid xid, Set<TransactionId> alive) {
        if (xid.transaction().incarnation() > incarnation) {
            if (isNews(name, xid, "later life")) {
                reports.report(
                        OutcomeReport.Kind.IN_DOUBT,
                        name,
                        xid,
                        "",
                        "it is of a later life of this transaction manager than its log knows",
                        "the log is older than the resource manager's data: find the right log, or finish the branch by"
                                + " hand",
                        null);
            }
            return false;
        }
        return !alive.contains(xid.transaction());
    }

    /** Whether anything else was said about it last. */
    private boolean isNews(String name, BranchXid xid, String what) {
        return !what.equals(saidOf(name).put(xid, what));
    }

    private Map<BranchXid, String> saidOf(String name) {
        return said.computeIfAbsent(name, each -> new ConcurrentHashMap<>());
    }

    /** What a resource manager does not list any more need not be known any more. */
    void keepOnly(String name, Set<BranchXid> listed) {
        var known = said.get(name);
        if (known != null) {
            known.keySet().retainAll(listed);
        }
    }

    /** Nobody has decided to commit it, and nobody will. */
    void rollBack(String name, XAResource resource, BranchXid xid) {
        XaAnswer answer;
        try {
            resource.rollback(xid);
            answer = XaAnswer.returned(XaCall.ROLLBACK, XAResource.XA_OK);
        } catch (XAException | RuntimeException e) {
            answer = XaAnswer.failed(XaCall.ROLLBACK, e);
        }
        switch (answer.verdict()) {
            case HEURISTIC_COMMIT -> decided(name, resource, xid, HeuristicDecision.COMMIT, answer);
            case HEURISTIC_MIXED -> decided(name, resource, xid, HeuristicDecision.MIXED, answer);
            case HEURISTIC_HAZARD, HAZARD -> decided(name, resource, xid, HeuristicDecision.HAZARD, answer);
            case HEURISTIC_ROLLBACK -> {
                reportRolledBack(name, xid, answer);
                forget(resource, xid);
            }
            case DONE, READ_ONLY, ROLLED_BACK, REFUSED, CONTRADICTS, AGAIN, LOOK -> reportRolledBack(name, xid, answer);
        }
    }

    private void reportRolledBack(String name, BranchXid xid, XaAnswer answer) {
        if (!isNews(name, xid, answer.verdict() + " " + answer.code())) {
            return;
        }
        boolean done = answer.verdict() == XaVerdict.DONE || answer.verdict() == XaVerdict.HEURISTIC_ROLLBACK;
        reports.report(
                OutcomeReport.Kind.ORPHAN,
                name,
                xid,
                answer.verdict() == XaVerdict.DONE ? "" : answer.text(),
                "it was prepared, and its transaction was not committed",
                done ? "it is rolled back" : "it is rolled back as soon as the resource manager does so",
                answer.thrown());
    }

    /** Only when it is known for ever may the resource manager forget it. */
    private void decided(String name, XAResource resource, BranchXid xid, HeuristicDecision decision, XaAnswer answer) {
        var what = decision + " " + answer.code();
        if (what.equals(saidOf(name).get(xid)) || note(name, xid, decision, answer)) {
            saidOf(name).put(xid, what);
            forget(resource, xid);
        }
    }

    /** Notes and reports what it did on its own. Returns whether that is known for ever. */
    private boolean note(String name, BranchXid xid, HeuristicDecision decision, XaAnswer answer) {
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
            System.getLogger(Orphans.class.getName())
                    .log(System.Logger.Level.WARNING, "a heuristic decision on " + xid + " could not be written", e);
            return false;
        }
        reports.report(
                OutcomeReport.Kind.HEURISTIC,
                name,
                xid,
                answer.text(),
                "it was prepared, its transaction was not committed, and the resource manager has decided on its own",
                "compare the data of the participants, mend them, then forget the transaction",
                null);
        return true;
    }

    /** If that fails, it is listed again, and says the same again. */
    private static void forget(XAResource resource, BranchXid xid) {
        try {
            resource.forget(xid);
        } catch (XAException | RuntimeException | Error e) {
            System.getLogger(Orphans.class.getName())
                    .log(
                            System.Logger.Level.DEBUG,
                            "branch " + xid + " could not be forgotten; the next scan tries",
                            e);
        }
    }
}
