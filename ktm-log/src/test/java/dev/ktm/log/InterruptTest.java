package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.ktm.log.storage.FileDevice;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.log.testing.SimulatedDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An interrupt is the application's affair: it harms no operation of the log, and is not lost. */
class InterruptTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int THREADS = 8;
    private static final int RECORDS = 150;
    private static final LogOptions OPTIONS = LogOptions.builder()
            .containerBytes(4 << 20)
            .containers(2)
            .idleFlush(Duration.ofMillis(1))
            .build();

    @TempDir
    Path directory;

    @Test
    void anInterruptStormHarmsNoAppendOnARealDisk() throws Exception {
        storm(FileDevice.openOrCreate(directory.resolve("log")), FileDevice.openOrCreate(directory.resolve("log")));
    }

    @Test
    void anInterruptStormHarmsNoAppendOnASimulatedDisk() throws Exception {
        var disk = new SimulatedDevice();

        storm(disk, disk);
    }

    @Test
    void opensWorksAndClosesInAnInterruptedThread() throws Exception {
        boolean still = assertTimeoutPreemptively(PATIENCE, () -> {
            Thread.currentThread().interrupt();
            for (int life = 0; life < 3; life++) {
                try (var log = Log.open(directory.resolve("log"), OPTIONS)) {
                    var stream = log.stream("a");
                    stream.writeRestart(ByteBuffer.allocate(8), Lsn.NULL);
                    stream.force(stream.append(ByteBuffer.allocate(8)));
                    log.addContainers(1);
                }
            }
            return Thread.interrupted();
        });

        assertThat(still).as("interrupt status").isTrue();
        assertThat(recordsIn(FileDevice.open(directory.resolve("log")), "a")).isEqualTo(6);
    }

    private static void storm(LogDevice device, LogDevice again) throws Exception {
        var failures = new ConcurrentLinkedQueue<Throwable>();
        var survived = new AtomicInteger();
        assertTimeoutPreemptively(PATIENCE, () -> {
            try (var log = Log.open(device, OPTIONS)) {
                runUnderInterrupts(log, failures, survived);
                assertThat(log.stream("0").appendForced(ByteBuffer.allocate(8))).isPositive();
            }
        });

        assertThat(failures).isEmpty();
        assertThat(survived.get()).as("interrupts that were kept").isEqualTo(THREADS);
        assertThat(recordsIn(again, "0")).isEqualTo(RECORDS + 2);
        assertThat(recordsIn(again, "7")).isEqualTo(RECORDS + 1);
    }

    private static void runUnderInterrupts(Log log, ConcurrentLinkedQueue<Throwable> failures, AtomicInteger survived)
            throws InterruptedException {
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < THREADS; i++) {
            var name = String.valueOf(i);
            threads.add(new Thread(() -> append(log, name, failures, survived)));
        }
        threads.forEach(Thread::start);
        var over = new AtomicBoolean();
        var storm = new Thread(() -> interrupt(threads, over));
        storm.start();
        for (var thread : threads) {
            thread.join();
        }
        over.set(true);
        storm.join();
    }

    private static void interrupt(List<Thread> threads, AtomicBoolean over) {
        while (!over.get()) {
            threads.forEach(Thread::interrupt);
            Thread.onSpinWait();
        }
    }

    private static void append(
            Log log, String name, ConcurrentLinkedQueue<Throwable> failures, AtomicInteger survived) {
        try (var stream = log.stream(name)) {
            var payload = ByteBuffer.allocate(100);
            for (int i = 0; i < RECORDS; i++) {
                if (i % 2 == 0) {
                    stream.appendForced(payload);
                } else {
                    stream.force(stream.append(payload));
                }
            }
            Thread.currentThread().interrupt();
            stream.appendForced(payload);
            if (Thread.currentThread().isInterrupted()) {
                survived.incrementAndGet();
            }
        } catch (IOException | RuntimeException | Error e) {
            failures.add(e);
        }
    }

    private static int recordsIn(LogDevice device, String name) throws LogException {
        try (var log = Log.open(device, OPTIONS);
                var stream = log.stream(name)) {
            int count = 0;
            var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
            while (reader.next()) {
                count++;
            }
            return count;
        }
    }
}
