package dev.ktm.observability;

import dev.ktm.Ktm;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** A resource manager that says yes to everything, unless it was told what to answer next. */
final class Database {

    private final String name;
    private final Set<Xid> prepared = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedDeque<Integer> answersToPrepare = new ConcurrentLinkedDeque<>();
    private final ConcurrentLinkedDeque<Integer> answersToCommit = new ConcurrentLinkedDeque<>();
    /** Whether nobody can reach it. */
    private volatile boolean away;
    /** What is done whenever it is called, on the thread that calls. */
    private volatile Runnable whenCalled = () -> {};

    Database(String name) {
        this.name = name;
    }

    Database register(Ktm ktm) {
        ktm.register(name, Branch::new);
        return this;
    }

    /** The next vote is this code. */
    Database failNextPrepare(int code) {
        answersToPrepare.add(code);
        return this;
    }

    /** The next commit is answered with this code, and is not done. */
    Database failNextCommit(int code) {
        answersToCommit.add(code);
        return this;
    }

    boolean isPrepared() {
        return !prepared.isEmpty();
    }

    void setAway(boolean value) {
        away = value;
    }

    void whenCalled(Runnable action) {
        whenCalled = action;
    }

    /** Takes part in the transaction of this thread. */
    void work(Ktm ktm) throws Exception {
        ktm.transactionManager().getTransaction().enlistResource(ktm.named(name, new Branch()));
    }

    private void answer(ConcurrentLinkedDeque<Integer> answers) throws XAException {
        whenCalled.run();
        requireThere();
        var code = answers.poll();
        if (code != null) {
            throw new XAException(code);
        }
    }

    private void requireThere() throws XAException {
        if (away) {
            throw new XAException(XAException.XAER_RMFAIL);
        }
    }

    /** A connection. */
    private final class Branch implements XAResource {
        @Override
        public void start(Xid xid, int flags) {}

        @Override
        public void end(Xid xid, int flags) {}

        @Override
        public int prepare(Xid xid) throws XAException {
            answer(answersToPrepare);
            prepared.add(xid);
            return XA_OK;
        }

        @Override
        public void commit(Xid xid, boolean onePhase) throws XAException {
            answer(answersToCommit);
            prepared.remove(xid);
        }

        @Override
        public void rollback(Xid xid) {
            prepared.remove(xid);
        }

        @Override
        public void forget(Xid xid) {
            prepared.remove(xid);
        }

        @Override
        public Xid[] recover(int flag) throws XAException {
            requireThere();
            return (flag & TMSTARTRSCAN) == 0 ? new Xid[0] : new ArrayDeque<>(prepared).toArray(Xid[]::new);
        }

        @Override
        public boolean isSameRM(XAResource other) {
            return false;
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
}
