package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.ALONE;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static dev.ktm.testing.ScriptedResourceManager.SUPERIOR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.journal.LogJournal;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationEvent.Recovered;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionRight;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.testing.ScriptedResourceManager.Part;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What a restart finds, and what it makes of it. */
class RecoveryTest {

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();
    private final ScriptedResourceManager one = machine.lasting(manager, "one");
    private final ScriptedResourceManager two = machine.lasting(manager, "two");

    private TransactionHandle begin() throws Exception {
        return manager.createTransaction(TransactionOptions.DEFAULT);
    }

    /** A committed transaction of which one participant has not answered. */
    private Part unresolved() throws Exception {
        return unresolved(begin());
    }

    private Part unresolved(TransactionHandle transaction) throws Exception {
        one.byHand(Notification.COMMIT);
        var part = one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);
        transaction.commitAsync();
        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
        return part;
    }

    private static List<Recovered> announced(ScriptedResourceManager resourceManager) {
        return resourceManager.events().stream()
                .map(NotificationEvent::recovered)
                .flatMap(Optional::stream)
                .toList();
    }

    @Test
    @Conforms("REC-05")
    void whoHasCommittedMayBeToldAgain() throws Exception {
        var part = unresolved();
        var id = part.enlistment().id();
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            var first = next.durable(again, "one").byHand(Notification.COMMIT);
            var second = next.durable(again, "two");
            second.handle().recover();
            first.handle().recover();
            assertThat(announced(second)).hasSize(1);
            var repeated = second.recover(announced(second).get(0).enlistment());
            repeated.assertHeard(Notification.COMMIT);
            assertThat(repeated.enlistment().state()).isEqualTo(EnlistmentState.COMMITTED);
            assertThat(again.transactions()).hasSize(1);

            first.recover(id).enlistment().commitComplete();

            assertThat(again.transactions()).isEmpty();
        }
    }

    @Test
    @Conforms({"REC-06", "REC-07"})
    void everyUnresolvedEnlistmentIsAnnouncedOnceAndThenTheEnd() throws Exception {
        var expected = new HashSet<Recovered>();
        for (int i = 0; i < 5; i++) {
            var part = unresolved().enlistment();
            expected.add(new Recovered(part.id(), part.unitOfWork()));
        }
        manager.log().orElseThrow().force();

        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            var found = next.durable(again, "one");
            var none = next.durable(again, "never seen before");
            found.handle().recover();
            none.handle().recover();

            assertThat(announced(found)).hasSize(5).containsExactlyInAnyOrderElementsOf(expected);
            assertThat(found.heard()).hasSize(6).endsWith(Notification.LAST_RECOVER);
            assertThat(found.events())
                    .allSatisfy(event -> assertThat(event.key()).isNull());
            assertThat(none.heard()).containsExactly(Notification.LAST_RECOVER);
        }
    }

    @Test
    @Conforms({"REC-08", "REC-09"})
    void whoRecoversIsToldTheOutcomeOnceWithItsNewKey() throws Exception {
        var committed = unresolved().enlistment().id();
        var prepared = begin();
        var host = machine.durable(manager, "host").enlistSuperior(prepared, SUPERIOR);
        var inDoubt = one.enlist(prepared, PHASES).enlistment().id();
        host.enlistment().prePrepare();
        host.enlistment().prepare();

        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            var driver = next.durable(again, "host");
            var found = next.durable(again, "one").byHand(Notification.COMMIT);
            driver.handle().recover();
            found.handle().recover();
            var first = found.recover(committed);
            var second = found.recover(inDoubt);

            first.assertHeard(Notification.COMMIT);
            second.assertHeard(Notification.INDOUBT);
            first.enlistment().commitComplete();
            driver.recover(host.enlistment().id()).enlistment().rollback();
            first.assertHeard(Notification.COMMIT);
            second.assertHeard(Notification.INDOUBT, Notification.ROLLBACK);
            assertThat(first.events())
                    .allSatisfy(event -> assertThat(event.key()).isSameAs(first));
            assertThat(second.events())
                    .allSatisfy(event -> assertThat(event.key()).isSameAs(second));
        }
    }

    @Test
    @Conforms({"REC-08", "KTM-RM-08"})
    void whoWasPreparedWhenTheOthersRolledBackIsToldSo() throws Exception {
        two.byHand(Notification.PREPARE);
        var transaction = begin();
        var id = one.enlist(transaction, PHASES).enlistment().id();
        var owing = two.enlist(transaction, PHASES);
        transaction.commitAsync();
        one.close();
        owing.enlistment().rollback();

        var back = machine.durable(manager, "one");
        back.handle().recover();
        var part = back.recover(id);

        part.assertHeard(Notification.ROLLBACK);
        assertThat(manager.transactions()).isEmpty();
    }

    @Test
    @Conforms("REC-12")
    void whatIsInDoubtIsLockedBeforeAnybodyCanWorkAgain() throws Exception {
        var transaction = begin();
        var host = machine.durable(manager, "host").enlistSuperior(transaction, SUPERIOR);
        var part = one.enlist(transaction, PHASES).enlistment();
        part.setRecoveryInformation(new byte[] {42});
        host.enlistment().prePrepare();
        host.enlistment().prepare();

        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            var locked = new HashSet<Byte>();
            var rows = next.durable(again, "one");
            rows.when(
                    event -> {
                        var enlistment = rows.handle()
                                .openEnlistment(
                                        event.recovered().orElseThrow().enlistment(),
                                        EnlistmentRight.ALL.toArray(new EnlistmentRight[0]));
                        enlistment.recover(enlistment.recoveryInformation());
                        return Result.PENDING;
                    },
                    Notification.RECOVER);
            rows.when(
                    event -> {
                        locked.add(((byte[]) Objects.requireNonNull(event.key()))[0]);
                        return Result.SUCCESS;
                    },
                    Notification.INDOUBT);
            rows.when(
                    event -> {
                        locked.remove(((byte[]) Objects.requireNonNull(event.key()))[0]);
                        return Result.SUCCESS;
                    },
                    Notification.COMMIT);

            rows.handle().recover();
            assertThat(locked).containsExactly((byte) 42);
            var driver = next.durable(again, "host");
            driver.handle().recover();
            driver.recover(host.enlistment().id()).enlistment().commit();

            assertThat(locked).isEmpty();
        }
    }

    @Test
    @Conforms("REC-13")
    void newWorkGoesOnBesideRecovery() throws Exception {
        var id = unresolved().enlistment().id();
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            var found = next.durable(again, "one");
            var other = next.durable(again, "other");
            var outcomes = new ArrayList<Outcome>();
            found.when(
                    event -> {
                        var transaction = again.createTransaction(TransactionOptions.DEFAULT);
                        found.enlist(transaction, PHASES);
                        other.enlist(transaction, PHASES);
                        transaction.commit();
                        outcomes.add(transaction.outcome());
                        return Result.PENDING;
                    },
                    Notification.RECOVER);
            var before = again.createTransaction(TransactionOptions.DEFAULT);
            found.enlist(before, ALONE);

            found.handle().recover();
            before.commit();

            assertThat(outcomes).containsExactly(Outcome.COMMITTED);
            found.recover(id).assertHeard(Notification.COMMIT);
            assertThat(again.transactions())
                    .as("only what the other has not recovered")
                    .hasSize(1);
        }
    }

    @Test
    @Conforms("REC-14")
    void nobodyRecoversFromATransactionManagerThatIsNotOnline() throws Exception {
        var transaction = begin();
        one.enlist(transaction, PHASES);
        two.enlist(transaction, PHASES);
        machine.device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE_FORCE, 1));
        assertRefused(KtmError.TRANSACTIONMANAGER_NOT_ONLINE, transaction::commit);

        assertRefused(KtmError.TRANSACTIONMANAGER_NOT_ONLINE, () -> one.handle().recover());

        assertThat(one.heard()).doesNotContain(Notification.LAST_RECOVER);
    }

    @Test
    @Conforms("REC-15")
    void whatWasNotAnnouncedCannotBeRecovered() throws Exception {
        var live = one.enlist(begin(), PHASES);
        assertRefused(
                KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> live.enlistment().recover("key"));
        live.assertHeard();
        var id = unresolved().enlistment().id();

        try (var next = machine.afterCrash()) {
            var found = next.durable(next.recovered(), "one");
            assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> found.recover(id));
            found.handle().recover();
            var part = found.recover(id);
            assertRefused(
                    KtmError.TRANSACTION_REQUEST_NOT_VALID,
                    () -> part.enlistment().recover("again"));

            part.assertHeard(Notification.COMMIT);
        }
    }

    @Test
    @Conforms("REC-17")
    void aLastRecordThatIsTornOrFlippedIsIgnored() throws Exception {
        var kept = unresolved().enlistment().unitOfWork();
        var before = machine.device.copy();
        var lost = unresolved().enlistment().unitOfWork();
        var after = machine.device.copy();
        int tried = 0;
        for (var name : after.list()) {
            var old = before.raw().read(name);
            var fresh = after.raw().read(name);
            var changed = changedBytes(old, fresh);
            for (int i = 0; i < changed.size(); i += Math.max(1, changed.size() / 12)) {
                var flipped = after.copy();
                flipped.raw().flipBit(name, 8L * changed.get(i));
                var torn = after.copy();
                torn.raw()
                        .write(
                                name,
                                changed.get(i),
                                java.util.Arrays.copyOfRange(old, changed.get(i), changed.get(changed.size() - 1) + 1));
                for (var damaged : List.of(flipped, torn)) {
                    try (var next = new Machine(damaged)) {
                        assertThat(next.recovered().transactions()).containsExactly(kept);
                    }
                    tried++;
                }
            }
        }

        assertThat(tried).isGreaterThan(10);
        try (var next = new Machine(after)) {
            assertThat(next.recovered().transactions()).containsExactlyInAnyOrder(kept, lost);
        }
    }

    private static List<Integer> changedBytes(byte[] old, byte[] fresh) {
        var changed = new ArrayList<Integer>();
        for (int i = 0; i < Math.min(old.length, fresh.length); i++) {
            if (old[i] != fresh[i]) {
                changed.add(i);
            }
        }
        return changed;
    }

    @Test
    @Conforms("REC-18")
    void rollsForwardStepByStep() throws Exception {
        var units = new ArrayList<UUID>();
        for (int i = 0; i < 4; i++) {
            units.add(unresolved().enlistment().unitOfWork());
        }
        assertThat(manager.clock()).isEqualTo(5);

        try (var next = machine.afterCrash();
                var whole = machine.afterCrash()) {
            var again = next.opened();
            again.rollForward(1);
            assertThat(again.transactions()).isEmpty();
            again.rollForward(3);
            assertThat(again.transactions()).containsExactlyInAnyOrderElementsOf(units.subList(0, 2));
            assertThat(again.clock()).isEqualTo(3);
            again.rollForward(4);
            assertThat(again.transactions()).containsExactlyInAnyOrderElementsOf(units.subList(0, 3));
            assertThat(again.isOnline()).isFalse();

            again.recover();
            var full = whole.recovered();

            assertThat(again.transactions()).containsExactlyInAnyOrderElementsOf(units);
            assertThat(full.transactions()).containsExactlyInAnyOrderElementsOf(units);
            assertThat(again.clock()).isEqualTo(full.clock()).isEqualTo(5);
            assertThat(again.isOnline()).isTrue();
        }
    }

    @Test
    @Conforms("REC-19")
    void afterACleanEndThereIsNothingToRecover() throws Exception {
        for (int i = 0; i < 3; i++) {
            var transaction = begin();
            one.enlist(transaction, PHASES);
            two.enlist(transaction, PHASES);
            transaction.commit();
        }
        manager.close();

        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            var found = next.durable(again, "one");
            found.handle().recover();

            assertThat(found.heard()).containsExactly(Notification.LAST_RECOVER);
            assertThat(again.transactions()).isEmpty();
        }
    }

    @Test
    @Conforms("REC-20")
    void itsWorkDoesNotGrowWithWhatIsOver() throws Exception {
        long little = readsOfARecoveryAfter(5);
        long much = readsOfARecoveryAfter(400);

        assertThat(much).isLessThanOrEqualTo(2 * little + 10);
    }

    /** How much is read by a start after so many large commits, a clean end, and one more commit. */
    private static long readsOfARecoveryAfter(int commits) throws Exception {
        try (var life = new Machine()) {
            var manager = life.recovered();
            commitLarge(life, manager, commits);
            manager.close();
            commitLarge(life, life.recovered(), 1);
            try (var next = life.afterCrash()) {
                next.device.injectFaults(FaultPlan.none());
                next.recovered();
                return next.device.attempts(OperationKind.READ);
            }
        }
    }

    private static void commitLarge(Machine life, ManagerHandle manager, int commits) throws Exception {
        var one = life.durable(manager, "one");
        var two = life.durable(manager, "two");
        for (int i = 0; i < commits; i++) {
            var transaction = manager.createTransaction(TransactionOptions.DEFAULT);
            one.enlist(transaction, PHASES).enlistment().setRecoveryInformation(new byte[20_000]);
            two.enlist(transaction, PHASES);
            transaction.commit();
        }
    }

    @Test
    @Conforms({"REC-21", "KTM-CP-11"})
    void anOperatorEndsWhatNobodyComesBackFor() throws Exception {
        var part = unresolved().enlistment();
        var active = begin();
        var working = one.enlist(active, PHASES).enlistment();
        assertRefused(
                KtmError.TRANSACTION_REQUEST_NOT_VALID,
                () -> manager.complete(active.unitOfWork(), working.id(), "jane", "gone"));
        assertRefused(
                KtmError.ENLISTMENT_NOT_FOUND,
                () -> manager.complete(part.unitOfWork(), new UUID(6, 6), "jane", "gone"));
        assertRefused(
                KtmError.TRANSACTION_NOT_FOUND, () -> manager.complete(new UUID(6, 6), part.id(), "jane", "gone"));
        assertRefused(KtmError.INVALID_PARAMETER, () -> manager.complete(part.unitOfWork(), part.id(), "jane", " "));
        assertRefused(KtmError.INVALID_PARAMETER, () -> manager.complete(part.unitOfWork(), part.id(), "", "gone"));
        assertThat(manager.operatorActs()).as("what is refused was not done").isEmpty();

        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            next.durable(again, "two").handle().recover();
            assertThat(again.transactions()).containsExactly(part.unitOfWork());
            var others = again.openTransaction(part.unitOfWork(), TransactionRight.QUERY_INFORMATION)
                    .enlistments();
            for (var enlisted : others) {
                assertThat(again.transactions()).hasSize(1);
                again.complete(part.unitOfWork(), enlisted.enlistment(), "jane", "its disk is gone");
            }
            assertThat(again.transactions()).isEmpty();
            again.log().orElseThrow().force();
            assertThat(next.reported()).contains(OutcomeReport.Kind.OPERATOR);
            try (var later = next.afterCrash()) {
                var last = later.recovered();
                assertThat(last.transactions()).isEmpty();
                assertThat(last.operatorActs()).hasSize(others.size()).allSatisfy(act -> {
                    assertThat(act.kind()).isEqualTo(OperatorAct.Kind.COMPLETE);
                    assertThat(act.unitOfWork()).isEqualTo(part.unitOfWork());
                    assertThat(act.who()).isEqualTo("jane");
                    assertThat(act.why()).isEqualTo("its disk is gone");
                });
            }
        }
    }

    @Test
    @Conforms("REC-25")
    void anUnresolvedTransactionKeepsItsRecordHoweverMuchIsWritten() throws Exception {
        var unit = unresolved().enlistment().unitOfWork();
        var log = manager.log().orElseThrow();
        var stream = log.stream(LogJournal.STREAM);
        long its = stream.last();
        one.when(event -> Result.SUCCESS, Notification.COMMIT);
        commitMore(3);
        assertThat(stream.base()).isLessThanOrEqualTo(its);
        long capacity = log.stats().containers() * log.stats().containerBytes();

        while (log.stats().writtenBytes() < 4 * capacity) {
            commitMore(10);
        }

        assertThat(stream.base()).as("carried forward").isGreaterThan(its);
        try (var next = machine.afterCrash()) {
            assertThat(next.recovered().transactions()).contains(unit);
        }
    }

    private void commitMore(int commits) throws Exception {
        for (int i = 0; i < commits; i++) {
            var transaction = begin();
            one.enlist(transaction, PHASES).enlistment().setRecoveryInformation(new byte[20_000]);
            two.enlist(transaction, PHASES);
            transaction.commit();
        }
    }

    @Test
    @Conforms("REC-26")
    void aNameThatIsTakenStopsRecovery() throws Exception {
        var unit = new UUID(3, 3);
        unresolved(manager.createTransaction(TransactionOptions.DEFAULT.withUnitOfWork(unit)));
        var options = TransactionOptions.DEFAULT.withUnitOfWork(unit);
        for (boolean bound : List.of(true, false)) {
            try (var next = machine.afterCrash()) {
                var taken = bound ? next.inMemory().createTransaction(options) : next.kernel.createTransaction(options);
                var again = next.opened();

                assertRefused(KtmError.TRANSACTIONMANAGER_RECOVERY_NAME_COLLISION, again::recover);
                assertThat(again.isOnline()).isFalse();
                assertThat(again.transactions()).isEmpty();
                taken.rollback();
                again.recover();

                assertThat(again.transactions()).containsExactly(unit);
            }
        }
    }

    @Test
    @Conforms("REC-27")
    void whatIsInDoubtIsGivenUpOnlyIfThatWasAllowed() throws Exception {
        for (boolean allowed : List.of(false, true)) {
            try (var life = new Machine()) {
                var options = allowed ? life.onDisk().withProgressFirst() : life.onDisk();
                var full = life.kernel.create(options);
                full.recover();
                var host = life.durable(full, "host");
                var large = life.durable(full, "large");
                var inDoubt = new ArrayList<Part>();
                var first = full.createTransaction(TransactionOptions.DEFAULT);
                inDoubt.add(prepareLarge(host, large, first));
                while (life.reports.isEmpty()) {
                    inDoubt.add(prepareLarge(host, large, full.createTransaction(TransactionOptions.DEFAULT)));
                }

                try (var next = life.afterCrash()) {
                    assertThat(next.recovered().transactions().contains(first.unitOfWork()))
                            .isEqualTo(!allowed);
                }
                var superior = inDoubt.get(0).enlistment();
                if (allowed) {
                    assertThat(life.reported()).containsOnly(OutcomeReport.Kind.HEURISTIC);
                    assertThat(life.reports.get(0).unitOfWork()).isEqualTo(first.unitOfWork());
                    assertThat(life.reports)
                            .as("the oldest, and no more than needed")
                            .hasSizeLessThan(inDoubt.size() / 2);
                    assertThat(inDoubt.get(inDoubt.size() - 1).heard()).endsWith(Notification.PREPARE_COMPLETE);
                    assertThat(inDoubt.get(0).heard()).endsWith(Notification.ROLLBACK);
                    assertRefused(KtmError.TRANSACTION_INTEGRITY_VIOLATED, superior::commit);
                    assertRefused(KtmError.TRANSACTION_INTEGRITY_VIOLATED, superior::rollback);
                    assertRefused(KtmError.TRANSACTION_INTEGRITY_VIOLATED, first::commit);
                } else {
                    assertThat(life.reported()).containsExactly(OutcomeReport.Kind.NOT_WRITTEN);
                    assertThat(inDoubt.get(inDoubt.size() - 1).heard()).endsWith(Notification.ROLLBACK);
                    superior.commit();
                    assertThat(first.outcome()).isEqualTo(Outcome.COMMITTED);
                }
            }
        }
    }

    private static Part prepareLarge(
            ScriptedResourceManager host, ScriptedResourceManager large, TransactionHandle transaction)
            throws Exception {
        var superior = host.enlistSuperior(transaction, SUPERIOR);
        large.enlist(transaction, PHASES).enlistment().setRecoveryInformation(new byte[60_000]);
        superior.enlistment().prePrepare();
        superior.enlistment().prepare();
        return superior;
    }

    @Test
    @Conforms("REC-22")
    void whatIsInDoubtIsListedAsThat() throws Exception {
        var transaction = begin();
        var host = machine.durable(manager, "host").enlistSuperior(transaction, SUPERIOR);
        one.enlist(transaction, PHASES);
        host.enlistment().prePrepare();
        host.enlistment().prepare();

        try (var next = machine.afterCrash()) {
            var again = next.recovered();

            assertThat(again.live()).singleElement().satisfies(live -> {
                assertThat(live.unitOfWork()).isEqualTo(transaction.unitOfWork());
                assertThat(live.state()).isEqualTo(TransactionState.IN_DOUBT);
                assertThat(live.outcome()).isEqualTo(Outcome.UNDETERMINED);
            });
        }
    }

    @Test
    void aResourceManagerThatRecoversTwiceAtOnceCommitsOnce() throws Exception {
        var id = unresolved().enlistment().id();
        try (var next = machine.afterCrash()) {
            var found = next.durable(next.recovered(), "one");
            found.handle().recover();
            found.handle().recover();
            assertThat(announced(found)).hasSize(2);

            var part = found.recover(id);
            assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> found.recover(id));

            part.assertHeard(Notification.COMMIT);
        }
    }

    @Test
    void aClosedRecoveryHandleLosesNothing() throws Exception {
        var id = unresolved().enlistment().id();
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            var found = next.durable(again, "one");
            found.handle().recover();
            Enlistment looked = found.handle().openEnlistment(id, EnlistmentRight.QUERY_INFORMATION);
            looked.close();
            found.close();
            assertThat(again.transactions()).hasSize(1);

            var back = next.durable(again, "one");
            back.handle().recover();
            back.recover(id).assertHeard(Notification.COMMIT);
            assertThat(Stream.of(EnlistmentState.values())).contains(EnlistmentState.RECOVERING);
        }
    }

    @Test
    void damageThatIsReportedBeforeTheLastOneHasDecidedDoesNotDecide() throws Exception {
        var transaction = begin();
        two.byHand(Notification.SINGLE_PHASE_COMMIT);
        transaction.enlistLast(two.handle(), ALONE, new Part());
        var prepared = one.enlist(transaction, PHASES).enlistment();
        transaction.commitAsync();

        prepared.reportHeuristic(HeuristicDecision.MIXED, 5, "b", "half of it is gone");
        prepared.reportHeuristic(HeuristicDecision.MIXED, 5, "b", "half of it is still gone");

        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            assertThat(again.live()).singleElement().satisfies(found -> {
                assertThat(found.state()).isEqualTo(TransactionState.IN_DOUBT);
                assertThat(found.damage()).hasSize(1);
            });
            var decider = next.durable(again, "two");
            decider.handle().recover();
            decider.recover(announced(decider).get(0).enlistment()).enlistment().commitComplete();
            var waiting = next.durable(again, "one");
            waiting.handle().recover();
            waiting.recover(prepared.id()).assertHeard(Notification.COMMIT);
            assertThat(again.damaged())
                    .singleElement()
                    .satisfies(found -> assertThat(found.committed()).isTrue());
        }
    }

    @Test
    void damageThatIsReportedBeforeTheLastOneRefusesIsNotForgottenWithTheTransaction() throws Exception {
        var transaction = begin();
        two.byHand(Notification.SINGLE_PHASE_COMMIT);
        var last = transaction.enlistLast(two.handle(), ALONE, new Part());
        one.byHand(Notification.ROLLBACK);
        var prepared = one.enlist(transaction, PHASES).enlistment();
        transaction.commitAsync();
        prepared.reportHeuristic(HeuristicDecision.MIXED, 5, "b", "half of it is gone");

        last.rollback(new IllegalStateException("no"));

        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            assertThat(again.live()).isEmpty();
            assertThat(again.damaged())
                    .singleElement()
                    .satisfies(found -> assertThat(found.committed()).isFalse());
        }
    }

    @Test
    void damageThatIsReportedBeforeTheSuperiorHasDecidedDoesNotDecide() throws Exception {
        var transaction = begin();
        var host = machine.durable(manager, "host").enlistSuperior(transaction, SUPERIOR);
        var prepared = one.enlist(transaction, PHASES).enlistment();
        host.enlistment().prePrepare();
        host.enlistment().prepare();

        prepared.reportHeuristic(HeuristicDecision.MIXED, 5, "b", "half of it is gone");

        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            assertThat(again.live()).singleElement().satisfies(found -> {
                assertThat(found.state()).isEqualTo(TransactionState.IN_DOUBT);
                assertThat(found.damage()).hasSize(1);
            });
        }
    }

    @Test
    void damageThatIsReportedWhenAllIsOverIsKeptWithWhatWasDecided() throws Exception {
        var transaction = begin();
        var late = one.enlist(transaction, PHASES).enlistment();
        two.enlist(transaction, PHASES);
        transaction.commit();

        late.reportHeuristic(HeuristicDecision.ROLLBACK, 6, "b", "it was not done after all");

        assertThat(manager.damaged())
                .singleElement()
                .satisfies(found -> assertThat(found.committed()).isTrue());
        try (var next = machine.afterCrash()) {
            assertThat(next.recovered().damaged()).hasSize(1);
        }
    }
}
