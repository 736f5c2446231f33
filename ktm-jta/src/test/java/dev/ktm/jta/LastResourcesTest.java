package dev.ktm.jta;

import static dev.ktm.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.journal.TransactionRecord;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.Damage;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.SimulatedDatabase;
import dev.ktm.testing.SimulatedJournal;
import dev.ktm.tm.ManagerHandle;
import dev.ktm.tm.ManagerOptions;
import dev.ktm.tm.ManualManagers;
import dev.ktm.tm.TransactionManagers;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.SystemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.ConnectableResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is believed of a resource that cannot prepare, and what it is told. */
class LastResourcesTest {

    private final SimulatedDevice device = new SimulatedDevice();
    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final Audit audit = new Audit();
    private final List<OutcomeReport> reports = new CopyOnWriteArrayList<>();
    private Consumer<OutcomeReport> onReport = report -> {};
    private TransactionManagers managers;
    private ManagerHandle manager;
    private JtaCoordinator jta;

    @BeforeEach
    void open() throws Exception {
        managers = new TransactionManagers(reports::add);
        manager = managers.create(ManagerOptions.durable(device));
        manager.recover();
        jta = new JtaCoordinator(
                manager,
                new JtaCoordinator.Options(
                        Duration.ofSeconds(60), Duration.ofHours(1), false, Duration.ZERO, reports::add));
        jta.register("orders", orders::connect);
        jta.registerLastResource("audit", audit);
    }

    private void report(OutcomeReport report) {
        reports.add(report);
        onReport.accept(report);
    }

    @AfterEach
    void close() {
        jta.stopRecovery();
        managers.close();
        jta.close();
    }

    /** A table of decisions that is only simulated. */
    private static final class Audit implements Decisions {
        private final Map<TransactionId, Boolean> rows = new LinkedHashMap<>();
        private final Set<TransactionId> underWay = new HashSet<>();
        private boolean down;

        @Override
        public void note(ConnectableResource resource, TransactionId transaction) {
            ((Local) resource).noted = Optional.of(transaction);
        }

        @Override
        public boolean isCommitted(TransactionId transaction) throws IOException {
            if (down || underWay.contains(transaction)) {
                throw new IOException("no answer");
            }
            rows.putIfAbsent(transaction, false);
            return rows.get(transaction);
        }

        @Override
        public List<TransactionId> noted(UUID manager) throws IOException {
            if (down) {
                throw new IOException("down");
            }
            return rows.keySet().stream()
                    .filter(each -> each.manager().equals(manager))
                    .toList();
        }

        @Override
        public void forget(Collection<TransactionId> transactions) {
            rows.keySet().removeAll(transactions);
        }
    }

    /** A connection of it. */
    private class Local implements SimulatedDecisions.Resource, XAResource {
        private final List<String> calls = new ArrayList<>();
        private Optional<TransactionId> noted = Optional.empty();
        private boolean fails;

        @Override
        public void start(Xid xid, int flags) {
            calls.add("start");
        }

        @Override
        public void end(Xid xid, int flags) {
            calls.add("end");
        }

        @Override
        public int prepare(Xid xid) throws XAException {
            throw new XAException(XAException.XAER_PROTO);
        }

        @Override
        public void commit(Xid xid, boolean onePhase) throws XAException {
            calls.add("commit");
            if (fails) {
                throw new XAException(XAException.XAER_RMFAIL);
            }
            noted.ifPresent(transaction -> audit.rows.put(transaction, true));
        }

        @Override
        public void rollback(Xid xid) {
            calls.add("rollback");
        }

        @Override
        public void forget(Xid xid) {}

        @Override
        public Xid[] recover(int flag) {
            return new Xid[0];
        }

        @Override
        public boolean isSameRM(XAResource other) {
            return other == this;
        }

        @Override
        public int getTransactionTimeout() {
            return 0;
        }

        @Override
        public boolean setTransactionTimeout(int seconds) {
            return false;
        }
    }

