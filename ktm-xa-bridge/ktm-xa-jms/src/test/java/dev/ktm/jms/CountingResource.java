package dev.ktm.jms;

import java.util.concurrent.atomic.AtomicInteger;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** Another participant, which votes yes, or no if it is told so. */
final class CountingResource implements XAResource {

    private final AtomicInteger prepared = new AtomicInteger();
    private final AtomicInteger committed = new AtomicInteger();
    private final AtomicInteger rolledBack = new AtomicInteger();
    private volatile boolean refusing;

    /** Votes no from now on. */
    CountingResource refusing() {
        refusing = true;
        return this;
    }

    int prepared() {
        return prepared.get();
    }

    int committed() {
        return committed.get();
    }

    int rolledBack() {
        return rolledBack.get();
    }

    @Override
    public void start(Xid xid, int flags) {}

    @Override
    public void end(Xid xid, int flags) {}

    @Override
    public int prepare(Xid xid) throws XAException {
        if (refusing) {
            throw new XAException(XAException.XA_RBROLLBACK);
        }
        prepared.incrementAndGet();
        return XA_OK;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) {
        committed.incrementAndGet();
    }

    @Override
    public void rollback(Xid xid) {
        rolledBack.incrementAndGet();
    }

    @Override
    public void forget(Xid xid) {}

    @Override
    public Xid[] recover(int flags) {
        return new Xid[0];
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
