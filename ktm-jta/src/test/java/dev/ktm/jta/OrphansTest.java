package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionId;
import dev.ktm.testing.SimulatedDatabase;
import jakarta.transaction.RollbackException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Branches of transactions that nobody remembers, on resource managers that do not do as they are told at once. */
class OrphansTest {

    private final SimulatedDevice device = new SimulatedDevice();
    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");
    private final List<OutcomeReport> reports = new CopyOnWriteArrayList<>();
    private Ktm ktm;

    @BeforeEach
    void open() {
        ktm = Ktm.open(KtmOptions.builder()
                .device(device)
                .recoveryInterval(Duration.ofHours(1))
                .reportListener(reports::add)
                .build());
    }

    @AfterEach
    void close() {
        ktm.close();
    }

    /** So many transactions of an earlier life that were not decided, prepared in one of two databases. */
    private void leaveOrphans(int count) throws Exception {
        var manager = ktm.transactionManager();
        for (int i = 0; i < count; i++) {
            manager.begin();
            for (var database : List.of(orders, stock)) {
                var connection = database.connect();
                manager.getTransaction().enlistResource(ktm.named(database.toString(), connection));
                connection.put("key " + i);
            }
            stock.failNext(SimulatedDatabase.Call.PREPARE, XAException.XA_RBROLLBACK);
            orders.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_RMFAIL);
            assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);
        }
        assertThat(orders.prepared()).isEqualTo(count);
        ktm.close();
        reports.clear();
        open();
    }

    private List<OutcomeReport> reports(OutcomeReport.Kind kind) {
        return reports.stream().filter(report -> report.kind() == kind).toList();
    }

    private void scan(int times) {
        for (int i = 0; i < times; i++) {
            ktm.recoverNow();
        }
    }

    @Test
    void oneThatCannotBeForgottenHoldsUpNoOtherAndIsForgottenLater() throws Exception {
        leaveOrphans(2);
        orders.decideHeuristically(true, XAException.XA_HEURCOM);
        for (int i = 0; i < 4; i++) {
            orders.failNext(SimulatedDatabase.Call.FORGET, XAException.XAER_RMFAIL);
        }

        ktm.register("orders", orders::connect);
        scan(2);

        assertThat(reports(OutcomeReport.Kind.RECOVERY_FAILED)).isEmpty();
        assertThat(ktm.manager().damaged())
                .hasSize(2)
                .allSatisfy(damaged -> assertThat(damaged.damage()).hasSize(1));
        scan(2);
        assertThat(orders.branches()).isZero();
        assertThat(ktm.manager().damaged())
                .hasSize(2)
                .allSatisfy(damaged -> assertThat(damaged.damage()).hasSize(1));
        assertThat(reports(OutcomeReport.Kind.HEURISTIC)).hasSize(2);
    }

    @Test
    void whatAnOperatorHasForgottenDoesNotComeBackWithTheNextScan() throws Exception {
        leaveOrphans(1);
        orders.decideHeuristically(true, XAException.XA_HEURCOM);
        for (int i = 0; i < 20; i++) {
            orders.failNext(SimulatedDatabase.Call.FORGET, XAException.XAER_RMFAIL);
        }
        ktm.register("orders", orders::connect);
        scan(1);
        var id = ktm.manager().damaged().get(0).transaction();

        ktm.manager().forget(id, "jane", "mended");
        scan(2);

        assertThat(ktm.manager().damaged()).isEmpty();
    }

    @Test
    void oneThatWasRolledBackOnItsOwnAndCannotBeForgottenHoldsUpNoOther() throws Exception {
        leaveOrphans(2);
        orders.decideHeuristically(false, XAException.XA_HEURRB);
        orders.failNext(SimulatedDatabase.Call.FORGET, XAException.XAER_RMFAIL);

        ktm.register("orders", orders::connect);
        scan(2);

        assertThat(orders.branches()).isZero();
        assertThat(ktm.manager().damaged()).isEmpty();
        assertThat(reports(OutcomeReport.Kind.RECOVERY_FAILED)).isEmpty();
    }

    @Test
    void oneThatIsNotRolledBackYetIsReportedOnceAndAgainOnlyIfSomethingChanges() throws Exception {
        leaveOrphans(1);
        for (int code : new int[] {
            XAException.XAER_RMFAIL, XAException.XAER_RMFAIL, XAException.XAER_RMFAIL, XAException.XAER_PROTO
        }) {
            orders.failNext(SimulatedDatabase.Call.ROLLBACK, code);
        }

        ktm.register("orders", orders::connect);
        ktm.recoverNow();
        while (orders.branches() > 0) {
            ktm.recoverNow();
        }

        assertThat(reports(OutcomeReport.Kind.ORPHAN))
                .extracting(OutcomeReport::code)
                .satisfiesExactly(
                        first -> assertThat(first).contains("RMFAIL"),
                        second -> assertThat(second).contains("PROTO"),
                        third -> assertThat(third).isEmpty());
    }

    @Test
    void oneOfALaterLifeIsReportedOnce() throws Exception {
        orders.addForeign(laterLife());

        ktm.register("orders", orders::connect);
        scan(3);

        assertThat(reports(OutcomeReport.Kind.IN_DOUBT)).hasSize(1);
        assertThat(orders.branches()).isPositive();
    }

    private BranchXid laterLife() throws Exception {
        var manager = ktm.manager();
        return new BranchXid(new TransactionId(manager.identity(), manager.incarnation() + 5, 7), new UUID(1, 2));
    }
}