    private void begin(Local last, String key) throws Exception {
        var transactions = jta.transactionManager();
        transactions.begin();
        transactions.getTransaction().enlistResource(JtaCoordinator.named("audit", last));
        var connection = orders.connect();
        transactions.getTransaction().enlistResource(JtaCoordinator.named("orders", connection));
        connection.put(key);
    }

    private void commit(Local last, String key) throws Exception {
        begin(last, key);
        jta.transactionManager().commit();
    }

    /** A commit whose answer is lost, while nobody can be asked. */
    private TransactionId commitInDoubt(Local last, String key) throws Exception {
        var before = manager.live();
        last.fails = true;
        audit.down = true;
        begin(last, key);
        assertThatThrownBy(() -> jta.transactionManager().commit()).isInstanceOf(HeuristicMixedException.class);
        audit.down = false;
        return manager.live().stream()
                .filter(each -> !before.contains(each))
                .findAny()
                .orElseThrow()
                .id()
                .orElseThrow();
    }

    @Test
    void aConnectionWhoseTransactionIsInDoubtIsNotTouchedAnyMore() throws Exception {
        var last = new Local();
        commitInDoubt(last, "a");
        last.calls.clear();

        // It is given to somebody else; then its table says that nothing was committed.
        jta.recoverNow();

        assertThat(manager.live()).isEmpty();
        assertThat(orders.committed()).isEmpty();
        assertThat(last.calls).isEmpty();
    }

    @Test
    void takingItsRegistrationBackWhileItIsEnlistedLosesNoDecision() throws Exception {
        var last = new Local() {
            @Override
            public boolean setTransactionTimeout(int seconds) {
                jta.unregister("audit");
                return false;
            }
        };
        jta.transactionManager().setTransactionTimeout(60);
        commit(last, "a");

        assertThat(audit.rows).containsValue(true);
        assertThat(orders.committed()).containsExactly("a");
        assertThatThrownBy(() -> commit(new Local(), "b")).isInstanceOf(SystemException.class);
        jta.transactionManager().rollback();
    }

    @Test
    void oneCommitThatIsStillUnderWayHoldsUpNoOther() throws Exception {
        var slow = commitInDoubt(new Local(), "slow");
        var other = commitInDoubt(new Local(), "other");
        var later = commitInDoubt(new Local(), "later");
        audit.underWay.add(slow);
        audit.rows.put(other, true);
        commit(new Local(), "after");

        jta.recoverNow();

        assertThat(manager.live()).extracting(each -> each.id().orElseThrow()).containsExactly(slow);
        assertThat(orders.committed()).containsExactly("after", "other");
        assertThat(audit.rows).doesNotContainKey(later);
        audit.underWay.clear();
        audit.rows.put(slow, true);
        jta.recoverNow();
        assertThat(orders.committed()).containsExactly("after", "other", "slow");
    }

    @Test
    void rowsOfOtherCoordinatorsAreLeftAlone() throws Exception {
        var theirs = new TransactionId(UUID.randomUUID(), 1, 1);
        var laterLife = new TransactionId(manager.identity(), manager.incarnation() + 1, 1);
        audit.rows.put(theirs, true);
        audit.rows.put(laterLife, true);
        commit(new Local(), "a");

        jta.recoverNow();

        assertThat(audit.rows).containsOnlyKeys(theirs, laterLife);
    }

