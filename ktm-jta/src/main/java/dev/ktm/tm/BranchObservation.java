package dev.ktm.tm;

/** Watches one call of a participant; see {@link TransactionObserver} for threads and errors. */
public interface BranchObservation {

    /** The call has an answer, or was given up: once, on whichever thread learns of it. */
    default void answered(BranchAnswer answer) {}

    /** The call has come back, on the thread that made it; after its answer, but for a call that was given up: late, or never. */
    default void returned() {}
}
