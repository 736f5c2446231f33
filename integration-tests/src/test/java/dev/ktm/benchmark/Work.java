package dev.ktm.benchmark;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * What callers have done in a window.
 *
 * @param perSecond units of work per second
 * @param p50Micros median time of one, in microseconds
 * @param p99Micros what 99 of 100 did not exceed, in microseconds
 * @param cpuMicros CPU time of the process per unit, in microseconds
 * @param allocatedBytes what the process allocated per unit, in bytes
 * @param forces waits for the device per unit, or not a number
 * @param otherCpuNanos CPU time, with all that came before the window, of another process that did the work; zero if
 *     this one did
 */
record Work(
        double perSecond,
        double p50Micros,
        double p99Micros,
        double cpuMicros,
        double allocatedBytes,
        double forces,
        long otherCpuNanos) {

    /** Has callers of this process work with a log. */
    static Work here(DurableLog log, Scenario scenario, long windowNanos) throws InterruptedException {
        var callers = Callers.start(scenario, log);
        pause(windowNanos / 2);
        long forces = log.forces();
        var start = Usage.now();
        callers.startRecording();
        pause(windowNanos);
        callers.stopRecording();
        var stop = Usage.now();
        long forcesDone = log.forces() - forces;
        var latencies = callers.join();
        double units = Math.max(1, latencies.count());
        return new Work(
                latencies.count() * 1e9 / (stop.nanoTime() - start.nanoTime()),
                latencies.micros(0.5),
                latencies.micros(0.99),
                (stop.processCpuNanos() - start.processCpuNanos()) / units / 1e3,
                (stop.allocatedBytes() - start.allocatedBytes()) / units,
                forces == DurableLog.UNCOUNTED ? Double.NaN : forcesDone / units,
                0);
    }

    /** As text that {@link #parse} reads, done by a process that has used this much since it was asked. */
    String format(long cpuNanos) {
        return perSecond + " " + p50Micros + " " + p99Micros + " " + cpuMicros + " " + allocatedBytes + " " + forces
                + " " + cpuNanos;
    }

    /** Reads what another process has done. */
    static Work parse(String text) throws IOException {
        var fields = text.split(" ");
        try {
            return new Work(
                    Double.parseDouble(fields[0]),
                    Double.parseDouble(fields[1]),
                    Double.parseDouble(fields[2]),
                    Double.parseDouble(fields[3]),
                    Double.parseDouble(fields[4]),
                    Double.parseDouble(fields[5]),
                    Long.parseLong(fields[6]));
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw new IOException(text, e);
        }
    }

    private static void pause(long nanos) {
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
