package dev.ktm.jta;

import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/** One resource that works, or has worked, for a branch. The state may be seen by a thread that rolls back meanwhile. */
class XaAssociation {

    /** Whether the resource works for the branch now. */
    enum State {
        ACTIVE,
        SUSPENDED,
        ENDED
    }

    final XAResource resource;
    volatile State state = State.ACTIVE;
    /**
     * Whether the resource manager rolls the branch back when the connection of the resource is lost. It does what it was not told the
     * success of.
     */
    volatile boolean endsWithConnection = true;
    /** Another resource that has joined the branch. */
    volatile @Nullable XaAssociation next;

    XaAssociation(XAResource resource) {
        this.resource = resource;
    }

    /** Ends the association unless it has ended. */
    void end(Xid xid, int flags) throws XAException {
        if (state != State.ENDED) {
            state = State.ENDED;
            endNow(xid, flags);
        }
    }

    /** Says that the resource works for the branch no more, or not for now. */
    void endNow(Xid xid, int flags) throws XAException {
        resource.end(xid, flags);
        if (flags == XAResource.TMSUCCESS) {
            endsWithConnection = false;
        }
    }
}
