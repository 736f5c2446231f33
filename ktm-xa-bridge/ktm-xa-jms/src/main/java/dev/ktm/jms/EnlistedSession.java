package dev.ktm.jms;

import dev.ktm.rm.RollbackCause;
import dev.ktm.tm.KtmTransaction;
import jakarta.jms.JMSException;
import jakarta.jms.MessageConsumer;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/**
 * The one session that a connection factory has in a transaction, for one user: all handles work with it, so that there is one
 * branch. Safe for many threads.
 *
 * <p><b>Theory of operation.</b> Sessions of Jakarta Messaging are for one thread, but a timeout rolls back on another. So each
 * call holds a lock; calls that wait for messages hold it for moments only. Who ends the branch first says that nothing more may
 * be done, then takes the lock. If a call does not come back, the session is closed under it, which makes the broker roll back;
 * its connection, which others work with as well, only if that does not end the call.
 *
 * <p>Once the transaction is over the session goes back to the pool, if the broker has answered that the branch is finished and
 * nothing has failed. Otherwise it is closed: a branch that is prepared outlives its session in every broker that we know, and
 * recovery finishes it on a connection of its own.
 */
final class EnlistedSession implements Work, XAResource, Synchronization {

    /** How long the end of a branch waits for a call that is under way. */
    private static final long BUSY_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** Some brokers roll back on their own after five minutes unless told otherwise. Longer ones overflow their arithmetic. */
    private static final int LONGEST_TIMEOUT_SECONDS = (int) TimeUnit.DAYS.toSeconds(14);

    private enum Phase {
        /** Nobody has worked with it. */
        NEW,
        /** It is enlisted: calls work with it. */
        WORKING,
        /** The branch has ended, or is suspended. Nothing may be done. */
        ENDED,
        /** The transaction is over. */
        GONE
    }

    /** Where the session comes from, and where it goes. */
    interface Source {
        /** Opens a session of a connection that is started. */
        PhysicalSession open() throws JMSException;

        /** The transaction is over, and the session is as good as new. */
        void takeBack(PhysicalSession session);

        /** The transaction is over, and the session is closed. */
        void lost(PhysicalSession session);
    }

    private final KtmConnectionFactory factory;
    private final Transaction transaction;
    private final Credentials credentials;
    private final Source source;
    private final Runnable whenOver;
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<SessionHandle> handles = ConcurrentHashMap.newKeySet();

    private volatile Phase phase = Phase.NEW;
    private volatile @Nullable PhysicalSession physical;
    /** Whether the broker has answered that the branch is finished. */
    private volatile boolean finished;
    /** Whether something has failed, so that nobody else may have the session. */
    private volatile boolean broken;
    /** Whether a call has not come back in time. */
    private volatile boolean stuck;
    /** Whether the resource is associated with a branch; guarded by the lock, like the next. */
    private boolean associated;

    private boolean timeoutSet;
    /** Why its handles may do nothing more, if its transaction was rolled back without their doing. Set before it is gone. */
    private volatile @Nullable JMSException rolledBackUnder;

    /** The branch, once it has started. */
    private volatile @Nullable Xid branch;

    /**
     * A session of a transaction.
     *
     * @param whenOver is run once nobody can work with it any more
     */
    EnlistedSession(
            KtmConnectionFactory factory,
            Transaction transaction,
            Credentials credentials,
            Source source,
            Runnable whenOver) {
        this.factory = factory;
        this.transaction = transaction;
        this.credentials = credentials;
        this.source = source;
        this.whenOver = whenOver;
    }

    boolean isOf(Transaction other) {
        return transaction == other;
    }

    // Enlisting.

    /** Enlists it, unless it is enlisted. On the thread of the transaction. */
    void enlist() throws JMSException {
        if (phase == Phase.WORKING) {
            return;
        }
        lock.lock();
        try {
            if (phase == Phase.NEW) {
                enlistNew();
            }
            requireWorking();
        } finally {
            lock.unlock();
        }
    }

    private void enlistNew() throws JMSException {
        if (statusOf(transaction) != Status.STATUS_ACTIVE) {
            over(null);
            throw refusal();
        }
        try {
            factory.registry().registerInterposedSynchronization(this);
            enlistSession();
        } catch (IllegalStateException e) {
            over(physical);
            throw withCause(refusal(), e);
        } catch (JMSException | RuntimeException e) {
            over(physical);
            throw e;
        }
    }

