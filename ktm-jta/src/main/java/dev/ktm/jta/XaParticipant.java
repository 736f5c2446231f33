package dev.ktm.jta;

import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/**
 * A resource that says more of itself than XA lets it, and wants to know more: what adapters enlist whose resource managers need
 * care. One is enlisted for one branch.
 */
public interface XaParticipant extends XAResource {

    /** Whether its branch may be committed without a vote. Asked once, when it is enlisted; if not, it always votes first. */
    boolean mayCommitInOnePhase();

    /**
     * Recovery has found out that its branch has finished, after a call that had left that open: the connection is not needed for
     * it any more. Called on a thread of the coordinator; must neither wait nor throw.
     */
    void finished(Xid xid);
}
