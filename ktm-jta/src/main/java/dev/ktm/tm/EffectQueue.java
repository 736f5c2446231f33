package dev.ktm.tm;

import dev.ktm.protocol.Effects;
import dev.ktm.protocol.Participant;
import dev.ktm.rm.Notification;
import dev.ktm.rm.Outcome;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the protocol of a transaction wants done, in order, and whose turn it is to do it.
 *
 * <p><b>Theory of operation.</b> What is to be done is queued under the transaction's lock, under which the protocol is told
 * everything. Then one thread, the first that comes, carries the queue out without the lock, in order, also what others add
 * meanwhile. So a resource manager may answer from within its notification, calls never nest, and a client that commits does
 * all the work on its own thread unless another is at it already.
 */
final class EffectQueue implements Effects {

    /** What has to be done besides telling participants and the client. */
    enum Work {
        RESERVE,
        FORCE_DECISION,
        FORCE_PREPARED,
        FORCE_DELEGATION,
        FORCE_ROLLBACK,
        FORCE_FORGOTTEN,
        FORGET,
        /** The journal is to forget it before all have answered. */
        GIVE_UP,
        /** What was to be done is not to be done any more. */
        NOTHING
    }

    private static final int FIRST_LENGTH = 4;

    private final CoreTransaction transaction;

    /** Pairs of a participant and its notification, or of the transaction and a {@link Work} or an {@link Outcome}. */
    private @Nullable Object[] pairs = new Object[FIRST_LENGTH];

    private int head;
    private int tail;
    /** Who carries out, if anybody does. Guarded by the transaction's lock. */
    private @Nullable Thread drainer;

    EffectQueue(CoreTransaction transaction) {
        this.transaction = transaction;
    }

    @Override
    public void tell(Participant participant, Notification notification) {
        add(participant, notification);
    }

    @Override
    public void reserve() {
        add(Work.RESERVE);
    }

    @Override
    public void forceDecision() {
        add(Work.FORCE_DECISION);
    }

    @Override
    public void forcePrepared() {
        add(Work.FORCE_PREPARED);
    }

    @Override
    public void forceSuperiorDecision() {
        add(Work.FORCE_DECISION);
    }

    @Override
    public void forceDelegation() {
        add(Work.FORCE_DELEGATION);
    }

    @Override
    public void forceRollback() {
        add(Work.FORCE_ROLLBACK);
    }

    @Override
    public void forceForgotten() {
        add(Work.FORCE_FORGOTTEN);
    }

    @Override
    public void complete(Outcome outcome) {
        add(transaction, outcome);
    }

    @Override
    public void forget() {
        add(Work.FORGET);
    }

    void add(Work work) {
        add(transaction, work);
    }

    private void add(Object subject, Object what) {
        if (tail == pairs.length) {
            makeRoom();
        }
        pairs[tail] = subject;
        pairs[tail + 1] = what;
        tail += 2;
    }

    private void makeRoom() {
        int waiting = tail - head;
        var target = waiting > pairs.length / 2 ? new Object[2 * pairs.length] : pairs;
        System.arraycopy(pairs, head, target, 0, waiting);
        for (int i = waiting; i < target.length && target == pairs; i++) {
            target[i] = null;
        }
        pairs = target;
        head = 0;
        tail = waiting;
    }

    /** Has a participant not be told any more what it has not been told yet; under the lock. */
    void withdraw(Participant participant) {
        for (int i = head; i < tail; i += 2) {
            if (pairs[i] == participant) {
                pairs[i] = transaction;
                pairs[i + 1] = Work.NOTHING;
            }
        }
    }

    /** Whether this very thread carries out what was queued, so that waiting for that would be for ever. Under the lock. */
    boolean isDrainedHere() {
        return drainer == Thread.currentThread();
    }

    /** Carries out what is queued, unless somebody is at it already. */
    void drain() {
        var lock = transaction.lock;
        lock.lock();
        try {
            if (drainer != null) {
                return;
            }
            drainer = Thread.currentThread();
            try {
                while (head < tail) {
                    carryOutNext();
                }
            } finally {
                drainer = null;
            }
        } finally {
            lock.unlock();
        }
    }

    private void carryOutNext() {
        var subject = Objects.requireNonNull(pairs[head]);
        var what = Objects.requireNonNull(pairs[head + 1]);
        pairs[head] = null;
        pairs[head + 1] = null;
        head += 2;
        if (head == tail) {
            head = 0;
            tail = 0;
        }
        transaction.lock.unlock();
        try {
            carryOut(subject, what);
        } catch (RuntimeException | Error e) {
            System.getLogger(EffectQueue.class.getName())
                    .log(
                            System.Logger.Level.ERROR,
                            "transaction " + transaction.unitOfWork() + ": " + what + " failed",
                            e);
        } finally {
            transaction.lock.lock();
        }
    }

    private void carryOut(Object subject, Object what) {
        var watchers = transaction.watchers();
        if (watchers != null) {
            watchers.enter(phaseOf(what, watchers.phase()));
        }
        if (subject instanceof CoreEnlistment enlistment) {
            enlistment.deliver((Notification) what);
        } else if (what instanceof Outcome outcome) {
            transaction.completed(outcome);
        } else {
            transaction.carryOut((Work) what);
        }
    }

    /** Which phase that is; what belongs to none does not end the one that is. */
    private static @Nullable TransactionPhase phaseOf(Object what, @Nullable TransactionPhase now) {
        if (what instanceof Notification notification) {
            return switch (notification) {
                case PREPREPARE -> TransactionPhase.PRE_PREPARE;
                case PREPARE -> TransactionPhase.PREPARE;
                case SINGLE_PHASE_COMMIT -> TransactionPhase.DELEGATE;
                case COMMIT -> TransactionPhase.COMMIT;
                case ROLLBACK -> TransactionPhase.ROLLBACK;
                default -> now;
            };
        }
        if (what instanceof Work work) {
            return switch (work) {
                case RESERVE -> TransactionPhase.PREPARE;
                case FORCE_DECISION, FORCE_PREPARED, FORCE_DELEGATION, FORCE_ROLLBACK, FORCE_FORGOTTEN ->
                    TransactionPhase.LOG;
                case FORGET, GIVE_UP, NOTHING -> now;
            };
        }
        // The end, for its client.
        return null;
    }
}
