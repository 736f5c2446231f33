package dev.ktm.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.testing.SimulatedDatabase;
import dev.ktm.testing.SimulatedDatabase.Call;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.RollbackException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A coordinator over JMX. */
class KtmManagementTest {

    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");
    private final List<Ktm> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(Ktm::close);
    }

    private Ktm open() {
        return open(new SimulatedDevice());
    }

    private Ktm open(SimulatedDevice device) {
        var ktm = Ktm.open(KtmOptions.builder()
                .device(device)
                .nodeName("node")
                .recoveryInterval(Duration.ofHours(1))
                .jmx(true)
                .build());
        opened.add(ktm);
        ktm.register("orders", orders::connect);
        ktm.register("stock", stock::connect);
        return ktm;
    }

    private static ObjectName nameOf(Ktm ktm) throws Exception {
        return new ObjectName("dev.ktm:type=Coordinator,id=" + ktm.manager().identity());
    }

    private CoordinatorMXBean beanOf(Ktm ktm) throws Exception {
        return JMX.newMXBeanProxy(server, nameOf(ktm), CoordinatorMXBean.class);
    }

    private void begin(Ktm ktm) throws Exception {
        ktm.transactionManager().begin();
        for (var database : new SimulatedDatabase[] {orders, stock}) {
            var connection = database.connect();
            ktm.transactionManager().getTransaction().enlistResource(ktm.named(database.toString(), connection));
            connection.put("key");
        }
    }

    @Test
    void everyAttributeCanBeRead() throws Exception {
        var ktm = open();

        var info = server.getMBeanInfo(nameOf(ktm));
        for (var attribute : info.getAttributes()) {
            assertThat(server.getAttribute(nameOf(ktm), attribute.getName()))
                    .as(attribute.getName())
                    .isNotNull();
            assertThat(attribute.isWritable()).isFalse();
        }
        assertThat(info.getAttributes()).hasSizeGreaterThan(20);
    }

    @Test
    void figuresAreThoseOfWhatWasDone() throws Exception {
        var ktm = open();
        var bean = beanOf(ktm);
        begin(ktm);
        ktm.transactionManager().commit();
        begin(ktm);
        ktm.transactionManager().rollback();
        begin(ktm);

        assertThat(bean.getName()).isEqualTo("node");
        assertThat(bean.isOnline()).isTrue();
        assertThat(bean.getBegun()).isEqualTo(3);
        assertThat(bean.getCommitted()).isEqualTo(1);
        assertThat(bean.getRolledBack()).isEqualTo(1);
        assertThat(bean.getRolledBackByCause()).containsEntry("CLIENT", 1L).containsEntry("TIMEOUT", 0L);
        assertThat(bean.getLive()).isEqualTo(1);
        assertThat(bean.getLogUsedShare()).isBetween(0.0, 1.0);
        assertThat(bean.getLogCapacityBytes()).isPositive();
        assertThat(bean.getResourceManagers()).contains("orders", "stock");
        assertThat(bean.listTransactions())
                .contains(((KtmTransaction) ktm.transactionManager().getTransaction())
                        .unitOfWork()
                        .toString());
        ktm.transactionManager().rollback();
    }

    @Test
    void pendingBranchesAreOfTheirResourceManager() throws Exception {
        var ktm = open();
        var bean = beanOf(ktm);
        begin(ktm);
        orders.failNext(Call.COMMIT, XAException.XAER_RMFAIL);
        // Whoever looks after it at once gets no answer yet.
        var back = new CountDownLatch(1);
        orders.hangNext(Call.RECOVER, back);
        ktm.transactionManager().commit();

        assertThat(bean.getPendingBranches()).containsEntry("orders", 1L).containsEntry("stock", 0L);
        assertThat(bean.getUnfinished()).isEqualTo(1);

        back.countDown();
        bean.recoverNow();

        assertThat(bean.getPendingBranches()).containsEntry("orders", 0L);
        assertThat(bean.getUnfinished()).isZero();
    }

    @Test
    void anActionIsRecordedWithWhoAndWhyAndRefusedWithout() throws Exception {
        var ktm = open();
        var bean = beanOf(ktm);
        begin(ktm);
        orders.onNext(Call.COMMIT, after -> {
            if (!after) {
                orders.decideHeuristically(false, XAException.XA_HEURRB);
            }
        });
        assertThatThrownBy(() -> ktm.transactionManager().commit()).isInstanceOf(HeuristicMixedException.class);
        var damaged = ktm.operations().damaged().get(0).unitOfWork().toString();
        assertThat(bean.getDamaged()).isEqualTo(1);
        assertThat(bean.getHeuristic()).isEqualTo(1);

        assertThatThrownBy(() -> bean.forget(damaged, "jane", " "))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("USAGE: expected why");
        assertThat(bean.getDamaged()).isEqualTo(1);
        bean.forget(damaged, "jane", "mended by hand");

        assertThat(bean.getDamaged()).isZero();
        assertThat(bean.listActs()).contains("\"jane\"").contains("mended by hand");
        assertThatThrownBy(() -> bean.showTransaction("no such thing"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("NOT_FOUND: ");
    }

    @Test
    void anActiveTransactionIsRolledBackByAnOperator() throws Exception {
        var ktm = open();
        begin(ktm);
        var unit = ((KtmTransaction) ktm.transactionManager().getTransaction()).unitOfWork();

        beanOf(ktm).rollback(unit.toString(), "jane", "it keeps a table locked");

        assertThat(beanOf(ktm).getRolledBackByCause()).containsEntry("OPERATOR", 1L);
        assertThat(beanOf(ktm).listActs()).contains("it keeps a table locked");
        assertThatThrownBy(() -> ktm.transactionManager().commit()).isInstanceOf(RollbackException.class);
    }

    @Test
    void twoCoordinatorsHaveABeanEachUntilTheyAreClosed() throws Exception {
        var first = open();
        var second = open();
        first.transactionManager().begin();
        first.transactionManager().commit();
        var firstName = nameOf(first);
        var secondName = nameOf(second);

        assertThat(beanOf(first).getCommitted()).isEqualTo(1);
        assertThat(beanOf(second).getCommitted()).isZero();
        first.close();

        assertThat(server.isRegistered(firstName)).isFalse();
        assertThat(server.isRegistered(secondName)).isTrue();
        assertThat(beanOf(second).getLive()).isZero();
    }

    @Test
    void whoIsClosedTwiceLeavesTheBeanOfTheNextOneAlone() throws Exception {
        var device = new SimulatedDevice();
        var first = open(device);
        first.close();
        var next = open(device);

        first.close();

        assertThat(beanOf(next).getLive()).isZero();
    }

    @Test
    void aCoordinatorIsNoBeanUnlessItIsWanted() throws Exception {
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build())) {
            assertThat(server.isRegistered(nameOf(ktm))).isFalse();

            try (var registration = KtmManagement.register(ktm.operations(), server)) {
                assertThat(server.isRegistered(registration.name())).isTrue();
                assertThatThrownBy(() -> KtmManagement.register(ktm.operations(), server))
                        .isInstanceOf(IllegalStateException.class);
            }
            assertThat(server.isRegistered(nameOf(ktm))).isFalse();
        }
    }
}
