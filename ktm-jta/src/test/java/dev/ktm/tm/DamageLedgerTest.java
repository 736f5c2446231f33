package dev.ktm.tm;

import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.journal.TransactionRecord;
import dev.ktm.rm.Damage;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.Notification;
import dev.ktm.rm.TransactionId;
import dev.ktm.testing.Refusals;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.testing.SimulatedJournal;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is remembered of participants that did otherwise than was decided. */
class DamageLedgerTest {

    private final SimulatedJournal journal =
            new SimulatedJournal(SimulatedJournal.Disk.empty(), new SimulatedJournal.Watcher() {
                @Override
                public void step(String what) {}

                @Override
                public void ended(TransactionId id) {}
            });

    private ManagerHandle manager;
    private ScriptedResourceManager one;

    @BeforeEach
    void open() throws Exception {
        manager = new ManualManagers(report -> {}).recover(journal);
        one = new ScriptedResourceManager(
                "one",
                manager.createResourceManager(new UUID(1, 1), "one", ManagerHandle.Durability.DURABLE),
                new ArrayList<>());
    }

    /** A committed transaction, one participant of which did otherwise, whose end finds no space in the log. */
    private void endInAFullLog() throws Exception {
        one.byHand(Notification.COMMIT);
        var transaction = manager.createTransaction(TransactionOptions.DEFAULT);
        var first = one.enlist(transaction, PHASES).enlistment();
        var second = one.enlist(transaction, PHASES).enlistment();
        transaction.commitAsync();
        first.reportHeuristic(HeuristicDecision.ROLLBACK, 6, "b", "it was not done");
        first.commitComplete();
        journal.setTrouble(SimulatedJournal.Trouble.FULL);
        second.commitComplete();
        assertThat(manager.transactions()).isEmpty();
    }

    private TransactionRecord onDisk() {
        return journal.disk().forced().values().iterator().next();
    }

    /** What last resources have noted about it goes when this has returned: nobody may be left in it who would be told again. */
    @Test
    void anEndThatFoundNoSpaceIsWrittenBeforeTheLogIsSaidToBeForced() throws Exception {
        endInAFullLog();
        assertThat(onDisk().participants()).hasSize(2);

        manager.forceLog();

        assertThat(onDisk().participants()).isEmpty();
        assertThat(onDisk().damage()).hasSize(1);
    }

    @Test
    void theLogIsNotSaidToBeForcedWhileThereIsNoSpaceForAnEnd() throws Exception {
        endInAFullLog();
        journal.setTrouble(SimulatedJournal.Trouble.FULL);

        Refusals.assertRefused(KtmError.TRANSACTIONMANAGER_NOT_ONLINE, manager::forceLog);

        assertThat(onDisk().participants()).hasSize(2);
        manager.forceLog();
        assertThat(onDisk().participants()).isEmpty();
    }

    @Test
    void whatIsSaidAgainIsKeptOnce() throws Exception {
        var id = new TransactionId(manager.identity(), manager.incarnation(), 77);
        for (int millis = 0; millis < 3; millis++) {
            manager.addDamage(id, new Damage("one", new UUID(3, 3), HeuristicDecision.MIXED, 5, millis, "b"));
        }
        manager.addDamage(id, new Damage("one", new UUID(3, 3), HeuristicDecision.HAZARD, 8, 9, "b"));

        assertThat(manager.damaged())
                .singleElement()
                .satisfies(damaged -> assertThat(damaged.damage())
                        .extracting(Damage::decision)
                        .isEqualTo(List.of(HeuristicDecision.MIXED, HeuristicDecision.HAZARD)));
    }
}
