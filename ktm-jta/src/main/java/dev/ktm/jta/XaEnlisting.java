package dev.ktm.jta;

import dev.ktm.rm.Enlistment;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Outcome;
import dev.ktm.tm.TransactionHandle;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import java.time.Duration;
import java.util.function.Supplier;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jboss.tm.ConnectableResource;
import org.jboss.tm.FirstResource;
import org.jboss.tm.LastResource;
import org.jspecify.annotations.Nullable;

/**
 * Puts resources into transactions and takes them out again.
 *
 * <p><b>Theory of operation.</b> A resource that is in already goes on with its branch. One of a resource manager that has a
 * branch joins that if it can. Every other gets a branch of its own, which is enlisted before its resource is started: so a
 * rollback that comes meanwhile finds it, and whoever comes second of the two cleans up. Safe for many threads.
 */
final class XaEnlisting {

    /** A resource manager's own timeout must not fire before ours, which tells everybody. */
    private static final int TIMEOUT_MARGIN_SECONDS = 10;
    /** Some three weeks: no coordinator is away for as long. In milliseconds it still fits drivers that count so. */
    private static final int LONGEST_TIMEOUT_SECONDS = 2_000_000;

    private final XaResourceManager xa;
    private final XaRecovery recovery;
    private final LastResources lastResources;
    /** Makes a chain for each branch; null if the branches of a transaction share its own. */
    private final @Nullable Supplier<CallChain> chains;

    XaEnlisting(
            XaResourceManager xa,
            XaRecovery recovery,
            LastResources lastResources,
            @Nullable Supplier<CallChain> chains) {
        this.xa = xa;
        this.recovery = recovery;
        this.lastResources = lastResources;
        this.chains = chains;
    }

    void enlist(JtaTransaction transaction, XAResource enlisted) throws RollbackException, SystemException {
        var resource = unwrap(enlisted);
        for (var branch = transaction.firstBranch(); branch != null; branch = branch.nextBranch) {
            var association = branch.find(resource);
            if (association != null) {
                enlistAgain(transaction, branch, association);
                return;
            }
        }
        if (resource instanceof LastResource) {
            begin(transaction, requireRecoverable(enlisted, resource));
            return;
        }
        for (var branch = transaction.firstBranch(); branch != null; branch = branch.nextBranch) {
            if (isSameResourceManager(branch.resource, resource) && join(transaction, branch, resource)) {
                return;
            }
        }
        begin(transaction, new Newcomer(resource, recovery.nameOf(enlisted), null));
    }

    /**
     * What is to work for a transaction.
     *
     * @param name who it is for recovery; empty if nobody knows
     * @param decisions of a last resource: where they are
     */
    private record Newcomer(
            XAResource resource, String name, @Nullable Decisions decisions) {}

    /** A last resource cannot vote: without a note of what it has committed nobody would know after a crash. */
    private Newcomer requireRecoverable(XAResource enlisted, XAResource resource) throws SystemException {
        var name = RecoverableResource.jndiNameOf(enlisted);
        // Found once: it may be taken back at any moment.
        var decisions = lastResources.find(name);
        if (decisions == null || !(resource instanceof ConnectableResource)) {
            throw new SystemException("expected a resource that can prepare, or a last resource with a connection whose"
                    + " table of decisions is registered under its name, found "
                    + resource.getClass().getName()
                    + ": register it with Ktm.registerLastResource, or use an XA data source");
        }
        return new Newcomer(resource, name, decisions);
    }

    /** A name is for the first enlistment only; what counts afterwards is the resource itself. */
    private static XAResource unwrap(XAResource resource) {
        return resource instanceof NamedResource named ? named.getResource() : resource;
    }

    private static void enlistAgain(JtaTransaction transaction, XaBranch branch, XaAssociation association)
            throws RollbackException, SystemException {
        switch (association.state) {
            case ACTIVE -> {}
            case SUSPENDED -> start(transaction, branch, association, XAResource.TMRESUME);
            case ENDED -> start(transaction, branch, association, XAResource.TMJOIN);
        }
    }

    private static void start(JtaTransaction transaction, XaBranch branch, XaAssociation association, int flags)
            throws RollbackException, SystemException {
        try {
            association.endsWithConnection = true;
            association.resource.start(branch.xid(), flags);
            association.state = XaAssociation.State.ACTIVE;
        } catch (XAException | RuntimeException | Error e) {
            throw startFailed(transaction, branch.xid(), e);
        }
        requireNotRolledBack(transaction, branch, association);
    }

