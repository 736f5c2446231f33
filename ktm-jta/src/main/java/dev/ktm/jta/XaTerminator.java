package dev.ktm.jta;

import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.ParticipantDescription;
import dev.ktm.rm.RecoveryInformation;
import dev.ktm.rm.ResourceManager;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionRight;
import dev.ktm.tm.ManagerHandle;
import jakarta.resource.spi.work.Work;
import jakarta.resource.spi.work.WorkCompletedException;
import jakarta.resource.spi.work.WorkException;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.ExtendedJBossXATerminator;
import org.jboss.tm.ImportedTransaction;
import org.jboss.tm.JBossXATerminator;
import org.jboss.tm.TransactionImportResult;
import org.jspecify.annotations.Nullable;

/**
 * Lets other transaction managers decide transactions of this one: Jakarta Connectors' inflow. Safe for many threads.
 *
 * <p><b>Theory of operation.</b> An imported transaction is one of ours with a superior enlistment, whose recovery information is
 * the foreign xid. After a restart those that are prepared are announced with RECOVER_QUERY, and wait until their superior
 * decides.
 */
final class XaTerminator implements ExtendedJBossXATerminator, JBossXATerminator, NotificationHandler {

    private static final NotificationMask MASK = NotificationMask.of(
            Notification.ROLLBACK,
            Notification.COMMIT,
            Notification.PREPREPARE_COMPLETE,
            Notification.PREPARE_COMPLETE,
            Notification.COMMIT_COMPLETE,
            Notification.ROLLBACK_COMPLETE);

    /** When so many have been imported it is looked for the first time whether some are kept for nobody. */
    private static final int FIRST_LOOK = 1000;

    private static final int MOST_ROLLED_BACK = 100_000;

    private final JtaCoordinator coordinator;
    private final ManagerHandle manager;
    private final ResourceManager handle;
    private final ForcedBranches forced;
    private final JtaTransactionManager threads;
    private final Map<ForeignXid, ImportedBranch> branches = new ConcurrentHashMap<>();
    /** Those that were not prepared when they were last looked at, the oldest first. Guarded by {@link #importing}. */
    private final Set<ImportedBranch> imported = new LinkedHashSet<>();

    private int nextLook = FIRST_LOOK;

    /** What is left of those that are kept no longer: what their superiors are told, the oldest first. Guarded by {@link #importing}. */
    private final Map<ForeignXid, Integer> rolledBack = new LinkedHashMap<>();

    private final ReentrantLock importing = new ReentrantLock();

    XaTerminator(
            JtaCoordinator coordinator, ManagerHandle manager, ResourceManager handle, JtaTransactionManager threads)
            throws KtmException {
        this.coordinator = coordinator;
        this.manager = manager;
        this.handle = handle;
        this.forced = new ForcedBranches(manager, handle.id());
        this.threads = threads;
        handle.setHandler(this);
        handle.recover();
    }

    @Override
    public Result handle(NotificationEvent event) throws KtmException {
        if (event.notification() == Notification.RECOVER_QUERY) {
            recover(event.recovered().orElseThrow());
            return Result.PENDING;
        }
        return Result.SUCCESS;
    }

    @Override
    public Optional<ParticipantDescription> describe(@Nullable Object key, RecoveryInformation information) {
        ForeignXid xid = null;
        if (key instanceof ForeignXid known) {
            xid = known;
        } else if (information.size() > 0) {
            xid = ifReadable(information);
        }
        return Optional.of(new ParticipantDescription(
                "another transaction manager", "", Optional.ofNullable(xid).map(ForeignXid::branch)));
    }

    private static @Nullable ForeignXid ifReadable(RecoveryInformation information) {
        try {
            return ForeignXid.fromBytes(information.toBytes());
        } catch (KtmException e) {
            // It is told when it is recovered: here it is only described.
            return null;
        }
    }

    private void recover(NotificationEvent.Recovered recovered) throws KtmException {
        var superior =
                handle.openEnlistment(recovered.enlistment(), EnlistmentRight.ALL.toArray(EnlistmentRight[]::new));
        var xid = ForeignXid.fromBytes(superior.recoveryInformation());
        superior.recover(xid);
        var transaction =
                manager.openTransaction(recovered.unitOfWork(), TransactionRight.ALL.toArray(TransactionRight[]::new));
        branches.put(xid, new ImportedBranch(xid, new JtaTransaction(coordinator, transaction, 0), superior));
    }

    // Importing.

    private ImportedBranch importBranch(ForeignXid xid, Duration timeout, boolean[] isNew) throws XAException {
        importing.lock();
        try {
            var known = branches.get(xid);
            var code = rolledBack.get(xid);
            if (code != null) {
                throw isRolledBack(xid, code);
            }
            if (known == null) {
                forgetOldest();
                known = create(xid, timeout);
                branches.put(xid, known);
                imported.add(known);
                isNew[0] = true;
            }
            return known;
        } catch (KtmException | SystemException e) {
            var failure = new XAException("branch " + xid + " cannot be imported: " + e.getMessage());
            failure.errorCode = XAException.XAER_RMFAIL;
            failure.initCause(e);
            throw failure;
        } finally {
            importing.unlock();
        }
    }

