package dev.ktm.jms;

import java.util.concurrent.atomic.AtomicInteger;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** Another participant, which votes yes, or no if it is told so, and can do something in between. */
final class CountingResource implements XAResource {

    private final AtomicInteger prepared = new AtomicInteger();
    private final AtomicInteger committed = new AtomicInteger();
    private final AtomicInteger rolledBack = new AtomicInteger();
    private volatile boolean refusing;
    private volatile Step beforePrepare = () -> {};
    private volatile Step beforeCommit = () -> {};

    /** Something that may fail. */
    interface Step {
        void run() throws Exception;
    }

    /** Votes no from now on. */
    CountingResource refusing() {
        refusing = true;
        return this;
    }

    /** Does something when it is asked to prepare. */
    CountingResource beforePrepare(Step step) {
        beforePrepare = step;
        return this;
    }

    /** Does something when it is told to commit. */
    CountingResource beforeCommit(Step step) {
        beforeCommit = step;
        return this;
    }

    private static void run(Step step) {
        try {
            step.run();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
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
        run(beforePrepare);
        if (refusing) {
            throw new XAException(XAException.XA_RBROLLBACK);
        }
        prepared.incrementAndGet();
        return XA_OK;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) {
        run(beforeCommit);
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
