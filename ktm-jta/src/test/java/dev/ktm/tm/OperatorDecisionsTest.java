package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static dev.ktm.testing.ScriptedResourceManager.SUPERIOR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.ParticipantDescription;
import dev.ktm.rm.RecoveryInformation;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionRight;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.testing.ScriptedResourceManager.Part;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What operators decide in place of superiors and clients. */
class OperatorDecisionsTest {

    private static final String WHO = "jane";
    private static final String WHY = "its host is gone for good";

    /** A superior that could not be asked. */
    private static final NotificationMask UNASKED = NotificationMask.of(
            Notification.COMMIT,
            Notification.ROLLBACK,
            Notification.PREPREPARE_COMPLETE,
            Notification.PREPARE_COMPLETE,
            Notification.COMMIT_COMPLETE,
            Notification.ROLLBACK_COMPLETE);

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();
    private final ScriptedResourceManager host = machine.lasting(manager, "host");
    private final ScriptedResourceManager one = machine.lasting(manager, "one");
    private final ScriptedResourceManager two = machine.lasting(manager, "two");

    private TransactionHandle begin() throws Exception {
        return manager.createTransaction(TransactionOptions.DEFAULT);
    }

    /** A transaction that is prepared, its superior, and a participant. */
    private record Prepared(TransactionHandle transaction, Part superior, Part part) {
        UUID unitOfWork() {
            return transaction.unitOfWork();
        }
    }

