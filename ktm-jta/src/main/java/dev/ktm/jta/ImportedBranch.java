package dev.ktm.jta;

import dev.ktm.rm.Damage;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionState;
import jakarta.resource.spi.work.Work;
import jakarta.transaction.Status;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * A transaction that another transaction manager decides: it drives it through a superior enlistment. One call at a time; the
 * answers are those of {@code javax.transaction.xa.XAResource}.
 */
final class ImportedBranch {

    final ForeignXid xid;
    final JtaTransaction transaction;
    private final Enlistment superior;
    private final AtomicReference<@Nullable Work> work = new AtomicReference<>();
    /** What its superior has started and not ended, and the thread on which it was started. */
    private final Map<XAResource, Thread> started = new ConcurrentHashMap<>();

    ImportedBranch(ForeignXid xid, JtaTransaction transaction, Enlistment superior) {
        this.xid = xid;
        this.transaction = transaction;
        this.superior = superior;
    }

    /** Whether its superior has to be asked, or to ask, what becomes of it. */
    boolean isPrepared() {
        return switch (transaction.state()) {
            // Also if only a restart can tell: its superior must not forget what it has decided.
            case PREPARED, IN_DOUBT -> true;
            default -> false;
        };
    }

    /** Whether it has been rolled back by itself, everybody was told, and its superior relies on nothing. */
    boolean isRolledBackUnprepared() {
        return transaction.getStatus() == Status.STATUS_ROLLEDBACK
                && transaction
                        .rolledBackBy()
                        .filter(RollbackCause.GIVEN_UP::equals)
                        .isEmpty();
    }

    /** What its superior is told of that. */
    int rollbackCode() {
        boolean timedOut =
                transaction.rolledBackBy().filter(RollbackCause.TIMEOUT::equals).isPresent();
        return timedOut ? XAException.XA_RBTIMEOUT : XAException.XA_RBROLLBACK;
    }

    /** Whether nobody works in it. */
    boolean isIdle() {
        return work.get() == null && started.isEmpty();
    }

    boolean isDamaged() {
        return !damageOfOthers().isEmpty();
    }

    /** What its superior has to know: not that nobody had seen what it has decided itself. */
    private List<Damage> damageOfOthers() {
        return transaction.damage().stream()
                .filter(each -> !each.enlistment().equals(superiorId()))
                .toList();
    }

    private UUID superiorId() {
        try {
            return superior.id();
        } catch (KtmException e) {
            return transaction.unitOfWork();
        }
    }

    void started(XAResource resource) {
        started.put(resource, Thread.currentThread());
    }

    /** Returns whether the thread leaves it now. It stays as long as another resource is started that was started on it. */
    boolean ended(XAResource resource) {
        boolean known = started.remove(resource) != null;
        return !known || !started.containsValue(Thread.currentThread());
    }

    /** Votes. */
    int prepare() throws XAException {
        requireNotRolledBack();
        if (transaction.state() != TransactionState.ACTIVE) {
            throw failure(
                    XAException.XAER_PROTO, "expected an active branch, found one that is " + transaction.state());
        }
        try {
            superior.prePrepare();
            await(TransactionState.PRE_PREPARED);
            superior.prepare();
        } catch (KtmException e) {
            requireNotRolledBack();
            throw failure(XAException.XAER_RMERR, e);
        }
        requireNotRolledBack();
        await(TransactionState.PREPARED);
        if (transaction.hasNothingToCommit()) {
            commitPrepared();
            return XAResource.XA_RDONLY;
        }
        return XAResource.XA_OK;
    }

    /** Waits until it is prepared or rolled back: resource managers may answer from other threads. */
    private void await(TransactionState wanted) throws XAException {
        try {
            transaction.handle().awaitState(wanted);
        } catch (KtmException e) {
            throw failure(XAException.XAER_RMERR, e);
        }
        requireNotRolledBack();
    }

    /** Fails with the reason if it is rolled back. */
    private void requireNotRolledBack() throws XAException {
        if (transaction.outcome() == Outcome.ABORTED) {
            throw failure(rollbackCode(), transaction.rollbackCause().orElse("it was rolled back"));
        }
    }

