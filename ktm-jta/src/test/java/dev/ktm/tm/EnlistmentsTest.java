package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.ALONE;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.testing.ScriptedResourceManager.Part;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Enlistments: who may enlist when, and what may be answered when. */
class EnlistmentsTest {

    /** A call of an enlistment. */
    private interface Call {
        void on(Enlistment enlistment) throws KtmException;
    }

    private static final Map<String, Call> COMPLETE_CALLS = Map.of(
            "pre-prepare complete", Enlistment::prePrepareComplete,
            "prepare complete", Enlistment::prepareComplete,
            "commit complete", Enlistment::commitComplete,
            "rollback complete", Enlistment::rollbackComplete,
            "single-phase reject", Enlistment::singlePhaseReject);

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();
    private final ScriptedResourceManager one = machine.lasting(manager, "one");
    private final ScriptedResourceManager two = machine.lasting(manager, "two");

    private TransactionHandle begin() throws Exception {
        return manager.createTransaction(TransactionOptions.DEFAULT);
    }

    private static void refuseAll(Part part, KtmError error, List<String> calls) throws Exception {
        for (var call : calls) {
            var before = part.enlistment().history();
            assertRefused(
                    error,
                    () -> Objects.requireNonNull(COMPLETE_CALLS.get(call)).on(part.enlistment()));
            assertThat(part.enlistment().history()).as(call).isEqualTo(before);
        }
    }

    @Test
    @Conforms({"KTM-EN-01", "KTM-EN-02", "KTM-EN-03"})
    void aMaskThatMakesNoSenseIsRefused() throws Exception {
        var transaction = begin();
        var illegal = List.of(
                NotificationMask.of(),
                NotificationMask.of(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT),
                NotificationMask.of(Notification.PREPREPARE, Notification.PREPARE, Notification.ROLLBACK),
                NotificationMask.of(Notification.PREPARE, Notification.ROLLBACK),
                NotificationMask.of(Notification.ROLLBACK),
                NotificationMask.of(Notification.COMMIT, Notification.ROLLBACK, Notification.SINGLE_PHASE_COMMIT),
                NotificationMask.of(Notification.PREPREPARE, Notification.ROLLBACK, Notification.SINGLE_PHASE_COMMIT));

        for (var mask : illegal) {
            assertRefused(KtmError.INVALID_PARAMETER, () -> one.enlist(transaction, mask));
            assertRefused(KtmError.INVALID_PARAMETER, () -> one.handle().enlist(transaction.unitOfWork(), mask, "key"));
        }

        assertThat(transaction.enlistments()).isEmpty();
        one.enlist(transaction, NotificationMask.of(Notification.COMMIT, Notification.ROLLBACK));
        transaction.commit();
    }

    @Test
    @Conforms("KTM-EN-04")
    void whoOnlyFlushesIsNotWaitedForLater() throws Exception {
        var cache = machine.fleeting(manager, "cache").byHand(Notification.PREPREPARE);
        var transaction = begin();
        var flushing = cache.enlist(transaction, NotificationMask.of(Notification.PREPREPARE, Notification.ROLLBACK));
        one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);
        var end = transaction.commitAsync().toCompletableFuture();
        assertThat(end).isNotDone();

