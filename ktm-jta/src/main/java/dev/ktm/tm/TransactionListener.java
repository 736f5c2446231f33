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

    /**
     * The client's commit or rollback has come to its end. Called once, on whichever thread came to it; what it throws is logged.
     *
     * <p>The outcome is final, and every participant that can be reached has acted on it; one that cannot is told later, without
     * another call. {@link Outcome#UNDETERMINED} and {@link Outcome#UNAVAILABLE} mean that nobody here knows what was decided: whoever
     * decides is asked until it answers, or a restart finds it in the log, and this is not called again then either.
     */
    void afterCompletion(Outcome outcome);

    /** The thread that works in it now, if any: if it takes too long, the report says where that thread is. */
    default Optional<Thread> owner() {
        return Optional.empty();
    }
}
