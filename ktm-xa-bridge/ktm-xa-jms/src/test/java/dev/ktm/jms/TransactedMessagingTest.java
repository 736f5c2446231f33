package dev.ktm.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Until;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TransactionInProgressException;
import jakarta.jms.TransactionInProgressRuntimeException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds with every broker. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
final class TransactedMessagingTest {

    private static final long SOON_MILLIS = 5_000;
    private static final long NOTHING_MILLIS = 300;

    private final AtomicInteger queues = new AtomicInteger();
    private @Nullable Broker artemis;
    private @Nullable Broker classic;
    private @Nullable Ktm ktm;
    private @Nullable KtmConnectionFactory factory;
    private String queueName = "";

    @BeforeAll
    void startBrokers(@TempDir Path directory) throws Exception {
        artemis = new ArtemisBroker(directory.resolve("artemis"));
        classic = new ClassicBroker(directory.resolve("classic"), false);
        artemis.start();
        classic.start();
    }

    @AfterAll
    void stopBrokers() throws Exception {
        Objects.requireNonNull(artemis).stop();
        Objects.requireNonNull(classic).stop();
    }

    Stream<Broker> brokers() {
        return Stream.of(Objects.requireNonNull(artemis), Objects.requireNonNull(classic));
    }

    private KtmConnectionFactory open(Broker broker) throws Exception {
        queueName = "queue" + queues.incrementAndGet();
        broker.createQueue(queueName);
        var opened = Ktm.open(KtmOptions.builder()
                .inMemory()
                .recoveryInterval(Duration.ofHours(1))
                .build());
        ktm = opened;
        factory = KtmConnectionFactory.builder(opened, "broker", broker.xa()).build();
        return factory;
    }

    private Ktm ktm() {
        return Objects.requireNonNull(ktm);
    }

    @AfterEach
    void close() throws Exception {
        if (ktm != null) {
            if (ktm.userTransaction().getStatus() != Status.STATUS_NO_TRANSACTION) {
                ktm.userTransaction().rollback();
            }
            var opened = factory;
            if (opened != null) {
                // One that has timed out may still be on its way to its end.
                Until.holds(() -> opened.enlistedSessions() == 0);
                opened.close();
            }
            ktm.close();
        }
        ktm = null;
        factory = null;
    }

    private Queue queue(JMSContext context) {
        return context.createQueue(queueName);
    }

    private void send(KtmConnectionFactory to, String text) {
        try (var context = to.createContext()) {
            context.createProducer().send(queue(context), text);
        }
    }

