package dev.ktm.jdbc;

import java.sql.Connection;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.ConnectableResource;
import org.jboss.tm.LastResource;

/** A branch that cannot prepare, as the coordinator wants to see it: with the connection that the decision is noted on. */
final class LastBranch implements XAResource, LastResource, ConnectableResource {

    private final BranchResource branch;
    private final LocalResource local;

    LastBranch(BranchResource branch, LocalResource local) {
        this.branch = branch;
        this.local = local;
    }

    @Override
    public Connection getConnection() {
        return local.connection();
    }

    @Override
    public void start(Xid xid, int flags) throws XAException {
        branch.start(xid, flags);
    }

    @Override
    public void end(Xid xid, int flags) throws XAException {
        branch.end(xid, flags);
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        return branch.prepare(xid);
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        branch.commit(xid, onePhase);
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        branch.rollback(xid);
    }

    @Override
    public void forget(Xid xid) throws XAException {
        branch.forget(xid);
    }

    @Override
    public Xid[] recover(int flags) throws XAException {
        return branch.recover(flags);
    }

    @Override
    public boolean isSameRM(XAResource other) {
        return other == this;
    }

    @Override
    public int getTransactionTimeout() throws XAException {
        return branch.getTransactionTimeout();
    }

    @Override
    public boolean setTransactionTimeout(int seconds) throws XAException {
        return branch.setTransactionTimeout(seconds);
    }
}
