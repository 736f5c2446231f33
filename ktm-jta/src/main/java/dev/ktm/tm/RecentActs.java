package dev.ktm.tm;

import dev.ktm.rm.OperatorAct;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** The last 100 things that operators have done where there is no journal. Safe for many threads. */
final class RecentActs {

    private static final int MOST = 100;

    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<OperatorAct> acts = new ArrayDeque<>();

    void add(OperatorAct act) {
        lock.lock();
        try {
            if (acts.size() == MOST) {
                acts.removeFirst();
            }
            acts.addLast(act);
        } finally {
            lock.unlock();
        }
    }

    /** All, oldest first. */
    List<OperatorAct> all() {
        lock.lock();
        try {
            return List.copyOf(acts);
        } finally {
            lock.unlock();
        }
    }
}
