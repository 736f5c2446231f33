package dev.ktm.tomee;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** Notes what it is told, and lists what it has prepared; all of one office are the same resource manager. */
final class MailResource implements XAResource {

    /** The resource manager. */
    static final class Office {
        final List<String> calls = new ArrayList<>();
        final Set<Xid> prepared = new LinkedHashSet<>();
        volatile boolean isFailing;

        MailResource resource() {
            return new MailResource(this);
        }
    }

    private final Office office;

    private MailResource(Office office) {
        this.office = office;
    }

    private void note(String call) {
        synchronized (office) {
            office.calls.add(call);
        }
    }

    @Override
    public void start(Xid xid, int flags) {
        note("start");
    }

    @Override
    public void end(Xid xid, int flags) {
        note("end");
    }

    @Override
    public int prepare(Xid xid) {
        note("prepare");
        synchronized (office) {
            office.prepared.add(xid);
        }
        return XA_OK;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        if (office.isFailing) {
            throw new XAException(XAException.XAER_RMFAIL);
        }
        note(onePhase ? "commit in one phase" : "commit");
        synchronized (office) {
            office.prepared.remove(xid);
        }
    }

    @Override
    public void rollback(Xid xid) {
        note("rollback");
        synchronized (office) {
            office.prepared.remove(xid);
        }
    }

    @Override
    public void forget(Xid xid) {
        note("forget");
    }

    @Override
    public Xid[] recover(int flags) {
        synchronized (office) {
            return office.prepared.toArray(Xid[]::new);
        }
    }

    @Override
    public boolean isSameRM(XAResource other) {
        return other instanceof MailResource mail && mail.office == office;
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
