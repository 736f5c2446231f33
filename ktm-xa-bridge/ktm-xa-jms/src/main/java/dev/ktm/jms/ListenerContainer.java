package dev.ktm.jms;

import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Receives messages and works on each in a transaction of its own: on threads of its own, each with a session that stays open.
 * What the work sends through the same connection factory is in the same branch. Safe for many threads.
 *
 * <pre>{@code
 * try (var listeners = ListenerContainer.builder(factory)
 *         .queue("orders")
 *         .threads(4)
 *         .start(message -> store(message.getBody(String.class)))) {
 *     untilShutdown.await();
 * }
 * }</pre>
 *
 * <p>Work that throws rolls back: the broker delivers the message again, how often and how soon is the broker's setting, and then
 * moves it away. A broker that cannot be reached is tried again, after pauses that double up to a limit; work that fails is
 * followed by such a pause, too, so that a resource that is down does not use up the deliveries of every message in a moment.
 *
 * <p>Its threads keep the JVM alive until it is closed. Close it before its connection factory.
 */
public final class ListenerContainer implements AutoCloseable {

    private final KtmConnectionFactory factory;
    private final Builder settings;
    private final MessageWork work;
    private final List<Thread> threads = new ArrayList<>();
    private final List<ListenerLoop> loops = new ArrayList<>();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicLong committed = new AtomicLong();
    private final AtomicLong rolledBack = new AtomicLong();

    private ListenerContainer(Builder settings, MessageWork work) {
        this.factory = settings.factory;
        this.settings = settings;
        this.work = work;
    }

    /** Begins to describe a container. */
    public static Builder builder(KtmConnectionFactory factory) {
        return new Builder(factory);
    }

    private void start() {
        for (int number = 1; number <= settings.threads; number++) {
            var loop = new ListenerLoop(this, factory, settings, work);
            var thread = new Thread(loop, "ktm jms " + factory.name() + " " + settings.destination + " " + number);
            loops.add(loop);
            threads.add(thread);
        }
        threads.forEach(Thread::start);
    }

    /** How many messages were worked on, and their transactions committed. */
    public long committed() {
        return committed.get();
    }

    /** How many deliveries ended in a rollback. */
    public long rolledBack() {
        return rolledBack.get();
    }

    void countCommit() {
        committed.incrementAndGet();
    }

    void countRollback() {
        rolledBack.incrementAndGet();
    }

    boolean isStopping() {
        return stopping.getCount() == 0;
    }

    /** Waits, unless it is to stop. */
    void pause(Duration time) {
        try {
            var stopped = stopping.await(time.toMillis(), TimeUnit.MILLISECONDS);
            if (stopped) {
                System.getLogger(ListenerContainer.class.getName())
                        .log(System.Logger.Level.DEBUG, "a pause ended early: the container stops");
            }
        } catch (InterruptedException e) {
            // Nobody but the container stops these threads; work that was interrupted has left this behind.
            System.getLogger(ListenerContainer.class.getName())
                    .log(System.Logger.Level.DEBUG, "interrupted while pausing", e);
        }
    }

    /**
     * Receives nothing more, and waits for the work that is under way, up to the grace period. What is not done by then goes on
     * by itself, and is rolled back when it ends.
     */
    @Override
    public void close() {
        stopping.countDown();
        if (closed.compareAndSet(false, true)) {
            long deadline = System.nanoTime() + settings.grace.toNanos();
            for (var thread : threads) {
                join(thread, deadline);
            }
            for (int number = 0; number < threads.size(); number++) {
                if (threads.get(number).isAlive() && threads.get(number) != Thread.currentThread()) {
                    loops.get(number).abandon();
                }
            }
        }
    }

    private static void join(Thread thread, long deadline) {
        if (thread == Thread.currentThread()) {
            // Work that stops its own container cannot wait for itself.
            return;
        }
        try {
            long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()));
            thread.join(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Describes a container. A queue or a subscription is needed. */
    public static final class Builder {
        final KtmConnectionFactory factory;
        String destination = "";
        private @Nullable String subscription;
        private boolean isTopic;
        private @Nullable String selector;
        int threads = 1;
        Duration transactionTimeout = Duration.ZERO;
        Duration receiveTimeout = Duration.ofSeconds(1);
        Duration firstPause = Duration.ofMillis(100);
        Duration longestPause = Duration.ofSeconds(30);
        Duration grace = Duration.ofSeconds(30);

        private Builder(KtmConnectionFactory factory) {
            this.factory = factory;
        }

        /** Receives from this queue. */
        public Builder queue(String name) {
            destination = name;
            isTopic = false;
            return this;
        }

        /** Receives from a shared durable subscription of a topic, which is made if it is not there. */
        public Builder sharedDurable(String topic, String name) {
            destination = topic;
            isTopic = true;
            subscription = name;
            return this;
        }

        /** Receives only what this selector selects. */
        public Builder selector(String value) {
            selector = value;
            return this;
        }

        /** How many messages are worked on at once: 1 unless told otherwise. */
        public Builder threads(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("expected 1 thread or more, found " + value);
            }
            threads = value;
            return this;
        }

        /** The timeout of the transactions, in whole seconds: that of the {@code Ktm} unless told otherwise. */
        public Builder transactionTimeout(Duration value) {
            transactionTimeout = requirePositive("transactionTimeout", value, Duration.ofSeconds(1));
            return this;
        }

        /** How long a transaction waits for a message before it ends empty and the next one begins: 1 second by default. */
        public Builder receiveTimeout(Duration value) {
            receiveTimeout = requirePositive("receiveTimeout", value, Duration.ofMillis(1));
            return this;
        }

        /** The pause after a first failure, and the longest: 100 ms and 30 s unless told otherwise. */
        public Builder backOff(Duration first, Duration longest) {
            firstPause = requirePositive("first pause", first, Duration.ofMillis(1));
            longestPause = requirePositive("longest pause", longest, first);
            return this;
        }

        /** How long closing waits for work that is under way: 30 seconds unless told otherwise. */
        public Builder grace(Duration value) {
            grace = requirePositive("grace", value, Duration.ofMillis(1));
            return this;
        }

        private static Duration requirePositive(String what, Duration value, Duration least) {
            if (value.compareTo(least) < 0) {
                throw new IllegalArgumentException("expected a " + what + " of " + least + " or more, found " + value);
            }
            return value;
        }

        MessageConsumer consumer(Session session) throws jakarta.jms.JMSException {
            return isTopic
                    ? session.createSharedDurableConsumer(session.createTopic(destination), subscription, selector)
                    : session.createConsumer(session.createQueue(destination), selector);
        }

        /**
         * Starts to receive.
         *
         * @throws IllegalArgumentException if it is not said from where
         */
        public ListenerContainer start(MessageWork work) {
            if (destination.isEmpty()) {
                throw new IllegalArgumentException("expected a queue or a subscription to receive from, found none");
            }
            var container = new ListenerContainer(this, work);
            container.start();
            return container;
        }
    }
}
