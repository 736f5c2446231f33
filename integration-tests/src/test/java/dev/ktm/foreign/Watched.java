package dev.ktm.foreign;

import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.XAResourceWrapper;
import org.jspecify.annotations.Nullable;

/**
 * A resource as its transaction manager sees it, with something that happens between the calls.
 *
 * @param resource the real one
 * @param point when
 * @param event what
 */
record Watched(XAResource resource, Point point, Event event) implements XAResourceWrapper {

    /** Between which calls. */
    enum Point {
        /** It has not voted. */
        BEFORE_THE_VOTE,
        /** It has voted, nobody has decided. */
        AFTER_THE_VOTE,
        /** Somebody has decided to commit; it has not been told. */
        BEFORE_THE_COMMIT,
        /** It has committed; its transaction manager has not heard of it. */
        AFTER_THE_COMMIT
    }

    /** What happens. */
    interface Event {
        void happen() throws XAException;
    }

    /** The real one, if this is watched. */
    static XAResource original(XAResource resource) {
        return resource instanceof Watched watched ? watched.resource : resource;
    }

    private void reached(Point reached) throws XAException {
        if (point == reached) {
            event.happen();
        }
    }

    @Override
    public XAResource getResource() {
        return resource;
    }

    @Override
    public @Nullable String getJndiName() {
        return resource instanceof XAResourceWrapper named ? named.getJndiName() : null;
    }

    @Override
    public @Nullable String getProductName() {
        return null;
    }

    @Override
    public @Nullable String getProductVersion() {
        return null;
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        reached(Point.BEFORE_THE_VOTE);
        int vote = resource.prepare(xid);
        reached(Point.AFTER_THE_VOTE);
        return vote;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        reached(Point.BEFORE_THE_COMMIT);
        resource.commit(xid, onePhase);
        reached(Point.AFTER_THE_COMMIT);
    }

    @Override
    public void start(Xid xid, int flags) throws XAException {
        resource.start(xid, flags);
    }

    @Override
    public void end(Xid xid, int flags) throws XAException {
        resource.end(xid, flags);
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        resource.rollback(xid);
    }

    @Override
    public void forget(Xid xid) throws XAException {
        resource.forget(xid);
    }

    @Override
    public Xid[] recover(int flags) throws XAException {
        return resource.recover(flags);
    }

    @Override
    public boolean isSameRM(XAResource other) throws XAException {
        return resource.isSameRM(original(other));
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
