package dev.ktm.agroal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jdbc.KtmDataSource;
import dev.ktm.log.testing.Until;
import io.agroal.api.AgroalDataSource;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jboss.tm.XAResourceRecovery;
import org.jboss.tm.XAResourceRecoveryRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two databases in Agroal's pools, in transactions of KTM. */
class AgroalTest {

    @TempDir
    Path directory;

    private Ktm ktm;
    private String ordersUrl;
    private String stockUrl;
    private AgroalDataSource orders;
    private AgroalDataSource stock;

    @BeforeEach
    void open() throws SQLException {
        ordersUrl = Pools.url(directory, "orders");
        stockUrl = Pools.url(directory, "stock");
        Pools.prepare(ordersUrl);
        Pools.prepare(stockUrl);
        ktm = Ktm.open(KtmOptions.builder()
                .logDirectory(directory.resolve("log"))
                .recoveryInterval(Duration.ofHours(1))
                .build());
        orders = Pools.open(ktm, "orders", ordersUrl);
        stock = Pools.open(ktm, "stock", stockUrl);
    }

    @AfterEach
    void close() throws SQLException {
        stock.close();
        orders.close();
        ktm.close();
        // Agroal closes its connections a little later: their files must not come and go while the directory is
        // deleted.
        for (var url : List.of(ordersUrl, stockUrl)) {
            try (var connection = Pools.driver(url).getConnection();
                    var statement = connection.createStatement()) {
                statement.execute("SHUTDOWN");
            }
        }
    }

    @Test
    void bothCommit() throws Exception {
        ktm.userTransaction().begin();
        Pools.insert(orders, "a");
        Pools.insert(stock, "a");
        assertThat(rows()).as("before commit").containsExactly(0, 0);
        ktm.userTransaction().commit();

        assertThat(rows()).containsExactly(1, 1);
        assertNothingIsHeld();
    }

    @Test
    void bothRollBack() throws Exception {
        ktm.userTransaction().begin();
        Pools.insert(orders, "a");
        Pools.insert(stock, "a");
        ktm.userTransaction().rollback();

        assertThat(rows()).containsExactly(0, 0);
        assertNothingIsHeld();
    }

    @Test
    void oneConnectionServesATransaction() throws Exception {
        ktm.userTransaction().begin();
        Pools.insert(orders, "a");
        Pools.insert(orders, "b");
        assertThat(orders.getMetrics().activeCount()).isEqualTo(1);
        ktm.userTransaction().commit();

        assertThat(Pools.count(ordersUrl)).isEqualTo(2);
        assertNothingIsHeld();
    }

