package dev.ktm.jms;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Until;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.ResourceBundle;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A handle that is closed at the moment of its warning. */
@Timeout(60)
final class LeakWarningTest {

    private static final Duration THRESHOLD = Duration.ofMillis(1);
    private static final int HANDLES = 2_000;

    private final Log log = new Log();

    /** Keeps what is said, in the order in which that is done. */
    private static final class Log implements System.Logger {
        private final List<Level> said = new CopyOnWriteArrayList<>();
        private volatile Runnable duringWarning = () -> {};

        @Override
        public String getName() {
            return "leaks";
        }

        @Override
        public boolean isLoggable(Level level) {
            return true;
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, String text, @Nullable Throwable thrown) {
            duringWarning.run();
            said.add(level);
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, String format, @Nullable Object... values) {
            said.add(level);
        }

        private long count(Level level) {
            return said.stream().filter(each -> each == level).count();
        }
    }

    @Test
    void whatIsClosedWhileItIsWarnedAboutIsSaidToBeClosedAfterThat() throws Exception {
        var watch = new AtomicReference<>(LeakDetection.Watch.NONE);
        var watched = new CountDownLatch(1);
        log.duringWarning = () -> {
            try {
                watched.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            Objects.requireNonNull(watch.get()).closed();
        };
        try (var detection = new LeakDetection(log, "a factory", THRESHOLD)) {
            watch.set(detection.watch("a context"));
            watched.countDown();

            Until.holds(() -> log.said.size() == 2);
        }

        assertThat(log.said).containsExactly(System.Logger.Level.WARNING, System.Logger.Level.INFO);
    }

    @Test
    void everyWarningAboutWhatIsClosedInTheEndIsTakenBack() throws Exception {
        try (var detection = new LeakDetection(log, "a factory", THRESHOLD)) {
            for (int i = 0; i < HANDLES; i++) {
                var watch = detection.watch("a context");
                // About as long as it may be open: sometimes the warning is first, sometimes this, sometimes nobody.
                LockSupport.parkNanos(THRESHOLD.toNanos() - 100_000 + i * 100L);
                watch.closed();
                watch.closed();
            }

            Until.holds(() -> log.count(System.Logger.Level.WARNING) == log.count(System.Logger.Level.INFO));
        }
        assertThat(log.said).contains(System.Logger.Level.WARNING);
        // One after the other: a handle is closed before the next is taken.
        for (int i = 0; i < log.said.size(); i++) {
            assertThat(log.said.get(i)).isEqualTo(i % 2 == 0 ? System.Logger.Level.WARNING : System.Logger.Level.INFO);
        }
    }
}