    void commit(boolean onePhase) throws XAException {
        if (onePhase) {
            commitOnePhase();
            return;
        }
        if (transaction.outcome() == Outcome.COMMITTED) {
            // Its superior says it again.
            requireUndamaged();
            return;
        }
        if (transaction.outcome() == Outcome.ABORTED) {
            note(superior::commit);
            throw failure(
                    XAException.XA_HEURRB,
                    "it was rolled back: " + transaction.rollbackCause().orElse(""));
        }
        requireKnown();
        if (!isPrepared()) {
            throw failure(
                    XAException.XAER_PROTO, "expected a prepared branch, found one that is " + transaction.state());
        }
        commitPrepared();
        requireUndamaged();
    }

    /** What its superior says. */
    private interface Order {
        void say() throws KtmException;
    }

    /** It is refused; if an operator had decided in place of the superior, that is known from then on. */
    private static void note(Order order) {
        try {
            order.say();
        } catch (KtmException e) {
            System.getLogger(ImportedBranch.class.getName())
                    .log(System.Logger.Level.DEBUG, "a superior has decided otherwise", e);
        }
    }

    private void requireKnown() throws XAException {
        if (transaction.outcome() == Outcome.UNAVAILABLE) {
            throw failure(
                    XAException.XAER_RMFAIL, "the log has failed: what became of it is known after the next start");
        }
    }

    private void commitPrepared() throws XAException {
        try {
            superior.commit();
            awaitCompletion();
        } catch (KtmException e) {
            throw failure(
                    e.error() == KtmError.TRANSACTIONMANAGER_NOT_ONLINE
                            ? XAException.XAER_RMFAIL
                            : XAException.XAER_RMERR,
                    e);
        }
        if (transaction.outcome() != Outcome.COMMITTED) {
            // The log has failed: the decision has to be told again after the next start.
            throw failure(XAException.XAER_RMFAIL, "whether it is committed is known after the next start");
        }
    }

    private void commitOnePhase() throws XAException {
        requireNotRolledBack();
        if (transaction.state() != TransactionState.ACTIVE) {
            throw failure(
                    XAException.XAER_PROTO, "expected an active branch, found one that is " + transaction.state());
        }
        try {
            superior.leaveToClient();
            transaction.handle().commit();
        } catch (KtmException e) {
            requireNotRolledBack();
            requireUndamaged();
            throw failure(e.error() == KtmError.RM_DISCONNECTED ? XAException.XA_HEURHAZ : XAException.XAER_RMFAIL, e);
        }
        requireUndamaged();
    }

    void rollback() throws XAException {
        if (transaction.outcome() == Outcome.ABORTED) {
            requireUndamaged();
            return;
        }
        if (transaction.outcome() == Outcome.COMMITTED) {
            note(superior::rollback);
            throw failure(XAException.XA_HEURCOM, "it is committed");
        }
        requireKnown();
        try {
            superior.rollback();
            awaitCompletion();
        } catch (KtmException e) {
            throw failure(XAException.XAER_RMERR, e);
        }
        requireUndamaged();
    }

    private void awaitCompletion() throws KtmException {
        CompletionStage<Outcome> end = transaction.handle().completion();
        end.toCompletableFuture().join();
    }

    private void requireUndamaged() throws XAException {
        if (isDamaged()) {
            throw failure(XAException.XA_HEURMIX, "not everybody did as decided: " + damageOfOthers());
        }
    }

    void close() {
        superior.close();
        transaction.handle().close();
    }

    // Work that runs in it.

    boolean register(Work added) {
        return work.compareAndSet(null, added);
    }

    boolean isRegistered(Work asked) {
        return work.get() == asked;
    }

    void unregister(Work ended) {
        work.compareAndSet(ended, null);
    }

    List<Throwable> failures() {
        return transaction.rollbackCause().<Throwable>map(IllegalStateException::new).stream()
                .toList();
    }

    private XAException failure(int code, String what) {
        var failure = new XAException("imported branch " + xid + ": " + what);
        failure.errorCode = code;
        return failure;
    }

    private XAException failure(int code, Throwable cause) {
        var failure = failure(code, String.valueOf(cause.getMessage()));
        failure.initCause(cause);
        return failure;
    }
}