    @Test
    void aCommitCostsTwoForces() throws Exception {
        commit(new Local(), "warm");
        var forces = new CopyOnWriteArrayList<OperationKind>();
        var caller = Thread.currentThread();
        device.hook(new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) {
                // What the log does beside, to have containers ready, is not of this commit.
                boolean isForce = kind == OperationKind.FORCE || kind == OperationKind.WRITE_FORCE;
                if (isForce && Thread.currentThread() == caller) {
                    forces.add(kind);
                }
            }
        });

        commit(new Local(), "a");

        device.hook(OperationHook.NONE);
        assertThat(forces).hasSize(2);
    }

    private UUID unitOfWork() throws Exception {
        return manager.transactions().get(0);
    }

    @Test
    void anOperatorCommitsWhenTheLastResourceIsGoneForGood() throws Exception {
        var id = commitInDoubt(new Local(), "a");
        audit.down = true;
        assertRefused(KtmError.INVALID_PARAMETER, () -> manager.commitInPlaceOfLast(unitOfWork(), "jane", " "));

        manager.commitInPlaceOfLast(unitOfWork(), "jane", "its disk is gone");

        assertThat(orders.committed()).containsExactly("a");
        assertThat(manager.live()).isEmpty();
        assertThat(manager.operatorActs()).singleElement().satisfies(act -> {
            assertThat(act.kind()).isEqualTo(OperatorAct.Kind.COMMIT);
            assertThat(act.who()).isEqualTo("jane");
            assertThat(act.why()).isEqualTo("its disk is gone");
        });
        assertThat(reports)
                .filteredOn(report -> report.kind() == OutcomeReport.Kind.HEURISTIC)
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).contains("jane", "was not seen"));
        restart();
        assertThat(manager.damaged()).singleElement().satisfies(damaged -> {
            assertThat(damaged.transaction()).isEqualTo(id);
            assertThat(damaged.committed()).isTrue();
            assertThat(damaged.damage().get(0).decision()).isEqualTo(HeuristicDecision.HAZARD);
        });
    }

    @Test
    void anOperatorRollsBackWhenTheLastResourceIsGoneForGood() throws Exception {
        commitInDoubt(new Local(), "a");
        audit.down = true;
        restart();
        jta.recoverNow();
        assertThat(orders.prepared()).isOne();

        manager.rollBackInPlaceOfLast(unitOfWork(), "jane", "its disk is gone");
        jta.recoverNow();

        assertThat(orders.branches()).isZero();
        assertThat(orders.committed()).isEmpty();
        assertThat(manager.live()).isEmpty();
        restart();
        assertThat(manager.live()).isEmpty();
        assertThat(manager.damaged())
                .singleElement()
                .satisfies(damaged -> assertThat(damaged.committed()).isFalse());
    }

    /** Whoever compares finds its row until he says that he has. */
    @Test
    void aRowThatSaysOtherwiseThanTheOperatorIsReportedAndKeptUntilThatIsForgotten() throws Exception {
        var id = commitInDoubt(new Local(), "a");
        audit.down = true;
        manager.rollBackInPlaceOfLast(unitOfWork(), "jane", "its disk is gone");
        audit.down = false;
        audit.rows.put(id, true);

        jta.recoverNow();

        assertThat(manager.damaged())
                .singleElement()
                .satisfies(damaged -> assertThat(damaged.damage())
                        .extracting(Damage::decision)
                        .containsExactly(HeuristicDecision.HAZARD, HeuristicDecision.COMMIT));
        assertThat(audit.rows).containsOnlyKeys(id);
        manager.forget(id, "jane", "mended");
        jta.recoverNow();
        assertThat(audit.rows).isEmpty();
    }

    @Test
    void nobodyDecidesInPlaceOfALastResourceThatHasAnswered() throws Exception {
        commit(new Local(), "a");
        begin(new Local(), "b");
        var active = unitOfWork();

        assertRefused(
                KtmError.TRANSACTION_REQUEST_NOT_VALID,
                () -> manager.rollBackInPlaceOfLast(active, "jane", "its disk is gone"));

        assertThat(manager.operatorActs()).isEmpty();
        jta.transactionManager().rollback();
    }

    /** A log that does something when a decision is on its way to the disk. */
    private SimulatedJournal openOver(SimulatedJournal.Trouble trouble, Runnable whenForced) throws Exception {
        close();
        var simulated = new ManualManagers(this::report);
        var asked = new AtomicBoolean();
        var journal = new SimulatedJournal(SimulatedJournal.Disk.empty(), new SimulatedJournal.Watcher() {
            @Override
            public void step(String what) {
                boolean isOperators = reports.stream().anyMatch(report -> report.kind() == OutcomeReport.Kind.OPERATOR);
                if (isOperators && what.startsWith("before force") && asked.compareAndSet(false, true)) {
                    whenForced.run();
                }
            }

            @Override
            public void ended(TransactionId id) {}
        });
        managers = simulated.managers();
        manager = simulated.recover(journal);
        jta = ManualCoordinator.over(manager);
        jta.register("orders", orders::connect);
        jta.registerLastResource("audit", audit);
        var id = commitInDoubt(new Local(), "a");
        audit.rows.put(id, true);
        journal.setTrouble(trouble);
        return journal;
    }

    private List<String> operatorReports() {
        return reports.stream()
                .filter(report -> report.kind() == OutcomeReport.Kind.OPERATOR)
                .map(report -> report.nextStep())
                .toList();
    }

    @Test
    void aRowThatIsReadWhileTheOperatorsDecisionIsWrittenIsComparedWithIt() throws Exception {
        openOver(SimulatedJournal.Trouble.NONE, () -> jta.recoverNow());

        manager.rollBackInPlaceOfLast(unitOfWork(), "jane", "its disk is gone");
        assertThat(manager.damaged().get(0).damage()).hasSize(1);
        jta.recoverNow();

        assertThat(orders.committed()).isEmpty();
        assertThat(manager.damaged())
                .singleElement()
                .satisfies(damaged -> assertThat(damaged.damage())
                        .extracting(Damage::decision)
                        .containsExactly(HeuristicDecision.HAZARD, HeuristicDecision.COMMIT));
        assertThat(operatorReports())
                .containsExactly(
                        "asked for: to roll back in place of the last participant",
                        "done: it is decided in place of the last participant");
    }

    @Test
    void aRowThatWasReadWhileTheOperatorsDecisionWasNotWrittenDecides() throws Exception {
        openOver(SimulatedJournal.Trouble.FAILS_UNWRITTEN, () -> jta.recoverNow());

        assertRefused(
                KtmError.TRANSACTIONMANAGER_NOT_ONLINE,
                () -> manager.rollBackInPlaceOfLast(unitOfWork(), "jane", "its disk is gone"));
        assertThat(manager.waitingForLast()).hasSize(1);
        jta.recoverNow();

        assertThat(orders.committed()).containsExactly("a");
        assertThat(manager.live()).isEmpty();
        assertThat(operatorReports())
                .satisfiesExactly(
                        asked -> assertThat(asked).startsWith("asked for"),
                        result ->
                                assertThat(result).startsWith("not done").contains("the operator has decided nothing"));
    }

    /** Both may be in the log: that it decides itself, and that it is rolled back whatever it has decided. */
    @Test
    void aRowThatIsReadWhenOnlyARestartCanTellWhatTheOperatorDecidedDecidesNothing() throws Exception {
        var journal = openOver(SimulatedJournal.Trouble.FAILS_UNKNOWN_PRESENT, () -> {});

        assertRefused(
                KtmError.TRANSACTIONMANAGER_NOT_ONLINE,
                () -> manager.rollBackInPlaceOfLast(unitOfWork(), "jane", "its disk is gone"));
        jta.recoverNow();

        assertThat(orders.committed()).isEmpty();
        assertThat(manager.live())
                .singleElement()
                .satisfies(found -> assertThat(found.outcome()).isEqualTo(Outcome.UNAVAILABLE));
        assertThat(journal.disk().forced().values())
                .singleElement()
                .satisfies(record -> assertThat(record.status()).isEqualTo(TransactionRecord.Status.ROLLED_BACK));
        assertThat(operatorReports()).last().asString().contains("only a restart can tell");
    }

    @Test
    void aLastResourceThatAnswersBeforeTheOperatorHasDecidedIsWhatCounts() throws Exception {
        var answers = new AtomicBoolean();
        openOver(SimulatedJournal.Trouble.NONE, () -> {});
        onReport = report -> {
            if (report.kind() == OutcomeReport.Kind.OPERATOR && answers.compareAndSet(false, true)) {
                jta.recoverNow();
            }
        };

        assertRefused(
                KtmError.TRANSACTION_ALREADY_COMMITTED,
                () -> manager.rollBackInPlaceOfLast(unitOfWork(), "jane", "its disk is gone"));

        assertThat(orders.committed()).containsExactly("a");
        assertThat(manager.damaged()).isEmpty();
        assertThat(operatorReports())
                .satisfiesExactly(
                        asked -> assertThat(asked).startsWith("asked for"),
                        result -> assertThat(result).startsWith("not done"));
    }

    /** The example of the guide: others that are live, and wait for nobody, are left alone. */
    @Test
    void theExampleOfTheGuideDecidesWhatWaitsForALastResource() throws Exception {
        begin(new Local(), "active");
        var active = jta.transactionManager().suspend();
        commitInDoubt(new Local(), "a");
        audit.down = true;

        decideAll(manager);

        assertThat(orders.committed()).containsExactly("a");
        assertThat(manager.live()).hasSize(1);
        active.rollback();
    }

    private static void decideAll(ManagerHandle manager) throws KtmException {
        // guide
        for (var transaction : manager.waitingForLast()) {
            // Look at the others, and at what the application knows of it.
            manager.commitInPlaceOfLast(transaction.unitOfWork(), "jane", "audit lost with its disk, ticket 4711");
            // or: rollBackInPlaceOfLast
        }
        // end of guide
    }

    @Test
    void theGuideShowsTheExampleAsItIs() throws Exception {
        var source = Files.readString(Path.of("src/test/java/dev/ktm/jta/LastResourcesTest.java"));
        var start = "        // guide\n";
        int from = source.indexOf(start, source.indexOf("private static void decideAll")) + start.length();
        var code = source.substring(from, source.indexOf("        // end of guide", from))
                .lines()
                .map(line -> line.substring(8))
                .collect(Collectors.joining("\n"));

        assertThat(Files.readString(Path.of("docs", "last-resource.md"))).contains(code);
    }

    /** Whatever of it is durable, a restart finds one decision for all. */
    @Test
    void aCrashAtAnyWriteOfAnOperatorsDecisionLeavesOneDecision() throws Exception {
        commitInDoubt(new Local(), "a");
        var before = device.copy();
        for (boolean commit : new boolean[] {true, false}) {
            for (int writes = 0; writes < 4; writes++) {
                assertOneDecision(before.copy(), commit, writes);
            }
        }
    }

    private static void assertOneDecision(SimulatedDevice copy, boolean commit, int writes) throws Exception {
        UUID unit;
        var left = new AtomicInteger(writes);
        try (var managers = new TransactionManagers()) {
            var manager = managers.create(ManagerOptions.durable(copy));
            manager.recover();
            unit = manager.transactions().get(0);
            copy.hook(new OperationHook() {
                @Override
                public void before(OperationKind kind, String name) throws IOException {
                    if (left.getAndDecrement() <= 0) {
                        throw new IOException("power is lost");
                    }
                }
            });
            try {
                if (commit) {
                    manager.commitInPlaceOfLast(unit, "jane", "gone");
                } else {
                    manager.rollBackInPlaceOfLast(unit, "jane", "gone");
                }
            } catch (KtmException e) {
                assertThat(e.error()).isEqualTo(KtmError.TRANSACTIONMANAGER_NOT_ONLINE);
            }
        }
        copy.hook(OperationHook.NONE);
        try (var managers = new TransactionManagers()) {
            var manager = managers.create(ManagerOptions.durable(copy.copy()));
            manager.recover();
            if (manager.damaged().isEmpty()) {
                assertThat(manager.live())
                        .singleElement()
                        .satisfies(found -> assertThat(found.state()).isEqualTo(TransactionState.IN_DOUBT));
            } else {
                assertThat(manager.operatorActs()).hasSize(1);
                assertThat(manager.damaged().get(0).committed()).isEqualTo(commit);
                assertThat(manager.live()).hasSize(commit ? 1 : 0);
            }
        }
    }

    private void restart() throws Exception {
        close();
        open();
    }
}
