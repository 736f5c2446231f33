package dev.ktm.journal;

import dev.ktm.log.LogException;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What operators have done, and where in the stream it is written: all of transactions that are live, and the last 100 in all.
 * Whoever uses it holds its journal's lock over it.
 */
final class OperatorActs {

    private static final int MOST = 100;

    private final Map<OperatorAct, Long> lsns = new LinkedHashMap<>();

    /** Adds one, and drops the oldest of those that need not be kept. Does nothing if it is there: it was read twice. */
    void add(OperatorAct act, long lsn, Predicate<TransactionId> isLive) {
        if (lsns.putIfAbsent(act, lsn) == null && lsns.size() > MOST) {
            var oldest = lsns.keySet().iterator();
            int surplus = lsns.size() - MOST;
            while (surplus > 0 && oldest.hasNext()) {
                if (!isLive.test(oldest.next().transaction())) {
                    oldest.remove();
                    surplus--;
                }
            }
        }
    }

    /** All, oldest first. */
    List<OperatorAct> all() {
        return new ArrayList<>(lsns.keySet());
    }

    /** Where the oldest is written, or this if that is lower. */
    long oldest(long limit) {
        return lsns.values().stream().mapToLong(Long::longValue).reduce(limit, Math::min);
    }

    /** How many bytes they need, with so many more for each. */
    long bytes(int overhead) {
        return lsns.keySet().stream()
                .mapToLong(act -> JournalFormat.sizeOf(act) + overhead)
                .sum();
    }

    /** Where an act is now. */
    interface Move {
        long to(OperatorAct act) throws LogException;
    }

    /** Moves those that lie before this one. */
    void moveAll(long newest, Move move) throws LogException {
        for (var each : lsns.entrySet()) {
            if (each.getValue() < newest) {
                each.setValue(move.to(each.getKey()));
            }
        }
    }
}
