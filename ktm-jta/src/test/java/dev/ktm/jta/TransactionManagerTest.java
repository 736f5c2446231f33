package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.NotificationMask;
import dev.ktm.testing.SimulatedDatabase;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.ManagerHandle;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.NotSupportedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Jakarta Transactions, through {@code jakarta.transaction} alone. */
class TransactionManagerTest {

    private final SimulatedDevice device = new SimulatedDevice();
    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");
    private Ktm ktm;
    private TransactionManager manager;

    @BeforeEach
    void open() {
        ktm = Ktm.open(options().build());
        manager = ktm.transactionManager();
    }

    private KtmOptions.Builder options() {
        return KtmOptions.builder().device(device).recoveryInterval(Duration.ofHours(1));
    }

    @AfterEach
    void close() {
        ktm.close();
    }

    private SimulatedDatabase.Connection enlist(SimulatedDatabase database) throws Exception {
        var connection = database.connect();
        assertThat(manager.getTransaction().enlistResource(connection)).isTrue();
        return connection;
    }

    @Test
    @Conforms("JTA-01")
    void aThreadBeginsAndEndsItsTransaction() throws Exception {
        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        assertThat(manager.getTransaction()).isNull();

        manager.begin();
        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_ACTIVE);
        var committed = manager.getTransaction();
        manager.commit();
        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        assertThat(committed.getStatus()).isEqualTo(Status.STATUS_COMMITTED);

