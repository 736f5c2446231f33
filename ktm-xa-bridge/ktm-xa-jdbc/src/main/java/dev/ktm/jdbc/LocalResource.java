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
            connection.setAutoCommit(autoCommit);
        } catch (SQLException e) {
            throw failure("did not say that it has committed", e);
        }
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        try {
            connection.rollback();
            connection.setAutoCommit(autoCommit);
        } catch (SQLException e) {
            throw failure("did not say that it has rolled back", e);
        }
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
