package dev.ktm.tm;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Who watches transactions. While nobody does, that is one read of a field for each transaction. */
final class Observers {

    /** One of them. What it throws is logged the first time. */
    static final class Guarded implements TransactionObserver.Registration {
        private final TransactionObserver observer;
        private final Observers owner;
        private final AtomicBoolean reported = new AtomicBoolean();

        Guarded(TransactionObserver observer, Observers owner) {
            this.observer = observer;
            this.owner = owner;
        }

        void failed(Throwable why) {
            if (!reported.getAndSet(true)) {
                System.getLogger(TransactionObserver.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "the observer " + observer.getClass().getName()
                                        + " failed; transactions go on, and what else it throws is not logged",
                                why);
            }
        }

        @Override
        public void close() {
            owner.remove(this);
        }
    }

    /** Something that is done once, when this holds. */
    private record Awaited(BooleanSupplier condition, Runnable action) {}

    private final ReentrantLock lock = new ReentrantLock();
    /** Null for nobody; never changed, only replaced under the lock. */
    private volatile Guarded @Nullable [] all;

    private final AtomicReference<@Nullable Awaited> awaited = new AtomicReference<>();

    /** Has this done by the first transaction that begins while the condition holds. One only, of those that are not done yet. */
    void await(BooleanSupplier condition, Runnable action) {
        awaited.set(new Awaited(condition, action));
    }

    private void look(Awaited waiting) {
        if (waiting.condition().getAsBoolean() && awaited.compareAndSet(waiting, null)) {
            waiting.action().run();
        }
    }

    TransactionObserver.Registration add(TransactionObserver observer) {
        var added = new Guarded(observer, this);
        lock.lock();
        try {
            var more = known();
            more.add(added);
            all = more.toArray(Guarded[]::new);
        } finally {
            lock.unlock();
        }
        return added;
    }

    private List<Guarded> known() {
        var known = all;
        return known == null ? new ArrayList<>() : new ArrayList<>(List.of(known));
    }

    private void remove(Guarded registration) {
        lock.lock();
        try {
            var fewer = known();
            fewer.remove(registration);
            all = fewer.isEmpty() ? null : fewer.toArray(Guarded[]::new);
        } finally {
            lock.unlock();
        }
    }

    /** Who watches a transaction that has just begun; null for nobody. */
    @Nullable
    Watchers begun(CoreTransaction transaction) {
        var waiting = awaited.getPlain();
        if (waiting != null) {
            look(waiting);
        }
        var told = all;
        return told == null ? null : begun(told, transaction);
    }

    private static @Nullable Watchers begun(Guarded[] told, CoreTransaction transaction) {
        var observers = new ArrayList<Guarded>(told.length);
        var observations = new ArrayList<TransactionObservation>(told.length);
        for (var each : told) {
            try {
                var observation = each.observer.begun(transaction);
                if (observation != null) {
                    observers.add(each);
                    observations.add(observation);
                }
            } catch (RuntimeException | Error e) {
                each.failed(e);
            }
        }
        return observers.isEmpty()
                ? null
                : new Watchers(observers.toArray(Guarded[]::new), observations.toArray(TransactionObservation[]::new));
    }
}
