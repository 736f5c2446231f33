package dev.ktm.jta;

import dev.ktm.rm.Damage;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionState;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.HeuristicCommitException;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.ImportedTransaction;
import org.jspecify.annotations.Nullable;

/** An imported transaction, for those who drive it by method calls rather than by xid. */
final class ImportedJtaTransaction implements ImportedTransaction, KtmTransaction {

    // What doPrepare answers; the numbers are those that callers of the interface know.
    private static final int PREPARE_OK = 0;
    private static final int PREPARE_NOT_OK = 1;
    private static final int PREPARE_READ_ONLY = 2;

    private final ImportedBranch branch;
    private final XaTerminator terminator;

    ImportedJtaTransaction(ImportedBranch branch, XaTerminator terminator) {
        this.branch = branch;
        this.terminator = terminator;
    }

    ImportedBranch branch() {
        return branch;
    }

    JtaTransaction transaction() {
        return branch.transaction;
    }

    // The superior's calls.

    @Override
    public int doPrepare() {
        try {
            return terminator.prepare(branch.xid) == XAResource.XA_RDONLY ? PREPARE_READ_ONLY : PREPARE_OK;
        } catch (XAException e) {
            return PREPARE_NOT_OK;
        }
    }

    @Override
    public boolean doCommit()
            throws HeuristicMixedException, HeuristicRollbackException, HeuristicCommitException, SystemException {
        try {
            terminator.commit(branch.xid, false);
            return true;
        } catch (XAException e) {
            switch (e.errorCode) {
                case XAException.XA_HEURMIX, XAException.XA_HEURHAZ ->
                    throw because(new HeuristicMixedException(e.getMessage()), e);
                case XAException.XA_HEURRB -> throw because(new HeuristicRollbackException(e.getMessage()), e);
                case XAException.XAER_NOTA, XAException.XAER_PROTO -> throw new IllegalStateException(e);
                case XAException.XAER_RMFAIL -> {
                    return false;
                }
                default -> throw because(new SystemException(e.getMessage()), e);
            }
        }
    }

    @Override
    public void doRollback()
            throws HeuristicMixedException, HeuristicCommitException, HeuristicRollbackException, SystemException {
        try {
            terminator.rollback(branch.xid);
        } catch (XAException e) {
            switch (e.errorCode) {
                case XAException.XA_HEURMIX, XAException.XA_HEURHAZ ->
                    throw because(new HeuristicMixedException(e.getMessage()), e);
                case XAException.XA_HEURCOM -> throw because(new HeuristicCommitException(e.getMessage()), e);
                case XAException.XAER_NOTA, XAException.XAER_PROTO -> throw new IllegalStateException(e);
                default -> throw because(new SystemException(e.getMessage()), e);
            }
        }
    }

    @Override
    public void doOnePhaseCommit() throws HeuristicMixedException, SystemException, RollbackException {
        try {
            terminator.commit(branch.xid, true);
        } catch (XAException e) {
            if (e.errorCode >= XAException.XA_RBBASE && e.errorCode <= XAException.XA_RBEND) {
                throw because(new RollbackException(e.getMessage()), e);
            }
            switch (e.errorCode) {
                case XAException.XA_HEURMIX, XAException.XA_HEURHAZ ->
                    throw because(new HeuristicMixedException(e.getMessage()), e);
                case XAException.XAER_NOTA, XAException.XAER_PROTO -> throw new IllegalStateException(e);
                default -> throw because(new SystemException(e.getMessage()), e);
            }
        }
    }

    private static <T extends Throwable> T because(T thrown, Throwable cause) {
        thrown.initCause(cause);
        return thrown;
    }

    @Override
    public void doForget() {
        try {
            terminator.forget(branch.xid);
        } catch (XAException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public boolean doBeforeCompletion() throws SystemException {
        try {
            branch.transaction.beforeCommit();
            return true;
        } catch (RollbackOnlyException e) {
            return false;
        }
    }

    @Override
    public boolean activated() {
        return true;
    }

    @Override
    public void recover() {
        // The coordinator recovers everything it knows of by itself.
    }

    @Override
    public Xid baseXid() {
        return branch.xid;
    }

    @Override
    public Object getId() {
        return branch.transaction.key();
    }

    @Override
    public List<Throwable> getDeferredThrowables() {
        return branch.failures();
    }

    @Override
    public boolean supportsDeferredThrowables() {
        return true;
    }

    // What those inside see.

    @Override
    public void commit()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        branch.transaction.commit();
    }

    @Override
    public void rollback() throws SystemException {
        branch.transaction.rollback();
    }

    @Override
    public void setRollbackOnly() {
        branch.transaction.setRollbackOnly();
    }

    @Override
    public int getStatus() {
        return branch.transaction.getStatus();
    }

    @Override
    public boolean enlistResource(XAResource resource) throws RollbackException, SystemException {
        return branch.transaction.enlistResource(resource);
    }

    @Override
    public boolean delistResource(XAResource resource, int flag) throws SystemException {
        return branch.transaction.delistResource(resource, flag);
    }

    @Override
    public void registerSynchronization(Synchronization synchronization) throws RollbackException {
        branch.transaction.registerSynchronization(synchronization);
    }

    @Override
    public Optional<TransactionId> id() {
        return branch.transaction.id();
    }

    @Override
    public UUID unitOfWork() {
        return branch.transaction.unitOfWork();
    }

    @Override
    public TransactionState state() {
        return branch.transaction.state();
    }

    @Override
    public Outcome outcome() {
        return branch.transaction.outcome();
    }

    @Override
    public List<TransactionState> history() {
        return branch.transaction.history();
    }

    @Override
    public boolean isReadOnly() {
        return branch.transaction.isReadOnly();
    }

    @Override
    public String description() {
        return branch.transaction.description();
    }

    @Override
    public boolean hasNothingToCommit() {
        return branch.transaction.hasNothingToCommit();
    }

    @Override
    public Optional<String> rollbackCause() {
        return branch.transaction.rollbackCause();
    }

    @Override
    public Optional<RollbackCause> rolledBackBy() {
        return branch.transaction.rolledBackBy();
    }

    @Override
    public Optional<Duration> timeLeft() {
        return branch.transaction.timeLeft();
    }

    @Override
    public List<Damage> damage() {
        return branch.transaction.damage();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ImportedJtaTransaction that && branch == that.branch;
    }

    @Override
    public int hashCode() {
        return branch.xid.hashCode();
    }

    @Override
    public String toString() {
        return "imported " + branch.xid + ": " + branch.transaction;
    }
}
