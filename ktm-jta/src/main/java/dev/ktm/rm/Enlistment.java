package dev.ktm.rm;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A handle of an enlistment: how a resource manager answers, and how a superior drives. Closing the last handle while the
 * enlistment is at work rolls the transaction back; whoever is only no longer interested says {@link #readOnly} first.
 *
 * <p>Every call checks, in this order: that the handle is open, that it has the right, that the state allows it. A call that
 * is refused has changed nothing. Safe for many threads. Follows KTM; the error of each refusal is in {@link
 * KtmException#error}.
 */
public interface Enlistment extends AutoCloseable {

    /** Its id. */
    UUID id() throws KtmException;

    /** The id of its transaction. */
    UUID unitOfWork() throws KtmException;

    /** The identity of its transaction. */
    TransactionId transaction() throws KtmException;

    /** The id of its resource manager. */
    UUID resourceManager() throws KtmException;

    /** Where it stands. */
    EnlistmentState state() throws KtmException;

    /** Where it has stood, oldest first; at most the last 20. */
    List<EnlistmentState> history() throws KtmException;

    /** The latest recovery information; empty until some is set. */
    byte[] recoveryInformation() throws KtmException;

    /** Sets what the resource manager wants to get back after a restart. Durable by the end of the next commit operation. */
    void setRecoveryInformation(byte[] information) throws KtmException;

    /** As {@link #setRecoveryInformation(byte[])}, with what many enlistments share. */
    void setRecoveryInformation(RecoveryInformation information) throws KtmException;

    // What a subordinate answers.

    /** Its caches are flushed. */
    void prePrepareComplete() throws KtmException;

    /** It votes yes: what it needs to commit and to roll back is durable, or lies in the coordinator's log. */
    void prepareComplete() throws KtmException;

    /** It has committed. */
    void commitComplete() throws KtmException;

    /** It has rolled back. */
    void rollbackComplete() throws KtmException;

    /** It has nothing to commit, and is told nothing more. */
    void readOnly() throws KtmException;

    /** It cannot decide alone. */
    void singlePhaseReject() throws KtmException;

    /** Rolls the transaction back; for the superior, too. */
    void rollback() throws KtmException;

    /** As {@link #rollback()}, and says why: whoever asks is told. */
    void rollback(Throwable why) throws KtmException;

    /** Whether nobody else in its transaction has anything to commit, so that it decides for itself only. */
    boolean isAlone() throws KtmException;

    /**
     * It cannot act on the outcome that it was told now, and will later; or it was to decide for others, and does not know
     * what it has decided: the client need not wait for it. It still has to answer.
     */
    void postpone() throws KtmException;

    /**
     * It has acted on its own, against what it was told or nobody knows how. Durable when this returns, until it is forgotten;
     * the client is told. The answer is still due.
     *
     * @param decision what it did
     * @param code the code with which it said so
     * @param branch what it calls its part of the transaction
     * @param note what else is known, for people
     */
    void reportHeuristic(HeuristicDecision decision, int code, String branch, String note) throws KtmException;

    /** It is prepared, can wait no longer and asks for the outcome. No promise that there is one. */
    void requestOutcome() throws KtmException;

    /**
     * It has found its data again: the outcome follows as a notification with this key.
     *
     * @param key what comes with every later notification
     */
    void recover(@Nullable Object key) throws KtmException;

    // What a superior orders.

    /** Begins the pre-prepare phase. */
    void prePrepare() throws KtmException;

    /** Begins the prepare phase. */
    void prepare() throws KtmException;

    /** Orders to commit. */
    void commit() throws KtmException;

    /**
     * Leaves the decision to the client, before any phase has begun: the transaction is one without a superior from then on.
     */
    void leaveToClient() throws KtmException;

    /** Takes a clock value of another transaction manager over, if it is greater than ours. */
    void adoptClock(long clock) throws KtmException;

    /** Closes the handle; see the type's comment for what that means. Closing it again does nothing. */
    @Override
    void close();
}
