package dev.ktm.glassfish;

import java.util.List;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** Writes down what it is told. It holds nothing. */
class WitnessResource implements XAResource {

    private final List<String> told;

    WitnessResource(List<String> told) {
        this.told = told;
    }

    @Override
    public void start(Xid xid, int flags) {
        told.add("start");
    }

    @Override
    public void end(Xid xid, int flags) {
        told.add("end");
    }

    @Override
    public int prepare(Xid xid) {
        told.add("prepare");
        return XA_OK;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        told.add(onePhase ? "commit in one phase" : "commit");
    }

    @Override
    public void rollback(Xid xid) {
        told.add("rollback");
    }

    @Override
    public void forget(Xid xid) {
        told.add("forget");
    }

    @Override
    public Xid[] recover(int flag) {
        if (flag != TMENDRSCAN) {
            told.add("recover");
        }
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
