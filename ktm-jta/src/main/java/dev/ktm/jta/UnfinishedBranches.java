package dev.ktm.jta;

import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The branches that have not done as they were told, or wait to be told, and how they end. A branch that was told the outcome and
 * is not listed any more has finished; nothing else than the list is believed. Safe for many threads.
 */
final class UnfinishedBranches {

    /** With one in ten seconds they outlast what connections and locks are usually waited for. */
    private static final int MOST_VAIN_REQUESTS = 12;

    private final Map<BranchXid, Unfinished> unfinished = new ConcurrentHashMap<>();

    void add(Unfinished branch) {
        unfinished.put(branch.xid, branch);
    }

    /** It is finished, or somebody else finishes it. */
    void remove(Unfinished branch) {
        unfinished.remove(branch.xid, branch);
    }

    @Nullable
    Unfinished find(BranchXid xid) {
        return unfinished.get(xid);
    }

    Collection<Unfinished> all() {
        return unfinished.values();
    }

    /** Those that are not listed any more have finished. */
    void settle(List<Unfinished> waiting, Set<BranchXid> listed) {
        for (var branch : waiting) {
            if (unfinished.get(branch.xid) == branch && !listed.contains(branch.xid)) {
                try {
                    settle(branch);
                } catch (KtmException e) {
                    System.getLogger(UnfinishedBranches.class.getName())
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
            case RELEASE -> released(branch);
            case FORGET -> remove(branch);
            case WAIT -> {}
        }
    }

    /**
     * Its transaction has ended long since: only its connection was still waited for. A resource manager that has not noticed yet that the
     * connection is lost refuses, and is asked again, but not for ever: some refuse what they do not know.
     */
    private void released(Unfinished branch) {
        if (!branch.isDue() || (!branch.isGone && branch.askedInVain() < MOST_VAIN_REQUESTS)) {
            return;
        }
        if (branch.finish()) {
            remove(branch);
            var participant = branch.participant;
            if (participant != null) {
                participant.finished(branch.xid);
            }
        }
    }

    /** It has done what it was told to do; unless it has to be told to forget as well, that is all. */
    void finished(Unfinished branch, boolean forgotten) throws KtmException {
        if (branch.finish()) {
            boolean committed = branch.order == Unfinished.Order.COMMIT;
            if (forgotten) {
                remove(branch);
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
}
