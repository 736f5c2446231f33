package dev.ktm.tm;

import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static dev.ktm.testing.ScriptedResourceManager.SUPERIOR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.ScriptedResourceManager;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** When transactions began, came to their states, and have been kept for too long. */
class StateTimesTest {

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();
    private final ScriptedResourceManager host = machine.lasting(manager, "host");
    private final ScriptedResourceManager one = machine.lasting(manager, "one");

    private TransactionInspection seen(UUID unitOfWork) throws Exception {
        return manager.inspect().stream()
                .filter(each -> each.unitOfWork().equals(unitOfWork))
                .findAny()
                .orElseThrow();
    }

    /** In seconds before now, which the machine's wall clock never leaves. */
    private static List<String> timesOf(TransactionInspection seen) {
        return seen.stages().stream()
                .map(each -> each.state() + " "
                        + Duration.between(each.entered(), Instant.EPOCH).toSeconds())
                .toList();
    }

    @Test
    void everyStateHasTheTimeAtWhichItWasEntered() throws Exception {
        var transaction = manager.createTransaction(TransactionOptions.DEFAULT);
        var superior = host.enlistSuperior(transaction, SUPERIOR);
        one.enlist(transaction, PHASES);
        machine.pass(Duration.ofSeconds(10));
        superior.enlistment().prePrepare();
        machine.pass(Duration.ofSeconds(20));
        superior.enlistment().prepare();
        machine.pass(Duration.ofSeconds(30));
        superior.enlistment().close();
        machine.pass(Duration.ofSeconds(40));

        var seen = seen(transaction.unitOfWork());

        assertThat(seen.age()).isEqualTo(Duration.ofSeconds(100));
        assertThat(seen.isRecovered()).isFalse();
        assertThat(timesOf(seen))
                .containsExactly(
                        "ACTIVE 100",
                        "PRE_PREPARING 90",
                        "PRE_PREPARED 90",
                        "PREPARING 70",
                        "PREPARED 70",
                        "IN_DOUBT 40");
    }

    @Test
    void ofAnEarlierLifeItIsKnownWhenItWasFound() throws Exception {
        var transaction = manager.createTransaction(TransactionOptions.DEFAULT);
        var superior = host.enlistSuperior(transaction, SUPERIOR);
        one.enlist(transaction, PHASES);
        superior.enlistment().prePrepare();
        superior.enlistment().prepare();
        try (var next = machine.afterCrash()) {
            var again = next.recovered();
            next.pass(Duration.ofSeconds(5));

            var seen = again.inspect().get(0);

            assertThat(seen.isRecovered()).isTrue();
            assertThat(seen.age()).isEqualTo(Duration.ofSeconds(5));
            assertThat(timesOf(seen)).containsExactly("IN_DOUBT 5");
        }
    }

    @Test
    void statesThatWerePassedQuicklyHaveTheTimeOfTheNext() {
        var history = List.of(
                TransactionState.ACTIVE,
                TransactionState.PREPARING,
                TransactionState.PREPARED,
                TransactionState.COMMITTED);
        long second = 1_000_000_000L;
        var marks = StateTimes.marks(null, TransactionState.ACTIVE, 0, 5 * second);
        marks = StateTimes.marks(marks, TransactionState.PREPARING, 5 * second, 5 * second + 1);
        marks = StateTimes.marks(marks, TransactionState.PREPARED, 5 * second + 1, 6 * second);

        assertThat(StateTimes.of(history, 0, 6 * second, marks))
                .containsExactly(0, 5 * second + 1, 5 * second + 1, 6 * second);
    }

    @Test
    void aCommitWithoutPausesNeedsNoMemory() {
        assertThat(StateTimes.marks(null, TransactionState.PREPARING, 1_000, 2_000))
                .isNull();
    }

    @Test
    @Conforms("OPS-11")
    void whatTheLogHasToKeepForTooLongIsReportedOnce() throws Exception {
        var working = manager.createTransaction(TransactionOptions.DEFAULT);
        one.enlist(working, PHASES);
        var transaction = manager.createTransaction(TransactionOptions.DEFAULT.withDescription("night run"));
        var superior = host.enlistSuperior(transaction, SUPERIOR);
        one.enlist(transaction, PHASES);
        machine.pass(Duration.ofMinutes(20));
        superior.enlistment().prePrepare();
        superior.enlistment().prepare();
        machine.pass(Duration.ofMinutes(10));
        assertThat(machine.reports)
                .as("of what is only old, or kept for no longer than the limit")
                .isEmpty();

        machine.pass(Duration.ofSeconds(1));
        machine.pass(Duration.ofMinutes(60));

        assertThat(machine.reports).singleElement().satisfies(report -> {
            assertThat(report.kind()).isEqualTo(OutcomeReport.Kind.PINS_LOG);
            assertThat(report.kind().event()).isEqualTo(4);
            assertThat(report.unitOfWork()).isEqualTo(transaction.unitOfWork());
            assertThat(report.cause()).contains("601 s", "night run");
        });
    }

    @Test
    void theLimitIsAnOption() throws Exception {
        manager.close();
        var quick = machine.kernel.create(machine.onDisk().withPinLimit(Duration.ofSeconds(5)));
        quick.recover();
        var never = machine.kernel.create(
                ManagerOptions.durable(Machine.formatted()).withPinLimit(Duration.ZERO));
        never.recover();
        for (var each : List.of(quick, never)) {
            var driver = machine.durable(each, "host");
            var worker = machine.durable(each, "one");
            var transaction = each.createTransaction(TransactionOptions.DEFAULT);
            var superior = driver.enlistSuperior(transaction, SUPERIOR);
            worker.enlist(transaction, PHASES);
            superior.enlistment().prePrepare();
            superior.enlistment().prepare();
        }

        machine.pass(Duration.ofSeconds(6));

        assertThat(machine.reported()).containsExactly(OutcomeReport.Kind.PINS_LOG);
    }
}
