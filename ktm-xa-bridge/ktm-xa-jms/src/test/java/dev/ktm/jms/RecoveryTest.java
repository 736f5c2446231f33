package dev.ktm.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jms.FaultyBroker.Fault;
import dev.ktm.jms.FaultyBroker.Moment;
import dev.ktm.jms.FaultyBroker.Phase;
import dev.ktm.jta.XaResourceFactory;
import dev.ktm.rm.OutcomeReport;
import jakarta.jms.XAConnectionFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.apache.activemq.ActiveMQConnectionFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Brokers that are gone when they are needed, and users and hosts that are wrong. */
@Timeout(120)
@Tag("slow")
final class RecoveryTest {

    private static final String ARTEMIS = "Artemis";
    private static final String CLASSIC = "ActiveMQ Classic";

    /** Of the other participant, which has never anything prepared. */
    private static final XaResourceFactory OTHER = CountingResource::new;

    @TempDir
    Path directory;

    private Ktm open(Path log) {
        return Ktm.open(KtmOptions.builder()
                .logDirectory(log)
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    private Broker broker(String kind) throws Exception {
        return kind.equals(ARTEMIS)
                ? new ArtemisBroker(directory.resolve("artemis"))
                : new ClassicBroker(directory.resolve("classic"), false);
    }

    private static void send(KtmConnectionFactory factory, String text) {
        try (var context = factory.createContext()) {
            context.createProducer().send(context.createQueue("orders"), text);
        }
    }

    private static List<String> receiveAll(KtmConnectionFactory factory) {
        var all = new ArrayList<String>();
        try (var context = factory.createContext();
                var consumer = context.createConsumer(context.createQueue("orders"))) {
            for (var text = consumer.receiveBody(String.class, 2_000);
                    text != null;
                    text = consumer.receiveBody(String.class, 300)) {
                all.add(text);
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {ARTEMIS, CLASSIC})
    void aBranchThatTheBrokerHasPreparedIsCommittedWhenBothAreBack(String kind) throws Exception {
        var broker = broker(kind);
        broker.start();
        broker.createQueue("orders");
        try (var ktm = open(directory.resolve("log"));
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.userTransaction().begin();
            // Stops the broker once everybody is prepared, and the decision is made.
            ktm.transactionManager().getTransaction().enlistResource(new CountingResource().beforeCommit(broker::stop));
            send(factory, "lamp");

            ktm.userTransaction().commit();

            assertThat(factory.enlistedSessions()).isZero();
        }

        try (var ktm = open(directory.resolve("log"));
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.recoverNow();
            broker.start();
            ktm.recoverNow();

            assertThat(receiveAll(factory)).containsExactly("lamp");
            assertThat(listed(broker.xa())).isEmpty();
        } finally {
            broker.stop();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ARTEMIS, CLASSIC})
    void aBranchWithoutADecisionIsRolledBackAfterARestart(String kind) throws Exception {
        var broker = broker(kind);
        broker.start();
        broker.createQueue("orders");
        var log = directory.resolve("log");
        try (var ktm = open(log);
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.userTransaction().begin();
            send(factory, "lamp");
            // Votes after the broker, and only once that is gone: nobody can tell the broker to roll back.
            ktm.transactionManager()
                    .getTransaction()
                    .enlistResource(new CountingResource().refusing().beforePrepare(broker::stop));

            assertThatThrownBy(() -> ktm.userTransaction().commit())
                    .isInstanceOf(jakarta.transaction.RollbackException.class);
        }

        broker.start();
        assertThat(listed(broker.xa())).hasSize(1);
        try (var ktm = open(log);
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.recoverNow();

            assertThat(listed(broker.xa())).isEmpty();
            assertThat(receiveAll(factory)).isEmpty();
        } finally {
            broker.stop();
        }
    }

    /** Sends one message in a transaction of two; the connection dies in its commit, and recovery cannot ask in this life. */
    private void commitAndHearNothing(Broker broker, XAConnectionFactory nobody, Path log, Moment moment)
            throws Exception {
        var faulty = new FaultyBroker(broker.xa());
        faulty.plan(phase -> phase == Phase.COMMIT ? new Fault(phase, moment, true) : null);
        try (var ktm = open(log);
                var factory = KtmConnectionFactory.builder(ktm, "broker", faulty.xa())
                        .recoveryConnectionFactory(nobody)
                        .build()) {
            ktm.register("other", OTHER);
            ktm.userTransaction().begin();
            send(factory, "lamp");
            ktm.transactionManager().getTransaction().enlistResource(ktm.named("other", new CountingResource()));
            ktm.userTransaction().commit();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ARTEMIS, CLASSIC})
    void aNameThatHasChangedIsReportedAndMendedByTheOldOne(String kind) throws Exception {
        var broker = broker(kind);
        broker.start();
        broker.createQueue("orders");
        var log = directory.resolve("log");
        // Its branch is committed, but nobody has heard of it.
        commitAndHearNothing(broker, broker(kind).xa(), log, Moment.AFTER);
        var reports = new CopyOnWriteArrayList<OutcomeReport>();

        try (var ktm = Ktm.open(KtmOptions.builder()
                        .logDirectory(log)
                        .recoveryInterval(Duration.ofHours(1))
                        .reportListener(reports::add)
                        .build());
                var factory = KtmConnectionFactory.builder(ktm, "renamed", broker.xa())
                        .build()) {
            ktm.register("other", OTHER);
            ktm.recoverNow();

            assertThat(reports).anySatisfy(report -> {
                assertThat(report.kind()).isEqualTo(OutcomeReport.Kind.PENDING);
                assertThat(report.resourceManager()).isEqualTo("broker");
                assertThat(report.cause()).contains("nobody has registered");
                assertThat(report.nextStep()).contains("register it under both").contains("renamed");
            });
            assertThat(ktm.manager().live()).hasSize(1);
            try (var old =
                    KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
                ktm.recoverNow();
                assertThat(ktm.manager().live()).isEmpty();
                assertThat(old.enlistedSessions()).isZero();
            }
            assertThat(receiveAll(factory)).containsExactly("lamp");
        } finally {
            broker.stop();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ARTEMIS, CLASSIC})
    void aBranchThatIsListedIsFinishedUnderWhateverName(String kind) throws Exception {
        var broker = broker(kind);
        broker.start();
        broker.createQueue("orders");
        var log = directory.resolve("log");
        commitAndHearNothing(broker, broker(kind).xa(), log, Moment.BEFORE);
        assertThat(listed(broker.xa())).hasSize(1);

        try (var ktm = open(log);
                var factory = KtmConnectionFactory.builder(ktm, "renamed", broker.xa())
                        .build()) {
            ktm.register("other", OTHER);
            ktm.recoverNow();

            assertThat(ktm.manager().live()).isEmpty();
            assertThat(listed(broker.xa())).isEmpty();
            assertThat(receiveAll(factory)).containsExactly("lamp");
        } finally {
            broker.stop();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ARTEMIS, CLASSIC})
    void aBrokerThatIsDownAtTheStartIsUsedOnceItIsThere(String kind) throws Exception {
        var broker = broker(kind);
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build());
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.userTransaction().begin();
            assertThatThrownBy(() -> send(factory, "too early")).isInstanceOf(jakarta.jms.JMSRuntimeException.class);
            ktm.userTransaction().rollback();

            broker.start();
            broker.createQueue("orders");
            ktm.userTransaction().begin();
            send(factory, "lamp");
            ktm.userTransaction().commit();

            assertThat(receiveAll(factory)).containsExactly("lamp");
        } finally {
            broker.stop();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ARTEMIS, CLASSIC})
    void aBrokerThatWasRestartedIsUsedByTheVeryNextTransaction(String kind) throws Exception {
        var broker = broker(kind);
        broker.start();
        broker.createQueue("orders");
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build());
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build()) {
            ktm.userTransaction().begin();
            send(factory, "before");
            ktm.userTransaction().commit();
            broker.stop();
            broker.start();

            ktm.userTransaction().begin();
            send(factory, "after");
            ktm.userTransaction().commit();

            assertThat(receiveAll(factory)).containsExactly("before", "after");
        } finally {
            broker.stop();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ARTEMIS, CLASSIC})
    void whoeverWaitsForAMessageLearnsThatTheBrokerIsGone(String kind) throws Exception {
        var broker = broker(kind);
        broker.start();
        broker.createQueue("orders");
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build());
                var factory =
                        KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build();
                var context = factory.createContext();
                var consumer = context.createConsumer(context.createQueue("orders"))) {
            assertThat(consumer.receiveNoWait()).isNull();
            broker.stop();
            assertThatThrownBy(consumer::receive).isInstanceOf(jakarta.jms.JMSRuntimeException.class);

            broker.start();
            ktm.userTransaction().begin();
            try (var inside = factory.createContext();
                    var waiting = inside.createConsumer(inside.createQueue("orders"))) {
                assertThat(waiting.receiveNoWait()).isNull();
                broker.stop();
                assertThatThrownBy(waiting::receive).isInstanceOf(jakarta.jms.JMSRuntimeException.class);
            }
            ktm.userTransaction().rollback();
        } finally {
            broker.stop();
        }
    }

    @Test
    void aWrongPasswordIsSaidAtOnceForClassic() throws Exception {
        refusesWrongPassword(new ClassicBroker(directory.resolve("classic"), true));
    }

    @Test
    void aWrongPasswordIsSaidAtOnceForArtemis() throws Exception {
        refusesWrongPassword(new ArtemisBroker(directory.resolve("artemis"), true, false));
    }

    private static void refusesWrongPassword(Broker broker) throws Exception {
        broker.start();
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build())) {
            assertThatThrownBy(() -> KtmConnectionFactory.builder(ktm, "broker", broker.xa())
                            .credentials("app", "wrong")
                            .build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("connection factory broker (user app) is refused by the broker")
                    .hasMessageNotContaining("wrong");
            assertThatThrownBy(() -> KtmConnectionFactory.builder(ktm, "broker", broker.xa())
                            .credentials("app", "secret")
                            .recoveryCredentials("nobody", "wrong")
                            .build())
                    .hasMessageContaining("(user nobody)");
            assertThatThrownBy(() -> KtmConnectionFactory.builder(ktm, "broker", broker.xa())
                            .credentials("nobody", "wrong")
                            .recoveryCredentials("app", "secret")
                            .build())
                    .hasMessageContaining("(user nobody)");
            try (var factory = KtmConnectionFactory.builder(ktm, "broker", broker.xa())
                    .credentials("app", "secret")
                    .build()) {
                ktm.userTransaction().begin();
                send(factory, "lamp");
                assertThatThrownBy(() -> {
                            try (var context = factory.createContext("app", "wrong")) {
                                context.createProducer().send(context.createQueue("orders"), "lamp");
                            }
                        })
                        .isInstanceOf(jakarta.jms.JMSSecurityRuntimeException.class);
                ktm.userTransaction().rollback();
            }
        } finally {
            broker.stop();
        }
    }

    @Test
    void aHostThatNobodyKnowsIsSaidAtOnce() {
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build())) {
            var classic = new org.apache.activemq.ActiveMQXAConnectionFactory("tcp://no-such-host.invalid:61616");

            assertThatThrownBy(() ->
                            KtmConnectionFactory.builder(ktm, "broker", classic).build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("nobody knows 'no-such-host.invalid'");
        }
    }

    @Test
    void aFactoryWithoutXaIsSaidWithTheClassThatHasIt() {
        assertThatThrownBy(() -> KtmConnectionFactory.xa(new ActiveMQConnectionFactory("vm://unused")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("org.apache.activemq.ActiveMQXAConnectionFactory");
        assertThat(KtmConnectionFactory.xa(ArtemisBroker.factory("tcp://127.0.0.1:1")))
                .isNotNull();
    }

    @Test
    void aPoolIsNotPooledAgain() {
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build())) {
            var pool = new org.messaginghub.pooled.jms.JmsPoolXAConnectionFactory();

            assertThatThrownBy(() -> KtmConnectionFactory.builder(ktm, "broker", pool))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("pools already");
        }
    }

    @Test
    void aNameIsForOneFactoryOnlyUntilThatIsClosed() throws Exception {
        var broker = broker(ARTEMIS);
        broker.start();
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build())) {
            var builder = KtmConnectionFactory.builder(ktm, "broker", broker.xa());
            try (var first = builder.build()) {
                assertThatThrownBy(builder::build)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("broker");
                assertThat(first.name()).isEqualTo("broker");
            }
            assertThatCode(() -> builder.build().close()).doesNotThrowAnyException();
        } finally {
            broker.stop();
        }
    }

    private static List<Xid> listed(XAConnectionFactory xa) throws Exception {
        try (var connection = xa.createXAConnection();
                var session = connection.createXASession()) {
            return List.of(session.getXAResource().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN));
        }
    }
}
