package dev.ktm.jta;

import dev.ktm.rm.Damage;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionState;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.TransactionHandle;
import dev.ktm.tm.TransactionListener;
import dev.ktm.tm.TransactionObservation;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * A transaction as Jakarta Transactions knows it. Safe for many threads; its own lists are guarded by it and never held while
 * anybody is called.
 */
final class JtaTransaction implements Transaction, KtmTransaction, TransactionListener {

    /** How long a client waits for somebody else who rolls back: a resource may hang. */
    private static final Duration LONGEST_ROLLBACK = Duration.ofSeconds(10);

    private final JtaCoordinator coordinator;
    private final TransactionHandle handle;
    private final KtmTransaction core;
    /** What it was begun with; 0 for no timeout. */
    final int timeoutSeconds;

    final CallChain calls;
    /** Who watches it; null for nobody. */
    final @Nullable TransactionObservation observation;
    /** The first of its branches. */
    private volatile @Nullable XaBranch branches;

    private @Nullable Synchronizations synchronizations;
    private @Nullable Map<Object, Object> resources;
    /** Why it must not commit. */
    private volatile @Nullable Throwable rollbackOnly;

    /** The thread that it is associated with; the last one, if they are several. */
    private volatile @Nullable Thread owner;

    /** Whether it is too late for synchronizations; set under the lock that their lists are read and written under. */
    private volatile boolean preparing;

    private volatile boolean completed;
    /** Whether its client has committed it or rolled it back. */
    private volatile boolean ended;

    JtaTransaction(JtaCoordinator coordinator, TransactionHandle handle, int timeoutSeconds) throws KtmException {
        this.coordinator = coordinator;
        this.handle = handle;
        this.core = handle.transaction();
        this.timeoutSeconds = timeoutSeconds;
        this.calls = coordinator.newChain();
        this.observation = handle.observation().orElse(null);
        handle.setListener(this);
    }

    TransactionHandle handle() {
        return handle;
    }

    // What KTM knows.

    @Override
    public Optional<TransactionId> id() {
        return core.id();
    }

    @Override
    public UUID unitOfWork() {
        return core.unitOfWork();
    }

    @Override
    public TransactionState state() {
        return core.state();
    }

    @Override
    public Outcome outcome() {
        return core.outcome();
    }

    @Override
    public List<TransactionState> history() {
        return core.history();
    }

    @Override
    public boolean isReadOnly() {
        return core.isReadOnly();
    }

    @Override
    public boolean hasNothingToCommit() {
        return core.hasNothingToCommit();
    }

    @Override
    public Optional<Duration> timeLeft() {
        return core.timeLeft();
    }

    @Override
    public List<Damage> damage() {
        return core.damage();
    }

    @Override
    public String description() {
        return core.description();
    }

    @Override
    public Optional<String> rollbackCause() {
        return core.rollbackCause();
    }

    @Override
    public Optional<RollbackCause> rolledBackBy() {
        return core.rolledBackBy();
    }

    @Override
    public int getStatus() {
        return switch (core.state()) {
            case ACTIVE, PRE_PREPARING -> activeStatus();
            case PRE_PREPARED, PREPARING -> Status.STATUS_PREPARING;
            case PREPARED -> Status.STATUS_PREPARED;
            case IN_DOUBT -> core.outcome() == Outcome.UNAVAILABLE ? Status.STATUS_UNKNOWN : Status.STATUS_PREPARED;
            case DELEGATED -> Status.STATUS_COMMITTING;
            case COMMITTED -> completed ? Status.STATUS_COMMITTED : Status.STATUS_COMMITTING;
            case ABORTED -> completed ? Status.STATUS_ROLLEDBACK : Status.STATUS_ROLLING_BACK;
            case FORGOTTEN -> endStatus(core.outcome());
        };
    }

    private int activeStatus() {
        if (rollbackOnly != null) {
            return Status.STATUS_MARKED_ROLLBACK;
        }
        return preparing ? Status.STATUS_PREPARING : Status.STATUS_ACTIVE;
    }

    private static int endStatus(Outcome outcome) {
        return switch (outcome) {
            case COMMITTED -> Status.STATUS_COMMITTED;
            case ABORTED -> Status.STATUS_ROLLEDBACK;
            case UNAVAILABLE, UNDETERMINED -> Status.STATUS_UNKNOWN;
        };
    }

