package dev.ktm.comparison.fault;

import dev.ktm.comparison.fault.Contestant.Setup;
import dev.ktm.comparison.fault.RecordedResourceManager.Hook;
import dev.ktm.comparison.fault.RecordedResourceManager.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A process with one transaction manager, which works, recovers or does harm, and then dies without closing anything. What it
 * has seen is in files. Arguments: what goes wrong, the product, the step, how much, the directory, the log's directory.
 */
public final class FaultLife {

    /** On the output when somebody else has to do something. */
    static final String READY = "READY";

    /** Long enough for those who wait for a resource manager between their tries. */
    static final int MOST_ANSWER_SECONDS = 75;

    private static final String NAME = "shop";
    private static final int SHORT_LIFE_SECONDS = 10;
    private static final int LONG_LIFE_SECONDS = 120;
    private static final int WORKERS = 4;
    private static final long STORM_NANOS = 50_000;
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long PASS_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** What a process does. */
    enum Step {
        WORK,
        /** Of the same log, after {@link #WORK}. */
        RECOVER,
        /** As {@link #RECOVER}, with nothing but the time in mind. */
        RESTART,
        /** Of a log of its own. */
        OTHER
    }

    private final Fault fault;
    private final FaultSize size;
    private final List<RecordedResourceManager> both;
    private final Answers answers;
    private final Facts facts;

    private FaultLife(Fault fault, FaultSize size, Path directory) {
        this.fault = fault;
        this.size = size;
        this.both = resourceManagers(directory);
        this.answers = new Answers(directory);
        this.facts = new Facts(directory);
    }

    /** The first and the second one. */
    static List<RecordedResourceManager> resourceManagers(Path directory) {
        return List.of(
                new RecordedResourceManager(directory, "first"), new RecordedResourceManager(directory, "second"));
    }