        manager.begin();
        var rolledBack = manager.getTransaction();
        assertThat(rolledBack).isNotEqualTo(committed).isInstanceOf(KtmTransaction.class);
        manager.rollback();
        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        assertThat(rolledBack.getStatus()).isEqualTo(Status.STATUS_ROLLEDBACK);
    }

    @Test
    @Conforms("JTA-01")
    void withoutATransactionThereIsNothingToEnd() {
        assertThatThrownBy(manager::commit).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(manager::rollback).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(manager::setRollbackOnly).isInstanceOf(IllegalStateException.class);
    }

    @Test
    @Conforms("JTA-23")
    void transactionsDoNotNest() throws Exception {
        manager.begin();

        assertThatThrownBy(manager::begin).isInstanceOf(NotSupportedException.class);

        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_ACTIVE);
        manager.rollback();
    }

    @Test
    @Conforms({"JTA-01", "JTA-24"})
    void aSuspendedTransactionIsResumedOnAnotherThread() throws Exception {
        manager.begin();
        var connection = enlist(orders);
        connection.put("a");
        var suspended = manager.suspend();
        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        assertThat(suspended.getStatus()).isEqualTo(Status.STATUS_ACTIVE);

        manager.begin();
        assertThatThrownBy(() -> manager.resume(suspended)).isInstanceOf(IllegalStateException.class);
        manager.rollback();
        CompletableFuture.runAsync(() -> resumeAndCommit(suspended), task -> new Thread(task).start())
                .get();

        assertThat(orders.committed()).containsExactly("a");
        assertThatThrownBy(() -> manager.resume(suspended)).isInstanceOf(InvalidTransactionException.class);
        assertThatThrownBy(() -> manager.resume(null)).isInstanceOf(InvalidTransactionException.class);
        assertThat(manager.suspend()).isNull();
    }

    private void resumeAndCommit(Transaction suspended) {
        try {
            manager.resume(suspended);
            manager.commit();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aTransactionOfAnotherCoordinatorIsNotResumed() throws Exception {
        try (var other = Ktm.open(KtmOptions.builder().inMemory().build())) {
            other.transactionManager().begin();
            var foreign = other.transactionManager().suspend();

            assertThatThrownBy(() -> manager.resume(foreign)).isInstanceOf(InvalidTransactionException.class);
            foreign.rollback();
        }
    }

    @Test
    @Conforms("JTA-05")
    void aSingleResourceCommitsInOnePhase() throws Exception {
        manager.begin();
        enlist(orders).put("a");

        manager.commit();

        assertThat(orders.committed()).containsExactly("a");
        assertThat(orders.calls()).containsExactly("START", "END", "COMMIT_ONE_PHASE");
    }

    @Test
    void twoResourcesCommitInTwoPhases() throws Exception {
        manager.begin();
        enlist(orders).put("a");
        enlist(stock).put("b");

        manager.commit();

        assertThat(orders.committed()).containsExactly("a");
        assertThat(stock.committed()).containsExactly("b");
        assertThat(orders.calls()).containsExactly("START", "END", "PREPARE", "COMMIT");
        assertThat(stock.calls()).containsExactly("START", "END", "PREPARE", "COMMIT");
    }

    @Test
    @Conforms("JTA-06")
    void aResourceBesideANativeParticipantCommitsInTwoPhases() throws Exception {
        var told = new ArrayList<Notification>();
        try (var files = ktm.manager().createResourceManager(null, "files", ManagerHandle.Durability.DURABLE)) {
            files.setHandler(event -> {
                told.add(event.notification());
                return NotificationHandler.Result.SUCCESS;
            });
            manager.begin();
            enlist(orders).put("a");
            files.enlist(
                    ((KtmTransaction) manager.getTransaction()).unitOfWork(),
                    NotificationMask.of(
                            Notification.PREPARE,
                            Notification.COMMIT,
                            Notification.ROLLBACK,
                            Notification.SINGLE_PHASE_COMMIT),
                    "key");

            manager.commit();
        }

        assertThat(told).containsExactly(Notification.PREPARE, Notification.COMMIT);
        assertThat(orders.calls()).containsExactly("START", "END", "PREPARE", "COMMIT");
    }

    @Test
    @Conforms("JTA-08")
    void branchesOfATransactionShareItsGlobalIdAndDifferInTheirQualifiers() throws Exception {
        manager.begin();
        var first = enlist(orders).xid();
        var second = enlist(stock).xid();
        manager.rollback();
        manager.begin();
        var other = enlist(orders).xid();
        manager.rollback();

        assertThat(first.getFormatId()).isPositive().isEqualTo(second.getFormatId());
        assertThat(first.getGlobalTransactionId()).isEqualTo(second.getGlobalTransactionId());
        assertThat(first.getBranchQualifier()).isNotEqualTo(second.getBranchQualifier());
        assertThat(other.getGlobalTransactionId()).isNotEqualTo(first.getGlobalTransactionId());
        assertThat(first.getGlobalTransactionId().length).isBetween(1, 64);
        assertThat(first.getBranchQualifier().length).isBetween(1, 64);
    }

    @Test
    @Conforms("JTA-09")
    void resourcesOfTheSameResourceManagerJoinOneBranch() throws Exception {
        manager.begin();
        var first = enlist(orders);
        first.put("a");
        var second = enlist(orders);
        second.put("b");
        assertThat(second.current()).isEqualTo(first.current());

        manager.commit();

        assertThat(orders.committed()).containsExactly("a", "b");
        assertThat(orders.calls()).containsExactly("START", "START", "END", "END", "COMMIT_ONE_PHASE");
    }

    @Test
    @Conforms("JTA-09")
    void aResourceThatCannotJoinGetsItsOwnBranch() throws Exception {
        orders.setJoinable(false);
        manager.begin();
        var first = enlist(orders);
        var second = enlist(orders);
        first.put("a");
        second.put("b");
        assertThat(second.current()).isNotEqualTo(first.current());

        manager.commit();

        assertThat(orders.committed()).containsExactly("a", "b");
        assertThat(orders.calls()).contains("PREPARE", "COMMIT").doesNotContain("COMMIT_ONE_PHASE");
    }

    @Test
    @Conforms("JTA-07")
    void aReadOnlyVoteLeavesPhaseTwoOut() throws Exception {
        orders.setReadOnly(true);
        manager.begin();
        enlist(orders);
        enlist(stock).put("b");

        manager.commit();

        assertThat(orders.calls()).containsExactly("START", "END", "PREPARE");
        assertThat(stock.committed()).containsExactly("b");
    }

    @Test
    @Conforms("JTA-10")
    void whateverAVoteIsButYesRollsEverybodyBack() throws Exception {
        for (int code : new int[] {
            XAException.XA_RBROLLBACK,
            XAException.XA_RBDEADLOCK,
            XAException.XA_RBTIMEOUT,
            XAException.XAER_RMERR,
            XAException.XAER_RMFAIL,
            XAException.XAER_NOTA,
            XAException.XAER_PROTO,
            XAException.XAER_INVAL,
            0
        }) {
            stock.failNext(SimulatedDatabase.Call.PREPARE, code);
            manager.begin();
            enlist(orders).put("a");
            enlist(stock).put("b");

            assertThatThrownBy(manager::commit)
                    .isInstanceOf(RollbackException.class)
                    .hasRootCauseInstanceOf(XAException.class);

            assertThat(manager.getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
            assertThat(orders.committed()).isEmpty();
            assertThat(stock.committed()).isEmpty();
            assertThat(orders.prepared()).isZero();
        }
    }

    @Test
    @Conforms("JTA-04")
    void aMarkedTransactionCannotCommit() throws Exception {
        manager.begin();
        enlist(orders).put("a");
        enlist(stock).put("b");
        var marked = manager.getTransaction();
        manager.setRollbackOnly();
        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_MARKED_ROLLBACK);
        assertThatThrownBy(() -> marked.enlistResource(orders.connect())).isInstanceOf(RollbackException.class);
        assertThatThrownBy(() -> marked.registerSynchronization(new Recorder("late", new ArrayList<>())))
                .isInstanceOf(RollbackException.class);

        assertThatThrownBy(manager::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("setRollbackOnly was called here");

        assertThat(orders.calls()).doesNotContain("PREPARE", "COMMIT");
        assertThat(stock.calls()).doesNotContain("PREPARE", "COMMIT");
        assertThat(orders.committed()).isEmpty();
        assertThat(marked.getStatus()).isEqualTo(Status.STATUS_ROLLEDBACK);
    }

    /** Notes what it is told. */
    private record Recorder(String name, List<String> told) implements Synchronization {
        @Override
        public void beforeCompletion() {
            told.add(name + " before");
        }

        @Override
        public void afterCompletion(int status) {
            told.add(name + " after " + status);
        }
    }

    @Test
    @Conforms({"JTA-02", "JTA-03", "JTA-22"})
    void synchronizationsAreCalledInTheirOrder() throws Exception {
        var told = new ArrayList<String>();
        manager.begin();
        ktm.synchronizationRegistry().registerInterposedSynchronization(new Recorder("interposed", told));
        manager.getTransaction().registerSynchronization(new Recorder("first", told));
        manager.getTransaction().registerSynchronization(new Recorder("second", told));

        manager.commit();

        assertThat(told)
                .containsExactly(
                        "first before",
                        "second before",
                        "interposed before",
                        "interposed after " + Status.STATUS_COMMITTED,
                        "first after " + Status.STATUS_COMMITTED,
                        "second after " + Status.STATUS_COMMITTED);
    }

    @Test
    @Conforms("JTA-03")
    void aRollbackCallsOnlyAfterCompletion() throws Exception {
        var told = new ArrayList<String>();
        manager.begin();
        manager.getTransaction().registerSynchronization(new Recorder("first", told));

        manager.rollback();

        assertThat(told).containsExactly("first after " + Status.STATUS_ROLLEDBACK);
    }

    @Test
    @Conforms("JTA-02")
    void beforeCompletionMayEnlistAndRegisterInTheTransactionOfItsThread() throws Exception {
        var told = new ArrayList<String>();
        manager.begin();
        enlist(orders).put("a");
        var transaction = manager.getTransaction();
        transaction.registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {
                try {
                    assertThat(manager.getTransaction()).isSameAs(transaction);
                    assertThat(manager.getStatus()).isEqualTo(Status.STATUS_ACTIVE);
                    assertThat(orders.calls()).doesNotContain("END", "PREPARE");
                    enlist(stock).put("late");
                    transaction.registerSynchronization(new Recorder("nested", told));
                    ktm.synchronizationRegistry().registerInterposedSynchronization(new Recorder("interposed", told));
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }

            @Override
            public void afterCompletion(int status) {
                told.add("outer after");
            }
        });

        manager.commit();

        assertThat(stock.committed()).containsExactly("late");
        assertThat(told)
                .containsExactly(
                        "nested before", "interposed before", "interposed after 3", "outer after", "nested after 3");
    }

    @Test
    @Conforms("JTA-02")
    void aFailureBeforeCompletionRollsBack() throws Exception {
        manager.begin();
        enlist(orders).put("a");
        enlist(stock).put("b");
        manager.getTransaction().registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {
                throw new IllegalArgumentException("cannot flush");
            }

            @Override
            public void afterCompletion(int status) {}
        });

        assertThatThrownBy(manager::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("cannot flush");

        assertThat(orders.calls()).doesNotContain("PREPARE");
        assertThat(orders.committed()).isEmpty();
    }

    @Test
    void whatFailsAfterCompletionChangesNothing() throws Exception {
        var told = new ArrayList<String>();
        manager.begin();
        enlist(orders).put("a");
        enlist(stock).put("b");
        manager.getTransaction().registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {}

            @Override
            public void afterCompletion(int status) {
                assertThatThrownBy(manager::setRollbackOnly).isInstanceOf(IllegalStateException.class);
                throw new IllegalArgumentException("after all");
            }
        });
        manager.getTransaction().registerSynchronization(new Recorder("second", told));

        manager.commit();

        assertThat(orders.committed()).containsExactly("a");
        assertThat(told).endsWith("second after " + Status.STATUS_COMMITTED);
    }

    @Test
    void afterCompletionOfAMarkedTransactionMayDoWorkInAnotherAndTakeItUpAgain() throws Exception {
        var ended = new ArrayList<Object>();
        manager.begin();
        var marked = manager.getTransaction();
        marked.registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {}

            @Override
            public void afterCompletion(int status) {
                try {
                    var suspended = manager.suspend();
                    manager.begin();
                    enlist(orders).put("a");
                    manager.commit();
                    manager.resume(suspended);
                    ended.add(suspended);
                } catch (Exception e) {
                    ended.add(e);
                }
            }
        });
        manager.setRollbackOnly();

        assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);

        assertThat(ended).containsExactly(marked);
        assertThat(orders.committed()).containsExactly("a");
        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        assertThatThrownBy(() -> manager.resume(marked)).isInstanceOf(InvalidTransactionException.class);
    }

    @Test
    @Conforms("JTA-20")
    void nothingIsEnlistedOrRegisteredOnceTheCommitIsPastItsBeginning() throws Exception {
        var failures = new ArrayList<Throwable>();
        manager.begin();
        var transaction = manager.getTransaction();
        enlist(stock).put("b");
        enlist(orders).put("a");
        orders.onNext(SimulatedDatabase.Call.PREPARE, after -> {
            failures.add(catchThrowable(() -> transaction.enlistResource(new SimulatedDatabase("late").connect())));
            failures.add(
                    catchThrowable(() -> transaction.registerSynchronization(new Recorder("late", new ArrayList<>()))));
        });

        manager.commit();

        assertThat(failures).isNotEmpty().allMatch(e -> e instanceof IllegalStateException);
        assertThatThrownBy(() -> transaction.enlistResource(orders.connect()))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(transaction::commit).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(transaction::rollback).isInstanceOf(IllegalStateException.class);
    }

    private static Throwable catchThrowable(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return org.assertj.core.api.Assertions.catchThrowable(call);
    }

    @Test
    void aLastResourceIsRefusedRatherThanRisked() throws Exception {
        manager.begin();
        var last = (XAResource) java.lang.reflect.Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {XAResource.class, org.jboss.tm.LastResource.class},
                (proxy, method, arguments) -> {
                    throw new AssertionError("it must not be touched: " + method);
                });

        assertThatThrownBy(() -> manager.getTransaction().enlistResource(last))
                .isInstanceOf(SystemException.class)
                .hasMessageContaining("last resource");

        manager.rollback();
    }

    @Test
    void aContainerIsToldOfEveryTransactionThatAnApplicationBegins() throws Exception {
        var user = (org.jboss.tm.usertx.UserTransactionProvider) ktm.userTransaction();
        var registry = new org.jboss.tm.usertx.UserTransactionRegistry();
        var told = new java.util.concurrent.atomic.AtomicInteger();
        registry.addListener(told::incrementAndGet);
        user.setTransactionRegistry(registry);

        ktm.userTransaction().begin();
        assertThat(told).hasValue(1);
        ktm.userTransaction().rollback();
        manager.begin();
        manager.rollback();

        assertThat(told).hasValue(1);
    }

    @Test
    void whereTheContainerManagesTransactionsAnApplicationCannot() throws Exception {
        var operations = (org.jboss.tm.usertx.UserTransactionOperationsProvider) ktm.userTransaction();
        var user = ktm.userTransaction();
        operations.setAvailability(false);

        assertThatThrownBy(user::begin)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("container");
        manager.begin();
        assertThatThrownBy(user::commit).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(user::setRollbackOnly).isInstanceOf(IllegalStateException.class);
        assertThat(CompletableFuture.supplyAsync(operations::getAvailability).get())
                .isTrue();
        operations.setAvailability(true);
        user.commit();

        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
    }

    @Test
    void aResourceThatMustBeFirstIsFirst() throws Exception {
        manager.begin();
        enlist(orders);
        var connection = stock.connect();
        manager.getTransaction().enlistResource(first(connection));
        connection.put("a");
        var order = new java.util.concurrent.CopyOnWriteArrayList<String>();
        for (var database : List.of(orders, stock)) {
            for (var call : List.of(SimulatedDatabase.Call.PREPARE, SimulatedDatabase.Call.COMMIT)) {
                database.onNext(call, after -> {
                    if (!after) {
                        order.add(call + " " + database);
                    }
                });
            }
        }

        manager.commit();

        assertThat(order).containsExactly("PREPARE stock", "PREPARE orders", "COMMIT stock", "COMMIT orders");
    }

    private static XAResource first(XAResource resource) {
        return (XAResource) java.lang.reflect.Proxy.newProxyInstance(
                TransactionManagerTest.class.getClassLoader(),
                new Class<?>[] {XAResource.class, org.jboss.tm.FirstResource.class},
                (proxy, method, arguments) -> {
                    try {
                        return method.invoke(resource, arguments);
                    } catch (java.lang.reflect.InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Test
    void aTimeoutThreadIsRecognisedByItsName() throws Exception {
        var recognised = new CompletableFuture<Boolean>();
        orders.onNext(
                SimulatedDatabase.Call.ROLLBACK,
                after -> recognised.complete(org.jboss.tm.TxUtils.isTransactionManagerTimeoutThread()));
        manager.setTransactionTimeout(1);
        manager.begin();
        enlist(orders);

        assertThat(recognised.get()).isTrue();

        manager.rollback();
        manager.setTransactionTimeout(0);
    }

    @Test
    void aTimeoutThreadIsRecognisedByItsNameAlsoWhereCallsAreMadeInParallelOrBounded() throws Exception {
        for (var each : List.of(
                KtmOptions.builder().inMemory().parallel(true),
                KtmOptions.builder().inMemory().resourceTimeout(Duration.ofMinutes(1)))) {
            var recognised = new CompletableFuture<Boolean>();
            var ordinary = new CompletableFuture<Boolean>();
            orders.onNext(
                    SimulatedDatabase.Call.ROLLBACK,
                    after -> recognised.complete(org.jboss.tm.TxUtils.isTransactionManagerTimeoutThread()));
            orders.onNext(
                    SimulatedDatabase.Call.ROLLBACK,
                    after -> ordinary.complete(org.jboss.tm.TxUtils.isTransactionManagerTimeoutThread()));
            try (var own = Ktm.open(each.build())) {
                var faces = own.transactionManager();
                faces.setTransactionTimeout(1);
                faces.begin();
                faces.getTransaction().enlistResource(orders.connect());

                assertThat(recognised.get()).isTrue();

                faces.rollback();
                faces.begin();
                faces.getTransaction().enlistResource(orders.connect());
                faces.rollback();
                assertThat(ordinary.get()).isFalse();
            }
        }
    }

    @Test
    void aCallThatDoesNotComeBackIsGivenUpAndTheOthersGoOn() throws Exception {
        var never = new CountDownLatch(1);
        try (var bounded = Ktm.open(KtmOptions.builder()
                .inMemory()
                .recoveryInterval(Duration.ofHours(1))
                .resourceTimeout(Duration.ofMillis(100))
                .build())) {
            bounded.transactionManager().begin();
            var transaction = bounded.transactionManager().getTransaction();
            var first = orders.connect();
            var second = stock.connect();
            transaction.enlistResource(first);
            transaction.enlistResource(second);
            first.put("a");
            second.put("b");
            orders.hangNext(SimulatedDatabase.Call.PREPARE, never);

            assertThatThrownBy(() -> bounded.transactionManager().commit())
                    .isInstanceOf(RollbackException.class)
                    .hasStackTraceContaining("no answer within PT0.1S");

            assertThat(stock.branches()).isZero();
            assertThat(stock.committed()).isEmpty();
            // Closing would wait for it.
            never.countDown();
        } finally {
            never.countDown();
        }
    }

    @Test
    void aCommitThatDoesNotComeBackIsDoneLater() throws Exception {
        var never = new CountDownLatch(1);
        try (var bounded = Ktm.open(KtmOptions.builder()
                .inMemory()
                .recoveryInterval(Duration.ofHours(1))
                .resourceTimeout(Duration.ofMillis(100))
                .build())) {
            bounded.register("orders", orders::connect);
            bounded.transactionManager().begin();
            var transaction = bounded.transactionManager().getTransaction();
            var first = orders.connect();
            var second = stock.connect();
            transaction.enlistResource(bounded.named("orders", first));
            transaction.enlistResource(second);
            first.put("a");
            second.put("b");
            orders.hangNext(SimulatedDatabase.Call.COMMIT, never);

            bounded.transactionManager().commit();

            assertThat(stock.committed()).containsExactly("b");
            bounded.recoverNow();
            assertThat(orders.committed()).containsExactly("a");
            // Closing would wait for it.
            never.countDown();
        } finally {
            never.countDown();
        }
    }

    @Test
    void branchesArePreparedAndCommittedAtOnceIfWanted() throws Exception {
        try (var parallel = Ktm.open(KtmOptions.builder()
                .inMemory()
                .recoveryInterval(Duration.ofHours(1))
                .parallel(true)
                .build())) {
            var bothPrepare = new java.util.concurrent.CyclicBarrier(2);
            for (var database : List.of(orders, stock)) {
                database.onNext(SimulatedDatabase.Call.PREPARE, after -> {
                    if (!after) {
                        meet(bothPrepare);
                    }
                });
            }
            parallel.transactionManager().begin();
            for (var database : List.of(orders, stock)) {
                var connection = database.connect();
                parallel.transactionManager().getTransaction().enlistResource(connection);
                connection.put("a");
            }

            parallel.transactionManager().commit();

            assertThat(orders.committed()).containsExactly("a");
            assertThat(stock.committed()).containsExactly("a");
        }
    }

    /** Both must be here at once; one after the other would wait for ever. */
    private static void meet(java.util.concurrent.CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void delistedResourcesAreEndedResumedAndJoinedAgain() throws Exception {
        manager.begin();
        var transaction = manager.getTransaction();
        var connection = enlist(orders);
        assertThat(transaction.delistResource(connection, XAResource.TMSUSPEND)).isTrue();
        assertThat(connection.current()).isNull();
        assertThat(transaction.enlistResource(connection)).isTrue();
        connection.put("a");
        assertThat(transaction.delistResource(connection, XAResource.TMSUCCESS)).isTrue();
        assertThat(transaction.delistResource(connection, XAResource.TMSUCCESS)).isFalse();
        assertThat(transaction.delistResource(stock.connect(), XAResource.TMSUCCESS))
                .isFalse();
        assertThat(transaction.enlistResource(connection)).isTrue();
        connection.put("b");

        manager.commit();

        assertThat(orders.committed()).containsExactly("a", "b");
    }

    @Test
    void aResourceThatIsDelistedWithFailureMarksTheTransaction() throws Exception {
        manager.begin();
        var transaction = manager.getTransaction();
        var connection = enlist(orders);

        assertThat(transaction.delistResource(connection, XAResource.TMFAIL)).isTrue();

        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_MARKED_ROLLBACK);
        assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);
        assertThat(orders.branches()).isZero();
        assertThatThrownBy(() -> {
                    manager.begin();
                    manager.getTransaction().delistResource(connection, XAResource.TMJOIN);
                })
                .isInstanceOf(SystemException.class);
        manager.rollback();
    }

    @Test
    void aResourceThatCannotStartIsNotPartOfTheTransaction() throws Exception {
        orders.failNext(SimulatedDatabase.Call.START, XAException.XAER_RMFAIL);
        manager.begin();
        var transaction = manager.getTransaction();

        assertThatThrownBy(() -> transaction.enlistResource(orders.connect())).isInstanceOf(SystemException.class);
        enlist(stock).put("b");
        manager.commit();

        assertThat(stock.calls()).containsExactly("START", "END", "COMMIT_ONE_PHASE");
        assertThat(orders.calls()).containsExactly("START");
    }

    @Test
    @Conforms("JTA-12")
    void aHeuristicRollbackOfAllIsToldFromAMixedOne() throws Exception {
        for (boolean both : new boolean[] {true, false}) {
            orders.onNext(
                    SimulatedDatabase.Call.COMMIT, after -> orders.decideHeuristically(false, XAException.XA_HEURRB));
            if (both) {
                stock.onNext(
                        SimulatedDatabase.Call.COMMIT,
                        after -> stock.decideHeuristically(false, XAException.XA_HEURRB));
            }
            manager.begin();
            enlist(orders).put("a");
            enlist(stock).put("b");
            var transaction = (KtmTransaction) manager.getTransaction();

            assertThatThrownBy(manager::commit)
                    .isInstanceOf(both ? HeuristicRollbackException.class : HeuristicMixedException.class);

            assertThat(transaction.damage()).hasSize(both ? 2 : 1);
            assertThat(orders.calls()).endsWith("COMMIT", "FORGET");
        }
    }

    @Test
    @Conforms("JTA-12")
    void whoHadNothingToCommitMakesAHeuristicRollbackOfAllNotMixed() throws Exception {
        orders.onNext(SimulatedDatabase.Call.COMMIT, after -> orders.decideHeuristically(false, XAException.XA_HEURRB));
        stock.setReadOnly(true);
        var third = new SimulatedDatabase("third");
        third.onNext(SimulatedDatabase.Call.COMMIT, after -> third.decideHeuristically(false, XAException.XA_HEURRB));
        manager.begin();
        enlist(orders).put("a");
        enlist(stock);
        enlist(third).put("c");

        assertThatThrownBy(manager::commit).isInstanceOf(HeuristicRollbackException.class);
    }

    @Test
    @Conforms("JTA-12")
    void aHeuristicCommitAgreesWithACommitAndContradictsARollback() throws Exception {
        orders.onNext(SimulatedDatabase.Call.COMMIT, after -> orders.decideHeuristically(true, XAException.XA_HEURCOM));
        manager.begin();
        enlist(orders).put("a");
        enlist(stock).put("b");
        manager.commit();
        assertThat(orders.calls()).endsWith("COMMIT", "FORGET");

        stock.failNext(SimulatedDatabase.Call.PREPARE, XAException.XA_RBROLLBACK);
        orders.onNext(
                SimulatedDatabase.Call.ROLLBACK, after -> orders.decideHeuristically(true, XAException.XA_HEURCOM));
        manager.begin();
        var transaction = (KtmTransaction) manager.getTransaction();
        enlist(orders).put("c");
        enlist(stock).put("d");
        assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);

        assertThat(transaction.damage()).hasSize(1);
        assertThat(orders.calls()).endsWith("ROLLBACK", "FORGET");
    }

    /** Some resource managers keep its locks until then. */
    @Test
    void aBranchThatSaysAtItsEndThatItCanOnlyBeRolledBackIsToldToRollBack() throws Exception {
        stock.failNext(SimulatedDatabase.Call.END, XAException.XA_RBDEADLOCK);
        manager.begin();
        enlist(orders).put("a");
        enlist(stock).put("b");

        assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);

        assertThat(stock.calls()).endsWith("ROLLBACK").doesNotContain("PREPARE");
        assertThat(orders.committed()).isEmpty();
    }

    @Test
    void anOnePhaseCommitWhoseAnswerIsLostIsAHazard() throws Exception {
        orders.loseAnswerOfNext(SimulatedDatabase.Call.COMMIT_ONE_PHASE, XAException.XAER_RMFAIL);
        manager.begin();
        var transaction = manager.getTransaction();
        enlist(orders).put("a");

        assertThatThrownBy(manager::commit).isInstanceOf(HeuristicMixedException.class);

        assertThat(transaction.getStatus()).isEqualTo(Status.STATUS_UNKNOWN);
    }

    @Test
    void anOnePhaseCommitThatIsRefusedIsARollback() throws Exception {
        for (int code : new int[] {XAException.XA_RBINTEGRITY, XAException.XAER_RMERR, XAException.XAER_NOTA}) {
            orders.failNext(SimulatedDatabase.Call.COMMIT_ONE_PHASE, code);
            manager.begin();
            enlist(orders).put("a");

            assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);

            assertThat(orders.committed()).isEmpty();
        }
    }

    @Test
    @Conforms("JTA-11")
    void aCommitThatFailsIsDoneLaterAndChangesNothing() throws Exception {
        ktm.register("orders", orders::connect);
        for (int code : new int[] {
            XAException.XAER_RMFAIL, XAException.XAER_RMERR, XAException.XA_RETRY, XAException.XAER_NOTA, 0
        }) {
            orders.failNext(SimulatedDatabase.Call.COMMIT, code);
            var fault = new CountDownLatch(1);
            orders.hangNext(SimulatedDatabase.Call.RECOVER, fault);
            manager.begin();
            var transaction = manager.getTransaction();
            enlist(orders).put("a" + code);
            enlist(stock).put("b" + code);

            manager.commit();

            assertThat(transaction.getStatus()).isEqualTo(Status.STATUS_COMMITTED);
            assertThat(stock.committed()).contains("b" + code);
            fault.countDown();
            ktm.recoverNow();
            ktm.recoverNow();
            assertThat(orders.committed()).contains("a" + code);
        }
    }

    @Test
    @Conforms({"JTA-18", "JTA-19", "KTM-TO-02"})
    void whatTakesTooLongIsRolledBackAndSaysSo() throws Exception {
        var ended = new CountDownLatch(1);
        manager.setTransactionTimeout(1);
        manager.begin();
        var transaction = manager.getTransaction();
        transaction.registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {}

            @Override
            public void afterCompletion(int status) {
                ended.countDown();
            }
        });
        var connection = enlist(orders);
        connection.put("a");
        assertThat(connection.timeout()).isGreaterThan(1);

        ended.await();

        assertThat(orders.branches()).isZero();
        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_ROLLEDBACK);
        assertThat(((KtmTransaction) transaction).rollbackCause())
                .hasValueSatisfying(why -> assertThat(why).contains("longer than PT1S"));
        assertThatThrownBy(() -> transaction.enlistResource(stock.connect())).isInstanceOf(RollbackException.class);
        assertThatThrownBy(manager::commit)
                .isInstanceOf(RollbackException.class)
                .hasMessageContaining("longer than PT1S");
        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        manager.setTransactionTimeout(0);
        assertThatThrownBy(() -> manager.setTransactionTimeout(-1)).isInstanceOf(SystemException.class);
    }

    @Test
    @Conforms("JTA-24")
    void theTimeoutOfASuspendedTransactionGoesOn() throws Exception {
        var ended = new CountDownLatch(1);
        manager.setTransactionTimeout(1);
        manager.begin();
        manager.getTransaction().registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {}

            @Override
            public void afterCompletion(int status) {
                ended.countDown();
            }
        });
        var suspended = manager.suspend();

        ended.await();

        manager.resume(suspended);
        assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);
        manager.setTransactionTimeout(0);
    }

    @Test
    @Conforms("JTA-18")
    void zeroSecondsRestoreTheDefault() throws Exception {
        manager.setTransactionTimeout(5);
        manager.begin();
        assertThat(((KtmTransaction) manager.getTransaction()).timeLeft())
                .hasValueSatisfying(left -> assertThat(left).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(5)));
        manager.rollback();

        manager.setTransactionTimeout(0);
        manager.begin();

        assertThat(((KtmTransaction) manager.getTransaction()).timeLeft())
                .hasValueSatisfying(left -> assertThat(left).isGreaterThan(Duration.ofSeconds(40)));
        manager.rollback();
    }

    @Test
    void theRegistryKeepsWhatComponentsPutThere() throws Exception {
        var registry = ktm.synchronizationRegistry();
        assertThat(registry.getTransactionKey()).isNull();
        assertThatThrownBy(() -> registry.putResource("k", "v")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(registry::getRollbackOnly).isInstanceOf(IllegalStateException.class);
        manager.begin();
        var key = registry.getTransactionKey();
        registry.putResource("k", "v");
        assertThat(registry.getResource("k")).isEqualTo("v");
        assertThat(registry.getRollbackOnly()).isFalse();
        registry.setRollbackOnly();
        assertThat(registry.getRollbackOnly()).isTrue();
        manager.rollback();

        manager.begin();

        assertThat(registry.getTransactionKey()).isNotNull().isNotEqualTo(key);
        assertThat(registry.getResource("k")).isNull();
        manager.rollback();
    }

    @Test
    @Conforms({"JTA-13", "JTA-15"})
    void afterARestartBranchesAreFinishedAsDecidedOnceTheirResourceManagerIsThere() throws Exception {
        ktm.register("orders", orders::connect);
        ktm.register("stock", stock::connect);
        ktm.recoverNow();
        orders.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        stock.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        var never = new CountDownLatch(1);
        orders.hangNext(SimulatedDatabase.Call.RECOVER, never);
        stock.hangNext(SimulatedDatabase.Call.RECOVER, never);
        manager.begin();
        enlist(orders).put("a");
        enlist(stock).put("b");
        manager.commit();
        assertThat(orders.committed()).isEmpty();
        // By this life, or the next one would hang in its place.
        orders.awaitFaults(SimulatedDatabase.Call.RECOVER);
        stock.awaitFaults(SimulatedDatabase.Call.RECOVER);
        var crashed = device.copy();

        try (var restarted = Ktm.open(KtmOptions.builder()
                .device(crashed)
                .recoveryInterval(Duration.ofHours(1))
                .build())) {
            assertThat(restarted.manager().live()).hasSize(1);
            restarted.register("orders", orders::connect);
            restarted.recoverNow();
            assertThat(orders.committed()).containsExactly("a");
            assertThat(restarted.manager().live()).hasSize(1);

            restarted.register("stock", stock::connect);
            restarted.recoverNow();

            assertThat(stock.committed()).containsExactly("b");
            assertThat(restarted.manager().live()).isEmpty();
        }
        never.countDown();
    }

    @Test
    @Conforms({"JTA-13", "JTA-14"})
    void afterARestartOwnBranchesWithoutADecisionAreRolledBackAndNobodyElses() throws Exception {
        try (var other = Ktm.open(KtmOptions.builder().inMemory().build())) {
            other.transactionManager().begin();
            var foreign = stock.connect();
            other.transactionManager().getTransaction().enlistResource(foreign);
            var xid = foreign.xid();
            foreign.end(xid, XAResource.TMSUCCESS);
            foreign.prepare(xid);
            manager.begin();
            enlist(orders).put("a");
            var xidOfOurs = enlist(stock).xid();
            orders.onNext(SimulatedDatabase.Call.PREPARE, after -> {
                if (after) {
                    throw new CrashError();
                }
            });
            assertThat(Arrays.equals(xid.getGlobalTransactionId(), xidOfOurs.getGlobalTransactionId()))
                    .isFalse();
            var transaction = manager.suspend();
            var crashed = device.copy();
            assertThatThrownBy(transaction::commit).isInstanceOf(RollbackException.class);
            orders.addForeign(xidOfOurs);
            assertThat(orders.prepared()).isEqualTo(1);

            try (var restarted = Ktm.open(KtmOptions.builder()
                    .device(crashed)
                    .recoveryInterval(Duration.ofHours(1))
                    .build())) {
                restarted.register("orders", orders::connect);
                restarted.register("stock", stock::connect);
                restarted.recoverNow();
            }

            assertThat(orders.prepared()).isZero();
            assertThat(stock.prepared()).isEqualTo(1);
        }
    }

    /** The machine stops here. */
    private static final class CrashError extends Error {
        private static final long serialVersionUID = 1;
    }
}