    private Prepared prepared() throws Exception {
        var transaction = begin();
        var superior = host.enlistSuperior(transaction, SUPERIOR);
        var part = one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);
        superior.enlistment().prePrepare();
        superior.enlistment().prepare();
        return new Prepared(transaction, superior, part);
    }

    /** As {@link #prepared}, and the superior has gone. */
    private Prepared inDoubt() throws Exception {
        var prepared = prepared();
        prepared.superior().enlistment().close();
        assertThat(prepared.transaction().transaction().state()).isEqualTo(TransactionState.IN_DOUBT);
        return prepared;
    }

    private TransactionInspection seen(UUID unitOfWork) throws Exception {
        return manager.inspect().stream()
                .filter(each -> each.unitOfWork().equals(unitOfWork))
                .findAny()
                .orElseThrow();
    }

    @Test
    @Conforms("OPS-03")
    void onlyWhatIsInDoubtIsResolved() throws Exception {
        var active = begin();
        one.enlist(active, PHASES);
        var reachable = prepared();
        one.byHand(Notification.COMMIT);
        var committed = begin();
        one.enlist(committed, PHASES);
        committed.commitAsync();
        for (var each : List.of(active, reachable.transaction())) {
            assertThat(seen(each.unitOfWork()).isInDoubt()).isFalse();
            assertRefused(
                    KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> manager.resolveCommit(each.unitOfWork(), WHO, WHY));
            assertRefused(
                    KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> manager.resolveRollback(each.unitOfWork(), WHO, WHY));
        }
        assertRefused(
                KtmError.TRANSACTION_ALREADY_COMMITTED, () -> manager.resolveCommit(committed.unitOfWork(), WHO, WHY));
        assertRefused(KtmError.TRANSACTION_NOT_FOUND, () -> manager.resolveCommit(new UUID(6, 6), WHO, WHY));
        assertRefused(KtmError.INVALID_PARAMETER, () -> manager.resolveCommit(reachable.unitOfWork(), WHO, " "));
        assertThat(manager.operatorActs()).isEmpty();
        one.when(event -> Result.SUCCESS, Notification.COMMIT);

        var inDoubt = inDoubt();
        assertThat(seen(inDoubt.unitOfWork()).isInDoubt()).isTrue();
        manager.resolveCommit(inDoubt.unitOfWork(), WHO, WHY);

        assertThat(inDoubt.part().heard()).endsWith(Notification.COMMIT);
        assertThat(manager.transactions()).doesNotContain(inDoubt.unitOfWork());
        assertThat(manager.damaged()).isEmpty();
        assertThat(manager.operatorActs()).singleElement().satisfies(act -> {
            assertThat(act.kind()).isEqualTo(OperatorAct.Kind.RESOLVE_COMMIT);
            assertThat(act.unitOfWork()).isEqualTo(inDoubt.unitOfWork());
            assertThat(act.who()).isEqualTo(WHO);
            assertThat(act.why()).isEqualTo(WHY);
        });
    }

    @Test
    @Conforms("OPS-03")
    void whatWasResolvedIsNotInDoubtAgainAfterARestart() throws Exception {
        var inDoubt = inDoubt();

        manager.resolveRollback(inDoubt.unitOfWork(), WHO, WHY);

        assertThat(inDoubt.part().heard()).endsWith(Notification.ROLLBACK);
        assertThat(manager.damaged()).isEmpty();
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            assertThat(again.transactions()).isEmpty();
            assertThat(again.operatorActs())
                    .extracting(OperatorAct::kind)
                    .containsExactly(OperatorAct.Kind.RESOLVE_ROLLBACK);
        }
    }

    @Test
    @Conforms("OPS-03")
    void whatSomeHaveRolledBackIsNotInDoubtAgainAfterARestartEvenIfOthersAreAway() throws Exception {
        var unit = inDoubt().unitOfWork();
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            participantsComeBack(next, again, List.of("one"));
            again.resolveRollback(unit, WHO, WHY);
            assertThat(again.transactions()).as("two has not come back").containsExactly(unit);

            try (var later = next.afterCrash()) {
                var last = later.recovered();
                assertThat(last.transactions()).isEmpty();
                assertThat(last.damaged()).isEmpty();
                assertThat(last.superiorDecided(unit, true)).isTrue();
                assertThat(last.damaged()).hasSize(1);
                try (var end = later.afterCrash()) {
                    assertThat(end.recovered().damaged()).hasSize(1);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Conforms("OPS-05")
    void whatIsForcedGivesBackWhatItHoldsAndIsRememberedWithWhoAndWhy(boolean commit) throws Exception {
        var inDoubt = inDoubt();

        force(manager, inDoubt.unitOfWork(), commit);

        assertThat(inDoubt.part().heard()).endsWith(commit ? Notification.COMMIT : Notification.ROLLBACK);
        assertForced(manager, inDoubt.unitOfWork(), commit);
        assertThat(machine.reports).anySatisfy(report -> {
            assertThat(report.kind()).isEqualTo(OutcomeReport.Kind.HEURISTIC);
            assertThat(report.unitOfWork()).isEqualTo(inDoubt.unitOfWork());
            assertThat(report.cause()).contains(WHO, WHY);
        });
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            assertForced(again, inDoubt.unitOfWork(), commit);
            assertThat(again.forget(again.damaged().get(0).transaction(), WHO, "compared"))
                    .isTrue();
            assertThat(again.damaged()).isEmpty();
        }
    }

    private static void force(ManagerHandle manager, UUID unitOfWork, boolean commit) throws Exception {
        if (commit) {
            manager.forceCommit(unitOfWork, WHO, WHY);
        } else {
            manager.forceRollback(unitOfWork, WHO, WHY);
        }
    }

    private static void assertForced(ManagerHandle manager, UUID unitOfWork, boolean commit) throws Exception {
        assertThat(manager.damaged()).singleElement().satisfies(damaged -> {
            assertThat(damaged.unitOfWork()).isEqualTo(unitOfWork);
            assertThat(damaged.committed()).isEqualTo(commit);
            assertThat(damaged.damage()).singleElement().satisfies(damage -> {
                assertThat(damage.decision()).isEqualTo(HeuristicDecision.HAZARD);
                assertThat(damage.note()).contains(WHO, WHY);
            });
        });
        assertThat(manager.operatorActs()).singleElement().satisfies(act -> {
            assertThat(act.kind()).isEqualTo(commit ? OperatorAct.Kind.FORCE_COMMIT : OperatorAct.Kind.FORCE_ROLLBACK);
            assertThat(act.who()).isEqualTo(WHO);
            assertThat(act.when()).isNotNull();
        });
    }

    /** The superior of a transaction of an earlier life, which has come back. */
    private static Part comeBack(Machine life, ManagerHandle manager, UUID superior) throws Exception {
        var again = life.durable(manager, "host");
        again.handle().recover();
        return again.recover(superior);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Conforms("OPS-06")
    void aSuperiorThatComesBackAndContradictsIsReportedAndChangesNothing(boolean commit) throws Exception {
        var prepared = prepared();
        var superiorId = prepared.superior().enlistment().id();
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            var participant = next.durable(again, "one");
            var superior = comeBack(next, again, superiorId);
            force(again, prepared.unitOfWork(), commit);
            next.reports.clear();

            if (commit) {
                assertRefused(
                        KtmError.TRANSACTION_ALREADY_COMMITTED,
                        () -> superior.enlistment().rollback());
            } else {
                assertRefused(
                        KtmError.TRANSACTION_ALREADY_ABORTED,
                        () -> superior.enlistment().commit());
            }

            assertThat(participant.heard()).doesNotContain(commit ? Notification.ROLLBACK : Notification.COMMIT);
            assertThat(next.reports).singleElement().satisfies(report -> {
                assertThat(report.kind()).isEqualTo(OutcomeReport.Kind.HEURISTIC);
                assertThat(report.unitOfWork()).isEqualTo(prepared.unitOfWork());
                assertThat(report.cause()).contains("superior", WHO, WHY);
            });
            assertThat(again.damaged()).singleElement().satisfies(damaged -> {
                assertThat(damaged.committed()).isEqualTo(commit);
                assertThat(damaged.damage())
                        .extracting(each -> each.decision())
                        .containsExactly(
                                HeuristicDecision.HAZARD,
                                commit ? HeuristicDecision.COMMIT : HeuristicDecision.ROLLBACK);
            });
            try (var later = next.afterCrash()) {
                assertThat(later.recovered().damaged())
                        .singleElement()
                        .satisfies(damaged -> assertThat(damaged.damage()).hasSize(2));
            }
        }
    }

    @Test
    void aSuperiorThatComesBackAndAgreesIsNoNews() throws Exception {
        var prepared = prepared();
        var superiorId = prepared.superior().enlistment().id();
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            var superior = comeBack(next, again, superiorId);
            again.forceCommit(prepared.unitOfWork(), WHO, WHY);
            next.reports.clear();

            assertRefused(
                    KtmError.TRANSACTION_NOT_ACTIVE, () -> superior.enlistment().commit());

            assertThat(next.reports).isEmpty();
            assertForced(again, prepared.unitOfWork(), true);
        }
    }

    /** A superior that does something when an operator has begun to force, and what he asks for is not written yet. */
    private static final class Hasty implements NotificationHandler {
        private final Queue<Failures.Risky> deeds = new ArrayDeque<>();

        @Override
        public Result handle(NotificationEvent event) {
            return Result.SUCCESS;
        }

        @Override
        public Optional<ParticipantDescription> describe(@Nullable Object key, RecoveryInformation information) {
            var deed = deeds.poll();
            if (deed != null) {
                try {
                    deed.run();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
            return Optional.empty();
        }
    }

    /** Prepared by a superior that could not be asked: it is in doubt as soon as it is. */
    private Enlistment prepareBy(Hasty hasty, TransactionHandle transaction) throws Exception {
        var hurried = manager.createResourceManager(Machine.idOf("hasty"), "hasty", ManagerHandle.Durability.DURABLE);
        hurried.setHandler(hasty);
        var superior = transaction.enlistSuperior(hurried, UNASKED, hasty);
        one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);
        superior.prePrepare();
        superior.prepare();
        return superior;
    }

    /** As {@link #comeBack}, and so have the participants, so that the transaction can end. */
    private static Part allComeBack(Machine life, ManagerHandle manager, UUID superior) throws Exception {
        participantsComeBack(life, manager, List.of("one", "two"));
        return comeBack(life, manager, superior);
    }

    private static void participantsComeBack(Machine life, ManagerHandle manager, List<String> names) throws Exception {
        for (var name : names) {
            var again = life.durable(manager, name);
            again.when(
                    event -> {
                        again.recover(event.recovered().orElseThrow().enlistment());
                        return Result.SUCCESS;
                    },
                    Notification.RECOVER);
            again.handle().recover();
        }
    }

    private static void assertNoContradiction(Machine life, ManagerHandle manager) throws Exception {
        assertThat(life.reported()).doesNotContain(OutcomeReport.Kind.HEURISTIC);
        assertThat(manager.damaged()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSuperiorThatWasQuickerThanAnOperatorIsNotContradictedWhenItSaysItAgain(boolean ends) throws Exception {
        if (!ends) {
            one.byHand(Notification.COMMIT);
        }
        var transaction = begin();
        var hasty = new Hasty();
        var superior = prepareBy(hasty, transaction);
        hasty.deeds.add(superior::commit);
        assertRefused(
                KtmError.TRANSACTION_ALREADY_COMMITTED,
                () -> manager.forceRollback(transaction.unitOfWork(), WHO, WHY));

        assertRefused(KtmError.TRANSACTION_NOT_ACTIVE, superior::commit);

        assertThat(manager.superiorDecided(transaction.unitOfWork(), true)).isFalse();
        assertNoContradiction(machine, manager);
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            assertThat(again.transactions()).hasSize(ends ? 0 : 1);
            assertThat(again.superiorDecided(transaction.unitOfWork(), true)).isFalse();
            assertNoContradiction(next, again);
        }
    }

    /** What a power cut leaves after an operator has asked for this, and before anything came of it. */
    private SimulatedDevice askedForInVain(UUID unitOfWork, OperatorAct.Kind kind) throws Exception {
        var states = new ArrayList<SimulatedDevice>();
        machine.device.hook(new OperationHook() {
            @Override
            public void before(OperationKind operation, String name) {
                states.add(machine.device.copy());
            }
        });
        if (kind == OperatorAct.Kind.FORCE_ROLLBACK) {
            manager.forceRollback(unitOfWork, WHO, WHY);
        } else {
            manager.resolveRollback(unitOfWork, WHO, WHY);
        }
        machine.device.hook(OperationHook.NONE);
        for (var state : states) {
            try (var next = new Machine(state.copy())) {
                var again = next.recovered();
                if (!again.operatorActs().isEmpty() && again.damaged().isEmpty()) {
                    assertThat(again.transactions()).containsExactly(unitOfWork);
                    return state;
                }
            }
        }
        throw new AssertionError("expected a moment at which it is noted and not done, found none");
    }

    @ParameterizedTest
    @EnumSource(names = {"FORCE_ROLLBACK", "RESOLVE_ROLLBACK"})
    void whatAnOperatorAskedForBeforeACrashIsNoContradictionOfWhatTheSuperiorDecidedAfterwards(OperatorAct.Kind kind)
            throws Exception {
        var inDoubt = prepared();
        var superiorId = inDoubt.superior().enlistment().id();
        inDoubt.superior().enlistment().close();
        try (var next = new Machine(askedForInVain(inDoubt.unitOfWork(), kind))) {
            var again = next.recovered();
            var superior = allComeBack(next, again, superiorId);
            superior.enlistment().commit();
            assertThat(again.transactions()).isEmpty();

            assertRefused(
                    KtmError.TRANSACTION_NOT_ACTIVE, () -> superior.enlistment().commit());

            assertThat(again.superiorDecided(inDoubt.unitOfWork(), true)).isFalse();
            assertNoContradiction(next, again);
            try (var later = next.afterCrash()) {
                var last = later.recovered();
                assertThat(last.superiorDecided(inDoubt.unitOfWork(), true)).isFalse();
                assertNoContradiction(later, last);
            }
        }
    }

    @Test
    void ofTwoOperatorsThatDecideAtOnceTheOneWhoDidIsContradicted() throws Exception {
        var transaction = begin();
        var hasty = new Hasty();
        var superior = prepareBy(hasty, transaction);
        var unit = transaction.unitOfWork();
        hasty.deeds.add(() -> manager.resolveRollback(unit, WHO, WHY));
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, () -> manager.forceCommit(unit, "bob", "it is urgent"));
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            assertThat(again.transactions()).isEmpty();
            assertThat(again.superiorDecided(unit, false)).isFalse();
            assertNoContradiction(next, again);
            assertThat(again.superiorDecided(unit, true)).as("after a restart").isTrue();
            assertThat(again.damaged()).hasSize(1);
        }

        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, superior::commit);

        assertThat(machine.reports)
                .filteredOn(report -> report.kind() == OutcomeReport.Kind.HEURISTIC)
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).contains("decided to commit", WHO, WHY));
        assertThat(manager.damaged()).singleElement().satisfies(damaged -> {
            assertThat(damaged.unitOfWork()).isEqualTo(unit);
            assertThat(damaged.committed()).isFalse();
            assertThat(damaged.damage())
                    .extracting(each -> each.decision())
                    .containsExactly(HeuristicDecision.ROLLBACK);
        });
    }

    @Test
    @Conforms("OPS-07")
    void whatIsDecidedCannotBeForced() throws Exception {
        one.byHand(Notification.COMMIT, Notification.ROLLBACK);
        var committed = begin();
        one.enlist(committed, PHASES);
        committed.commitAsync();
        var rolledBack = begin();
        one.enlist(rolledBack, PHASES);
        rolledBack.rollbackAsync();

        for (boolean commit : List.of(true, false)) {
            assertRefused(KtmError.TRANSACTION_ALREADY_COMMITTED, () -> force(manager, committed.unitOfWork(), commit));
            assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, () -> force(manager, rolledBack.unitOfWork(), commit));
        }

        assertThat(manager.operatorActs()).isEmpty();
        assertThat(manager.damaged()).isEmpty();
    }

    @Test
    @Conforms("OPS-09")
    void anActiveTransactionIsRolledBackAndItsClientLearnsWhy() throws Exception {
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);

        manager.rollback(transaction.unitOfWork(), WHO, WHY);

        part.assertHeard(Notification.ROLLBACK);
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, transaction::commit);
        assertThat(transaction.transaction().rolledBackBy()).contains(RollbackCause.OPERATOR);
        assertThat(transaction.transaction().rollbackCause().orElseThrow()).contains(WHO, WHY);
        assertThat(manager.operatorActs()).extracting(OperatorAct::kind).containsExactly(OperatorAct.Kind.ROLLBACK);
    }

    @Test
    void whatIsPreparedIsNotRolledBackAsIfItWereActive() throws Exception {
        var prepared = prepared();

        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> manager.rollback(prepared.unitOfWork(), WHO, WHY));

        assertThat(manager.operatorActs()).isEmpty();
        prepared.superior().enlistment().commit();
        assertThat(prepared.part().heard()).endsWith(Notification.COMMIT);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatCannotBeWrittenIsNotDone(boolean commit) throws Exception {
        var inDoubt = inDoubt();
        machine.device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE_FORCE, 1));

        assertRefused(KtmError.TRANSACTIONMANAGER_NOT_ONLINE, () -> force(manager, inDoubt.unitOfWork(), commit));

        assertThat(inDoubt.part().heard()).doesNotContain(Notification.COMMIT, Notification.ROLLBACK);
        assertThat(inDoubt.transaction().outcome()).isEqualTo(Outcome.UNDETERMINED);
    }

    /** Whatever moment the power fails at: it is in doubt still, or decided and remembered as forced; and nobody did otherwise. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPowerCutAtAnyWriteLeavesItInDoubtOrForced(boolean commit) throws Exception {
        var inDoubt = inDoubt();
        var states = new ArrayList<SimulatedDevice>();
        machine.device.hook(new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) {
                if (kind == OperationKind.WRITE_FORCE || kind == OperationKind.FORCE) {
                    states.add(machine.device.copy());
                }
            }
        });

        force(manager, inDoubt.unitOfWork(), commit);

        machine.device.hook(OperationHook.NONE);
        states.add(machine.device.copy());
        assertThat(states).hasSizeGreaterThan(2);
        for (int i = 0; i < states.size(); i++) {
            try (var next = new Machine(states.get(i))) {
                var again = next.recovered();
                boolean isForced = !again.damaged().isEmpty();
                if (isForced) {
                    assertForced(again, inDoubt.unitOfWork(), commit);
                } else {
                    assertThat(i).as("the last state is forced").isLessThan(states.size() - 1);
                    assertThat(again.openTransaction(inDoubt.unitOfWork(), TransactionRight.QUERY_INFORMATION)
                                    .transaction()
                                    .state())
                            .isEqualTo(TransactionState.IN_DOUBT);
                }
            }
        }
    }

    @Test
    void aVolatileTransactionManagerDoesTheSameAsLongAsItLives() throws Exception {
        try (var fleeting = machine.inMemory()) {
            var driver = machine.fleeting(fleeting, "driver");
            var worker = machine.fleeting(fleeting, "worker");
            var transaction = fleeting.createTransaction(TransactionOptions.DEFAULT);
            var superior = driver.enlistSuperior(transaction, SUPERIOR);
            var part = worker.enlist(transaction, PHASES);
            superior.enlistment().prePrepare();
            superior.enlistment().prepare();
            superior.enlistment().close();

            fleeting.forceRollback(transaction.unitOfWork(), WHO, WHY);

            assertThat(part.heard()).endsWith(Notification.ROLLBACK);
            assertForced(fleeting, transaction.unitOfWork(), false);
        }
    }
}
