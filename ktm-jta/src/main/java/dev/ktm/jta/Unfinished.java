package dev.ktm.jta;

import dev.ktm.rm.Enlistment;
import dev.ktm.rm.KtmException;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/** A branch that has not done as it was told, or of which nobody has told it yet. Also the key of its enlistment after a restart. */
final class Unfinished {

    /** What it has to do. */
    enum Order {
        /** Wait: who decides has not. */
        WAIT,
        COMMIT,
        ROLLBACK,
        /** Roll back what is not prepared, if it is still there. Nobody waits for an answer. */
        RELEASE,
        /** Forget that it has acted on its own. */
        FORGET
    }

    final BranchXid xid;
    final Enlistment enlistment;
    /** Who it is; empty if nobody knows. */
    final String resourceManager;
    /** The resource that worked for it; null if it is of an earlier life. */
    final @Nullable XAResource resource;
    /** Who wants to know when it has finished. */
    volatile @Nullable XaParticipant participant;

    volatile Order order = Order.WAIT;
    /** Whether it has said that it rolled back what it should commit. */
    volatile boolean contradicts;

    volatile int code;
    /** When it may be told what it has to do, as {@link System#nanoTime}. */
    volatile long dueNanos = System.nanoTime();
    /** Whether it has been rolled back, or is not there: said in answer to the last request. */
    volatile boolean isGone;

    private final AtomicInteger vainRequests = new AtomicInteger();
    /** Whether it is a last resource, which says what is decided. */
    volatile boolean decides;

    private volatile boolean reopened;
    private final AtomicBoolean done = new AtomicBoolean();

    Unfinished(BranchXid xid, Enlistment enlistment, String resourceManager, @Nullable XAResource resource) {
        this.xid = xid;
        this.enlistment = enlistment;
        this.resourceManager = resourceManager;
        this.resource = resource;
    }

    UUID unitOfWork() {
        try {
            return enlistment.unitOfWork();
        } catch (KtmException e) {
            return new UUID(0, 0);
        }
    }

    boolean isDue() {
        return nanosUntilDue() <= 0;
    }

    long nanosUntilDue() {
        return dueNanos - System.nanoTime();
    }

    /** It was asked to roll back, in vain. Returns how often so far. */
    int askedInVain() {
        return vainRequests.incrementAndGet();
    }

    /** Whether the caller is the first to finish it. */
    boolean finish() {
        return done.compareAndSet(false, true);
    }

    /** It was not finished after all. Returns whether that happened for the first time. */
    boolean reopen() {
        boolean first = !reopened;
        reopened = true;
        done.set(false);
        return first;
    }
}
