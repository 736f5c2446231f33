package dev.ktm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** A resource manager that keeps branches until it is told, and can be told not to answer. */
class HeldResource implements XAResource {

    final List<Xid> prepared = new CopyOnWriteArrayList<>();
    /** Whether nobody can reach it. */
    volatile boolean gone;
    /** What it says then. */
    volatile String complaint = "connection refused";
    /** The code with which it answers a commit; 0 for none. */
    volatile int onCommit;

    private void requireReachable() throws XAException {
        if (gone) {
            var e = new XAException(complaint);
            e.errorCode = XAException.XAER_RMFAIL;
            throw e;
        }
    }

    @Override
    public void start(Xid xid, int flags) throws XAException {
        requireReachable();
    }

    @Override
    public void end(Xid xid, int flags) throws XAException {
        requireReachable();
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        requireReachable();
        prepared.add(xid);
        return XA_OK;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        requireReachable();
        if (onCommit != 0) {
            var e = new XAException(onCommit < 0 ? "connection reset" : "it has decided otherwise");
            e.errorCode = onCommit;
            throw e;
        }
        prepared.remove(xid);
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        requireReachable();
        prepared.remove(xid);
    }

    @Override
    public void forget(Xid xid) throws XAException {
        requireReachable();
        prepared.remove(xid);
    }

    @Override
    public Xid[] recover(int flag) throws XAException {
        requireReachable();
        return (flag & TMSTARTRSCAN) == 0 ? new Xid[0] : new ArrayList<>(prepared).toArray(Xid[]::new);
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
