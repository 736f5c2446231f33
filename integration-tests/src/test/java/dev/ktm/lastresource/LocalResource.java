package dev.ktm.lastresource;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.ConnectableResource;
import org.jboss.tm.LastResource;

/** A plain JDBC connection as a last resource; its commit can be made to fail before or after it is done. */
final class LocalResource implements XAResource, LastResource, ConnectableResource {

    /** What becomes of the next commit. */
    enum Fate {
        WORKS,
        FAILS,
        ANSWER_IS_LOST
    }

    private final Connection connection;
    private Fate fate = Fate.WORKS;

    private CountDownLatch resume = new CountDownLatch(0);
    private CountDownLatch rolledBack = new CountDownLatch(1);

    LocalResource(Connection connection) {
        this.connection = connection;
    }

    LocalResource meets(Fate newFate) {
        fate = newFate;
        return this;
    }

    LocalResource hangsBeforeItsNote(CountDownLatch newResume, CountDownLatch newRolledBack) {
        resume = newResume;
        rolledBack = newRolledBack;
        return this;
    }

    @Override
    public Object getConnection() throws InterruptedException {
        resume.await();
        return connection;
    }

    @Override
    public void start(Xid xid, int flags) throws XAException {
        try {
            connection.setAutoCommit(false);
        } catch (SQLException e) {
            throw failure(e);
        }
    }

    @Override
    public void end(Xid xid, int flags) {}

    @Override
    public int prepare(Xid xid) throws XAException {
        throw new XAException(XAException.XAER_PROTO);
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        try {
            if (fate == Fate.FAILS) {
                connection.rollback();
                throw new XAException(XAException.XAER_RMFAIL);
            }
            connection.commit();
            if (fate == Fate.ANSWER_IS_LOST) {
                throw new XAException(XAException.XAER_RMERR);
            }
        } catch (SQLException e) {
            throw failure(e);
        }
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        try {
            connection.rollback();
            rolledBack.countDown();
        } catch (SQLException e) {
            throw failure(e);
        }
    }

    private static XAException failure(SQLException e) {
        var failure = new XAException(XAException.XAER_RMERR);
        failure.initCause(e);
        return failure;
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