    /**
     * A superior that has died before it said prepare says nothing any more. What it is told if it does come back takes little to
     * remember.
     */
    private void forgetOldest() {
        if (imported.size() < nextLook) {
            return;
        }
        var older = List.copyOf(imported).subList(0, imported.size() / 2);
        for (var each : older) {
            if (each.isRolledBackUnprepared() && !each.isDamaged() && each.isIdle()) {
                rolledBack.put(each.xid, each.rollbackCode());
                finished(each);
            }
        }
        var oldest = rolledBack.keySet().iterator();
        for (int tooMany = rolledBack.size() - MOST_ROLLED_BACK; tooMany > 0; tooMany--) {
            oldest.next();
            oldest.remove();
        }
        nextLook = Math.max(FIRST_LOOK, 2 * imported.size());
    }

    /** As superiors say it: without a time they have that of this transaction manager. */
    private Duration timeoutOf(Duration said) {
        return said.isNegative() || said.isZero() ? coordinator.defaultTimeout() : said;
    }

    private ImportedBranch create(ForeignXid xid, Duration timeout) throws KtmException, SystemException {
        var transaction = coordinator.begin(timeout, (int) timeout.toSeconds(), false);
        var superior = transaction.handle().enlistSuperior(handle, MASK, xid);
        if (!manager.isVolatile()) {
            superior.setRecoveryInformation(xid.toBytes());
        }
        return new ImportedBranch(xid, transaction, superior);
    }

    private static XAException isRolledBack(ForeignXid xid, int code) {
        var failure = new XAException("imported branch " + xid + " was rolled back before it was prepared");
        failure.errorCode = code;
        return failure;
    }

    /** Fails with that if it was rolled back long ago; its superior knows then, and nobody asks again. */
    private void requireNotForgotten(ForeignXid xid) throws XAException {
        importing.lock();
        try {
            var code = rolledBack.remove(xid);
            if (code != null) {
                throw isRolledBack(xid, code);
            }
        } finally {
            importing.unlock();
        }
    }

    private boolean isKnown(Xid xid) throws XAException {
        return branches.containsKey(copy(xid));
    }

    private ImportedBranch require(Xid xid) throws XAException {
        var found = branches.get(copy(xid));
        if (found == null) {
            requireNotForgotten(copy(xid));
            var failure = new XAException("expected a branch that was imported, found none of this xid");
            failure.errorCode = XAException.XAER_NOTA;
            throw failure;
        }
        return found;
    }

    private static ForeignXid copy(Xid xid) throws XAException {
        try {
            return ForeignXid.of(xid);
        } catch (IllegalArgumentException e) {
            var failure = new XAException(e.getMessage());
            failure.errorCode = XAException.XAER_INVAL;
            failure.initCause(e);
            throw failure;
        }
    }

    /** It has ended, and its superior knows; only what is damaged is kept until that is forgotten. */
    private void finished(ImportedBranch branch) {
        if (!branch.isDamaged()) {
            remove(branch);
        }
    }

    private void remove(ImportedBranch branch) {
        importing.lock();
        try {
            branches.remove(branch.xid, branch);
            imported.remove(branch);
        } finally {
            importing.unlock();
        }
        branch.close();
    }

    // XATerminator.

    @Override
    public int prepare(Xid xid) throws XAException {
        var branch = require(xid);
        try {
            int vote = branch.prepare();
            if (vote == XAResource.XA_RDONLY) {
                finished(branch);
            }
            return vote;
        } catch (XAException e) {
            if (e.errorCode >= XAException.XA_RBBASE && e.errorCode <= XAException.XA_RBEND) {
                finished(branch);
            }
            throw e;
        }
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        if (!isKnown(xid) && forced.decided(copy(xid), true)) {
            return;
        }
        var branch = require(xid);
        try {
            branch.commit(onePhase);
            finished(branch);
        } catch (XAException e) {
            if (e.errorCode >= XAException.XA_RBBASE && e.errorCode <= XAException.XA_RBEND) {
                finished(branch);
            }
            throw e;
        }
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        if (!isKnown(xid) && forced.decided(copy(xid), false)) {
            return;
        }
        ImportedBranch branch;
        try {
            branch = require(xid);
        } catch (XAException e) {
            if (e.errorCode >= XAException.XA_RBBASE && e.errorCode <= XAException.XA_RBEND) {
                // That is what it says.
                return;
            }
            throw e;
        }
        branch.rollback();
        finished(branch);
    }

