package dev.ktm.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Until;
import dev.ktm.operator.Operations;
import dev.ktm.tm.ManagerHandle.Durability;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.RollbackException;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Each figure after work that is known. */
class KtmMetricsTest {

    @AutoClose
    private final Coordinator coordinator = new Coordinator();

    private final MeterRegistry meters = new SimpleMeterRegistry();

    @AutoClose
    private final KtmMetrics metrics = new KtmMetrics(coordinator.ktm);

    KtmMetricsTest() {
        metrics.bindTo(meters);
    }

    private double count(String name, String... tags) {
        return meters.get(name).tags(tags).functionCounter().count();
    }

    private double gauge(String name, String... tags) {
        return meters.get(name).tags(tags).gauge().value();
    }

    private long timed(String name, String... tags) {
        return meters.get(name).tags(tags).timer().count();
    }

    @Test
    void countsTransactionsAndHowTheyEnd() throws Exception {
        coordinator.commitBoth();
        coordinator.begin();
        coordinator.orders.work(coordinator.ktm);
        coordinator.commit();
        coordinator.begin();
        coordinator.commit();
        coordinator.begin();
        coordinator.rollback();
        coordinator.begin();
        coordinator.workInBoth();
        coordinator.stock.failNextPrepare(XAException.XA_RBDEADLOCK);
        assertThatThrownBy(coordinator::commit).isInstanceOf(RollbackException.class);

        assertThat(count("ktm.transactions.begun")).isEqualTo(5);
        assertThat(count("ktm.transactions.committed")).isEqualTo(3);
        assertThat(count("ktm.transactions.committed.one.phase")).isEqualTo(1);
        assertThat(count("ktm.transactions.committed.read.only")).isEqualTo(1);
        assertThat(count("ktm.transactions.rolled.back", "cause", "client")).isEqualTo(1);
        assertThat(count("ktm.transactions.rolled.back", "cause", "participant"))
                .isEqualTo(1);
        assertThat(count("ktm.transactions.rolled.back", "cause", "timeout")).isZero();
        assertThat(count("ktm.transactions.unknown")).isZero();
    }

    @Test
    void countsWhatIsHeuristic() throws Exception {
        coordinator.begin();
        coordinator.workInBoth();
        coordinator.orders.failNextCommit(XAException.XA_HEURRB);
        assertThatThrownBy(coordinator::commit).isInstanceOf(HeuristicMixedException.class);

        assertThat(count("ktm.transactions.heuristic")).isEqualTo(1);
        assertThat(gauge("ktm.transactions.damaged")).isEqualTo(1);
        assertThat(timed(
                        "ktm.branch.calls", "resource.manager", "orders", "operation", "commit", "answer", "heuristic"))
                .isEqualTo(1);
    }

    @Test
    void showsBranchesThatWaitForTheirResourceManager() throws Exception {
        coordinator.begin();
        coordinator.workInBoth();
        coordinator.orders.whenCalled(() -> {
            // Gone between its vote and its commit.
            if (coordinator.stock.isPrepared()) {
                coordinator.orders.setAway(true);
            }
        });
        coordinator.commit();

        assertThat(gauge("ktm.branches.pending", "resource.manager", "orders")).isEqualTo(1);
        assertThat(gauge("ktm.branches.pending", "resource.manager", "stock")).isZero();
        assertThat(gauge("ktm.transactions.unfinished")).isEqualTo(1);

        coordinator.orders.whenCalled(() -> {});
        coordinator.orders.setAway(false);
        coordinator.ktm.recoverNow();

        assertThat(gauge("ktm.branches.pending", "resource.manager", "orders")).isZero();
        assertThat(gauge("ktm.transactions.unfinished")).isZero();
    }

    @Test
    void findsResourceManagersThatComeLater() throws Exception {
        new Database("later").register(coordinator.ktm);
        double managers = gauge("ktm.resource.managers");

        assertThat(gauge("ktm.branches.pending", "resource.manager", "later")).isZero();
        assertThat(managers).isGreaterThanOrEqualTo(3);

        coordinator.ktm.unregister("later");
        assertThat(gauge("ktm.resource.managers")).isEqualTo(managers - 1);
        assertThat(meters.find("ktm.branches.pending")
                        .tag("resource.manager", "later")
                        .gauge())
                .isNull();
    }

    @Test
    void resourceManagersThatNoBranchCanWaitForHaveNoGauge() throws Exception {
        var before = meters.getMeters().size();
        for (int i = 0; i < 10; i++) {
            coordinator.ktm.manager().createResourceManager(UUID.randomUUID(), "native " + i, Durability.VOLATILE);
        }

        assertThat(gauge("ktm.resource.managers")).isGreaterThanOrEqualTo(12);
        assertThat(meters.getMeters()).hasSize(before);
    }

