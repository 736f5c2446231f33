package dev.ktm.journal;

import dev.ktm.log.LogException;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * What operators have done, and where in the stream it is written: all of transactions that are live, and the last 100 in any case.
 * Safe for many threads; whoever writes one down holds the lock from the append to {@link #add}.
 */
final class OperatorActs {

    private static final int MOST = 100;

    /** Taken before the locks of live records. */
    final ReentrantLock lock = new ReentrantLock();

    private final Map<OperatorAct, Long> lsns = new LinkedHashMap<>();

    /** Adds one as the last. If it is there it was written again, and so were those that came after it. */
    void add(OperatorAct act, long lsn) {
        lsns.remove(act);
        lsns.put(act, lsn);
    }

    /** Drops those that lie before the last 100, and whose transactions are not live. */
    void dropOld(Predicate<TransactionId> isLive) {
        var oldest = lsns.keySet().iterator();
        for (int surplus = lsns.size() - MOST; surplus > 0; surplus--) {
            if (!isLive.test(oldest.next().transaction())) {
                oldest.remove();
            }
        }
    }

    /** All, oldest first. */
    List<OperatorAct> all() {
        lock.lock();
        try {
            return new ArrayList<>(lsns.keySet());
        } finally {
            lock.unlock();
        }
    }

    /** Where the oldest is written, or this if that is lower. */
    long oldest(long limit) {
        lock.lock();
        try {
            return lsns.values().stream().mapToLong(Long::longValue).reduce(limit, Math::min);
        } finally {
            lock.unlock();
        }
    }

    /** How many bytes they need, with so many more for each. */
    long bytes(int overhead) {
        lock.lock();
        try {
            return lsns.keySet().stream()
                    .mapToLong(act -> JournalFormat.sizeOf(act) + overhead)
                    .sum();
        } finally {
            lock.unlock();
        }
    }

    /** Where an act is now. */
    interface Move {
        long to(OperatorAct act) throws LogException;
    }

    /** Moves those that lie before this one. */
    void moveAll(long newest, Move move) throws LogException {
        lock.lock();
        try {
            for (var each : lsns.entrySet()) {
                if (each.getValue() < newest) {
                    each.setValue(move.to(each.getKey()));
                }
            }
        } finally {
            lock.unlock();
        }
    }
}