    @Override
    public void forget(Xid xid) throws XAException {
        if (!isKnown(xid) && forced.forget(copy(xid))) {
            return;
        }
        var branch = require(xid);
        try {
            var id = branch.transaction.id();
            if (id.isPresent()
                    && !manager.forget(id.get(), "superior", "it has said forget of branch " + branch.xid)
                    && isStillDamaged(id.get())) {
                var failure = new XAException("branch " + branch.xid + " is being ended: forget it again later");
                failure.errorCode = XAException.XAER_RMFAIL;
                throw failure;
            }
        } catch (KtmException e) {
            var failure = new XAException(e.getMessage());
            failure.errorCode = XAException.XAER_RMFAIL;
            throw failure;
        }
        remove(branch);
    }

    private boolean isStillDamaged(TransactionId id) throws KtmException {
        return manager.damaged().stream().anyMatch(each -> each.transaction().equals(id));
    }

    @Override
    public Xid[] recover(int flags) throws XAException {
        var listed = branches.values().stream()
                .filter(branch -> branch.isPrepared() || branch.isDamaged())
                .map(branch -> branch.xid);
        return Stream.concat(listed, forced.xids().stream()).distinct().toArray(Xid[]::new);
    }

    // Work.

    @Override
    public void registerWork(Work work, Xid xid, long timeout) throws WorkCompletedException {
        try {
            var branch = importBranch(copy(xid), timeoutOf(Duration.ofMillis(timeout)), new boolean[1]);
            if (!branch.register(work)) {
                throw new WorkCompletedException(
                        "expected a branch without work, found other work in " + branch.xid,
                        WorkException.TX_CONCURRENT_WORK_DISALLOWED);
            }
        } catch (XAException e) {
            var failure = new WorkCompletedException(e.getMessage(), WorkException.TX_RECREATE_FAILED);
            failure.initCause(e);
            throw failure;
        }
    }

    @Override
    public void startWork(Work work, Xid xid) throws WorkCompletedException {
        try {
            var branch = require(xid);
            if (!branch.isRegistered(work)) {
                throw new WorkCompletedException(
                        "expected work that is registered in " + branch.xid + ", found other",
                        WorkException.TX_RECREATE_FAILED);
            }
            threads.resume(branch.transaction);
        } catch (XAException | InvalidTransactionException e) {
            var failure = new WorkCompletedException(e.getMessage(), WorkException.TX_RECREATE_FAILED);
            failure.initCause(e);
            throw failure;
        }
    }

    @Override
    public void endWork(Work work, Xid xid) {
        var branch = branches.get(ForeignXid.of(xid));
        if (branch != null) {
            if (threads.current() == branch.transaction) {
                threads.suspend();
            }
            branch.unregister(work);
        }
    }

    @Override
    public void cancelWork(Work work, Xid xid) {
        var branch = branches.get(ForeignXid.of(xid));
        if (branch != null) {
            if (threads.current() == branch.transaction) {
                threads.suspend();
            }
            branch.transaction.markRollbackOnly(new RollbackOnlyException("its work was cancelled here"));
            branch.unregister(work);
        }
    }

    // ExtendedJBossXATerminator.

    @Override
    public TransactionImportResult importTransaction(Xid xid, int timeoutIfNew) throws XAException {
        var isNew = new boolean[1];
        var branch = importBranch(copy(xid), timeoutOf(Duration.ofSeconds(timeoutIfNew)), isNew);
        return new TransactionImportResult(new ImportedJtaTransaction(branch, this), isNew[0]);
    }

    @Override
    public @Nullable Transaction getTransaction(Xid xid) throws XAException {
        var branch = branches.get(copy(xid));
        return branch == null ? null : new ImportedJtaTransaction(branch, this);
    }

    @Override
    @Deprecated
    public @Nullable Transaction getTransactionById(Object id) {
        return branches.values().stream()
                .filter(branch -> branch.transaction.key().equals(id))
                .findAny()
                .map(branch -> new ImportedJtaTransaction(branch, this))
                .orElse(null);
    }

    @Override
    @Deprecated
    public @Nullable Object getCurrentTransactionId() {
        var current = threads.current();
        return current == null ? null : current.key();
    }

    @Override
    @Deprecated
    public @Nullable ImportedTransaction getImportedTransaction(Xid xid) throws XAException {
        return (ImportedTransaction) getTransaction(xid);
    }

    @Override
    @Deprecated
    public Xid[] getXidsToRecoverForParentNode(boolean recoverInFlight, @Nullable String parentNodeName, int flags)
            throws XAException {
        return recoverInFlight ? branches.keySet().toArray(Xid[]::new) : recover(flags);
    }

    @Override
    public Xid[] doRecover(@Nullable Xid xid, @Nullable String parentNodeName) throws XAException {
        return recover(XAResource.TMSTARTRSCAN);
    }

    @Override
    @Deprecated
    public boolean isRecoveryByNodeOrXidSupported() {
        return false;
    }

    @Override
    public void removeImportedTransaction(Xid xid) throws XAException {
        var branch = branches.get(copy(xid));
        if (branch != null) {
            remove(branch);
        }
    }
}
