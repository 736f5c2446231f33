package dev.ktm.benchmark;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What this process has used up so far, and what all others have.
 *
 * @param nanoTime when
 * @param processCpuNanos CPU time of this process, in nanoseconds
 * @param machineCpuNanos CPU time of the whole machine, what a host took away included, interrupts excluded: those are
 *     mostly our own writes being answered
 * @param allocatedBytes what the threads of this process have allocated
 */
record Usage(long nanoTime, long processCpuNanos, long machineCpuNanos, long allocatedBytes) {

    private static final Path STAT = Path.of("/proc/stat");
    /** The unit of the file's figures, which Linux fixes for all programs. */
    private static final long TICK_NANOS = 10_000_000;

    private static final int CORES = Runtime.getRuntime().availableProcessors();

    /** The usage now. */
    static Usage now() {
        return new Usage(System.nanoTime(), processCpu(), machineCpu(), allocated());
    }

    /**
     * What others have used of the machine since then, from 0 to 1; zero where there is no way to tell.
     *
     * @param workerNanos CPU time of a process that worked for this one
     */
    double foreignShareSince(Usage before, long workerNanos) {
        double capacity = (double) (nanoTime - before.nanoTime) * CORES;
        double foreign =
                (machineCpuNanos - before.machineCpuNanos) - (processCpuNanos - before.processCpuNanos) - workerNanos;
        return Math.max(0, foreign / capacity);
    }

    private static long processCpu() {
        var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return system.getProcessCpuTime();
    }

    private static long machineCpu() {
        if (!Files.isReadable(STAT)) {
            return 0;
        }
        try (var lines = Files.newBufferedReader(STAT, StandardCharsets.US_ASCII)) {
            var fields = String.valueOf(lines.readLine()).trim().split(" +");
            // cpu user nice system idle iowait irq softirq steal
            return (ticks(fields[1]) + ticks(fields[2]) + ticks(fields[3]) + ticks(fields[8])) * TICK_NANOS;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long ticks(String field) {
        return Long.parseLong(field);
    }

    /** From Java 21 on for the process, threads that have ended included; before, for the living threads. */
    private static long allocated() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try {
            var total = ThreadMXBean.class.getMethod("getTotalThreadAllocatedBytes");
            return (long) total.invoke(threads);
        } catch (NoSuchMethodException e) {
            long sum = 0;
            for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
                sum += Math.max(bytes, 0);
            }
            return sum;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot tell what was allocated", e);
        }
    }
}
