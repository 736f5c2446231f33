package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.XAConnection;
import org.junit.jupiter.api.Test;

/** Who closes a connection that works for a branch. */
class PhysicalConnectionTest {

    private static final int ROUNDS = 200_000;

    private final AtomicInteger closes = new AtomicInteger();

    private PhysicalConnection open() throws SQLException {
        return PhysicalConnection.of((XAConnection) Proxy.newProxyInstance(
                PhysicalConnectionTest.class.getClassLoader(),
                new Class<?>[] {XAConnection.class},
                (connection, method, arguments) -> {
                    if (method.getName().equals("close")) {
                        closes.incrementAndGet();
                    }
                    return null;
                }));
    }

    @Test
    void whatIsPinnedIsClosedOnceItIsNotAnyMore() throws Exception {
        var connection = open();
        connection.pin();

        connection.close();
        assertThat(closes).hasValue(0);
        connection.unpin();

        assertThat(closes).hasValue(1);
        connection.close();
        assertThat(closes).hasValue(1);
    }

    /** A pool closes what is broken in a thread of its own, while the transaction ends. */
    @Test
    void itIsClosedOnceThoughItIsUnpinnedAtTheSameMoment() throws Exception {
        var all = new PhysicalConnection[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            all[i] = open();
            all[i].pin();
        }
        var arrived = new AtomicInteger();
        var other = inThread(() -> {
            for (int i = 0; i < ROUNDS; i++) {
                meet(arrived, i);
                all[i].close();
            }
        });
        for (int i = 0; i < ROUNDS; i++) {
            meet(arrived, i);
            all[i].unpin();
        }
        other.get();

        assertThat(closes).hasValue(ROUNDS);
    }

    private interface Task {
        void run() throws Exception;
    }

    private static CompletableFuture<Void> inThread(Task task) {
        return CompletableFuture.runAsync(() -> {
            try {
                task.run();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** Both go on at once: a latch would wake one of them too late. */
    private static void meet(AtomicInteger arrived, int round) {
        arrived.incrementAndGet();
        while (arrived.get() < 2 * (round + 1)) {
            Thread.onSpinWait();
        }
    }
}
