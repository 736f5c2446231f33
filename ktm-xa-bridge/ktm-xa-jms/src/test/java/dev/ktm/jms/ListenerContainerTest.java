package dev.ktm.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jms.FaultyBroker.Fault;
import dev.ktm.jms.FaultyBroker.Moment;
import dev.ktm.jms.FaultyBroker.Phase;
import dev.ktm.log.testing.Until;
import jakarta.jms.Message;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Listeners in transactions, with every broker. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
@Timeout(120)
final class ListenerContainerTest {

    private static final long SOON_MILLIS = 10_000;

    private final AtomicInteger queues = new AtomicInteger();
    private @Nullable Broker artemis;
    private @Nullable Broker classic;

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

    private static Ktm ktm() {
        return Ktm.open(KtmOptions.builder()
                .inMemory()
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    private static KtmConnectionFactory factory(Ktm ktm, Broker broker) {
        return KtmConnectionFactory.builder(ktm, "broker", broker.xa()).build();
    }

    private String queue(Broker broker) throws Exception {
        var name = "listened" + queues.incrementAndGet();
        broker.createQueue(name);
        return name;
    }

    private static void send(KtmConnectionFactory factory, String queue, int count) {
        try (var context = factory.createContext()) {
            var producer = context.createProducer();
            for (int number = 1; number <= count; number++) {
                producer.send(context.createQueue(queue), "order " + number);
            }
        }
    }

    private static ListenerContainer.Builder listen(KtmConnectionFactory factory, String queue) {
        return ListenerContainer.builder(factory).queue(queue).backOff(Duration.ofMillis(1), Duration.ofMillis(20));
    }

    /** Waits for each message longer than a test may take. */
    private static ListenerContainer.Builder listenLong(KtmConnectionFactory factory, String queue) {
        return listen(factory, queue).transactionTimeout(Duration.ofMinutes(10)).receiveTimeout(Duration.ofMinutes(5));
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void everyMessageIsWorkedOnOnceWhateverFailsInBetween(Broker broker) throws Exception {
        var orders = queue(broker);
        var answers = queue(broker);
        var failedBefore = ConcurrentHashMap.<String>newKeySet();
        try (var ktm = ktm();
                var factory = factory(ktm, broker)) {
            send(factory, orders, 40);
            try (var listeners = listen(factory, orders).threads(3).start(message -> {
                var text = message.getBody(String.class);
                try (var context = factory.createContext()) {
                    context.createProducer().send(context.createQueue(answers), "done: " + text);
                }
                if (text.endsWith("5") && failedBefore.add(text)) {
                    throw new IllegalStateException("fails once");
                }
            })) {
                Until.holds(() -> listeners.committed() == 40);

                assertThat(listeners.rolledBack()).isEqualTo(4);
            }
            Until.holds(() -> broker.messages(orders) == 0);
            assertThat(received(factory, answers)).hasSize(40);
            assertThat(factory.enlistedSessions()).isZero();
        }
    }

    private static Set<String> received(KtmConnectionFactory factory, String queue) {
        var all = ConcurrentHashMap.<String>newKeySet();
        try (var context = factory.createContext();
                var consumer = context.createConsumer(context.createQueue(queue))) {
            for (var text = consumer.receiveBody(String.class, SOON_MILLIS);
                    text != null;
                    text = consumer.receiveBody(String.class, 300)) {
                assertThat(all.add(text)).as(text).isTrue();
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void theWorkSharesItsBranchWithTheMessageSoThatOnePhaseIsEnough(Broker broker) throws Exception {
        var orders = queue(broker);
        var enlisted = new ConcurrentLinkedQueue<Integer>();
        try (var ktm = ktm();
                var factory = factory(ktm, broker)) {
            send(factory, orders, 1);
            try (var listeners = listen(factory, orders).start(message -> {
                send(factory, "answers", 1);
                enlisted.add(factory.enlistedSessions());
            })) {
                Until.holds(() -> listeners.committed() == 1);
            }
            assertThat(enlisted).containsExactly(1);
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aMessageThatAlwaysFailsGoesWhereTheBrokerKeepsSuch(Broker broker) throws Exception {
        var orders = queue(broker);
        var attempts = new AtomicInteger();
        long dead = broker.messages(broker.deadLetters());
        try (var ktm = ktm();
                var factory = factory(ktm, broker)) {
            send(factory, orders, 1);
            try (var listeners = listen(factory, orders).start(message -> {
                attempts.incrementAndGet();
                throw new IllegalStateException("poison");
            })) {
                Until.holds(() -> broker.messages(broker.deadLetters()) > Math.max(0, dead));

                assertThat(listeners.committed()).isZero();
            }
            assertThat(attempts).hasValue(3);
            Until.holds(() -> broker.messages(orders) == 0);
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void markingTheTransactionForRollbackIsAsGoodAsThrowing(Broker broker) throws Exception {
        var orders = queue(broker);
        var redelivered = new ConcurrentLinkedQueue<Boolean>();
        try (var ktm = ktm();
                var factory = factory(ktm, broker)) {
            send(factory, orders, 1);
            try (var listeners = listen(factory, orders).start(message -> {
                redelivered.add(message.getJMSRedelivered());
                if (redelivered.size() == 1) {
                    ktm.userTransaction().setRollbackOnly();
                }
            })) {
                Until.holds(() -> listeners.committed() == 1);
            }
            assertThat(redelivered).containsExactly(false, true);
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void closingWaitsForTheWorkThatIsUnderWay(Broker broker) throws Exception {
        var orders = queue(broker);
        var working = new CountDownLatch(1);
        var finish = new CountDownLatch(1);
        try (var ktm = ktm();
                var factory = factory(ktm, broker)) {
            send(factory, orders, 2);
            var listeners = listen(factory, orders).start(message -> {
                working.countDown();
                assertThat(finish.await(20, TimeUnit.SECONDS)).isTrue();
            });
            assertThat(working.await(20, TimeUnit.SECONDS)).isTrue();
            var closing = new Thread(listeners::close);
            closing.start();
            Until.holds(() -> closing.getState() == Thread.State.TIMED_WAITING);
            finish.countDown();
            closing.join();

            assertThat(listeners.committed()).isOne();
            Until.holds(() -> broker.messages(orders) == 1);
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void workThatDoesNotEndIsLeftBehindAndRolledBack(Broker broker) throws Exception {
        var orders = queue(broker);
        var working = new CountDownLatch(1);
        var finish = new CountDownLatch(1);
        try (var ktm = ktm();
                var factory = factory(ktm, broker)) {
            send(factory, orders, 1);
            var listeners = listen(factory, orders).grace(Duration.ofMillis(50)).start(message -> {
                working.countDown();
                assertThat(finish.await(20, TimeUnit.SECONDS)).isTrue();
            });
            assertThat(working.await(20, TimeUnit.SECONDS)).isTrue();
            listeners.close();
            finish.countDown();

            Until.holds(() -> listeners.rolledBack() == 1);
            assertThat(received(factory, orders)).containsExactly("order 1");
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aTimeoutRollsBackAndTheMessageComesAgain(Broker broker) throws Exception {
        var orders = queue(broker);
        var over = new CountDownLatch(1);
        var deliveries = new AtomicInteger();
        try (var ktm = ktm();
                var factory = factory(ktm, broker)) {
            send(factory, orders, 1);
            try (var listeners = listen(factory, orders)
                    .transactionTimeout(Duration.ofSeconds(1))
                    .start(message -> {
                        if (deliveries.incrementAndGet() == 1) {
                            Until.holds(() -> factory.enlistedSessions() == 0);
                            over.countDown();
                        }
                    })) {
                Until.holds(() -> listeners.committed() == 1);

                assertThat(over.getCount()).isZero();
                assertThat(listeners.rolledBack()).isOne();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aSubscriptionOfATopicIsSharedByAllThreads(Broker broker) throws Exception {
        var topic = "news" + queues.incrementAndGet();
        var seen = new ConcurrentLinkedQueue<Message>();
        try (var ktm = ktm();
                var factory = factory(ktm, broker)) {
            if (broker instanceof ClassicBroker) {
                // It knows no shared subscriptions: the container goes on trying, and says so.
                return;
            }
            try (var listeners = ListenerContainer.builder(factory)
                    .sharedDurable(topic, "readers")
                    .threads(2)
                    .start(seen::add)) {
                Until.holds(() -> broker.messages("readers") == 0);
                try (var context = factory.createContext()) {
                    context.createProducer().send(context.createTopic(topic), "news");
                }
                Until.holds(() -> listeners.committed() == 1);
            }
            assertThat(seen).hasSize(1);
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aBrokerThatIsRestartedIsListenedToAgain(Broker broker) throws Exception {
        var orders = queue(broker);
        try (var ktm = ktm();
                var factory = factory(ktm, broker)) {
            send(factory, orders, 1);
            try (var listeners = listenLong(factory, orders).start(message -> {})) {
                Until.holds(() -> listeners.committed() == 1);
                broker.stop();
                broker.start();
                send(factory, orders, 1);

                Until.holds(() -> listeners.committed() == 2);
            }
        }
    }

    /** Some clients say then that there is no message, as if it had been waited for. */
    @ParameterizedTest
    @MethodSource("brokers")
    void aConnectionThatDiesWithoutAWordWhileAListenerWaitsIsNoticed(Broker broker) throws Exception {
        var orders = queue(broker);
        var faulty = new FaultyBroker(broker.xa());
        try (var ktm = ktm();
                var factory = KtmConnectionFactory.builder(ktm, "broker", faulty.xa())
                        .outsideTransactions(faulty.plain())
                        .recoveryConnectionFactory(broker.xa())
                        .build()) {
            try (var listeners = listenLong(factory, orders).start(message -> {})) {
                send(factory, orders, 1);
                Until.holds(() -> listeners.committed() == 1 && factory.enlistedSessions() == 1);
                faulty.failOnce(new Fault(Phase.SEND, Moment.BEFORE, false));
                ktm.userTransaction().begin();
                assertThatThrownBy(() -> send(factory, orders, 1)).hasMessageContaining("died");
                ktm.userTransaction().rollback();

                send(factory, orders, 1);

                Until.holds(() -> listeners.committed() == 2);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void settingsThatCannotWorkAreRefused(Broker broker) throws Exception {
        try (var ktm = ktm();
                var factory = factory(ktm, broker)) {
            assertThatThrownBy(() -> ListenerContainer.builder(factory).start(message -> {}))
                    .hasMessageContaining("expected a queue or a subscription");
            assertThatThrownBy(() -> ListenerContainer.builder(factory).threads(0))
                    .hasMessageContaining("expected 1 thread or more, found 0");
            assertThatThrownBy(() -> ListenerContainer.builder(factory).transactionTimeout(Duration.ofMillis(10)))
                    .hasMessageContaining("transactionTimeout");
        }
    }
}
