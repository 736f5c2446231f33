package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionRight;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.SimulatedDatabase;
import dev.ktm.testing.SimulatedDatabase.Call;
import dev.ktm.tm.BranchAnswer;
import dev.ktm.tm.BranchCall;
import dev.ktm.tm.BranchObservation;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.ManagerHandle;
import dev.ktm.tm.TransactionEnd;
import dev.ktm.tm.TransactionObservation;
import dev.ktm.tm.TransactionObserver;
import dev.ktm.tm.TransactionOptions;
import dev.ktm.tm.TransactionPhase;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Synchronization;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What observers are told of transactions, and what they cannot do to them. */
class ObserverTest {

    private final List<String> told = new CopyOnWriteArrayList<>();
    private final List<TransactionEnd> ends = new CopyOnWriteArrayList<>();
    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");
    private @Nullable Ktm ktm;

    @AfterEach
    void close() {
        if (ktm != null) {
            ktm.close();
        }
    }

    private Ktm open(TransactionObserver... observers) {
        return open(Duration.ZERO, observers);
    }

    private Ktm open(Duration resourceTimeout, TransactionObserver... observers) {
        var options = KtmOptions.builder()
                .device(new SimulatedDevice())
                .resourceTimeout(resourceTimeout)
                .recoveryInterval(Duration.ofHours(1));
        for (var each : observers) {
            options.observer(each);
        }
        var opened = Ktm.open(options.build());
        ktm = opened;
        opened.register("orders", orders::connect);
        opened.register("stock", stock::connect);
        return opened;
    }

    /** Notes everything. */
    private final class Notes implements TransactionObservation {
        @Override
        public void associated() {
            told.add("associated");
        }

        @Override
        public void dissociated() {
            told.add("dissociated");
        }

        @Override
        public void phaseBegan(TransactionPhase phase) {
            told.add(phase + " {");
        }

        @Override
        public void phaseEnded(TransactionPhase phase, long nanos) {
            assertThat(nanos).isNotNegative();
            told.add("} " + phase);
        }

        @Override
        public BranchObservation called(BranchCall call) {
            told.add(call.resourceManager() + " " + call.operation());
            return new BranchObservation() {
                @Override
                public void answered(BranchAnswer answer) {
                    told.add(call.resourceManager() + " " + answer.kind()
                            + (answer.code().isEmpty() ? "" : " " + answer.code()));
                }

                @Override
                public void returned() {
                    told.add("returned");
                }
            };
        }

        @Override
        public void ended(TransactionEnd end) {
            ends.add(end);
            told.add("ended " + end.outcome());
        }
    }

    private TransactionObservation note(KtmTransaction transaction) {
        told.add("begun " + transaction.state());
        return new Notes();
    }

    private void work(Ktm with, SimulatedDatabase... databases) throws Exception {
        for (var database : databases) {
            var connection = database.connect();
            with.transactionManager().getTransaction().enlistResource(with.named(database.toString(), connection));
            connection.put("key");
        }
    }

    private static ManagerHandle manager(Ktm of) {
        return of.manager();
    }

    @Test
    void areToldOfEveryPhaseAndCallOfACommit() throws Exception {
        var opened = open(this::note);
        opened.transactionManager().begin();
        work(opened, orders, stock);
        opened.transactionManager().commit();

        assertThat(told)
                .containsExactly(
                        "begun ACTIVE",
                        "associated",
                        "orders START",
                        "orders DONE",
                        "returned",
                        "stock START",
                        "stock DONE",
                        "returned",
                        "BEFORE_COMMIT {",
                        "} BEFORE_COMMIT",
                        "PREPARE {",
                        "orders PREPARE",
                        "orders DONE",
                        "returned",
                        "stock PREPARE",
                        "stock DONE",
                        "returned",
                        "} PREPARE",
                        "LOG {",
                        "} LOG",
                        "COMMIT {",
                        "orders COMMIT",
                        "orders DONE",
                        "returned",
                        "stock COMMIT",
                        "stock DONE",
                        "returned",
                        "} COMMIT",
                        "ended COMMITTED",
                        "dissociated");
        assertThat(ends).singleElement().satisfies(end -> {
            assertThat(end.cause()).isEmpty();
            assertThat(end.onePhase()).isFalse();
            assertThat(end.readOnly()).isFalse();
            assertThat(end.damaged()).isFalse();
            assertThat(end.nanos()).isPositive();
        });
    }

