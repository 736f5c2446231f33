package dev.ktm.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** A connection's local transaction, in the shape of a branch that can do everything but prepare. One branch at a time. */
final class LocalResource implements XAResource {

    private static final Xid[] NOTHING = {};

    private final Connection connection;
    /** How the connection was found, and is left. */
    private boolean autoCommit;

    LocalResource(Connection connection) {
        this.connection = connection;
    }

    /** The connection in whose local transaction the work is done. */
    Connection connection() {
        return connection;
    }

    @Override
    public void start(Xid xid, int flags) throws XAException {
        if (flags != TMNOFLAGS) {
            throw new XAException(XAException.XAER_INVAL);
        }
        try {
            autoCommit = connection.getAutoCommit();
            connection.setAutoCommit(false);
        } catch (SQLException e) {
            throw failure("cannot begin a local transaction", e);
        }
    }

    private static XAException failure(String what, SQLException e) {
        var failure = new XAException("a last resource " + what + ": " + e.getMessage());
        failure.errorCode = XAException.XAER_RMERR;
        failure.initCause(e);
        return failure;
    }

    @Override
    public void end(Xid xid, int flags) {
        // What was done stays on the connection.
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        throw new XAException(XAException.XAER_PROTO);
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        if (!onePhase) {
            throw new XAException(XAException.XAER_PROTO);
        }
        try {
            connection.commit();
        } catch (SQLException e) {
            throw commitFailure(e);
        } catch (RuntimeException | Error e) {
            takeBack(e);
            throw e;
        }
        restore();
    }

    /** Only what the database refuses is known to be rolled back; an answer may be lost behind anything else. */
    private XAException commitFailure(SQLException e) {
        boolean rolledBack = takeBack(e);
        var state = e.getSQLState();
        boolean refused = state != null
                && (state.startsWith(SqlStates.INTEGRITY_CLASS) || state.startsWith(SqlStates.ROLLBACK_CLASS))
                && !state.equals(SqlStates.COMPLETION_UNKNOWN);
        var failure = failure("did not say that it has committed", e);
        failure.errorCode = refused && rolledBack ? XAException.XA_RBROLLBACK : XAException.XAER_RMFAIL;
        return failure;
    }

    /**
     * Rolls back what is still open, or has the connection closed: nobody who gets it next may commit that, and as long as it
     * holds the row of the decision, whoever asks for that gets no answer.
     */
    private boolean takeBack(Throwable why) {
        try {
            connection.rollback();
            return true;
        } catch (SQLException | RuntimeException | Error e) {
            suppress(why, e);
        }
        try {
            // Some refuse to be closed as long as something is open.
            connection.abort(PhysicalConnection.APART);
        } catch (SQLException | RuntimeException | Error e) {
            suppress(why, e);
        }
        return false;
    }

    /** A driver may throw the same twice. */
    private static void suppress(Throwable why, Throwable further) {
        if (further != why) {
            why.addSuppressed(further);
        }
    }

    /** The work is done: a connection that cannot be restored is noticed when it is given back. */
    private void restore() {
        try {
            connection.setAutoCommit(autoCommit);
        } catch (SQLException e) {
            System.getLogger(LocalResource.class.getName())
                    .log(System.Logger.Level.DEBUG, "a connection cannot be put back as it was", e);
        }
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        try {
            connection.rollback();
        } catch (SQLException e) {
            takeBack(e);
            throw failure("did not say that it has rolled back", e);
        } catch (RuntimeException | Error e) {
            takeBack(e);
            throw e;
        }
        restore();
    }

    @Override
    public void forget(Xid xid) {
        // It decides nothing on its own.
    }

    @Override
    public Xid[] recover(int flags) {
        return NOTHING;
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
