package dev.ktm.servers;

import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/**
 * A resource that says what it is about to do and what it has done, so that something can happen just then.
 *
 * @param name what it is called in the names of steps
 * @param resource the real one
 * @param steps who is told
 */
record SteppedResource(String name, XAResource resource, Steps steps) implements XAResource {

    private void before(String call) throws XAException {
        steps.reached(name + " before " + call);
    }

    private void after(String call) throws XAException {
        steps.reached(name + " after " + call);
    }

    @Override
    public void start(Xid xid, int flags) throws XAException {
        before("start");
        resource.start(xid, flags);
        after("start");
    }

    @Override
    public void end(Xid xid, int flags) throws XAException {
        before("end");
        resource.end(xid, flags);
        after("end");
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        before("prepare");
        int vote = resource.prepare(xid);
        after("prepare");
        return vote;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        before("commit");
        resource.commit(xid, onePhase);
        after("commit");
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        before("rollback");
        resource.rollback(xid);
        after("rollback");
    }

    @Override
    public void forget(Xid xid) throws XAException {
        resource.forget(xid);
    }

    @Override
    public Xid[] recover(int flags) throws XAException {
        return resource.recover(flags);
    }

    /** Each is a branch of its own, also where one server has both: Derby lets who joins wait for the end of the other. */
    @Override
    public boolean isSameRM(XAResource other) {
        return other == this;
    }

    @Override
    public int getTransactionTimeout() throws XAException {
        return resource.getTransactionTimeout();
    }

    @Override
    public boolean setTransactionTimeout(int seconds) throws XAException {
        return resource.setTransactionTimeout(seconds);
    }
}
