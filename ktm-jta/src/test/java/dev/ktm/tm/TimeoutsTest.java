package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static dev.ktm.testing.ScriptedResourceManager.SUPERIOR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.ScriptedResourceManager;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What takes too long. */
class TimeoutsTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();
    private final ScriptedResourceManager one = machine.lasting(manager, "one");
    private final ScriptedResourceManager two = machine.lasting(manager, "two");

    private TransactionHandle begin(Duration timeout) throws Exception {
        return manager.createTransaction(TransactionOptions.DEFAULT.withTimeout(timeout));
    }

    @Test
    @Conforms("KTM-TO-01")
    void zeroNeverExpires() throws Exception {
        var never = begin(Duration.ZERO);
        var changed = begin(MINUTE);
        var longest = begin(Duration.ofSeconds(Long.MAX_VALUE));
        changed.setTimeout(Duration.ZERO);

        machine.pass(Duration.ofDays(30_000));

        never.commit();
        changed.commit();
        longest.commit();
        assertThat(machine.reports).isEmpty();
    }

    @Test
    @Conforms("KTM-TO-02")
    void whatIsActiveTooLongIsRolledBack() throws Exception {
        var transaction = begin(MINUTE);
        var free = machine.kernel.createTransaction(TransactionOptions.DEFAULT.withTimeout(MINUTE));
        var first = one.enlist(transaction, PHASES);
        var second = two.enlist(transaction, PHASES);
        machine.pass(MINUTE.minusNanos(1));
        first.assertHeard();
        assertThat(transaction.transaction().timeLeft()).contains(Duration.ofNanos(1));

        machine.pass(Duration.ofNanos(1));

        first.assertHeard(Notification.ROLLBACK);
        second.assertHeard(Notification.ROLLBACK);
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, transaction::commit);
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, free::commit);
        assertRefused(KtmError.TRANSACTION_NOT_ACTIVE, () -> one.enlist(transaction, PHASES));
        assertThat(transaction.transaction().rollbackCause().orElseThrow()).contains("longer than PT1M");
        assertThat(machine.reported()).containsExactly(OutcomeReport.Kind.TIMED_OUT, OutcomeReport.Kind.TIMED_OUT);
        machine.pass(MINUTE);
        assertThat(machine.reports).as("once").hasSize(2);
    }

    @Test
    void theReportSaysWhereTheThreadIsThatWorksInWhatTakesTooLong() throws Exception {
        var owned = begin(MINUTE);
        owned.setListener(new TransactionListener() {
            @Override
            public void beforeCommit() {}

            @Override
            public void afterCompletion(Outcome outcome) {}

            @Override
            public Optional<Thread> owner() {
                return Optional.of(Thread.currentThread());
            }
        });

        machine.pass(MINUTE);

        var owner = machine.reports.get(0).owner().orElseThrow();
        assertThat(owner.thread()).isEqualTo(Thread.currentThread().getName());
        assertThat(owner.alive()).isTrue();
        assertThat(owner.stack())
                .extracting(StackTraceElement::getMethodName)
                .contains("theReportSaysWhereTheThreadIsThatWorksInWhatTakesTooLong");
        assertThat(machine.reports.get(0).toString())
                .contains(owner.thread(), "\tat dev.ktm.tm.TimeoutsTest.theReportSaysWhere");
    }

    @Test
    void theReportOfWhatNoThreadWorksInSaysSo() throws Exception {
        begin(MINUTE);

        machine.pass(MINUTE);

        assertThat(machine.reports.get(0).owner()).isEmpty();
        assertThat(machine.reports.get(0).cause()).contains("associated with no thread");
    }

    @Test
    @Conforms("KTM-TO-03")
    void whatIsNotPreparedInTimeIsRolledBackAlsoByWhoIsPrepared() throws Exception {
        for (var phase : List.of(Notification.PREPREPARE, Notification.PREPARE)) {
            two.when(event -> Result.SUCCESS, Notification.PREPREPARE).byHand(phase);
            var transaction = begin(MINUTE);
            var answered = one.enlist(transaction, PHASES);
            var owing = two.enlist(transaction, PHASES);
            var end = transaction.commitAsync().toCompletableFuture();
            assertThat(answered.enlistment().state())
                    .isEqualTo(phase == Notification.PREPARE ? EnlistmentState.PREPARED : EnlistmentState.PRE_PREPARED);

            machine.pass(MINUTE);

            assertThat(end).isCompletedWithValue(Outcome.ABORTED);
            assertThat(answered.heard()).endsWith(phase, Notification.ROLLBACK);
            assertThat(owing.heard()).endsWith(phase, Notification.ROLLBACK);
            assertRefused(
                    KtmError.TRANSACTION_NOT_REQUESTED, () -> owing.enlistment().prepareComplete());
            assertRefused(
                    KtmError.TRANSACTION_NOT_REQUESTED, () -> owing.enlistment().prePrepareComplete());
        }
    }

    @Test
    @Conforms("KTM-TO-04")
    void whatIsDecidedOrPreparedUnderASuperiorTakesAsLongAsItTakes() throws Exception {
        one.byHand(Notification.COMMIT);
        var decided = begin(MINUTE);
        var committing = one.enlist(decided, PHASES);
        two.enlist(decided, PHASES);
        decided.commitAsync();
        var prepared = begin(MINUTE);
        var superior = machine.durable(manager, "host").enlistSuperior(prepared, SUPERIOR);
        var waiting = two.enlist(prepared, PHASES);
        superior.enlistment().prePrepare();
        superior.enlistment().prepare();

        machine.pass(Duration.ofDays(1));

        assertThat(machine.reported()).containsOnly(OutcomeReport.Kind.PINS_LOG);
        committing.assertHeard(Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT);
        waiting.assertHeard(Notification.PREPREPARE, Notification.PREPARE);
        assertThat(prepared.transaction().state()).isEqualTo(TransactionState.PREPARED);
        committing.enlistment().commitComplete();
        superior.enlistment().commit();
        assertThat(decided.outcome()).isEqualTo(Outcome.COMMITTED);
        assertThat(prepared.outcome()).isEqualTo(Outcome.COMMITTED);
    }

    @Test
    @Conforms("KTM-TO-05")
    void aNewTimeoutStartsAnew() throws Exception {
        var longer = begin(MINUTE);
        var shorter = begin(Duration.ofHours(1));
        var late = begin(Duration.ZERO);
        machine.pass(Duration.ofSeconds(50));

        longer.setTimeout(MINUTE);
        shorter.setTimeout(Duration.ofSeconds(59));
        late.setTimeout(Duration.ofSeconds(58));
        machine.pass(Duration.ofSeconds(57));
        assertThat(machine.reports).isEmpty();
        machine.pass(Duration.ofSeconds(1));
        assertThat(late.outcome()).isEqualTo(Outcome.ABORTED);
        machine.pass(Duration.ofSeconds(1));
        assertThat(shorter.outcome()).isEqualTo(Outcome.ABORTED);
        assertThat(longer.outcome()).isEqualTo(Outcome.UNDETERMINED);
        machine.pass(Duration.ofSeconds(1));

        assertThat(longer.outcome()).isEqualTo(Outcome.ABORTED);
    }

    @Test
    @Conforms("KTM-TO-06")
    void aTimeoutThatHasFiredCannotBeChanged() throws Exception {
        one.byHand(Notification.ROLLBACK);
        var transaction = begin(MINUTE);
        var part = one.enlist(transaction, PHASES);
        machine.pass(MINUTE);

        assertRefused(KtmError.ROLLBACK_TIMER_EXPIRED, () -> transaction.setTimeout(MINUTE));
        part.enlistment().rollbackComplete();
        assertRefused(KtmError.ROLLBACK_TIMER_EXPIRED, () -> transaction.setTimeout(MINUTE));

        var rolledBack = begin(MINUTE);
        rolledBack.rollback();
        assertRefused(KtmError.TRANSACTION_NOT_ACTIVE, () -> rolledBack.setTimeout(MINUTE));
    }

    @Test
    void whoIsStuckInItsOwnRollbackDoesNotHoldUpTheOthers() throws Exception {
        machine.holdWorkers();
        var first = begin(MINUTE);
        one.enlist(first, PHASES);
        var second = begin(MINUTE);
        one.enlist(second, PHASES);

        machine.pass(MINUTE);

        assertThat(first.outcome()).isEqualTo(Outcome.ABORTED);
        assertThat(second.outcome()).isEqualTo(Outcome.ABORTED);
        assertThat(one.heard()).as("that is the workers' work").isEmpty();
    }

    @Test
    void whatNoThreadCanBeHadForIsRolledBackLater() throws Exception {
        machine.refuseNextWorkers(2);
        var transaction = begin(MINUTE);
        var part = one.enlist(transaction, PHASES);
        machine.pass(MINUTE);
        assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
        part.assertHeard();
        var later = begin(MINUTE);
        var laterPart = two.enlist(later, PHASES);

        machine.pass(Duration.ofMillis(100));
        part.assertHeard();
        machine.pass(Duration.ofMillis(100));
        part.assertHeard(Notification.ROLLBACK);

        machine.pass(MINUTE);
        laterPart.assertHeard(Notification.ROLLBACK);
    }
}
