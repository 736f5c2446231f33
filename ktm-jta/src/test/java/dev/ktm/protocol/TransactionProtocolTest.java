package dev.ktm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionState;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionProtocolTest {

    private static final NotificationMask TWO_PHASES =
            NotificationMask.of(Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK);
    private static final NotificationMask LAST = NotificationMask.of(
            Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK, Notification.SINGLE_PHASE_COMMIT);

    private Script script = new Script();
    private TransactionProtocol protocol = script.protocol;

    private void reset() {
        script = new Script();
        protocol = script.protocol;
    }

    private static KtmError refusal(ThrowingCallable request) {
        return catchThrowableOfType(KtmException.class, request).error();
    }

    @Test
    void twoParticipantsGoThroughAllPhasesAndTheDecisionIsForcedBetweenThem() throws Exception {
        var a = script.enlist("a", Script.SINGLE_PHASE);
        var b = script.enlist("b", Script.ALL_PHASES);

        protocol.commit();
        assertThat(script.taken()).containsExactly("a PREPREPARE", "b PREPREPARE");
        script.reply(a, Reply.PREPREPARE_COMPLETE);
        assertThat(script.taken()).isEmpty();
        script.reply(b, Reply.PREPREPARE_COMPLETE);
        assertThat(script.taken()).containsExactly("reserve");
        protocol.reserved();
        assertThat(script.taken()).containsExactly("a PREPARE", "b PREPARE");
        script.reply(b, Reply.PREPARE_COMPLETE);
        assertThat(script.taken()).isEmpty();
        script.reply(a, Reply.PREPARE_COMPLETE);
        assertThat(script.taken()).containsExactly("force decision");
        protocol.decided();
        assertThat(script.taken()).containsExactly("a COMMIT", "b COMMIT");
        script.reply(a, Reply.COMMIT_COMPLETE);
        assertThat(script.taken()).isEmpty();
        script.reply(b, Reply.COMMIT_COMPLETE);
        assertThat(script.taken()).containsExactly("complete COMMITTED", "forget");
        assertThat(protocol.state()).isEqualTo(TransactionState.FORGOTTEN);
    }

    @Test
    void whoIsAloneAndCanDecidesAndNothingIsLogged() throws Exception {
        var reader = script.enlist("reader", Script.ALL_PHASES);
        var a = script.enlist("a", Script.SINGLE_PHASE);
        script.reply(reader, Reply.READ_ONLY);

        protocol.commit();
        assertThat(script.taken()).containsExactly("a SINGLE_PHASE_COMMIT");
        script.reply(a, Reply.COMMIT_COMPLETE);

        assertThat(script.taken()).containsExactly("complete COMMITTED", "forget");
    }

    @Test
    void whoIsLeftAloneByPrePrepareDecides() throws Exception {
        var reader = script.enlist("reader", Script.ALL_PHASES);
        var a = script.enlist("a", Script.SINGLE_PHASE);
        protocol.commit();
        script.taken();

        script.reply(a, Reply.PREPREPARE_COMPLETE);
        script.reply(reader, Reply.READ_ONLY);

        assertThat(script.taken()).containsExactly("a SINGLE_PHASE_COMMIT");
    }

    @Test
    void whoRejectsToDecideGoesThroughAllPhases() throws Exception {
        var a = script.enlist("a", Script.SINGLE_PHASE);
        protocol.commit();
        script.taken();

        script.reply(a, Reply.SINGLE_PHASE_REJECT);
        assertThat(script.taken()).containsExactly("a PREPREPARE");
        script.reply(a, Reply.PREPREPARE_COMPLETE);
        assertThat(script.taken()).containsExactly("reserve");
    }

    @Test
    void whoIsAloneAndCannotDecideGoesThroughAllPhases() throws Exception {
        script.enlist("a", Script.ALL_PHASES);

        protocol.commit();

        assertThat(script.taken()).containsExactly("a PREPREPARE");
    }

    @Test
    void aDelegateThatGoesWithoutAnAnswerLeavesTheOutcomeUnknown() throws Exception {
        var reader = script.enlist(
                "reader", new NotificationMask(Script.ALL_PHASES.bits() | Notification.RM_DISCONNECTED.bit()));
        var a = script.enlist("a", Script.SINGLE_PHASE);
        script.reply(reader, Reply.READ_ONLY);
        protocol.commit();
        script.taken();

        protocol.closed(a);

        assertThat(script.taken()).containsExactly("reader RM_DISCONNECTED", "complete UNAVAILABLE", "forget");
        assertThat(a.state()).isEqualTo(EnlistmentState.OUTCOME_UNAVAILABLE);
        assertThat(refusal(protocol::commit)).isEqualTo(KtmError.RM_DISCONNECTED);
    }

    @Test
    void aTransactionWithoutWorkCommitsAndWritesNothing() throws Exception {
        var a = script.enlist("a", Script.ALL_PHASES);
        script.reply(a, Reply.READ_ONLY);

        protocol.commit();

        assertThat(script.taken()).containsExactly("complete COMMITTED", "forget");
    }

    @Test
    void volatileParticipantsForceNothing() throws Exception {
        var a = script.enlistVolatile("a", Script.ALL_PHASES);
        var b = script.enlistVolatile("b", Script.ALL_PHASES);
        protocol.commit();
        script.reply(a, Reply.PREPREPARE_COMPLETE);
        script.reply(b, Reply.PREPREPARE_COMPLETE);
        script.taken();

        script.reply(a, Reply.PREPARE_COMPLETE);
        script.reply(b, Reply.PREPARE_COMPLETE);

        assertThat(script.taken()).containsExactly("a COMMIT", "b COMMIT");
    }

    @Test
    void oneRefusalRollsBackEverybodyAlsoWhoIsPreparedAndWhoRefused() throws Exception {
        var a = script.enlist("a", Script.ALL_PHASES);
        var b = script.enlist("b", Script.ALL_PHASES);
        bothPreparing(a, b);
        script.reply(a, Reply.PREPARE_COMPLETE);
        script.taken();

        script.reply(b, Reply.ROLLBACK);
        assertThat(script.taken()).containsExactly("a ROLLBACK", "b ROLLBACK");
        assertThat(refusal(() -> script.reply(b, Reply.PREPARE_COMPLETE)))
                .isEqualTo(KtmError.TRANSACTION_NOT_REQUESTED);
        script.reply(b, Reply.ROLLBACK_COMPLETE);
        assertThat(script.taken()).isEmpty();
        script.reply(a, Reply.ROLLBACK_COMPLETE);

        assertThat(script.taken()).containsExactly("complete ABORTED", "forget");
        assertThat(protocol.cause()).contains(RollbackCause.PARTICIPANT);
        assertThat(protocol.culprit()).contains(b);
    }

    private void bothPreparing(Script.Named a, Script.Named b) throws KtmException {
        protocol.commit();
        script.reply(a, Reply.PREPREPARE_COMPLETE);
        script.reply(b, Reply.PREPREPARE_COMPLETE);
        protocol.reserved();
    }

    @Test
    void aFullLogRefusesBeforeAnybodyPrepares() throws Exception {
        var a = script.enlist("a", Script.ALL_PHASES);
        var b = script.enlist("b", Script.ALL_PHASES);
        protocol.commit();
        script.reply(a, Reply.PREPREPARE_COMPLETE);
        script.reply(b, Reply.PREPREPARE_COMPLETE);
        script.taken();

        protocol.reservationFailed();

        assertThat(script.taken()).containsExactly("a ROLLBACK", "b ROLLBACK");
        assertThat(protocol.cause()).contains(RollbackCause.LOG);
    }

    @Test
    void aDecisionThatIsCertainlyNotWrittenRollsBack() throws Exception {
        var a = script.enlist("a", Script.ALL_PHASES);
        var b = script.enlist("b", Script.ALL_PHASES);
        bothPreparing(a, b);
        script.reply(a, Reply.PREPARE_COMPLETE);
        script.reply(b, Reply.PREPARE_COMPLETE);
        script.taken();

        protocol.decisionFailed(false);

        assertThat(script.taken()).containsExactly("a ROLLBACK", "b ROLLBACK");
    }

    @Test
    void aDecisionThatMayBeWrittenLeavesEverybodyPrepared() throws Exception {
        var a = script.enlist("a", Script.ALL_PHASES);
        var b = script.enlist("b", Script.ALL_PHASES);
        bothPreparing(a, b);
        script.reply(a, Reply.PREPARE_COMPLETE);
        script.reply(b, Reply.PREPARE_COMPLETE);
        script.taken();

        protocol.decisionFailed(true);

        assertThat(script.taken()).containsExactly("complete UNAVAILABLE");
        assertThat(protocol.state()).isEqualTo(TransactionState.IN_DOUBT);
        assertThat(List.of(a.state(), b.state())).containsOnly(EnlistmentState.PREPARED);
    }

    @Test
    void theClientDoesNotWaitForWhoWillCommitLaterButNothingIsForgotten() throws Exception {
        var a = script.enlist("a", Script.ALL_PHASES);
        var b = script.enlist("b", Script.ALL_PHASES);
        bothPreparing(a, b);
        script.reply(a, Reply.PREPARE_COMPLETE);
        script.reply(b, Reply.PREPARE_COMPLETE);
        protocol.decided();
        script.taken();

        script.reply(a, Reply.COMMIT_COMPLETE);
        protocol.postponed(b);
        assertThat(script.taken()).containsExactly("complete COMMITTED");
        assertThat(protocol.state()).isEqualTo(TransactionState.COMMITTED);
        script.reply(b, Reply.COMMIT_COMPLETE);

        assertThat(script.taken()).containsExactly("forget");
    }

    @Test
    void whoEnlistsDuringPrePrepareTakesPartInIt() throws Exception {
        var a = script.enlist("a", Script.ALL_PHASES);
        protocol.commit();
        var late = script.enlist("late", Script.ALL_PHASES);
        assertThat(script.taken()).containsExactly("a PREPREPARE", "late PREPREPARE");

        script.reply(a, Reply.PREPREPARE_COMPLETE);
        assertThat(script.taken()).isEmpty();
        script.reply(late, Reply.PREPREPARE_COMPLETE);
        protocol.reserved();

        assertThat(script.taken()).containsExactly("reserve", "a PREPARE", "late PREPARE");
        assertThat(refusal(() -> script.enlist("too late", Script.ALL_PHASES)))
                .isEqualTo(KtmError.TRANSACTION_MUST_WRITETHROUGH);
    }

    @Test
    void whoAskedForPrePrepareOnlyIsNotWaitedForLater() throws Exception {
        var cache = script.enlistVolatile("cache", NotificationMask.of(Notification.PREPREPARE, Notification.ROLLBACK));
        var a = script.enlist("a", Script.ALL_PHASES);
        bothPreparing(cache, a);
        assertThat(script.taken()).doesNotContain("cache PREPARE");

        script.reply(a, Reply.PREPARE_COMPLETE);
        protocol.decided();
        script.reply(a, Reply.COMMIT_COMPLETE);

        assertThat(script.taken()).containsExactly("force decision", "a COMMIT", "complete COMMITTED", "forget");
    }

    @Test
    void aTimeoutRollsBackUntilAllAreReady() throws Exception {
        var a = script.enlist("a", Script.ALL_PHASES);
        var b = script.enlist("b", Script.ALL_PHASES);
        bothPreparing(a, b);
        script.reply(a, Reply.PREPARE_COMPLETE);
        script.taken();

        assertThat(protocol.abort(RollbackCause.TIMEOUT)).isTrue();

        assertThat(script.taken()).containsExactly("a ROLLBACK", "b ROLLBACK");
        assertThat(refusal(protocol::commit)).isEqualTo(KtmError.TRANSACTION_ALREADY_ABORTED);
    }

    @Test
    void aTimeoutAfterAllAreReadyChangesNothing() throws Exception {
        var a = script.enlist("a", Script.ALL_PHASES);
        var b = script.enlist("b", Script.ALL_PHASES);
        bothPreparing(a, b);
        script.reply(a, Reply.PREPARE_COMPLETE);
        script.reply(b, Reply.PREPARE_COMPLETE);
        script.taken();

        assertThat(protocol.abort(RollbackCause.TIMEOUT)).isFalse();

        assertThat(script.taken()).isEmpty();
    }

    @Test
    void aSuperiorDrivesEachPhase() throws Exception {
        var a = script.enlist("a", Script.SINGLE_PHASE);
        var s = script.enlistSuperior("s", Script.SUPERIOR);
        assertThat(refusal(protocol::commit)).isEqualTo(KtmError.TRANSACTION_SUPERIOR_EXISTS);
        assertThat(refusal(() -> script.enlistSuperior("t", Script.SUPERIOR)))
                .isEqualTo(KtmError.TRANSACTION_SUPERIOR_EXISTS);
        assertThat(refusal(protocol::commitBySuperior)).isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);

        protocol.prePrepareBySuperior();
        assertThat(script.taken()).containsExactly("a PREPREPARE");
        script.reply(a, Reply.PREPREPARE_COMPLETE);
        assertThat(script.taken()).containsExactly("s PREPREPARE_COMPLETE");
        protocol.prepareBySuperior();
        assertThat(script.taken()).containsExactly("reserve");
        protocol.reserved();
        script.reply(a, Reply.PREPARE_COMPLETE);
        assertThat(script.taken()).containsExactly("a PREPARE", "force prepared");
        protocol.decided();
        assertThat(script.taken()).containsExactly("s PREPARE_COMPLETE");
        script.reply(a, Reply.REQUEST_OUTCOME);
        assertThat(script.taken()).containsExactly("s REQUEST_OUTCOME");
        protocol.commitBySuperior();
        assertThat(script.taken()).containsExactly("force superior's decision");
        assertThat(refusal(protocol::commitBySuperior)).isEqualTo(KtmError.TRANSACTION_NOT_ACTIVE);
        protocol.decided();
        assertThat(script.taken()).containsExactly("a COMMIT");
        script.reply(a, Reply.COMMIT_COMPLETE);

        assertThat(script.taken()).containsExactly("complete COMMITTED", "s COMMIT_COMPLETE", "forget");
        assertThat(refusal(() -> script.reply(s, Reply.READ_ONLY))).isEqualTo(KtmError.TRANSACTION_NOT_REQUESTED);
    }

    @Test
    void aSuperiorMayRollBackWhatIsPrepared() throws Exception {
        var a = script.enlist("a", Script.ALL_PHASES);
        var s = script.enlistSuperior("s", Script.SUPERIOR);
        protocol.prepareBySuperior();
        protocol.reserved();
        script.reply(a, Reply.PREPARE_COMPLETE);
        protocol.decided();
        script.taken();

        script.reply(s, Reply.ROLLBACK);
        assertThat(script.taken()).containsExactly("a ROLLBACK");
        script.reply(a, Reply.ROLLBACK_COMPLETE);

        assertThat(script.taken()).containsExactly("complete ABORTED", "s ROLLBACK_COMPLETE", "forget");
        assertThat(refusal(protocol::commitBySuperior)).isEqualTo(KtmError.TRANSACTION_ALREADY_ABORTED);
    }

    @Test
    void aClientsCommitIsRoutedToASuperiorThatAskedForIt() throws Exception {
        script.enlist("a", Script.ALL_PHASES);
        script.enlistSuperior("s", new NotificationMask(Script.SUPERIOR.bits() | Notification.COMMIT_REQUEST.bit()));

        protocol.commit();

        assertThat(script.taken()).containsExactly("s COMMIT_REQUEST");
        assertThat(refusal(protocol::commit)).isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
    }

    @Test
    void whatIsPreparedUnderALostSuperiorIsInDoubtUntilItReturns() throws Exception {
        var a = script.enlist("a", Script.ALL_PHASES);
        var s = script.enlistSuperior("s", Script.SUPERIOR);
        protocol.prepareBySuperior();
        protocol.reserved();
        script.reply(a, Reply.PREPARE_COMPLETE);
        protocol.decided();
        script.taken();

        protocol.closed(s);
        assertThat(protocol.state()).isEqualTo(TransactionState.IN_DOUBT);
        assertThat(script.taken()).isEmpty();
        protocol.commitBySuperior();

        assertThat(script.taken()).containsExactly("force superior's decision");
    }

    @Test
    void aDecidedTransactionFromBeforeARestartTellsWhoeverRecovers() throws Exception {
        var a = new Script.Named("a", Script.ALL_PHASES, true, Role.ANY);
        var b = new Script.Named("b", Script.ALL_PHASES, true, Role.ANY);
        var recovered = TransactionProtocol.recovered(script, TransactionState.COMMITTED, List.of(a, b));
        assertThat(script.taken()).isEmpty();

        recovered.reply(a, Reply.RECOVER);
        assertThat(script.taken()).containsExactly("a COMMIT");
        recovered.reply(a, Reply.COMMIT_COMPLETE);
        assertThat(script.taken()).isEmpty();
        recovered.reply(b, Reply.RECOVER);
        recovered.reply(b, Reply.COMMIT_COMPLETE);

        assertThat(script.taken()).containsExactly("b COMMIT", "forget");
    }

    @Test
    void anUndecidedTransactionFromBeforeARestartWaitsForItsSuperior() throws Exception {
        var s = new Script.Named("s", Script.SUPERIOR, true, Role.SUPERIOR);
        var a = new Script.Named("a", Script.ALL_PHASES, true, Role.ANY);
        var b = new Script.Named("b", Script.ALL_PHASES, true, Role.ANY);
        var recovered = TransactionProtocol.recovered(script, TransactionState.IN_DOUBT, List.of(s, a, b));

        recovered.reply(a, Reply.RECOVER);
        assertThat(script.taken()).containsExactly("a INDOUBT");
        recovered.commitBySuperior();
        recovered.decided();
        assertThat(script.taken()).containsExactly("force superior's decision", "a COMMIT");
        recovered.reply(a, Reply.COMMIT_COMPLETE);
        recovered.reply(b, Reply.RECOVER);
        recovered.reply(b, Reply.COMMIT_COMPLETE);

        assertThat(script.taken()).containsExactly("complete COMMITTED", "b COMMIT", "s COMMIT_COMPLETE", "forget");
        assertThat(recovered.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    // One that cannot prepare.

    private Script.Named preparedForTheLast() throws KtmException {
        var last = script.enlistLast("last", LAST);
        var a = script.enlist("a", Script.SINGLE_PHASE);
        protocol.commit();
        script.reply(a, Reply.PREPREPARE_COMPLETE);
        protocol.reserved();
        assertThat(script.taken()).containsExactly("a PREPREPARE", "reserve", "a PREPARE");
        script.reply(a, Reply.PREPARE_COMPLETE);
        assertThat(script.taken()).containsExactly("force delegation");
        return last;
    }

    @Test
    void theLastOneDecidesForAllWhenItIsKnownForEverThatItDoes() throws Exception {
        var last = preparedForTheLast();

        protocol.decided();
        assertThat(script.taken()).containsExactly("last SINGLE_PHASE_COMMIT");
        script.reply(last, Reply.COMMIT_COMPLETE);
        assertThat(script.taken()).as("nobody is told before it is known").containsExactly("force decision");
        protocol.decided();

        assertThat(script.taken()).containsExactly("a COMMIT");
        assertThat(protocol.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    @Test
    void theLastOneThatRefusesHasAllRolledBack() throws Exception {
        var last = preparedForTheLast();
        protocol.decided();
        script.taken();

        script.reply(last, Reply.ROLLBACK);
        assertThat(script.taken()).as("nobody is told before it is known").containsExactly("force forgotten");
        protocol.decided();

        assertThat(script.taken()).containsExactly("last ROLLBACK", "a ROLLBACK");
        assertThat(protocol.outcome()).isEqualTo(Outcome.ABORTED);
        assertThat(protocol.culprit()).contains(last);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatTheLastOneSaysCountsAlsoIfItCannotBeWritten(boolean mayBeDurable) throws Exception {
        var last = preparedForTheLast();
        protocol.decided();
        script.reply(last, Reply.COMMIT_COMPLETE);
        script.taken();

        protocol.decisionFailed(mayBeDurable);

        assertThat(script.taken()).containsExactly("a COMMIT");
        assertThat(protocol.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    @Test
    void aRefusalOfTheLastOneCountsAlsoIfItCannotBeWritten() throws Exception {
        var last = preparedForTheLast();
        protocol.decided();
        script.reply(last, Reply.ROLLBACK);
        script.taken();

        protocol.decisionFailed(true);

        assertThat(script.taken()).containsExactly("last ROLLBACK", "a ROLLBACK");
        assertThat(protocol.outcome()).isEqualTo(Outcome.ABORTED);
    }

    @Test
    void nobodyElseDecidesWhileItIsWrittenWhatTheLastOneHasDecided() throws Exception {
        for (var word : List.of(Reply.COMMIT_COMPLETE, Reply.ROLLBACK)) {
            reset();
            var last = preparedForTheLast();
            protocol.decided();
            script.reply(last, word);

            assertThat(protocol.isWaitingForLast()).isFalse();
            assertThat(refusal(() -> protocol.decideInPlaceOfLast(true)))
                    .isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
            assertThat(protocol.abort(RollbackCause.TIMEOUT)).isFalse();
            assertThat(refusal(() -> script.reply(last, Reply.COMMIT_COMPLETE)))
                    .isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
            script.taken();
            protocol.postponed(last);
            assertThat(script.taken()).as("the client will be told what it is").isEmpty();
        }
    }

    @Test
    void theLastOneMayLeaveWhenItHasSaidWhatItHasDecided() throws Exception {
        for (var word : List.of(Reply.COMMIT_COMPLETE, Reply.ROLLBACK)) {
            for (var how : List.<Consumer<Script.Named>>of(
                    each -> protocol.closed(each), each -> protocol.gone(each), each -> protocol.disconnected(each))) {
                reset();
                var last = preparedForTheLast();
                protocol.decided();
                script.reply(last, word);
                script.taken();

                how.accept(last);
                assertThat(script.taken()).isEmpty();
                protocol.decided();

                boolean committed = word == Reply.COMMIT_COMPLETE;
                assertThat(script.taken()).containsExactly(committed ? "a COMMIT" : "a ROLLBACK");
                assertThat(last.state()).isEqualTo(committed ? EnlistmentState.COMMITTED : EnlistmentState.ABORTED);
            }
        }
    }

    /** After a crash an operator may commit in its place: nobody may have rolled back by then. */
    @Test
    void nobodyRollsBackWhileItIsWrittenThatTheLastOneDecides() throws Exception {
        preparedForTheLast();

        assertThat(protocol.abort(RollbackCause.TIMEOUT)).isFalse();
        protocol.decided();

        assertThat(script.taken()).containsExactly("last SINGLE_PHASE_COMMIT");
    }

    @Test
    void onceTheLastOneIsAskedNobodyElseDecides() throws Exception {
        var last = preparedForTheLast();
        protocol.decided();
        script.taken();

        assertThat(protocol.abort(RollbackCause.TIMEOUT)).isFalse();
        assertThat(refusal(() -> script.reply(last, Reply.READ_ONLY)))
                .isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
        assertThat(refusal(() -> script.reply(last, Reply.SINGLE_PHASE_REJECT)))
                .isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
        assertThat(script.taken()).isEmpty();
    }

    @Test
    void ifItWasCertainlyNotWrittenThatTheLastOneDecidesAllRollBack() throws Exception {
        preparedForTheLast();

        protocol.decisionFailed(false);

        assertThat(script.taken()).containsExactly("last ROLLBACK", "a ROLLBACK");
        assertThat(protocol.outcome()).isEqualTo(Outcome.ABORTED);
    }

    @Test
    void ifItMayBeWrittenThatTheLastOneDecidesOnlyThatOneRollsBackBeforeARestart() throws Exception {
        var last = preparedForTheLast();

        protocol.decisionFailed(true);

        assertThat(script.taken()).as("its connection is its own until then").containsExactly("last ROLLBACK");
        script.reply(last, Reply.ROLLBACK_COMPLETE);
        assertThat(script.taken()).containsExactly("complete UNAVAILABLE");
        assertThat(protocol.outcome()).isEqualTo(Outcome.UNAVAILABLE);
    }

    @Test
    void aLastOneThatHasLeftWhenItIsWrittenThatItDecidesIsNotAsked() throws Exception {
        var last = preparedForTheLast();

        protocol.closed(last);
        assertThat(script.taken()).isEmpty();
        protocol.decided();

        assertThat(script.taken()).containsExactly("last ROLLBACK", "a ROLLBACK");
        assertThat(protocol.outcome()).isEqualTo(Outcome.ABORTED);
    }

    @Test
    void aLastOneThatHasLeftWhenThatCouldNotBeWrittenIsNotWaitedFor() throws Exception {
        var last = preparedForTheLast();

        protocol.closed(last);
        protocol.decisionFailed(true);

        assertThat(script.taken()).containsExactly("last ROLLBACK", "complete UNAVAILABLE");
    }

    @Test
    void theClientDoesNotWaitForALastOneThatHasToFindOutAndTheOthersDo() throws Exception {
        var last = preparedForTheLast();
        protocol.decided();
        script.taken();

        protocol.postponed(last);
        assertThat(script.taken()).containsExactly("complete UNDETERMINED");
        script.reply(last, Reply.COMMIT_COMPLETE);
        protocol.decided();

        assertThat(script.taken()).containsExactly("force decision", "a COMMIT");
    }

    @Test
    void aLastOneThatIsAloneInTheEndDecidesForItselfAndNothingIsLogged() throws Exception {
        script.enlistLast("last", LAST);
        var a = script.enlist("a", Script.ALL_PHASES);
        protocol.commit();
        script.reply(a, Reply.PREPREPARE_COMPLETE);
        protocol.reserved();
        script.taken();

        script.reply(a, Reply.READ_ONLY);

        assertThat(script.taken()).containsExactly("last SINGLE_PHASE_COMMIT");
    }

    @Test
    void onlyOneMayBeLastAndNotBesideASuperior() throws Exception {
        script.enlistLast("last", LAST);

        assertThat(refusal(() -> script.enlistLast("second", LAST))).isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
        assertThat(refusal(() -> script.enlistSuperior("superior", Script.SUPERIOR)))
                .isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
        var other = new Script();
        other.enlistSuperior("superior", Script.SUPERIOR);
        assertThat(refusal(() -> other.enlistLast("last", LAST))).isEqualTo(KtmError.TRANSACTION_SUPERIOR_EXISTS);
        assertThat(refusal(() -> new Script().enlistLast("last", Script.ALL_PHASES)))
                .isEqualTo(KtmError.INVALID_PARAMETER);
    }

    @Test
    void afterARestartTheLastOneIsAskedWhatItHasDecided() throws Exception {
        var last = new Script.Named("last", LAST, true, Role.LAST);
        var a = new Script.Named("a", Script.ALL_PHASES, true, Role.ANY);
        var recovered = TransactionProtocol.recovered(script, TransactionState.IN_DOUBT, List.of(last, a));

        recovered.reply(a, Reply.RECOVER);
        recovered.reply(last, Reply.RECOVER);
        assertThat(script.taken()).containsExactly("a INDOUBT", "last INDOUBT");
        recovered.reply(last, Reply.ROLLBACK);
        recovered.decided();

        assertThat(script.taken()).containsExactly("force forgotten", "last ROLLBACK", "a ROLLBACK");
        recovered.reply(a, Reply.ROLLBACK_COMPLETE);
        recovered.reply(last, Reply.ROLLBACK_COMPLETE);
        assertThat(script.taken()).containsExactly("complete ABORTED", "forget");
    }

    private Script.Named inDoubtBecauseOfTheLast() throws KtmException {
        var last = preparedForTheLast();
        protocol.decided();
        protocol.postponed(last);
        script.taken();
        return last;
    }

    @Test
    void anOperatorCommitsInPlaceOfALastOneThatIsGone() throws Exception {
        var last = inDoubtBecauseOfTheLast();

        protocol.decideInPlaceOfLast(true);
        assertThat(script.taken()).containsExactly("force decision");
        assertThat(protocol.outcome()).isEqualTo(Outcome.UNDETERMINED);
        assertThat(refusal(() -> script.reply(last, Reply.ROLLBACK)))
                .as("the decision may be durable")
                .isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
        protocol.decided();

        assertThat(script.taken()).containsExactly("a COMMIT");
        assertThat(last.state()).isEqualTo(EnlistmentState.COMMITTED);
        assertThat(refusal(() -> script.reply(last, Reply.COMMIT_COMPLETE)))
                .isEqualTo(KtmError.TRANSACTION_NOT_REQUESTED);
    }

    @Test
    void anOperatorRollsBackInPlaceOfALastOneThatIsGone() throws Exception {
        var last = inDoubtBecauseOfTheLast();

        protocol.decideInPlaceOfLast(false);
        assertThat(script.taken()).containsExactly("force rollback");
        protocol.decided();

        assertThat(script.taken()).containsExactly("a ROLLBACK");
        assertThat(last.state()).isEqualTo(EnlistmentState.ABORTED);
        assertThat(protocol.cause()).contains(RollbackCause.OPERATOR);
    }

    @Test
    void anOperatorsDecisionThatIsNotWrittenLeavesEverythingAsItWas() throws Exception {
        var last = inDoubtBecauseOfTheLast();
        protocol.decideInPlaceOfLast(false);
        script.taken();

        protocol.decisionFailed(false);
        assertThat(protocol.isDecidedInPlaceOfLast()).isFalse();
        script.reply(last, Reply.COMMIT_COMPLETE);
        protocol.decided();

        assertThat(script.taken()).containsExactly("force decision", "a COMMIT");
    }

    @Test
    void afterAnOperatorsDecisionThatMayBeWrittenOnlyARestartCanTell() throws Exception {
        var last = inDoubtBecauseOfTheLast();
        protocol.decideInPlaceOfLast(false);
        script.taken();

        protocol.decisionFailed(true);

        for (var word : List.of(Reply.COMMIT_COMPLETE, Reply.ROLLBACK)) {
            assertThat(refusal(() -> script.reply(last, word))).isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
        }
        assertThat(script.taken()).isEmpty();
        assertThat(protocol.outcome()).isEqualTo(Outcome.UNAVAILABLE);
        assertThat(protocol.state()).isEqualTo(TransactionState.IN_DOUBT);
    }

    @Test
    void nobodyDecidesInPlaceOfALastOneThatMayStillAnswer() throws Exception {
        assertThat(refusal(() -> protocol.decideInPlaceOfLast(true))).isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
        var last = preparedForTheLast();
        assertThat(refusal(() -> protocol.decideInPlaceOfLast(true))).isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
        protocol.decided();
        script.taken();

        assertThat(refusal(() -> protocol.decideInPlaceOfLast(true)))
                .as("it is being asked")
                .isEqualTo(KtmError.TRANSACTION_REQUEST_NOT_VALID);
        script.reply(last, Reply.COMMIT_COMPLETE);
        protocol.decided();

        assertThat(refusal(() -> protocol.decideInPlaceOfLast(false)))
                .isEqualTo(KtmError.TRANSACTION_ALREADY_COMMITTED);
        assertThat(script.taken()).containsExactly("force decision", "a COMMIT");
    }

    @Test
    void afterARestartAnOperatorDecidesForALastOneThatDoesNotComeBack() throws Exception {
        var last = new Script.Named("last", LAST, true, Role.LAST);
        var a = new Script.Named("a", Script.ALL_PHASES, true, Role.ANY);
        var recovered = TransactionProtocol.recovered(script, TransactionState.IN_DOUBT, List.of(last, a));
        recovered.reply(a, Reply.RECOVER);
        script.taken();

        recovered.decideInPlaceOfLast(true);
        recovered.decided();
        recovered.reply(a, Reply.COMMIT_COMPLETE);

        assertThat(script.taken()).containsExactly("force decision", "a COMMIT", "complete COMMITTED", "forget");
    }

    @Test
    void whoIsFirstIsToldFirst() throws Exception {
        script.enlist("a", TWO_PHASES);
        script.enlistFirst("b", TWO_PHASES);
        script.enlistFirst("c", TWO_PHASES);

        protocol.commit();
        protocol.reserved();

        assertThat(script.taken()).containsExactly("reserve", "b PREPARE", "c PREPARE", "a PREPARE");
    }
}