    @Test
    void areToldOfAnEndInOnePhase() throws Exception {
        var opened = open(this::note);
        opened.transactionManager().begin();
        work(opened, orders);
        told.clear();
        opened.transactionManager().commit();

        assertThat(told)
                .containsSubsequence(
                        "DELEGATE {", "orders COMMIT_ONE_PHASE", "orders DONE", "} DELEGATE", "ended COMMITTED")
                .noneMatch(each -> each.startsWith("LOG"));
        assertThat(ends)
                .singleElement()
                .satisfies(end -> assertThat(end.onePhase()).isTrue());
        assertThat(manager(opened).counts().onePhase()).isEqualTo(1);
    }

    @Test
    void areToldOfARefusalAndOfTheRollbackThatFollows() throws Exception {
        var opened = open(this::note);
        opened.transactionManager().begin();
        work(opened, orders, stock);
        told.clear();
        stock.failNext(Call.PREPARE, XAException.XA_RBDEADLOCK);

        assertThatThrownBy(() -> opened.transactionManager().commit()).isInstanceOf(RollbackException.class);

        assertThat(told)
                .containsSubsequence(
                        "PREPARE {",
                        "stock PREPARE",
                        "stock REFUSED XA_RBDEADLOCK (102)",
                        "} PREPARE",
                        "ROLLBACK {",
                        "orders ROLLBACK",
                        "orders DONE",
                        "} ROLLBACK",
                        "ended ABORTED",
                        "dissociated");
        assertThat(ends)
                .singleElement()
                .satisfies(end -> assertThat(end.cause()).contains(RollbackCause.PARTICIPANT));
    }

    @Test
    void areToldOnWhichThreadATransactionIs() throws Exception {
        var opened = open(this::note);
        var manager = opened.transactionManager();
        manager.begin();
        var suspended = manager.suspend();
        manager.begin();
        manager.rollback();
        manager.resume(suspended);
        manager.commit();

        assertThat(told)
                .filteredOn(each -> !each.contains("BEFORE_COMMIT"))
                .containsExactly(
                        "begun ACTIVE",
                        "associated",
                        "dissociated",
                        "begun ACTIVE",
                        "associated",
                        "ended ABORTED",
                        "dissociated",
                        "associated",
                        "ended COMMITTED",
                        "dissociated");
    }

    @Test
    void areToldOfNativeResourceManagersToo() throws Exception {
        var opened = open(this::note);
        try (var native1 =
                manager(opened).createResourceManager(UUID.randomUUID(), "plants", ManagerHandle.Durability.VOLATILE)) {
            native1.setHandler(event -> NotificationHandler.Result.SUCCESS);
            opened.transactionManager().begin();
            work(opened, orders);
            var transaction = (KtmTransaction) opened.transactionManager().getTransaction();
            try (var handle = opened.managers().openTransaction(transaction.unitOfWork(), allRights())) {
                handle.enlist(
                        native1,
                        NotificationMask.of(Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK),
                        "key");
            }
            opened.transactionManager().commit();
        }

        assertThat(told)
                .containsSubsequence("plants PREPARE", "plants DONE", "} PREPARE", "plants COMMIT", "plants DONE");
    }

    private static TransactionRight[] allRights() {
        return TransactionRight.ALL.toArray(TransactionRight[]::new);
    }

