package dev.ktm.operator;

import dev.ktm.rm.OutcomeReport;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** The last 100 reports of a coordinator. Safe for many threads. */
public final class RecentReports implements Consumer<OutcomeReport> {

    private static final int MOST = 100;

    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<OutcomeReport> reports = new ArrayDeque<>();

    /** None yet. */
    public RecentReports() {}

    @Override
    public void accept(OutcomeReport report) {
        lock.lock();
        try {
            if (reports.size() == MOST) {
                reports.removeFirst();
            }
            reports.addLast(report);
        } finally {
            lock.unlock();
        }
    }

    /** All that are kept, oldest first. */
    List<OutcomeReport> all() {
        lock.lock();
        try {
            return List.copyOf(reports);
        } finally {
            lock.unlock();
        }
    }
}