    @Test
    void nothingSlipsThroughAfterATimeout() throws Exception {
        var over = new CountDownLatch(1);
        ktm.userTransaction().setTransactionTimeout(1);
        ktm.userTransaction().begin();
        ktm.transactionManager().getTransaction().registerSynchronization(whenOver(over));
        try (var inOrders = orders.getConnection();
                var inStock = stock.getConnection()) {
            Pools.insert(inOrders, "before");
            Pools.insert(inStock, "before");
            assertThat(over.await(30, TimeUnit.SECONDS)).isTrue();

            assertThatThrownBy(() -> Pools.insert(inOrders, "held")).isInstanceOf(SQLException.class);
            assertThatThrownBy(() -> Pools.insert(inStock, "held")).isInstanceOf(SQLException.class);
            assertThatThrownBy(() -> Pools.insert(orders, "taken after")).isInstanceOf(SQLException.class);
        }
        assertThatThrownBy(ktm.userTransaction()::commit).isInstanceOf(RollbackException.class);

        assertThat(rows()).containsExactly(0, 0);
        assertNothingIsHeld();
        assertThat(ktm.userTransaction().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        Pools.insert(orders, "next");
        assertThat(rows()).as("the pool is of use again").containsExactly(1, 0);
    }

    private static Synchronization whenOver(CountDownLatch over) {
        return new Synchronization() {
            @Override
            public void beforeCompletion() {}

            @Override
            public void afterCompletion(int status) {
                over.countDown();
            }
        };
    }

    @Test
    void aConnectionFromOutsideIsRefusedInside() throws Exception {
        try (var outside = orders.getConnection()) {
            Pools.insert(outside, "outside");
            ktm.userTransaction().begin();
            assertThatThrownBy(() -> Pools.insert(outside, "inside")).isInstanceOf(SQLException.class);
            ktm.userTransaction().rollback();
        }

        assertThat(rows()).containsExactly(1, 0);
    }

    @Test
    void outsideATransactionItCommitsByItself() throws Exception {
        Pools.insert(orders, "a");

        assertThat(rows()).containsExactly(1, 0);
    }

    @Test
    void commitIsRefusedOnAConnectionOfATransaction() throws Exception {
        ktm.userTransaction().begin();
        try (var connection = orders.getConnection()) {
            assertThatThrownBy(connection::commit).isInstanceOf(SQLException.class);
            assertThatThrownBy(() -> connection.setAutoCommit(true)).isInstanceOf(SQLException.class);
        }
        ktm.userTransaction().rollback();
    }

    @Test
    void aSuspendedTransactionKeepsItsConnection() throws Exception {
        var manager = ktm.transactionManager();
        manager.begin();
        Pools.insert(orders, "outer");
        var outer = manager.suspend();
        manager.begin();
        Pools.insert(orders, "inner");
        manager.commit();
        manager.resume(outer);
        Pools.insert(stock, "outer");
        manager.rollback();

        assertThat(rows()).containsExactly(1, 0);
        assertNothingIsHeld();
    }

    @Test
    void itSharesATransactionWithAKtmDataSource() throws Exception {
        var auditUrl = Pools.url(directory, "audit");
        Pools.prepare(auditUrl);
        var pool = new HikariConfig();
        pool.setMaximumPoolSize(2);
        try (var audit = KtmDataSource.builder(ktm, "audit")
                .source(Pools.driver(auditUrl))
                .pool(pool)
                .open()) {
            ktm.userTransaction().begin();
            Pools.insert(orders, "a");
            Pools.insert(audit, "a");
            ktm.userTransaction().commit();
            ktm.userTransaction().begin();
            Pools.insert(orders, "b");
            Pools.insert(audit, "b");
            ktm.userTransaction().rollback();

            assertThat(List.of(Pools.count(ordersUrl), Pools.count(auditUrl))).containsExactly(1, 1);
        }
    }

    @Test
    void eachPoolRegistersForRecoveryAndTakesThatBack() throws SQLException {
        var registered = new ArrayList<XAResourceRecovery>();
        var registry = new XAResourceRecoveryRegistry() {
            @Override
            public void addXAResourceRecovery(XAResourceRecovery added) {
                registered.add(added);
                ktm.recoveryRegistry().addXAResourceRecovery(added);
            }

            @Override
            public void removeXAResourceRecovery(XAResourceRecovery removed) {
                registered.remove(removed);
                ktm.recoveryRegistry().removeXAResourceRecovery(removed);
            }
        };
        var first = Pools.open(ktm, registry, "first", ordersUrl);
        var second = Pools.open(ktm, registry, "second", stockUrl);
        assertThat(registered).hasSize(2);

        first.close();
        assertThat(registered).hasSize(1);
        second.close();
        assertThat(registered).isEmpty();
    }

    private List<Integer> rows() throws SQLException {
        return List.of(Pools.count(ordersUrl), Pools.count(stockUrl));
    }

    private void assertNothingIsHeld() throws Exception {
        assertThat(orders.getMetrics().activeCount()).isZero();
        assertThat(stock.getMetrics().activeCount()).isZero();
        // The thread that rolls back after a timeout is through a moment after it has told that it is over.
        Until.holds(() -> ktm.manager().live().isEmpty());
    }
}
