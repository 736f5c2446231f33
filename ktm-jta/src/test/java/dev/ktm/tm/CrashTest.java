package dev.ktm.tm;

import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.Outcome;
import dev.ktm.testing.Ledger;
import dev.ktm.testing.LedgerResourceManager;
import dev.ktm.tm.ManagerHandle.Durability;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/** Durable resource managers with disks of their own, and a crash between any two steps. */
class CrashTest {

    private static final int PARTICIPANTS = 3;

    /** What a crash at one moment leaves. */
    private record Remains(String step, SimulatedDevice device, List<Ledger> ledgers) {
        boolean hasCommitted() {
            return ledgers.stream().anyMatch(Ledger::hasCommitted);
        }

        /** That all have done the same, and that nobody waits. */
        void assertAtomic() {
            assertThat(ledgers).as(step).noneMatch(Ledger::isPrepared);
            assertThat(ledgers.stream().map(Ledger::hasCommitted).distinct())
                    .as(step)
                    .hasSize(1);
        }
    }

    /** A life of a process with its transaction manager and its resource managers, that notes what a crash would leave. */
    private static final class Life implements AutoCloseable {
        final Machine machine;
        final List<Ledger> ledgers;
        final List<LedgerResourceManager> resourceManagers = new ArrayList<>();
        final List<Remains> remains = new ArrayList<>();
        final ManagerHandle manager;

        Life(Remains before) throws KtmException {
            this(before, null);
        }

        Life(Remains before, @Nullable Consumer<Life> steps) throws KtmException {
            this.machine = new Machine(before.device());
            this.ledgers = before.ledgers();
            this.manager = machine.opened();
            note("opened");
            manager.recover();
            note("recovered");
            for (int i = 0; i < ledgers.size(); i++) {
                var name = "rm" + i;
                resourceManagers.add(new LedgerResourceManager(
                        name,
                        manager.createResourceManager(Machine.idOf(name), name, Durability.DURABLE),
                        ledgers.get(i),
                        step -> {
                            note(step);
                            if (steps != null) {
                                steps.accept(this);
                            }
                        }));
            }
        }

        void note(String step) {
            remains.add(new Remains(
                    step,
                    machine.device.copy(),
                    ledgers.stream().map(Ledger::copy).toList()));
        }

        void recover() throws KtmException {
            for (var each : resourceManagers) {
                each.recover();
                note("recovered one");
            }
        }

        Remains end() {
            return new Remains("end", machine.device, ledgers);
        }

        @Override
        public void close() {
            machine.close();
        }
    }

    private static Remains nothing() {
        var ledgers = new ArrayList<Ledger>();
        for (int i = 0; i < PARTICIPANTS; i++) {
            ledgers.add(new Ledger());
        }
        return new Remains("nothing", Machine.formatted(), ledgers);
    }

    /** One transaction of all; whoever is to refuse does so at this notification. */
    private static List<Remains> commitNoting(Notification refused, boolean forcesToo) throws Exception {
        try (var life = new Life(nothing())) {
            if (refused != Notification.LAST_RECOVER) {
                life.resourceManagers.get(1).refuseAt(refused);
            }
            life.recover();
            var transaction = life.manager.createTransaction(TransactionOptions.DEFAULT);
            life.remains.clear();
            for (var each : life.resourceManagers) {
                each.enlist(transaction, PHASES);
                life.note("enlisted");
            }
            if (forcesToo) {
                life.machine.device.hook(new OperationHook() {
                    @Override
                    public void before(OperationKind kind, String name) {
                        life.note("disk before " + kind);
                    }

                    @Override
                    public void after(OperationKind kind, String name) {
                        life.note("disk after " + kind);
                    }
                });
            }
            try {
                transaction.commit();
                life.note("committed");
            } catch (KtmException e) {
                life.note("rolled back");
            }
            life.machine.device.hook(OperationHook.NONE);
            return List.copyOf(life.remains);
        }
    }

    /** What a restart makes of it, every resource manager recovering; the steps of that are added to a list. */
    private static Remains restarted(Remains before, List<Remains> steps) throws Exception {
        try (var life = new Life(copyOf(before))) {
            life.recover();
            steps.addAll(life.remains);
            assertThat(life.manager.transactions()).as(before.step()).isEmpty();
            life.manager.createTransaction(TransactionOptions.DEFAULT).commit();
            return life.end();
        }
    }

    private static Remains copyOf(Remains remains) {
        return new Remains(
                remains.step(),
                remains.device().copy(),
                remains.ledgers().stream().map(Ledger::copy).toList());
    }

