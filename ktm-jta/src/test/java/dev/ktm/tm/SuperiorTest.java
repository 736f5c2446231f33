package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static dev.ktm.testing.ScriptedResourceManager.SUPERIOR;
import static dev.ktm.testing.ScriptedResourceManager.plus;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.TransactionRight;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.ScriptedResourceManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Transactions that a superior drives. */
class SuperiorTest {

    /** An order of a superior. */
    private interface Order {
        void on(Enlistment enlistment) throws KtmException;
    }

    private static final List<Order> PHASE_CALLS =
            List.of(Enlistment::prePrepare, Enlistment::prepare, Enlistment::commit);

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();
    private final ScriptedResourceManager host = machine.lasting(manager, "host");
    private final ScriptedResourceManager one = machine.lasting(manager, "one");
    private final ScriptedResourceManager two = machine.lasting(manager, "two");

    private TransactionHandle begin() throws Exception {
        return manager.createTransaction(TransactionOptions.DEFAULT);
    }

    /** A superior, and a transaction of one participant that is prepared. */
    private ScriptedResourceManager.Part prepared(TransactionHandle transaction) throws Exception {
        var superior = host.enlistSuperior(transaction, SUPERIOR);
        one.enlist(transaction, PHASES);
        superior.enlistment().prePrepare();
        superior.enlistment().prepare();
        assertThat(superior.heard()).contains(Notification.PREPARE_COMPLETE);
        return superior;
    }

    @Test
    @Conforms("KTM-SU-01")
    void thereIsOneSuperior() throws Exception {
        var transaction = begin();
        var superior = host.enlistSuperior(transaction, SUPERIOR);

        assertRefused(KtmError.TRANSACTION_SUPERIOR_EXISTS, () -> one.enlistSuperior(transaction, SUPERIOR));
        assertRefused(KtmError.TRANSACTION_SUPERIOR_EXISTS, () -> host.enlistSuperior(transaction, SUPERIOR));

        assertThat(transaction.superior().orElseThrow().enlistment())
                .isEqualTo(superior.enlistment().id());
        assertThat(transaction.enlistments()).hasSize(1);
    }

    @Test
    @Conforms("KTM-SU-02")
    void aClientCannotCommitInItsPlace() throws Exception {
        var transaction = begin();
        host.enlistSuperior(transaction, SUPERIOR);
        var part = one.enlist(transaction, PHASES);

        assertRefused(KtmError.TRANSACTION_SUPERIOR_EXISTS, transaction::commit);
        assertRefused(KtmError.TRANSACTION_SUPERIOR_EXISTS, transaction::commitAsync);

        part.assertHeard();
        assertThat(transaction.transaction().state()).isEqualTo(TransactionState.ACTIVE);
        transaction.rollback();
        part.assertHeard(Notification.ROLLBACK);
    }

