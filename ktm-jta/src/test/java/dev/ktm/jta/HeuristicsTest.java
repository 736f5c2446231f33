package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.Damage;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.TransactionId;
import dev.ktm.testing.SimulatedDatabase;
import dev.ktm.testing.SimulatedDatabase.Call;
import dev.ktm.testing.SimulatedJournal;
import dev.ktm.tm.ManualManagers;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.RollbackException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a participant has decided on its own, in every way in which it can be told the outcome. */
class HeuristicsTest {

    private final SimulatedDevice device = new SimulatedDevice();
    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");
    private Ktm ktm = open(device);

    private static Ktm open(SimulatedDevice device) {
        return Ktm.open(KtmOptions.builder()
                .device(device)
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    @AfterEach
    void close() {
        ktm.close();
    }

    /** What it may say. */
    enum Said {
        HEURISTIC_COMMIT(XAException.XA_HEURCOM, true, HeuristicDecision.COMMIT),
        HEURISTIC_ROLLBACK(XAException.XA_HEURRB, false, HeuristicDecision.ROLLBACK),
        HEURISTIC_MIXED(XAException.XA_HEURMIX, false, HeuristicDecision.MIXED),
        HEURISTIC_HAZARD(XAException.XA_HEURHAZ, false, HeuristicDecision.HAZARD);

        private final int code;
        private final boolean commits;
        private final HeuristicDecision decision;

        Said(int code, boolean commits, HeuristicDecision decision) {
            this.code = code;
            this.commits = commits;
            this.decision = decision;
        }

        /** What is damaged if this was to commit, or to roll back. */
        private Optional<HeuristicDecision> damageOf(boolean commit) {
            return this == (commit ? HEURISTIC_COMMIT : HEURISTIC_ROLLBACK) ? Optional.empty() : Optional.of(decision);
        }
    }

    private void decideOnNext(Call call, Said said) {
        orders.onNext(call, after -> {
            if (!after) {
                orders.decideHeuristically(said.commits, said.code);
            }
        });
    }

    private @Nullable Throwable commit(SimulatedDatabase... databases) throws Exception {
        var manager = ktm.transactionManager();
        manager.begin();
        for (var database : databases) {
            var connection = database.connect();
            manager.getTransaction().enlistResource(ktm.named(database.toString(), connection));
            connection.put("a");
        }
        return catchThrowable(manager::commit);
    }

    private void assertDamaged(Optional<HeuristicDecision> expected) throws Exception {
        var found = new ArrayList<HeuristicDecision>();
        for (var each : ktm.manager().damaged()) {
            each.damage().stream().map(Damage::decision).forEach(found::add);
        }
        assertThat(found).containsExactlyElementsOf(expected.map(List::of).orElse(List.of()));
        assertThat(orders.branches()).as("it has been told to forget").isZero();
    }

    @ParameterizedTest
    @EnumSource(Said.class)
    @Conforms("JTA-12")
    void whenItIsToCommit(Said said) throws Exception {
        decideOnNext(Call.COMMIT, said);

        var thrown = commit(orders, stock);

        if (said == Said.HEURISTIC_COMMIT) {
            assertThat(thrown).isNull();
        } else {
            assertThat(thrown).isInstanceOf(HeuristicMixedException.class);
        }
        assertDamaged(said.damageOf(true));
        assertThat(stock.committed()).containsExactly("a");
    }

    @ParameterizedTest
    @EnumSource(Said.class)
    @Conforms("JTA-12")
    void whenItIsToRollBack(Said said) throws Exception {
        decideOnNext(Call.ROLLBACK, said);
        stock.failNext(Call.PREPARE, XAException.XA_RBROLLBACK);

        assertThat(commit(orders, stock)).isInstanceOf(RollbackException.class);

        assertDamaged(said.damageOf(false));
    }

    @ParameterizedTest
    @EnumSource(Said.class)
    @Conforms("JTA-12")
    void whenItIsAlone(Said said) throws Exception {
        decideOnNext(Call.COMMIT_ONE_PHASE, said);

        var thrown = commit(orders);

        switch (said) {
            case HEURISTIC_COMMIT -> assertThat(thrown).isNull();
            case HEURISTIC_ROLLBACK -> assertThat(thrown).isInstanceOf(RollbackException.class);
            case HEURISTIC_MIXED, HEURISTIC_HAZARD -> assertThat(thrown).isInstanceOf(HeuristicMixedException.class);
        }
        // Alone, what it does is the outcome: only what is neither is damage.
        assertDamaged(
                said == Said.HEURISTIC_MIXED || said == Said.HEURISTIC_HAZARD
                        ? Optional.of(said.decision)
                        : Optional.empty());
    }

    @ParameterizedTest
    @EnumSource(Said.class)
    @Conforms("JTA-12")
    void whenItIsAskedAgain(Said said) throws Exception {
        orders.failNext(Call.COMMIT, XAException.XAER_RMFAIL);
        assertThat(commit(orders, stock)).isNull();
        orders.decideHeuristically(said.commits, said.code);

        ktm.register("orders", orders::connect);
        ktm.recoverNow();

        assertDamaged(said.damageOf(true));
    }

    @ParameterizedTest
    @EnumSource(Said.class)
    @Conforms("JTA-12")
    void whenNobodyHasDecidedBeforeACrash(Said said) throws Exception {
        // Prepared, and of a life that has decided nothing about it.
        var manager = ktm.transactionManager();
        manager.begin();
        var connection = orders.connect();
        manager.getTransaction().enlistResource(ktm.named("orders", connection));
        connection.put("b");
        var xid = connection.xid();
        connection.end(xid, XAResource.TMSUCCESS);
        connection.prepare(xid);
        orders.decideHeuristically(said.commits, said.code);
        ktm.close();
        ktm = open(device);

        ktm.register("orders", orders::connect);
        ktm.recoverNow();

        assertDamaged(said.damageOf(false));
    }

    @Test
    @Conforms("JTA-12")
    void whatALogThatIsFullHasNoSpaceForIsWrittenDownLater() throws Exception {
        var journal = new SimulatedJournal(SimulatedJournal.Disk.empty(), new SimulatedJournal.Watcher() {
            @Override
            public void step(String what) {}

            @Override
            public void ended(TransactionId id) {}
        });
        var manager = new ManualManagers(report -> {}).recover(journal);
        try (var jta = ManualCoordinator.over(manager)) {
            jta.register("orders", orders::connect);
            jta.recoverNow();
            orders.onNext(Call.COMMIT, after -> {
                orders.decideHeuristically(false, XAException.XA_HEURRB);
                journal.setTrouble(SimulatedJournal.Trouble.FULL);
            });
            var client = jta.transactionManager();
            client.begin();
            for (var database : List.of(orders, stock)) {
                client.getTransaction().enlistResource(JtaCoordinator.named(database.toString(), database.connect()));
            }
            assertThat(catchThrowable(client::commit)).isInstanceOf(HeuristicMixedException.class);
            assertThat(journal.disk().forced().values())
                    .allMatch(each -> each.damage().isEmpty());
            assertThat(orders.branches()).as("it must not forget yet").isOne();

            jta.recoverNow();

            assertThat(journal.disk().forced().values())
                    .singleElement()
                    .satisfies(each -> assertThat(each.damage()).hasSize(1));
            assertThat(orders.branches()).isZero();
        }
    }
}
