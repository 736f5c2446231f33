package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.log.testing.Until;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.testing.SimulatedDatabase;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.RollbackException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.XAResourceRecovery;
import org.jboss.tm.XAResourceWrapper;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How branches are found and finished. */
class XaRecoveryTest {

    @Test
    void whoCannotBeAskedIsAskedAgainAfterTwiceAsLongAMinuteAtMost() {
        assertThat(backOff(Duration.ofSeconds(10), 1)).isEqualTo(Duration.ofSeconds(20));
        assertThat(backOff(Duration.ofSeconds(10), 2)).isEqualTo(Duration.ofSeconds(40));
        assertThat(backOff(Duration.ofSeconds(10), 3)).isEqualTo(Duration.ofMinutes(1));
        assertThat(backOff(Duration.ofSeconds(10), Integer.MAX_VALUE)).isEqualTo(Duration.ofMinutes(1));
        assertThat(backOff(Duration.ofMillis(1), 1_000)).isEqualTo(Duration.ofMillis(32));
        assertThat(backOff(Duration.ofDays(36_500), 5)).isEqualTo(Duration.ofMinutes(1));
    }

    private static Duration backOff(Duration interval, int failures) {
        return Duration.ofNanos(XaRecovery.backOffNanos(interval.toNanos(), failures));
    }

    private final SimulatedDevice device = new SimulatedDevice();
    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");
    private final List<OutcomeReport> reports = new CopyOnWriteArrayList<>();
    private Ktm ktm;

    @BeforeEach
    void open() {
        ktm = Ktm.open(options(Duration.ofHours(1)).build());
    }

    private KtmOptions.Builder options(Duration interval) {
        return KtmOptions.builder().device(device).recoveryInterval(interval).reportListener(reports::add);
    }

    @AfterEach
    void close() {
        ktm.close();
    }

    private void commit(String key) throws Exception {
        var manager = ktm.transactionManager();
        manager.begin();
        for (var database : List.of(orders, stock)) {
            var connection = database.connect();
            manager.getTransaction().enlistResource(ktm.named(database.toString(), connection));
            connection.put(key);
        }
        manager.commit();
    }

    private List<OutcomeReport.Kind> kinds() {
        return reports.stream().map(OutcomeReport::kind).toList();
    }

    @Test
    void aBranchWhoseRequestToPrepareWasLostWithItsConnectionKeepsNoLocks() throws Exception {
        orders.failNext(SimulatedDatabase.Call.PREPARE, XAException.XAER_RMFAIL);
        orders.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_RMFAIL);
        ktm.register("orders", orders::connect);
        ktm.register("stock", stock::connect);

        assertThatThrownBy(() -> commit("lamp")).isInstanceOf(RollbackException.class);
        ktm.recoverNow();

