package dev.ktm.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jms.FaultyBroker.Fault;
import dev.ktm.jms.FaultyBroker.Moment;
import dev.ktm.jms.FaultyBroker.Phase;
import dev.ktm.log.testing.Until;
import jakarta.jms.JMSException;
import jakarta.jms.JMSRuntimeException;
import jakarta.jms.ResourceAllocationRuntimeException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Transaction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What particular brokers do, each with what is done about it; and calls that do not come back. */
@Tag("slow")
@Timeout(120)
final class BrokerQuirksTest {

    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    Path directory;

    private Broker broker = new NoBroker();

    @AfterEach
    void stop() throws Exception {
        broker.stop();
    }

    private Broker artemis() throws Exception {
        broker = new ArtemisBroker(directory.resolve("artemis"));
        broker.start();
        broker.createQueue("orders");
        return broker;
    }

    private Broker classic() throws Exception {
        broker = new ClassicBroker(directory.resolve("classic"), false);
        broker.start();
        return broker;
    }

    private static Ktm ktm(Duration timeout) {
        return Ktm.open(KtmOptions.builder()
                .inMemory()
                .defaultTimeout(timeout)
                .recoveryInterval(HOUR)
                .build());
    }

    private static void send(KtmConnectionFactory factory, String text) {
        try (var context = factory.createContext()) {
            context.createProducer().send(context.createQueue("orders"), text);
        }
    }

    private static EnlistedSession enlisted(Ktm ktm, KtmConnectionFactory factory) throws Exception {
        return factory.enlistedIn(current(ktm), factory.credentials());
    }

    private static Transaction current(Ktm ktm) throws Exception {
        return Objects.requireNonNull(ktm.transactionManager().getTransaction());
    }

    @Test
    void artemisLosesWhatWasPreparedForAQueueThatItDeletesAtItsStart() throws Exception {
        broker = new ArtemisBroker(directory.resolve("artemis"), false, true);
        broker.start();
        try (var ktm = Ktm.open(KtmOptions.builder()
                        .logDirectory(directory.resolve("log"))
                        .recoveryInterval(HOUR)
                        .build());
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.userTransaction().begin();
            current(ktm).enlistResource(new CountingResource().beforeCommit(broker::stop));
            send(factory, "lost");
            ktm.userTransaction().commit();

            broker.start();
            ktm.recoverNow();

            // The advice at registration says how to keep it: RecoveryTest shows that it helps.
            assertThat(broker.messages("orders")).isEqualTo(-1);
            assertThat(BrokerProfile.of(broker.xa()).advice()).contains("auto-delete-queues");
        }
    }

    @Test
    void artemisAcceptsASecondStartSoThatTheSessionRefusesIt() throws Exception {
        artemis();
        try (var ktm = ktm(HOUR);
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.userTransaction().begin();
            var session = enlisted(ktm, factory);

            assertThatThrownBy(() -> session.start(new AnyXid(), XAResource.TMNOFLAGS))
                    .isInstanceOfSatisfying(
                            XAException.class, e -> assertThat(e.errorCode).isEqualTo(XAException.XAER_PROTO));
            ktm.userTransaction().rollback();
        }
    }

    @Test
    void artemisSendsWhatIsSentAfterTheEndOfABranchAtOnceSoThatItIsRefused() throws Exception {
        artemis();
        try (var ktm = ktm(HOUR);
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.userTransaction().begin();
            send(factory, "in the branch");
            current(ktm).delistResource(enlisted(ktm, factory), XAResource.TMSUCCESS);

            assertThatThrownBy(() -> send(factory, "outside"))
                    .hasMessageContaining("expected a transaction that takes work");
            ktm.userTransaction().commit();
            broker.awaitMessages("orders", 1);
        }
    }

    @Test
    void artemisKeepsTheTimeoutOfASessionSoThatTheNextTransactionSetsItsOwn() throws Exception {
        artemis();
        var observed = new FaultyBroker(broker.xa());
        try (var ktm = ktm(Duration.ZERO);
                var factory = KtmConnectionFactory.builder(ktm, "broker", observed.xa())
                        .outsideTransactions(observed.plain())
                        .build()) {
            ktm.transactionManager().setTransactionTimeout(5);
            ktm.userTransaction().begin();
            send(factory, "short");
            ktm.userTransaction().commit();
            ktm.transactionManager().setTransactionTimeout(0);
            ktm.userTransaction().begin();
            send(factory, "for ever");
            ktm.userTransaction().commit();

            // Above ours, so that ours fires first; and two weeks instead of the broker's five minutes.
            assertThat(observed.timeouts()).containsExactly(15, 1_209_600);
            broker.awaitMessages("orders", 2);
        }
    }

