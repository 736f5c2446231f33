package dev.ktm.jta;

import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/**
 * Asks one resource for its branches, and has those that it lists do what they have to do. What follows from a branch that is
 * not listed is for whoever knows all lists.
 */
final class XaScan {
    private final String name;
    private final XAResource resource;
    private final UnfinishedBranches unfinished;
    private final Orphans orphans;

    XaScan(String name, XAResource resource, UnfinishedBranches unfinished, Orphans orphans) {
        this.name = name;
        this.resource = resource;
        this.unfinished = unfinished;
        this.orphans = orphans;
    }

    /** Has them do it; returns those that nobody waits for. */
    List<BranchXid> run() throws XAException {
        var strangers = new ArrayList<BranchXid>();
        for (var xid : list()) {
            var known = unfinished.find(xid);
            if (known == null) {
                strangers.add(xid);
            } else {
                carryOut(known);
            }
        }
        for (var orphan : orphans.among(name, strangers)) {
            // Some drivers roll back only what they have just listed; and it may have finished meanwhile.
            if (list().contains(orphan) && unfinished.find(orphan) == null) {
                orphans.rollBack(name, resource, orphan);
            }
        }
        return strangers;
    }

    /** Asks for one branch only, with its own resource. */
    void only(Unfinished branch) throws XAException {
        if (list().contains(branch.xid)) {
            carryOut(branch);
        }
        var listed = list();
        if (isToBeRolledBackUnlisted(branch, listed)) {
            rollBackUnlisted(branch);
        }
        unfinished.settle(List.of(branch), listed);
    }

    /** The branches of any KTM that it lists. */
    Set<BranchXid> list() throws XAException {
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

    private void carryOut(Unfinished branch) throws XAException {
        try {
            switch (branch.order) {
                case WAIT -> {}
                case COMMIT -> concludeCommit(branch, ask(branch, XaCall.COMMIT));
                case ROLLBACK, RELEASE -> {
                    // Some drivers roll back only what they have just listed.
                    if (list().contains(branch.xid)) {
                        concludeRollback(branch, ask(branch, XaCall.ROLLBACK));
                    }
                }
                case FORGET -> {
                    if (ask(branch, XaCall.FORGET).verdict() == XaVerdict.DONE) {
                        unfinished.remove(branch);
                    }
                }
            }
        } catch (KtmException e) {
            System.getLogger(XaScan.class.getName())
                    .log(System.Logger.Level.DEBUG, "branch " + branch.xid + " was finished by somebody else", e);
        }
    }

    /** Whether it has to be told once more although, after everything else, it is in no list. */
    static boolean isToBeRolledBackUnlisted(Unfinished branch, Set<BranchXid> listed) {
        return (branch.order == Unfinished.Order.ROLLBACK || branch.order == Unfinished.Order.RELEASE)
                && branch.isDue()
                && !listed.contains(branch.xid);
    }

    /**
     * Only what is prepared is listed. A branch whose request to prepare, or to commit in one phase, was lost with its
     * connection may still be there all the same, with its locks, and some resource managers keep it until somebody says so.
     */
    void rollBackUnlisted(Unfinished branch) {
        var answer = ask(resource, branch, XaCall.ROLLBACK);
        try {
            concludeRollback(branch, answer);
        } catch (KtmException e) {
            System.getLogger(XaScan.class.getName())
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
            case DONE, READ_ONLY -> unfinished.finished(branch, true);
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
        branch.isGone = answer.verdict() == XaVerdict.DONE || answer.code() == XAException.XAER_NOTA;
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
        unfinished.finished(branch, ask(branch, XaCall.FORGET).verdict() == XaVerdict.DONE);
    }

    private void damaged(Unfinished branch, HeuristicDecision decision, XaAnswer answer) throws KtmException {
        branch.enlistment.reportHeuristic(
                decision, answer.code(), branch.resourceManager + " " + branch.xid, answer.text());
        finishedAndForget(branch);
    }
}