        assertThat(orders.branches()).isZero();
        assertThat(orders.committed()).isEmpty();
        assertThat(stock.committed()).isEmpty();
    }

    /** It cannot commit, so nobody waits for it and nothing is reported. */
    @Test
    void aBranchThatWasNeverAskedToPrepareKeepsNoLocksIfItsRollbackWasLost() throws Exception {
        orders.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_RMFAIL);
        ktm.register("orders", orders::connect);

        rollBackOrders();
        ktm.recoverNow();

        assertThat(orders.branches()).isZero();
        assertThat(kinds()).isEmpty();
        assertThat(ktm.operations().transactions()).isEmpty();
        assertThat(ktm.operations().resourceManagers().get(0).pending()).isZero();
    }

    private void rollBackOrders() throws Exception {
        rollBackOrders(true);
    }

    /** Its work has succeeded, or has not. */
    private void rollBackOrders(boolean succeeded) throws Exception {
        ktm.transactionManager().begin();
        var transaction = ktm.transactionManager().getTransaction();
        var connection = orders.connect();
        transaction.enlistResource(ktm.named("orders", connection));
        connection.put("lamp");
        if (succeeded) {
            transaction.delistResource(connection, XAResource.TMSUCCESS);
        }
        ktm.transactionManager().rollback();
    }

    /** Derby's database breaks if somebody else rolls back what it is rolling back since the connection is lost. */
    @Test
    @Tag("slow")
    void aResourceManagerThatRollsBackByItselfIsLeftAloneAtFirst() throws Exception {
        orders.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_RMFAIL);
        ktm.register("orders", orders::connect);

        rollBackOrders(false);
        for (int i = 0; i < 20; i++) {
            ktm.recoverNow();
        }
        assertThat(orders.calls()).containsOnlyOnce("ROLLBACK");
        assertThat(orders.branches()).isOne();

        // Long before the interval is over, and without a call.
        Until.holds(() -> orders.branches() == 0);
        assertThat(kinds()).isEmpty();
    }

    @Test
    void workThatIsTakenUpAgainIsNotTakenForWorkThatHasSucceeded() throws Exception {
        orders.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_RMFAIL);
        ktm.register("orders", orders::connect);

        ktm.transactionManager().begin();
        var transaction = ktm.transactionManager().getTransaction();
        var connection = orders.connect();
        transaction.enlistResource(ktm.named("orders", connection));
        transaction.delistResource(connection, XAResource.TMSUCCESS);
        transaction.enlistResource(ktm.named("orders", connection));
        orders.failNext(SimulatedDatabase.Call.END, XAException.XAER_RMFAIL);
        ktm.transactionManager().rollback();
        ktm.recoverNow();

        assertThat(orders.calls()).containsOnlyOnce("ROLLBACK");
    }

    @Test
    void aResourceManagerThatHasNotNoticedThatAConnectionIsLostIsAskedAgainToRollBack() throws Exception {
        orders.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_RMFAIL);
        orders.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_PROTO);
        orders.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_PROTO);
        ktm.register("orders", orders::connect);

        rollBackOrders();
        ktm.recoverNow();
        ktm.recoverNow();
        ktm.recoverNow();

        assertThat(orders.branches()).isZero();
        assertThat(ktm.operations().resourceManagers().get(0).pending()).isZero();
    }

    @Test
    void aResourceManagerThatRefusesWhateverIsAskedIsNotAskedForEver() throws Exception {
        for (int i = 0; i < 100; i++) {
            orders.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_RMERR);
        }
        ktm.register("orders", orders::connect);

        rollBackOrders();
        for (int i = 0; i < 20; i++) {
            ktm.recoverNow();
        }

        assertThat(ktm.operations().resourceManagers().get(0).pending()).isZero();
        assertThat(orders.calls().stream().filter(call -> call.equals("ROLLBACK")))
                .hasSizeBetween(5, 15);
    }

    /** Whether it was committed stays unknown to the client, who was told so; nobody else has to wait for it. */
    @Test
    void aBranchWhoseRequestToCommitInOnePhaseWasLostKeepsNoLocks() throws Exception {
        orders.failNext(SimulatedDatabase.Call.COMMIT_ONE_PHASE, XAException.XAER_RMFAIL);
        ktm.register("orders", orders::connect);

        assertThatThrownBy(this::commitOrdersAlone).isInstanceOf(HeuristicMixedException.class);
        ktm.recoverNow();

        assertThat(orders.branches()).isZero();
        assertThat(orders.committed()).isEmpty();
        assertThat(ktm.manager().damaged()).hasSize(1);
        assertThat(kinds()).containsExactly(OutcomeReport.Kind.HEURISTIC);
    }

    @Test
    void aCommitInOnePhaseWhoseAnswerWasLostIsNotTakenBack() throws Exception {
        orders.loseAnswerOfNext(SimulatedDatabase.Call.COMMIT_ONE_PHASE, XAException.XAER_RMFAIL);
        ktm.register("orders", orders::connect);

        assertThatThrownBy(this::commitOrdersAlone).isInstanceOf(HeuristicMixedException.class);
        ktm.recoverNow();

        assertThat(orders.committed()).containsExactly("lamp");
        assertThat(ktm.manager().damaged()).hasSize(1);
    }

    private void commitOrdersAlone() throws Exception {
        ktm.transactionManager().begin();
        var connection = orders.connect();
        ktm.transactionManager().getTransaction().enlistResource(ktm.named("orders", connection));
        connection.put("lamp");
        ktm.transactionManager().commit();
    }

    @Test
    void aBranchOfNobodyWhoIsRegisteredKeepsNoLocksEither() throws Exception {
        orders.failNext(SimulatedDatabase.Call.PREPARE, XAException.XAER_RMFAIL);
        orders.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_RMFAIL);

        assertThatThrownBy(() -> commit("lamp")).isInstanceOf(RollbackException.class);
        ktm.recoverNow();

        assertThat(orders.branches()).isZero();
        assertThat(ktm.manager().live()).isEmpty();
    }

    @Test
    void removingARegistrationWaitsWhileItsResourceManagerIsBeingAsked() throws Exception {
        var asked = new CountDownLatch(1);
        var answer = new CountDownLatch(1);
        orders.onNext(SimulatedDatabase.Call.RECOVER, after -> asked.countDown());
        orders.hangNext(SimulatedDatabase.Call.RECOVER, answer);
        XAResourceRecovery recovery = () -> new XAResource[] {orders.connect()};
        var registry = ktm.recoveryRegistry();
        registry.addXAResourceRecovery(recovery);
        asked.await();
        var scan = CompletableFuture.runAsync(ktm::recoverNow, task -> new Thread(task).start());
        while (orders.calls().size() < 2) {
            Thread.onSpinWait();
        }

        var removal = CompletableFuture.runAsync(
                () -> registry.removeXAResourceRecovery(recovery), task -> new Thread(task).start());

        assertThat(removal).isNotDone();
        answer.countDown();
        removal.get();
        scan.get();
        int calls = orders.calls().size();
        ktm.recoverNow();
        assertThat(orders.calls()).hasSize(calls);
        registry.removeXAResourceRecovery(recovery);
    }

    /** A resource of somebody else that says what it is called. */
    private static XAResource called(@Nullable String jndiName, XAResource resource) {
        return (XAResource) Proxy.newProxyInstance(
                XaRecoveryTest.class.getClassLoader(),
                new Class<?>[] {XAResourceWrapper.class},
                (proxy, method, arguments) -> {
                    try {
                        return switch (method.getName()) {
                            case "getJndiName" -> jndiName;
                            case "getResource" -> resource;
                            case "hashCode" -> System.identityHashCode(proxy);
                            case "equals" -> proxy == arguments[0];
                            default -> method.invoke(resource, arguments);
                        };
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** Its branch is not listed any more: only who it was left to can say that it has finished. */
    private void restartWhenTheAnswerOfAWrapperIsLost(@Nullable String jndiName) throws Exception {
        var manager = ktm.transactionManager();
        manager.begin();
        for (var database : List.of(orders, stock)) {
            var connection = database.connect();
            var resource = database == orders ? called(jndiName, connection) : ktm.named("stock", connection);
            manager.getTransaction().enlistResource(resource);
            connection.put("a");
        }
        orders.loseAnswerOfNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        manager.commit();
        ktm.close();
        open();
        ktm.register("stock", stock::connect);
        ktm.register("orders", orders::connect);
        ktm.recoverNow();
        assertThat(ktm.manager().live()).hasSize(1);
    }

    @Test
    void aWrapperIsFoundAgainUnderTheJndiNameThatItSays() throws Exception {
        restartWhenTheAnswerOfAWrapperIsLost("java:/orders");
        assertThat(reports)
                .filteredOn(report -> report.resourceManager().equals("java:/orders"))
                .isNotEmpty();

        ktm.register("java:/orders", orders::connect);
        ktm.recoverNow();

        assertThat(ktm.manager().live()).isEmpty();
        assertThat(orders.committed()).containsExactly("a");
    }

    @Test
    void aWrapperIsFoundAgainThroughTheRegistryOfOthersIfTheirsSayTheSameName() throws Exception {
        restartWhenTheAnswerOfAWrapperIsLost("java:/orders");
        var registry = ktm.recoveryRegistry();
        registry.addXAResourceRecovery(() -> new XAResource[] {called("java:/stock", stock.connect())});
        ktm.recoverNow();
        assertThat(ktm.manager().live()).as("another name").hasSize(1);

        registry.addXAResourceRecovery(() -> new XAResource[] {called("java:/orders", orders.connect())});
        ktm.recoverNow();
        ktm.recoverNow();

        assertThat(ktm.manager().live()).isEmpty();
    }

    @Test
    void aWrapperThatSaysNoNameIsLikeAResourceWithoutOne() throws Exception {
        restartWhenTheAnswerOfAWrapperIsLost(null);

        ktm.register("java:/orders", orders::connect);
        ktm.recoverNow();

        assertThat(ktm.manager().live()).as("nobody knows whose its branch was").hasSize(1);
    }

    @Test
    void branchesAreFoundThroughTheRegistryOfOthersAsWell() throws Exception {
        orders.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        commit("a");
        assertThat(orders.committed()).isEmpty();

        ktm.recoveryRegistry().addXAResourceRecovery(() -> new XAResource[] {stock.connect(), orders.connect()});
        ktm.recoverNow();

        assertThat(orders.committed()).containsExactly("a");
        assertThat(ktm.manager().live()).isEmpty();
        assertThat(kinds()).containsExactly(OutcomeReport.Kind.PENDING);
    }

    @Test
    @Conforms("JTA-15")
    void oneThatIsDeadIsReportedOnceAndHoldsUpNobody() throws Exception {
        var attempts = new AtomicInteger();
        ktm.register("stock", (XaResourceFactory) () -> {
            attempts.incrementAndGet();
            throw new IOException("connection refused");
        });
        ktm.register("orders", orders::connect);
        orders.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        stock.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        commit("a");

        ktm.recoverNow();
        ktm.recoverNow();

        assertThat(orders.committed()).containsExactly("a");
        assertThat(stock.committed()).isEmpty();
        assertThat(ktm.manager().live()).hasSize(1);
        assertThat(attempts.get()).isGreaterThan(1);
        assertThat(kinds().stream().filter(OutcomeReport.Kind.RECOVERY_FAILED::equals))
                .hasSize(1);
    }

    @Test
    void oneThatHangsHoldsUpNobody() throws Exception {
        ktm.close();
        ktm = Ktm.open(options(Duration.ofMillis(20)).build());
        var never = new CountDownLatch(1);
        var done = new CountDownLatch(1);
        stock.hangNext(SimulatedDatabase.Call.RECOVER, never);
        ktm.register("stock", stock::connect);
        while (stock.calls().isEmpty()) {
            Thread.onSpinWait();
        }
        ktm.register("orders", orders::connect);
        orders.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        orders.onNext(SimulatedDatabase.Call.COMMIT, after -> {
            if (after) {
                done.countDown();
            }
        });
        commit("a");

        done.await();

        never.countDown();
        assertThat(orders.committed()).containsExactly("a");
    }

    @Test
    void oneThatIsNotRegisteredAndHangsHoldsUpNobody() throws Exception {
        ktm.close();
        ktm = Ktm.open(options(Duration.ofMillis(20)).build());
        var never = new CountDownLatch(1);
        var hanging = new CountDownLatch(1);
        orders.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        orders.onNext(SimulatedDatabase.Call.RECOVER, after -> {
            hanging.countDown();
            awaitUninterruptibly(never);
        });
        commit("a");
        hanging.await();
        var done = new CountDownLatch(1);
        stock.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        stock.onNext(SimulatedDatabase.Call.RECOVER, after -> {
            throw new IllegalStateException("closed");
        });
        stock.onNext(SimulatedDatabase.Call.RECOVER, after -> {
            throw new LinkageError("closed");
        });
        stock.onNext(SimulatedDatabase.Call.COMMIT, after -> {
            if (after) {
                done.countDown();
            }
        });

        commit("b");

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(orders.committed()).containsExactly("b");
        never.countDown();
    }

    @Test
    void whatIsLeftWhileTheListIsOnItsWayIsFinishedAsSoonAsTheListIsThere() throws Exception {
        var listed = new CountDownLatch(1);
        var answer = new CountDownLatch(1);
        orders.onNext(SimulatedDatabase.Call.RECOVER, after -> {
            if (after) {
                listed.countDown();
                awaitUninterruptibly(answer);
            }
        });
        ktm.register("orders", orders::connect);
        listed.await();
        var done = new CountDownLatch(1);
        orders.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        orders.onNext(SimulatedDatabase.Call.COMMIT, after -> {
            if (after) {
                done.countDown();
            }
        });
        commit("a");
        // When another has been asked, whoever asks has looked at this one, too.
        ktm.register("stock", stock::connect);
        while (!stock.calls().contains("RECOVER")) {
            Thread.onSpinWait();
        }

        answer.countDown();

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(orders.committed()).containsExactly("a");
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    @Conforms("JTA-11")
    void whatWasDoneAlthoughItsAnswerWasLostIsNotDoneTwice() throws Exception {
        ktm.register("orders", orders::connect);
        orders.loseAnswerOfNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        commit("a");

        ktm.recoverNow();

        assertThat(orders.commits()).isOne();
        assertThat(ktm.manager().live()).isEmpty();
    }

    @Test
    @Conforms("JTA-12")
    void whatWasDecidedByHandWhileNobodyCouldTellIsWrittenDownAndForgottenThere() throws Exception {
        orders.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        orders.onNext(SimulatedDatabase.Call.COMMIT, after -> orders.decideHeuristically(false, XAException.XA_HEURRB));
        commit("a");

        ktm.register("orders", orders::connect);
        ktm.recoverNow();

        assertThat(orders.branches()).as("%s %s", orders.calls(), reports).isZero();
        var damaged = ktm.manager().damaged();
        assertThat(damaged)
                .as("%s %s %s", orders.calls(), reports, ktm.manager().live())
                .hasSize(1);
        assertThat(damaged.get(0).committed()).isTrue();
        var crashed = device.copy();
        try (var restarted = Ktm.open(KtmOptions.builder()
                .device(crashed)
                .recoveryInterval(Duration.ofHours(1))
                .reportListener(reports::add)
                .build())) {
            assertThat(restarted.manager().damaged()).hasSize(1);
            var id = damaged.get(0).transaction();
            assertThat(restarted.manager().forget(id, "jane", "mended, ticket 4711"))
                    .isTrue();
            assertThat(restarted.manager().forget(id, "jane", "mended, ticket 4711"))
                    .isFalse();
            assertThat(restarted.manager().damaged()).isEmpty();
            var told = reports.get(reports.size() - 1).operator().orElseThrow();
            assertThat(told.who()).isEqualTo("jane");
        }
        try (var later = Ktm.open(KtmOptions.builder()
                .device(crashed)
                .recoveryInterval(Duration.ofHours(1))
                .build())) {
            assertThat(later.manager().damaged()).isEmpty();
            assertThat(later.manager().operatorActs()).singleElement().satisfies(act -> {
                assertThat(act.kind()).isEqualTo(OperatorAct.Kind.FORGET);
                assertThat(act.transaction()).isEqualTo(damaged.get(0).transaction());
                assertThat(act.why()).isEqualTo("mended, ticket 4711");
            });
        }
    }

    @Test
    void whatOneResourceOfARegistrationDoesNotListAnotherMayStillHold() throws Exception {
        ktm.recoveryRegistry().addXAResourceRecovery(() -> new XAResource[] {orders.connect(), stock.connect()});
        ktm.recoverNow();
        stock.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        stock.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        stock.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        var manager = ktm.transactionManager();
        manager.begin();
        for (var database : List.of(orders, stock)) {
            var connection = database.connect();
            manager.getTransaction().enlistResource(connection);
            connection.put("a");
        }
        manager.commit();

        ktm.recoverNow();
        ktm.recoverNow();
        ktm.recoverNow();

        assertThat(orders.committed()).containsExactly("a");
        assertThat(stock.committed()).containsExactly("a");
        assertThat(ktm.manager().live()).isEmpty();
    }

    @Test
    void whatCouldNotBeForgottenIsForgottenLaterAndNotReported() throws Exception {
        stock.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        stock.onNext(SimulatedDatabase.Call.COMMIT, after -> stock.decideHeuristically(true, XAException.XA_HEURCOM));
        stock.failNext(SimulatedDatabase.Call.FORGET, XAException.XAER_RMFAIL);
        stock.failNext(SimulatedDatabase.Call.FORGET, XAException.XAER_RMFAIL);
        commit("a");

        ktm.register("stock", stock::connect);
        for (int i = 0; i < 4; i++) {
            ktm.recoverNow();
        }

        assertThat(stock.branches()).isZero();
        assertThat(kinds()).doesNotContain(OutcomeReport.Kind.HEURISTIC);
        assertThat(ktm.manager().damaged()).isEmpty();
    }

    @Test
    void whatIsPreparedTooLateIsRolledBackAlthoughAnotherIsDown() throws Exception {
        ktm.close();
        ktm = Ktm.open(options(Duration.ofHours(1))
                .resourceTimeout(Duration.ofMillis(100))
                .build());
        ktm.register("orders", (XaResourceFactory) () -> {
            throw new IOException("down");
        });
        ktm.register("stock", stock::connect);
        var late = new CountDownLatch(1);
        var prepared = new CountDownLatch(1);
        stock.onNext(SimulatedDatabase.Call.PREPARE, after -> {
            if (after) {
                prepared.countDown();
            } else {
                awaitUninterruptibly(late);
            }
        });
        // While it prepares it cannot be told to roll back.
        stock.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_PROTO);
        for (int i = 0; i < 3; i++) {
            orders.failNext(SimulatedDatabase.Call.ROLLBACK, XAException.XAER_RMFAIL);
        }
        assertThatThrownBy(() -> commit("a")).isInstanceOf(jakarta.transaction.RollbackException.class);
        ktm.recoverNow();
        late.countDown();
        // Somebody else may have asked and rolled it back before this thread sees it.
        prepared.await();

        ktm.recoverNow();

        assertThat(stock.prepared()).isZero();
    }

    @Test
    void aResourceThatNobodyRecognisesIsReportedOnce() throws Exception {
        for (int i = 0; i < 2; i++) {
            ktm.transactionManager().begin();
            ktm.transactionManager().getTransaction().enlistResource(orders.connect());
            ktm.transactionManager().rollback();
        }

        assertThat(kinds()).containsExactly(OutcomeReport.Kind.NOT_RECOVERABLE);
    }

    @Test
    void twoRegistrationsUnderOneNameAreRefused() {
        ktm.register("orders", orders::connect);

        assertThatThrownBy(() -> ktm.register("orders", stock::connect))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("orders");

        ktm.unregister("orders");
        ktm.register("orders", stock::connect);
    }

    @Test
    void aLogThatIsInUseSaysWhoHasIt() {
        assertThatThrownBy(() -> Ktm.open(options(Duration.ofHours(1)).build()))
                .isInstanceOf(dev.ktm.KtmOpenException.class);
        assertThatThrownBy(() -> KtmOptions.builder().build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("exactly one of");
        assertThatThrownBy(() -> KtmOptions.builder().recoveryInterval(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> KtmOptions.builder().defaultTimeout(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aNameThatNobodyRegistersAnyMoreIsReportedOnceWithWhatToDo() throws Exception {
        orders.loseAnswerOfNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        commit("a");
        ktm.close();

        ktm = Ktm.open(options(Duration.ofHours(1)).build());
        ktm.register("stock", stock::connect);
        ktm.register("purchases", orders::connect);
        ktm.recoverNow();
        ktm.recoverNow();

        var missing = reports.stream()
                .filter(report -> report.cause().contains("nobody has registered"))
                .toList();
        assertThat(missing).hasSize(1);
        assertThat(missing.get(0).resourceManager()).isEqualTo("orders");
        assertThat(missing.get(0).nextStep()).contains("under both", "[purchases, stock]");
        ktm.register("orders", orders::connect);
        ktm.recoverNow();
        assertThat(ktm.manager().live()).isEmpty();
    }

    @Test
    void aRegistrationWhoseResourcesSayTheNameAnswersForIt() throws Exception {
        orders.loseAnswerOfNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        commit("a");
        ktm.close();

        ktm = Ktm.open(options(Duration.ofHours(1)).build());
        ktm.register("stock", stock::connect);
        ktm.recoveryRegistry().addXAResourceRecovery(() -> new XAResource[] {ktm.named("orders", orders.connect())});
        ktm.recoverNow();

        assertThat(orders.commits()).isOne();
        assertThat(ktm.manager().live()).isEmpty();
        assertThat(reports).noneMatch(report -> report.cause().contains("nobody has registered"));
    }

    @Test
    void whenTwoRegistrationsSayTheSameNameNeitherConcludesAnything() throws Exception {
        orders.loseAnswerOfNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        commit("a");
        ktm.close();

        ktm = Ktm.open(options(Duration.ofHours(1)).build());
        ktm.register("stock", stock::connect);
        var ready = new AtomicBoolean();
        XAResourceRecovery wrong = () -> opened(ready, stock);
        XAResourceRecovery right = () -> opened(ready, orders);
        ktm.recoveryRegistry().addXAResourceRecovery(wrong);
        ktm.recoveryRegistry().addXAResourceRecovery(right);
        // Whoever of them is asked first does not know of the other's name.
        ready.set(true);
        ktm.recoverNow();
        ktm.recoverNow();

        assertThat(ktm.manager().live()).hasSize(1);
        ktm.recoveryRegistry().removeXAResourceRecovery(wrong);
        ktm.recoverNow();
        assertThat(ktm.manager().live()).isEmpty();
    }

    private XAResource[] opened(AtomicBoolean ready, SimulatedDatabase database) {
        if (!ready.get()) {
            throw new IllegalStateException("not yet");
        }
        return new XAResource[] {ktm.named("orders", database.connect())};
    }

    @Test
    void aParticipantThatMustVoteIsNeverCommittedInOnePhase() throws Exception {
        var told = new CopyOnWriteArrayList<Xid>();
        ktm.transactionManager().begin();
        var connection = orders.connect();
        ktm.transactionManager().getTransaction().enlistResource(ktm.named("orders", participant(connection, told)));
        connection.put("a");

        ktm.transactionManager().commit();

        assertThat(orders.calls()).containsExactly("START", "END", "PREPARE", "COMMIT");
        assertThat(told).isEmpty();
    }

    @Test
    void aParticipantIsToldWhenRecoveryHasFinishedItsBranch() throws Exception {
        ktm.register("orders", orders::connect);
        orders.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        var told = new CopyOnWriteArrayList<Xid>();
        ktm.transactionManager().begin();
        var connection = orders.connect();
        ktm.transactionManager().getTransaction().enlistResource(ktm.named("orders", participant(connection, told)));
        connection.put("a");
        ktm.transactionManager().commit();

        ktm.recoverNow();

        assertThat(orders.committed()).containsExactly("a");
        assertThat(told).hasSize(1);
    }

    private static XaParticipant participant(XAResource resource, List<Xid> told) {
        return (XaParticipant) Proxy.newProxyInstance(
                XaParticipant.class.getClassLoader(),
                new Class<?>[] {XaParticipant.class},
                (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "mayCommitInOnePhase" -> {
                            return false;
                        }
                        case "finished" -> {
                            told.add((Xid) arguments[0]);
                            return null;
                        }
                        default -> {
                            try {
                                return method.invoke(resource, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        }
                    }
                });
    }
}