    // Ending.

    @Override
    public void commit()
            throws RollbackException, HeuristicMixedException, HeuristicRollbackException, SystemException {
        requireNotEnded("commit");
        try {
            if (core.outcome() == Outcome.ABORTED) {
                throw rolledBack(core.rollbackCause().orElse("it was rolled back"), rollbackOnly);
            }
            var why = rollbackOnly;
            if (why != null && core.state() == TransactionState.ACTIVE) {
                handle.rollback();
                throw rolledBack("it was marked for rollback", why);
            }
            handle.commit();
            ended = true;
        } catch (KtmException e) {
            throw translate(e);
        } finally {
            endClient();
        }
    }

    private void requireNotEnded(String what) {
        if (ended) {
            throw new IllegalStateException("expected a transaction that allows " + what + ", found "
                    + core.unitOfWork() + ", which its client has ended: it is " + core.state());
        }
    }

    /**
     * Its client is told of the end. If somebody else is rolling it back, because its time is over or a participant cannot go on, he
     * is told when that is done: his connections work for it until then. Synchronizations that this thread calls meanwhile may suspend
     * it and take it up again, so it has not ended for its client before.
     */
    private void endClient() {
        if (core.outcome() == Outcome.ABORTED) {
            try {
                handle.awaitEnd(LONGEST_ROLLBACK);
            } catch (KtmException e) {
                // Everything is closed.
                System.getLogger(JtaTransaction.class.getName())
                        .log(System.Logger.Level.DEBUG, "nobody can say whether it has been rolled back", e);
            } finally {
                ended = true;
            }
        }
        if (completed) {
            ended = true;
            handle.close();
        }
    }

    /** What a client is told whose commit did not end in a commit: returned where it may be thrown, thrown otherwise. */
    private RollbackException translate(KtmException e)
            throws HeuristicMixedException, HeuristicRollbackException, SystemException {
        switch (e.error()) {
            case TRANSACTION_ALREADY_ABORTED, TRANSACTION_RECORD_TOO_LONG -> {
                var why = rollbackOnly;
                return rolledBack(core.rollbackCause().orElse("it was rolled back"), why == null ? e : why);
            }
            case TRANSACTIONMANAGER_NOT_ONLINE -> {
                if (core.outcome() == Outcome.ABORTED) {
                    return rolledBack("the transaction manager is not online", e);
                }
                throw withCause(new SystemException(e.getMessage()), e);
            }
            case HEURISTIC_DAMAGE_POSSIBLE -> {
                if (haveAllRolledBack()) {
                    throw withCause(new HeuristicRollbackException(e.getMessage()), e);
                }
                throw withCause(new HeuristicMixedException(e.getMessage()), e);
            }
            case RM_DISCONNECTED -> throw withCause(new HeuristicMixedException(e.getMessage()), e);
            default -> {
                if (core.outcome() == Outcome.ABORTED) {
                    return rolledBack(core.rollbackCause().orElse("it was rolled back"), e);
                }
                throw illegal("commit", e);
            }
        }
    }

    private boolean haveAllRolledBack() {
        try {
            return handle.haveAllRolledBack();
        } catch (KtmException e) {
            // Nobody can say any more.
            return false;
        }
    }

    RollbackException rolledBack(String why, @Nullable Throwable cause) {
        return withCause(new RollbackException("transaction " + core.unitOfWork() + ": " + why), cause);
    }

    static <T extends Throwable> T withCause(T thrown, @Nullable Throwable cause) {
        if (cause != null) {
            thrown.initCause(cause);
        }
        return thrown;
    }

    private IllegalStateException illegal(String what, KtmException e) {
        return new IllegalStateException(
                "expected a transaction that allows " + what + ", found " + core.unitOfWork() + ", which is "
                        + core.state(),
                e);
    }

