package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.ALONE;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static dev.ktm.testing.ScriptedResourceManager.SUPERIOR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionRight;
import dev.ktm.testing.Ledger;
import dev.ktm.testing.LedgerResourceManager;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.tm.ManagerHandle.Durability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Participants of several transaction managers in one transaction. */
class ManagerLinkTest {

    private final Machine machine = new Machine();
    private final SimulatedDevice secondDevice = Machine.formatted();
    private ManagerHandle home;
    private ManagerHandle away;
    private ScriptedResourceManager one;
    private ScriptedResourceManager two;

    @BeforeEach
    void open() throws Exception {
        home = machine.recovered();
        away = on(machine, secondDevice);
        away.recover();
        one = machine.durable(home, "one");
        two = machine.durable(away, "two");
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private static ManagerHandle on(Machine machine, SimulatedDevice device) throws KtmException {
        return machine.kernel.create(ManagerOptions.durable(device)
                .withLogOptions(LogOptions.builder()
                        .containerBytes(1)
                        .containers(3)
                        .idleFlush(Duration.ZERO)
                        .build()));
    }

    private TransactionHandle begin() throws Exception {
        return home.createTransaction(TransactionOptions.DEFAULT);
    }

    @Test
    void allPhasesReachBothInStep() throws Exception {
        one.byHand(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        two.byHand(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        var transaction = begin();
        var a = one.enlist(transaction, ALONE);
        var b = two.enlist(transaction, ALONE);
        var end = transaction.commitAsync().toCompletableFuture();

        a.enlistment().prePrepareComplete();
        b.assertHeard(Notification.PREPREPARE);
        a.assertHeard(Notification.PREPREPARE);
        b.enlistment().prePrepareComplete();
        a.assertHeard(Notification.PREPREPARE, Notification.PREPARE);
        b.assertHeard(Notification.PREPREPARE, Notification.PREPARE);
        b.enlistment().prepareComplete();
        b.assertHeard(Notification.PREPREPARE, Notification.PREPARE);
        a.enlistment().prepareComplete();
        b.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        a.enlistment().commitComplete();
        assertThat(end).isNotDone();
        b.enlistment().commitComplete();

        assertThat(end).isCompletedWithValue(Outcome.COMMITTED);
        assertThat(home.transactions()).isEmpty();
        assertThat(away.transactions()).isEmpty();
    }

    @Test
    void whoeverRefusesHasBothRollBack() throws Exception {
        for (var refusing : List.of(one, two)) {
            for (var phase : List.of(Notification.PREPREPARE, Notification.PREPARE)) {
                refusing.rollbackAt(phase);
                var transaction = begin();
                var a = one.enlist(transaction, PHASES);
                var b = two.enlist(transaction, PHASES);
                var c = two.enlist(transaction, PHASES);

                assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, transaction::commit);

                for (var part : List.of(a, b, c)) {
                    assertThat(part.heard()).endsWith(Notification.ROLLBACK).doesNotHaveDuplicates();
                }
                assertThat(home.transactions()).isEmpty();
                assertThat(away.transactions()).isEmpty();
                refusing.when(event -> Result.SUCCESS, phase);
            }
        }
    }

    @Test
    void aRollbackOfTheClientOrAParticipantReachesBoth() throws Exception {
        for (boolean client : List.of(true, false)) {
            var transaction = machine.kernel.createTransaction(TransactionOptions.DEFAULT);
            var a = one.enlist(transaction, PHASES);
            var b = two.enlist(transaction, PHASES);

            if (client) {
                transaction.rollback();
            } else {
                b.enlistment().rollback();
            }

            a.assertHeard(Notification.ROLLBACK);
            b.assertHeard(Notification.ROLLBACK);
            assertThat(away.transactions()).isEmpty();
            assertThat(home.transactions()).isEmpty();
        }
    }

    @Test
    void whoComesFromElsewhereDuringPrePrepareTakesPartInIt() throws Exception {
        var parts = new ArrayList<ScriptedResourceManager.Part>();
        var transaction = begin();
        one.when(
                event -> {
                    parts.add(two.enlist(transaction, PHASES));
                    parts.add(two.enlist(transaction, PHASES));
                    return Result.SUCCESS;
                },
                Notification.PREPREPARE);
        one.enlist(transaction, PHASES);

        transaction.commit();

        assertThat(parts)
                .hasSize(2)
                .allSatisfy(
                        part -> part.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT));
        assertThat(away.transactions()).isEmpty();
    }

    @Test
    @Conforms("KTM-SU-17")
    void onlyTheRootCanHaveASuperior() throws Exception {
        var transaction = begin();
        one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);
        var branch = away.openTransaction(away.transactions().get(0), TransactionRight.ENLIST);

        assertRefused(KtmError.TRANSACTION_NOT_ROOT, () -> two.enlistSuperior(transaction, SUPERIOR));
        assertRefused(KtmError.TRANSACTION_NOT_ROOT, () -> two.enlistSuperior(branch, SUPERIOR));
        var superior = one.enlistSuperior(transaction, SUPERIOR).enlistment();
        superior.prePrepare();
        superior.prepare();
        superior.commit();

        assertThat(two.heard()).containsExactly(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
    }

    @Test
    void aVolatileOneCannotDecideForOneThatIsDurable() throws Exception {
        var inMemory = machine.inMemory();
        var fleeting = machine.fleeting(inMemory, "fleeting");
        var wrong = inMemory.createTransaction(TransactionOptions.DEFAULT);
        fleeting.enlist(wrong, PHASES);

        assertRefused(KtmError.TM_VOLATILE, () -> two.enlist(wrong, PHASES));

        wrong.commit();
        var right = begin();
        one.enlist(right, PHASES);
        fleeting.enlist(right, PHASES);
        right.commit();
        assertThat(fleeting.heard()).hasSize(6).endsWith(Notification.COMMIT);
    }

    @Test
    void oneThatIsAwayWhenItIsDecidedCommitsWhenItComesBack() throws Exception {
        one.byHand(Notification.PREPARE);
        var transaction = begin();
        var a = one.enlist(transaction, PHASES);
        var id = two.enlist(transaction, PHASES).enlistment().id();
        var end = transaction.commitAsync().toCompletableFuture();
        away.close();
        a.enlistment().prepareComplete();
        assertThat(end).as("its client need not wait").isCompletedWithValue(Outcome.COMMITTED);
        assertThat(home.transactions()).hasSize(1);

        var back = on(machine, secondDevice);
        back.recover();
        assertThat(back.live())
                .singleElement()
                .satisfies(live -> assertThat(live.outcome()).isEqualTo(Outcome.COMMITTED));
        var again = machine.durable(back, "two");
        again.handle().recover();
        again.recover(id).assertHeard(Notification.COMMIT);

        assertThat(back.transactions()).isEmpty();
        assertThat(home.transactions()).isEmpty();
    }

    @Test
    void aRootThatIsClosedBeforeItHasDecidedRollsBothBack() throws Exception {
        one.byHand(Notification.PREPARE);
        var transaction = begin();
        one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);
        transaction.commitAsync();

        home.close();

        assertThat(two.heard()).endsWith(Notification.ROLLBACK);
        assertThat(away.transactions()).isEmpty();
    }

