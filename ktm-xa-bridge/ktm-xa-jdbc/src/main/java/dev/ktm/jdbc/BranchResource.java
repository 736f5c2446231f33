package dev.ktm.jdbc;

import dev.ktm.jta.XaParticipant;
import java.sql.SQLException;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/**
 * What the coordinator holds of one branch: passes its calls on to the driver, stops the work of the application before the
 * branch ends, looks at the session before it votes, and knows when the connection is needed no more.
 */
final class BranchResource implements XaParticipant {

    /** Where the branch stands, as far as this connection knows. */
    private enum State {
        /** It does not work for the branch yet. */
        NEW,
        /** It works for the branch, or has stopped to; the branch cannot be prepared. */
        STARTED,
        /** It was asked to vote, or has voted: the branch may be prepared. */
        ASKED,
        /** The database has forgotten the branch. */
        FINISHED
    }

    private final TransactionConnection connection;
    private final XAResource resource;
    private final AdapterProfile profile;

    private volatile State state = State.NEW;
    /** Whether every answer was one that leaves the session usable. */
    private volatile boolean clean = true;
    /** Whether the connection was given back: it may work for somebody else. */
    private volatile boolean released;
    /** Why it must vote no, and with which code. */
    private @Nullable XAException doomed;

    BranchResource(TransactionConnection connection, XAResource resource, AdapterProfile profile) {
        this.connection = connection;
        this.resource = resource;
        this.profile = profile;
    }

    /** What the coordinator enlists: the branch itself, or what shows that it cannot prepare. */
    XAResource enlisted() {
        return resource instanceof LocalResource local ? new LastBranch(this, local) : this;
    }

    /** Whether it may hold a prepared branch. */
    boolean mayBePrepared() {
        return state == State.ASKED;
    }

    /** Whether its connection may work for somebody else. */
    boolean isReusable() {
        return clean && (state == State.FINISHED || state == State.NEW);
    }

    /** Its connection was given back: nobody may ask it any more. */
    void released() {
        released = true;
    }

    @Override
    public boolean mayCommitInOnePhase() {
        return profile.onePhase();
    }

    @Override
    public void finished(Xid xid) {
        clean = false;
        state = State.FINISHED;
        connection.finished();
    }

    @Override
    public void start(Xid xid, int flags) throws XAException {
        try {
            resource.start(xid, flags);
            state = State.STARTED;
        } catch (XAException | RuntimeException | Error e) {
            clean = false;
            throw e;
        }
    }

    @Override
    public void end(Xid xid, int flags) throws XAException {
        requireHeld();
        if (flags == XAResource.TMSUCCESS) {
            awaitWork();
            checkSession();
        } else {
            cancelWork();
        }
        try {
            resource.end(xid, flags);
        } catch (XAException e) {
            if (isRollback(e)) {
                // That is still to be done: some drivers keep its locks until then.
                doomed = e;
            } else {
                clean = false;
            }
            throw e;
        } catch (RuntimeException | Error e) {
            clean = false;
            throw e;
        }
    }

    /** A commit that came too early for another thread's work does not cut it off: it waits, and then is none. */
    private void awaitWork() throws XAException {
        if (!connection.stopAfterWork()) {
            doomed = rollback("another thread was at work on it when commit was called, and did not end in time", null);
            cancelWork();
        }
    }

    private void cancelWork() throws XAException {
        if (!connection.stopNow()) {
            clean = false;
            var stuck = new XAException(
                    "a statement of another thread cannot be cancelled: its connection is being closed under it, and recovery"
                            + " has to roll the branch back");
            stuck.errorCode = XAException.XAER_RMFAIL;
            throw stuck;
        }
    }

    private void checkSession() {
        if (doomed == null && profile.sessionCheck() == AdapterProfile.SessionCheck.POSTGRESQL) {
            try {
                connection.requireHealthyPostgresSession();
            } catch (SQLException e) {
                doomed = rollback("its session can commit nothing", e);
            }
        }
    }

    private static XAException rollback(String message, @Nullable Throwable cause) {
        var refusal = new XAException(message);
        refusal.errorCode = XAException.XA_RBROLLBACK;
        refusal.initCause(cause);
        return refusal;
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        requireHeld();
        refuseIfDoomed(xid);
        state = State.ASKED;
        try {
            int vote = resource.prepare(xid);
            if (vote == XAResource.XA_RDONLY) {
                state = State.FINISHED;
            }
            return vote;
        } catch (XAException e) {
            if (isRollback(e)) {
                state = State.FINISHED;
            } else {
                clean = false;
            }
            throw e;
        } catch (RuntimeException | Error e) {
            clean = false;
            throw e;
        }
    }

    private void refuseIfDoomed(Xid xid) throws XAException {
        var why = doomed;
        if (why != null) {
            rollback(xid);
            throw why;
        }
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        requireHeld();
        if (onePhase) {
            refuseIfDoomed(xid);
        }
        finish(() -> resource.commit(xid, onePhase), onePhase);
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        requireHeld();
        cancelWork();
        finish(() -> resource.rollback(xid), true);
    }

    /** A call after which the branch is gone. */
    private interface LastCall {
        void make() throws XAException;
    }

    private void finish(LastCall call, boolean rollbackFinishes) throws XAException {
        try {
            makeLast(call, rollbackFinishes);
        } finally {
            if (state == State.FINISHED) {
                // The transaction may have completed long ago, and have waited for a last resource to say what it has
                // decided.
                connection.finished();
            }
        }
    }

    private void makeLast(LastCall call, boolean rollbackFinishes) throws XAException {
        try {
            call.make();
            state = State.FINISHED;
        } catch (XAException e) {
            if (isHeuristic(e)) {
                clean = false;
                state = State.FINISHED;
            } else if (isRollback(e) && rollbackFinishes) {
                state = State.FINISHED;
            } else {
                clean = false;
            }
            throw e;
        } catch (RuntimeException | Error e) {
            clean = false;
            throw e;
        }
    }

    private static boolean isRollback(XAException e) {
        return e.errorCode >= XAException.XA_RBBASE && e.errorCode <= XAException.XA_RBEND;
    }

    private static boolean isHeuristic(XAException e) {
        return e.errorCode >= XAException.XA_HEURMIX && e.errorCode <= XAException.XA_HEURHAZ;
    }

    private void requireHeld() throws XAException {
        if (released) {
            var gone = new XAException("the connection that worked for the branch is closed: another has to finish it");
            gone.errorCode = XAException.XAER_RMFAIL;
            throw gone;
        }
    }

    @Override
    public void forget(Xid xid) throws XAException {
        requireHeld();
        resource.forget(xid);
    }

    @Override
    public Xid[] recover(int flags) throws XAException {
        requireHeld();
        return resource.recover(flags);
    }

    /** No branch is ever joined, so that no driver has to say whether it could be. */
    @Override
    public boolean isSameRM(XAResource other) {
        return other == this;
    }

    @Override
    public int getTransactionTimeout() throws XAException {
        return resource.getTransactionTimeout();
    }

    /** That of the transaction is no business of a database, see {@link AdapterProfile#branchTimeoutSeconds}. */
    @Override
    public boolean setTransactionTimeout(int seconds) throws XAException {
        return profile.branchTimeoutSeconds() > 0 && resource.setTransactionTimeout(profile.branchTimeoutSeconds());
    }
}