    @Override
    public void rollback() throws SystemException {
        requireNotEnded("rollback");
        try {
            // If it was rolled back already, its client learns of it now.
            if (core.outcome() != Outcome.ABORTED) {
                handle.rollback();
            }
        } catch (KtmException e) {
            if (core.outcome() != Outcome.ABORTED) {
                throw illegal("rollback", e);
            }
        } finally {
            endClient();
        }
        if (!core.damage().isEmpty()) {
            throw new SystemException(
                    "transaction " + core.unitOfWork() + " is rolled back, but not by all: " + core.damage());
        }
    }

    @Override
    public void setRollbackOnly() {
        markRollbackOnly(new RollbackOnlyException("setRollbackOnly was called here"));
    }

    void markRollbackOnly(Throwable why) {
        switch (getStatus()) {
            case Status.STATUS_ACTIVE, Status.STATUS_PREPARING -> {
                boolean late;
                synchronized (this) {
                    if (rollbackOnly == null) {
                        rollbackOnly = why;
                    }
                    // Nobody looks at the mark any more.
                    late = preparing;
                }
                if (late || core.state() != TransactionState.ACTIVE) {
                    abort(why);
                }
            }
            case Status.STATUS_MARKED_ROLLBACK, Status.STATUS_ROLLING_BACK, Status.STATUS_ROLLEDBACK -> {}
            default ->
                throw new IllegalStateException("expected a transaction that is not decided, found " + core.unitOfWork()
                        + ", which is " + core.state());
        }
    }

    private void abort(Throwable why) {
        boolean done;
        try {
            done = handle.abort(why);
        } catch (KtmException e) {
            throw illegal("rollback", e);
        }
        if (!done && core.outcome() != Outcome.ABORTED) {
            throw new IllegalStateException("expected a transaction that can still be rolled back, found "
                    + core.unitOfWork() + ", which is " + core.state());
        }
    }

    // Synchronizations.

    @Override
    public void registerSynchronization(Synchronization synchronization) throws RollbackException {
        if (getStatus() == Status.STATUS_MARKED_ROLLBACK) {
            throw rolledBack("it is marked for rollback", rollbackOnly);
        }
        requireActive("a synchronization");
        synchronized (this) {
            requireStillCalled();
            synchronizations().addOrdinary(synchronization);
        }
    }

    void registerInterposedSynchronization(Synchronization synchronization) {
        if (getStatus() != Status.STATUS_MARKED_ROLLBACK) {
            requireActive("a synchronization");
        }
        synchronized (this) {
            requireStillCalled();
            synchronizations().addInterposed(synchronization);
        }
    }

    private Synchronizations synchronizations() {
        var known = synchronizations;
        if (known == null) {
            known = new Synchronizations();
            synchronizations = known;
        }
        return known;
    }

    private void requireActive(String what) {
        if (getStatus() != Status.STATUS_ACTIVE) {
            throw notActive(what);
        }
    }

    private IllegalStateException notActive(String what) {
        return new IllegalStateException("expected an active transaction to register " + what + " with, found "
                + core.unitOfWork() + ", which is " + core.state());
    }

    /** Under the lock under which it is concluded that there are no more: what is accepted is called. */
    private void requireStillCalled() {
        if (completed || (preparing && rollbackOnly == null)) {
            throw notActive("a synchronization");
        }
    }

    @Override
    public void beforeCommit() {
        if (rollbackOnly == null) {
            runBeforeCompletion();
        }
        var why = rollbackOnly;
        if (why != null) {
            throw new RollbackOnlyException("marked for rollback", why);
        }
    }

    /**
     * And whatever they register meanwhile; nothing is taken after the last one. Nobody is called any more once it is rolled back, by
     * its timeout or a participant: what he then wrote would be of no transaction.
     */
    private void runBeforeCompletion() {
        while (rollbackOnly == null && core.outcome() == Outcome.UNDETERMINED) {
            Synchronization next;
            synchronized (this) {
                if (completed) {
                    return;
                }
                next = synchronizations == null ? null : synchronizations.next();
                if (next == null) {
                    preparing = rollbackOnly == null;
                    return;
                }
            }
            try {
                next.beforeCompletion();
            } catch (RuntimeException | Error e) {
                markRollbackOnly(e);
            }
        }
    }