    @Test
    void areToldOfACallThatIsGivenUpOnceAndWhenItReturns() throws Exception {
        var opened = open(Duration.ofMillis(100), this::note);
        var released = new CountDownLatch(1);
        var returned = new CountDownLatch(1);
        var answers = new CopyOnWriteArrayList<BranchAnswer.Kind>();
        opened.observe(transaction -> new TransactionObservation() {
            @Override
            public @Nullable BranchObservation called(BranchCall call) {
                if (call.operation() != BranchCall.Operation.PREPARE
                        || !call.resourceManager().equals("stock")) {
                    return null;
                }
                return new BranchObservation() {
                    @Override
                    public void answered(BranchAnswer answer) {
                        answers.add(answer.kind());
                    }

                    @Override
                    public void returned() {
                        returned.countDown();
                    }
                };
            }
        });
        opened.transactionManager().begin();
        work(opened, orders, stock);
        stock.hangNext(Call.PREPARE, released);

        assertThatThrownBy(() -> opened.transactionManager().commit()).isInstanceOf(RollbackException.class);
        assertThat(told).contains("stock GIVEN_UP java.util.concurrent.TimeoutException");
        assertThat(returned.getCount()).isEqualTo(1);

        released.countDown();
        assertThat(returned.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(answers).containsExactly(BranchAnswer.Kind.GIVEN_UP);
    }

    @Test
    void areCalledUnderNoLockOfTheTransaction() throws Exception {
        var states = new CopyOnWriteArrayList<TransactionState>();
        class Asks implements TransactionObservation {
            private final KtmTransaction transaction;

            Asks(KtmTransaction transaction) {
                this.transaction = transaction;
            }

            private void ask() {
                // On another thread: with the lock held here it would not be answered.
                states.add(CompletableFuture.supplyAsync(transaction::state, task -> new Thread(task).start())
                        .orTimeout(60, TimeUnit.SECONDS)
                        .join());
            }

            @Override
            public void phaseBegan(TransactionPhase phase) {
                ask();
            }

            @Override
            public void phaseEnded(TransactionPhase phase, long nanos) {
                ask();
            }

            @Override
            public @Nullable BranchObservation called(BranchCall call) {
                ask();
                return null;
            }

            @Override
            public void ended(TransactionEnd end) {
                ask();
            }
        }
        var opened = open(Asks::new);
        opened.transactionManager().begin();
        work(opened, orders, stock);
        opened.transactionManager().commit();

        assertThat(states).contains(TransactionState.ACTIVE, TransactionState.PREPARING, TransactionState.COMMITTED);
    }

    /** Fails in everything. */
    private static final class Broken implements TransactionObservation {
        private final boolean fromTheBeginning;

        Broken(boolean fromTheBeginning) {
            this.fromTheBeginning = fromTheBeginning;
        }

        @Override
        public void associated() {
            throw new IllegalStateException("associated");
        }

        @Override
        public void dissociated() {
            throw new LinkageError("dissociated");
        }

        @Override
        public void phaseBegan(TransactionPhase phase) {
            throw new IllegalStateException("phaseBegan");
        }

        @Override
        public void phaseEnded(TransactionPhase phase, long nanos) {
            throw new StackOverflowError("phaseEnded");
        }

        @Override
        public BranchObservation called(BranchCall call) {
            if (fromTheBeginning) {
                throw new IllegalStateException("called");
            }
            return new BranchObservation() {
                @Override
                public void answered(BranchAnswer answer) {
                    throw new IllegalStateException("answered");
                }

                @Override
                public void returned() {
                    throw new OutOfMemoryError("returned");
                }
            };
        }

        @Override
        public void ended(TransactionEnd end) {
            throw new IllegalStateException("ended");
        }
    }

    @Test
    void thatAreBrokenHarmNobodyAndAreLoggedOnce() throws Exception {
        var logged = new ArrayList<LogRecord>();
        var logger = Logger.getLogger(TransactionObserver.class.getName());
        var handler = new Handler() {
            @Override
            public void publish(LogRecord logRecord) {
                logged.add(logRecord);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        try {
            var opened = open(
                    transaction -> {
                        throw new IllegalStateException("begun");
                    },
                    transaction -> new Broken(true),
                    transaction -> new Broken(false),
                    this::note);
            for (int i = 0; i < 3; i++) {
                opened.transactionManager().begin();
                work(opened, orders, stock);
                opened.transactionManager().commit();
            }
            opened.transactionManager().begin();
            work(opened, orders, stock);
            opened.transactionManager().rollback();

            assertThat(orders.commits()).isEqualTo(3);
            assertThat(stock.commits()).isEqualTo(3);
            assertThat(orders.branches()).isZero();
            assertThat(opened.manager().live()).isEmpty();
            assertThat(ends)
                    .extracting(TransactionEnd::outcome)
                    .containsExactly(Outcome.COMMITTED, Outcome.COMMITTED, Outcome.COMMITTED, Outcome.ABORTED);
            assertThat(logged).hasSize(3);
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(true);
        }
    }

    @Test
    void areToldNothingOfTransactionsThatBeganBeforeAndEverythingOfThoseThatBeganWhileTheyWereThere() throws Exception {
        var opened = open();
        opened.transactionManager().begin();
        var earlier = opened.transactionManager().suspend();
        var registration = opened.observe(this::note);
        opened.transactionManager().begin();
        registration.close();
        opened.transactionManager().commit();
        opened.transactionManager().resume(earlier);
        opened.transactionManager().commit();
        opened.transactionManager().begin();
        opened.transactionManager().commit();

        assertThat(told).filteredOn(each -> each.startsWith("begun")).hasSize(1);
        assertThat(ends).hasSize(1);
    }

    // What is counted.

    @Test
    void countsWhatIsCommittedAndHow() throws Exception {
        var opened = open();
        var manager = opened.transactionManager();
        manager.begin();
        manager.commit();
        manager.begin();
        work(opened, orders);
        manager.commit();
        manager.begin();
        work(opened, orders, stock);
        manager.commit();
        manager.begin();

        var counts = manager(opened).counts();
        assertThat(counts.begun()).isEqualTo(4);
        assertThat(counts.committed()).isEqualTo(3);
        assertThat(counts.onePhase()).isEqualTo(1);
        assertThat(counts.readOnly()).isEqualTo(1);
        assertThat(counts.rolledBackTotal()).isZero();
        assertThat(counts.rolledBack()).containsOnlyKeys(RollbackCause.values());
        manager.rollback();
    }

    @ParameterizedTest
    @EnumSource(
            value = RollbackCause.class,
            names = {"CLIENT", "PARTICIPANT", "SUPERIOR", "TIMEOUT", "CLOSED"})
    void countsWhatIsRolledBackByItsCause(RollbackCause cause) throws Exception {
        var opened = open(this::note);
        var manager = opened.transactionManager();
        switch (cause) {
            case CLIENT -> {
                manager.begin();
                manager.rollback();
            }
            case PARTICIPANT -> {
                manager.begin();
                work(opened, orders, stock);
                orders.failNext(Call.PREPARE, XAException.XAER_RMERR);
                assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);
            }
            case SUPERIOR -> {
                var superior = opened.xaResource();
                var xid = new SimulatedXid();
                superior.start(xid, XAResource.TMNOFLAGS);
                work(opened, orders);
                superior.end(xid, XAResource.TMSUCCESS);
                superior.rollback(xid);
            }
            case TIMEOUT -> {
                var over = new CountDownLatch(1);
                manager.setTransactionTimeout(1);
                manager.begin();
                manager.getTransaction().registerSynchronization(afterwards(over));
                assertThat(over.await(60, TimeUnit.SECONDS)).isTrue();
                assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);
            }
            case CLOSED ->
                opened.manager().createTransaction(TransactionOptions.DEFAULT).close();
            default -> throw new IllegalArgumentException(cause.name());
        }

        var counts = manager(opened).counts();
        assertThat(counts.rolledBack())
                .allSatisfy((each, count) -> assertThat(count).as(each.name()).isEqualTo(each == cause ? 1 : 0));
        assertThat(counts.committed()).isZero();
        assertThat(ends)
                .singleElement()
                .satisfies(end -> assertThat(end.cause()).contains(cause));
    }

    private static Synchronization afterwards(CountDownLatch over) {
        return new Synchronization() {
            @Override
            public void beforeCompletion() {}

            @Override
            public void afterCompletion(int status) {
                over.countDown();
            }
        };
    }

    private static final class SimulatedXid implements Xid {
        @Override
        public int getFormatId() {
            return 4711;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return new byte[] {1, 2};
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {3};
        }
    }

    @Test
    void countsWhatIsHeuristic() throws Exception {
        var opened = open(this::note);
        opened.transactionManager().begin();
        work(opened, orders, stock);
        orders.onNext(Call.COMMIT, after -> {
            if (!after) {
                orders.decideHeuristically(false, XAException.XA_HEURRB);
            }
        });

        assertThatThrownBy(() -> opened.transactionManager().commit()).isInstanceOf(HeuristicMixedException.class);

        var counts = manager(opened).counts();
        assertThat(counts.committed()).isEqualTo(1);
        assertThat(counts.heuristic()).isEqualTo(1);
        assertThat(told).contains("orders HEURISTIC XA_HEURRB (6)");
        assertThat(ends)
                .singleElement()
                .satisfies(end -> assertThat(end.damaged()).isTrue());
    }

    @Test
    void countsEachCoordinatorForItself() throws Exception {
        var opened = open();
        try (var other = Ktm.open(KtmOptions.builder().inMemory().build())) {
            other.transactionManager().begin();
            other.transactionManager().commit();

            assertThat(manager(other).counts().committed()).isEqualTo(1);
            assertThat(manager(opened).counts().committed()).isZero();
            assertThat(manager(opened).counts().begun()).isZero();
        }
    }
}
