package dev.ktm.tm;

import dev.ktm.protocol.Role;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.ResourceManager;
import dev.ktm.rm.ResourceManagerRight;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionRight;
import dev.ktm.rm.TransactionState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A handle of a transaction. Closing the last one rolls the transaction back, unless its commit has begun. Every call checks
 * first that the handle is open and has the right, then the state. Safe for many threads.
 */
public final class TransactionHandle implements AutoCloseable {

    private final CoreTransaction transaction;
    private final Set<TransactionRight> rights;
    private static final AtomicIntegerFieldUpdater<TransactionHandle> CLOSED =
            AtomicIntegerFieldUpdater.newUpdater(TransactionHandle.class, "closed");

    /** 1 once it is closed. */
    private volatile int closed;

    TransactionHandle(CoreTransaction transaction, Set<TransactionRight> rights) {
        this.transaction = transaction;
        this.rights = rights;
    }

    private CoreTransaction require(TransactionRight right) throws KtmException {
        if (closed != 0) {
            throw new KtmException(KtmError.INVALID_TRANSACTION, "expected an open handle, found a closed one");
        }
        TransactionManagers.Rights.require(rights, right, "the transaction");
        return transaction;
    }

    CoreTransaction core() {
        return transaction;
    }

    /** What KTM knows of it. */
    public KtmTransaction transaction() throws KtmException {
        return require(TransactionRight.QUERY_INFORMATION);
    }

    /** The id that others open it by. */
    public UUID unitOfWork() {
        return transaction.unitOfWork();
    }

    /** What became of it. */
    public Outcome outcome() throws KtmException {
        return require(TransactionRight.QUERY_INFORMATION).outcome();
    }

    /** For people. */
    public String description() throws KtmException {
        return require(TransactionRight.QUERY_INFORMATION).description();
    }

    /** After which it is rolled back; zero for never. */
    public Duration timeout() throws KtmException {
        return require(TransactionRight.QUERY_INFORMATION).timeout();
    }

    /** Changes the description, of an active transaction. */
    public void setDescription(String description) throws KtmException {
        require(TransactionRight.SET_INFORMATION).setDescription(description);
    }

    /** Starts the timeout anew with this value, of an active transaction; zero for never. */
    public void setTimeout(Duration timeout) throws KtmException {
        require(TransactionRight.SET_INFORMATION).setTimeout(timeout);
    }

    /** An enlistment and its resource manager. */
    public record Enlisted(UUID resourceManager, UUID enlistment) {}

    /** Who takes part, the superior among them. */
    public List<Enlisted> enlistments() throws KtmException {
        return require(TransactionRight.QUERY_INFORMATION).enlistments().stream()
                .map(each -> new Enlisted(each.resourceManagerId, each.id()))
                .toList();
    }

    /** Whether everybody who had something to commit is known to have rolled it back on his own, whatever was decided. */
    public boolean haveAllRolledBack() throws KtmException {
        return require(TransactionRight.QUERY_INFORMATION).haveAllRolledBack();
    }

    /** Who drives it in place of its client. */
    public Optional<Enlisted> superior() throws KtmException {
        return require(TransactionRight.QUERY_INFORMATION)
                .superior()
                .map(each -> new Enlisted(each.resourceManagerId, each.id()));
    }

    /** Who watches it, for those that make calls or work in threads for it; empty if nobody does. */
    public Optional<TransactionObservation> observation() throws KtmException {
        return Optional.ofNullable(require(TransactionRight.QUERY_INFORMATION).watchers());
    }

    /** Sets who is called before its commit and after its end. Only one, before its commit. */
    public void setListener(TransactionListener listener) throws KtmException {
        require(TransactionRight.SET_INFORMATION).setListener(listener);
    }

    /** As {@link ResourceManager#enlist}, without a search for the transaction. */
    public Enlistment enlist(ResourceManager resourceManager, NotificationMask mask, @Nullable Object key)
            throws KtmException {
        return enlist(resourceManager, mask, key, Role.ANY);
    }

    /** As {@link ResourceManager#enlistSuperior}, without a search for the transaction. */
    public Enlistment enlistSuperior(ResourceManager resourceManager, NotificationMask mask, @Nullable Object key)
            throws KtmException {
        return enlist(resourceManager, mask, key, Role.SUPERIOR);
    }

