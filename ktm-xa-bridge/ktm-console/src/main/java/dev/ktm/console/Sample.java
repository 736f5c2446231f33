package dev.ktm.console;

import dev.ktm.log.LogStats;
import dev.ktm.operator.ManagerView;
import dev.ktm.tm.TransactionCounts;
import java.time.Instant;
import java.util.Optional;

/**
 * A point of history. What is counted is counted since the coordinator was opened.
 *
 * @param number of the point, one more than that of the one before
 * @param when the time of day
 * @param millis since the history began, whatever became of the time of day
 * @param begun transactions that have begun
 * @param committed transactions that are committed
 * @param rolledBack transactions that are rolled back
 * @param heuristic reports of participants that did otherwise than was decided
 * @param live transactions that have not ended
 * @param inDoubt those of them that an operator may decide
 * @param usedShare the part of the log that is taken, from 0 to 1; empty if there is none
 * @param forces forced writes of the log
 */
public record Sample(
        long number,
        Instant when,
        long millis,
        long begun,
        long committed,
        long rolledBack,
        long heuristic,
        int live,
        int inDoubt,
        Optional<Double> usedShare,
        long forces) {

    static Sample of(long number, long millis, ManagerView manager, TransactionCounts counts, Optional<LogStats> log) {
        return new Sample(
                number,
                Instant.now(),
                millis,
                counts.begun(),
                counts.committed(),
                counts.rolledBackTotal(),
                counts.heuristic(),
                manager.live(),
                manager.inDoubt(),
                manager.log().map(ManagerView.LogView::usedShare),
                log.map(LogStats::frames).orElse(0L));
    }
}
