package dev.ktm.log;

import static dev.ktm.log.LogFixture.await;
import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.lsns;
import static dev.ktm.log.LogFixture.multiplexed;
import static dev.ktm.log.LogFixture.reopen;
import static dev.ktm.log.LogFixture.text;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.MemoryDevice;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.log.testing.Until;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GroupCommitTest {

    private static final int THREADS = 8;

    @Test
    @Conforms("CLFS-39")
    void concurrentCallersShareForces() throws Exception {
        var device = new MemoryDevice(200_000);
        try (var log = multiplexed(device, 4)) {
            long calls = 150;
            long before = log.stats().frames();
            long writesBefore = device.writes();

            var lsns = inParallel(log, calls);

            assertThat((long) lsns.size()).isEqualTo(THREADS * calls);
            assertThat(log.stats().records()).isEqualTo(THREADS * calls);
            assertThat(log.stats().frames() - before).isLessThan(THREADS * calls / 2);
            assertThat(device.writes() - writesBefore).isLessThan(THREADS * calls / 2 + 50);
            assertThat((long) texts(log.stream("stream")).size()).isEqualTo(THREADS * calls);
        }
    }

    private static Set<Long> inParallel(Log log, long calls) throws Exception {
        var lsns = Collections.synchronizedSet(new HashSet<Long>());
        var start = new CyclicBarrier(THREADS);
        var pool = Executors.newFixedThreadPool(THREADS);
        try (var stream = log.stream("stream")) {
            var done = IntStream.range(0, THREADS)
                    .mapToObj(thread -> pool.submit(() -> {
                        start.await();
                        for (int i = 0; i < calls; i++) {
                            lsns.add(stream.appendForced(data(thread + " " + i)));
                        }
                        return thread;
                    }))
                    .toList();
            for (var one : done) {
                one.get(60, TimeUnit.SECONDS);
            }
        } finally {
            pool.shutdown();
        }
        return lsns;
    }

    /** Deterministic: whoever comes while a write is under way is served by the next one, all together. */
    @Test
    @Conforms("CLFS-39")
    void allWhoComeDuringAWriteAreServedByTheNextOne() throws Exception {
        var device = new SimulatedDevice();
        var write = new HeldWrite();
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            device.hook(write);
            var first = CompletableFuture.runAsync(() -> appendForced(stream, "first"), LogFixture.THREADS);
            write.begun.await();
            var others = IntStream.range(0, 5)
                    .mapToObj(i ->
                            CompletableFuture.runAsync(() -> appendForced(stream, "other " + i), LogFixture.THREADS))
                    .toList();
            waitUntilAppended(stream, 6);

            write.mayEnd.countDown();

            await(first);
            for (var other : others) {
                await(other);
            }
            assertThat(log.stats().frames()).isEqualTo(2);
            assertThat(texts(stream)).hasSize(6);
        }
    }

    /** On a fast device a caller writes for others as well: what fails then is not its own. */
    @Test
    void whoseRecordIsDurableIsNotToldThatAnotherIsNot() throws Exception {
        boolean tried = false;
        for (int attempt = 0; attempt < 20 && !tried; attempt++) {
            tried = isWrittenForOthersAndFails();
        }
        assertThat(tried).as("a caller has written for others").isTrue();
    }

    /** Whether the caller itself has written what failed; only if the device was fast. */
    private static boolean isWrittenForOthersAndFails() throws Exception {
        var device = new SimulatedDevice();
        var log = dedicated(device, 2);
        try (var stream = log.stream()) {
            for (int i = 0; i < 200; i++) {
                stream.appendForced(data("before"));
            }
            var failing = new AtomicReference<Thread>();
            device.hook(new OperationHook() {
                private boolean others;

                @Override
                public void before(OperationKind kind, String name) throws IOException {
                    if (kind == OperationKind.WRITE && !others) {
                        others = true;
                        stream.appendQueued(data("of others"), Lsn.INVALID, Lsn.INVALID);
                    } else if (kind == OperationKind.WRITE) {
                        failing.compareAndSet(null, Thread.currentThread());
                        throw new IOException("no");
                    }
                }
            });

            stream.appendForced(data("mine"));

            Until.holds(() -> failing.get() != null);
            return failing.get() == Thread.currentThread();
        } finally {
            device.hook(OperationHook.NONE);
            assertThatThrownBy(log::close).isInstanceOf(LogException.class);
        }
    }

    private static void waitUntilAppended(LogStream stream, int records) throws LogException {
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        int found = 0;
        while (found < records) {
            if (reader.next()) {
                found++;
            } else {
                Thread.onSpinWait();
            }
        }
    }

    private static long appendForced(LogStream stream, String text) {
        try {
            return stream.appendForced(data(text));
        } catch (LogException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Holds the first write until it may end. */
    private static final class HeldWrite implements OperationHook {
        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch mayEnd = new CountDownLatch(1);

        @Override
        public void before(OperationKind kind, String name) throws IOException {
            if (kind == OperationKind.WRITE) {
                begun.countDown();
                try {
                    mayEnd.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
        }
    }

    @Test
    void aCallerThatIsInterruptedWhileItWaitsFindsItsRecordDurableAndItsStatusSet() throws Exception {
        var device = new SimulatedDevice();
        var write = new HeldWrite();
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            device.hook(write);
            var leader = CompletableFuture.runAsync(() -> appendForced(stream, "leader"), LogFixture.THREADS);
            write.begun.await();
            var interrupted = new CompletableFuture<Boolean>();
            var waiter = new Thread(() -> {
                appendForced(stream, "waiter");
                interrupted.complete(Thread.interrupted());
            });
            waiter.start();
            waitUntilAppended(stream, 2);

            waiter.interrupt();
            write.mayEnd.countDown();

            boolean status = await(interrupted);
            assertThat(status).isTrue();
            await(leader);
            assertThat(texts(stream)).containsExactly("leader", "waiter");
            try (var crashed = reopen(device.copy(), LogKind.DEDICATED)) {
                assertThat(texts(crashed.stream())).containsExactly("leader", "waiter");
            }
            stream.appendForced(data("the log goes on"));
        }
    }

    @Test
    @Conforms("CLFS-01")
    void lsnsGrowForEachOfManyAppenders() throws Exception {
        try (var log = multiplexed(new MemoryDevice(), 4);
                var stream = log.stream("stream")) {
            var found = new ArrayList<List<Long>>();
            var start = new CyclicBarrier(4);
            var threads = IntStream.range(0, 4)
                    .mapToObj(thread ->
                            CompletableFuture.supplyAsync(() -> appendMany(stream, start), LogFixture.THREADS))
                    .toList();
            for (var thread : threads) {
                found.add(await(thread));
            }

            assertThat(found).allSatisfy(lsns -> assertThat(lsns).isSorted());
            assertThat(lsns(stream.read(Lsn.NULL, ReadMode.FORWARD)))
                    .isSorted()
                    .containsExactlyInAnyOrderElementsOf(
                            found.stream().flatMap(List::stream).toList());
        }
    }

    private static List<Long> appendMany(LogStream stream, CyclicBarrier start) {
        try {
            start.await();
            var lsns = new ArrayList<Long>();
            for (int i = 0; i < 2000; i++) {
                lsns.add(stream.append(data("record " + i)));
            }
            return lsns;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
