package dev.ktm.jta;

import dev.ktm.rm.Outcome;
import jakarta.transaction.InvalidTransactionException;
import java.util.UUID;
import java.util.function.Supplier;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.XAResourceWrapper;
import org.jspecify.annotations.Nullable;

/**
 * This coordinator as a resource of another transaction manager. Between {@code start} and {@code end} the thread is in a
 * transaction of ours whose superior is the other one, so that everything that takes part in ours is decided there. Resource
 * managers of one coordinator are one resource to the other: {@code isSameRM} says so. In a branch of our own it has nothing to do,
 * because native resource managers take part by themselves: it votes read-only.
 *
 * <p>It has a name, that of the coordinator: Narayana asks for names, and takes a branch that it has decided for done only if it
 * has heard that the resource manager of that name does not list it any more.
 */
final class InflowXaResource implements XAResourceWrapper {

    private final Supplier<UUID> manager;
    private final XaTerminator terminator;
    private final JtaTransactionManager threads;
    private volatile int timeoutSeconds;

    InflowXaResource(Supplier<UUID> manager, XaTerminator terminator, JtaTransactionManager threads) {
        this.manager = manager;
        this.terminator = terminator;
        this.threads = threads;
    }

    private boolean isOwn(Xid xid) {
        return BranchXid.of(xid)
                .filter(branch -> branch.transaction().manager().equals(manager.get()))
                .isPresent();
    }

    @Override
    public void start(Xid xid, int flags) throws XAException {
        if (isOwn(xid)) {
            return;
        }
        leaveIfOver();
        var current = threads.current();
        if (current != null && (flags == TMNOFLAGS || known(xid).transaction() != current)) {
            throw failure(
                    XAException.XAER_OUTSIDE,
                    "expected no other transaction of this coordinator on the thread, found " + current
                            + ": end its branch first");
        }
        var transaction = switch (flags) {
            case TMNOFLAGS -> imported(xid);
            case TMJOIN, TMRESUME -> known(xid);
            default -> throw failure(XAException.XAER_INVAL, "expected TMNOFLAGS, TMJOIN or TMRESUME, found " + flags);
        };
        if (current == null) {
            try {
                threads.resume(transaction);
            } catch (InvalidTransactionException e) {
                throw failure(XAException.XA_RBROLLBACK, String.valueOf(e.getMessage()));
            }
        }
        transaction.branch().started(this);
    }

    /** Somebody else may have ended the transaction of this thread, which does not know of it yet. */
    private boolean leaveIfOver() {
        var current = threads.current();
        boolean over = current != null && current.outcome() != Outcome.UNDETERMINED;
        if (over) {
            threads.suspend();
        }
        return over;
    }

    private ImportedJtaTransaction imported(Xid xid) throws XAException {
        var result = terminator.importTransaction(xid, timeoutSeconds);
        if (!result.isNewImportedTransaction()) {
            throw failure(XAException.XAER_DUPID, "expected an xid that is not in use, found a branch of it");
        }
        return (ImportedJtaTransaction) result.getTransaction();
    }

    private ImportedJtaTransaction known(Xid xid) throws XAException {
        var found = terminator.getTransaction(xid);
        if (found == null) {
            throw failure(XAException.XAER_NOTA, "expected a branch that was started, found none of this xid");
        }
        return (ImportedJtaTransaction) found;
    }

    @Override
    public void end(Xid xid, int flags) throws XAException {
        if (isOwn(xid)) {
            return;
        }
        if (flags != TMSUCCESS && flags != TMSUSPEND && flags != TMFAIL) {
            throw failure(XAException.XAER_INVAL, "expected TMSUCCESS, TMSUSPEND or TMFAIL, found " + flags);
        }
        if (terminator.getTransaction(xid) == null && leaveIfOver()) {
            throw failure(
                    XAException.XA_RBROLLBACK, "expected an active branch, found that its superior has rolled it back");
        }
        var transaction = known(xid);
        // A suspended branch is ended by whichever thread decides.
        if (transaction.branch().ended(this) && threads.current() == transaction.transaction()) {
            threads.suspend();
        }
        if (flags == TMFAIL) {
            transaction
                    .transaction()
                    .markRollbackOnly(new RollbackOnlyException("its superior has ended the work with TMFAIL"));
        }
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        return isOwn(xid) ? XA_RDONLY : terminator.prepare(xid);
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        if (!isOwn(xid)) {
            terminator.commit(xid, onePhase);
        }
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        if (!isOwn(xid)) {
            terminator.rollback(xid);
        }
    }

    @Override
    public void forget(Xid xid) throws XAException {
        if (!isOwn(xid)) {
            terminator.forget(xid);
        }
    }

    @Override
    public Xid[] recover(int flags) throws XAException {
        if ((flags & ~(TMSTARTRSCAN | TMENDRSCAN)) != 0) {
            throw failure(XAException.XAER_INVAL, "expected TMSTARTRSCAN and TMENDRSCAN, found " + flags);
        }
        // All of them are told at the start of a scan.
        return (flags & TMSTARTRSCAN) == 0 ? new Xid[0] : terminator.recover(flags);
    }

    @Override
    public boolean isSameRM(@Nullable XAResource other) {
        return other instanceof InflowXaResource that && that.terminator == terminator;
    }

    @Override
    public int getTransactionTimeout() {
        return timeoutSeconds == 0 ? threads.getTransactionTimeout() : timeoutSeconds;
    }

    @Override
    public XAResource getResource() {
        return this;
    }

    @Override
    public String getProductName() {
        return "KTM";
    }

    @Override
    public @Nullable String getProductVersion() {
        return InflowXaResource.class.getPackage().getImplementationVersion();
    }

    /** The same in each life of a coordinator. */
    @Override
    public String getJndiName() {
        return "ktm/" + manager.get();
    }

    /** Counts for branches that are started from now on. */
    @Override
    public boolean setTransactionTimeout(int seconds) throws XAException {
        if (seconds < 0) {
            throw failure(XAException.XAER_INVAL, "expected a timeout of 0 seconds or more, found " + seconds);
        }
        timeoutSeconds = seconds;
        return true;
    }

    private static XAException failure(int code, String what) {
        var failure = new XAException(what);
        failure.errorCode = code;
        return failure;
    }
}
