package dev.ktm.servers;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Names the steps of one transaction, and halts the JVM at one of them. A step of the log is named after the last step of a
 * resource before it, and counted from there: the log may also write on its own account, so that numbers from the beginning would
 * not name the same step each time.
 */
final class Halts implements Steps {

    /** The exit code of a process that halted where it should. */
    static final int EXIT_CODE = 9;

    /** How the names of the log's steps begin. */
    static final String LOG = "log ";

    private final String wanted;
    private final AtomicBoolean counting = new AtomicBoolean();
    private final ReentrantLock lock = new ReentrantLock();
    private final List<String> passed = new ArrayList<>();
    private final Map<String, Integer> times = new HashMap<>();
    private String last = "begin";

    /** Halts at the step of this name, or never. */
    Halts(String wanted) {
        this.wanted = wanted;
    }

    /** From now on steps count. */
    void begin() {
        counting.set(true);
    }

    @Override
    public void reached(String step) {
        if (!counting.get()) {
            return;
        }
        lock.lock();
        try {
            var name = step;
            if (step.startsWith(LOG)) {
                name = step + " after " + last;
            } else {
                last = step;
            }
            int time = times.merge(name, 1, Integer::sum);
            if (time > 1) {
                name = name + ", " + time;
            }
            if (name.equals(wanted)) {
                Runtime.getRuntime().halt(EXIT_CODE);
            }
            passed.add(name);
        } finally {
            lock.unlock();
        }
    }

    /** The steps so far. */
    List<String> passed() {
        lock.lock();
        try {
            return List.copyOf(passed);
        } finally {
            lock.unlock();
        }
    }
}
