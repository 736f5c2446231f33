package dev.ktm.servers;

import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Until;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Transactions of several threads over two pools,
 * while connections are cut, messages lost and the server paused at random. Half of the statements that fail are
 * not noticed.
 */
final class RandomHarm {

    private static final int THREADS = 4;
    /** One transaction in so many does harm. */
    private static final int HARM = 25;

    /** One transaction in so many waits for its timeout. */
    private static final int TIMEOUT = 200;
    /** One statement in so many fails. */
    private static final int FAILURE = 20;

    /** After so many transactions of each thread what is in doubt is finished. */
    private static final int RECOVERY = 20;

    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

    /** What became of a transaction, as its client knows it. */
    enum Result {
        COMMITTED,
        ROLLED_BACK,
        UNKNOWN
    }

    private final Server server;
    private final Coordinator coordinator;
    private final long seed;
    private final AtomicInteger harms = new AtomicInteger();
    private final Map<String, Result> results = new ConcurrentHashMap<>();

    RandomHarm(Server server, Coordinator coordinator, long seed) {
        this.server = server;
        this.coordinator = coordinator;
        this.seed = seed;
    }

    static KtmOptions.Builder options(Path log) {
        return KtmOptions.builder().logDirectory(log).defaultTimeout(Duration.ofSeconds(20));
    }

    Map<String, Result> results() {
        return results;
    }

    int harms() {
        return harms.get();
    }

    void run(int transactions) throws Exception {
        var threads = Executors.newFixedThreadPool(THREADS);
        try {
            var all = new ArrayList<Future<?>>();
            for (int thread = 0; thread < THREADS; thread++) {
                int number = thread;
                all.add(threads.submit(() -> {
                    work(number, transactions / THREADS);
                    return null;
                }));
            }
            for (var each : all) {
                each.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    private void work(int number, int transactions) throws Exception {
        var random = new Random(seed + number);
        try (var first = coordinator.first().open();
                var second = coordinator.second().open()) {
            for (int i = 0; i < transactions; i++) {
                var key = "random " + number + "-" + i;
                if (random.nextInt(HARM) == 0) {
                    harm(random);
                }
                if (i % RECOVERY == 0) {
                    // More than a server may have in doubt at a time would be there.
                    coordinator.ktm().recoverNow();
                }
                results.put(key, transaction(random, key, first, second));
            }
        }
    }

    private void harm(Random random) throws Exception {
        harms.incrementAndGet();
        switch (random.nextInt(5)) {
            case 0 -> server.cutConnections();
            case 1 -> {
                server.pause();
                LockSupport.parkNanos(PAUSE.toNanos());
                server.resume();
            }
            case 2, 3 -> server.loseNext(Proxy.Loss.REQUEST);
            default -> server.loseNext(Proxy.Loss.REPLY);
        }
    }

    private boolean isBroker() {
        return server.kind() == Kind.ARTEMIS || server.kind() == Kind.ACTIVEMQ;
    }

    /** Writes; a second time the key is there, and the statement of a database fails. */
    private static boolean fails(Participant.Work work, String key) {
        try {
            work.write(key);
            return false;
        } catch (Exception e) {
            return true;
        }
    }

    private Result transaction(Random random, String key, Participant.Work first, Participant.Work second)
            throws Exception {
        var manager = coordinator.ktm().transactionManager();
        boolean late = random.nextInt(TIMEOUT) == 0;
        manager.setTransactionTimeout(late ? 1 : 0);
        manager.begin();
        if (fails(first, key) || fails(second, key)) {
            manager.rollback();
            return Result.ROLLED_BACK;
        }
        boolean failed = random.nextInt(FAILURE) == 0 && fails(isBroker() ? second : first, key);
        if (failed && random.nextBoolean()) {
            manager.rollback();
            return Result.ROLLED_BACK;
        }
        if (random.nextInt(10) == 0) {
            manager.rollback();
            return Result.ROLLED_BACK;
        }
        if (late) {
            Until.answers(LONGEST_WAIT, () -> manager.getStatus() != Status.STATUS_ACTIVE);
        }
        try {
            manager.commit();
            return Result.COMMITTED;
        } catch (RollbackException | HeuristicRollbackException e) {
            return Result.ROLLED_BACK;
        } catch (HeuristicMixedException e) {
            return Result.UNKNOWN;
        }
    }
}