        flushing.enlistment().prePrepareComplete();

        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);
        flushing.assertHeard(Notification.PREPREPARE);
        var other = begin();
        var rolledBack = cache.enlist(other, NotificationMask.of(Notification.PREPREPARE, Notification.ROLLBACK));
        other.rollback();
        rolledBack.assertHeard(Notification.ROLLBACK);
    }

    @Test
    @Conforms({"KTM-EN-05", "KTM-EN-06"})
    void whoIsReadOnlyIsToldNothingMore() throws Exception {
        two.readOnlyAt(Notification.PREPARE);
        for (boolean commit : List.of(true, false)) {
            var transaction = begin();
            var worker = one.enlist(transaction, PHASES);
            var atPrepare = two.enlist(transaction, PHASES);
            var atOnce = one.enlist(transaction, PHASES);
            atOnce.enlistment().readOnly();
            one.when(
                    event -> {
                        if (!commit) {
                            worker.enlistment().rollback();
                        }
                        return Result.SUCCESS;
                    },
                    Notification.PREPARE);

            // The one that is read-only was asked before the one that votes, or after it; it makes no difference.
            var end = transaction.commitAsync().toCompletableFuture().join();

            assertThat(end).isEqualTo(commit ? Outcome.COMMITTED : Outcome.ABORTED);
            assertThat(worker.heard()).last().isEqualTo(commit ? Notification.COMMIT : Notification.ROLLBACK);
            atOnce.assertHeard();
            if (commit) {
                atPrepare.assertHeard(Notification.PREPREPARE, Notification.PREPARE);
                assertThat(atPrepare.enlistment().state()).isEqualTo(EnlistmentState.READ_ONLY);
            }
        }
    }

    @Test
    @Conforms("KTM-EN-05")
    void whoWasReadOnlyAtPrepareIsNotToldThatAnotherRefused() throws Exception {
        one.readOnlyAt(Notification.PREPARE);
        two.byHand(Notification.PREPARE);
        var transaction = begin();
        var reader = one.enlist(transaction, PHASES);
        var refusing = two.enlist(transaction, PHASES);
        transaction.commitAsync();

        refusing.enlistment().rollback();

        reader.assertHeard(Notification.PREPREPARE, Notification.PREPARE);
        refusing.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.ROLLBACK);
    }

    @Test
    @Conforms({"KTM-EN-07", "KTM-EN-12"})
    void aVoteIsAPromise() throws Exception {
        two.byHand(Notification.PREPARE);
        var transaction = begin();
        var voted = one.enlist(transaction, PHASES);
        var owing = two.enlist(transaction, PHASES);
        var end = transaction.commitAsync().toCompletableFuture();

        assertRefused(
                KtmError.TRANSACTION_NOT_REQUESTED, () -> voted.enlistment().readOnly());
        assertRefused(
                KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> voted.enlistment().rollback());
        assertRefused(
                KtmError.TRANSACTION_REQUEST_NOT_VALID,
                () -> voted.enlistment().rollback(new IllegalStateException("regret")));
        assertThat(voted.enlistment().state()).isEqualTo(EnlistmentState.PREPARED);
        assertThat(transaction.transaction().state()).isEqualTo(TransactionState.PREPARING);
        owing.enlistment().prepareComplete();

        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);
        voted.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
    }

    @Test
    void theRegretOfAVoteIsNotTheReasonOfALaterRollback() throws Exception {
        two.byHand(Notification.PREPARE);
        var transaction = begin();
        var voted = one.enlist(transaction, PHASES);
        var owing = two.enlist(transaction, PHASES);
        transaction.commitAsync();

        assertRefused(
                KtmError.TRANSACTION_REQUEST_NOT_VALID,
                () -> voted.enlistment().rollback(new IllegalStateException("regret")));
        owing.enlistment().rollback(new IllegalStateException("constraint"));

        assertThat(transaction.transaction().rollbackCause().orElseThrow())
                .contains("two", "constraint")
                .doesNotContain("regret");
    }

    @Test
    @Conforms({"KTM-EN-08", "KTM-EN-09"})
    void closingAnEnlistmentAtWorkRollsBackAndClosingAReadOnlyOneDoesNot() throws Exception {
        var transaction = begin();
        var reader = one.enlist(transaction, PHASES);
        reader.enlistment().readOnly();
        reader.enlistment().close();
        reader.enlistment().close();
        assertThat(transaction.outcome()).isEqualTo(Outcome.UNDETERMINED);
        var worker = one.enlist(transaction, PHASES);
        var other = two.enlist(transaction, PHASES);
        var handle = one.handle().openEnlistment(worker.enlistment().id(), EnlistmentRight.QUERY_INFORMATION);
        handle.close();
        assertThat(transaction.outcome()).as("another handle is open").isEqualTo(Outcome.UNDETERMINED);

        worker.enlistment().close();

        other.assertHeard(Notification.ROLLBACK);
        worker.assertHeard(Notification.ROLLBACK);
        assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
        assertRefused(KtmError.INVALID_TRANSACTION, () -> worker.enlistment().state());
        assertThat(manager.transactions()).isEmpty();
    }

    @Test
    void closingAnEnlistmentRollsBackAlsoWhileItOwesAVoteAndNotAfterIt() throws Exception {
        for (var phase : List.of(Notification.PREPREPARE, Notification.PREPARE)) {
            one.byHand(Notification.PREPREPARE, Notification.PREPARE);
            var transaction = begin();
            var part = one.enlist(transaction, PHASES);
            var other = two.enlist(transaction, PHASES);
            var end = transaction.commitAsync().toCompletableFuture();
            if (phase == Notification.PREPARE) {
                part.enlistment().prePrepareComplete();
            }
            part.enlistment().close();

            assertThat(end).isCompletedWithValue(Outcome.ABORTED);
            assertThat(other.heard()).last().isEqualTo(Notification.ROLLBACK);
        }
        one.when(event -> Result.SUCCESS, Notification.PREPREPARE, Notification.PREPARE);
        two.byHand(Notification.PREPARE);
        var transaction = begin();
        var voted = one.enlist(transaction, PHASES);
        var owing = two.enlist(transaction, PHASES);
        var end = transaction.commitAsync().toCompletableFuture();
        voted.enlistment().close();
        owing.enlistment().prepareComplete();
        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);
        assertThat(voted.heard()).last().isEqualTo(Notification.COMMIT);
    }

    @Test
    @Conforms("KTM-EN-10")
    void whoIsReadOnlyCannotRollBack() throws Exception {
        var transaction = begin();
        var reader = one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);
        reader.enlistment().readOnly();

        assertRefused(
                KtmError.TRANSACTION_REQUEST_NOT_VALID,
                () -> reader.enlistment().rollback());
        assertRefused(
                KtmError.TRANSACTION_NOT_REQUESTED, () -> reader.enlistment().readOnly());

        transaction.commit();
    }

    @Test
    @Conforms({"KTM-EN-11", "KTM-CP-05", "KTM-CP-06"})
    void whoHasNotVotedRollsEverybodyBackAndAnswersToo() throws Exception {
        one.byHand(Notification.PREPREPARE, Notification.PREPARE, Notification.ROLLBACK);
        for (int answered = 0; answered < 3; answered++) {
            var transaction = begin();
            var part = one.enlist(transaction, PHASES);
            var other = two.enlist(transaction, PHASES);
            if (answered > 0) {
                transaction.commitAsync();
            }
            if (answered > 1) {
                part.enlistment().prePrepareComplete();
            }

            part.enlistment().rollback();

            assertThat(part.heard()).last().isEqualTo(Notification.ROLLBACK);
            assertThat(other.heard()).last().isEqualTo(Notification.ROLLBACK);
            assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
            assertThat(transaction.transaction().state()).isEqualTo(TransactionState.ABORTED);
            assertThat(transaction.completion().toCompletableFuture()).isNotDone();
            part.enlistment().rollbackComplete();
            assertThat(transaction.completion().toCompletableFuture()).isCompletedWithValue(Outcome.ABORTED);
            assertThat(transaction.transaction().state()).isEqualTo(TransactionState.FORGOTTEN);
        }
    }

    @Test
    @Conforms({"KTM-EN-13", "KTM-EN-14", "KTM-SP-07"})
    void anAnswerThatNobodyAskedForChangesNothing() throws Exception {
        one.byHand(PHASES.notifications().toArray(new Notification[0]));
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        var calls = new ArrayList<>(COMPLETE_CALLS.keySet());
        refuseAll(part, KtmError.TRANSACTION_NOT_REQUESTED, calls);
        var end = transaction.commitAsync().toCompletableFuture();

        for (var due : List.of("pre-prepare complete", "prepare complete", "commit complete")) {
            var others = calls.stream().filter(call -> !call.equals(due)).toList();
            refuseAll(part, KtmError.TRANSACTION_NOT_REQUESTED, others);
            Objects.requireNonNull(COMPLETE_CALLS.get(due)).on(part.enlistment());
            assertRefused(
                    KtmError.TRANSACTION_NOT_REQUESTED,
                    () -> Objects.requireNonNull(COMPLETE_CALLS.get(due)).on(part.enlistment()));
        }

        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);
        refuseAll(part, KtmError.TRANSACTION_NOT_REQUESTED, calls);
        part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
    }

    @Test
    @Conforms("KTM-EN-14")
    void ofManyEqualAnswersAtOnceOneCounts() throws Exception {
        one.byHand(Notification.PREPREPARE, Notification.PREPARE);
        for (int round = 0; round < 30; round++) {
            var transaction = begin();
            var part = one.enlist(transaction, PHASES);
            var end = transaction.commitAsync().toCompletableFuture();
            part.enlistment().prePrepareComplete();
            var start = new CyclicBarrier(3);
            var accepted = new AtomicInteger();
            var all = new ArrayList<CompletableFuture<Void>>();

            for (int i = 0; i < 3; i++) {
                all.add(CompletableFuture.runAsync(
                        () -> Failures.unchecked(() -> {
                            start.await();
                            try {
                                part.enlistment().prepareComplete();
                                accepted.incrementAndGet();
                            } catch (KtmException e) {
                                assertThat(e.error()).isEqualTo(KtmError.TRANSACTION_NOT_REQUESTED);
                            }
                        }),
                        Failures::inThread));
            }
            for (var each : all) {
                each.get();
            }

            assertThat(accepted).hasValue(1);
            assertThat(end.get()).isEqualTo(Outcome.COMMITTED);
            part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        }
    }

    @Test
    @Conforms("KTM-EN-15")
    void nobodyEnlistsWhenItIsTooLate() throws Exception {
        var committed = begin();
        committed.commit();
        var rolledBack = begin();
        rolledBack.rollback();
        two.byHand(Notification.COMMIT);
        var committing = begin();
        two.enlist(committing, PHASES);
        committing.commitAsync();
        var superior = begin();
        var host = one.enlistSuperior(superior, ScriptedResourceManager.SUPERIOR);
        two.enlist(superior, PHASES);
        host.enlistment().prePrepare();
        host.enlistment().prepare();
        assertThat(superior.transaction().state()).isEqualTo(TransactionState.PREPARED);

        for (var late : List.of(committed, rolledBack, committing, superior)) {
            assertRefused(KtmError.TRANSACTION_NOT_ACTIVE, () -> one.enlist(late, PHASES));
            assertRefused(KtmError.TRANSACTION_NOT_ACTIVE, () -> one.enlist(late, ALONE));
        }

        host.enlistment().rollback();
        assertThat(machine.trail).doesNotContain("one PREPARE", "one COMMIT");
    }

    @Test
    @Conforms("KTM-EN-16")
    void whoComesDuringPrePrepareTakesPartInIt() throws Exception {
        var transaction = begin();
        one.enlist(transaction, PHASES);
        one.when(
                event -> {
                    two.enlist(transaction, PHASES);
                    return Result.SUCCESS;
                },
                Notification.PREPREPARE);

        transaction.commit();

        assertThat(machine.trail)
                .containsSubsequence("one PREPREPARE", "two PREPREPARE", "one PREPARE", "two COMMIT")
                .containsSubsequence("two PREPREPARE", "two PREPARE", "one COMMIT")
                .hasSize(6);
    }

    @Test
    @Conforms("KTM-EN-17")
    void afterPrePrepareNobodyMayCache() throws Exception {
        two.byHand(Notification.PREPARE);
        var transaction = begin();
        var owing = two.enlist(transaction, PHASES);
        transaction.commitAsync();
        var driven = begin();
        var host = one.enlistSuperior(driven, ScriptedResourceManager.SUPERIOR);
        host.enlistment().prePrepare();

        assertRefused(KtmError.TRANSACTION_MUST_WRITETHROUGH, () -> one.enlist(transaction, PHASES));
        assertRefused(KtmError.TRANSACTION_MUST_WRITETHROUGH, () -> one.enlist(driven, PHASES));
        var through = one.enlist(
                driven, NotificationMask.of(Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK));
        host.enlistment().prepare();
        host.enlistment().commit();
        owing.enlistment().prepareComplete();

        through.assertHeard(Notification.PREPARE, Notification.COMMIT);
        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    @Test
    @Conforms("KTM-EN-18")
    void itsKeyComesWithEveryNotification() throws Exception {
        var heard = new ArrayList<NotificationEvent>();
        var plain = manager.createResourceManager(null, "", ManagerHandle.Durability.DURABLE);
        plain.setHandler(event -> {
            heard.add(event);
            return Result.SUCCESS;
        });
        var key = new Object();
        var committed = begin();
        plain.enlist(committed.unitOfWork(), PHASES, key);
        committed.commit();
        var other = new Object();
        var rolledBack = begin();
        plain.enlist(rolledBack.unitOfWork(), PHASES, other);
        rolledBack.rollback();
        var nothing = begin();
        plain.enlist(nothing.unitOfWork(), PHASES, null);
        nothing.rollback();

        assertThat(heard.subList(0, 3)).extracting(NotificationEvent::key).containsExactly(key, key, key);
        assertThat(heard.get(3).key()).isSameAs(other);
        assertThat(heard.get(4).key()).isNull();
        assertThat(heard).hasSize(5);
    }

    @Test
    @Conforms({"KTM-EN-19", "KTM-EN-20"})
    void itsLatestRecoveryInformationIsThereAfterACrash() throws Exception {
        one.byHand(Notification.COMMIT);
        two.byHand(Notification.COMMIT);
        var transaction = begin();
        var part = one.enlist(transaction, PHASES).enlistment();
        two.enlist(transaction, PHASES);
        assertThat(part.recoveryInformation()).isEmpty();
        part.setRecoveryInformation(new byte[] {1, 2, 3});
        assertThat(part.recoveryInformation()).containsExactly(1, 2, 3);
        var latest = new byte[] {4, 5};
        part.setRecoveryInformation(latest);
        latest[0] = 0;
        part.recoveryInformation()[1] = 0;
        assertThat(part.recoveryInformation()).containsExactly(4, 5);
        transaction.commitAsync();

        try (var next = machine.afterCrash()) {
            var again = next.durable(next.recovered(), "one");
            again.handle().recover();
            var found = again.handle().openEnlistment(part.id(), EnlistmentRight.QUERY_INFORMATION);
            assertThat(found.recoveryInformation()).containsExactly(4, 5);
        }
    }

    @Test
    @Conforms("KTM-EN-20")
    void recoveryInformationThatIsSetWithTheVoteIsThereToo() throws Exception {
        one.when(
                event -> {
                    var part = (Part) Objects.requireNonNull(event.key());
                    part.enlistment().setRecoveryInformation(new byte[20_000]);
                    return Result.SUCCESS;
                },
                Notification.PREPARE);
        one.byHand(Notification.COMMIT);
        var transaction = begin();
        var part = one.enlist(transaction, PHASES).enlistment();
        two.enlist(transaction, PHASES);
        transaction.commitAsync();

        try (var next = machine.afterCrash()) {
            var again = next.durable(next.recovered(), "one");
            again.handle().recover();
            var found = again.handle().openEnlistment(part.id(), EnlistmentRight.QUERY_INFORMATION);
            assertThat(found.recoveryInformation()).hasSize(20_000);
        }
    }

    @Test
    @Conforms("KTM-EN-21")
    void aVolatileTransactionManagerKeepsNoRecoveryInformation() throws Exception {
        var inMemory = machine.inMemory();
        var fleeting = machine.fleeting(inMemory, "fleeting");
        var transaction = inMemory.createTransaction(TransactionOptions.DEFAULT);
        var part = fleeting.enlist(transaction, PHASES).enlistment();

        assertRefused(KtmError.TM_VOLATILE, () -> part.setRecoveryInformation(new byte[] {1}));

        assertThat(part.recoveryInformation()).isEmpty();
        transaction.commit();
    }

    @Test
    @Conforms("KTM-EN-22")
    void tooMuchForOneRecordRollsBackBeforeAnybodyPrepares() throws Exception {
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        var other = two.enlist(transaction, PHASES);
        part.enlistment().setRecoveryInformation(new byte[70_000]);

        assertRefused(KtmError.TRANSACTION_RECORD_TOO_LONG, transaction::commit);

        other.assertHeard(Notification.PREPREPARE, Notification.ROLLBACK);
        assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
        assertThat(manager.isOnline()).isTrue();
    }

    @Test
    @Conforms("KTM-EN-22")
    void tooManyEnlistmentsForOneRecordRollBack() throws Exception {
        var transaction = begin();
        for (int i = 0; i < 20; i++) {
            one.enlist(transaction, PHASES).enlistment().setRecoveryInformation(new byte[60_000]);
        }

        assertRefused(KtmError.TRANSACTION_RECORD_TOO_LONG, transaction::commit);

        assertThat(machine.trail).doesNotContain("one PREPARE");
        assertThat(manager.isOnline()).isTrue();
    }

    @Test
    void tooMuchThatComesWithTheVoteRollsBackAndTheTransactionManagerGoesOn() throws Exception {
        one.when(
                event -> {
                    var part = (Part) Objects.requireNonNull(event.key());
                    part.enlistment().setRecoveryInformation(new byte[70_000]);
                    return Result.SUCCESS;
                },
                Notification.PREPARE);
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        var other = two.enlist(transaction, PHASES);

        assertRefused(KtmError.TRANSACTION_RECORD_TOO_LONG, transaction::commit);

        part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.ROLLBACK);
        other.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.ROLLBACK);
        assertThat(machine.reported()).containsExactly(OutcomeReport.Kind.NOT_WRITTEN);
        assertThat(manager.isOnline()).isTrue();
        begin().commit();
    }

    @Test
    @Conforms("KTM-EN-23")
    void anAnswerConcernsItsOwnTransactionOnly() throws Exception {
        one.byHand(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK);
        var parts = new EnumMap<EnlistmentState, Part>(EnlistmentState.class);
        var active = begin();
        parts.put(EnlistmentState.ACTIVE, one.enlist(active, PHASES));
        for (var state :
                List.of(EnlistmentState.PRE_PREPARING, EnlistmentState.PREPARING, EnlistmentState.COMMITTED_NOTIFY)) {
            var transaction = begin();
            parts.put(state, one.enlist(transaction, PHASES));
            transaction.commitAsync();
        }
        for (var state : List.of(EnlistmentState.PREPARING, EnlistmentState.COMMITTED_NOTIFY)) {
            Objects.requireNonNull(parts.get(state)).enlistment().prePrepareComplete();
        }
        Objects.requireNonNull(parts.get(EnlistmentState.COMMITTED_NOTIFY))
                .enlistment()
                .prepareComplete();
        assertStates(parts);

        var other = begin();
        var rolledBack = one.enlist(other, PHASES);
        rolledBack.enlistment().rollback();
        rolledBack.enlistment().rollbackComplete();

        assertStates(parts);
        assertThat(one.handle().enlistments()).hasSize(4);
    }

    private static void assertStates(Map<EnlistmentState, Part> parts) throws Exception {
        for (var each : parts.entrySet()) {
            assertThat(each.getValue().enlistment().state()).isEqualTo(each.getKey());
        }
    }

    @Test
    @Conforms("KTM-EN-24")
    void isFoundAtItsResourceManagerOnly() throws Exception {
        var transaction = begin();
        var id = one.enlist(transaction, PHASES).enlistment().id();
        var right = EnlistmentRight.QUERY_INFORMATION;

        assertThat(one.handle().openEnlistment(id, right).unitOfWork()).isEqualTo(transaction.unitOfWork());
        assertThat(one.handle().openEnlistment(id, right).resourceManager())
                .isEqualTo(one.handle().id());
        assertRefused(KtmError.ENLISTMENT_NOT_FOUND, () -> two.handle().openEnlistment(id, right));
        assertRefused(KtmError.ENLISTMENT_NOT_FOUND, () -> one.handle().openEnlistment(new UUID(8, 8), right));

        transaction.rollback();
        assertRefused(KtmError.ENLISTMENT_NOT_FOUND, () -> one.handle().openEnlistment(id, right));
    }

    @Test
    void remembersWhereItHasStood() throws Exception {
        var transaction = begin();
        var part = one.enlist(transaction, ALONE);
        two.enlist(transaction, PHASES);
        transaction.commit();

        assertThat(part.enlistment().history())
                .containsExactly(
                        EnlistmentState.ACTIVE,
                        EnlistmentState.PRE_PREPARING,
                        EnlistmentState.PRE_PREPARED,
                        EnlistmentState.PREPARING,
                        EnlistmentState.PREPARED,
                        EnlistmentState.COMMITTED_NOTIFY,
                        EnlistmentState.COMMITTED);
        assertThat(transaction.transaction().history())
                .containsExactly(
                        TransactionState.ACTIVE,
                        TransactionState.PRE_PREPARING,
                        TransactionState.PRE_PREPARED,
                        TransactionState.PREPARING,
                        TransactionState.PREPARED,
                        TransactionState.COMMITTED,
                        TransactionState.FORGOTTEN);
    }

    @Test
    void answersFromAllSidesAtOnceLeaveOneOutcome() throws Exception {
        one.byHand(Notification.PREPARE);
        two.byHand(Notification.PREPARE);
        for (int round = 0; round < 60; round++) {
            var transaction = begin();
            var first = one.enlist(transaction, PHASES);
            var second = two.enlist(transaction, PHASES);
            var end = transaction.commitAsync().toCompletableFuture();
            var start = new CyclicBarrier(3);
            var all = new ArrayList<CompletableFuture<Void>>();
            for (Call call : List.<Call>of(
                    ignored -> first.enlistment().prepareComplete(),
                    ignored -> second.enlistment().prepareComplete(),
                    ignored -> second.enlistment().rollback())) {
                all.add(CompletableFuture.runAsync(
                        () -> Failures.unchecked(() -> {
                            start.await();
                            try {
                                call.on(first.enlistment());
                            } catch (KtmException e) {
                                // One of the two answers of the second comes too late.
                            }
                        }),
                        Failures::inThread));
            }
            for (var each : all) {
                each.get();
            }

            var last = end.get() == Outcome.COMMITTED ? Notification.COMMIT : Notification.ROLLBACK;
            assertThat(first.heard()).endsWith(last).doesNotHaveDuplicates();
            assertThat(second.heard()).endsWith(last).doesNotHaveDuplicates();
        }
        assertThat(manager.transactions()).isEmpty();
    }
}
