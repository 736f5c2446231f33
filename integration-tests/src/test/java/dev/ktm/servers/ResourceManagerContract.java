package dev.ktm.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.Until;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionState;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListSet;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.assertj.core.api.ThrowableAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every resource manager has to go through together with another one, a database of this JVM that is always well. After
 * each test every transaction is on both or on neither, nothing is left prepared on either, and every connection is back.
 * What is like something else, or takes long, is left to the campaign.
 */
@Tag("slow")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
abstract class ResourceManagerContract {

    private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofSeconds(1);
    /** More than any driver waits for a server that is not there. */
    private static final Duration IN_TIME = Duration.ofSeconds(30);

    private final Kind kind;
    private final Way way;

    Path directory;
    Server server;
    Client first;
    Client second;
    Coordinator coordinator;
    private Set<String> firstBefore = Set.of();
    private Set<String> secondBefore = Set.of();
    private final Set<String> awaited = new ConcurrentSkipListSet<>();
    /** What only the second one has, since the first was away. */
    private final Set<String> othersAlone = new TreeSet<>();

    ResourceManagerContract(Kind kind, Way way) {
        this.kind = kind;
        this.way = way;
    }

    @BeforeAll
    void startServer(@TempDir Path forAllTests) throws Exception {
        directory = forAllTests;
        var missing = kind.product().missing();
        Assumptions.assumeTrue(missing.isEmpty(), () -> kind + " is not tested: " + missing.orElseThrow());
        server = Server.start(kind, directory.resolve("server"));
        first = server.client(Server.ORDERS);
        second = H2.client("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1", Server.STOCK);
        second.setUp();
    }

    @AfterAll
    void stopServer() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void openCoordinator() throws Exception {
        // A test that failed while it was away leaves it so.
        server.ensureStarted();
        firstBefore = first.committed();
        secondBefore = second.committed();
        coordinator = open(options());
    }

    KtmOptions.Builder options() {
        return KtmOptions.builder().logDirectory(directory.resolve("log"));
    }

    Coordinator open(KtmOptions.Builder options) throws Exception {
        return Coordinator.open(options, way, first, second);
    }

    @AfterEach
    void everybodyAgrees() throws Exception {
        try {
            coordinator.settle(first, second);
            var expected = since(second, secondBefore);
            expected.removeAll(othersAlone);
            assertThat(since(first, firstBefore))
                    .as("%s", coordinator.reports())
                    .isEqualTo(expected);
            coordinator.awaitIdle();
            assertThat(awaited).as("steps that were not reached").isEmpty();
        } finally {
            coordinator.close();
        }
    }

    /** What this test has committed. */
    private static Set<String> since(Client client, Set<String> before) throws Exception {
        var all = new TreeSet<>(client.committed());
        all.removeAll(before);
        return all;
    }

    private void assertCommitted(String key) throws Exception {
        coordinator.settle(first, second);
        assertThat(first.committed()).as("%s", coordinator.reports()).contains(key);
        assertThat(second.committed()).contains(key);
    }

    private void assertRolledBack(String key) throws Exception {
        coordinator.settle(first, second);
        assertThat(first.committed()).as("%s", coordinator.reports()).doesNotContain(key);
        assertThat(second.committed()).doesNotContain(key);
    }

    /** Does harm at this step; the test fails if it is never reached. */
    private Steps at(String step, Steps.Harm harm) {
        awaited.add(step);
        return Steps.at(step, () -> {
            awaited.remove(step);
            harm.done();
        });
    }

    private void assertRefusedWhen(String key, Steps steps) throws Exception {
        var thrown = catchThrowable(() -> coordinator.commit(key, steps));
        assertThat(thrown).isInstanceOf(RollbackException.class);
        assertRolledBack(key);
    }

    @Test
    void commits() throws Exception {
        coordinator.commit("commits", Steps.UNDISTURBED);

        assertThat(first.committed()).contains("commits");
        assertThat(second.committed()).contains("commits");
        assertThat(coordinator.reports()).isEmpty();
    }

    @Test
    void rollsBack() throws Exception {
        try (var work = coordinator.work()) {
            work.begin("rolls back", Steps.UNDISTURBED);
            coordinator.ktm().transactionManager().rollback();
        }

        assertRolledBack("rolls back");
        assertThat(coordinator.reports()).isEmpty();
    }