    /** A session of the pool may have died unseen: then another is tried, and at last one of another connection. */
    private void enlistSession() throws JMSException {
        for (int attempt = 1; ; attempt++) {
            var opened = source.open();
            physical = opened;
            try {
                transaction.enlistResource(factory.named(this));
                return;
            } catch (RollbackException e) {
                throw withCause(refusal(), e);
            } catch (SystemException e) {
                if (attempt == 3 || statusOf(transaction) != Status.STATUS_ACTIVE) {
                    throw withCause(
                            new JMSException(
                                    factory.label() + " cannot take part in " + transaction + ": " + e.getMessage()),
                            e);
                }
                if (attempt == 1) {
                    opened.discard(null, () -> {});
                } else {
                    opened.discardNow();
                }
            }
        }
    }

    /** It was never enlisted. */
    private void over(@Nullable PhysicalSession opened) {
        phase = Phase.GONE;
        whenOver.run();
        if (opened != null) {
            drop(opened, true);
        }
    }

    // Work.

    /** Has the handle told when its transaction is rolled back without its own doing. */
    void join(SessionHandle handle) {
        handles.add(handle);
        if (phase == Phase.GONE) {
            // It has ended after it was enlisted, and may not have seen the handle. Twice is harmless.
            handle.completed(this, rolledBackUnder);
        }
    }

