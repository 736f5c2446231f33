package dev.ktm.tm;

import org.jspecify.annotations.Nullable;

/**
 * Watches the transactions of a coordinator: for metrics, traces and logs. It changes nothing of what the protocol does.
 *
 * <p>Called on whichever thread comes to it, under no lock of the coordinator, and possibly on several at once. It must not wait: the
 * transaction does. What it throws is logged, once for each observer, and harms nobody. It must not end or change transactions.
 */
public interface TransactionObserver {

    /**
     * A transaction of this life has begun, on this thread; nobody else knows of it yet.
     *
     * @return who is told of it from now on; null if nobody needs to be, which costs nothing afterwards
     */
    @Nullable
    TransactionObservation begun(KtmTransaction transaction);

    /** An observer that is told of transactions which begin, until it is closed. Of those that have begun it is told to their end. */
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}
