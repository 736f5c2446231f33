package dev.ktm.tm;

import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Holds up commits for the time of a snapshot.
 *
 * <p><b>Theory of operation.</b> Whoever begins a commit, or a phase of one, asks under the lock of the transaction whether there is a
 * freeze. The freeze is announced first; then the lock of each transaction is taken once: a commit that has begun before is seen
 * then and waited for, one that begins later sees the freeze.
 */
final class Freezing {

    /** Those whose resource manager owes an answer. */
    private static final Set<EnlistmentState> AWAITED = EnumSet.of(
            EnlistmentState.PRE_PREPARING,
            EnlistmentState.PREPARING,
            EnlistmentState.DELEGATED,
            EnlistmentState.COMMITTED);

    private final Coordinator coordinator;
    private final LiveTransactions live;
    private final AtomicReference<@Nullable Frozen> current = new AtomicReference<>();

    Freezing(Coordinator coordinator, LiveTransactions live) {
        this.coordinator = coordinator;
        this.live = live;
    }

    /** One freeze. */
    final class Frozen {
        private final CountDownLatch thawed = new CountDownLatch(1);
        private final long thawNanos;
        private volatile boolean complete;
        private volatile long completedAt;

        private Frozen(long thawNanos) {
            this.thawNanos = thawNanos;
        }

        private void complete() {
            completedAt = System.nanoTime();
            complete = true;
        }

        private long nanosLeft() {
            // While commits are waited for, the time has not begun.
            return complete ? thawNanos - (System.nanoTime() - completedAt) : thawNanos;
        }

        /** Waits for its end. */
        void await() {
            boolean interrupted = false;
            while (inForce() == this) {
                try {
                    if (thawed.await(nanosLeft(), TimeUnit.NANOSECONDS)) {
                        break;
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The freeze that holds now; none if nothing is held up. */
    @Nullable
    Frozen inForce() {
        var found = current.get();
        if (found != null && found.nanosLeft() <= 0) {
            end(found);
            return null;
        }
        return found;
    }

    private boolean end(Frozen frozen) {
        boolean mine = current.compareAndSet(frozen, null);
        frozen.thawed.countDown();
        return mine;
    }

    /** As {@link ManagerHandle#freeze}. */
    void freeze(Duration wait, Duration thawAfter) throws KtmException {
        if (wait.isNegative() || thawAfter.isNegative() || thawAfter.isZero()) {
            throw TransactionOptions.invalid(
                    "a time to wait of zero or more, and one until the thaw that is more than zero",
                    wait + " and " + thawAfter);
        }
        var frozen = new Frozen(thawAfter.toNanos());
        if (inForce() != null || !current.compareAndSet(null, frozen)) {
            throw new KtmException(
                    KtmError.TRANSACTION_FREEZE_IN_PROGRESS,
                    "expected commits that nobody has frozen, found a freeze: wait for its thaw");
        }
        try {
            // Whoever closes it lets go of the freeze that is there by then.
            coordinator.requireOnline();
            long deadline = System.nanoTime() + wait.toNanos();
            for (var transaction : live.all()) {
                if (transaction.coordinator() == coordinator && !transaction.comesToRest(deadline)) {
                    throw cannot(transaction, wait);
                }
            }
            coordinator.forceLog();
            frozen.complete();
        } catch (KtmException | RuntimeException | Error e) {
            end(frozen);
            throw e;
        }
    }

    private static KtmException cannot(CoreTransaction transaction, Duration wait) {
        var awaited = transaction.enlistments().stream()
                .filter(each -> AWAITED.contains(each.state()))
                .map(CoreEnlistment::resourceManagerLabel)
                .collect(Collectors.joining(", "));
        return new KtmException(
                KtmError.RM_CANNOT_BE_FROZEN_FOR_SNAPSHOT,
                "expected the commit of " + transaction.unitOfWork() + " to end within " + wait
                        + ", found it waiting for " + (awaited.isEmpty() ? "its client" : awaited)
                        + ": nothing is frozen; try again");
    }

    /** As {@link ManagerHandle#thaw}. */
    void thaw() throws KtmException {
        var frozen = inForce();
        if (frozen == null || !frozen.complete || !end(frozen)) {
            throw new KtmException(
                    KtmError.TRANSACTIONS_NOT_FROZEN,
                    "expected frozen commits, found none, or that the time until the thaw has passed");
        }
    }

    /** Whoever waits goes on. */
    void abandon() {
        var frozen = current.get();
        if (frozen != null) {
            end(frozen);
        }
    }
}