    @Test
    void oneWhoseRootDoesNotKnowStaysInDoubtUntilItDoes() throws Exception {
        var transaction = begin();
        var id = one.enlist(transaction, PHASES).enlistment().id();
        two.enlist(transaction, PHASES);
        machine.device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE_FORCE, 1));
        assertRefused(KtmError.TRANSACTIONMANAGER_NOT_ONLINE, transaction::commit);
        home.close();
        assertThat(two.heard()).containsExactly(Notification.PREPREPARE, Notification.PREPARE);
        assertThat(away.live())
                .singleElement()
                .satisfies(live -> assertThat(live.outcome()).isEqualTo(Outcome.UNDETERMINED));

        machine.device.injectFaults(FaultPlan.none());
        var back = machine.recovered();

        assertThat(away.transactions()).isEmpty();
        var again = machine.durable(back, "one");
        again.handle().recover();
        boolean committed = again.heard().contains(Notification.RECOVER);
        if (committed) {
            again.recover(id).assertHeard(Notification.COMMIT);
        }
        assertThat(two.heard()).endsWith(committed ? Notification.COMMIT : Notification.ROLLBACK);
        assertThat(back.transactions()).isEmpty();
    }

    /** What a crash at one moment leaves of both. */
    private record Remains(String step, SimulatedDevice first, SimulatedDevice second, List<Ledger> ledgers) {
        Remains copy() {
            return new Remains(
                    step,
                    first.copy(),
                    second.copy(),
                    ledgers.stream().map(Ledger::copy).toList());
        }
    }

    /** A process with both transaction managers, and a resource manager of each. */
    private static final class Life implements AutoCloseable {
        final Machine machine;
        final Remains disks;
        final List<ManagerHandle> managers = new ArrayList<>();
        final List<LedgerResourceManager> resourceManagers = new ArrayList<>();
        final List<Remains> remains = new ArrayList<>();

        Life(Remains disks) throws KtmException {
            this.disks = disks;
            this.machine = new Machine(disks.first());
            managers.add(on(machine, disks.first()));
            managers.add(on(machine, disks.second()));
        }

        void note(String step) {
            remains.add(new Remains(step, disks.first(), disks.second(), disks.ledgers()).copy());
        }

        /** Recovers one, and then its resource manager. */
        void recover(int index) throws KtmException {
            managers.get(index).recover();
            note("recovered " + index);
            var name = "rm" + index;
            var resourceManager = new LedgerResourceManager(
                    name,
                    managers.get(index).createResourceManager(Machine.idOf(name), name, Durability.DURABLE),
                    disks.ledgers().get(index),
                    this::note);
            resourceManagers.add(resourceManager);
            resourceManager.recover();
            note("recovered rm" + index);
        }

        @Override
        public void close() {
            machine.close();
        }
    }

    private static List<Remains> commitNoting(boolean refused) throws Exception {
        var nothing =
                new Remains("nothing", Machine.formatted(), Machine.formatted(), List.of(new Ledger(), new Ledger()));
        try (var life = new Life(nothing)) {
            life.recover(0);
            life.recover(1);
            life.remains.clear();
            var transaction = life.managers.get(0).createTransaction(TransactionOptions.DEFAULT);
            life.resourceManagers.get(0).enlist(transaction, PHASES);
            life.resourceManagers.get(1).enlist(transaction, PHASES);
            if (refused) {
                life.resourceManagers.get(0).refuseAt(Notification.PREPARE);
            }
            life.note("enlisted");
            assertThat(transaction.commitAsync().toCompletableFuture().join())
                    .isEqualTo(refused ? Outcome.ABORTED : Outcome.COMMITTED);
            life.note("ended");
            return List.copyOf(life.remains);
        }
    }

    /** Restarts both, one after the other, and says whether all have committed; adds what a crash meanwhile would leave. */
    private static boolean committedAfterRestart(Remains before, int first, List<Remains> steps) throws Exception {
        var disks = before.copy();
        try (var life = new Life(disks)) {
            life.recover(first);
            life.recover(1 - first);
            steps.addAll(life.remains);
            assertThat(disks.ledgers()).as(before.step()).noneMatch(Ledger::isPrepared);
            assertThat(disks.ledgers().stream().map(Ledger::hasCommitted).distinct())
                    .as(before.step())
                    .hasSize(1);
            for (var manager : life.managers) {
                assertThat(manager.transactions()).as(before.step()).isEmpty();
            }
            return disks.ledgers().get(0).hasCommitted();
        }
    }

    @Test
    @Conforms("REC-28")
    void aCrashAtAnyStepLeavesTheSameOutcomeOnBoth() throws Exception {
        var outcomes = new ArrayList<String>();
        for (var each : commitNoting(false)) {
            boolean committed = committedAfterRestart(each, 0, new ArrayList<>());
            assertThat(committedAfterRestart(each, 1, new ArrayList<>()))
                    .as(each.step())
                    .isEqualTo(committed);
            outcomes.add(each.step() + (committed ? ": committed" : ": rolled back"));
        }

        assertThat(outcomes)
                .startsWith("enlisted: rolled back", "rm0 before PREPREPARE: rolled back")
                .contains("rm1 before PREPARE: rolled back", "rm1 after PREPARE: rolled back")
                .containsSubsequence("rm0 before COMMIT: committed", "rm1 before COMMIT: committed")
                .endsWith("rm1 after COMMIT: committed", "ended: committed")
                .hasSize(14);
    }

    @Test
    @Conforms("REC-28")
    void crashesDuringARollbackAndDuringRecoveryDoNotChangeThat() throws Exception {
        for (var each : commitNoting(true)) {
            assertThat(committedAfterRestart(each, 0, new ArrayList<>()))
                    .as(each.step())
                    .isFalse();
        }
        for (var each : commitNoting(false)) {
            for (int first = 0; first < 2; first++) {
                var steps = new ArrayList<Remains>();
                boolean committed = committedAfterRestart(each, first, steps);
                for (var step : steps) {
                    assertThat(committedAfterRestart(step, 1 - first, new ArrayList<>()))
                            .as(each.step() + ", then " + step.step())
                            .isEqualTo(committed);
                }
            }
        }
    }

    /** The home has decided to commit, and the branch has not been told. */
    private static Remains decidedAtHome() throws Exception {
        return commitNoting(false).stream()
                .filter(each -> each.step().equals("rm0 before COMMIT"))
                .findAny()
                .orElseThrow();
    }

    /** An operator rolls the branch back while its home is away: what is left at every moment. */
    private static List<Remains> rolledBackByAnOperator(Remains before, OperatorAct.Kind kind) throws Exception {
        var disks = before.copy();
        try (var life = new Life(disks)) {
            life.recover(1);
            var manager = life.managers.get(1);
            var unit = manager.transactions().get(0);
            life.remains.clear();
            disks.second().hook(new OperationHook() {
                @Override
                public void before(OperationKind operation, String name) {
                    life.note("before " + operation);
                }
            });
            if (kind == OperatorAct.Kind.FORCE_ROLLBACK) {
                manager.forceRollback(unit, "jane", "its home is gone");
            } else {
                manager.resolveRollback(unit, "jane", "its home is gone");
            }
            disks.second().hook(OperationHook.NONE);
            life.note("decided");
            return life.remains;
        }
    }

    /** Whether an operator has asked for something, and nothing has come of it yet. */
    private static boolean isOnlyAskedFor(Remains remains) {
        try (var life = new Machine(remains.second().copy())) {
            var manager = life.recovered();
            return !manager.operatorActs().isEmpty() && manager.transactions().size() == 1;
        } catch (KtmException e) {
            throw new AssertionError(e);
        }
    }

    /** Restarts both, the branch first, and says what is damaged then; what was reported is that as well. */
    private static int damagedAfterRestart(Remains disks) throws Exception {
        try (var life = new Life(disks)) {
            life.recover(1);
            life.recover(0);
            int damaged = 0;
            for (var manager : life.managers) {
                assertThat(manager.transactions()).isEmpty();
                damaged += manager.damaged().size();
            }
            assertThat(life.machine.reported().contains(OutcomeReport.Kind.HEURISTIC))
                    .isEqualTo(damaged > 0);
            return damaged;
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FORCE_ROLLBACK", "RESOLVE_ROLLBACK"})
    void whatAnOperatorAskedForInVainIsNoContradictionHoweverOftenTheHomeSaysWhatItHasDecided(OperatorAct.Kind kind)
            throws Exception {
        var before = decidedAtHome();
        var asked = rolledBackByAnOperator(before, kind).stream()
                .filter(ManagerLinkTest::isOnlyAskedFor)
                .findFirst()
                .orElseThrow();

        assertThat(damagedAfterRestart(asked)).isZero();

        // The home has lost that the branch has committed, and tells it once more.
        var again = new Remains("told", before.first(), asked.second(), asked.ledgers());
        assertThat(damagedAfterRestart(again)).isZero();
        assertThat(asked.ledgers()).allMatch(Ledger::hasCommitted);
    }

    @Test
    void aHomeThatComesBackAfterABranchWasResolvedOtherwiseIsToldSo() throws Exception {
        var states = rolledBackByAnOperator(decidedAtHome(), OperatorAct.Kind.RESOLVE_ROLLBACK);
        var resolved = states.get(states.size() - 1);

        assertThat(damagedAfterRestart(resolved)).as("at both ends").isEqualTo(2);
    }
}
