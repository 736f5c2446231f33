package dev.ktm.jta;

import dev.ktm.rm.Enlistment;
import dev.ktm.rm.KtmException;
import dev.ktm.tm.TransactionObservation;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/** A branch of this life: the key of its enlistment. The first association is the branch itself. */
final class XaBranch extends XaAssociation {

    private @Nullable BranchXid xid;
    /** Who it is for recovery; empty if nobody knows yet. */
    volatile String resourceManager;

    private static final AtomicIntegerFieldUpdater<XaBranch> PHASE =
            AtomicIntegerFieldUpdater.newUpdater(XaBranch.class, "phase");
    private static final int NEW = 0;
    private static final int STARTED = 1;
    private static final int CANCELLED = 2;

    private volatile int phase = NEW;
    private @Nullable Enlistment enlistment;
    /** Whether it was asked to prepare, so that it may be prepared whatever it has answered. */
    volatile boolean asked;
    /** Whether the resource manager has forgotten it. */
    volatile boolean finished;
    /** Whether a call of it was given up: its connection is of no use. */
    volatile boolean stuck;

    final CallChain calls;
    /** Who watches its transaction; null for nobody. */
    final @Nullable TransactionObservation observation;
    /** The next branch of its transaction. */
    volatile @Nullable XaBranch nextBranch;

    /** Of a last resource: where its decisions are. */
    volatile @Nullable Decisions decisions;
    /** Whether it decides for others as well. */
    volatile boolean decides;
    /** Whether somebody else finds out what it has decided: its connection may work for others by now. */
    volatile boolean left;

    XaBranch(
            XAResource resource,
            String resourceManager,
            CallChain calls,
            @Nullable TransactionObservation observation) {
        super(resource);
        this.observation = observation;
        this.resourceManager = resourceManager;
        this.calls = calls;
    }

    void enlisted(Enlistment handle) throws KtmException {
        enlistment = handle;
        xid = new BranchXid(handle.transaction(), handle.id());
    }

    BranchXid xid() {
        return Objects.requireNonNull(xid, "the branch is not enlisted yet");
    }

    /** The resource works for it. False if it was cancelled before. */
    boolean started() {
        return PHASE.compareAndSet(this, NEW, STARTED);
    }

    /** Nobody will start it any more, or whoever is starting it rolls it back. False if it has started. */
    boolean cancel() {
        return PHASE.compareAndSet(this, NEW, CANCELLED) || phase == CANCELLED;
    }

    boolean hasStarted() {
        return phase == STARTED;
    }

    Enlistment enlistment() {
        return Objects.requireNonNull(enlistment, "the branch is not enlisted yet");
    }

    /** Whether its resource manager rolls it back by itself when a connection of it is lost. */
    boolean mayEndByItself() {
        boolean may = stuck;
        for (XaAssociation each = this; each != null; each = each.next) {
            may |= each.endsWithConnection;
        }
        return may;
    }

    /** Ends every association; the first failure is thrown when all have ended. */
    void endAll(int flags) throws XAException {
        XAException first = null;
        Throwable unexpected = null;
        for (XaAssociation each = this; each != null; each = each.next) {
            try {
                each.end(xid(), flags);
            } catch (XAException e) {
                first = first == null ? e : first;
            } catch (RuntimeException | Error e) {
                unexpected = unexpected == null ? e : unexpected;
            }
        }
        if (first != null) {
            throw first;
        }
        if (unexpected instanceof Error e) {
            throw e;
        }
        if (unexpected instanceof RuntimeException e) {
            throw e;
        }
    }

    /** Another resource works for it as well. */
    void add(XaAssociation joined) {
        synchronized (this) {
            XaAssociation last = this;
            for (var following = last.next; following != null; following = following.next) {
                last = following;
            }
            last.next = joined;
        }
    }

    /** The association of this very resource. */
    @Nullable
    XaAssociation find(XAResource wanted) {
        for (XaAssociation each = this; each != null; each = each.next) {
            if (each.resource == wanted) {
                return each;
            }
        }
        return null;
    }
}