    @Test
    void aCoordinatorThatIsForgottenIsNotKeptByItsMeters() throws Exception {
        var others = new SimpleMeterRegistry();
        var operations = boundAndForgotten(others);

        Until.holds(() -> {
            System.gc();
            return operations.get() == null;
        });
        assertThat(others.getMeters()).isNotEmpty();
    }

    private static WeakReference<Operations> boundAndForgotten(MeterRegistry registry) throws Exception {
        try (var forgotten = new Coordinator()) {
            new KtmMetrics(forgotten.ktm).bindTo(registry);
            return new WeakReference<>(forgotten.ktm.operations());
        }
    }

    @Test
    void showsWhatIsInDoubtAndHowOldTheOldestIs() throws Exception {
        assertThat(gauge("ktm.transactions.oldest.age")).isZero();
        var xid = coordinator.prepareForASuperior();

        assertThat(gauge("ktm.transactions.in.doubt")).isEqualTo(1);
        assertThat(gauge("ktm.transactions.live")).isEqualTo(1);
        double age = gauge("ktm.transactions.oldest.age");
        assertThat(age).isPositive();
        assertThat(gauge("ktm.transactions.oldest.age")).isGreaterThan(age);

        coordinator.ktm.xaResource().commit(xid, false);

        assertThat(gauge("ktm.transactions.in.doubt")).isZero();
        assertThat(count("ktm.transactions.committed")).isEqualTo(1);
    }

    @Test
    void measuresPhasesAndCalls() throws Exception {
        coordinator.commitBoth();
        coordinator.begin();
        coordinator.workInBoth();
        coordinator.rollback();

        assertThat(timed("ktm.phases", "phase", "prepare")).isEqualTo(1);
        assertThat(timed("ktm.phases", "phase", "log")).isEqualTo(1);
        assertThat(timed("ktm.phases", "phase", "commit")).isEqualTo(1);
        assertThat(timed("ktm.phases", "phase", "rollback")).isEqualTo(1);
        assertThat(timed("ktm.phases", "phase", "delegate")).isZero();
        assertThat(timed("ktm.transactions", "outcome", "committed")).isEqualTo(1);
        assertThat(timed("ktm.transactions", "outcome", "aborted")).isEqualTo(1);
        assertThat(timed("ktm.branch.calls", "resource.manager", "stock", "operation", "prepare", "answer", "done"))
                .isEqualTo(1);
        assertThat(meters.get("ktm.phases").tag("phase", "log").timer().totalTime(TimeUnit.NANOSECONDS))
                .isPositive()
                .isLessThan(meters.get("ktm.transactions")
                        .tag("outcome", "committed")
                        .timer()
                        .totalTime(TimeUnit.NANOSECONDS));
    }

    @Test
    void showsTheLog() throws Exception {
        double forces = count("ktm.log.forces");
        coordinator.commitBoth();

        assertThat(count("ktm.log.forces")).isGreaterThan(forces);
        assertThat(count("ktm.log.records")).isGreaterThanOrEqualTo(count("ktm.log.forces"));
        assertThat(count("ktm.log.written")).isPositive();
        assertThat(gauge("ktm.log.used")).isBetween(0.0, 1.0);
        assertThat(gauge("ktm.log.capacity")).isPositive();
        assertThat(gauge("ktm.log.write")).isNotNegative();
        assertThat(gauge("ktm.online")).isEqualTo(1);
    }

    @Test
    void tellsTwoCoordinatorsApartByTheirTags() throws Exception {
        try (var other = new Coordinator();
                var ofFirst = new KtmMetrics(coordinator.ktm, List.of(Tag.of("coordinator", "first")));
                var ofOther = new KtmMetrics(other.ktm, List.of(Tag.of("coordinator", "other")))) {
            var shared = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            ofFirst.bindTo(shared);
            ofOther.bindTo(shared);
            other.commitBoth();
            other.commitBoth();
            coordinator.commitBoth();

            assertThat(shared.scrape())
                    .contains("ktm_transactions_committed_total{coordinator=\"first\"} 1.0")
                    .contains("ktm_transactions_committed_total{coordinator=\"other\"} 2.0")
                    .contains("ktm_phases_seconds_count{coordinator=\"other\",phase=\"log\"} 2");
        }
    }

    @Test
    void areGoneWhenTheyAreClosedAndNoNumbersWhenTheCoordinatorIs() throws Exception {
        coordinator.ktm.close();
        assertThat(gauge("ktm.transactions.live")).isNaN();

        metrics.close();
        assertThat(meters.getMeters()).isEmpty();
    }
}