    /** Whoever has rolled the transaction back meanwhile may not have seen that the resource works for it. */
    private static void requireNotRolledBack(JtaTransaction transaction, XaBranch branch, XaAssociation association)
            throws RollbackException {
        if (transaction.outcome() != Outcome.ABORTED) {
            return;
        }
        try {
            association.end(branch.xid(), XAResource.TMFAIL);
        } catch (XAException | RuntimeException | Error e) {
            notEnded(branch, e);
        }
        try {
            association.resource.rollback(branch.xid());
        } catch (XAException | RuntimeException | Error e) {
            System.getLogger(XaEnlisting.class.getName())
                    .log(System.Logger.Level.DEBUG, "branch " + branch.xid() + " is rolled back already", e);
        }
        throw transaction.rolledBack(transaction.rollbackCause().orElse("it was rolled back"), null);
    }

    private static SystemException startFailed(JtaTransaction transaction, BranchXid xid, Throwable e)
            throws RollbackException {
        int code = XaCodes.codeOf(e);
        if (XaCodes.isRollback(code)) {
            transaction.markRollbackOnly(e);
            throw transaction.rolledBack("a resource has rolled branch " + xid + " back: " + XaCodes.describe(e), e);
        }
        return JtaTransaction.withCause(
                new SystemException("a resource could not start branch " + xid + ": " + XaCodes.describe(e)), e);
    }

    private static boolean isSameResourceManager(XAResource one, XAResource other) throws SystemException {
        try {
            return one.isSameRM(other);
        } catch (XAException | RuntimeException | Error e) {
            throw JtaTransaction.withCause(
                    new SystemException("a resource cannot be compared: " + XaCodes.describe(e)), e);
        }
    }

    /** Has a resource join a branch. Some cannot, although they are of the same resource manager: they get their own. */
    private static boolean join(JtaTransaction transaction, XaBranch branch, XAResource resource)
            throws RollbackException {
        try {
            resource.start(branch.xid(), XAResource.TMJOIN);
        } catch (XAException | RuntimeException | Error e) {
            System.getLogger(XaEnlisting.class.getName())
                    .log(System.Logger.Level.DEBUG, "branch " + branch.xid() + " cannot be joined", e);
            return false;
        }
        var association = new XaAssociation(resource);
        branch.add(association);
        requireNotRolledBack(transaction, branch, association);
        return true;
    }

    private void begin(JtaTransaction transaction, Newcomer newcomer) throws RollbackException, SystemException {
        var resource = newcomer.resource();
        setTimeout(transaction, resource);
        XaBranch branch;
        try {
            branch = newBranch(transaction, newcomer);
        } catch (KtmException e) {
            if (transaction.outcome() == Outcome.ABORTED) {
                throw transaction.rolledBack(transaction.rollbackCause().orElse("it was rolled back"), e);
            }
            throw JtaTransaction.withCause(new SystemException("a resource cannot be enlisted: " + e.getMessage()), e);
        }
        try {
            startWatched(branch);
        } catch (XAException | RuntimeException | Error e) {
            withdraw(branch);
            throw startFailed(transaction, branch.xid(), e);
        }
        if (!branch.started()) {
            rollBackUnknown(branch);
            throw transaction.rolledBack(transaction.rollbackCause().orElse("it was rolled back"), null);
        }
        transaction.append(branch);
    }

    private void startWatched(XaBranch branch) throws XAException {
        var watchers = branch.observation;
        var watched =
                watchers == null ? null : WatchedCall.begin(watchers, branch, recovery.label(branch), XaCall.START);
        if (watched == null) {
            branch.resource.start(branch.xid(), XAResource.TMNOFLAGS);
            return;
        }
        try {
            branch.resource.start(branch.xid(), XAResource.TMNOFLAGS);
            watched.answered(XaAnswer.returned(XaCall.START, XAResource.XA_OK));
        } catch (XAException | RuntimeException | Error e) {
            watched.answered(XaAnswer.failed(XaCall.START, e));
            throw e;
        } finally {
            watched.returned();
        }
    }

    /** Enlists a branch; its resource has to be started next. */
    private XaBranch newBranch(JtaTransaction transaction, Newcomer newcomer) throws KtmException {
        var chain = chains == null ? transaction.calls : chains.get();
        var branch = new XaBranch(newcomer.resource(), newcomer.name(), chain, transaction.observation);
        branch.decisions = newcomer.decisions();
        branch.enlisted(enlist(transaction.handle(), newcomer.resource(), branch));
        if (!newcomer.name().isEmpty()) {
            xa.setName(branch, newcomer.name());
        }
        return branch;
    }

