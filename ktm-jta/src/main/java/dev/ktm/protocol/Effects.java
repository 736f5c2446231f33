package dev.ktm.protocol;

import dev.ktm.rm.Notification;
import dev.ktm.rm.Outcome;

/**
 * What the protocol wants to be done. Calls come in the order in which the things must happen; whoever carries them out
 * does that after the call that caused them has returned, in the same order, and never calls the protocol from within.
 */
public interface Effects {

    /** Tell a participant. */
    void tell(Participant participant, Notification notification);

    /** Set space aside for the decision; then {@link TransactionProtocol#reserved} or {@code reservationFailed}. */
    void reserve();

    /** Write the decision and force it; then {@link TransactionProtocol#decided} or {@code decisionFailed}. */
    void forceDecision();

    /** Write that all is prepared for the superior, and force it; then as {@link #forceDecision}. */
    void forcePrepared();

    /** Write the superior's decision to commit and force it; then as {@link #forceDecision}. */
    void forceSuperiorDecision();

    /** Write that all are prepared for the last participant, which decides, and force it; then as {@link #forceDecision}. */
    void forceDelegation();

    /** Write that it is rolled back although somebody else was to decide, and force it; then as {@link #forceDecision}. */
    void forceRollback();

    /** Write that it is forgotten, which presumes that it is rolled back, and force that; then as {@link #forceDecision}. */
    void forceForgotten();

    /** Tell the client: everything that can be done now is done. Called once. */
    void complete(Outcome outcome);

    /** All have answered: the end may be written, and need not be forced. Called once, after {@link #complete}. */
    void forget();
}