    @Test
    @Conforms("KTM-SU-03")
    void aClientsCommitIsPassedOnToWhoeverAsksForIt() throws Exception {
        var transaction = begin();
        var superior = host.enlistSuperior(transaction, plus(SUPERIOR, Notification.COMMIT_REQUEST));
        var part = one.enlist(transaction, PHASES);

        var end = transaction.commitAsync().toCompletableFuture();
        superior.assertHeard(Notification.COMMIT_REQUEST);
        part.assertHeard();
        assertThat(end).isNotDone();
        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, transaction::commit);
        superior.enlistment().prePrepare();
        superior.enlistment().prepare();
        superior.enlistment().commit();

        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);
        part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
    }

    @Test
    @Conforms("KTM-SU-03")
    void aClientLearnsThatTheSuperiorRollsBack() throws Exception {
        host.when(
                event -> {
                    ((ScriptedResourceManager.Part) Objects.requireNonNull(event.key()))
                            .enlistment()
                            .rollback();
                    return Result.PENDING;
                },
                Notification.COMMIT_REQUEST);
        var transaction = begin();
        host.enlistSuperior(transaction, plus(SUPERIOR, Notification.COMMIT_REQUEST));
        one.enlist(transaction, PHASES);

        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, transaction::commit);

        assertThat(transaction.transaction().rollbackCause().orElseThrow()).contains("superior");
    }

    @Test
    @Conforms("KTM-SU-04")
    void aSubordinateCannotDrive() throws Exception {
        var transaction = begin();
        host.enlistSuperior(transaction, SUPERIOR);
        var part = one.enlist(transaction, PHASES);

        for (var order : PHASE_CALLS) {
            assertRefused(KtmError.ENLISTMENT_NOT_SUPERIOR, () -> order.on(part.enlistment()));
        }

        part.assertHeard();
        assertThat(manager.clock()).isEqualTo(1);
    }

    @Test
    @Conforms("KTM-SU-05")
    void whoDrivesAPhaseMustAskToBeToldOfItsEnd() throws Exception {
        var transaction = begin();
        var deaf = host.enlistSuperior(transaction, PHASES);
        var part = one.enlist(transaction, PHASES);

        for (var order : PHASE_CALLS) {
            assertRefused(KtmError.TRANSACTION_RESPONSE_NOT_ENLISTED, () -> order.on(deaf.enlistment()));
        }

        part.assertHeard();
        assertThat(transaction.transaction().state()).isEqualTo(TransactionState.ACTIVE);
    }

    @Test
    @Conforms("KTM-SU-06")
    void eachPhaseReachesAllSubordinatesAndItsEndTheSuperior() throws Exception {
        one.byHand(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        var transaction = begin();
        var superior = host.enlistSuperior(transaction, SUPERIOR);
        var slow = one.enlist(transaction, PHASES);
        var quick = two.enlist(transaction, PHASES);

        superior.enlistment().prePrepare();
        quick.assertHeard(Notification.PREPREPARE);
        superior.assertHeard();
        slow.enlistment().prePrepareComplete();
        superior.assertHeard(Notification.PREPREPARE_COMPLETE);
        superior.enlistment().prepare();
        quick.assertHeard(Notification.PREPREPARE, Notification.PREPARE);
        superior.assertHeard(Notification.PREPREPARE_COMPLETE);
        slow.enlistment().prepareComplete();
        superior.assertHeard(Notification.PREPREPARE_COMPLETE, Notification.PREPARE_COMPLETE);
        superior.enlistment().commit();
        quick.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        assertThat(superior.heard()).hasSize(2);
        slow.enlistment().commitComplete();

        superior.assertHeard(
                Notification.PREPREPARE_COMPLETE, Notification.PREPARE_COMPLETE, Notification.COMMIT_COMPLETE);
        assertThat(manager.transactions()).isEmpty();
    }

    @Test
    @Conforms({"KTM-SU-07", "KTM-SU-08"})
    void ordersComeInOrderAndOnce() throws Exception {
        one.byHand(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        var transaction = begin();
        var superior = host.enlistSuperior(transaction, SUPERIOR).enlistment();
        var part = one.enlist(transaction, PHASES).enlistment();

        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, superior::commit);
        superior.prePrepare();
        for (var order : PHASE_CALLS) {
            assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> order.on(superior));
        }
        part.prePrepareComplete();
        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, superior::commit);
        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, superior::prePrepare);
        superior.prepare();
        for (var order : PHASE_CALLS) {
            assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> order.on(superior));
        }
        part.prepareComplete();
        superior.commit();
        assertRefused(KtmError.TRANSACTION_NOT_ACTIVE, superior::commit);
        part.commitComplete();

        assertRefused(KtmError.TRANSACTION_NOT_ACTIVE, superior::commit);
        assertRefused(KtmError.TRANSACTION_ALREADY_COMMITTED, superior::rollback);
        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    @Test
    @Conforms("KTM-SU-08")
    void whatIsRolledBackTakesNoOrders() throws Exception {
        var transaction = begin();
        var superior = host.enlistSuperior(transaction, SUPERIOR).enlistment();
        one.enlist(transaction, PHASES).enlistment().rollback();

        for (var order : PHASE_CALLS) {
            assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, () -> order.on(superior));
        }
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, superior::rollback);

        assertThat(host.heard()).containsExactly(Notification.ROLLBACK);
    }

    @Test
    @Conforms("KTM-SU-09")
    void mayRollBackWhatIsPrepared() throws Exception {
        var transaction = begin();
        var superior = prepared(transaction);

        superior.enlistment().rollback();

        assertThat(one.heard()).containsExactly(Notification.PREPREPARE, Notification.PREPARE, Notification.ROLLBACK);
        assertThat(superior.heard()).endsWith(Notification.PREPARE_COMPLETE, Notification.ROLLBACK_COMPLETE);
        assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
        assertThat(manager.transactions()).isEmpty();
        manager.log().orElseThrow().force();
        try (var next = machine.afterCrash()) {
            assertThat(next.recovered().transactions()).isEmpty();
        }
    }

    @Test
    @Conforms("KTM-SU-10")
    void isToldThatAllIsPreparedWhenThatIsDurable() throws Exception {
        var known = new ArrayList<TransactionState>();
        host.when(
                event -> {
                    try (var next = machine.afterCrash()) {
                        next.recovered().live().forEach(live -> known.add(live.state()));
                    }
                    return Result.SUCCESS;
                },
                Notification.PREPREPARE_COMPLETE,
                Notification.PREPARE_COMPLETE);
        var transaction = begin();

        prepared(transaction);

        assertThat(known).containsExactly(TransactionState.IN_DOUBT);
        assertThat(machine.reports).isEmpty();
    }

    @Test
    @Conforms("KTM-SU-10")
    void isNotToldThatAllIsPreparedIfThatCannotBeWritten() throws Exception {
        var transaction = begin();
        var superior = host.enlistSuperior(transaction, SUPERIOR);
        var part = one.enlist(transaction, PHASES);
        superior.enlistment().prePrepare();
        machine.device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE_FORCE, 1));

        superior.enlistment().prepare();

        superior.assertHeard(Notification.PREPREPARE_COMPLETE, Notification.ROLLBACK);
        part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.ROLLBACK);
    }

    @Test
    @Conforms("KTM-SU-11")
    void itHasNoAnswersToGive() throws Exception {
        var transaction = begin();
        var superior = host.enlistSuperior(transaction, SUPERIOR).enlistment();
        one.enlist(transaction, PHASES);

        for (Order answer : List.<Order>of(
                Enlistment::readOnly,
                Enlistment::prePrepareComplete,
                Enlistment::prepareComplete,
                Enlistment::commitComplete,
                Enlistment::rollbackComplete,
                Enlistment::singlePhaseReject)) {
            assertRefused(KtmError.TRANSACTION_NOT_REQUESTED, () -> answer.on(superior));
        }

        assertThat(superior.state()).isEqualTo(EnlistmentState.ACTIVE);
    }

    @Test
    @Conforms("KTM-SU-12")
    void aVolatileOneCannotDriveADurableTransactionManager() throws Exception {
        var fleeting = machine.fleeting(manager, "fleeting");
        var transaction = begin();

        assertRefused(KtmError.TM_VOLATILE, () -> fleeting.enlistSuperior(transaction, SUPERIOR));

        assertThat(transaction.superior()).isEmpty();
        transaction.commit();
        var inMemory = machine.inMemory();
        var free = inMemory.createTransaction(TransactionOptions.DEFAULT);
        machine.fleeting(inMemory, "fleeting").enlistSuperior(free, SUPERIOR);
    }

    @Test
    @Conforms("KTM-SU-13")
    void whoIsPreparedMayAskForTheOutcome() throws Exception {
        var transaction = begin();
        var superior = host.enlistSuperior(transaction, SUPERIOR);
        var part = one.enlist(transaction, PHASES).enlistment();
        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, part::requestOutcome);
        superior.enlistment().prePrepare();
        superior.enlistment().prepare();

        part.requestOutcome();
        assertThat(superior.heard()).last().isEqualTo(Notification.REQUEST_OUTCOME);
        assertThat(part.state()).isEqualTo(EnlistmentState.PREPARED);
        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, superior.enlistment()::requestOutcome);
        superior.enlistment().commit();

        assertThat(part.state()).isEqualTo(EnlistmentState.COMMITTED);
        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, part::requestOutcome);
    }

    @Test
    void whoAsksForTheOutcomeWithoutASuperiorGetsARollbackWhileThatIsPossible() throws Exception {
        two.byHand(Notification.PREPARE);
        var transaction = begin();
        var waiting = one.enlist(transaction, PHASES);
        var owing = two.enlist(transaction, PHASES);
        var end = transaction.commitAsync().toCompletableFuture();

        waiting.enlistment().requestOutcome();

        assertThat(end).isCompletedWithValue(Outcome.ABORTED);
        assertThat(owing.heard()).endsWith(Notification.ROLLBACK);
    }

    @Test
    @Conforms({"KTM-SU-14", "REC-22"})
    void withoutItWhatIsPreparedIsInDoubtAndStays() throws Exception {
        var transaction = begin();
        var superior = prepared(transaction);
        var id = superior.enlistment().id();

        host.close();

        assertThat(transaction.transaction().state()).isEqualTo(TransactionState.IN_DOUBT);
        assertThat(manager.live())
                .singleElement()
                .satisfies(live -> assertThat(live.state()).isEqualTo(TransactionState.IN_DOUBT));
        assertThat(one.heard()).containsExactly(Notification.PREPREPARE, Notification.PREPARE);
        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, transaction::rollback);
        machine.pass(Duration.ofDays(300));

        var back = machine.durable(manager, "host");
        back.handle().recover();
        assertThat(back.heard()).containsExactly(Notification.RECOVER_QUERY, Notification.LAST_RECOVER);
        back.recover(id).enlistment().commit();
        assertThat(one.heard()).endsWith(Notification.COMMIT);
        assertThat(back.heard()).endsWith(Notification.COMMIT_COMPLETE);
        assertThat(manager.transactions()).isEmpty();
    }

    @Test
    void goingBeforeAllIsPreparedRollsBack() throws Exception {
        var transaction = begin();
        var superior = host.enlistSuperior(transaction, SUPERIOR);
        one.enlist(transaction, PHASES);
        superior.enlistment().prePrepare();

        host.close();

        assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
        assertThat(one.heard()).endsWith(Notification.ROLLBACK);
        assertThat(manager.transactions()).isEmpty();
    }

    @Test
    @Conforms({"KTM-SU-15", "KTM-SU-16", "REC-10"})
    void afterARestartItIsAskedAndMayTakeItsTime() throws Exception {
        for (boolean commit : List.of(true, false)) {
            var prepared = prepared(begin());
            try (var next = machine.afterCrash()) {
                var again = next.recovered();
                var driver = next.durable(again, "host");
                var subordinate = next.durable(again, "one");
                driver.handle().recover();
                subordinate.handle().recover();
                assertThat(driver.heard()).containsExactly(Notification.RECOVER_QUERY, Notification.LAST_RECOVER);
                var part = subordinate.recover(announced(subordinate));
                part.assertHeard(Notification.INDOUBT);
                next.pass(Duration.ofDays(3_000));
                assertThat(again.live())
                        .singleElement()
                        .satisfies(live -> assertThat(live.state()).isEqualTo(TransactionState.IN_DOUBT));
                driver.handle().recover();
                assertThat(driver.heard()).hasSize(4);

                var end = again.live().get(0);
                var waiting = again.openTransaction(end.unitOfWork(), TransactionRight.QUERY_INFORMATION)
                        .completion()
                        .toCompletableFuture();
                assertThat(waiting).isNotDone();
                var answer = driver.recover(announced(driver)).enlistment();
                if (commit) {
                    answer.commit();
                } else {
                    answer.rollback();
                }

                part.assertHeard(Notification.INDOUBT, commit ? Notification.COMMIT : Notification.ROLLBACK);
                assertThat(driver.heard())
                        .endsWith(commit ? Notification.COMMIT_COMPLETE : Notification.ROLLBACK_COMPLETE);
                assertThat(again.transactions()).isEmpty();
                assertThat(waiting).isCompletedWithValue(commit ? Outcome.COMMITTED : Outcome.ABORTED);
            }
            prepared.enlistment().rollback();
        }
    }

    private static UUID announced(ScriptedResourceManager resourceManager) {
        return resourceManager.events().stream()
                .map(NotificationEvent::recovered)
                .flatMap(Optional::stream)
                .map(NotificationEvent.Recovered::enlistment)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aQuestionThatItFailsToAnswerIsAskedAgain() throws Exception {
        prepared(begin());
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            var driver = next.durable(again, "host");
            driver.when(event -> Failures.raise(new IllegalStateException("not now")), Notification.RECOVER_QUERY);
            driver.handle().recover();
            driver.when(event -> Result.SUCCESS, Notification.RECOVER_QUERY)
                    .handle()
                    .recover();

            assertThat(driver.heard())
                    .containsExactly(
                            Notification.RECOVER_QUERY,
                            Notification.LAST_RECOVER,
                            Notification.RECOVER_QUERY,
                            Notification.LAST_RECOVER);
        }
    }

    @Test
    void aCommitThatItCannotWriteStaysInDoubtUntilItIsOrderedAgain() throws Exception {
        var transaction = begin();
        var superior = prepared(transaction);
        machine.device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE_FORCE, 1));

        superior.enlistment().commit();

        assertThat(transaction.outcome()).isEqualTo(Outcome.UNAVAILABLE);
        assertThat(one.heard()).containsExactly(Notification.PREPREPARE, Notification.PREPARE);
        assertThat(superior.heard()).doesNotContain(Notification.COMMIT_COMPLETE);
    }
}