    @Test
    void classicVotesReadOnlyForAnEmptyBranchAndItsSessionIsUsedAgain() throws Exception {
        classic();
        var observed = new FaultyBroker(broker.xa());
        try (var ktm = ktm(HOUR);
                var factory = KtmConnectionFactory.builder(ktm, "broker", observed.xa())
                        .outsideTransactions(observed.plain())
                        .recoveryConnectionFactory(broker.xa())
                        .build()) {
            for (int number = 1; number <= 3; number++) {
                ktm.userTransaction().begin();
                assertThat(enlisted(ktm, factory)).isNotNull();
                current(ktm).enlistResource(new CountingResource());
                current(ktm).enlistResource(new CountingResource());
                ktm.userTransaction().commit();
            }

            assertThat(observed.openSessions()).isOne();
        }
    }

    @Test
    void classicRefusesWorkOutsideTransactionsOnXaConnectionsSoThatItGetsPlainOnes() throws Exception {
        classic();
        try (var connection = broker.xa().createXAConnection();
                var session = connection.createSession()) {
            var producer = session.createProducer(session.createQueue("orders"));
            assertThatThrownBy(() -> producer.send(session.createTextMessage("refused")))
                    .isInstanceOf(JMSException.class)
                    .hasMessageContaining("has not been enlisted");
        }
        try (var ktm = ktm(HOUR);
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            send(factory, "sent");

            broker.awaitMessages("orders", 1);
        }
    }

    @Test
    void aCallThatDoesNotComeBackDoesNotKeepATimeoutFromRollingBack() throws Exception {
        artemis();
        var hanging = new FaultyBroker(broker.xa());
        try (var ktm = ktm(HOUR);
                var factory = KtmConnectionFactory.builder(ktm, "broker", hanging.xa())
                        .outsideTransactions(hanging.plain())
                        .recoveryConnectionFactory(broker.xa())
                        .build()) {
            var other = new CountingResource();
            ktm.userTransaction().begin();
            send(factory, "first");
            ktm.userTransaction().commit();
            hanging.failOnce(new Fault(Phase.SEND, Moment.NEVER, false));
            // Time enough to come to the call also on a busy machine, which has been connected by now.
            ktm.userTransaction().setTransactionTimeout(2);
            ktm.userTransaction().begin();
            current(ktm).enlistResource(other);

            assertThatThrownBy(() -> send(factory, "hangs")).isInstanceOf(JMSRuntimeException.class);
            assertThatThrownBy(() -> ktm.userTransaction().commit()).isInstanceOf(RollbackException.class);

            Until.holds(() -> factory.enlistedSessions() == 0);
            assertThat(other.rolledBack()).isOne();
            ktm.userTransaction().setTransactionTimeout(0);
            ktm.userTransaction().begin();
            send(factory, "next");
            ktm.userTransaction().commit();
            broker.awaitMessages("orders", 2);
        }
    }

    /** Artemis lets whoever sends to a full queue wait, for ever. */
    @Test
    void aCallThatDoesNotComeBackEndsNobodyElsesTransaction() throws Exception {
        artemis().createQueue(ArtemisBroker.FULL);
        try (var ktm = ktm(HOUR);
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.userTransaction().begin();
            send(factory, "healthy");
            var healthy = ktm.transactionManager().suspend();
            ktm.transactionManager().setTransactionTimeout(1);
            ktm.userTransaction().begin();

            assertThatThrownBy(() -> fill(factory)).isInstanceOf(JMSRuntimeException.class);

            assertThatThrownBy(() -> ktm.userTransaction().commit()).isInstanceOf(RollbackException.class);
            Until.holds(() -> factory.enlistedSessions() == 1);
            ktm.transactionManager().resume(healthy);
            send(factory, "healthy still");
            current(ktm).enlistResource(new CountingResource());
            ktm.userTransaction().commit();
            broker.awaitMessages("orders", 2);
            assertThat(broker.messages(ArtemisBroker.FULL)).isZero();
        }
    }

