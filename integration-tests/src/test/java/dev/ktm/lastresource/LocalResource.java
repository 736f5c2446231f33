package dev.ktm.lastresource;

import dev.ktm.lastresource.Committer.Death;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.ConnectableResource;
import org.jboss.tm.LastResource;
import org.jspecify.annotations.Nullable;

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

    private @Nullable Death death;
    private CountDownLatch resume = new CountDownLatch(0);
    private CountDownLatch rolledBack = new CountDownLatch(1);

    LocalResource(Connection connection) {
        this.connection = connection;
    }

    LocalResource meets(Fate newFate) {
        fate = newFate;
        return this;
    }

    /** Takes its process with it. */
    LocalResource diesAt(Death when) {
        death = when;
        return this;
    }

    private void dieAt(Death when) {
        if (death == when) {
            Committer.die();
        }
    }

    LocalResource hangsBeforeItsNote(CountDownLatch newResume, CountDownLatch newRolledBack) {
        resume = newResume;
        rolledBack = newRolledBack;
        return this;
    }

    @Override
    public Object getConnection() throws InterruptedException {
        dieAt(Death.BEFORE_THE_NOTE);
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
        dieAt(Death.BEFORE_THE_COMMIT);
        try {
            if (fate == Fate.FAILS) {
                connection.rollback();
                throw new XAException(XAException.XAER_RMFAIL);
            }
            connection.commit();
            dieAt(Death.AFTER_THE_COMMIT);
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
