package dev.ktm.observability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.tm.KtmTransaction;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class KtmMdcTest {

    @AutoClose
    private final Coordinator coordinator = new Coordinator(new KtmMdc());

    @AfterEach
    void nothingIsLeft() {
        assertThat(MDC.get(KtmMdc.KEY)).isNull();
    }

    private String current() throws Exception {
        return ((KtmTransaction) coordinator.ktm.transactionManager().getTransaction())
                .unitOfWork()
                .toString();
    }

    private static @Nullable String elsewhere() {
        return CompletableFuture.supplyAsync(() -> MDC.get(KtmMdc.KEY), task -> new Thread(task).start())
                .join();
    }

    @Test
    void isTheTransactionOfTheThreadFromBeginToEnd() throws Exception {
        assertThat(MDC.get(KtmMdc.KEY)).isNull();
        coordinator.begin();
        assertThat(MDC.get(KtmMdc.KEY)).isEqualTo(current());
        assertThat(elsewhere()).isNull();
        coordinator.commit();
        assertThat(MDC.get(KtmMdc.KEY)).isNull();
        coordinator.begin();
        coordinator.rollback();
        assertThat(MDC.get(KtmMdc.KEY)).isNull();
    }

    @Test
    void goesWithASuspendedTransactionToTheThreadThatResumesIt() throws Exception {
        var manager = coordinator.ktm.transactionManager();
        coordinator.begin();
        var outer = current();
        var suspended = manager.suspend();
        assertThat(MDC.get(KtmMdc.KEY)).isNull();

        coordinator.begin();
        assertThat(MDC.get(KtmMdc.KEY)).isEqualTo(current()).isNotEqualTo(outer);
        coordinator.commit();

        var seen = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        manager.resume(suspended);
                        var there = MDC.get(KtmMdc.KEY);
                        manager.commit();
                        return there + " then " + MDC.get(KtmMdc.KEY);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                task -> new Thread(task).start());
        assertThat(seen.join()).isEqualTo(outer + " then null");
    }

    @Test
    void isThereWhileAParticipantIsCalledOnAnotherThread() throws Exception {
        var seen = new CopyOnWriteArrayList<String>();
        try (var parallel = Ktm.open(KtmOptions.builder()
                .device(new SimulatedDevice())
                .recoveryInterval(Duration.ofHours(1))
                .parallel(true)
                .observer(new KtmMdc())
                .build())) {
            var orders = new Database("orders").register(parallel);
            var stock = new Database("stock").register(parallel);
            var client = Thread.currentThread();
            orders.whenCalled(() -> seen.add(MDC.get(KtmMdc.KEY) + (Thread.currentThread() == client ? " here" : "")));
            parallel.transactionManager().begin();
            var unit = ((KtmTransaction) parallel.transactionManager().getTransaction()).unitOfWork();
            orders.work(parallel);
            stock.work(parallel);
            parallel.transactionManager().commit();

            assertThat(seen).containsExactly(unit.toString(), unit.toString());
        }
    }

    @Test
    void leavesTheRestAlone() throws Exception {
        MDC.put("user", "jane");
        try {
            coordinator.commitBoth();
            assertThat(MDC.get("user")).isEqualTo("jane");
        } finally {
            MDC.remove("user");
        }
    }
}
