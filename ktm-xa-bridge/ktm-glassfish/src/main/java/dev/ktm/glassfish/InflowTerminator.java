package dev.ktm.glassfish;

import com.sun.enterprise.transaction.JavaEETransactionManagerSimplified;
import dev.ktm.Ktm;
import jakarta.resource.spi.XATerminator;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import javax.transaction.xa.XAException;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/**
 * What resource adapters end transactions of others with. While synchronizations may be called the transaction is on the thread, as
 * the server has it: a persistence context that writes then does so within it. Safe for many threads.
 */
final class InflowTerminator implements XATerminator {

    private final Ktm ktm;
    private final XATerminator terminator;
    private final JavaEETransactionManagerSimplified server;
    private final FreezeGate gate;

    InflowTerminator(Ktm ktm, JavaEETransactionManagerSimplified server, FreezeGate gate) {
        this.gate = gate;
        this.ktm = ktm;
        this.terminator = (XATerminator) ktm.xaTerminator();
        this.server = server;
    }

    /** A call of the coordinator. */
    private interface Call<R> {
        R run() throws XAException;
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        return pass(() -> within(xid, () -> terminator.prepare(xid)));
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        Call<Boolean> commit = () -> {
            terminator.commit(xid, onePhase);
            return true;
        };
        pass(() -> onePhase ? within(xid, commit) : commit.run());
    }

    /** Waits while the transaction service is frozen. */
    private <R> R pass(Call<R> call) throws XAException {
        gate.lock();
        try {
            return call.run();
        } finally {
            gate.unlock();
        }
    }

    private <R> R within(Xid xid, Call<R> call) throws XAException {
        var transaction = ktm.xaTerminator().getTransaction(xid);
        if (transaction == null) {
            return call.run();
        }
        var manager = ktm.transactionManager();
        var outer = server.getCurrentTransaction();
        try {
            var other = manager.suspend();
            server.setCurrentTransaction(null);
            try {
                resume(transaction);
                return call.run();
            } finally {
                server.clearThreadTx();
                server.setCurrentTransaction(outer);
                resume(other);
            }
        } catch (SystemException e) {
            var failure = new XAException(e.getMessage());
            failure.errorCode = XAException.XAER_RMERR;
            failure.initCause(e);
            throw failure;
        }
    }

    /** One that has ended is left alone: nothing can be done within it, and the coordinator says so. */
    private void resume(@Nullable Transaction transaction) throws SystemException {
        if (transaction != null) {
            try {
                ktm.transactionManager().resume(transaction);
            } catch (InvalidTransactionException e) {
                System.getLogger(InflowTerminator.class.getName())
                        .log(System.Logger.Level.DEBUG, "a transaction has ended that was to be put on a thread", e);
            }
        }
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        pass(() -> {
            terminator.rollback(xid);
            return true;
        });
    }

    @Override
    public void forget(Xid xid) throws XAException {
        terminator.forget(xid);
    }

    @Override
    public Xid[] recover(int flag) throws XAException {
        return terminator.recover(flag);
    }
}
