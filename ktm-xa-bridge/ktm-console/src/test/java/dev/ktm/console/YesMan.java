package dev.ktm.console;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** A resource manager that says yes to everything but, if it was told so, to a commit. */
final class YesMan implements XAResource {

    private final Set<Xid> prepared = ConcurrentHashMap.newKeySet();
    volatile boolean isHeuristic;
    /** Whether nobody can reach it when it is to commit. */
    volatile boolean isAway;

    @Override
    public void start(Xid xid, int flags) {}

    @Override
    public void end(Xid xid, int flags) {}

    @Override
    public int prepare(Xid xid) {
        prepared.add(xid);
        return XA_OK;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        if (isAway) {
            throw new XAException(XAException.XAER_RMFAIL);
        }
        prepared.remove(xid);
        if (isHeuristic) {
            throw new XAException(XAException.XA_HEURRB);
        }
    }

    @Override
    public void rollback(Xid xid) {
        prepared.remove(xid);
    }

    @Override
    public void forget(Xid xid) {}

    @Override
    public Xid[] recover(int flag) {
        return (flag & TMSTARTRSCAN) == 0 ? new Xid[0] : prepared.toArray(Xid[]::new);
    }

    @Override
    public boolean isSameRM(XAResource other) {
        return other == this;
    }

    @Override
    public int getTransactionTimeout() {
        return 0;
    }

    @Override
    public boolean setTransactionTimeout(int seconds) {
        return false;
    }
}