    @Override
    public <T> T call(Call<T> call) throws JMSException {
        lock.lock();
        try {
            var session = requireWorking();
            try {
                return call.on(session.session());
            } catch (JMSException | RuntimeException e) {
                broken = true;
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Closes a consumer of it, so that what it has fetched ahead goes back; needless once the transaction is over. */
    void close(MessageConsumer consumer) throws JMSException {
        lock.lock();
        try {
            if (phase == Phase.WORKING) {
                consumer.close();
            }
        } finally {
            lock.unlock();
        }
    }

    private PhysicalSession requireWorking() throws JMSException {
        var session = physical;
        if (phase != Phase.WORKING || session == null) {
            throw refusal();
        }
        return session;
    }

    private JMSException refusal() {
        return refusal(factory.label(), transaction);
    }

    /** What whoever works in a transaction that takes no more work is told. */
    static JMSException refusal(String label, Transaction transaction) {
        var why = transaction instanceof KtmTransaction known
                ? known.rollbackCause().map(cause -> ": " + cause).orElse("")
                : "";
        return new jakarta.jms.IllegalStateException(
                "expected a transaction that takes work, found " + transaction + why
                        + "; nothing was sent to or received from " + label
                        + ": end the transaction, and begin another for more work");
    }

    static int statusOf(Transaction transaction) {
        try {
            return transaction.getStatus();
        } catch (SystemException e) {
            return Status.STATUS_UNKNOWN;
        }
    }

    private static <T extends JMSException> T withCause(T failure, Exception cause) {
        failure.initCause(cause);
        failure.setLinkedException(cause);
        return failure;
    }

    // The end of the transaction.

    @Override
    public void beforeCompletion() {
        // Work may go on until the branch ends.
    }

    @Override
    public void afterCompletion(int status) {
        var why = status != Status.STATUS_COMMITTED && !isItsClientsDoing() ? refusal() : null;
        rolledBackUnder = why;
        phase = Phase.GONE;
        whenOver.run();
        for (var handle : handles) {
            handle.completed(this, why);
        }
        var session = physical;
        if (session != null) {
            boolean idle = lock.tryLock();
            try {
                if (idle && finished && !broken && !stuck) {
                    source.takeBack(session);
                } else {
                    stuck |= !idle;
                    drop(session, status == Status.STATUS_ROLLEDBACK);
                }
            } finally {
                if (idle) {
                    lock.unlock();
                }
            }
        }
    }

    /** Calls may be made on other threads, so that the thread alone does not tell. */
    private boolean isItsClientsDoing() {
        return factory.isOnThread(transaction)
                || (transaction instanceof KtmTransaction known
                        && known.rolledBackBy()
                                .filter(RollbackCause.CLIENT::equals)
                                .isPresent());
    }

    /**
     * Closes the session. In some brokers that does not roll its branch back, in some it waits for the end of the branch. So a
     * branch that is to be rolled back, and may not be, is rolled back over another session; one that was not prepared would
     * otherwise keep its messages until the broker gives up, since recovery sees only those that are.
     */
    private void drop(PhysicalSession session, boolean rolledBack) {
        var started = branch;
        Runnable afterwards =
                started == null || finished || !rolledBack ? () -> {} : () -> factory.rollBack(started, credentials);
        session.discard(stuck ? this::comesBack : null, afterwards);
        source.lost(session);
    }

    /** Whether the call that is under way ends within that time. */
    private boolean comesBack(long nanos) throws InterruptedException {
        boolean over = lock.tryLock(nanos, TimeUnit.NANOSECONDS);
        if (over) {
            lock.unlock();
        }
        return over;
    }

    // The branch.

    /** What is done with the branch. */
    @FunctionalInterface
    private interface BranchCall {
        int on(XAResource resource) throws XAException;
    }

    private int branch(BranchCall call) throws XAException {
        enter();
        try {
            var session = physical;
            if (session == null || session.isGone()) {
                throw failure(XAException.XAER_RMFAIL, "its session is closed: recovery has to finish it");
            }
            return call.on(session.resource());
        } catch (XAException | RuntimeException e) {
            broken = true;
            throw e;
        } finally {
            lock.unlock();
        }
    }

    /** An interrupt does not keep a branch from its end. */
    private void enter() throws XAException {
        boolean interrupted = false;
        try {
            long deadline = System.nanoTime() + (stuck ? 0 : BUSY_LIMIT_NANOS);
            while (true) {
                try {
                    if (lock.tryLock(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                        return;
                    }
                    stuck = true;
                    throw failure(
                            XAException.XAER_RMFAIL,
                            "another thread is in a call of its session, which is closed under it now");
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private XAException failure(int code, String why) {
        var failure = new XAException("branch of " + factory.label() + ": " + why);
        failure.errorCode = code;
        return failure;
    }

    @Override
    public void start(Xid xid, int flags) throws XAException {
        branch(resource -> {
            if (associated) {
                // Some brokers accept it, and mix the two up.
                throw failure(XAException.XAER_PROTO, "it is associated with a transaction already");
            }
            if (!timeoutSet) {
                setLongestTimeout(resource);
            }
            branch = xid;
            resource.start(xid, flags);
            associated = true;
            phase = Phase.WORKING;
            return XA_OK;
        });
    }

    /** A pooled session may still have the timeout of an earlier transaction. */
    private void setLongestTimeout(XAResource resource) {
        try {
            resource.setTransactionTimeout(LONGEST_TIMEOUT_SECONDS);
        } catch (XAException | RuntimeException e) {
            System.getLogger(EnlistedSession.class.getName())
                    .log(System.Logger.Level.DEBUG, factory.label() + " takes no timeout", e);
        }
    }

    @Override
    public void end(Xid xid, int flags) throws XAException {
        if (phase == Phase.WORKING) {
            phase = Phase.ENDED;
        }
        branch(resource -> {
            associated = false;
            resource.end(xid, flags);
            return XA_OK;
        });
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        return branch(resource -> {
            int vote = resource.prepare(xid);
            finished = vote == XA_RDONLY;
            return vote;
        });
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        branch(resource -> {
            resource.commit(xid, onePhase);
            finished = true;
            return XA_OK;
        });
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        branch(resource -> {
            resource.rollback(xid);
            finished = true;
            return XA_OK;
        });
    }

    @Override
    public void forget(Xid xid) throws XAException {
        branch(resource -> {
            resource.forget(xid);
            return XA_OK;
        });
    }

    @Override
    public Xid[] recover(int flags) throws XAException {
        var found = new Xid[1][];
        branch(resource -> {
            found[0] = resource.recover(flags);
            return XA_OK;
        });
        return found[0];
    }

    /** No other may join its branch: which answers to whom is ours to know, whatever brokers say about themselves. */
    @Override
    public boolean isSameRM(XAResource other) {
        return other == this;
    }

    @Override
    public int getTransactionTimeout() throws XAException {
        return branch(XAResource::getTransactionTimeout);
    }

    @Override
    public boolean setTransactionTimeout(int seconds) throws XAException {
        return branch(resource -> {
                    if (seconds == 0) {
                        // The broker's own would be shorter than none; its start sets the longest.
                        timeoutSet = false;
                        return 1;
                    }
                    timeoutSet = resource.setTransactionTimeout(seconds);
                    return timeoutSet ? 1 : 0;
                })
                == 1;
    }
}
