package dev.ktm.comparison.fault;

import dev.ktm.comparison.fault.Answers.Outcome;
import dev.ktm.comparison.fault.RecordedResourceManager.Hook;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.SystemException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** An application: its transactions have a branch in each resource manager. Safe for many threads. */
final class Client {

    private final Contestant contestant;
    private final List<RecordedResourceManager> resourceManagers;
    private final Answers answers;
    private final int timeoutSeconds;
    private final AtomicInteger keys = new AtomicInteger();

    Client(Contestant contestant, List<RecordedResourceManager> resourceManagers, Answers answers, int timeoutSeconds) {
        this.contestant = contestant;
        this.resourceManagers = List.copyOf(resourceManagers);
        this.answers = answers;
        this.timeoutSeconds = timeoutSeconds;
    }

    /** One transaction, whatever comes of it. */
    void commit(String phase, Hook hook, boolean interrupted) {
        var key = phase + keys.incrementAndGet();
        answers.asked(phase, key);
        var manager = contestant.manager();
        try {
            manager.setTransactionTimeout(timeoutSeconds);
            manager.begin();
            for (var each : resourceManagers) {
                manager.getTransaction()
                        .enlistResource(contestant.enlisted((RecordedResource) each.session(key, hook)));
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            manager.commit();
            answers.answered(phase, key, Outcome.COMMITTED, "");
        } catch (RollbackException e) {
            answers.answered(phase, key, Outcome.ROLLED_BACK, kind(e));
        } catch (Exception | LinkageError e) {
            answers.answered(phase, key, Outcome.OTHER, kind(e));
        } finally {
            Thread.interrupted();
            leave();
        }
    }

    static String kind(Throwable failure) {
        return failure.getClass().getSimpleName();
    }

    /** A thread that is left in a transaction is of no use for the next one. */
    private void leave() {
        try {
            if (contestant.manager().getStatus() != Status.STATUS_NO_TRANSACTION) {
                contestant.manager().suspend();
            }
        } catch (SystemException | RuntimeException e) {
            // The next one will tell.
        }
    }

    /** So many transactions on each of some threads; gives up after a while, and returns whether all have ended. */
    boolean commit(String phase, int threads, int each, Hook hook, boolean interrupted, Storm storm, int mostSeconds)
            throws InterruptedException {
        var ended = new CountDownLatch(threads);
        for (int i = 0; i < threads; i++) {
            var thread = new Thread(() -> {
                for (int k = 0; k < each; k++) {
                    commit(phase, hook, interrupted);
                }
                ended.countDown();
            });
            thread.setDaemon(true);
            storm.over(thread);
            thread.start();
        }
        return ended.await(mostSeconds, TimeUnit.SECONDS);
    }

    /** What goes on around threads that commit. */
    @FunctionalInterface
    interface Storm {
        Storm NONE = thread -> {};

        void over(Thread thread);
    }
}
