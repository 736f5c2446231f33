package dev.ktm.tm;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All transactions that have not been forgotten, in lists that share no lock and need no memory of their own. */
final class LiveTransactions {

    private static final int STRIPES = 64;

    /** A doubly linked list; the links are in the transactions. */
    private static final class Stripe {
        final ReentrantLock lock = new ReentrantLock();

        @Nullable
        CoreTransaction first;
    }

    private final Stripe[] stripes = new Stripe[STRIPES];

    LiveTransactions() {
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new Stripe();
        }
    }

    void add(CoreTransaction transaction) {
        int index = (int) Thread.currentThread().getId() & (STRIPES - 1);
        var stripe = stripes[index];
        transaction.liveStripe = (byte) index;
        stripe.lock.lock();
        try {
            var first = stripe.first;
            transaction.liveNext = first;
            if (first != null) {
                first.livePrevious = transaction;
            }
            stripe.first = transaction;
        } finally {
            stripe.lock.unlock();
        }
    }

    void remove(CoreTransaction transaction) {
        var stripe = stripes[transaction.liveStripe];
        stripe.lock.lock();
        try {
            var previous = transaction.livePrevious;
            var next = transaction.liveNext;
            if (previous != null) {
                previous.liveNext = next;
            } else if (stripe.first == transaction) {
                stripe.first = next;
            } else {
                return;
            }
            if (next != null) {
                next.livePrevious = previous;
            }
            transaction.livePrevious = null;
            transaction.liveNext = null;
        } finally {
            stripe.lock.unlock();
        }
    }

    /** Calls for each, under the lock of its stripe: must not wait, add or remove. */
    void forEach(Consumer<CoreTransaction> action) {
        for (var stripe : stripes) {
            stripe.lock.lock();
            try {
                for (var each = stripe.first; each != null; each = each.liveNext) {
                    action.accept(each);
                }
            } finally {
                stripe.lock.unlock();
            }
        }
    }

    List<CoreTransaction> all() {
        var all = new ArrayList<CoreTransaction>();
        forEach(all::add);
        return all;
    }
}