    private Enlistment enlist(TransactionHandle transaction, XAResource resource, XaBranch branch) throws KtmException {
        if (resource instanceof LastResource) {
            return transaction.enlistLast(xa.handle(), XaResourceManager.MASK, branch);
        }
        return resource instanceof FirstResource
                ? transaction.enlistFirst(xa.handle(), XaResourceManager.MASK, branch)
                : transaction.enlist(xa.handle(), XaResourceManager.maskOf(resource), branch);
    }

    /** A branch could not be started. */
    private static void withdraw(XaBranch branch) {
        branch.cancel();
        try {
            branch.enlistment().readOnly();
        } catch (KtmException e) {
            System.getLogger(XaEnlisting.class.getName())
                    .log(System.Logger.Level.DEBUG, "branch " + branch.xid() + " has ended already", e);
        }
    }

    /** Said or not: what counts is the rollback. Some resource managers say here that the branch can only be rolled back. */
    private static void notEnded(XaBranch branch, Throwable e) {
        System.getLogger(XaEnlisting.class.getName())
                .log(System.Logger.Level.DEBUG, "end before the rollback of " + branch.xid(), e);
    }

    /** The transaction was rolled back while the branch was being started: nobody else knows of it. */
    private static void rollBackUnknown(XaBranch branch) {
        try {
            branch.endAll(XAResource.TMFAIL);
        } catch (XAException | RuntimeException | Error e) {
            notEnded(branch, e);
        }
        try {
            branch.resource.rollback(branch.xid());
        } catch (XAException | RuntimeException | Error e) {
            // It was not asked to prepare: the resource manager presumes that it is rolled back.
            System.getLogger(XaEnlisting.class.getName())
                    .log(System.Logger.Level.DEBUG, "branch " + branch.xid() + " could not be rolled back", e);
        }
    }

    /** What is left, and a little more; its own default if there is no limit, for it may still have that of another transaction. */
    private static void setTimeout(JtaTransaction transaction, XAResource resource) {
        try {
            resource.setTransactionTimeout(
                    forgetsWhatIsPrepared(resource)
                            ? LONGEST_TIMEOUT_SECONDS
                            : transaction.timeLeft().map(XaEnlisting::secondsOf).orElse(0));
        } catch (XAException | RuntimeException | Error e) {
            // Many cannot: ours is what counts.
            System.getLogger(XaEnlisting.class.getName())
                    .log(System.Logger.Level.DEBUG, "a resource does not take a timeout", e);
        }
    }

    /**
     * Derby rolls back a branch whose timeout is over even if it is prepared, and then knows nothing of it; but without any it keeps the
     * locks of one whose connection is lost.
     */
    private static boolean forgetsWhatIsPrepared(XAResource resource) {
        var product = RecoverableResource.productOf(resource);
        return product.startsWith("org.apache.derby.") || product.startsWith("Apache Derby");
    }

    private static int secondsOf(Duration left) {
        return (int) Math.min(Integer.MAX_VALUE, left.toSeconds() + 1 + TIMEOUT_MARGIN_SECONDS);
    }

    /** Ends or suspends the work of a resource; false if it does not work for the transaction. */
    static boolean delist(JtaTransaction transaction, XAResource delisted, int flag) throws SystemException {
        var resource = unwrap(delisted);
        for (var branch = transaction.firstBranch(); branch != null; branch = branch.nextBranch) {
            var association = branch.find(resource);
            if (association != null) {
                return delist(transaction, branch, association, flag);
            }
        }
        return false;
    }

    private static boolean delist(JtaTransaction transaction, XaBranch branch, XaAssociation association, int flag)
            throws SystemException {
        if (association.state == XaAssociation.State.ENDED) {
            return false;
        }
        if (flag == XAResource.TMSUSPEND && association.state == XaAssociation.State.SUSPENDED) {
            return false;
        }
        if (flag == XAResource.TMFAIL) {
            transaction.markRollbackOnly(new RollbackOnlyException("a resource was delisted with TMFAIL here"));
        }
        try {
            association.state =
                    flag == XAResource.TMSUSPEND ? XaAssociation.State.SUSPENDED : XaAssociation.State.ENDED;
            association.endNow(branch.xid(), flag);
            return true;
        } catch (XAException | RuntimeException e) {
            association.state = XaAssociation.State.ENDED;
            transaction.markRollbackOnly(e);
            if (XaCodes.isRollback(XaCodes.codeOf(e))) {
                return true;
            }
            throw JtaTransaction.withCause(
                    new SystemException("a resource could not end branch " + branch.xid() + ": " + XaCodes.describe(e)),
                    e);
        }
    }
}