    /** Runs one. */
    public static void main(String[] arguments) {
        try {
            // What goes wrong is what this is about; standard error keeps the rest.
            Logger.getLogger("").setLevel(Level.SEVERE);
            var product = FaultProduct.valueOf(arguments[1]);
            var life =
                    new FaultLife(Fault.valueOf(arguments[0]), FaultSize.valueOf(arguments[3]), Path.of(arguments[4]));
            life.live(product, Step.valueOf(arguments[2]), Path.of(arguments[5]));
        } catch (Throwable e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
        Runtime.getRuntime().halt(0);
    }

    private void live(FaultProduct product, Step step, Path log) throws Exception {
        Contestant contestant;
        long start = System.nanoTime();
        try {
            Files.createDirectories(log);
            contestant = product.open(new Setup(log, NAME, mostSeconds(), both));
        } catch (Exception | LinkageError e) {
            e.printStackTrace();
            facts.add("opened." + step, Client.kind(root(e)));
            return;
        }
        facts.add("opened." + step, "yes");
        switch (step) {
            case WORK -> work(contestant);
            case RECOVER -> recover(contestant);
            case RESTART -> restart(contestant, start);
            case OTHER -> doHarm(contestant);
        }
    }

    private static Throwable root(Throwable failure) {
        var cause = failure.getCause();
        return cause == null || cause == failure ? failure : root(cause);
    }

    /** Where a transaction has to live long it may; elsewhere those that have no decision are to be ended soon. */
    private int mostSeconds() {
        return fault == Fault.SAME_NAME_ALIVE || fault == Fault.COMMIT_UNANSWERED
                ? LONG_LIFE_SECONDS
                : SHORT_LIFE_SECONDS;
    }

    private void work(Contestant contestant) throws Exception {
        var client = new Client(contestant, both, answers, LONG_LIFE_SECONDS);
        switch (fault) {
            case INTERRUPT -> interrupt(client);
            case LOG_FULL, LOG_GONE -> workWithoutLog(client);
            case UNDECIDED -> dieWhenAllHaveReached(client, "undecided", Point.AFTER_PREPARE, 2);
            case RESOURCE_DOWN -> dieWhenAllHaveReached(client, "decided", Point.BEFORE_COMMIT, 1);
            case SAME_NAME_KILLED -> dieWhenAllHaveReached(client, "decided", Point.BEFORE_COMMIT, 2);
            case SAME_NAME_ALIVE -> {
                var reached = new AtomicInteger();
                Hook wait = (point, name, key) -> {
                    if (point == Point.AFTER_PREPARE && reached.incrementAndGet() == 2) {
                        tellAndWait();
                    }
                };
                client.commit("work", 1, 1, wait, false, Client.Storm.NONE, 2 * LONG_LIFE_SECONDS);
            }
            case COMMIT_UNANSWERED ->
                quietly(client, "work", 1, (point, name, key) -> {
                    if (point == Point.BEFORE_COMMIT && name.equals("second")) {
                        goDown();
                    }
                });
            case TIMEOUT -> TimedOutClient.work(contestant, facts);
        }
    }

    private void goDown() {
        try {
            both.get(1).goDown();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void quietly(Client client, String phase, int number, Hook hook) throws InterruptedException {
        client.commit(phase, 1, number, hook, false, Client.Storm.NONE, MOST_ANSWER_SECONDS);
    }

    private void interrupt(Client client) throws InterruptedException {
        client.commit("set", 1, size.many(), Hook.NONE, true, Client.Storm.NONE, MOST_ANSWER_SECONDS);
        client.commit(
                "storm",
                WORKERS,
                size.many() / WORKERS,
                Hook.NONE,
                false,
                this::interruptAllTheTime,
                MOST_ANSWER_SECONDS);
        quietly(client, "quiet", size.few(), Hook.NONE);
    }

    private void interruptAllTheTime(Thread thread) {
        var storm = new Thread(() -> {
            while (thread.getState() != Thread.State.TERMINATED) {
                LockSupport.parkNanos(STORM_NANOS);
                thread.interrupt();
            }
        });
        storm.setDaemon(true);
        storm.start();
    }

    private void workWithoutLog(Client client) throws InterruptedException {
        quietly(client, "before", size.few(), Hook.NONE);
        tellAndWait();
        // Enough for those who write a little only: what they need may still be in a block of theirs.
        quietly(client, "trouble", size.many(), Hook.NONE);
        var reached = new AtomicInteger();
        quietly(client, "last", 1, (point, name, key) -> {
            if (point == Point.BEFORE_COMMIT && reached.incrementAndGet() == 2) {
                Runtime.getRuntime().halt(0);
            }
        });
    }

    /** Until somebody says that it may go on. */
    private static void tellAndWait() {
        System.out.println(READY);
        System.out.flush();
        try {
            System.in.read();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Transactions at the same time, each stopped when so many of its branches have reached a point. */
    private void dieWhenAllHaveReached(Client client, String phase, Point stop, int branches)
            throws InterruptedException {
        var stopped = new CountDownLatch(size.few());
        Map<String, Integer> reached = new ConcurrentHashMap<>();
        Hook hook = (point, name, key) -> {
            if (point == stop && reached.merge(key, 1, Integer::sum) == branches) {
                stopped.countDown();
                waitForDeath();
            }
        };
        for (int i = 0; i < size.few(); i++) {
            var thread = new Thread(() -> client.commit(phase, hook, false));
            thread.setDaemon(true);
            thread.start();
        }
        if (!stopped.await(MOST_ANSWER_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(stopped.getCount() + " transactions did not get there");
        }
    }

    private static void waitForDeath() {
        while (true) {
            LockSupport.park();
            Thread.interrupted();
        }
    }

    private void recover(Contestant contestant) throws Exception {
        var pass = startPasses(contestant);
        var first = both.get(0);
        var second = both.get(1);
        if (fault == Fault.RESOURCE_DOWN) {
            await(size.watchSeconds(), () -> second.prepared().isEmpty());
            facts.add("told.meanwhile", count(second, BranchState.COMMITTED));
            first.comeBack();
        }
        // One pass has to be over, also if nothing is to be done: or hangs.
        pass.await(MOST_ANSWER_SECONDS, TimeUnit.SECONDS);
        await(
                size.recoverySeconds(),
                () -> first.prepared().isEmpty() && second.prepared().isEmpty());
        if (fault == Fault.LOG_FULL || fault == Fault.LOG_GONE) {
            quietly(new Client(contestant, both, answers, LONG_LIFE_SECONDS), "again", size.few(), Hook.NONE);
        }
    }

    private void restart(Contestant contestant, long start) {
        facts.add("opened.nanos", System.nanoTime() - start);
        startPasses(contestant);
        for (long end = start + TimeUnit.SECONDS.toNanos(size.recoverySeconds()); System.nanoTime() < end; ) {
            if (both.stream().allMatch(each -> each.prepared().isEmpty())) {
                facts.add("finished.nanos", System.nanoTime() - start);
                return;
            }
            LockSupport.parkNanos(POLL_NANOS / 50);
        }
    }

    private void doHarm(Contestant contestant) {
        startPasses(contestant);
        await(size.watchSeconds(), () -> both.stream().anyMatch(each -> count(each, BranchState.ROLLED_BACK) > 0));
    }

    static long count(RecordedResourceManager resourceManager, BranchState state) {
        return resourceManager.states().values().stream()
                .filter(each -> each == state)
                .count();
    }

    /** On a thread of its own, as a pass may hang. */
    private static CountDownLatch startPasses(Contestant contestant) {
        var first = new CountDownLatch(1);
        var thread = new Thread(() -> {
            while (true) {
                try {
                    contestant.recover();
                } catch (Exception e) {
                    System.err.println(e);
                }
                first.countDown();
                LockSupport.parkNanos(PASS_NANOS);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return first;
    }

    private static void await(int mostSeconds, BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(mostSeconds);
        while (!condition.getAsBoolean() && System.nanoTime() < end) {
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
