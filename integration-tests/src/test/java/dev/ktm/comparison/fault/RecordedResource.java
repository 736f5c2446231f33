package dev.ktm.comparison.fault;

import dev.ktm.comparison.fault.RecordedResourceManager.Hook;
import dev.ktm.comparison.fault.RecordedResourceManager.Point;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.XAResourceWrapper;

/**
 * A session of a recorded resource manager.
 *
 * @param owner the resource manager
 * @param key of the client's transaction
 * @param hook what happens on the way
 */
record RecordedResource(RecordedResourceManager owner, String key, Hook hook) implements XAResource, XAResourceWrapper {

    @Override
    public void start(Xid xid, int flags) throws XAException {
        owner.checkUp();
    }

    @Override
    public void end(Xid xid, int flags) throws XAException {
        owner.checkUp();
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        owner.checkUp();
        owner.record(xid, BranchState.PREPARED, key);
        hook.reached(Point.AFTER_PREPARE, owner.name(), key);
        return XA_OK;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        hook.reached(Point.BEFORE_COMMIT, owner.name(), key);
        owner.checkUp();
        if (!onePhase && owner.state(xid) != BranchState.PREPARED) {
            throw RecordedResourceManager.failure(XAException.XAER_NOTA, "not prepared");
        }
        owner.record(xid, BranchState.COMMITTED, key);
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        owner.checkUp();
        // A branch that has not voted leaves nothing behind.
        var state = owner.state(xid);
        if (state != null) {
            if (state != BranchState.PREPARED) {
                throw RecordedResourceManager.failure(XAException.XAER_NOTA, "not prepared");
            }
            owner.record(xid, BranchState.ROLLED_BACK, key);
        }
    }

    @Override
    public Xid[] recover(int flags) throws XAException {
        owner.checkUp();
        // Everything at the start of a scan, nothing after it.
        return (flags & TMSTARTRSCAN) == 0 ? new Xid[0] : owner.prepared().toArray(new Xid[0]);
    }

    @Override
    public void forget(Xid xid) throws XAException {
        owner.checkUp();
    }

    @Override
    public boolean isSameRM(XAResource other) {
        return other instanceof RecordedResource resource
                && resource.owner.name().equals(owner.name());
    }

    @Override
    public int getTransactionTimeout() {
        return 0;
    }

    @Override
    public boolean setTransactionTimeout(int seconds) {
        return false;
    }

    @Override
    public XAResource getResource() {
        return this;
    }

    @Override
    public String getProductName() {
        return "recorded";
    }

    @Override
    public String getProductVersion() {
        return "1";
    }

    @Override
    public String getJndiName() {
        return owner.name();
    }
}
