package dev.ktm.tm;

import dev.ktm.rm.Outcome;
import java.util.Optional;

/** Whoever stands behind a transaction: called before its commit and after its end. */
public interface TransactionListener {

    /**
     * The client wants to commit. Runs on the thread that does, before any participant is told anything; more participants may
     * enlist. Not called if the transaction is rolled back.
     *
     * @throws RuntimeException if it must not commit: it is rolled back
     */
    void beforeCommit();

    /** It has ended, as far as it can for now. Runs on whichever thread ended it; what it throws is logged. */
    void afterCompletion(Outcome outcome);

    /** The thread that works in it now, if any: if it takes too long, the report says where that thread is. */
    default Optional<Thread> owner() {
        return Optional.empty();
    }
}