    private static void fill(KtmConnectionFactory factory) {
        try (var context = factory.createContext()) {
            while (true) {
                context.createProducer().send(context.createQueue(ArtemisBroker.FULL), "x".repeat(10_000));
            }
        }
    }

    @Test
    void anInterruptDuringCommitChangesNobodysOutcome() throws Exception {
        artemis();
        try (var ktm = ktm(HOUR);
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.userTransaction().begin();
            var other = new CountingResource();
            current(ktm).enlistResource(other);
            send(factory, "lamp");
            Thread.currentThread().interrupt();
            boolean committed = true;
            try {
                ktm.userTransaction().commit();
            } catch (RollbackException e) {
                committed = false;
            }
            // The broker's client may have taken the interrupt away.
            boolean left = Thread.interrupted();
            ktm.recoverNow();

            assertThat(other.committed()).as("interrupt left: %s", left).isEqualTo(committed ? 1 : 0);
            broker.awaitMessages("orders", committed ? 1 : 0);
        }
    }

    @Test
    void whoeverFindsNoFreeSessionIsToldWhatToDo() throws Exception {
        artemis();
        try (var ktm = ktm(HOUR);
                var factory = KtmConnectionFactory.builder(ktm, "broker", broker.xa())
                        .maxSessionsPerConnection(1)
                        .borrowTimeout(Duration.ofMillis(50))
                        .build()) {
            ktm.userTransaction().begin();
            send(factory, "first");
            var first = ktm.transactionManager().suspend();
            ktm.userTransaction().begin();

            assertThatThrownBy(() -> send(factory, "second"))
                    .isInstanceOf(ResourceAllocationRuntimeException.class)
                    .hasMessageContaining("maxSessionsPerConnection")
                    .hasMessageContaining("borrowTimeout");
            ktm.userTransaction().rollback();
            ktm.transactionManager().resume(first);
            ktm.userTransaction().commit();
            broker.awaitMessages("orders", 1);
        }
    }

    @Test
    void twoThreadsOfOneTransactionShareItsBranch() throws Exception {
        artemis();
        var executor = Executors.newSingleThreadExecutor();
        try (var ktm = ktm(HOUR);
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.userTransaction().begin();
            var transaction = current(ktm);
            var second = executor.submit(() -> {
                ktm.transactionManager().resume(transaction);
                for (int number = 1; number <= 50; number++) {
                    send(factory, "second " + number);
                }
                return ktm.transactionManager().suspend();
            });
            for (int number = 1; number <= 50; number++) {
                send(factory, "first " + number);
            }
            assertThat(second.get(30, TimeUnit.SECONDS)).isSameAs(transaction);
            assertThat(factory.enlistedSessions()).isOne();
            ktm.userTransaction().commit();

            broker.awaitMessages("orders", 100);
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void aSessionGoesOnAfterItsClientHasRolledBackAlsoIfCallsAreMadeOnOtherThreads() throws Exception {
        artemis();
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().parallel(true).build());
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build();
                var context = factory.createContext()) {
            var producer = context.createProducer();
            ktm.userTransaction().begin();
            producer.send(context.createQueue("orders"), "taken back");
            ktm.userTransaction().rollback();
            ktm.userTransaction().begin();
            producer.send(context.createQueue("orders"), "kept");
            ktm.userTransaction().commit();

            broker.awaitMessages("orders", 1);
        }
    }

    /** An xid of nobody. */
    private static final class AnyXid implements Xid {
        @Override
        public int getFormatId() {
            return 1;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return new byte[] {1};
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1};
        }
    }

    /** Before a test has started its own. */
    private static final class NoBroker implements Broker {
        @Override
        public void start() {}

        @Override
        public void stop() {}

        @Override
        public void createQueue(String name) {}

        @Override
        public long messages(String queue) {
            return 0;
        }

        @Override
        public jakarta.jms.XAConnectionFactory xa() {
            throw new IllegalStateException("no broker");
        }

        @Override
        public String deadLetters() {
            return "";
        }
    }
}