    @Test
    void oneConnectionServesManyTransactions() throws Exception {
        // Other tests commit in one of the two alone.
        var expected = new TreeSet<>(first.committed());
        var expectedInSecond = new TreeSet<>(second.committed());
        var manager = coordinator.ktm().transactionManager();
        try (var work = coordinator.work()) {
            for (int i = 0; i < 10; i++) {
                work.begin("many " + i, Steps.UNDISTURBED);
                if (i % 3 == 0) {
                    manager.rollback();
                } else {
                    manager.commit();
                    expected.add("many " + i);
                    expectedInSecond.add("many " + i);
                }
            }
        }

        assertThat(first.committed()).isEqualTo(expected);
        assertThat(second.committed()).isEqualTo(expectedInSecond);
    }

    @Test
    void commitsInOnePhaseAlone() throws Exception {
        var manager = coordinator.ktm().transactionManager();
        for (var participant : List.of(coordinator.first(), coordinator.second())) {
            try (var work = participant.open()) {
                manager.begin();
                work.join(Steps.UNDISTURBED);
                work.write("alone");
                manager.commit();
            }
        }

        assertCommitted("alone");
    }

    @Test
    void losesTheRequestToCommitInOnePhase() throws Exception {
        tellsTheTruthInOnePhase("one phase request", () -> server.loseNext(Proxy.Loss.REQUEST));
    }

    @Test
    void losesTheReplyToACommitInOnePhase() throws Exception {
        tellsTheTruthInOnePhase("one phase reply", () -> server.loseNext(Proxy.Loss.REPLY));
    }

    /** Nobody has voted, and nobody can be asked: what the client is told must be true, and what nobody knows must be kept. */
    private void tellsTheTruthInOnePhase(String key, Steps.Harm harm) throws Exception {
        var manager = coordinator.ktm().transactionManager();
        Throwable told;
        try (var work = coordinator.first().open()) {
            manager.begin();
            work.join(at("first before commit", harm));
            work.write(key);
            told = catchThrowable(manager::commit);
        }
        coordinator.settle(first, second);
        boolean committed = first.committed().contains(key);
        if (told == null) {
            assertThat(committed).as("committed, as it was said").isTrue();
        } else if (told instanceof HeuristicMixedException) {
            assertThat(coordinator.reports()).anySatisfy(report -> {
                assertThat(report.kind()).isEqualTo(OutcomeReport.Kind.HEURISTIC);
                assertThat(report.branch()).startsWith("first ");
                assertThat(report.nextStep()).isNotBlank();
            });
        } else {
            assertThat(told).isInstanceOf(RollbackException.class);
            assertThat(committed).as("committed, although rolled back was said").isFalse();
        }
        if (told instanceof HeuristicMixedException) {
            // An operator is to look, so it is kept until one has.
            var damaged = coordinator.ktm().manager().damaged();
            assertThat(damaged).hasSize(1);
            assertThat(coordinator.ktm().manager().forget(damaged.get(0).transaction(), "test", "looked at"))
                    .isTrue();
        }
        if (committed) {
            // So that both have the same again.
            try (var work = coordinator.second().open()) {
                manager.begin();
                work.join(Steps.UNDISTURBED);
                work.write(key);
                manager.commit();
            }
        }
        // Nothing that it has changed is locked any more, and its key may be written if it is not there.
        coordinator.commit(key + ", afterwards", Steps.UNDISTURBED);
    }

    @Test
    @Conforms("JTA-19")
    void rollsBackWhatTakesTooLong() throws Exception {
        var manager = coordinator.ktm().transactionManager();
        try (var work = coordinator.work()) {
            manager.setTransactionTimeout(1);
            work.begin("too long", Steps.UNDISTURBED);
            Until.answers(LONGEST_WAIT, () -> manager.getStatus() == Status.STATUS_ROLLEDBACK);
            assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);
        } finally {
            manager.setTransactionTimeout(0);
        }

