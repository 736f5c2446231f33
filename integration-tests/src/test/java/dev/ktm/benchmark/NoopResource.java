package dev.ktm.benchmark;

import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.XAResourceWrapper;

/**
 * A resource that does nothing and takes no time, so that what is measured is the transaction manager. It has a name, as
 * those of connection pools have. Of a resource manager of its own. Safe for many threads, but a transaction needs its own.
 */
final class NoopResource implements XAResource, XAResourceWrapper {

    private static final Xid[] NOTHING = {};

    private final String name;
    private final int vote;

    /** One that votes {@link XAResource#XA_OK} or {@link XAResource#XA_RDONLY}. */
    NoopResource(String name, int vote) {
        this.name = name;
        this.vote = vote;
    }

    /** This many that vote to commit, each with a name of its own. */
    static XAResource[] committing(int count) {
        return voting(count, XA_OK);
    }

    /** This many that vote the same. */
    static XAResource[] voting(int count, int vote) {
        var all = new XAResource[count];
        for (int i = 0; i < count; i++) {
            all[i] = new NoopResource("jdbc/database" + i, vote);
        }
        return all;
    }

    @Override
    public int prepare(Xid xid) {
        return vote;
    }

    @Override
    public boolean isSameRM(XAResource other) {
        return other == this;
    }

    @Override
    public Xid[] recover(int flags) {
        return NOTHING;
    }

    @Override
    public void start(Xid xid, int flags) {}

    @Override
    public void end(Xid xid, int flags) {}

    @Override
    public void commit(Xid xid, boolean onePhase) {}

    @Override
    public void rollback(Xid xid) {}

    @Override
    public void forget(Xid xid) {}

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
        return "nothing";
    }

    @Override
    public String getProductVersion() {
        return "1";
    }

    @Override
    public String getJndiName() {
        return name;
    }
}
