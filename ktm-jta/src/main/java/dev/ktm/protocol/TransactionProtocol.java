package dev.ktm.protocol;

import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The life of one transaction: presumed-abort two-phase commit with KTM's pre-prepare phase, delegation to a single
 * participant, and a superior that may drive it from outside.
 *
 * <p><b>Theory of operation.</b> Nothing here waits, writes or calls anybody. Requests and replies go in as method calls;
 * what is to be done comes out through {@link Effects}. The phases follow one another when nobody {@link
 * Participant#owes} an answer any more:
 *
 * <pre>
 *   ACTIVE -commit-> PRE_PREPARING -> PRE_PREPARED -reserve-> PREPARING -force-> COMMITTED -> FORGOTTEN
 *     |                                                   a single one left: DELEGATED -> COMMITTED
 *     |                       a last one: PREPARED -force-> DELEGATED -force-> COMMITTED
 *     '- before PREPARED anybody may say no: ABORTED -> FORGOTTEN
 * </pre>
 *
 * The three rules that everything hangs on: no participant is told to commit before {@link #decided} was called (I-1);
 * space for the decision is reserved before anybody is told to prepare (I-8); {@link Effects#forget} comes only when every
 * participant has answered (I-5). A call that comes out of order throws and changes nothing (I-7).
 *
 * <p>Not thread-safe: one call at a time, guarded by its owner.
 */
public final class TransactionProtocol {

    /** What of the log is being waited for. */
    private enum Awaited {
        NOTHING,
        RESERVATION,
        DECISION,
        PREPARED_RECORD,
        SUPERIOR_DECISION,
        /** That the last participant decides: nobody has asked it yet. */
        DELEGATION,
        /** What the last participant has decided. */
        LAST_COMMIT,
        LAST_ROLLBACK,
        /** What an operator has decided in place of the last participant. */
        OPERATOR_COMMIT,
        OPERATOR_ROLLBACK,
        /** That an operator has rolled back without knowing what the superior has decided. */
        FORCED_ROLLBACK,
        /** That the superior has rolled back, as an operator knows. */
        RESOLVED_ROLLBACK
    }

    private static final int STATE_BITS = 4;
    private static final int STATES_KEPT = 10;

    private final Effects effects;
    private final Participants participants = new Participants();

    private TransactionState state = TransactionState.ACTIVE;
    /** The states before this one, four bits each, the latest lowest. */
    private long history;

    private Outcome outcome = Outcome.UNDETERMINED;
    private Awaited awaited = Awaited.NOTHING;
    private boolean commitRequested;
    private boolean singlePhaseRejected;
    /** Whether the last participant has gone while it was being written that it decides. */
    private boolean lastHasGone;

    private boolean completed;
    private @Nullable RollbackCause cause;
    private @Nullable Participant culprit;

    /** A new, active transaction. */
    public TransactionProtocol(Effects effects) {
        this.effects = effects;
    }

    /**
     * A transaction from before a restart: {@link TransactionState#COMMITTED} if its decision is in the log, {@link
     * TransactionState#IN_DOUBT} if its superior or its last participant has to say. Its participants wait to be recovered.
     */
    public static TransactionProtocol recovered(
            Effects effects, TransactionState state, List<? extends Participant> participants) {
        if (state != TransactionState.COMMITTED && state != TransactionState.IN_DOUBT) {
            throw new IllegalArgumentException("expected a state that survives a restart, found " + state);
        }
        var recovered = new TransactionProtocol(effects);
        recovered.state = state;
        recovered.outcome = state == TransactionState.COMMITTED ? Outcome.COMMITTED : Outcome.UNDETERMINED;
        // Nobody waits for what was decided in an earlier life; who decides now, does.
        recovered.completed = state == TransactionState.COMMITTED;
        for (var participant : participants) {
            recovered.participants.add(participant);
            switch (participant.role()) {
                case SUPERIOR -> recovered.participants.superior = participant;
                case LAST -> recovered.participants.last = participant;
                case FIRST, ANY -> {}
            }
            participant.become(participant.isSuperior() ? EnlistmentState.IN_DOUBT : EnlistmentState.RECOVERING, false);
        }
        return recovered;
    }

    /** Where it stands. */
    public TransactionState state() {
        return state;
    }

    /** Where it has stood, oldest first, this state last; at most the last 10. */
    public List<TransactionState> history() {
        var all = new ArrayList<TransactionState>();
        all.add(state);
        for (long packed = history; packed != 0 && all.size() < STATES_KEPT; packed >>>= STATE_BITS) {
            all.add(TransactionState.of((int) packed & ((1 << STATE_BITS) - 1)));
        }
        Collections.reverse(all);
        return all;
    }

    private void enter(TransactionState next) {
        if (next != state) {
            history = (history << STATE_BITS) | state.code();
            state = next;
        }
    }

    /** What became of it. */
    public Outcome outcome() {
        return outcome;
    }

    /** Why it was rolled back, if it was. */
    public Optional<RollbackCause> cause() {
        return Optional.ofNullable(cause);
    }

    /** The participant that had it rolled back, if one did. */
    public Optional<Participant> culprit() {
        return Optional.ofNullable(culprit);
    }

    /** All that have enlisted, the superior among them. */
    public List<Participant> participants() {
        return participants.list();
    }

    /** How many they are. */
    public int participantCount() {
        return participants.all().length;
    }

    /** One of them, from 0, in the order in which they are told. */
    public Participant participant(int index) {
        return participants.all()[index];
    }

    /** Whether a participant that cannot prepare has anything to commit: then it has to decide. */
    public boolean hasLast() {
        return participants.isLastIn();
    }

    /** The participant that drives it, if there is one. */
    public Optional<Participant> superior() {
        return Optional.ofNullable(participants.superior);
    }

    /** Whether a participant drives it. */
    public boolean hasSuperior() {
        return participants.superior != null;
    }

    /** Whether its commit has been asked for. */
    public boolean isCommitRequested() {
        return commitRequested;
    }

    // Enlisting.

    /**
     * Takes a participant in.
     *
     * @throws KtmException if it is too late for it, or it wants to decide beside another that does; nothing has changed
     */
    public void enlist(Participant participant) throws KtmException {
        participant.mask().check();
        switch (participant.role()) {
            case SUPERIOR -> enlistSuperior(participant);
            case LAST -> {
                requireNoOtherDecides(participant);
                enlistSubordinate(participant);
                participants.last = participant;
            }
            case FIRST, ANY -> enlistSubordinate(participant);
        }
    }

    private void enlistSuperior(Participant participant) throws KtmException {
        if (participants.superior != null) {
            throw refused(KtmError.TRANSACTION_SUPERIOR_EXISTS, "no superior");
        }
        require(state == TransactionState.ACTIVE && !commitRequested, KtmError.TRANSACTION_NOT_ACTIVE);
        if (participants.last != null) {
            throw refused(KtmError.TRANSACTION_REQUEST_NOT_VALID, "participants that can all prepare for a superior");
        }
        participants.superior = participant;
        participants.add(participant);
    }

    private void requireNoOtherDecides(Participant participant) throws KtmException {
        if (participants.superior != null) {
            throw refused(KtmError.TRANSACTION_SUPERIOR_EXISTS, "no superior beside a participant that cannot prepare");
        }
        if (participants.last != null) {
            throw refused(KtmError.TRANSACTION_REQUEST_NOT_VALID, "at most one participant that cannot prepare");
        }
        if (!participant.gets(Notification.SINGLE_PHASE_COMMIT)) {
            throw new KtmException(
                    KtmError.INVALID_PARAMETER,
                    "expected SINGLE_PHASE_COMMIT in the mask of a participant that cannot prepare, found "
                            + participant.mask().notifications());
        }
    }

    private void enlistSubordinate(Participant participant) throws KtmException {
        switch (state) {
            case ACTIVE -> participants.add(participant);
            case PRE_PREPARING -> {
                participants.add(participant);
                if (participant.gets(Notification.PREPREPARE)) {
                    ask(participant, EnlistmentState.PRE_PREPARING, Notification.PREPREPARE);
                }
            }
            case PRE_PREPARED -> {
                require(!participant.gets(Notification.PREPREPARE), KtmError.TRANSACTION_MUST_WRITETHROUGH);
                participants.add(participant);
            }
            case PREPARING ->
                throw refused(
                        participant.gets(Notification.PREPREPARE)
                                ? KtmError.TRANSACTION_MUST_WRITETHROUGH
                                : KtmError.TRANSACTION_NOT_ACTIVE,
                        "an active transaction");
            case PREPARED, IN_DOUBT, DELEGATED, COMMITTED, ABORTED, FORGOTTEN ->
                throw refused(KtmError.TRANSACTION_NOT_ACTIVE, "an active transaction");
        }
    }

    // What the client asks for.

    /**
     * Begins to commit; {@link Effects#complete} tells the end of it.
     *
     * @throws KtmException if it has begun or ended, or if a superior does that; nothing has changed
     */
    public void commit() throws KtmException {
        requireCommittable();
        commitRequested = true;
        var driver = participants.superior;
        if (driver != null) {
            effects.tell(driver, Notification.COMMIT_REQUEST);
        } else if (!delegate()) {
            prePrepare();
        }
    }

    /** Fails as {@link #commit} would now, and does nothing else. */
    public void requireCommittable() throws KtmException {
        checkUndecided();
        require(state == TransactionState.ACTIVE && !commitRequested, KtmError.TRANSACTION_REQUEST_NOT_VALID);
        var driver = participants.superior;
        require(driver == null || driver.gets(Notification.COMMIT_REQUEST), KtmError.TRANSACTION_SUPERIOR_EXISTS);
    }

    /**
     * Rolls back, for the client.
     *
     * @throws KtmException if the client has asked to commit, or it has ended; nothing has changed
     */
    public void rollback() throws KtmException {
        checkUndecided();
        require(state == TransactionState.ACTIVE && !commitRequested, KtmError.TRANSACTION_REQUEST_NOT_VALID);
        rollbackAll(RollbackCause.CLIENT, null);
    }

    /** Rolls back unless it is prepared, delegated or decided: for timeouts and the like. Returns whether it did. */
    public boolean abort(RollbackCause why) {
        if (!mayStillRollBack()) {
            return false;
        }
        rollbackAll(why, null);
        return true;
    }

    /** Rolls back what is prepared, in place of a superior that does not decide. Returns whether it did. */
    public boolean giveUp() {
        if (!isPreparedUnderSuperior()) {
            return false;
        }
        rollbackAll(RollbackCause.GIVEN_UP, null);
        return true;
    }

    private KtmError rolledBackError() {
        return cause == RollbackCause.GIVEN_UP
                ? KtmError.TRANSACTION_INTEGRITY_VIOLATED
                : KtmError.TRANSACTION_ALREADY_ABORTED;
    }

    private boolean mayStillRollBack() {
        return switch (state) {
            case ACTIVE, PRE_PREPARING, PRE_PREPARED, PREPARING -> true;
            case PREPARED, IN_DOUBT, DELEGATED, COMMITTED, ABORTED, FORGOTTEN -> false;
        };
    }

    private void checkUndecided() throws KtmException {
        switch (outcome) {
            case COMMITTED -> throw refused(KtmError.TRANSACTION_ALREADY_COMMITTED, "an active transaction");
            case ABORTED -> throw refused(rolledBackError(), "an active transaction");
            case UNAVAILABLE -> throw refused(KtmError.RM_DISCONNECTED, "an active transaction");
            case UNDETERMINED -> {}
        }
    }

    // What participants say.

    /**
     * Takes a participant's word.
     *
     * @throws KtmException if it was not asked for or comes too late; nothing has changed
     */
    public void reply(Participant participant, Reply reply) throws KtmException {
        if (participant == participants.superior) {
            superiorSays(reply);
            return;
        }
        // What an operator has decided in its place may be durable.
        require(
                !isDecidedInPlaceOf(participant)
                        && !mayBeDecidedInPlaceOf(participant)
                        && !(participant == participants.last && isDecidedByLast()),
                KtmError.TRANSACTION_REQUEST_NOT_VALID);
        var next = reply.next(participant.state());
        if (next == null) {
            throw new KtmException(
                    reply.refusal(), "expected a state that allows " + reply + ", found " + participant.state());
        }
        switch (reply) {
            case PREPREPARE_COMPLETE, PREPARE_COMPLETE -> {
                participant.become(next, false);
                advance();
            }
            case COMMIT_COMPLETE -> {
                boolean decides = participant.state() == EnlistmentState.DELEGATED;
                boolean mustBeKnown = mustBeKnown(participant);
                participant.become(next, false);
                if (mustBeKnown) {
                    awaited = Awaited.LAST_COMMIT;
                    effects.forceDecision();
                } else if (decides) {
                    commitAll();
                } else {
                    endIfAllAnswered();
                }
            }
            case ROLLBACK_COMPLETE -> {
                participant.become(next, false);
                endIfAllAnswered();
            }
            case READ_ONLY -> {
                // What others have prepared waits for a decision that somebody remembers.
                require(!participants.decidesForOthers(participant), KtmError.TRANSACTION_REQUEST_NOT_VALID);
                boolean decides = participant.state() == EnlistmentState.DELEGATED;
                participant.become(next, false);
                if (decides) {
                    commitAll();
                } else {
                    advance();
                }
            }
            case SINGLE_PHASE_REJECT -> {
                require(participant != participants.last, KtmError.TRANSACTION_REQUEST_NOT_VALID);
                participant.become(next, false);
                singlePhaseRejected = true;
                prePrepare();
            }
            case ROLLBACK -> {
                require(
                        mayStillRollBack() || participant.state() == EnlistmentState.DELEGATED,
                        KtmError.TRANSACTION_REQUEST_NOT_VALID);
                if (mustBeKnown(participant)) {
                    awaited = Awaited.LAST_ROLLBACK;
                    effects.forceForgotten();
                } else {
                    rollbackAll(RollbackCause.PARTICIPANT, participant);
                }
            }
            case RECOVER -> tellOutcome(participant);
            case REQUEST_OUTCOME -> requestOutcome(participant);
        }
    }

    /**
     * Whether what the last participant says has to be in the log before others are told. It knows it as well, but once others have done
     * as it said nobody may decide otherwise: not an operator either, should it be gone for good after a crash.
     */
    private boolean mustBeKnown(Participant participant) {
        return participants.decidesForOthers(participant) && participants.needLog();
    }

    private void superiorSays(Reply reply) throws KtmException {
        var driver = Objects.requireNonNull(participants.superior);
        switch (reply) {
            case ROLLBACK -> rollbackBySuperior();
            case ROLLBACK_COMPLETE -> {
                require(driver.state() == EnlistmentState.ABORTING, KtmError.TRANSACTION_NOT_REQUESTED);
                driver.become(EnlistmentState.ABORTED, false);
                endIfAllAnswered();
            }
            case PREPREPARE_COMPLETE, PREPARE_COMPLETE, COMMIT_COMPLETE, READ_ONLY, SINGLE_PHASE_REJECT ->
                throw refused(KtmError.TRANSACTION_NOT_REQUESTED, "a reply of a subordinate");
            case RECOVER, REQUEST_OUTCOME ->
                throw refused(KtmError.TRANSACTION_REQUEST_NOT_VALID, "a question of a subordinate");
        }
    }

    /** Whether nobody else has anything to commit. */
    public boolean isAlone(Participant participant) {
        return participants.isAlone(participant);
    }

    /**
     * A participant that was told the outcome cannot act on it now, and will later; or the last one does not know what it has
     * decided, and will find out: the client need not wait for it.
     */
    public void postponed(Participant participant) {
        if (participant == participants.last && isDecidedByLast()) {
            return;
        }
        if (participants.decidesForOthers(participant)) {
            participant.excuse();
            complete();
        } else if (participant.state() == EnlistmentState.COMMITTED_NOTIFY
                || participant.state() == EnlistmentState.ABORTING) {
            participant.excuse();
            endIfAllAnswered();
        }
    }

    /** A participant has gone without a word; what is prepared stays. */
    public void closed(Participant participant) {
        if (isDecidedInPlaceOf(participant) || leavesAfterItsWord(participant)) {
            return;
        }
        if (participants.decidesForOthers(participant)) {
            postponed(participant);
        } else if (participant.state() == EnlistmentState.DELEGATED) {
            participant.become(EnlistmentState.OUTCOME_UNAVAILABLE, false);
            outcome = Outcome.UNAVAILABLE;
            enter(TransactionState.FORGOTTEN);
            for (var other : participants.all()) {
                if (other != participant && other.gets(Notification.RM_DISCONNECTED)) {
                    effects.tell(other, Notification.RM_DISCONNECTED);
                }
            }
            complete();
            effects.forget();
        } else if (participant == participants.superior && isPreparedUnderSuperior()) {
            participant.become(EnlistmentState.IN_DOUBT, false);
            enter(TransactionState.IN_DOUBT);
        } else if (mayStillRollBack() && isAtWork(participant)) {
            rollbackAll(RollbackCause.CLOSED, participant);
            postponed(participant);
        } else {
            lastHasGone |= participant == participants.last && awaited == Awaited.DELEGATION;
            postponed(participant);
        }
    }

    /** The last participant goes while its word is being written: it has done as it said. */
    private boolean leavesAfterItsWord(Participant participant) {
        boolean leaves = participant == participants.last && isDecidedByLast();
        if (leaves && awaited == Awaited.LAST_ROLLBACK) {
            participant.become(EnlistmentState.ABORTED, false);
        }
        return leaves;
    }

    /**
     * A participant's resource manager is closed. What it was told, or has voted, stands, and is told again when it recovers;
     * but for rollback, which whoever recovers presumes, and unless nobody can recover it.
     */
    public void gone(Participant participant) {
        if (leavesAfterItsWord(participant)) {
            return;
        }
        if (participant == participants.superior) {
            if (participant.state() == EnlistmentState.ABORTING) {
                finishAs(participant, EnlistmentState.ABORTED);
            } else {
                closed(participant);
            }
            return;
        }
        if (participant.state() == EnlistmentState.ABORTING) {
            finishAs(participant, EnlistmentState.ABORTED);
        } else if (!participant.isDurable()) {
            switch (participant.state()) {
                case COMMITTED_NOTIFY -> finishAs(participant, EnlistmentState.COMMITTED);
                case PREPARED, IN_DOUBT, RECOVERING -> finishAs(participant, EnlistmentState.READ_ONLY);
                case ACTIVE,
                        PRE_PREPARING,
                        PRE_PREPARED,
                        PREPARING,
                        DELEGATED,
                        COMMITTED,
                        ABORTING,
                        ABORTED,
                        READ_ONLY,
                        OUTCOME_UNAVAILABLE -> disconnected(participant);
            }
        } else {
            disconnected(participant);
        }
    }

    private void finishAs(Participant participant, EnlistmentState end) {
        participant.become(end, false);
        endIfAllAnswered();
    }

    /**
     * A participant could not be told, or has failed when it was, and will recover: what it was told, or has voted, stands, and
     * is told again then.
     */
    public void disconnected(Participant participant) {
        if (leavesAfterItsWord(participant)) {
            return;
        }
        if (participant == participants.superior && participant.state() != EnlistmentState.ABORTING) {
            closed(participant);
            return;
        }
        if (participants.decidesForOthers(participant) || isDecidedInPlaceOf(participant)) {
            participant.become(EnlistmentState.RECOVERING, false);
            complete();
            return;
        }
        switch (participant.state()) {
            case PREPARED, IN_DOUBT, COMMITTED_NOTIFY, ABORTING -> {
                participant.become(EnlistmentState.RECOVERING, false);
                endIfAllAnswered();
            }
            case ACTIVE, PRE_PREPARING, PRE_PREPARED, PREPARING, DELEGATED -> closed(participant);
            case COMMITTED, ABORTED, READ_ONLY, RECOVERING, OUTCOME_UNAVAILABLE -> {}
        }
    }

    /**
     * An operator decides in place of the last participant, which is gone for good: nobody can know what it has decided.
     *
     * @throws KtmException if it may still answer, or does not decide; nothing has changed
     */
    public void decideInPlaceOfLast(boolean commit) throws KtmException {
        requireUndecidedLast();
        if (commit) {
            awaited = Awaited.OPERATOR_COMMIT;
            effects.forceDecision();
        } else {
            awaited = Awaited.OPERATOR_ROLLBACK;
            effects.forceRollback();
        }
    }

    /** Fails unless {@link #decideInPlaceOfLast} can be said; returns the participant that it is about. */
    public Participant requireUndecidedLast() throws KtmException {
        checkUndecided();
        var decider = participants.last;
        if (decider == null || !isWaitingForLast()) {
            throw refused(
                    KtmError.TRANSACTION_REQUEST_NOT_VALID,
                    "a last participant that decides for others and could not say what it has decided");
        }
        return decider;
    }

    /** Whether {@link #decideInPlaceOfLast} can be said. */
    public boolean isWaitingForLast() {
        var decider = participants.last;
        return outcome == Outcome.UNDETERMINED
                && decider != null
                && !isDecidedInPlaceOfLast()
                && !isDecidedByLast()
                && isMissing(decider);
    }

    /** Whether the last participant was asked to decide, or is to be asked what it has decided, and nobody waits for it. */
    private boolean isMissing(Participant decider) {
        return decider.state() == EnlistmentState.RECOVERING
                || (participants.decidesForOthers(decider) && !decider.owes());
    }

    /** Whether an operator has decided in place of the last participant, and that is being written. */
    public boolean isDecidedInPlaceOfLast() {
        return awaited == Awaited.OPERATOR_COMMIT || awaited == Awaited.OPERATOR_ROLLBACK;
    }

    /** Whether the last participant has said what it has decided, and that is being written. */
    public boolean isDecidedByLast() {
        return awaited == Awaited.LAST_COMMIT || awaited == Awaited.LAST_ROLLBACK;
    }

    private boolean isDecidedInPlaceOf(Participant participant) {
        return participant == participants.last && isDecidedInPlaceOfLast();
    }

    /** Whether only a restart can tell what an operator has decided in its place, if anything. */
    private boolean mayBeDecidedInPlaceOf(Participant participant) {
        return outcome == Outcome.UNAVAILABLE && participant.state() == EnlistmentState.DELEGATED;
    }

    /** Whether all have voted yes, and who decides cannot be reached, or could not be asked if it had forgotten. */
    public boolean isInDoubt() {
        var driver = participants.superior;
        return driver != null
                && isPreparedUnderSuperior()
                && (state == TransactionState.IN_DOUBT || !driver.gets(Notification.REQUEST_OUTCOME));
    }

    /** Fails unless {@link #isInDoubt}; returns the superior. */
    public Participant requireInDoubt() throws KtmException {
        checkUndecided();
        var driver = participants.superior;
        if (driver == null || !isInDoubt()) {
            throw refused(
                    KtmError.TRANSACTION_REQUEST_NOT_VALID,
                    "a transaction in doubt, which is prepared and whose superior cannot be reached");
        }
        return driver;
    }

    /**
     * An operator says what the superior has decided, which cannot be reached. Also a rollback is written: unlike the superior, he is
     * not asked again after a restart, when some may have rolled back.
     *
     * @throws KtmException if it is not in doubt; nothing has changed
     */
    public void resolve(boolean commit) throws KtmException {
        var driver = requireInDoubt();
        if (!participants.needLog()) {
            if (commit) {
                commitAll();
            } else {
                rollbackAll(RollbackCause.SUPERIOR, driver);
            }
        } else if (commit) {
            forceCommit();
        } else {
            awaited = Awaited.RESOLVED_ROLLBACK;
            effects.forceRollback();
        }
    }

    /**
     * An operator decides without knowing what the superior has decided: that is always written.
     *
     * @throws KtmException if it is not in doubt; nothing has changed
     */
    public void decideInPlaceOfSuperior(boolean commit) throws KtmException {
        requireInDoubt();
        if (commit) {
            forceCommit();
        } else {
            awaited = Awaited.FORCED_ROLLBACK;
            effects.forceRollback();
        }
    }

    private void forceCommit() {
        awaited = Awaited.SUPERIOR_DECISION;
        effects.forceSuperiorDecision();
    }

    /** Whether what an operator has said in place of the superior is being written. */
    public boolean isDecidedInPlaceOfSuperior() {
        return awaited == Awaited.SUPERIOR_DECISION
                || awaited == Awaited.FORCED_ROLLBACK
                || awaited == Awaited.RESOLVED_ROLLBACK;
    }

    /** Fails unless {@link #abort} would roll it back. */
    public void requireAbortable() throws KtmException {
        checkUndecided();
        if (!mayStillRollBack()) {
            throw refused(KtmError.TRANSACTION_REQUEST_NOT_VALID, "a transaction that nobody has prepared");
        }
    }

    /** An operator says that a participant which was told the outcome has acted on it, or never will. */
    public void finish(Participant participant) throws KtmException {
        requireFinishable(participant);
        participant.become(outcome == Outcome.COMMITTED ? EnlistmentState.COMMITTED : EnlistmentState.ABORTED, false);
        endIfAllAnswered();
    }

    /** Fails unless {@link #finish} can be said of this participant. */
    public void requireFinishable(Participant participant) throws KtmException {
        switch (participant.state()) {
            case COMMITTED_NOTIFY, RECOVERING, IN_DOUBT ->
                require(outcome != Outcome.UNDETERMINED, KtmError.TRANSACTION_REQUEST_NOT_VALID);
            case ABORTING -> {}
            case ACTIVE,
                    PRE_PREPARING,
                    PRE_PREPARED,
                    PREPARING,
                    PREPARED,
                    DELEGATED,
                    COMMITTED,
                    ABORTED,
                    READ_ONLY,
                    OUTCOME_UNAVAILABLE ->
                throw refused(KtmError.TRANSACTION_REQUEST_NOT_VALID, "a participant that was told the outcome");
        }
    }

    private static boolean isAtWork(Participant participant) {
        return switch (participant.state()) {
            case ACTIVE, PRE_PREPARING, PRE_PREPARED, PREPARING -> true;
            case PREPARED,
                    IN_DOUBT,
                    DELEGATED,
                    COMMITTED_NOTIFY,
                    COMMITTED,
                    ABORTING,
                    ABORTED,
                    READ_ONLY,
                    RECOVERING,
                    OUTCOME_UNAVAILABLE -> false;
        };
    }

    private void requestOutcome(Participant participant) {
        var driver = participants.superior;
        if (driver != null) {
            if (driver.gets(Notification.REQUEST_OUTCOME)) {
                effects.tell(driver, Notification.REQUEST_OUTCOME);
            }
        } else if (state == TransactionState.PREPARING) {
            // Somebody has not voted yet, and this one cannot wait.
            rollbackAll(RollbackCause.PARTICIPANT, participant);
        }
    }

    /** Tells a recovered participant what became of its transaction. */
    private void tellOutcome(Participant participant) {
        switch (outcome) {
            case COMMITTED -> ask(participant, EnlistmentState.COMMITTED_NOTIFY, Notification.COMMIT);
            case ABORTED -> ask(participant, EnlistmentState.ABORTING, Notification.ROLLBACK);
            case UNDETERMINED, UNAVAILABLE -> {
                // The last one finds out for everybody what it has decided.
                participant.become(
                        participant == participants.last ? EnlistmentState.DELEGATED : EnlistmentState.IN_DOUBT, false);
                effects.tell(participant, Notification.INDOUBT);
            }
        }
    }

    // What the superior orders.

    /** Begins the pre-prepare phase, for the superior. */
    public void prePrepareBySuperior() throws KtmException {
        requireSuperiorThatGets(Notification.PREPREPARE_COMPLETE);
        requireOrder(state == TransactionState.ACTIVE);
        prePrepare();
    }

    /** Begins the prepare phase, for the superior; a pre-prepare phase that was left out stays out. */
    public void prepareBySuperior() throws KtmException {
        requireSuperiorThatGets(Notification.PREPARE_COMPLETE);
        requireOrder(state == TransactionState.PRE_PREPARED || state == TransactionState.ACTIVE);
        prepare();
    }

    /** Commits, for the superior. */
    public void commitBySuperior() throws KtmException {
        requireSuperiorThatGets(Notification.COMMIT_COMPLETE);
        require(outcome != Outcome.COMMITTED && awaited != Awaited.SUPERIOR_DECISION, KtmError.TRANSACTION_NOT_ACTIVE);
        require(outcome != Outcome.ABORTED, rolledBackError());
        requireOrder(isPreparedUnderSuperior());
        if (participants.needLog()) {
            awaited = Awaited.SUPERIOR_DECISION;
            effects.forceSuperiorDecision();
        } else {
            commitAll();
        }
    }

    /**
     * The superior leaves the decision to the client, before any phase has begun.
     *
     * @throws KtmException if it has begun, or there is no superior; nothing has changed
     */
    public void leaveToClient() throws KtmException {
        var driver = participants.superior;
        if (driver == null) {
            throw refused(KtmError.TRANSACTION_NO_SUPERIOR, "a superior");
        }
        requireOrder(state == TransactionState.ACTIVE && !commitRequested);
        driver.become(EnlistmentState.READ_ONLY, false);
        participants.superior = null;
    }

    private void rollbackBySuperior() throws KtmException {
        checkUndecided();
        requireOrder(awaited != Awaited.SUPERIOR_DECISION);
        rollbackAll(RollbackCause.SUPERIOR, participants.superior);
    }

    private boolean isPreparedUnderSuperior() {
        return participants.superior != null
                && outcome == Outcome.UNDETERMINED
                && awaited == Awaited.NOTHING
                && (state == TransactionState.PREPARED || state == TransactionState.IN_DOUBT);
    }

    private void requireSuperiorThatGets(Notification notification) throws KtmException {
        var driver = participants.superior;
        if (driver == null) {
            throw refused(KtmError.TRANSACTION_NO_SUPERIOR, "a superior");
        }
        require(driver.gets(notification), KtmError.TRANSACTION_RESPONSE_NOT_ENLISTED);
    }

    private void requireOrder(boolean holds) throws KtmException {
        if (!holds && outcome == Outcome.ABORTED) {
            throw refused(rolledBackError(), "a transaction that is not decided");
        }
        require(holds, KtmError.TRANSACTION_REQUEST_NOT_VALID);
    }

    // The phases.

    /** Has the only participant decide, if there is only one and it can. Returns whether it does. */
    private boolean delegate() {
        var only = participants.only();
        if (only == null || singlePhaseRejected || !only.gets(Notification.SINGLE_PHASE_COMMIT)) {
            return false;
        }
        enter(TransactionState.DELEGATED);
        ask(only, EnlistmentState.DELEGATED, Notification.SINGLE_PHASE_COMMIT);
        return true;
    }

    private void prePrepare() {
        enter(TransactionState.PRE_PREPARING);
        for (var participant : participants.all()) {
            if (participants.isSubordinateIn(participant) && participant.gets(Notification.PREPREPARE)) {
                ask(participant, EnlistmentState.PRE_PREPARING, Notification.PREPREPARE);
            }
        }
        advance();
    }

    /** Goes on to the next phase if nobody owes an answer in this one. */
    private void advance() {
        if (awaited != Awaited.NOTHING || participants.oweAnswers()) {
            return;
        }
        if (state == TransactionState.PRE_PREPARING) {
            enter(TransactionState.PRE_PREPARED);
            var driver = participants.superior;
            if (driver != null) {
                effects.tell(driver, Notification.PREPREPARE_COMPLETE);
            } else if (!delegate()) {
                prepare();
            }
        } else if (state == TransactionState.PREPARING) {
            allPrepared();
        }
    }

    private void prepare() {
        enter(TransactionState.PREPARING);
        if (participants.needLog()) {
            awaited = Awaited.RESERVATION;
            effects.reserve();
        } else {
            askAllToPrepare();
        }
    }

    /** The space for the decision is set aside. */
    public void reserved() {
        if (awaited == Awaited.RESERVATION) {
            awaited = Awaited.NOTHING;
            askAllToPrepare();
        }
    }

    /** There is no space for the decision. */
    public void reservationFailed() {
        if (awaited == Awaited.RESERVATION) {
            rollbackAll(RollbackCause.LOG, null);
        }
    }

    private void askAllToPrepare() {
        for (var participant : participants.all()) {
            if (participant != participants.last
                    && participants.isSubordinateIn(participant)
                    && participant.gets(Notification.PREPARE)) {
                ask(participant, EnlistmentState.PREPARING, Notification.PREPARE);
            }
        }
        advance();
    }

    private void allPrepared() {
        boolean log = participants.needLog();
        if (participants.superior != null) {
            if (log) {
                awaited = Awaited.PREPARED_RECORD;
                effects.forcePrepared();
            } else {
                preparedUnderSuperior();
            }
        } else if (participants.isLastIn()) {
            delegateToLast(log);
        } else if (log) {
            enter(TransactionState.PREPARED);
            awaited = Awaited.DECISION;
            effects.forceDecision();
        } else {
            commitAll();
        }
    }

    /** Has the last participant decide: for itself, if nobody else is left; for all, once it is known for ever that it does. */
    private void delegateToLast(boolean log) {
        if (delegate()) {
            return;
        }
        if (log) {
            enter(TransactionState.PREPARED);
            awaited = Awaited.DELEGATION;
            effects.forceDelegation();
        } else {
            askLast();
        }
    }

    private void askLast() {
        enter(TransactionState.DELEGATED);
        ask(Objects.requireNonNull(participants.last), EnlistmentState.DELEGATED, Notification.SINGLE_PHASE_COMMIT);
    }

    private void preparedUnderSuperior() {
        enter(TransactionState.PREPARED);
        effects.tell(Objects.requireNonNull(participants.superior), Notification.PREPARE_COMPLETE);
    }

    /** What was to be forced is durable. */
    public void decided() {
        var what = awaited;
        awaited = Awaited.NOTHING;
        switch (what) {
            case DECISION, SUPERIOR_DECISION -> commitAll();
            case PREPARED_RECORD -> preparedUnderSuperior();
            case DELEGATION -> {
                if (lastHasGone) {
                    var last = Objects.requireNonNull(participants.last);
                    rollbackAll(RollbackCause.CLOSED, last);
                    postponed(last);
                } else {
                    askLast();
                }
            }
            case LAST_COMMIT -> commitAll();
            case LAST_ROLLBACK -> rollbackAll(RollbackCause.PARTICIPANT, participants.last);
            case OPERATOR_COMMIT -> {
                Objects.requireNonNull(participants.last).become(EnlistmentState.COMMITTED, false);
                commitAll();
            }
            case OPERATOR_ROLLBACK -> {
                Objects.requireNonNull(participants.last).become(EnlistmentState.ABORTED, false);
                rollbackAll(RollbackCause.OPERATOR, null);
            }
            case FORCED_ROLLBACK -> rollbackAll(RollbackCause.OPERATOR, null);
            case RESOLVED_ROLLBACK -> rollbackAll(RollbackCause.SUPERIOR, participants.superior);
            case NOTHING, RESERVATION -> awaited = what;
        }
    }

    /**
     * What was to be forced could not be.
     *
     * @param mayBeDurable whether a restart may find it all the same
     */
    public void decisionFailed(boolean mayBeDurable) {
        switch (awaited) {
            case DECISION -> {
                if (mayBeDurable) {
                    unavailable();
                } else {
                    rollbackAll(RollbackCause.LOG, null);
                }
            }
            // Who decides has not been told: it cannot have decided to commit.
            case PREPARED_RECORD -> rollbackAll(RollbackCause.LOG, null);
            case DELEGATION -> {
                if (mayBeDurable) {
                    // After a restart an operator may commit in the place of one that is gone for good: nobody else may
                    // have rolled back by then.
                    askLastToRollBack();
                    unavailable();
                } else {
                    rollbackAll(RollbackCause.LOG, null);
                }
            }
            // It counts all the same: whoever asks after a restart is told so by itself.
            case LAST_COMMIT -> {
                awaited = Awaited.NOTHING;
                commitAll();
            }
            case LAST_ROLLBACK -> rollbackAll(RollbackCause.PARTICIPANT, participants.last);
            // The superior tells its decision again: now, or, if only a restart knows, after that.
            case SUPERIOR_DECISION -> {
                if (mayBeDurable) {
                    unavailable();
                } else {
                    awaited = Awaited.NOTHING;
                    enter(TransactionState.IN_DOUBT);
                }
            }
            // The last one, or the superior, may still say what it has decided, or the operator say it again.
            case OPERATOR_COMMIT, OPERATOR_ROLLBACK, FORCED_ROLLBACK, RESOLVED_ROLLBACK -> {
                if (mayBeDurable) {
                    unavailable();
                } else {
                    awaited = Awaited.NOTHING;
                }
            }
            case NOTHING, RESERVATION -> {}
        }
    }

    /** It cannot prepare, so nothing of it would be there after a restart; until then it would keep its locks. */
    private void askLastToRollBack() {
        var last = participants.last;
        if (last != null) {
            ask(last, EnlistmentState.ABORTING, Notification.ROLLBACK);
            if (lastHasGone) {
                last.excuse();
            }
        }
    }

    /** Only a restart can tell what is in the log: everybody stays prepared. */
    private void unavailable() {
        awaited = Awaited.NOTHING;
        enter(TransactionState.IN_DOUBT);
        outcome = Outcome.UNAVAILABLE;
        if (!participants.oweAnswers()) {
            complete();
        }
    }

    private void commitAll() {
        enter(TransactionState.COMMITTED);
        outcome = Outcome.COMMITTED;
        for (var participant : participants.all()) {
            if (participants.isSubordinateIn(participant)
                    && participant.state() != EnlistmentState.RECOVERING
                    && participant.state() != EnlistmentState.COMMITTED) {
                if (participant.gets(Notification.COMMIT)) {
                    ask(participant, EnlistmentState.COMMITTED_NOTIFY, Notification.COMMIT);
                } else {
                    participant.become(EnlistmentState.COMMITTED, false);
                }
            }
        }
        endIfAllAnswered();
    }

    private void rollbackAll(RollbackCause why, @Nullable Participant who) {
        enter(TransactionState.ABORTED);
        outcome = Outcome.ABORTED;
        awaited = Awaited.NOTHING;
        cause = why;
        culprit = who;
        for (var participant : participants.all()) {
            boolean ordered = participant == participants.superior && why == RollbackCause.SUPERIOR;
            if (ordered) {
                participant.become(EnlistmentState.ABORTED, false);
            } else if (participant.state() != EnlistmentState.READ_ONLY
                    && participant.state() != EnlistmentState.ABORTED
                    && participant.state() != EnlistmentState.RECOVERING) {
                ask(participant, EnlistmentState.ABORTING, Notification.ROLLBACK);
            }
        }
        endIfAllAnswered();
    }

    private void endIfAllAnswered() {
        if (outcome == Outcome.UNDETERMINED || state == TransactionState.FORGOTTEN || participants.oweAnswers()) {
            return;
        }
        complete();
        if (participants.areFinished()) {
            enter(TransactionState.FORGOTTEN);
            var driver = participants.superior;
            if (driver != null) {
                tellSuperiorOfTheEnd(driver);
            }
            effects.forget();
        }
    }

    private void tellSuperiorOfTheEnd(Participant driver) {
        boolean commit = outcome == Outcome.COMMITTED;
        driver.become(commit ? EnlistmentState.COMMITTED : EnlistmentState.ABORTED, false);
        var end = commit ? Notification.COMMIT_COMPLETE : Notification.ROLLBACK_COMPLETE;
        if ((commit || cause == RollbackCause.SUPERIOR) && driver.gets(end)) {
            effects.tell(driver, end);
        }
    }

    private void complete() {
        if (!completed) {
            completed = true;
            effects.complete(outcome);
        }
    }

    /** Whether no subordinate has anything to commit. */
    public boolean isReadOnly() {
        return participants.areReadOnly();
    }

    private void ask(Participant participant, EnlistmentState next, Notification notification) {
        participant.become(next, true);
        effects.tell(participant, notification);
    }

    private void require(boolean holds, KtmError error) throws KtmException {
        if (!holds) {
            throw refused(error, "a state that allows it");
        }
    }

    private KtmException refused(KtmError error, String expected) {
        return new KtmException(
                error,
                "expected " + expected + ", found a transaction that is " + state + ", its outcome " + outcome
                        + (participants.superior == null ? "" : ", with a superior"));
    }
}