        assertRolledBack("too long");
    }

    @Test
    void losesItsConnectionBeforeEnd() throws Exception {
        assertRefusedWhen("cut before end", at("first before end", server::cutConnections));
    }

    @Test
    @Conforms("JTA-10")
    void losesTheRequestToPrepare() throws Exception {
        assertRefusedWhen("prepare request", at("first before prepare", () -> server.loseNext(Proxy.Loss.REQUEST)));
    }

    @Test
    @Conforms("JTA-10")
    void losesTheReplyToPrepare() throws Exception {
        assertRefusedWhen("prepare reply", at("first before prepare", () -> server.loseNext(Proxy.Loss.REPLY)));
    }

    @Test
    @Conforms("JTA-10")
    void losesTheRequestToRollBackWhatIsPrepared() throws Exception {
        var steps = at("second before prepare", () -> {
            server.loseNext(Proxy.Loss.REQUEST);
            throw new java.io.IOException("the other one cannot prepare");
        });

        assertRefusedWhen("rollback request", steps);
    }

    /** Where a branch outlives its connection, somebody has to free what it has locked. */
    @Test
    void losesTheRequestToRollBackWhatIsNotPrepared() throws Exception {
        var steps = at("first before rollback", () -> server.loseNext(Proxy.Loss.REQUEST));
        try (var work = coordinator.work()) {
            work.begin("rollback request of work", steps);
            coordinator.ktm().transactionManager().rollback();
        }
        assertRolledBack("rollback request of work");

        coordinator.commit("rollback request of work", Steps.UNDISTURBED);

        assertCommitted("rollback request of work");
    }

    @Test
    @Conforms("JTA-11")
    void losesTheRequestToCommit() throws Exception {
        coordinator.commit("commit request", at("first before commit", () -> server.loseNext(Proxy.Loss.REQUEST)));

        assertCommitted("commit request");
    }

    @Test
    @Conforms("JTA-11")
    void losesTheReplyToCommit() throws Exception {
        coordinator.commit("commit reply", at("first before commit", () -> server.loseNext(Proxy.Loss.REPLY)));

        assertCommitted("commit reply");
    }

    @Test
    @Tag("campaign")
    void isKilledBeforePrepare() throws Exception {
        var thrown = catchThrowable(
                () -> coordinator.commit("killed before prepare", at("first before prepare", server::kill)));

        server.start();
        assertThat(thrown).isInstanceOf(RollbackException.class);
        assertRolledBack("killed before prepare");
    }

    @Test
    void isKilledWhenItHasPreparedAndTheOtherRefuses() throws Exception {
        var steps = at("second before prepare", () -> {
            server.kill();
            throw new java.io.IOException("the other one cannot prepare");
        });
        var thrown = catchThrowable(() -> coordinator.commit("killed and refused", steps));

        server.start();
        assertThat(thrown).isInstanceOf(RollbackException.class);
        assertRolledBack("killed and refused");
    }

    @Test
    @Conforms("JTA-11")
    void staysAwayWhileOthersGoOn() throws Exception {
        coordinator.commit("killed before commit", at("first before commit", server::kill));
        var manager = coordinator.ktm().transactionManager();
        try (var one = coordinator.second().open();
                var other = coordinator.second().open()) {
            manager.begin();
            one.join(Steps.UNDISTURBED);
            other.join(Steps.UNDISTURBED);
            one.write("others go on");
            manager.commit();
        }
        coordinator.ktm().recoverNow();
        assertThat(second.committed()).contains("killed before commit", "others go on");

        server.start();
        assertCommitted("killed before commit");
        try (var work = coordinator.first().open()) {
            manager.begin();
            work.join(Steps.UNDISTURBED);
            work.write("others go on");
            manager.commit();
        }
    }

    /** It has prepared, and nobody has heard of that: the vote is a no. */
    @Test
    void staysAwayAfterItWasKilledInPrepare() throws Exception {
        assertRefusedWhileAway("killed in prepare", at("first before prepare", server::dieBeforeTheNextReply));
    }

    @Test
    @Conforms("JTA-11")
    void staysAwayAfterItHasPrepared() throws Exception {
        assertCommittedWhileAway("killed after prepare", at("first after prepare", server::kill));
    }

    /** It has committed, and nobody has heard of that. */
    @Test
    @Conforms("JTA-11")
    void staysAwayAfterItWasKilledInCommit() throws Exception {
        assertCommittedWhileAway("killed in commit", at("first before commit", server::dieBeforeTheNextReply));
    }

    private void assertRefusedWhileAway(String key, Steps steps) throws Exception {
        var thrown = inTime(() -> coordinator.commit(key, steps));

        assertThat(thrown).isInstanceOf(RollbackException.class);
        assertOthersGoOn(key + ", others");
        assertThat(second.committed()).doesNotContain(key);
        assertThat(second.prepared()).isEmpty();
        restartCoordinatorWhileAway();
        server.start();
        assertRolledBack(key);
    }

    private void assertCommittedWhileAway(String key, Steps steps) throws Exception {
        assertThat(inTime(() -> coordinator.commit(key, steps))).isNull();

        assertOthersGoOn(key + ", others");
        assertThat(second.committed()).contains(key);
        assertThat(second.prepared()).isEmpty();
        assertPendingIsVisible();
        restartCoordinatorWhileAway();
        assertPendingIsVisible();
        server.start();
        assertCommitted(key);
        assertThat(coordinator.ktm().manager().live()).isEmpty();
    }

    private void assertPendingIsVisible() throws Exception {
        assertThat(coordinator.ktm().manager().live())
                .singleElement()
                .satisfies(each -> assertThat(each.state()).isEqualTo(TransactionState.COMMITTED));
        assertThat(coordinator.reports()).anySatisfy(report -> {
            assertThat(report.resourceManager()).isEqualTo("first");
            assertThat(report.nextStep()).isNotBlank();
        });
    }

    /** Whoever has nothing to do with the one that is away works, and so does recovery. */
    private void assertOthersGoOn(String key) throws Exception {
        var manager = coordinator.ktm().transactionManager();
        var thrown = inTime(() -> {
            try (var work = coordinator.second().open()) {
                manager.begin();
                work.join(Steps.UNDISTURBED);
                work.write(key);
                manager.commit();
            }
            coordinator.ktm().recoverNow();
        });

        assertThat(thrown).isNull();
        othersAlone.add(key);
    }

    /** No thread of the coordinator is held by the one that is away. */
    private void restartCoordinatorWhileAway() throws Exception {
        assertThat(inTime(coordinator::close)).isNull();
        // A thread that has nothing left to do is still there for a moment.
        Until.answers(
                LONGEST_WAIT,
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(each -> each.getName().startsWith("ktm ")));
        coordinator = open(options());
    }

    /** What it has thrown, if anything. */
    private static @Nullable Throwable inTime(ThrowableAssert.ThrowingCallable what) {
        long start = System.nanoTime();
        var thrown = catchThrowable(what);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(IN_TIME);
        return thrown;
    }

    @Test
    @Tag("campaign")
    void isRestartedWhileInDoubt() throws Exception {
        coordinator.commit("restarted in doubt", at("first before commit", () -> {
            server.stop();
            server.start();
        }));

        assertCommitted("restarted in doubt");
    }

    @Test
    @Tag("campaign")
    void isKilledAfterCommit() throws Exception {
        coordinator.commit("killed after commit", at("first after commit", server::kill));

        server.start();
        assertCommitted("killed after commit");
    }

    @Test
    @Conforms({"JTA-11", "JTA-13", "JTA-15"})
    void isStillInDoubtWhenItsCoordinatorHasRestartedAsWell() throws Exception {
        coordinator.commit("both restarted", at("first before commit", server::kill));
        coordinator.close();
        coordinator = open(options());
        assertThat(second.committed()).contains("both restarted");
        assertThat(coordinator.ktm().manager().live())
                .as("what is pending is visible")
                .isNotEmpty();

        server.start();
        assertCommitted("both restarted");
        assertThat(coordinator.ktm().manager().live()).isEmpty();
    }

    @Test
    @Conforms({"JTA-13", "JTA-14"})
    void leavesTheBranchesOfOthersAlone() throws Exception {
        var foreign = new ForeignXid(UUID.randomUUID());
        try (var session = server.client(Server.ORDERS).open()) {
            var resource = session.xaResource();
            resource.start(foreign, XAResource.TMNOFLAGS);
            session.write("foreign");
            resource.end(foreign, XAResource.TMSUCCESS);
            resource.prepare(foreign);
            try {
                // Its row is not to be read meanwhile: some databases let readers wait for what is in doubt.
                var prepared = first.prepared();
                assertThat(prepared).hasSize(1);

                coordinator.commit("beside a foreign one", Steps.UNDISTURBED);
                coordinator.close();
                coordinator = open(options());
                coordinator.ktm().recoverNow();

                assertThat(first.prepared()).isEqualTo(prepared);
            } finally {
                // Some databases roll back only what has been listed on the same connection just before.
                resource.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN);
                resource.rollback(foreign);
            }
        }

        assertCommitted("beside a foreign one");
        assertRolledBack("foreign");
    }

    /** A branch of another transaction manager. */
    private record ForeignXid(UUID id) implements Xid {
        @Override
        public int getFormatId() {
            return 99;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return id.toString().getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1};
        }
    }

    /** Its connection is closed when its branch has finished: H2's close comes between, and rolls back what is prepared. */
    @Test
    @Tag("campaign")
    @Conforms("JTA-11")
    void hangsInCommit() throws Exception {
        coordinator.close();
        coordinator = open(options().resourceTimeout(SHORT));
        try (var work = coordinator.work()) {
            work.begin("hangs", at("first before commit", server::pause));
            coordinator.ktm().transactionManager().commit();
            assertThat(second.committed()).contains("hangs");
            server.resume();
            coordinator.settle(first, second);
        }

        assertCommitted("hangs");
    }

    @Test
    @Tag("campaign")
    void hangsInPrepare() throws Exception {
        coordinator.close();
        coordinator = open(options().resourceTimeout(SHORT));
        try (var work = coordinator.work()) {
            work.begin("hangs in prepare", at("first before prepare", server::pause));
            assertThatThrownBy(coordinator.ktm().transactionManager()::commit).isInstanceOf(RollbackException.class);
            server.resume();
        }

        assertRolledBack("hangs in prepare");
    }
}