    @Override
    public void afterCompletion(Outcome outcome) {
        int status = endStatus(outcome);
        List<Synchronization> all;
        synchronized (this) {
            completed = true;
            if (synchronizations == null) {
                return;
            }
            all = synchronizations.afterwards();
        }
        for (var each : all) {
            try {
                each.afterCompletion(status);
            } catch (RuntimeException | Error e) {
                System.getLogger(JtaTransaction.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "transaction " + core.unitOfWork() + " is " + outcome
                                        + "; a synchronization failed afterwards, which changes nothing",
                                e);
            }
        }
    }

    // Resources.

    void append(XaBranch branch) {
        synchronized (this) {
            var last = branches;
            if (last == null) {
                branches = branch;
                return;
            }
            for (var next = last.nextBranch; next != null; next = next.nextBranch) {
                last = next;
            }
            last.nextBranch = branch;
        }
    }

    @Nullable
    XaBranch firstBranch() {
        return branches;
    }

    @Override
    public boolean enlistResource(XAResource resource) throws RollbackException, SystemException {
        if (resource == null) {
            throw new SystemException("expected a resource to enlist, found null");
        }
        requireEnlistable();
        coordinator.enlisting().enlist(this, resource);
        return true;
    }

    private void requireEnlistable() throws RollbackException {
        switch (getStatus()) {
            case Status.STATUS_ACTIVE -> {}
            case Status.STATUS_MARKED_ROLLBACK -> throw rolledBack("it is marked for rollback", rollbackOnly);
            case Status.STATUS_ROLLING_BACK, Status.STATUS_ROLLEDBACK ->
                throw rolledBack(core.rollbackCause().orElse("it is rolled back"), null);
            default ->
                throw new IllegalStateException("expected an active transaction to enlist a resource in, found "
                        + core.unitOfWork() + ", which is " + core.state());
        }
    }

    @Override
    public boolean delistResource(XAResource resource, int flag) throws SystemException {
        if (flag != XAResource.TMSUCCESS && flag != XAResource.TMFAIL && flag != XAResource.TMSUSPEND) {
            throw new SystemException("expected TMSUCCESS, TMFAIL or TMSUSPEND, found flag " + flag);
        }
        switch (getStatus()) {
            case Status.STATUS_ACTIVE, Status.STATUS_MARKED_ROLLBACK -> {}
            case Status.STATUS_ROLLING_BACK, Status.STATUS_ROLLEDBACK -> {
                // Its branches are ended by whoever rolls it back.
                return false;
            }
            default ->
                throw new IllegalStateException("expected an active transaction to delist a resource from, found "
                        + core.unitOfWork() + ", which is " + core.state());
        }
        return XaEnlisting.delist(this, resource, flag);
    }

    // What applications keep with it.

    @Nullable
    Object resource(Object key) {
        synchronized (this) {
            return resources == null ? null : resources.get(key);
        }
    }

    void putResource(Object key, @Nullable Object value) {
        synchronized (this) {
            if (resources == null) {
                resources = new HashMap<>();
            }
            resources.put(key, value);
        }
    }

    boolean belongsTo(JtaCoordinator other) {
        return coordinator == other;
    }

    boolean hasEnded() {
        return ended;
    }

    /** This thread works in it from now on. */
    void associated() {
        owner = Thread.currentThread();
        if (observation != null) {
            observation.associated();
        }
    }

    /** This thread works in it no longer. */
    void dissociated() {
        if (owner == Thread.currentThread()) {
            owner = null;
        }
        if (observation != null) {
            observation.dissociated();
        }
    }

    @Override
    public Optional<Thread> owner() {
        return Optional.ofNullable(owner);
    }

    void requireNotRolledBack() throws RollbackException {
        switch (getStatus()) {
            case Status.STATUS_MARKED_ROLLBACK, Status.STATUS_ROLLING_BACK, Status.STATUS_ROLLEDBACK ->
                throw rolledBack(core.rollbackCause().orElse("it is marked for rollback"), rollbackOnly);
            default -> {}
        }
    }

    /** Milliseconds until it is rolled back; -1 if it has no timeout. */
    long millisLeft() {
        return core.timeLeft().map(Duration::toMillis).orElse(-1L);
    }

    /** Equal for what is the same transaction. */
    Object key() {
        return core.unitOfWork();
    }

    @Override
    public String toString() {
        return "transaction " + core.unitOfWork() + " (" + core.state() + ")";
    }
}