    @Test
    @Conforms({"KTM-CP-15", "REC-01", "REC-02", "REC-03", "REC-04", "REC-11"})
    void acrashBetweenAnyTwoStepsLeavesAllCommittedOrAllRolledBack() throws Exception {
        var remains = commitNoting(Notification.LAST_RECOVER, false);
        var outcomes = new ArrayList<String>();

        for (var each : remains) {
            var after = restarted(each, new ArrayList<>());
            after.assertAtomic();
            outcomes.add(each.step() + (after.hasCommitted() ? ": committed" : ": rolled back"));
        }

        assertThat(outcomes)
                .containsExactly(
                        "enlisted: rolled back",
                        "enlisted: rolled back",
                        "enlisted: rolled back",
                        "rm0 before PREPREPARE: rolled back",
                        "rm0 after PREPREPARE: rolled back",
                        "rm1 before PREPREPARE: rolled back",
                        "rm1 after PREPREPARE: rolled back",
                        "rm2 before PREPREPARE: rolled back",
                        "rm2 after PREPREPARE: rolled back",
                        "rm0 before PREPARE: rolled back",
                        "rm0 after PREPARE: rolled back",
                        "rm1 before PREPARE: rolled back",
                        "rm1 after PREPARE: rolled back",
                        "rm2 before PREPARE: rolled back",
                        "rm2 after PREPARE: rolled back",
                        "rm0 before COMMIT: committed",
                        "rm0 after COMMIT: committed",
                        "rm1 before COMMIT: committed",
                        "rm1 after COMMIT: committed",
                        "rm2 before COMMIT: committed",
                        "rm2 after COMMIT: committed",
                        "committed: committed");
    }

    @Test
    @Conforms({"REC-01", "REC-06"})
    void whatWasNeverCommittedIsNotAnnounced() throws Exception {
        for (var each : commitNoting(Notification.LAST_RECOVER, false)) {
            try (var life = new Life(copyOf(each))) {
                life.recover();
                var heard = life.resourceManagers.get(0).heard();
                if (each.step().contains("PREPARE") || each.step().equals("enlisted")) {
                    assertThat(heard).as(each.step()).containsExactly(Notification.LAST_RECOVER);
                } else {
                    assertThat(heard).as(each.step()).contains(Notification.RECOVER);
                }
            }
        }
    }

    @Test
    @Conforms({"KTM-CP-15", "KTM-CP-04"})
    void aCrashDuringARollbackLeavesAllRolledBack() throws Exception {
        for (var refused : List.of(Notification.PREPREPARE, Notification.PREPARE)) {
            for (var each : commitNoting(refused, true)) {
                var after = restarted(each, new ArrayList<>());
                after.assertAtomic();
                assertThat(after.hasCommitted()).as(each.step()).isFalse();
            }
        }
    }

    @Test
    @Tag("slow")
    @Conforms("REC-16")
    void crashesDuringRecoveryChangeNothing(TestReporter reporter) throws Exception {
        int crashes = 0;
        for (var each : commitNoting(Notification.LAST_RECOVER, true)) {
            var steps = new ArrayList<Remains>();
            var first = restarted(each, steps);
            first.assertAtomic();
            for (var step : steps) {
                var again = new ArrayList<Remains>();
                var second = restarted(step, again);
                second.assertAtomic();
                assertThat(second.hasCommitted())
                        .as(each.step() + ", then " + step.step())
                        .isEqualTo(first.hasCommitted());
                crashes++;
                if (step.step().startsWith("rm1")) {
                    for (var third : again) {
                        assertThat(restarted(third, new ArrayList<>()).hasCommitted())
                                .isEqualTo(first.hasCommitted());
                        crashes++;
                    }
                }
            }
        }

        reporter.publishEntry("crashes", Integer.toString(crashes));
        assertThat(crashes).isGreaterThan(200);
    }

    /** What resource managers have on their disks at a moment of the log's, and what the client knows. */
    private record Known(List<Ledger> ledgers, boolean toldCommitted) {}

    @Test
    @Conforms({"REC-24", "REC-01", "REC-02", "REC-03", "REC-04", "REC-05"})
    void alsoIfWhatWasNotForcedIsLost(TestReporter reporter) throws Exception {
        var start = nothing();
        var device = start.device();
        try (var life = new Life(start, CrashTest::mark)) {
            life.recover();
            device.forgetHistory();
            mark(life);
            for (int i = 0; i < 2; i++) {
                var transaction = life.manager.createTransaction(TransactionOptions.DEFAULT);
                for (var each : life.resourceManagers) {
                    each.enlist(transaction, PHASES);
                }
                if (i == 1) {
                    life.resourceManagers.get(2).refuseAt(Notification.PREPARE);
                    assertThat(transaction.commitAsync().toCompletableFuture().join())
                            .isEqualTo(Outcome.ABORTED);
                } else {
                    transaction.commit();
                    device.mark(new Known(copies(life), true));
                }
            }
        }

        var atFirst = new Known(List.of(new Ledger(), new Ledger(), new Ledger()), false);
        long states = CrashStates.of(device.history()).atMostPerPoint(40).forEach(state -> {
            var known = state.lastMark(Known.class).orElse(atFirst);
            var before = new Remains(
                    "power loss",
                    state.device(),
                    known.ledgers().stream().map(Ledger::copy).toList());
            var after = unchecked(before);
            assertThat(after.ledgers()).noneMatch(Ledger::isPrepared);
            assertThat(after.ledgers().stream().map(Ledger::hasCommitted).distinct())
                    .hasSize(1);
            if (known.toldCommitted()) {
                assertThat(after.hasCommitted()).isTrue();
            }
        });

        reporter.publishEntry("crash states", Long.toString(states));
        assertThat(states).isGreaterThan(30);
    }

    private static Remains unchecked(Remains before) {
        try {
            return restarted(before, new ArrayList<>());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Ledger> copies(Life life) {
        return life.ledgers.stream().map(Ledger::copy).toList();
    }

    private static void mark(Life life) {
        boolean told = life.ledgers.stream().allMatch(Ledger::hasCommitted);
        life.machine.device.mark(new Known(copies(life), told));
    }
}