    /** As {@link #enlist}, and is told before all others that are not first. */
    public Enlistment enlistFirst(ResourceManager resourceManager, NotificationMask mask, @Nullable Object key)
            throws KtmException {
        return enlist(resourceManager, mask, key, Role.FIRST);
    }

    /**
     * As {@link #enlist}, for a participant that cannot prepare. When everybody else is prepared, and it is durable that this one
     * decides, it is told SINGLE_PHASE_COMMIT: what it then does is the decision for all. If it cannot say what it has done it
     * {@linkplain Enlistment#postpone postpones} its answer and finds out; after a restart it is told to recover and then
     * INDOUBT, and answers with what it finds.
     *
     * @throws KtmException with {@link KtmError#TRANSACTION_REQUEST_NOT_VALID} if another such participant is enlisted, with
     *     {@link KtmError#TRANSACTION_SUPERIOR_EXISTS} if a superior is
     */
    public Enlistment enlistLast(ResourceManager resourceManager, NotificationMask mask, @Nullable Object key)
            throws KtmException {
        return enlist(resourceManager, mask, key, Role.LAST);
    }

    private Enlistment enlist(ResourceManager resourceManager, NotificationMask mask, @Nullable Object key, Role role)
            throws KtmException {
        var target = require(TransactionRight.ENLIST);
        var core = ((ResourceManagerHandle) resourceManager).require(ResourceManagerRight.ENLIST);
        return new EnlistmentHandle(Enlisting.enlist(target, core, mask, key, role), EnlistmentRight.ALL);
    }

    /**
     * Commits, and returns when it is committed and every participant has answered or will later.
     *
     * @throws KtmException with {@link KtmError#TRANSACTION_ALREADY_ABORTED} if it was rolled back, with {@link
     *     KtmError#RM_DISCONNECTED} if the outcome is not known, with {@link KtmError#HEURISTIC_DAMAGE_POSSIBLE} if it is
     *     committed, but not by all
     */
    public void commit() throws KtmException {
        var target = require(TransactionRight.COMMIT);
        target.commit();
        target.requireCommitted(target.await());
    }

    /** Begins to commit; the stage tells the outcome. */
    public CompletionStage<Outcome> commitAsync() throws KtmException {
        var target = require(TransactionRight.COMMIT);
        target.commit();
        return target.completion();
    }

    /** Rolls back, and returns when every participant has answered or will later. */
    public void rollback() throws KtmException {
        var target = require(TransactionRight.ROLLBACK);
        target.rollback();
        target.await();
    }

    /** Begins to roll back; the stage tells the end of it. */
    public CompletionStage<Outcome> rollbackAsync() throws KtmException {
        var target = require(TransactionRight.ROLLBACK);
        target.rollback();
        return target.completion();
    }

    /**
     * Rolls back also when the commit has begun, as long as it is neither prepared nor decided; says why.
     *
     * @return whether it was rolled back by this call
     */
    public boolean abort(Throwable why) throws KtmException {
        return require(TransactionRight.ROLLBACK).abort(RollbackCause.CLIENT, why);
    }

    /** Tells the outcome once it is known. */
    public CompletionStage<Outcome> completion() throws KtmException {
        return require(TransactionRight.QUERY_INFORMATION).completion();
    }

    /** Waits until the transaction stands here, or is past it, or has an outcome; an interrupt is kept for later. */
    public void awaitState(TransactionState state) throws KtmException {
        require(TransactionRight.QUERY_INFORMATION).awaitState(state);
    }

    /** Waits until every participant has answered or will later, but not longer than this; an interrupt is kept for later. */
    public void awaitEnd(Duration limit) throws KtmException {
        require(TransactionRight.QUERY_INFORMATION).awaitEnd(limit.toNanos());
    }

    /** Another handle of the same transaction, with no more rights than this one has. */
    public TransactionHandle duplicate(TransactionRight... wanted) throws KtmException {
        require(TransactionRight.QUERY_INFORMATION);
        var granted = TransactionManagers.Rights.of(TransactionRight.class, wanted);
        for (var right : granted) {
            TransactionManagers.Rights.require(rights, right, "the transaction");
        }
        transaction.opened();
        return new TransactionHandle(transaction, granted);
    }

    @Override
    public void close() {
        if (CLOSED.compareAndSet(this, 0, 1)) {
            transaction.handleClosed();
        }
    }
}
