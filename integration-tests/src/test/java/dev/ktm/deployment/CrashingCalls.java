package dev.ktm.deployment;

import dev.ktm.servers.SteppedDriver;
import dev.ktm.servers.Steps;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Watches the calls that a coordinator makes to its resources, and stops the process at one of them as a power cut would: nothing
 * is closed, nothing is said. Safe for many threads.
 */
final class CrashingCalls implements Steps {

    /** What the process ends with. */
    static final int STATUS = 86;

    private final int participants;
    private final AtomicReference<@Nullable CrashPoint> armed = new AtomicReference<>();
    private final AtomicInteger votes = new AtomicInteger();
    private final AtomicInteger commits = new AtomicInteger();

    /** For transactions of so many participants. */
    CrashingCalls(int participants) {
        this.participants = participants;
    }

    /** The next transaction meets this, or nothing. */
    void arm(@Nullable CrashPoint point) {
        votes.set(0);
        commits.set(0);
        armed.set(point);
    }

    /** The process has come to this point. */
    void reached(CrashPoint point) {
        if (armed.get() == point) {
            Runtime.getRuntime().halt(STATUS);
        }
    }

    /** The same driver, watched, with whatever it hands out. */
    <T> T watch(Class<T> type, T driver) {
        var watched = new SteppedDriver("resource");
        watched.tell(this);
        return watched.watch(type, driver);
    }

    @Override
    public void reached(String step) {
        switch (step) {
            case "resource before prepare" -> reached(CrashPoint.BEFORE_FIRST_VOTE);
            case "resource after prepare" -> {
                reached(CrashPoint.AFTER_FIRST_VOTE);
                if (votes.incrementAndGet() == participants) {
                    reached(CrashPoint.AFTER_LAST_VOTE);
                }
            }
            case "resource before commit" -> reached(CrashPoint.AFTER_DECISION);
            case "resource after commit" -> {
                reached(CrashPoint.AFTER_FIRST_COMMIT);
                if (commits.incrementAndGet() == participants) {
                    reached(CrashPoint.AFTER_LAST_COMMIT);
                }
            }
            default -> {}
        }
    }
}
