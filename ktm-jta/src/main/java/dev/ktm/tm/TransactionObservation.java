package dev.ktm.tm;

import org.jspecify.annotations.Nullable;

/**
 * Watches one transaction; see {@link TransactionObserver} for threads and errors. Every method does nothing unless overridden.
 *
 * <p><b>Order.</b> A phase begins before it ends, and one phase ends before the next begins; what is called for phases sees what was
 * done in the calls before. {@link TransactionPhase#BEFORE_COMMIT} alone may last while the transaction is being rolled back by
 * somebody else. Calls of branches begin within a phase; several may be under way at once, and one that was given up returns at
 * any time or never. {@link #ended} comes once, when the client's commit or rollback has come to its end, before it learns of that; not
 * if the coordinator ends first. Participants that have to be told later are told by recovery, of which nothing is said here.
 */
public interface TransactionObservation {

    /** This thread works in it from now on: it has begun here, or was resumed. */
    default void associated() {}

    /** This thread works in it no longer: it was suspended, or its client has ended it. */
    default void dissociated() {}

    /** A phase begins. */
    default void phaseBegan(TransactionPhase phase) {}

    /**
     * A phase is over.
     *
     * @param nanos how long it has taken
     */
    default void phaseEnded(TransactionPhase phase, long nanos) {}

    /**
     * A participant is about to be called, on this thread.
     *
     * @return who is told of the answer; null if nobody needs to be
     */
    default @Nullable BranchObservation called(BranchCall call) {
        return null;
    }

    /** It has come to its end, as far as its client is concerned. */
    default void ended(TransactionEnd end) {}
}