    private @Nullable String receive(KtmConnectionFactory from, long millis) {
        try (var context = from.createContext();
                var consumer = context.createConsumer(queue(context))) {
            return consumer.receiveBody(String.class, millis);
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void whatIsSentIsSeenAfterTheCommitAndNotBefore(Broker broker) throws Exception {
        var messaging = open(broker);
        ktm().userTransaction().begin();
        send(messaging, "lamp");
        broker.awaitMessages(queueName, 0);

        ktm().userTransaction().commit();

        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("lamp");
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void whatIsSentInARolledBackTransactionIsNeverSeen(Broker broker) throws Exception {
        var messaging = open(broker);
        ktm().userTransaction().begin();
        send(messaging, "lamp");

        ktm().userTransaction().rollback();

        assertThat(receive(messaging, NOTHING_MILLIS)).isNull();
        broker.awaitMessages(queueName, 0);
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void whatWasReceivedInARolledBackTransactionIsDeliveredAgain(Broker broker) throws Exception {
        var messaging = open(broker);
        send(messaging, "lamp");
        ktm().userTransaction().begin();
        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("lamp");

        ktm().userTransaction().rollback();

        ktm().userTransaction().begin();
        try (var context = messaging.createContext();
                var consumer = context.createConsumer(queue(context))) {
            Message again = consumer.receive(SOON_MILLIS);
            assertThat(again).isNotNull();
            assertThat(again.getBody(String.class)).isEqualTo("lamp");
            assertThat(again.getJMSRedelivered()).isTrue();
        }
        ktm().userTransaction().commit();
        broker.awaitMessages(queueName, 0);
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void receivingAndSendingCommitTogetherWithAnotherResource(Broker broker) throws Exception {
        var messaging = open(broker);
        send(messaging, "order");
        ktm().userTransaction().begin();
        var other = new CountingResource();
        ktm().transactionManager().getTransaction().enlistResource(other);
        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("order");
        send(messaging, "confirmation");

        ktm().userTransaction().commit();

        assertThat(other.prepared()).isOne();
        assertThat(other.committed()).isOne();
        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("confirmation");
        assertThat(receive(messaging, NOTHING_MILLIS)).isNull();
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aSessionThatWasMadeBeforeTheTransactionBeganWorksInIt(Broker broker) throws Exception {
        var messaging = open(broker);
        try (var context = messaging.createContext()) {
            var producer = context.createProducer();
            producer.send(queue(context), "outside");
            ktm().userTransaction().begin();
            producer.send(queue(context), "inside");
            ktm().userTransaction().rollback();
            producer.send(queue(context), "outside again");
        }

        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("outside");
        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("outside again");
        assertThat(receive(messaging, NOTHING_MILLIS)).isNull();
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aConsumerThatWasMadeBeforeKeepsNothingFromTheTransaction(Broker broker) throws Exception {
        var messaging = open(broker);
        send(messaging, "1");
        send(messaging, "2");
        send(messaging, "3");
        try (var context = messaging.createContext();
                var consumer = context.createConsumer(queue(context))) {
            assertThat(consumer.receiveBody(String.class, SOON_MILLIS)).isEqualTo("1");
            ktm().userTransaction().begin();
            assertThat(consumer.receiveBody(String.class, SOON_MILLIS)).isEqualTo("2");
            ktm().userTransaction().rollback();

            assertThat(consumer.receiveBody(String.class, SOON_MILLIS)).isEqualTo("2");
            assertThat(consumer.receiveBody(String.class, SOON_MILLIS)).isEqualTo("3");
        }
        assertThat(receive(messaging, NOTHING_MILLIS)).isNull();
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void allSessionsOfATransactionAreOneBranchSoThatOnePhaseIsEnough(Broker broker) throws Exception {
        var messaging = open(broker);
        ktm().userTransaction().begin();
        send(messaging, "1");
        try (var connection = messaging.createConnection();
                var session = connection.createSession()) {
            session.createProducer(session.createQueue(queueName)).send(session.createTextMessage("2"));
        }
        assertThat(messaging.enlistedSessions()).isOne();

        ktm().userTransaction().commit();

        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("1");
        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("2");
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aSuspendedTransactionIsLeftAloneAndGoesOnAfterwards(Broker broker) throws Exception {
        var messaging = open(broker);
        try (var context = messaging.createContext()) {
            var producer = context.createProducer();
            ktm().userTransaction().begin();
            producer.send(queue(context), "first");
            var first = ktm().transactionManager().suspend();
            producer.send(queue(context), "none");
            ktm().userTransaction().begin();
            producer.send(queue(context), "second");
            ktm().userTransaction().rollback();
            ktm().transactionManager().resume(first);
            producer.send(queue(context), "first too");
            ktm().userTransaction().commit();
        }

        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("none");
        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("first");
        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("first too");
        assertThat(receive(messaging, NOTHING_MILLIS)).isNull();
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void endingTheSessionsOwnTransactionIsRefusedInsideOne(Broker broker) throws Exception {
        var messaging = open(broker);
        ktm().userTransaction().begin();
        try (var connection = messaging.createConnection();
                var session = connection.createSession(Session.SESSION_TRANSACTED);
                var context = messaging.createContext(JMSContext.CLIENT_ACKNOWLEDGE)) {
            assertThatThrownBy(session::commit)
                    .isInstanceOf(TransactionInProgressException.class)
                    .hasMessageContaining("expected no commit of a session inside a transaction");
            assertThatThrownBy(session::rollback).isInstanceOf(TransactionInProgressException.class);
            assertThatThrownBy(session::recover).isInstanceOf(TransactionInProgressException.class);
            assertThatThrownBy(context::acknowledge).isInstanceOf(TransactionInProgressRuntimeException.class);
            assertThat(session.getTransacted()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void outsideTransactionsASessionDoesWhatItWasMadeFor(Broker broker) throws Exception {
        var messaging = open(broker);
        try (var connection = messaging.createConnection();
                var session = connection.createSession(Session.SESSION_TRANSACTED)) {
            var producer = session.createProducer(session.createQueue(queueName));
            producer.send(session.createTextMessage("taken back"));
            session.rollback();
            producer.send(session.createTextMessage("kept"));
            session.commit();
        }
        try (var context = messaging.createContext(JMSContext.CLIENT_ACKNOWLEDGE);
                var consumer = context.createConsumer(queue(context))) {
            assertThat(consumer.receiveBody(String.class, SOON_MILLIS)).isEqualTo("kept");
            context.recover();
            assertThat(consumer.receiveBody(String.class, SOON_MILLIS)).isEqualTo("kept");
            context.acknowledge();
        }

        assertThat(receive(messaging, NOTHING_MILLIS)).isNull();
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void workOfItsOwnThatIsNotCommittedIsNotMixedWithATransaction(Broker broker) throws Exception {
        var messaging = open(broker);
        try (var context = messaging.createContext(JMSContext.SESSION_TRANSACTED)) {
            var producer = context.createProducer();
            producer.send(queue(context), "open");
            ktm().userTransaction().begin();

            assertThatThrownBy(() -> producer.send(queue(context), "inside"))
                    .hasMessageContaining("sent or received outside the transaction of this thread and not committed");
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void nothingIsSentInATransactionThatHasTimedOutNorByItsSessionAfterwards(Broker broker) throws Exception {
        var messaging = open(broker);
        try (var context = messaging.createContext()) {
            var producer = context.createProducer();
            var destination = queue(context);
            ktm().transactionManager().setTransactionTimeout(1);
            ktm().userTransaction().begin();
            producer.send(destination, "before");
            awaitRollback();

            assertThatThrownBy(() -> producer.send(destination, "too late"))
                    .isInstanceOf(jakarta.jms.IllegalStateRuntimeException.class)
                    .hasMessageContaining("expected a transaction that takes work")
                    .hasMessageContaining("end the transaction");
            assertThatThrownBy(() -> ktm().userTransaction().commit()).isInstanceOf(RollbackException.class);
            assertThatThrownBy(() -> producer.send(destination, "later still"))
                    .isInstanceOf(jakarta.jms.IllegalStateRuntimeException.class)
                    .hasMessageContaining("has to be closed first");
        }

        send(messaging, "by another session");
        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("by another session");
        assertThat(receive(messaging, NOTHING_MILLIS)).isNull();
    }

    /** The timeout comes after the session is enlisted, and before the handle is known to it. */
    @ParameterizedTest
    @MethodSource("brokers")
    void aSessionWhoseFirstTransactionTimesOutBeforeItHasJoinedDoesNotGoOnOutside(Broker broker) throws Exception {
        var messaging = open(broker);
        try (var connection = messaging.createConnection();
                var session = (SessionHandle) connection.createSession()) {
            ktm().transactionManager().setTransactionTimeout(1);
            ktm().userTransaction().begin();
            var enlisted = messaging.enlistedIn(ktm().transactionManager().getTransaction(), messaging.credentials());
            awaitRollback();

            enlisted.join(session);

            ktm().userTransaction().rollback();
            assertThatThrownBy(session::createMessage).hasMessageContaining("has to be closed first");
        }
    }

    /** Until the timeout has rolled the transaction of this thread back, and everybody knows. */
    private void awaitRollback() throws Exception {
        var done = new CountDownLatch(1);
        ktm().transactionManager().getTransaction().registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {}

            @Override
            public void afterCompletion(int status) {
                done.countDown();
            }
        });
        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void whoeverWaitsForAMessageLearnsOfTheTimeout(Broker broker) throws Exception {
        var messaging = open(broker);
        ktm().transactionManager().setTransactionTimeout(1);
        ktm().userTransaction().begin();
        try (var context = messaging.createContext();
                var consumer = context.createConsumer(queue(context))) {

            assertThatThrownBy(consumer::receive)
                    .isInstanceOf(jakarta.jms.IllegalStateRuntimeException.class)
                    .hasMessageContaining("nothing was sent to or received");
        }
        assertThatThrownBy(() -> ktm().userTransaction().commit()).isInstanceOf(RollbackException.class);
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aTransactionThatIsMarkedForRollbackTakesNoNewSession(Broker broker) throws Exception {
        var messaging = open(broker);
        ktm().userTransaction().begin();
        ktm().userTransaction().setRollbackOnly();

        assertThatThrownBy(() -> send(messaging, "lost"))
                .hasMessageContaining("expected a transaction that takes work");
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aMessageListenerCannotBeSetAndTheErrorSaysWhatToUse(Broker broker) throws Exception {
        var messaging = open(broker);
        try (var context = messaging.createContext();
                var consumer = context.createConsumer(queue(context))) {
            assertThatThrownBy(() -> consumer.setMessageListener(message -> {}))
                    .hasMessageContaining("ListenerContainer");
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aNonDurableSubscriptionStaysWhereItWasMade(Broker broker) throws Exception {
        var messaging = open(broker);
        try (var context = messaging.createContext();
                var consumer = context.createConsumer(context.createTopic("topic" + queueName))) {
            ktm().userTransaction().begin();

            assertThatThrownBy(() -> consumer.receive(SOON_MILLIS))
                    .hasMessageContaining("belongs outside transactions");
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aTemporaryQueueAnswersOutsideTransactionsOnly(Broker broker) throws Exception {
        var messaging = open(broker);
        try (var context = messaging.createContext()) {
            var replies = context.createTemporaryQueue();
            ktm().userTransaction().begin();
            context.createProducer().setJMSReplyTo(replies).send(queue(context), "question");
            assertThatThrownBy(() -> context.createConsumer(replies)).hasMessageContaining("temporary");
            ktm().userTransaction().commit();

            try (var server = messaging.createContext();
                    var questions = server.createConsumer(queue(server))) {
                var question = questions.receive(SOON_MILLIS);
                server.createProducer().send(question.getJMSReplyTo(), "answer");
            }
            try (var answers = context.createConsumer(replies)) {
                assertThat(answers.receiveBody(String.class, SOON_MILLIS)).isEqualTo("answer");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aConnectionThatIsNotStartedReceivesNothingInsideATransactionEither(Broker broker) throws Exception {
        var messaging = open(broker);
        send(messaging, "lamp");
        ktm().userTransaction().begin();
        try (var connection = messaging.createConnection();
                var session = connection.createSession();
                var consumer = session.createConsumer(session.createQueue(queueName))) {
            assertThat(consumer.receive(NOTHING_MILLIS)).isNull();
            connection.start();

            assertThat(consumer.receive(SOON_MILLIS)).isNotNull();
        }
        ktm().userTransaction().commit();
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void closingFromAnotherThreadEndsAReceive(Broker broker) throws Exception {
        var messaging = open(broker);
        var executor = Executors.newSingleThreadExecutor();
        try (var connection = messaging.createConnection();
                var session = connection.createSession();
                var consumer = session.createConsumer(session.createQueue(queueName))) {
            connection.start();
            var received = executor.submit(() -> consumer.receive());

            consumer.close();

            assertThat(received.get(20, TimeUnit.SECONDS)).isNull();
        } finally {
            executor.shutdown();
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void theSimplifiedProducerPutsWhatItWasToldIntoEveryMessage(Broker broker) throws Exception {
        var messaging = open(broker);
        ktm().userTransaction().begin();
        try (var context = messaging.createContext()) {
            context.createProducer()
                    .setProperty("number", 7)
                    .setProperty("text", "seven")
                    .setJMSCorrelationID("correlation")
                    .setJMSType("type")
                    .setPriority(8)
                    .setTimeToLive(3_600_000)
                    .send(queue(context), java.util.Map.of("key", "value"));
        }
        ktm().userTransaction().commit();

        try (var context = messaging.createContext();
                var consumer = context.createConsumer(queue(context))) {
            var message = consumer.receive(SOON_MILLIS);
            assertThat(message.getIntProperty("number")).isEqualTo(7);
            assertThat(message.getStringProperty("text")).isEqualTo("seven");
            assertThat(message.getJMSCorrelationID()).isEqualTo("correlation");
            assertThat(message.getJMSType()).isEqualTo("type");
            assertThat(message.getJMSPriority()).isEqualTo(8);
            assertThat(message.getJMSExpiration()).isPositive();
            assertThat(((MapMessage) message).getString("key")).isEqualTo("value");
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aMessageThatIsAcknowledgedInsideATransactionIsStillRolledBack(Broker broker) throws Exception {
        var messaging = open(broker);
        send(messaging, "lamp");
        ktm().userTransaction().begin();
        try (var context = messaging.createContext(JMSContext.CLIENT_ACKNOWLEDGE);
                var consumer = context.createConsumer(queue(context))) {
            consumer.receive(SOON_MILLIS).acknowledge();
        } catch (JMSException e) {
            // Refused or ignored: both are right.
            assertThat(e).hasMessageContaining("transact");
        }

        ktm().userTransaction().rollback();

        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("lamp");
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void whatIsSentBeforeCompletionTakesPart(Broker broker) throws Exception {
        var messaging = open(broker);
        ktm().userTransaction().begin();
        ktm().transactionManager().getTransaction().registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {
                send(messaging, "at the last moment");
            }

            @Override
            public void afterCompletion(int status) {}
        });

        ktm().userTransaction().commit();

        assertThat(receive(messaging, SOON_MILLIS)).isEqualTo("at the last moment");
    }
}
