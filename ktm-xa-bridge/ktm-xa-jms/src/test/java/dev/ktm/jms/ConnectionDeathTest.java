package dev.ktm.jms;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jms.FaultyBroker.Fault;
import dev.ktm.jms.FaultyBroker.Moment;
import dev.ktm.jms.FaultyBroker.Phase;
import dev.ktm.log.testing.Until;
import jakarta.jms.JMSRuntimeException;
import jakarta.jms.XAConnectionFactory;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.RollbackException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Connections that die in every phase: all agree in the end, and nothing is left open. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
@Tag("slow")
final class ConnectionDeathTest {

    private static final int TRANSACTIONS_OF_EACH = 1_000;
    private static final int THREADS = 3;
    private static final long SEED = 20261125;

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

    Stream<Arguments> everyDeath() {
        return brokers()
                .flatMap(broker -> Arrays.stream(Phase.values())
                        .flatMap(phase -> Stream.of(Moment.BEFORE, Moment.AFTER)
                                .flatMap(moment -> Stream.of(true, false)
                                        .map(told -> Arguments.of(broker, new Fault(phase, moment, told))))));
    }

    private static Ktm ktm() {
        return Ktm.open(KtmOptions.builder()
                .inMemory()
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    private static KtmConnectionFactory factory(Ktm ktm, Broker broker, FaultyBroker faulty) {
        return KtmConnectionFactory.builder(ktm, "broker", faulty.xa())
                .recoveryConnectionFactory(broker.xa())
                .outsideTransactions(faulty.plain())
                .build();
    }

    /** What the transaction did, as its client was told. */
    private enum Told {
        COMMITTED,
        ROLLED_BACK,
        UNKNOWN
    }

    @ParameterizedTest
    @MethodSource("everyDeath")
    void allAgreeWhereverAConnectionDies(Broker broker, Fault fault) throws Exception {
        var queue = "deaths" + queues.incrementAndGet();
        broker.createQueue(queue);
        var faulty = new FaultyBroker(broker.xa());
        try (var ktm = ktm();
                var factory = factory(ktm, broker, faulty)) {
            var other = new CountingResource();
            if (fault.phase() == Phase.ROLLBACK) {
                other = other.refusing();
            }
            send(factory, queue, "for the receiver");
            faulty.failOnce(fault);

            var told = transact(ktm, factory, queue, "lamp", other);
            faulty.heal();
            ktm.recoverNow();

            assertThat(told).isNotEqualTo(Told.UNKNOWN);
            assertThat(other.committed()).isEqualTo(told == Told.COMMITTED ? 1 : 0);
            Until.holds(() -> factory.enlistedSessions() == 0);
            assertThat(received(factory, queue, 1))
                    .containsExactly(told == Told.COMMITTED ? "lamp" : "for the receiver");
            assertThat(listed(broker.xa())).isZero();
            Until.holds(() -> faulty.openSessions() <= 1);
            // What follows is not troubled by what was.
            assertThat(transact(ktm, factory, queue, "next", new CountingResource(), false))
                    .isEqualTo(Told.COMMITTED);
        }
        assertThat(faulty.openSessions()).isZero();
        assertThat(faulty.openConnections()).isZero();
    }

    @ParameterizedTest
    @MethodSource("brokers")
    void aConnectionThatNobodyUsesIsClosedAlthoughNobodyAsksForAnother(Broker broker) throws Exception {
        var queue = "idle" + queues.incrementAndGet();
        broker.createQueue(queue);
        var faulty = new FaultyBroker(broker.xa());
        try (var ktm = ktm();
                var factory = KtmConnectionFactory.builder(ktm, "broker", faulty.xa())
                        .recoveryConnectionFactory(broker.xa())
                        .idleTimeout(Duration.ofMillis(200))
                        .build()) {
            transact(ktm, factory, queue, "lamp", new CountingResource(), false);
            assertThat(faulty.openConnections()).isPositive();

            Until.holds(() -> faulty.openConnections() == 0);

            assertThat(transact(ktm, factory, queue, "next", new CountingResource(), false))
                    .isEqualTo(Told.COMMITTED);
        }
    }

    private static Told transact(
            Ktm ktm, KtmConnectionFactory factory, String queue, String text, CountingResource other) throws Exception {
        return transact(ktm, factory, queue, text, other, true);
    }

    /** Receives one message and sends another, together with another participant. */
    private static Told transact(
            Ktm ktm, KtmConnectionFactory factory, String queue, String text, CountingResource other, boolean receiving)
            throws Exception {
        ktm.userTransaction().begin();
        try (var context = factory.createContext()) {
            if (receiving) {
                try (var consumer = context.createConsumer(context.createQueue(queue))) {
                    if (consumer.receive(5_000) == null) {
                        throw new JMSRuntimeException("nothing to receive");
                    }
                }
            }
            context.createProducer().send(context.createQueue(queue), text);
            ktm.transactionManager().getTransaction().enlistResource(other);
        } catch (JMSRuntimeException | NullPointerException e) {
            // ActiveMQ Classic has the latter for whoever sends with a session whose connection dies at that moment.
            ktm.userTransaction().rollback();
            return Told.ROLLED_BACK;
        }
        try {
            ktm.userTransaction().commit();
            return Told.COMMITTED;
        } catch (RollbackException e) {
            return Told.ROLLED_BACK;
        } catch (HeuristicMixedException e) {
            return Told.UNKNOWN;
        }
    }

    private static void send(KtmConnectionFactory factory, String queue, String text) {
        try (var context = factory.createContext()) {
            context.createProducer().send(context.createQueue(queue), text);
        }
    }

    private static Set<String> received(KtmConnectionFactory factory, String queue, int expected) {
        var all = new HashSet<String>();
        try (var context = factory.createContext();
                var consumer = context.createConsumer(context.createQueue(queue))) {
            var text = consumer.receiveBody(String.class, expected == 0 ? 300 : 10_000);
            while (text != null) {
                assertThat(all.add(text)).as(text).isTrue();
                text = consumer.receiveBody(String.class, all.size() < expected ? 10_000 : 200);
            }
        }
        return all;
    }

    private static int listed(XAConnectionFactory xa) throws Exception {
        try (var connection = xa.createXAConnection();
                var session = connection.createXASession()) {
            return session.getXAResource().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN).length;
        }
    }

    @Tag("slow")
    @ParameterizedTest
    @MethodSource("brokers")
    void nothingLeaksInThousandsOfTransactionsWithRandomFailures(Broker broker) throws Exception {
        var queue = "leaks" + queues.incrementAndGet();
        broker.createQueue(queue);
        var faulty = new FaultyBroker(broker.xa());
        var committed = ConcurrentHashMap.<String>newKeySet();
        var random = new Random(SEED);
        try (var ktm = ktm();
                var factory = factory(ktm, broker, faulty)) {
            faulty.plan(phase -> {
                synchronized (random) {
                    return random.nextInt(60) == 0
                            ? new Fault(
                                    phase, random.nextBoolean() ? Moment.BEFORE : Moment.AFTER, random.nextBoolean())
                            : null;
                }
            });
            var threads = Executors.newFixedThreadPool(THREADS);
            var running = new ArrayList<Future<String>>();
            for (int thread = 1; thread <= THREADS; thread++) {
                var name = "thread " + thread;
                running.add(threads.submit(() -> {
                    for (int number = 1; number <= TRANSACTIONS_OF_EACH; number++) {
                        var text = name + " number " + number;
                        var other = number % 7 == 0 ? new CountingResource().refusing() : new CountingResource();
                        if (transact(ktm, factory, queue, text, other, false) == Told.COMMITTED) {
                            committed.add(text);
                        }
                    }
                    return name;
                }));
            }
            threads.shutdown();
            for (var each : running) {
                assertThat(each.get(150, TimeUnit.SECONDS)).isNotEmpty();
            }
            faulty.heal();
            // Each time it is asked a broker may finish some more: what had no answer is looked for once more.
            Until.holds(() -> {
                ktm.recoverNow();
                return factory.enlistedSessions() == 0 && ktm.manager().live().isEmpty();
            });
            assertThat(committed).as("seed %d", SEED).hasSizeGreaterThan(TRANSACTIONS_OF_EACH);
            assertThat(received(factory, queue, committed.size()))
                    .as("seed %d", SEED)
                    .isEqualTo(committed);
            assertThat(listed(broker.xa())).isZero();
            // Each thread's, and the one of this thread, which has received.
            Until.holds(
                    () -> faulty.openSessions() <= THREADS + 1,
                    () -> faulty.openSessions() + " sessions are open, seed " + SEED);
            assertThat(faulty.openConnections()).isLessThanOrEqualTo(1);
        }
        assertThat(faulty.openSessions()).isZero();
        assertThat(faulty.openConnections()).isZero();
    }
}
